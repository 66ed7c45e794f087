package blink_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// impatient keeps retries short, for runs that fail in any case.
const impatient = `
provider "roster" {
  last_owner_guard = { handover_wait = "300ms" }
  http             = { max_retries = 0, request_timeout = "3s" }
}
`

func TestAccRoleBinding_lostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The answer to the write is lost, and so is every look at what came of it.
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{
		{Kind: mockservice.FaultLost, Call: "assign"},
		{Kind: mockservice.FaultReset, Call: "get_workspace", After: 2},
	}}))
	w.Write("main.tf", impatient+user("carol", "u-carol", "viewer"))
	w.Fails([]string{"apply", "-auto-approve", "-no-color"}, "could not be verified", "Nothing was recorded in the state")
	w.roleOf(t, payments, "user", "u-carol", "viewer")
	if n := len(w.State()); n != 0 {
		t.Fatalf("%d resources are in the state", n)
	}
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{}))
	before := len(w.svc.Writes())
	w.Shows(w.Apply(), "1 added, 0 changed, 0 destroyed")
	w.Clean()
	if after := len(w.svc.Writes()); after != before {
		t.Errorf("%d more writes were sent", after-before)
	}
}

func TestAccRoleBinding_lostAnswerIsResolvedByReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultLost, Call: "assign"}, {Kind: mockservice.FaultLost, Call: "remove"}}}))
	w.Write("main.tf", impatient+user("carol", "u-carol", "viewer"))
	w.Apply()
	w.Write("main.tf", impatient)
	w.Apply()
	if n := w.svc.Audit().Repeated; n != 0 {
		t.Errorf("%d writes were repeated that had been applied", n)
	}
	w.roleOf(t, payments, "user", "u-carol", "")
}

func TestAccRoleBinding_somebodyIsThereAlready(t *testing.T) {
	t.Parallel()
	t.Run("with the same role", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", user("bob", "u-bob", "Contributor"))
		w.Apply()
		w.Clean()
		if n := len(w.svc.Writes()); n != 0 {
			t.Errorf("%d writes were sent", n)
		}
	})
	t.Run("with another role", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", user("bob", "u-bob", "viewer"))
		r := w.Fails([]string{"plan", "-no-color"}, "bob@example.com already has access to workspace Payments", "has contributor", "adopt_existing = true")
		// The block works once its address is filled in.
		block := r.Stdout + r.Stderr
		block = block[strings.Index(block, "import {"):]
		block = strings.NewReplacer("│", "", ".NAME", ".bob").Replace(block[:strings.Index(block, "}")+1])
		w.Write("import.tf", block)
		w.Shows(w.Plan(), `role = "contributor" -> "viewer"`, "1 to import, 0 to add, 1 to change")
		w.Apply()
		w.Clean()
		w.roleOf(t, payments, "user", "u-bob", "viewer")
	})
	t.Run("and is adopted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", user("bob", "u-bob", "viewer", "adopt_existing = true"))
		w.Shows(w.Apply(), "Warning: bob@example.com in workspace Payments goes from contributor to viewer")
		w.roleOf(t, payments, "user", "u-bob", "viewer")
		w.Clean()
	})
	t.Run("an adopted owner is a loss", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", quick+user("alice", "u-alice", "viewer", "adopt_existing = true"))
		w.Fails([]string{"plan", "-no-color"}, "Workspace would lose its last owner")
	})
	t.Run("as a changed principal", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", user("one", "u-carol", "viewer"))
		w.Apply()
		w.Write("main.tf", user("one", "u-bob", "viewer"))
		r := w.Fails([]string{"plan", "-no-color"}, "bob@example.com already has access", "Set adopt_existing = true to accept the change")
		if strings.Contains(r.Text(), "import {") {
			t.Error("an import block is offered for an address that is in the state")
		}
	})
}

func TestAccRoleBinding_oneListingForAThousand(t *testing.T) {
	t.Parallel()
	const n = 1000
	w := newWorld(t, func(s *mockservice.Seed) {
		for i := range n {
			id := fmt.Sprintf("u-%04d", i)
			mockblink.SeedOf(s).Users = append(mockblink.SeedOf(s).Users, mockblink.User{ID: id, Email: id + "@example.com"})
			mockblink.SeedOf(s).Workspaces[0].Users[id] = "viewer"
		}
	})
	w.Write("main.tf", `
resource "roster_blink_workspace_role_binding" "person" {
  count        = 1000
  workspace_id = "`+payments+`"
  entity_type  = "user"
  entity_id    = format("u-%04d", count.index)
  role         = "viewer"
}
`)
	w.WriteState("roster_blink_workspace_role_binding", "person", n, func(i int) map[string]any {
		id := fmt.Sprintf("u-%04d", i)
		return map[string]any{
			"id": payments + "/user/" + id, "workspace_id": payments, "entity_type": "user", "entity_id": id, "role": "viewer",
			"adopt_existing": false, "on_destroy": "remove", "email": id + "@example.com",
		}
	})
	w.Clean()
	if a := w.svc.Audit(); a.Total != 1 {
		t.Errorf("refreshing %d bindings took %d calls: %v", n, a.Total, a.Requests)
	}
}

