package mockservice_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

func mustSeed(t *testing.T) mockservice.Seed {
	t.Helper()
	seed, err := mockservice.DefaultSeed()
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type served struct {
	url    string
	client *http.Client
}

// serve puts any handler behind a loopback listener for the rest of the test.
func serve(t *testing.T, h http.Handler) served {
	t.Helper()
	hs := httptest.NewServer(h)
	t.Cleanup(hs.Close)
	return served{hs.URL, hs.Client()}
}

func TestDefaultConstantsAreInTheDefaultSeed(t *testing.T) {
	run := mockservice.StartDefault(t)
	for _, ws := range []string{mockblink.DefaultWorkspace, mockblink.DefaultOtherWorkspace} {
		if mockblink.Of(run).Owners(ws).Now < 1 {
			t.Errorf("workspace %s has no owner", ws)
		}
	}
	for _, ws := range []string{mockblazemeter.DefaultWorkspace, mockblazemeter.DefaultOtherWorkspace} {
		if mockblazemeter.Of(run).Owners(ws).Now < 1 {
			t.Errorf("workspace %s has no manager", ws)
		}
	}
	env := strings.Join(run.Env(), "\n")
	for _, want := range []string{
		"BLINK_ENDPOINT=" + run.URL + "/api/v1", "BLINK_API_KEY=" + mockblink.DefaultKey, "BLAZEMETER_ENDPOINT=" + run.URL + "/api/v4",
		"BLAZEMETER_API_KEY_ID=" + mockblazemeter.DefaultKeyID, "BLAZEMETER_API_KEY_SECRET=" + mockblazemeter.DefaultKeySecret,
	} {
		if !strings.Contains(env, want) {
			t.Errorf("the environment lacks %s:\n%s", want, env)
		}
	}
}

// described gives a product's own description, next to its code.
func described(t *testing.T, product string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(product, "SEED.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The whole example in the description is a valid seed.
func TestTheDescribedSeedIsValid(t *testing.T) {
	text, err := os.ReadFile("SEED.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```json\n")
	if len(blocks) < 2 {
		t.Fatal("SEED.md shows no JSON")
	}
	for _, b := range blocks[1:] {
		example, _, _ := strings.Cut(b, "```")
		if _, err := mockservice.ParseSeed([]byte(example)); err != nil {
			t.Errorf("an example is not valid: %v\n%s", err, example)
		}
	}
}

// The descriptions name every switch and every fault that there is.
func TestTheDescriptionIsComplete(t *testing.T) {
	text, err := os.ReadFile("SEED.md")
	if err != nil {
		t.Fatal(err)
	}
	for product, rows := range switchRows() {
		if table := "| switch | values, the default first | what it decides |\n| --- | --- | --- |\n" + rows; !strings.Contains(described(t, product), table) {
			t.Errorf("%s/SEED.md lacks this table, or has it otherwise:\n%s", product, table)
		}
	}
	for _, kind := range mockservice.FaultKinds() {
		if !strings.Contains(string(text), "`"+kind+"`") {
			t.Errorf("SEED.md does not name the fault %s", kind)
		}
	}
}

// switchRows gives the rows of each product's switches as SEED.md has them.
func switchRows() map[string]string {
	rows := map[string]string{}
	for _, w := range mockservice.Switches() {
		product, name, _ := strings.Cut(w.Name, ".")
		values := "`" + strings.Join(w.Values, "`, `") + "`"
		if w.Values == nil {
			values = "`" + w.Default + "`, or another"
		}
		rows[product] += "| `" + name + "` | " + values + " | " + w.Help + " |\n"
	}
	return rows
}

func TestSeedErrorsNamePathAndLine(t *testing.T) {
	const people = `{"users":[{"id":"u-1","email":"one@example.com","role":"Admin"}],`
	for name, c := range map[string]struct{ text, want string }{
		"unknown field":   {"{\n\"blink\": {\n\"usres\": []}}", "line 3, blink.usres: there is no such field"},
		"wrong type":      {"{\"blink\": {\"users\": [\n{\"id\": 7}]}}", "line 2, blink.users[0].id: a string is needed, not a number"},
		"null":            {`{"blink": null}`, "line 1, blink: an object {...} is needed, not null"},
		"no object":       {`[]`, "line 1: an object"},
		"syntax":          {"{\n\"blink\": {,}}", "line 2: "},
		"cut off":         {"{\"blink\": ", "ends too early"},
		"empty":           {"", "ends too early"},
		"two values":      {"{}\n{}", "after the end"},
		"twice":           {"{\"blink\": {},\n\"blink\": {}}", "blink stands there twice"},
		"no id":           {"{\"blink\": {\"users\": [\n\n{\"email\": \"a@example.com\"}]}}", "line 3, blink.users[0].id: is missing"},
		"id with a slash": {`{"blink": {"users": [{"id": "a/b", "email": "a@example.com"}]}}`, "cannot stand in a path"},
		"same id":         {"{\"blink\": {\"users\": [{\"id\": \"a\", \"email\": \"a@example.com\"},\n{\"id\": \"a\", \"email\": \"b@example.com\"}]}}", "line 2, blink.users[1].id: the user id a is at blink.users[0].id already"},
		"same e-mail":     {`{"blink": {"users": [{"id": "a", "email": "a@example.com"}, {"id": "b", "email": "A@example.com"}]}}`, "blink.users[1].email"},
		"status":          {`{"blink": {"users": [{"id": "a", "email": "a@example.com", "status": "asleep"}]}}`, `"asleep" is not one of`},
		"ghost member":    {`{"blink": ` + people + `"groups":[{"id":"g","name":"G","members":["u-2"]}]}}`, `blink.groups[0].members[0]: there is no user "u-2"`},
		"ghost user":      {`{"blink": ` + people + `"workspaces":[{"id":"w","display_name":"W","users":{"u-2":"owner"}}]}}`, `blink.workspaces[0].users.u-2: there is no user "u-2"`},
		"ghost group":     {`{"blink": ` + people + `"workspaces":[{"id":"w","display_name":"W","groups":{"g":"owner"}}]}}`, `there is no group "g"`},
		"ghost role":      {`{"blink": ` + people + `"workspaces":[{"id":"w","display_name":"W","users":{"u-1":"king"}}]}}`, `the role "king" is neither built in`},
		"ghost key":       {`{"blink": ` + people + `"keys":[{"key":"k","user":"u-2"}]}}`, `blink.keys[0].user: there is no user "u-2"`},
		"no key":          {`{"blink": {"workspaces":[{"id":"w","display_name":"W"}]}}`, "blink.keys: there is no key"},
		"big id":          {`{"blazemeter": {"users":[{"id":99999999999999999999,"email":"a@example.com"}]}}`, "blazemeter.users[0].id: 99999999999999999999 is no whole number in range"},
		"half id":         {`{"blazemeter": {"users":[{"id":1.5,"email":"a@example.com"}]}}`, "1.5 is no whole number"},
		"id zero":         {`{"blazemeter": {"users":[{"id":0,"email":"a@example.com"}]}}`, "0 is no id"},
		"outsider":        {`{"blazemeter": {"users":[{"id":1,"email":"a@example.com"}],"accounts":[{"id":5,"name":"A","users":[{"id":1,"roles":["admin"]}]}],"workspaces":[{"id":7,"name":"W","account":5,"users":[{"id":2,"role":"tester"}]}]}}`, "the user 2 is not in the account 5"},
		"contradiction":   {`{"blazemeter": {"users":[{"id":1,"email":"a@example.com"}],"accounts":[{"id":5,"name":"A","users":[{"id":1,"roles":["admin"]}]}],"workspaces":[{"id":7,"name":"W","account":5,"users":[{"id":1,"role":"tester","roles":["viewer"]}]}]}}`, "role and roles contradict each other"},
		"ghost account":   {`{"blazemeter": {"workspaces":[{"id":7,"name":"W","account":5}]}}`, "blazemeter.workspaces[0].account: there is no account 5"},
		"switch":          {`{"behaviour": {"blink": {"role_case": "x"}}}`, `behaviour.blink.role_case: "x" is not one of`},
		"fault":           {"{\"faults\": {\"rules\": [{\"kind\": \"reset\"},\n{\"kind\": \"x\"}]}}", "line 2, faults.rules[1].kind"},
		"duration":        {`{"faults": {"latency": "soon"}}`, `faults.latency: "soon" is no duration`},
		"duration number": {`{"faults": {"latency": 5}}`, "faults.latency: a string is needed"},
		"deep":            {strings.Repeat(`{"blink":`, 50), "nested more than"},
	} {
		_, err := mockservice.ParseSeed([]byte(c.text))
		if err == nil {
			t.Errorf("%s was accepted", name)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q lacks %q", name, err, c.want)
		}
	}
}

// A seed made in Go goes through the same checks.
func TestNewRefusesAWrongSeed(t *testing.T) {
	_, err := mockservice.New(mockblink.Seed{Users: []mockblink.User{{ID: ""}}}.Alone())
	if err == nil || !strings.Contains(err.Error(), "blink.users[0].id: is missing") {
		t.Errorf("error %v", err)
	}
}

// FuzzParseSeed: no text makes the parser panic, and what it accepts can be served and comes back the same.
func FuzzParseSeed(f *testing.F) {
	f.Add(mockservice.DefaultSeedJSON())
	for _, text := range []string{
		"", "{}", "[]", `{"blink":{}}`, `{"faults":{"latency":"1s","rules":[{"kind":"lag","reads":1}]}}`, `{"blink":{"users":[{}]}}`,
		`{"behaviour":{"blazemeter":{"max_page_size":-1}}}`, "{\"blink\":\n\n{\"x\":1}}", "\xef\xbb\xbf{}", `{"a":{"a":{"a":[[[[]]]]}}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		seed, err := mockservice.ParseSeed(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a text")
			}
			return
		}
		s, err := mockservice.New(seed)
		if err != nil {
			t.Fatalf("what was parsed is refused: %v", err)
		}
		state := toJSON(t, s.State())
		again, err := mockservice.ParseSeed([]byte(state))
		if err != nil {
			t.Fatalf("the state is no seed: %v\n%s", err, state)
		}
		s2, err := mockservice.New(again)
		if err != nil {
			t.Fatal(err)
		}
		if got := toJSON(t, s2.State()); got != state {
			t.Fatalf("the state changed on the way:\n%s\n%s", state, got)
		}
	})
}

// FuzzRQL: no query makes the service panic or fail by itself.
func FuzzRQL(f *testing.F) {
	s, err := mockservice.DefaultSeed()
	if err != nil {
		f.Fatal(err)
	}
	server, err := mockservice.New(s)
	if err != nil {
		f.Fatal(err)
	}
	for _, q := range []string{"", "{}", `{"limit":1}`, `{"filter":{"$or":[{"email":{"$like":"%a%"}}]},"sort":["-name"],"select":["name"]}`, `{"filter":{"$and":[[]]}}`} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/tenant/entities", nil)
		r.URL.RawQuery = "q=" + strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", "#", "%23", ";", "%3B").Replace(q)
		r.Header.Set("BLINK-API-KEY", mockblink.DefaultKey)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("status %d for %q", w.Code, q)
		}
	})
}
