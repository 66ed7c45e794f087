package blink_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

func TestAccRoleBinding_handover(t *testing.T) {
	t.Parallel()
	type form struct {
		from, to string
		rounds   int // of two handovers, there and back
	}
	forms := map[string]form{
		"one removed, one added": {user("alice", "u-alice", "owner"), user("carol", "u-carol", "owner"), 10},
		"one demoted, one added": {user("alice", "u-alice", "owner"), user("alice", "u-alice", "viewer") + user("carol", "u-carol", "owner"), 3},
		"rotation in place":      {user("owner", "u-alice", "owner"), user("owner", "u-carol", "owner"), 3},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Write("main.tf", form.from)
			w.Apply()
			// Terraform takes independent resources in random order, so once is not enough.
			for range form.rounds {
				for _, config := range []string{form.to, form.from} {
					w.Write("main.tf", config)
					w.Apply()
					w.neverBelow(t, payments, 1)
				}
			}
			w.Clean()
		})
	}
}

func TestAccRoleBinding_twelveHandoversAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *mockservice.Seed) {
		mockblink.SeedOf(s).Workspaces = nil
		for n := range 12 {
			mockblink.SeedOf(s).Workspaces = append(mockblink.SeedOf(s).Workspaces, mockblink.Workspace{
				ID: fmt.Sprintf("w-%02d", n), DisplayName: fmt.Sprintf("Team %02d", n), Users: map[string]string{"u-alice": "owner"},
			})
		}
	})
	config := func(who string) string {
		var b strings.Builder
		for n := range 12 {
			b.WriteString(binding(fmt.Sprintf("%s%02d", who, n), fmt.Sprintf("w-%02d", n), "user", "u-"+who, "owner"))
		}
		return b.String()
	}
	w.Write("main.tf", config("alice"))
	w.Apply()
	w.Write("main.tf", config("carol"))
	w.Apply()
	w.Clean()
	for n := range 12 {
		w.neverBelow(t, fmt.Sprintf("w-%02d", n), 1)
	}
}

func TestAccRoleBinding_oneSlotWithDependsOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", user("alice", "u-alice", "owner"))
	w.Apply()
	w.Write("main.tf", user("alice", "u-alice", "viewer", "depends_on = [roster_blink_workspace_role_binding.carol]")+user("carol", "u-carol", "owner"))
	w.Apply("-parallelism=1")
	w.roleOf(t, payments, "user", "u-alice", "viewer")
	w.neverBelow(t, payments, 1)
}

func TestAccRoleBinding_successorThatCannotBeCreated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", quick+user("alice", "u-alice", "owner"))
	w.Apply()
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 400, Path: "u-carol"}, {Kind: mockservice.FaultStatus, Status: 400, Call: "add"}}}))
	w.Write("main.tf", quick+user("carol", "u-carol", "owner"))
	w.Fails([]string{"apply", "-auto-approve", "-no-color"}, "Workspace would lose its last owner", "Blink refused the change of carol@example.com")
	w.roleOf(t, payments, "user", "u-alice", "owner")
	w.neverBelow(t, payments, 1)

	w.svc.Must(w.svc.SetFaults(mockservice.Faults{}))
	w.Apply()
	w.Clean()
	w.neverBelow(t, payments, 1)
}

func TestAccRoleBinding_replacement(t *testing.T) {
	t.Parallel()
	const address = "roster_blink_workspace_role_binding.alice"
	for name, lifecycle := range map[string]string{"destroy first": "", "create first": "lifecycle { create_before_destroy = true }"} {
		for _, how := range []string{"replace", "taint"} {
			t.Run(how+", "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.Write("main.tf", user("alice", "u-alice", "owner", lifecycle))
				w.Apply()
				if how == "taint" {
					w.OK("taint", address)
					w.Apply()
				} else {
					w.Apply("-replace=" + address)
				}
				w.Clean()
				w.roleOf(t, payments, "user", "u-alice", "owner")
				w.neverBelow(t, payments, 1)
				if n := w.writes("remove"); n != 0 {
					t.Errorf("%d removals were sent", n)
				}
				// The binding can still be removed afterwards.
				w.svc.Must(mockblink.Of(w.svc).SetRole(payments, "user", "u-carol", "owner"))
				w.Write("main.tf", "")
				w.Apply()
				w.roleOf(t, payments, "user", "u-alice", "")
			})
		}
	}
}