func TestAccRoleBinding_clearErrors(t *testing.T) {
	t.Parallel()
	carol := user("carol", "u-carol", "viewer")
	block := func(settings string) string { return "provider \"roster\" {\n" + settings + "\n}\n" }
	t.Run("a missing key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Env = append(w.Env, "BLINK_API_KEY=")
		w.Write("main.tf", carol)
		w.OK("validate")
		w.Fails([]string{"plan", "-no-color"}, "Missing blink.api_key", "BLINK_API_KEY", "with roster_blink_workspace_role_binding.carol")
	})
	t.Run("plain http to another host", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", block(`blink = { endpoint = "http://blink.example.com/api/v1" }`)+carol)
		w.Fails([]string{"validate", "-no-color"}, "https")
		w.Write("main.tf", carol)
		w.Env = append(w.Env, "BLINK_ENDPOINT=http://blink.example.com/api/v1")
		w.Fails([]string{"plan", "-no-color"}, "BLINK_ENDPOINT", "https")
	})
	t.Run("ids that leave their segment", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, id := range []string{"a/b", "..", "a?b", ""} {
			w.Write("main.tf", user("carol", id, "viewer"))
			w.Fails([]string{"validate", "-no-color"}, "Not a Blink id")
		}
	})
	t.Run("reassign without a role", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", user("carol", "u-carol", "viewer", `on_destroy = "reassign"`))
		w.Fails([]string{"validate", "-no-color"}, "Missing reassign_role")
	})
	t.Run("a ghost", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", user("ghost", "u-nobody", "viewer"))
		w.Fails([]string{"plan", "-no-color"}, "user/u-nobody is not known in the Blink tenant")
	})
	t.Run("an invalid role", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", user("carol", "u-carol", "Grand Vizier"))
		w.Fails([]string{"apply", "-auto-approve", "-no-color"}, "Blink refused the change of carol@example.com", "Invalid role")
		if n := len(w.State()); n != 0 {
			t.Errorf("%d resources are in the state", n)
		}
	})
	t.Run("an unknown workspace", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Write("main.tf", binding("carol", "00000000-0000-0000-0000-000000000000", "user", "u-carol", "viewer"))
		w.Fails([]string{"plan", "-no-color"}, "was not found in Blink")
	})

	// What is in the state stays there, whatever the service says.
	for name, test := range map[string]struct {
		env   string
		rules []mockservice.Fault
		text  string
	}{
		"a wrong key":        {env: "BLINK_API_KEY=wrong", text: "Blink does not accept the API key"},
		"forbidden":          {rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 403}}, text: "may not read workspace"},
		"a storm of 503":     {rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 503}}, text: "could not be read from Blink"},
		"an HTML error page": {rules: []mockservice.Fault{{Kind: mockservice.FaultHTML, Status: 502}}, text: "could not be read from Blink"},
		"HTML with 200":      {rules: []mockservice.Fault{{Kind: mockservice.FaultHTML, Status: 200}}, text: "cannot be read"},
		"an empty answer":    {rules: []mockservice.Fault{{Kind: mockservice.FaultBlank}}, text: "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Write("main.tf", impatient+carol)
			w.Apply()
			env := w.Env
			if test.env != "" {
				w.Env = append(slices.Clip(w.Env), test.env)
			}
			w.svc.Must(w.svc.SetFaults(mockservice.Faults{Rules: test.rules}))
			r := w.Fails([]string{"apply", "-auto-approve", "-no-color"}, test.text, "Nothing was dropped from the state")
			if strings.Contains(r.Text(), "panic") || strings.Contains(r.Text(), "mock-blink-key") {
				t.Errorf("a panic or a secret was printed:\n%s%s", r.Stdout, r.Stderr)
			}
			w.Env = env
			w.svc.Must(w.svc.SetFaults(mockservice.Faults{}))
			w.Clean()
		})
	}
}

func TestAccRoleBinding_ownUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *mockservice.Seed) { mockblink.SeedOf(s).Workspaces[0].Users["u-terraform"] = "owner" })
	w.Write("main.tf", user("self", "u-terraform", "owner"))
	w.Apply()
	w.Write("main.tf", user("self", "u-terraform", "viewer"))
	w.Shows(w.Plan(), "Warning: The API key's own user terraform@example.com goes from owner to viewer in workspace Payments", "locked out")
}

func TestAccRoleBinding_removalCallMissing(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"404", "405"} {
		w := newWorld(t, func(s *mockservice.Seed) { mockblink.BehaviourOf(s).RemoveRoute = route })
		w.Write("main.tf", user("carol", "u-carol", "viewer"))
		w.Apply()
		w.Write("main.tf", "")
		w.Fails([]string{"apply", "-auto-approve", "-no-color"}, "terraform state rm", "removal call is not available")
		if n := len(w.State()); n != 1 {
			t.Errorf("%d resources are in the state, want 1", n)
		}
	}
}

func TestAccRoleBinding_serviceThatEnforces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *mockservice.Seed) {
		mockblink.BehaviourOf(s).AssignLastOwner, mockblink.BehaviourOf(s).RemoveLastOwner = "refuse", "refuse"
	})
	off := "provider \"roster\" {\n  last_owner_guard = { mode = \"off\" }\n}\n"
	w.Write("main.tf", off+user("alice", "u-alice", "owner"))
	w.Apply()
	w.Write("main.tf", off)
	w.Fails([]string{"apply", "-auto-approve", "-no-color"}, "Workspace would lose its last owner", "Blink itself refused")
	w.roleOf(t, payments, "user", "u-alice", "owner")
}

func TestAccRoleBinding_assignThatAddsNobody(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"refuse", "ignore"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(s *mockservice.Seed) { mockblink.BehaviourOf(s).AssignNonMember = how })
			w.Write("main.tf", user("carol", "u-carol", "viewer")+user("dave", "u-dave", "owner"))
			w.Apply()
			w.Clean()
			w.roleOf(t, payments, "user", "u-dave", "owner")
		})
	}
}
