package wirecheck_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/wirecheck"
)

func TestCheck(t *testing.T) {
	c, err := wirecheck.New()
	if err != nil {
		t.Fatal(err)
	}
	jsonHeader := http.Header{"Content-Type": {"application/json"}}
	for name, tc := range map[string]struct {
		method, target, body string
		noKey                bool
		answer               *wirecheck.Answer
		want                 string // "" for nothing wrong
	}{
		"fits":                 {method: "GET", target: "/api/v1/workspaces/w", answer: &wirecheck.Answer{Status: 200, Header: jsonHeader, Body: []byte(`{"id":"w","entities":[]}`)}},
		"escaped":              {method: "POST", target: "/api/v1/workspaces/w/user/a%2Fb/role/Incident%20Commander", answer: &wirecheck.Answer{Status: 200}},
		"no such call":         {method: "GET", target: "/api/v1/nothing", want: "knows this call"},
		"wrong method":         {method: "DELETE", target: "/api/v4/workspaces/1/users/2", want: "knows this call"},
		"leaves its segment":   {method: "GET", target: "/api/v1/workspaces/..", want: "knows this call"},
		"no key":               {method: "GET", target: "/api/v1/user", noKey: true, want: "BLINK-API-KEY is missing"},
		"no basic auth":        {method: "GET", target: "/api/v4/user", noKey: true, want: "basic authorization is missing"},
		"entity type":          {method: "POST", target: "/api/v1/workspaces/w/robot/r/role/viewer", want: "entity_type"},
		"unknown parameter":    {method: "GET", target: "/api/v4/workspaces/1/users?page=2", want: `query parameter "page"`},
		"parameter's type":     {method: "GET", target: "/api/v4/workspaces/1/users?limit=x", want: "limit"},
		"body that is not":     {method: "POST", target: "/api/v1/workspaces/w/user/u/role/viewer", body: `{}`, want: "has a body"},
		"body's field missing": {method: "PUT", target: "/api/v4/workspaces/1/users/2", body: `{"roles":["viewer"]}`, want: "enabled"},
		"body's field unknown": {method: "PUT", target: "/api/v4/workspaces/1/users/2", body: `{"roles":["viewer"],"enabled":true,"x":1}`, want: `"x"`},
		"body's good":          {method: "PUT", target: "/api/v4/workspaces/1/users/2", body: `{"roles":["viewer"],"enabled":true}`},
		"answer's type":        {method: "GET", target: "/api/v1/workspaces/w", answer: &wirecheck.Answer{Status: 200, Header: jsonHeader, Body: []byte(`{"entities":{}}`)}, want: "status 200"},
		"answer's field":       {method: "GET", target: "/api/v4/user", answer: &wirecheck.Answer{Status: 200, Header: jsonHeader, Body: []byte(`{"error":null}`)}, want: "result"},
		"answer has a body":    {method: "DELETE", target: "/api/v1/workspaces/w/user/u", answer: &wirecheck.Answer{Status: 200, Body: []byte("x")}, want: "none is described"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.target, nil)
			if tc.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			if !tc.noKey {
				r.Header.Set("BLINK-API-KEY", "k")
				r.SetBasicAuth("i", "s")
			}
			var all []string
			for _, err := range c.Check(r, []byte(tc.body), tc.answer) {
				all = append(all, err.Error())
			}
			text := strings.Join(all, "; ")
			if tc.want == "" && text != "" || !strings.Contains(text, tc.want) {
				t.Errorf("found %q, want %q", text, tc.want)
			}
		})
	}
}

// failures counts what would fail a test.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Errorf(string, ...any) { f.n++ }

func TestHandler(t *testing.T) {
	seen := &failures{TB: t}
	h := wirecheck.Handler(seen, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"w"}`))
	}))
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/workspaces/w", nil)
	r.Header.Set("BLINK-API-KEY", "k")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Body.String() != `{"id":"w"}` || seen.n != 0 {
		t.Errorf("answer %q, %d failures", w.Body, seen.n)
	}
	r.Header.Del("BLINK-API-KEY")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if seen.n != 1 {
		t.Errorf("%d failures, want 1", seen.n)
	}
}
