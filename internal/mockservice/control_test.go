package mockservice_test

import (
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

func control(t *testing.T, run *mockservice.Running, method, path, body string) reply {
	t.Helper()
	r, err := do(t, run.Client(), method, run.URL+"/_mock/"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestControlShowsTheTrail(t *testing.T) {
	run := mockservice.StartDefault(t)
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	r := control(t, run, "GET", "audit", "")
	wantStatus(t, r, 200)
	m := r.json(t)
	w := m["writes"].([]any)[0].(map[string]any)
	if w["principal"] != "u-bob" || w["from"] != "contributor" || w["to"] != "viewer" || m["total_requests"] != 1.0 {
		t.Errorf("audit %s", r.body)
	}
	owners := m["owners"].(map[string]any)["blink"].(map[string]any)[payments].(map[string]any)
	if owners["fewest"] != 1.0 {
		t.Errorf("owners %v", owners)
	}
	if n := m["requests"].(map[string]any)["blink POST /workspaces/{ws_id}/{entity_type}/{entity_id}/role/{role}"]; n != 1.0 {
		t.Errorf("requests %v", m["requests"])
	}
	if r := control(t, run, "GET", "requests", ""); !strings.Contains(r.body, `"call": "assign"`) {
		t.Errorf("requests %s", r.body)
	}
	wantStatus(t, control(t, run, "DELETE", "audit", ""), 204)
	if n := run.RequestCount("", ""); n != 0 || len(run.Writes()) != 0 {
		t.Errorf("%d requests are left", n)
	}
	bobIs(t, run, "viewer")
	wantStatus(t, control(t, run, "POST", "reset", ""), 204)
	bobIs(t, run, "contributor")
}

func TestControlHelpAndEnv(t *testing.T) {
	run := mockservice.StartDefault(t)
	if r := control(t, run, "GET", "", ""); r.body != mockservice.ControlHelp() {
		t.Errorf("help %q", r.body)
	}
	if r := control(t, run, "GET", "env", ""); !strings.Contains(r.body, "export BLINK_ENDPOINT='"+run.Endpoint(mockblink.Name)+"'\n") {
		t.Errorf("env %q", r.body)
	}
	wantStatus(t, control(t, run, "GET", "nothing", ""), 404)
}

func TestControlState(t *testing.T) {
	run := mockservice.StartDefault(t)
	state := control(t, run, "GET", "state", "")
	wantStatus(t, state, 200)
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	wantStatus(t, control(t, run, "PUT", "state", state.body), 204)
	bobIs(t, run, "contributor")
	r := control(t, run, "PUT", "state", "{\n\"blink\": {\"nope\": 1}}")
	wantStatus(t, r, 400)
	if !strings.Contains(r.body, "line 2, blink.nope") {
		t.Errorf("error %s", r.body)
	}
}

func TestControlBehaviourAndFaults(t *testing.T) {
	run := mockservice.StartDefault(t)
	wantStatus(t, control(t, run, "PUT", "behaviour", `{"blink":{"role_case":"capitalised"}}`), 204)
	wantStatus(t, control(t, run, "PATCH", "behaviour", `{"blink":{"assign_non_member":"ignore"}}`), 204)
	if b := mockblink.Of(run).Behaviour(); b.RoleCase != "capitalised" || b.AssignNonMember != "ignore" {
		t.Errorf("behaviour %+v", b)
	}
	wantStatus(t, control(t, run, "PUT", "behaviour", `{}`), 204)
	if b := mockblink.Of(run).Behaviour(); b.RoleCase != "as_sent" {
		t.Errorf("behaviour %+v", b)
	}
	wantStatus(t, control(t, run, "PUT", "behaviour", `{"blink":{"role_case":"x"}}`), 400)
	if r := control(t, run, "GET", "behaviour", ""); !strings.Contains(r.body, `"role_case": "as_sent"`) {
		t.Errorf("behaviour %s", r.body)
	}

	wantStatus(t, control(t, run, "PUT", "faults", `{"rules":[{"kind":"status","status":503}]}`), 204)
	wantStatus(t, blink(t, run, "GET", "/user", ""), 503)
	if r := control(t, run, "GET", "faults", ""); !strings.Contains(r.body, `"status": 503`) {
		t.Errorf("faults %s", r.body)
	}
	wantStatus(t, control(t, run, "PUT", "faults", `{"rules":[{"kind":"x"}]}`), 400)
	wantStatus(t, control(t, run, "DELETE", "faults", ""), 204)
	wantStatus(t, blink(t, run, "GET", "/user", ""), 200)
}

func TestControlBehindEverybodysBack(t *testing.T) {
	run := mockservice.StartDefault(t)
	ws := "blink/workspaces/" + payments
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"PUT", ws + "/user/u-bob?role=owner", 204},
		{"PUT", ws + "/group/g-platform?role=Incident%20Commander", 204},
		{"DELETE", ws + "/user/u-alice", 204},
		{"PUT", ws + "?name=Pay", 204},
		{"PUT", "blink/tenant/user/u-carol?status=inactive&name=Carola&role=Admin", 204},
		{"PUT", "blink/tenant/group/g-empty?name=Somebody", 204},
		{"DELETE", "blink/tenant/user/u-dave", 204},
		{"DELETE", "blink/workspaces/" + mockblink.DefaultOtherWorkspace, 204},
		{"PUT", "blazemeter/workspaces/70001/user/352751?role=manager&enabled=false", 204},
		{"PUT", "blazemeter/tenant/user/352751?name=Carola", 204},
		{"PUT", ws + "/user/u-ghost?role=owner", 400},
		{"PUT", ws + "/user/u-bob", 400},
		{"PUT", ws + "/user/u-bob?role=owner&enabled=false", 400},
		{"PUT", "blink/workspaces/none/user/u-bob?role=owner", 400},
		{"PUT", "blink/tenant/group/g-empty?status=active", 400},
		{"PUT", "blink/tenant/user/u-carol?status=asleep", 400},
		{"PUT", "blazemeter/workspaces/70001/user/352751?role=manager&enabled=maybe", 400},
		{"PUT", "blazemeter/workspaces/70001/group/1?role=manager", 400},
		{"PUT", "other/workspaces/70001/user/1?role=manager", 400},
		{"DELETE", "blink/workspaces/none", 400},
		{"GET", "blink/workspaces/none/members", 400},
	} {
		if r := control(t, run, c.method, c.path, ""); r.status != c.status {
			t.Errorf("%s %s: status %d, want %d: %s", c.method, c.path, r.status, c.status, r.body)
		}
	}
	bobIs(t, run, "owner")
	if got := mockblazemeter.Of(run).Standing("70001", "352751"); got != "manager (disabled)" {
		t.Errorf("carol is %q", got)
	}
	r := control(t, run, "GET", ws+"/members", "")
	if !strings.Contains(r.body, "u-bob") || strings.Contains(r.body, "u-alice") {
		t.Errorf("members %s", r.body)
	}
	if o := control(t, run, "GET", ws+"/owners", "").json(t); o["now"] != 1.0 || o["fewest"] != 1.0 || o["fewest_after_loss"] != -1.0 {
		t.Errorf("owners %v", o)
	}
	if seen := blink(t, run, "GET", "/workspaces/"+payments, "").json(t); seen["display_name"] != "Pay" {
		t.Errorf("name %v", seen["display_name"])
	}
	wantStatus(t, blink(t, run, "GET", "/workspaces/"+mockblink.DefaultOtherWorkspace, ""), 404)
	if len(run.Writes()) != 0 {
		t.Errorf("what was done behind the back is in the trail: %+v", run.Writes())
	}
}
