package mockservice_test

import (
	"net/http"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
)

const loadTests = mockblazemeter.DefaultWorkspace

func bzmKey(id, secret string) func(*http.Request) {
	return func(r *http.Request) {
		r.SetBasicAuth(id, secret)
		if r.Method != http.MethodGet {
			r.Header.Set("Content-Type", "application/json")
		}
	}
}

func bzm(t *testing.T, run *mockservice.Running, method, path, body string) reply {
	t.Helper()
	r, err := do(t, run.Client(), method, run.Endpoint(mockblazemeter.Name)+path, body, bzmKey(mockblazemeter.DefaultKeyID, mockblazemeter.DefaultKeySecret))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func bzmIDs(t *testing.T, r reply) []float64 {
	t.Helper()
	wantStatus(t, r, 200)
	ids := []float64{}
	for _, e := range r.json(t)["result"].([]any) {
		ids = append(ids, e.(map[string]any)["id"].(float64))
	}
	return ids
}

func wantIDs(t *testing.T, r reply, want ...float64) {
	t.Helper()
	got := bzmIDs(t, r)
	if len(got) != len(want) {
		t.Fatalf("ids %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("ids %v, want %v", got, want)
		}
	}
}

func TestBlazeMeterUserList(t *testing.T) {
	run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // wrong requests are sent on purpose
	users := "/workspaces/" + loadTests + "/users"
	wantIDs(t, bzm(t, run, "GET", users, ""), 352749, 352750, 352752)
	wantIDs(t, bzm(t, run, "GET", users+"?enabled=true", ""), 352749, 352750)
	wantIDs(t, bzm(t, run, "GET", users+"?enabled=false", ""), 352752)
	wantIDs(t, bzm(t, run, "GET", users+"?limit=1&skip=1", ""), 352750)
	wantIDs(t, bzm(t, run, "GET", users+"?skip=9", ""))
	wantIDs(t, bzm(t, run, "GET", users+"?roles[]=manager", ""), 352749)
	wantIDs(t, bzm(t, run, "GET", users+"?excludeRoles[]=manager&enabled=true", ""), 352750)
	wantIDs(t, bzm(t, run, "GET", users+"?textFilter=ALICE", ""), 352749)
	for _, q := range []string{"?limit=0", "?limit=x", "?skip=-1", "?enabled=maybe", "?roles[]=king"} {
		wantStatus(t, bzm(t, run, "GET", users+q, ""), 400)
	}
	m := bzm(t, run, "GET", users, "").json(t)
	if m["limit"] != 10.0 || m["skip"] != 0.0 || m["total"] != 3.0 || m["hidden"] != 0.0 || m["api_version"] != 4.0 || m["error"] != nil {
		t.Errorf("envelope %v", m)
	}
}

func TestBlazeMeterUpdate(t *testing.T) {
	run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // wrong requests are sent on purpose
	user := "/workspaces/" + loadTests + "/users/"
	r := bzm(t, run, "PUT", user+"352752", `{"roles":["tester"],"enabled":true}`)
	wantStatus(t, r, 200)
	if row := r.json(t)["result"].(map[string]any); row["roles"].([]any)[0] != "tester" || row["type"] != "workspace" || row["firstName"] != nil {
		t.Errorf("result %v", row)
	}
	if got := mockblazemeter.Of(run).Standing(loadTests, "352752"); got != "tester" {
		t.Errorf("dave is %q", got)
	}
	// Nothing keeps the service from losing the last manager.
	wantStatus(t, bzm(t, run, "PUT", user+"352749", `{"roles":["manager"],"enabled":false}`), 200)
	if got := mockblazemeter.Of(run).Standing(loadTests, "352749"); got != "manager (disabled)" {
		t.Errorf("alice is %q", got)
	}
	if got := mockblazemeter.Of(run).Owners(loadTests); got.Fewest != 0 || got.FewestAfterLoss != 0 {
		t.Errorf("owners %+v", got)
	}
	wantStatus(t, bzm(t, run, "PUT", user+"352751", `{"roles":["tester"],"enabled":true}`), 404)
	wantStatus(t, bzm(t, run, "PUT", "/workspaces/9/users/352751", `{"roles":["tester"],"enabled":true}`), 404)
	for _, body := range []string{``, `[]`, `{}`, `{"roles":[],"enabled":true}`, `{"roles":["king"],"enabled":true}`, `{"roles":["tester","viewer"],"enabled":true}`} {
		r, err := do(t, run.Client(), "PUT", run.Endpoint(mockblazemeter.Name)+user+"352750", body, bzmKey(mockblazemeter.DefaultKeyID, mockblazemeter.DefaultKeySecret))
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, r, 400)
	}
}

func TestBlazeMeterAdd(t *testing.T) {
	run := mockservice.StartDefault(t)
	users := "/workspaces/" + loadTests + "/users"
	r := bzm(t, run, "POST", users, `{"usersIds":[352751],"roles":["viewer"]}`)
	wantStatus(t, r, 201)
	if row := r.json(t)["result"].([]any)[0].(map[string]any); row["id"] != 352751.0 || row["memberId"] == nil {
		t.Errorf("result %v", row)
	}
	// Members, disabled ones too, and people from outside of the account are refused by default.
	for _, id := range []string{"352749", "352752", "999"} {
		wantStatus(t, bzm(t, run, "POST", users, `{"usersIds":[`+id+`],"roles":["viewer"]}`), 400)
	}
	// All or nothing.
	run.Must(mockblazemeter.Of(run).Remove(loadTests, "user", "352751"))
	wantStatus(t, bzm(t, run, "POST", users, `{"usersIds":[352751,352749],"roles":["viewer"]}`), 400)
	if got := mockblazemeter.Of(run).Standing(loadTests, "352751"); got != "" {
		t.Errorf("carol was added in part: %q", got)
	}
}

func TestBlazeMeterRest(t *testing.T) {
	run := mockservice.StartDefault(t)
	wantIDs(t, bzm(t, run, "GET", "/accounts", ""), 5001)
	wantIDs(t, bzm(t, run, "GET", "/workspaces?accountId=5001", ""), 70001, 70002)
	wantStatus(t, bzm(t, run, "GET", "/workspaces/9", ""), 404)
	wantIDs(t, bzm(t, run, "GET", "/accounts/5001/users?enabled=false", ""), 352753)
	if m := bzm(t, run, "GET", "/workspaces/70001", "").json(t)["result"].(map[string]any); m["name"] != "Checkout Load Tests" || m["accountId"] != 5001.0 {
		t.Errorf("workspace %v", m)
	}
	if m := bzm(t, run, "GET", "/user", "").json(t)["result"].(map[string]any); m["id"] != 100001.0 {
		t.Errorf("self %v", m)
	}
	r, err := do(t, run.Client(), "GET", run.Endpoint(mockblazemeter.Name)+"/user", "", bzmKey("mock-key-id", "wrong"))
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, r, 401)
	// Bob is a tester of 70001 and a manager of 70002.
	for path, want := range map[string]int{"/workspaces/70001/users": 200, "/accounts/5001/users": 403} {
		r, err := do(t, run.Client(), "GET", run.Endpoint(mockblazemeter.Name)+path, "", bzmKey("mock-key-id-of-bob", "mock-key-secret-of-bob"))
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, r, want)
	}
}
