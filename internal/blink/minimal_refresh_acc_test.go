package blink_test

import (
	"testing"

	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

// With -minimal-refresh Terraform plans first, and only what would change is read
// and planned once more, in the same walk: the second plan takes the first one's
// place. What would not change costs no call.
func TestAccRoleBinding_minimalRefresh(t *testing.T) {
	t.Parallel()
	newWorld(t).Needs("plan -minimal-refresh", acctest.Since{Terraform: "1.17"})
	newer := func(t *testing.T) world {
		t.Helper()
		w := newWorld(t)
		w.Write("main.tf", user("alice", "u-alice", "owner")+user("bob", "u-bob", "contributor"))
		w.Apply()
		w.svc.ResetAudit()
		return w
	}
	t.Run("nothing to do", func(t *testing.T) {
		t.Parallel()
		w := newer(t)
		w.Clean("-minimal-refresh")
		if calls := w.svc.Audit().Requests; len(calls) > 0 {
			t.Errorf("there was nothing to ask, and asked was %v", calls)
		}
	})
	t.Run("a changed role", func(t *testing.T) {
		t.Parallel()
		w := newer(t)
		w.Write("main.tf", user("alice", "u-alice", "owner")+user("bob", "u-bob", "viewer"))
		w.Shows(w.Apply("-minimal-refresh"), "0 added, 1 changed, 0 destroyed")
		w.Clean()
		w.roleOf(t, payments, "user", "u-bob", "viewer")
	})
	t.Run("a handover in one resource", func(t *testing.T) {
		t.Parallel()
		w := newer(t)
		w.Write("main.tf", user("alice", "u-carol", "owner")+user("bob", "u-bob", "contributor"))
		w.Shows(w.Apply("-minimal-refresh"), "0 added, 1 changed, 0 destroyed")
		w.Clean()
		w.roleOf(t, payments, "user", "u-alice", "")
		w.neverBelow(t, payments, 1)
	})
	t.Run("a handover in two resources", func(t *testing.T) {
		t.Parallel()
		w := newer(t)
		w.Write("main.tf", user("carol", "u-carol", "owner")+user("bob", "u-bob", "contributor"))
		w.Shows(w.Apply("-minimal-refresh"), "1 added, 0 changed, 1 destroyed")
		w.Clean()
		w.roleOf(t, payments, "user", "u-alice", "")
		w.neverBelow(t, payments, 1)
	})
	t.Run("the last owner", func(t *testing.T) {
		t.Parallel()
		w := newer(t)
		w.Write("main.tf", quick+user("alice", "u-alice", "viewer")+user("bob", "u-bob", "contributor"))
		w.Fails([]string{"plan", "-no-color", "-minimal-refresh"}, "Workspace would lose its last owner")
		w.Write("main.tf", quick+user("bob", "u-bob", "contributor"))
		w.Fails([]string{"plan", "-no-color", "-minimal-refresh"}, "Workspace would lose its last owner")
		w.roleOf(t, payments, "user", "u-alice", "owner")
	})
	t.Run("a member changed since", func(t *testing.T) {
		t.Parallel()
		w := newer(t)
		w.svc.Must(mockblink.Of(w.svc).SetRole(payments, "user", "u-bob", "viewer"))
		// Bob's role is as the configuration wants it in the state, so it is not
		// looked at; the handover beside it is.
		w.Write("main.tf", user("alice", "u-carol", "owner")+user("bob", "u-bob", "contributor"))
		w.Shows(w.Apply("-minimal-refresh"), "0 added, 1 changed, 0 destroyed")
		w.roleOf(t, payments, "user", "u-bob", "viewer")
		w.Shows(w.Apply(), "0 added, 1 changed, 0 destroyed")
		w.roleOf(t, payments, "user", "u-bob", "contributor")
	})
}
