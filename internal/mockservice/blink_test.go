package mockservice_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

const (
	payments = mockblink.DefaultWorkspace
	security = mockblink.DefaultOtherWorkspace
)

// reply is an answer as tests look at it.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.body), &m); err != nil {
		t.Fatalf("%q is no JSON object: %v", r.body, err)
	}
	return m
}

func do(t *testing.T, client *http.Client, method, address, body string, edit ...func(*http.Request)) (reply, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edit {
		e(req)
	}
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(text)}, err
}

func blinkKey(key string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("BLINK-API-KEY", key)
		if strings.HasSuffix(r.URL.Path, "/entities") && r.Method == http.MethodPost {
			r.Header.Set("Content-Type", "application/json")
		}
	}
}

func blink(t *testing.T, run *mockservice.Running, method, path, body string) reply {
	t.Helper()
	r, err := do(t, run.Client(), method, run.Endpoint(mockblink.Name)+path, body, blinkKey(mockblink.DefaultKey))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantStatus(t *testing.T, r reply, status int) {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
}

func TestBlinkWorkspaceListing(t *testing.T) {
	run := mockservice.StartDefault(t)
	r := blink(t, run, "GET", "/workspaces/"+mockblink.DefaultOtherWorkspace, "")
	wantStatus(t, r, 200)
	m := r.json(t)
	if m["display_name"] != "Security Operations" {
		t.Errorf("display_name %v", m["display_name"])
	}
	entities := m["entities"].([]any)
	if len(entities) != 4 {
		t.Fatalf("%d entities, want 4: %s", len(entities), r.body)
	}
	last := entities[3].(map[string]any)
	if last["type"] != "group" || last["workspace_role"] != "Incident Commander" || last["member_count"] != 2.0 {
		t.Errorf("group row %v", last)
	}
}

func TestBlinkAssign(t *testing.T) {
	run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // wrong requests are sent on purpose
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/group/g-platform/role/Incident%20Commander", ""), 200)
	if got := mockblink.Of(run).Role(payments, "group", "g-platform"); got != "Incident Commander" {
		t.Errorf("role %q", got)
	}
	// The last owner is documented to be refused.
	r := blink(t, run, "POST", "/workspaces/"+payments+"/user/u-alice/role/viewer", "")
	wantStatus(t, r, 400)
	if r.json(t)["message"] != "Invalid role, or ownership constraint violated" {
		t.Errorf("message %s", r.body)
	}
	for _, path := range []string{"/user/u-bob/role/nonsense", "/user/u-ghost/role/viewer", "/robot/u-bob/role/viewer"} {
		wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+path, ""), 400)
	}
	wantStatus(t, blink(t, run, "POST", "/workspaces/none/user/u-bob/role/viewer", ""), 404)
	if got := mockblink.Of(run).Owners(payments); got.Now != 1 || got.Fewest != 1 || got.FewestAfterLoss != -1 {
		t.Errorf("owners %+v", got)
	}
	if n := run.RequestCount(mockblink.Name, "assign"); n != 6 {
		t.Errorf("%d assigns counted, want 6", n)
	}
}

func TestBlinkWhoMayWhat(t *testing.T) {
	run := mockservice.StartDefault(t)
	ask := func(key, method, path string) int {
		r, err := do(t, run.Client(), method, run.Endpoint(mockblink.Name)+path, "", blinkKey(key))
		if err != nil {
			t.Fatal(err)
		}
		return r.status
	}
	if got := ask("wrong", "GET", "/user"); got != 401 {
		t.Errorf("a wrong key gets %d", got)
	}
	// Bob is a contributor of Payments and in Security Operations by a group: he may read both and write neither.
	if got := ask("mock-blink-key-of-bob", "GET", "/workspaces/"+payments); got != 200 {
		t.Errorf("a member reads with %d", got)
	}
	if got := ask("mock-blink-key-of-bob", "GET", "/workspaces/"+mockblink.DefaultOtherWorkspace); got != 200 {
		t.Errorf("a group's member reads with %d", got)
	}
	if got := ask("mock-blink-key-of-bob", "POST", "/workspaces/"+payments+"/user/u-bob/role/owner"); got != 403 {
		t.Errorf("a contributor writes with %d", got)
	}
	run.Must(mockblink.Of(run).Remove(payments, "user", "u-bob"))
	if got := ask("mock-blink-key-of-bob", "GET", "/workspaces/"+payments); got != 403 {
		t.Errorf("somebody who was removed reads with %d", got)
	}
	run.Must(mockblink.Of(run).SetStatus("u-bob", mockblink.StatusInactive))
	if got := ask("mock-blink-key-of-bob", "GET", "/user"); got != 401 {
		t.Errorf("somebody inactive gets %d", got)
	}
}

