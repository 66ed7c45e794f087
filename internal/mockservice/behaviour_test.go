package mockservice_test

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// with serves the default seed with one switch turned.
func with(t *testing.T, path, value string) *mockservice.Running {
	t.Helper()
	run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // what is not documented need not fit
	run.Must(run.SetSwitch(path, value))
	return run
}

func TestSwitchAssignNonMember(t *testing.T) {
	path := "/workspaces/" + payments + "/user/u-carol/role/viewer"
	for value, want := range map[string]struct {
		status        int
		role, outcome string
	}{
		"add":    {200, "viewer", "applied"},
		"refuse": {400, "", "refused"},
		"ignore": {200, "", "ignored"},
	} {
		run := with(t, "blink.assign_non_member", value)
		wantStatus(t, blink(t, run, "POST", path, ""), want.status)
		if got := mockblink.Of(run).Role(payments, "user", "u-carol"); got != want.role {
			t.Errorf("%s: carol is %q", value, got)
		}
		if w := run.Writes(); len(w) != 1 || w[0].Outcome != want.outcome || w[0].Status != want.status {
			t.Errorf("%s: writes %+v", value, w)
		}
	}
}

func TestSwitchRemove(t *testing.T) {
	alice, carol := "/workspaces/"+payments+"/user/u-alice", "/workspaces/"+payments+"/user/u-carol"
	for _, c := range []struct {
		path, value, who string
		status           int
	}{
		{"blink.remove_route", "404", alice, 404},
		{"blink.remove_route", "405", alice, 405},
		{"blink.remove_last_owner", "allow", alice, 200},
		{"blink.remove_last_owner", "refuse", alice, 400},
		{"blink.remove_non_member", "refuse", carol, 400},
		{"blink.remove_non_member", "404", carol, 404},
		{"blink.remove_non_member", "ok", carol, 200},
	} {
		run := with(t, c.path, c.value)
		r := blink(t, run, "DELETE", c.who, "")
		if r.status != c.status {
			t.Errorf("%s=%s: status %d, want %d", c.path, c.value, r.status, c.status)
		}
		if c.path == "blink.remove_route" && r.header.Get("Content-Type") == "application/json; charset=utf-8" {
			t.Error("a route that is not there answered with the product's wrapper")
		}
		if left := mockblink.Of(run).Role(payments, "user", "u-alice") == ""; left != (c.who == alice && c.status == 200) {
			t.Errorf("%s=%s: alice left: %v", c.path, c.value, left)
		}
	}
}

func TestSwitchAssignLastOwner(t *testing.T) {
	run := with(t, "blink.assign_last_owner", "allow")
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-alice/role/viewer", ""), 200)
	if o := mockblink.Of(run).Owners(payments); o.Fewest != 0 || o.FewestAfterLoss != 0 {
		t.Errorf("owners %+v", o)
	}
}

func TestSwitchRoleCase(t *testing.T) {
	for _, c := range []struct {
		value, sent, kept string
	}{
		{"as_sent", "vieWER", "vieWER"},
		{"capitalised", "viewer", "Viewer"},
		{"capitalised", "incident%20commander", "Incident Commander"},
		{"exact", "viewer", "viewer"},
		{"exact", "Viewer", "contributor"}, // refused
	} {
		run := with(t, "blink.role_case", c.value)
		blink(t, run, "POST", "/workspaces/"+payments+"/user/u-bob/role/"+c.sent, "")
		if got := mockblink.Of(run).Role(payments, "user", "u-bob"); got != c.kept {
			t.Errorf("%s: %s became %q, want %q", c.value, c.sent, got, c.kept)
		}
	}
	run := with(t, "blink.unknown_role", "accept")
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-bob/role/Anything", ""), 200)
	bobIs(t, run, "Anything")
}

