package blazemeter_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

// Who is in the default seed.
const (
	load  = mockblazemeter.DefaultWorkspace      // alice manager, bob tester, dave a disabled viewer
	other = mockblazemeter.DefaultOtherWorkspace // bob and carol managers
	alice = "352749"
	bob   = "352750"
	carol = "352751"
	dave  = "352752"
)

const quick = `
provider "roster" {
  last_owner_guard = { handover_wait = "300ms" }
}
`

type world struct {
	*acctest.CLI
	svc *mockservice.Running
}

func newWorld(t *testing.T, changes ...func(*mockservice.Seed)) world {
	t.Helper()
	cli, svc := acctest.Beside(t, changes...)
	return world{CLI: cli, svc: svc}
}

func inWorkspace(name, workspace, id, role string, extra ...string) string {
	return fmt.Sprintf("resource \"roster_blazemeter_workspace_user\" %q {\n  workspace_id = %q\n  user_id = %s\n  role = %q\n  %s\n}\n",
		name, workspace, id, role, strings.Join(extra, "\n  "))
}

// user writes the id as a number: Terraform turns it into a string by itself.
func user(name, id, role string, extra ...string) string {
	return inWorkspace(name, load, id, role, extra...)
}

func (w world) stands(t *testing.T, id, want string) {
	t.Helper()
	if got := mockblazemeter.Of(w.svc).Standing(load, id); got != want {
		t.Fatalf("%s stands as %q, want %q", id, got, want)
	}
}

func (w world) neverBelow(t *testing.T, workspace string, managers int) {
	t.Helper()
	if got := mockblazemeter.Of(w.svc).FewestOwners(workspace); got < managers {
		t.Fatalf("workspace %s was down to %d managers, and should never have had fewer than %d", workspace, got, managers)
	}
}

// updatesAreWhole fails the test for an update that carries only one of roles and enabled.
func (w world) updatesAreWhole(t *testing.T) {
	t.Helper()
	for _, wr := range w.svc.Writes() {
		var body map[string]any
		if wr.Call != "update_user" {
			continue
		}
		if err := json.Unmarshal([]byte(wr.Body), &body); err != nil {
			t.Fatal(err)
		}
		if body["roles"] == nil || body["enabled"] == nil {
			t.Errorf("an update carries only one of roles and enabled: %s", wr.Body)
		}
	}
}

func TestAccWorkspaceUser_lifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", user("carol", carol, "viewer"))
	w.Apply()
	w.stands(t, carol, "viewer")
	state := w.State()["roster_blazemeter_workspace_user.carol"]
	for name, want := range map[string]any{
		"id": load + "/" + carol, "user_id": carol, "email": "carol@example.com", "display_name": "Carol Example",
		"enabled": true, "on_destroy": "disable", "adopt_existing": false,
	} {
		if state[name] != want {
			t.Errorf("%s is %v, want %v", name, state[name], want)
		}
	}
	w.Clean()

	w.Write("main.tf", user("carol", carol, "tester"))
	w.Shows(w.Plan(), "0 to add, 1 to change, 0 to destroy")
	w.Apply()
	w.Clean()

	// Drift of both, and of what should not be.
	bm := mockblazemeter.Of(w.svc)
	w.svc.Must(bm.Set(load, carol, false, "tester"))
	w.Shows(w.Plan(), "enabled = false -> true")
	w.Apply()
	w.svc.Must(bm.Set(load, carol, true))
	w.Shows(w.Plan(), "will be updated in-place", `"tester"`) // OpenTofu shows an empty text as none
	w.Apply()
	w.svc.Must(bm.Set(load, carol, true, "viewer", "tester"))
	w.Shows(w.Plan(), `role = "viewer,tester" -> "tester"`)
	w.Apply()
	w.Clean()

	w.svc.Must(bm.Remove(load, "user", carol))
	w.Shows(w.Plan(), "carol@example.com is no longer in workspace", "1 to add")
	w.Apply()
	w.Clean()

	w.OK("state", "rm", "roster_blazemeter_workspace_user.carol")
	w.OK("import", "roster_blazemeter_workspace_user.carol", load+"/"+carol)
	w.Clean()

	w.Write("main.tf", user("carol", carol, "tester", "enabled = false"))
	w.Apply()
	w.stands(t, carol, "tester (disabled)")
	w.Clean()

	w.Write("main.tf", "")
	w.Apply()
	w.stands(t, carol, "tester (disabled)")
	w.updatesAreWhole(t)
	if calls := w.svc.Undocumented(); len(calls) > 0 {
		t.Errorf("undocumented calls: %s", calls)
	}
}