func TestBlinkTenantEntities(t *testing.T) {
	run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // wrong requests are sent on purpose
	find := func(q string) reply {
		return blink(t, run, "GET", "/tenant/entities?q="+url.QueryEscape(q), "")
	}
	ids := func(r reply) string {
		wantStatus(t, r, 200)
		var out []string
		for _, e := range r.json(t)["results"].([]any) {
			out = append(out, e.(map[string]any)["entity_id"].(string))
		}
		return strings.Join(out, " ")
	}
	for q, want := range map[string]string{
		`{"filter":{"email":"alice@example.com"}}`:                                             "u-alice",
		`{"filter":{"email":{"$eq":"ALICE@example.com"}}}`:                                     "",
		`{"filter":{"email":"ALICE@example.com"},"ci":true}`:                                   "u-alice",
		`{"filter":{"entity_type":"group"},"sort":["-name"]}`:                                  "g-platform g-empty",
		`{"filter":{"email":{"$like":"%a%e@example.com"}},"sort":["+email"]}`:                  "u-alice u-dave",
		`{"limit":2,"offset":1,"sort":["entity_id"]}`:                                          "g-platform u-alice",
		`{"filter":{"$or":[{"status":"inactive"},{"is_invite":true}]},"sort":["entity_id"]}`:   "u-erin u-frank",
		`{"filter":{"entity_type":"user","status":{"$neq":"active"}},"sort":["-entity_id"]}`:   "u-frank u-erin",
		`{"filter":{"member_count":{"$gte":2}}}`:                                               "g-platform",
		`{"filter":{"$or":[]}}`:                                                                "",
		`{"filter":{"entity_id":{"$gt":"u-carol","$lt":"u-erin"}}}`:                            "u-dave",
		`{"filter":{"$and":[{"entity_type":"user"},{"role":"Admin"}]},"select":["entity_id"]}`: "u-terraform",
	} {
		if got := ids(find(q)); got != want {
			t.Errorf("%s gives %q, want %q", q, got, want)
		}
	}
	for _, q := range []string{
		`nonsense`, `[]`, `{"limit":0}`, `{"limit":1001}`, `{"offset":-1}`, `{"filter":{"nope":"x"}}`, `{"sort":["nope"]}`,
		`{"filter":{"email":{"$regex":"x"}}}`, `{"select":["nope"]}`, `{"nope":1}`, `{} {}`,
	} {
		wantStatus(t, find(q), 400)
	}
	page := find(`{"limit":3}`).json(t)
	if page["total"] != 9.0 || page["limit"] != 3.0 || page["offset"] != 0.0 {
		t.Errorf("envelope %v", page)
	}
}

func TestBlinkAddAndRemove(t *testing.T) {
	run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // wrong requests are sent on purpose
	add := `{"entities":[{"entity_id":"u-carol","entity_type":"user","role":"viewer"},{"entity_id":"u-alice","entity_type":"user","role":"viewer"}]}`
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/entities", add), 200)
	if got := mockblink.Of(run).Role(payments, "user", "u-carol"); got != "viewer" {
		t.Errorf("carol is %q", got)
	}
	if got := mockblink.Of(run).Role(payments, "user", "u-alice"); got != "owner" {
		t.Errorf("alice was reset to %q", got)
	}
	wantStatus(t, blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-carol", ""), 200)
	wantStatus(t, blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-carol", ""), 400)
	if n := run.RepeatedWrites(); n != 1 {
		t.Errorf("%d repeated writes, want the second removal", n)
	}
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/entities", `{}`), 400)
	// Nothing documented keeps the service from removing the last owner.
	wantStatus(t, blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-alice", ""), 200)
	if got := mockblink.Of(run).Owners(payments); got.Now != 0 || got.Fewest != 0 || got.FewestAfterLoss != 0 {
		t.Errorf("owners %+v", got)
	}
}

func TestBlinkSelf(t *testing.T) {
	run := mockservice.StartDefault(t)
	m := blink(t, run, "GET", "/user", "").json(t)
	if m["email"] != "terraform@example.com" || m["inner_id"] == "u-terraform" {
		t.Errorf("self %v", m)
	}
	w := blink(t, run, "GET", "/user-workspaces", "").json(t)
	if info, _ := w["payments"].(map[string]any); info == nil || info["id"] != payments {
		t.Errorf("workspaces %v", w)
	}
}
