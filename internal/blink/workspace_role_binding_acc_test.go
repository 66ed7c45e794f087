package blink_test

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

func TestAccRoleBinding_lifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(user, group string) string {
		return binding("carol", payments, "user", "u-carol", user) + binding("platform", payments, "group", "g-platform", group)
	}
	w.Write("main.tf", config("viewer", "Incident Commander"))
	w.Apply()
	w.roleOf(t, payments, "user", "u-carol", "viewer")
	w.roleOf(t, payments, "group", "g-platform", "Incident Commander")
	state := w.State()["roster_blink_workspace_role_binding.carol"]
	for name, want := range map[string]any{
		"id": payments + "/user/u-carol", "email": "carol@example.com", "name": "Carol Example", "on_destroy": "remove", "adopt_existing": false,
	} {
		if state[name] != want {
			t.Errorf("%s is %v, want %v", name, state[name], want)
		}
	}
	w.Clean()

	w.Write("main.tf", config("contributor", "Incident Commander"))
	w.Shows(w.Plan(), `0 to add, 1 to change, 0 to destroy`)
	w.Apply()
	w.roleOf(t, payments, "user", "u-carol", "contributor")
	w.Clean()

	// Drift is shown and mended.
	w.svc.Must(mockblink.Of(w.svc).SetRole(payments, "user", "u-carol", "viewer"))
	w.Shows(w.Plan(), `role = "viewer" -> "contributor"`)
	w.Apply()
	w.Clean()

	// A user who was removed is named, and comes back.
	w.svc.Must(mockblink.Of(w.svc).Remove(payments, "user", "u-carol"))
	w.Shows(w.Plan(), "carol@example.com is no longer in workspace Payments", "1 to add")
	w.Apply()
	w.Clean()

	// Forgotten and imported again.
	w.OK("state", "rm", "roster_blink_workspace_role_binding.platform")
	w.OK("import", "roster_blink_workspace_role_binding.platform", payments+"/group/g-platform")
	w.Clean()
	w.Fails([]string{"import", "roster_blink_workspace_role_binding.other", payments + "/carol"}, "resource address")

	w.OK("destroy", "-auto-approve")
	w.roleOf(t, payments, "user", "u-carol", "")
	w.roleOf(t, payments, "group", "g-platform", "")
	w.roleOf(t, payments, "user", "u-alice", "owner")
	if calls := w.svc.Undocumented(); len(calls) > 0 {
		t.Errorf("undocumented calls: %s", calls)
	}
}

func TestAccRoleBinding_lastOwnerIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	const summary = "Workspace would lose its last owner"
	alice := func(role string, extra ...string) string { return quick + user("alice", "u-alice", role, extra...) }
	for name, test := range map[string]struct {
		before, after string
		args          []string
		texts         []string
	}{
		"demotion":      {alice("owner"), alice("viewer"), []string{"plan"}, []string{"changed from owner to viewer", `role = "viewer"`, "Undo the change of the role"}},
		"removed block": {alice("owner"), quick, []string{"plan"}, []string{"removed by this run", "exempt_workspace_ids"}},
		"destroy":       {alice("owner"), alice("owner"), []string{"plan", "-destroy"}, []string{"removed by this run"}},
		"lesser principal": {
			alice("owner"), quick + user("alice", "u-carol", "viewer"),
			[]string{"plan"},
			[]string{"replaced in its resource by user/u-carol"},
		},
		"without refresh": {alice("owner"), alice("viewer"), []string{"plan", "-refresh=false"}, []string{"changed from owner to viewer"}},
		"reassigned": {
			alice("owner", `on_destroy = "reassign"`, `reassign_role = "viewer"`), quick,
			[]string{"plan"},
			[]string{`left with the role "viewer"`},
		},
		"keep that was not applied": {alice("owner"), alice("viewer", `on_destroy = "keep"`), []string{"plan"}, nil},
		"moved to another workspace": {
			alice("owner"), quick + binding("alice", security, "user", "u-alice", "owner"),
			[]string{"plan"},
			[]string{"its resource moves to workspace " + security},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Write("main.tf", test.before)
			w.Apply()
			w.Write("main.tf", test.after)
			w.Fails(append(test.args, "-no-color"), append(test.texts, summary, "Payments", payments, "alice@example.com (u-alice)",
				"would have 0 owners and needs 1", "Name a successor")...)
			w.roleOf(t, payments, "user", "u-alice", "owner")
			if n := len(w.svc.Writes()); n != 0 {
				t.Errorf("%d writes reached the service: %+v", n, w.svc.Writes())
			}
		})
	}
}