func TestAccWorkspaceUser_destroyDisables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", user("bob", bob, "tester"))
	w.Apply()
	w.OK("destroy", "-auto-approve")
	w.stands(t, bob, "tester (disabled)")
	w.updatesAreWhole(t)

	// Created again, he is enabled by an update, with a warning.
	w.Write("main.tf", user("bob", bob, "viewer"))
	w.Shows(w.Apply(), "Warning: bob@example.com is disabled in workspace", "will be enabled again")
	w.stands(t, bob, "viewer")
	w.Clean()
	w.updatesAreWhole(t)
	for _, wr := range w.svc.Writes() {
		if wr.Call == "add_users" {
			t.Errorf("a user who was there was added: %+v", wr)
		}
	}
}

func TestAccWorkspaceUser_disabledStrangerIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", user("carol", carol, "viewer", "enabled = false"))
	w.Fails([]string{"plan", "-no-color"}, "cannot be created disabled", "enabled = false")
}

func TestAccWorkspaceUser_badInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for config, text := range map[string]string{
		user("carol", `"x"`, "viewer"):                  "Not a BlazeMeter id",
		user("carol", carol, "owner"):                   "manager",
		user("ghost", "999999", "tester"):               "user/999999 is not known in the BlazeMeter account",
		inWorkspace("carol", "424242", carol, "tester"): "was not found in BlazeMeter",
	} {
		w.Write("main.tf", config)
		w.Fails([]string{"plan", "-no-color"}, text)
	}
	w.Write("main.tf", user("bob", bob, "viewer"))
	w.Fails([]string{"plan", "-no-color"}, "bob@example.com already has access to workspace", `id = "`+load+"/"+bob+`"`)
	w.Env = append(w.Env, "BLAZEMETER_API_KEY_SECRET=")
	w.Fails([]string{"plan", "-no-color"}, "Missing blazemeter.api_key_secret", "BLAZEMETER_API_KEY_SECRET")
}

func TestAccWorkspaceUser_lastManagerIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	config := func(role string, extra ...string) string { return quick + user("alice", alice, role, extra...) }
	for name, test := range map[string]struct {
		after string
		args  []string
		text  string
	}{
		"destroy":   {config("manager"), []string{"plan", "-destroy"}, "disabled by this run"},
		"removed":   {quick, []string{"plan"}, "disabled by this run"},
		"role":      {config("tester"), []string{"plan"}, "changed from manager to tester"},
		"disabled":  {config("manager", "enabled = false"), []string{"plan"}, "disabled by this run"},
		"principal": {quick + user("alice", carol, "tester"), []string{"plan"}, "replaced in its resource by user/" + carol},
		"workspace": {quick + inWorkspace("alice", other, alice, "manager"), []string{"plan"}, "its resource moves to workspace " + other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Write("main.tf", config("manager"))
			w.Apply()
			w.Write("main.tf", test.after)
			w.Fails(append(test.args, "-no-color"), "Workspace would lose its last manager", test.text, "alice@example.com ("+alice+")", "would have 0 managers and needs 1")
			if n := len(w.svc.Writes()); n != 0 {
				t.Errorf("%d writes reached the service", n)
			}
		})
	}
}