func TestAccRoleBinding_shiftingList(t *testing.T) {
	t.Parallel()
	const people = 30
	seed := func(s *mockservice.Seed) {
		for n := range people {
			mockblink.SeedOf(s).Users = append(mockblink.SeedOf(s).Users, mockblink.User{ID: fmt.Sprintf("u-%02d", n), Email: fmt.Sprintf("person%02d@example.com", n)})
		}
	}
	list := func(from int, unknown bool) string {
		ids := make([]string, 0, people)
		for n := from; n < people; n++ {
			ids = append(ids, fmt.Sprintf("%q", fmt.Sprintf("u-%02d", n)))
		}
		value := "local.ids[count.index]"
		extra := ""
		if unknown {
			extra = "resource \"terraform_data\" \"ids\" {\n  input = local.ids\n  triggers_replace = length(local.ids)\n}\n"
			value = "terraform_data.ids.output[count.index]"
		}
		return "locals {\n  ids = [" + strings.Join(ids, ", ") + "]\n}\n" + extra +
			"resource \"roster_blink_workspace_role_binding\" \"person\" {\n  count = length(local.ids)\n  workspace_id = \"" + payments + "\"\n  entity_type = \"user\"\n  entity_id = " + value + "\n  role = \"viewer\"\n}\n"
	}
	everybody := func(t *testing.T, w world) {
		t.Helper()
		for n := 1; n < people; n++ {
			w.roleOf(t, payments, "user", fmt.Sprintf("u-%02d", n), "viewer")
		}
	}
	t.Run("is refused at plan", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, seed)
		w.Write("main.tf", list(0, false))
		w.Apply()
		w.Write("main.tf", list(1, false))
		w.Fails([]string{"plan", "-no-color"}, "One resource removes what another keeps", "`for_each` keyed by the principal's id")
	})
	t.Run("keeps everybody with unknown ids", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, seed)
		w.Write("main.tf", list(0, true))
		w.Apply()
		w.Write("main.tf", list(1, true))
		w.Apply()
		everybody(t, w)
	})
	t.Run("keeps everybody with a target", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, seed)
		w.Write("main.tf", list(0, false))
		w.Apply()
		w.Write("main.tf", list(1, false))
		w.Apply("-target=roster_blink_workspace_role_binding.person[0]")
		everybody(t, w)
	})
}

func TestAccRoleBinding_clashes(t *testing.T) {
	t.Parallel()
	carol := func(name string, extra ...string) string { return user(name, "u-carol", "viewer", extra...) }
	t.Run("two resources for one principal", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", carol("one")+carol("two"))
		w.Fails([]string{"plan", "-no-color"}, "Two resources manage the same principal", "u-carol")
	})
	t.Run("rename without moved", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", carol("one"))
		w.Apply()
		w.Write("main.tf", carol("two"))
		w.Fails([]string{"plan", "-no-color"}, "One resource removes what another keeps", "moved")
		w.Write("main.tf", carol("two")+"moved {\n  from = roster_blink_workspace_role_binding.one\n  to = roster_blink_workspace_role_binding.two\n}\n")
		w.Apply()
		w.Clean()
	})
	t.Run("rename by import", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", carol("one"))
		w.Apply()
		w.Write("main.tf", carol("two")+"import {\n  to = roster_blink_workspace_role_binding.two\n  id = \""+payments+"/user/u-carol\"\n}\n")
		w.Fails([]string{"plan", "-no-color"}, "One resource removes what another keeps")
		w.roleOf(t, payments, "user", "u-carol", "viewer")
	})
	t.Run("one of two dropped", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", carol("one"))
		w.Apply()
		w.Write("main.tf", carol("one")+carol("two"))
		w.OK("import", "roster_blink_workspace_role_binding.two", payments+"/user/u-carol")
		w.Write("main.tf", carol("one"))
		w.Fails([]string{"plan", "-no-color"}, "One resource removes what another keeps", "terraform state rm")
		w.OK("state", "rm", "roster_blink_workspace_role_binding.two")
		w.Clean()
	})
	t.Run("given up with removed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Needs("a removed block with lifecycle", acctest.Since{Terraform: "1.8", OpenTofu: "1.10"})
		w.Write("main.tf", carol("one"))
		w.Apply()
		w.Write("main.tf", carol("two")+"removed {\n  from = roster_blink_workspace_role_binding.one\n  lifecycle {\n    destroy = false\n  }\n}\n")
		w.Apply()
		w.Clean()
		w.roleOf(t, payments, "user", "u-carol", "viewer")
	})
}

func TestAccRoleBinding_swapWithAMinimumOfTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guard := "provider \"roster\" {\n  last_owner_guard = { minimum_owners = 2 }\n}\n"
	w.Write("main.tf", guard+user("alice", "u-alice", "owner"))
	w.Apply()
	w.Write("main.tf", guard+user("carol", "u-carol", "owner"))
	w.Apply()
	w.roleOf(t, payments, "user", "u-alice", "")
	w.neverBelow(t, payments, 1)
}

func TestAccRoleBinding_waitingHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *mockservice.Seed) { mockblink.SeedOf(s).Workspaces[0].Users["u-carol"] = "owner" })
	config := func(payer, watcher string) string {
		return quick + user("alice", "u-alice", payer) + binding("dave", security, "user", "u-dave", watcher)
	}
	w.Write("main.tf", config("owner", "viewer"))
	w.Apply()
	w.Write("main.tf", config("viewer", "contributor"))
	w.Plan("-out=plan.bin")
	// The other owner vanishes between plan and apply.
	w.svc.Must(mockblink.Of(w.svc).Remove(payments, "user", "u-carol"))
	w.Fails([]string{"apply", "-no-color", "plan.bin"}, "Workspace would lose its last owner")
	w.roleOf(t, payments, "user", "u-alice", "owner")
	w.roleOf(t, security, "user", "u-dave", "contributor")
	w.neverBelow(t, payments, 1)
}