func TestAccRoleBinding_bothOfTwoOwners(t *testing.T) {
	t.Parallel()
	two := func(s *mockservice.Seed) { mockblink.SeedOf(s).Workspaces[0].Users["u-carol"] = "owner" }
	pair := func(a, c string) string {
		out := quick
		for _, p := range []struct{ name, role string }{{"alice", a}, {"carol", c}} {
			if p.role != "" {
				out += user(p.name, "u-"+p.name, p.role)
			}
		}
		return out
	}
	for name, after := range map[string]string{
		"two demotions": pair("viewer", "viewer"),
		"two removals":  pair("", ""),
		"one of each":   pair("viewer", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, two)
			w.Write("main.tf", pair("owner", "owner"))
			w.Apply()
			w.Write("main.tf", after)
			w.Fails([]string{"plan", "-no-color"}, "Workspace would lose its last owner", "alice@example.com (u-alice)", "carol@example.com (u-carol)")
		})
	}
	t.Run("one of two passes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, two)
		w.Write("main.tf", pair("owner", "owner"))
		w.Apply()
		w.Write("main.tf", pair("owner", "viewer"))
		w.Apply()
		w.Clean()
		w.neverBelow(t, payments, 1)
	})
}

func TestAccRoleBinding_guardLetsPass(t *testing.T) {
	t.Parallel()
	guard := func(settings string) string {
		return "provider \"roster\" {\n  last_owner_guard = {\n    handover_wait = \"300ms\"\n    " + settings + "\n  }\n}\n"
	}
	for name, test := range map[string]struct {
		seed          func(*mockservice.Seed)
		before, after string
		owners        int
	}{
		"an unmanaged owner": {
			func(s *mockservice.Seed) { mockblink.SeedOf(s).Workspaces[0].Users["u-carol"] = "owner" },
			quick + user("alice", "u-alice", "owner"), quick, 1,
		},
		"an applied keep": {
			func(*mockservice.Seed) {},
			quick + user("alice", "u-alice", "owner", `on_destroy = "keep"`), quick, 1,
		},
		"an exempt workspace": {
			func(*mockservice.Seed) {},
			quick + user("alice", "u-alice", "owner"), guard(`exempt_workspace_ids = ["` + payments + `"]`), 0,
		},
		"off": {
			func(*mockservice.Seed) {},
			quick + user("alice", "u-alice", "owner"), guard(`mode = "off"`), 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.seed)
			w.Write("main.tf", test.before)
			w.Apply()
			w.Write("main.tf", test.after)
			w.Apply()
			if got := mockblink.Of(w.svc).Owners(payments).Now; got != test.owners {
				t.Errorf("%d owners are left, want %d", got, test.owners)
			}
		})
	}
	t.Run("warn goes on", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", guard(`mode = "warn"`)+user("alice", "u-alice", "owner"))
		w.Apply()
		w.Write("main.tf", guard(`mode = "warn"`))
		w.Shows(w.Apply(), "Warning: Workspace would lose its last owner", "alice@example.com")
		w.roleOf(t, payments, "user", "u-alice", "")
	})
	t.Run("somebody not counted saves nobody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(s *mockservice.Seed) { mockblink.SeedOf(s).Workspaces[0].Users["u-carol"] = "owner" })
		config := guard(`not_counted = ["CAROL@example.com"]`)
		w.Write("main.tf", config+user("alice", "u-alice", "owner"))
		w.Apply()
		w.Write("main.tf", config)
		w.Fails([]string{"plan", "-no-color"}, "Workspace would lose its last owner", "carol@example.com (u-carol): not counted: listed in not_counted")
	})
	t.Run("an inactive owner saves nobody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(s *mockservice.Seed) { mockblink.SeedOf(s).Workspaces[0].Users["u-erin"] = "owner" })
		w.Write("main.tf", quick+user("alice", "u-alice", "owner"))
		w.Apply()
		w.Write("main.tf", quick)
		w.Fails([]string{"plan", "-no-color"}, "erin@example.com (u-erin): not counted: inactive in the tenant")
	})
	t.Run("a minimum of two", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(s *mockservice.Seed) { mockblink.SeedOf(s).Workspaces[0].Users["u-carol"] = "owner" })
		w.Write("main.tf", guard("minimum_owners = 2")+user("alice", "u-alice", "owner"))
		w.Apply()
		w.Write("main.tf", guard("minimum_owners = 2"))
		w.Fails([]string{"plan", "-no-color"}, "Workspace would fall below 2 owners", "would have 1 owner and needs 2")
	})
}