func TestAccWorkspaceUser_handover(t *testing.T) {
	t.Parallel()
	for name, forms := range map[string][2]string{
		"one goes, one comes":       {user("alice", alice, "manager"), user("carol", carol, "manager")},
		"one is lowered, one rises": {user("alice", alice, "manager") + user("bob", bob, "tester"), user("alice", alice, "viewer") + user("bob", bob, "manager")},
		"one is disabled":           {user("alice", alice, "manager") + user("bob", bob, "tester"), user("alice", alice, "manager", "enabled = false") + user("bob", bob, "manager")},
		"rotation in place":         {user("manager", alice, "manager"), user("manager", carol, "manager")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Write("main.tf", forms[0])
			w.Apply()
			for range 3 {
				for _, config := range []string{forms[1], forms[0]} {
					w.Write("main.tf", config)
					w.Apply()
				}
			}
			w.Clean()
			w.neverBelow(t, load, 1)
			w.updatesAreWhole(t)
		})
	}
}

func TestAccWorkspaceUser_fiveHundred(t *testing.T) {
	t.Parallel()
	const n = 500
	w := newWorld(t, func(s *mockservice.Seed) {
		for i := range n {
			id := int64(600000 + i)
			mockblazemeter.SeedOf(s).Users = append(mockblazemeter.SeedOf(s).Users, mockblazemeter.User{ID: id, Email: "u" + strconv.Itoa(i) + "@example.com", DisplayName: "User " + strconv.Itoa(i)})
			mockblazemeter.SeedOf(s).Accounts[0].Users = append(mockblazemeter.SeedOf(s).Accounts[0].Users, mockblazemeter.AccountUser{ID: id})
			mockblazemeter.SeedOf(s).Workspaces[0].Users = append(mockblazemeter.SeedOf(s).Workspaces[0].Users, mockblazemeter.WorkspaceUser{ID: id, Role: "tester"})
		}
	})
	w.Write("main.tf", `
resource "roster_blazemeter_workspace_user" "person" {
  count        = 500
  workspace_id = "`+load+`"
  user_id      = 600000 + count.index
  role         = "tester"
}
`)
	w.WriteState("roster_blazemeter_workspace_user", "person", n, func(i int) map[string]any {
		id := strconv.Itoa(600000 + i)
		return map[string]any{
			"id": load + "/" + id, "workspace_id": load, "user_id": id, "role": "tester", "enabled": true,
			"adopt_existing": false, "on_destroy": "disable", "email": "u" + strconv.Itoa(i) + "@example.com", "display_name": "User " + strconv.Itoa(i),
		}
	})
	w.Clean()
	// 502 enabled users make eleven pages of fifty, one disabled user makes one.
	if a := w.svc.Audit(); a.Total > 12+2 {
		t.Errorf("refreshing took %d calls: %v", a.Total, a.Requests)
	}
}

func TestAccWorkspaceUser_incompleteListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", user("carol", carol, "viewer"))
	w.Apply()
	w.svc.Must(w.svc.SetSwitch("blazemeter.hidden", "1"))
	w.svc.Must(w.svc.SetSwitch("blazemeter.total", "n/a"))
	w.Fails([]string{"apply", "-auto-approve", "-no-color"}, "The listing of workspace", "is not complete")
	w.svc.Must(w.svc.SetSwitch("blazemeter.hidden", "0"))
	w.svc.Must(w.svc.SetSwitch("blazemeter.total", "number"))
	w.Clean()
}

func TestAccWorkspaceUser_behaviours(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]mockblazemeter.Behaviour{
		"lists enabled users by default": {EnabledDefault: "enabled"},
		"small pages":                    {MaxPageSize: 1},
		"rows keyed by id":               {ListResult: "object"},
		"totals as text":                 {Total: "string"},
		"no totals":                      {Total: "n/a"},
		"rows without enabled":           {RowEnabled: "no"},
		"disabled users lose roles":      {DisabledRoles: "clear"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(s *mockservice.Seed) { *mockblazemeter.BehaviourOf(s) = b })
			w.Write("main.tf", user("carol", carol, "viewer")+user("dave", dave, "tester")+user("bob", bob, "tester"))
			w.Apply()
			w.Clean()
			w.Write("main.tf", "")
			w.Apply()
			w.neverBelow(t, load, 1)
		})
	}
}
