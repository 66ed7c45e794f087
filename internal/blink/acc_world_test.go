package blink_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

const (
	payments = mockblink.DefaultWorkspace
	security = mockblink.DefaultOtherWorkspace
)

// world is terraform in a folder of its own, beside a mock service.
type world struct {
	*acctest.CLI
	svc *mockservice.Running
}

// lenient lets the service do whatever it is asked: nothing but the provider
// protects the last owner.
func lenient(s *mockservice.Seed) {
	mockblink.BehaviourOf(s).AssignLastOwner = "allow"
	mockblink.BehaviourOf(s).RemoveLastOwner = "allow"
}

func newWorld(t *testing.T, changes ...func(*mockservice.Seed)) world {
	t.Helper()
	cli, svc := acctest.Beside(t, append([]func(*mockservice.Seed){lenient}, changes...)...)
	return world{CLI: cli, svc: svc}
}

// quick makes the guard's wait short, for plans that are refused in any case.
const quick = `
provider "roster" {
  last_owner_guard = { handover_wait = "300ms" }
}
`

// binding is one resource; extra are more arguments.
func binding(name, workspace, kind, id, role string, extra ...string) string {
	return fmt.Sprintf("resource \"roster_blink_workspace_role_binding\" %q {\n  workspace_id = %q\n  entity_type = %q\n  entity_id = %q\n  role = %q\n  %s\n}\n",
		name, workspace, kind, id, role, strings.Join(extra, "\n  "))
}

func user(name, id, role string, extra ...string) string {
	return binding(name, payments, "user", id, role, extra...)
}

// roleOf fails the test unless the principal holds the role ("" for none).
func (w world) roleOf(t *testing.T, workspace, kind, id, want string) {
	t.Helper()
	if got := mockblink.Of(w.svc).Role(workspace, kind, id); !strings.EqualFold(got, want) {
		t.Fatalf("%s/%s has the role %q in %s, want %q", kind, id, got, workspace, want)
	}
}

// writes counts the calls of one kind that took effect.
func (w world) writes(call string) int {
	n := 0
	for _, wr := range w.svc.Writes() {
		if wr.Call == call && wr.Outcome == mockservice.OutcomeApplied {
			n++
		}
	}
	return n
}

// neverWithout fails the test if the workspace was ever seen with fewer owners.
func (w world) neverBelow(t *testing.T, workspace string, owners int) {
	t.Helper()
	if got := mockblink.Of(w.svc).FewestOwners(workspace); got < owners {
		t.Fatalf("workspace %s was down to %d owners, and should never have had fewer than %d", workspace, got, owners)
	}
}
