package wirecheck_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/wirecheck"
)

func TestCheck(t *testing.T) {
	c, err := wirecheck.New(wirecheck.NewAPI("/api/v1", blinkwire.Spec), wirecheck.NewAPI("/api/v4", blazemeterwire.Spec))
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

// described is an API with one call, guarded by one security scheme.
func described(t *testing.T, scheme string) *wirecheck.Checker {
	t.Helper()
	c, err := wirecheck.New(wirecheck.NewAPI("/v1", []byte(`
openapi: 3.0.3
info: {title: T, version: "1"}
security: [{S: []}]
components: {securitySchemes: {S: `+scheme+`}}
paths: {/x: {get: {responses: {"200": {description: OK}}}}}
`)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCredentials(t *testing.T) {
	for name, c := range map[string]struct {
		scheme, header, value string
		want                  string // "" for nothing wrong
	}{
		"header key":        {"{type: apiKey, in: header, name: X-Key}", "X-Key", "k", ""},
		"no header key":     {"{type: apiKey, in: header, name: X-Key}", "X-Other", "k", "header X-Key is missing"},
		"bearer":            {"{type: http, scheme: bearer}", "Authorization", "Bearer token", ""},
		"bearer, lower":     {"{type: http, scheme: Bearer}", "Authorization", "bearer token", ""},
		"no bearer":         {"{type: http, scheme: bearer}", "Authorization", "Basic aTpz", "bearer token is missing"},
		"empty bearer":      {"{type: http, scheme: bearer}", "Authorization", "Bearer ", "bearer token is missing"},
		"basic":             {"{type: http, scheme: basic}", "Authorization", "Basic aTpz", ""},
		"basic, not bearer": {"{type: http, scheme: basic}", "Authorization", "Bearer token", "basic authorization is missing"},
		"something else":    {"{type: http, scheme: digest}", "Authorization", "Digest x", `"S" (http digest) is not known`},
		"key in the query":  {"{type: apiKey, in: query, name: key}", "X-Key", "k", "is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/x", nil)
			r.Header.Set(c.header, c.value)
			var all []string
			for _, err := range described(t, c.scheme).Check(r, nil, nil) {
				all = append(all, err.Error())
			}
			text := strings.Join(all, "; ")
			if c.want == "" && text != "" || !strings.Contains(text, c.want) {
				t.Errorf("found %q, want %q", text, c.want)
			}
		})
	}
}

func TestAFileThatCannotBeRead(t *testing.T) {
	if _, err := wirecheck.New(wirecheck.NewAPI("/v1", []byte("nonsense"))); err == nil || !strings.Contains(err.Error(), "/v1") {
		t.Errorf("error %v", err)
	}
}