func TestSwitchAdd(t *testing.T) {
	bob := `{"entities":[{"entity_id":"u-bob","entity_type":"user","role":"owner"}]}`
	carol := `{"entities":[{"entity_id":"u-carol","entity_type":"user","role":"owner"}]}`
	for _, c := range []struct {
		path, value, body, id string
		status                int
		role                  string
	}{
		{"blink.add_existing", "keep", bob, "u-bob", 200, "contributor"},
		{"blink.add_existing", "reset", bob, "u-bob", 200, "owner"},
		{"blink.add_existing", "refuse", bob, "u-bob", 400, "contributor"},
		{"blink.add_route", "404", carol, "u-carol", 404, ""},
		{"blink.add_route", "405", carol, "u-carol", 405, ""},
		{"blink.add_with_role", "heed", carol, "u-carol", 200, "owner"},
		{"blink.add_with_role", "ignore", carol, "u-carol", 200, "viewer"},
	} {
		run := with(t, c.path, c.value)
		wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/entities", c.body), c.status)
		if got := mockblink.Of(run).Role(payments, "user", c.id); got != c.role {
			t.Errorf("%s=%s: %s is %q, want %q", c.path, c.value, c.id, got, c.role)
		}
	}
}

func TestSwitchBlinkReads(t *testing.T) {
	run := with(t, "blink.missing_workspace", "400")
	wantStatus(t, blink(t, run, "GET", "/workspaces/none", ""), 400)
	run = with(t, "blink.empty_entities", "404")
	wantStatus(t, blink(t, run, "GET", "/tenant/entities?q=%7B%22filter%22%3A%7B%22email%22%3A%22x%22%7D%7D", ""), 404)
	run = with(t, "blink.listing", "no_owners")
	if seen := rolesSeen(t, blink(t, run, "GET", "/workspaces/"+payments, "")); len(seen) != 1 || seen["u-bob"] == "" {
		t.Errorf("listing %v", seen)
	}
}

func TestSwitchBlazeMeterLists(t *testing.T) {
	users := "/workspaces/" + loadTests + "/users"
	run := with(t, "blazemeter.max_page_size", "2")
	r := bzm(t, run, "GET", users+"?limit=50", "")
	wantIDs(t, r, 352749, 352750)
	if r.json(t)["limit"] != 2.0 {
		t.Errorf("limit %v", r.json(t)["limit"])
	}
	run.Must(run.SetSwitch("blazemeter.over_max_page_size", "refuse"))
	wantStatus(t, bzm(t, run, "GET", users+"?limit=50", ""), 400)

	wantIDs(t, bzm(t, with(t, "blazemeter.enabled_default", "enabled"), "GET", users, ""), 352749, 352750)

	m := bzm(t, with(t, "blazemeter.list_result", "object"), "GET", users, "").json(t)["result"].(map[string]any)
	if len(m) != 3 || m["352749"] == nil {
		t.Errorf("result %v", m)
	}
	r = bzm(t, with(t, "blazemeter.hidden", "1"), "GET", users, "")
	wantIDs(t, r, 352749, 352750)
	if r.json(t)["hidden"] != 1.0 {
		t.Errorf("hidden %v", r.json(t)["hidden"])
	}
	for value, want := range map[string]any{"number": 3.0, "string": "3", "n/a": "n/a", "none": nil} {
		if got := bzm(t, with(t, "blazemeter.total", value), "GET", users, "").json(t)["total"]; got != want {
			t.Errorf("total=%s gives %v", value, got)
		}
	}
	rows := bzm(t, with(t, "blazemeter.row_enabled", "no"), "GET", users, "").json(t)["result"].([]any)
	if _, there := rows[0].(map[string]any)["enabled"]; there {
		t.Error("rows carry enabled")
	}
}

func TestSwitchBlazeMeterWrites(t *testing.T) {
	users := "/workspaces/" + loadTests + "/users"
	for _, c := range []struct {
		path, value, method, at, body string
		status                        int
		id, standing                  string
	}{
		{"blazemeter.add_existing", "refuse", "POST", users, `{"usersIds":[352750],"roles":["viewer"]}`, 400, "352750", "tester"},
		{"blazemeter.add_existing", "overwrite", "POST", users, `{"usersIds":[352750],"roles":["viewer"]}`, 201, "352750", "viewer"},
		{"blazemeter.add_existing", "ignore", "POST", users, `{"usersIds":[352750],"roles":["viewer"]}`, 201, "352750", "tester"},
		{"blazemeter.add_disabled", "refuse", "POST", users, `{"usersIds":[352752],"roles":["tester"]}`, 400, "352752", "viewer (disabled)"},
		{"blazemeter.add_disabled", "enable", "POST", users, `{"usersIds":[352752],"roles":["tester"]}`, 201, "352752", "tester"},
		{"blazemeter.add_disabled", "ignore", "POST", users, `{"usersIds":[352752],"roles":["tester"]}`, 201, "352752", "viewer (disabled)"},
		{"blazemeter.add_several", "atomic", "POST", users, `{"usersIds":[352751,999],"roles":["tester"]}`, 400, "352751", ""},
		{"blazemeter.add_several", "partial", "POST", users, `{"usersIds":[352751,999],"roles":["tester"]}`, 201, "352751", "tester"},
		{"blazemeter.update_non_member", "404", "PUT", users + "/352751", `{"roles":["tester"],"enabled":true}`, 404, "352751", ""},
		{"blazemeter.update_non_member", "create", "PUT", users + "/352751", `{"roles":["tester"],"enabled":true}`, 200, "352751", "tester"},
		{"blazemeter.update_last_manager", "allow", "PUT", users + "/352749", `{"roles":["tester"],"enabled":true}`, 200, "352749", "tester"},
		{"blazemeter.update_last_manager", "refuse", "PUT", users + "/352749", `{"roles":["tester"],"enabled":true}`, 400, "352749", "manager"},
		{"blazemeter.update_last_manager", "refuse", "PUT", users + "/352749", `{"roles":["manager"],"enabled":false}`, 400, "352749", "manager"},
		{"blazemeter.update_partial", "keep", "PUT", users + "/352750", `{"enabled":false}`, 200, "352750", "tester (disabled)"},
		{"blazemeter.update_partial", "reset", "PUT", users + "/352750", `{"enabled":false}`, 200, "352750", "no role (disabled)"},
		{"blazemeter.update_partial", "reset", "PUT", users + "/352752", `{"roles":["tester"]}`, 200, "352752", "tester"},
		{"blazemeter.update_partial", "refuse", "PUT", users + "/352750", `{"enabled":false}`, 400, "352750", "tester"},
		{"blazemeter.disabled_roles", "clear", "PUT", users + "/352750", `{"roles":["tester"],"enabled":false}`, 200, "352750", "no role (disabled)"},
	} {
		run := with(t, c.path, c.value)
		r := bzm(t, run, c.method, c.at, c.body)
		if r.status != c.status {
			t.Errorf("%s=%s: status %d, want %d: %s", c.path, c.value, r.status, c.status, r.body)
		}
		if got := mockblazemeter.Of(run).Standing(loadTests, c.id); got != c.standing {
			t.Errorf("%s=%s: %s is %q, want %q", c.path, c.value, c.id, got, c.standing)
		}
	}
}

func TestWrongSwitches(t *testing.T) {
	run := mockservice.StartDefault(t)
	var seed mockservice.Seed
	for path, value := range map[string]string{
		"blink.nope": "x", "nope.role_case": "exact", "blink.role_case": "x", "blazemeter.hidden": "x",
		"blink.missing_workspace": "500", "blazemeter.max_page_size": "-2",
	} {
		if err := mockservice.SetSwitch(&seed, path, value); err == nil {
			t.Errorf("%s=%s was accepted in a seed", path, value)
		}
		if err := run.SetSwitch(path, value); err == nil {
			t.Errorf("%s=%s was accepted", path, value)
		}
	}
	for _, err := range []error{
		mockblink.Of(run).SetBehaviour(mockblink.Behaviour{RoleCase: "x"}),
		mockblink.Of(run).SetBehaviour(mockblink.Behaviour{MissingWorkspace: 500}),
		mockblazemeter.Of(run).SetBehaviour(mockblazemeter.Behaviour{MaxPageSize: -2}),
		mockblazemeter.Of(run).SetBehaviour(mockblazemeter.Behaviour{Hidden: -1}),
	} {
		if err == nil {
			t.Error("a wrong behaviour was accepted")
		}
	}
}

// Every default can be set, is the first value, and holds in a new service.
func TestDefaultsOfSwitches(t *testing.T) {
	run := mockservice.StartDefault(t)
	before := toJSON(t, run.Behaviour())
	for _, w := range mockservice.Switches() {
		if w.Help == "" || w.Default == "" {
			t.Errorf("%s has no help or no default", w.Name)
		}
		run.Must(run.SetSwitch(w.Name, w.Default))
	}
	if after := toJSON(t, run.Behaviour()); after != before {
		t.Errorf("behaviour\n%s\nwant\n%s", after, before)
	}
}
