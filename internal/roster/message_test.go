package roster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// begins wants a detail that begins so; the whole of it is held by the tests of
// the guard's own room.
func begins(t *testing.T, got, want string) {
	t.Helper()
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nnot\n%s", got, want)
	}
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// crowd has every kind of holder of the owner role.
func crowd() *stage.Stage {
	return stage.New(stage.BlinkTraits()).Workspace("w1",
		stage.Person("ann", "owner"), stage.Person("zoe", "Owner"), stage.Person("vic", "viewer"), stage.Person("bot", "owner"), stage.Person("idle", "owner"),
		membership.Member{Principal: stage.User("guest"), Email: "guest@example.com", Roles: []string{"owner"}, Enabled: true, Invite: true},
		membership.Member{Principal: stage.User("u-77"), Roles: []string{"owner"}, Enabled: true, Invite: true},
		membership.Member{Principal: stage.Group("crew"), Name: "Crew", Roles: []string{"owner"}, Enabled: true, MemberCount: 3})
}

func crowdGuard() Guard {
	g := enforce()
	g.NotCounted = []string{"bot"}
	return g
}

func crowdStage() *stage.Stage {
	s := crowd()
	for i, p := range s.Known[""] {
		s.Known[""][i].Inactive = p.ID == "idle"
	}
	return s
}

func TestTheMessageAtPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := openSession(t, crowdStage(), crowdGuard())
		says(t, x.plan(BindingChange{Prior: bind("w1", "zoe", "owner"), Next: bind("w1", "zoe", "viewer")}).Findings)
		fs := x.plan(BindingChange{Prior: bind("w1", "ann", "owner")}).Findings
		says(t, fs, lastOwner)
		begins(t, fs[0].Detail, `Workspace "Space w1" (w1) would have 0 owners and needs 1.
Its owners now:
  - Crew (crew): not counted: a group, and count_owner_groups is false
  - ann@example.com (ann): removed by this run (its resource is destroyed or
    no longer in the configuration)
  - bot@example.com (bot): not counted: listed in not_counted
  - guest@example.com (guest): not counted: a pending invitation
  - idle@example.com (idle): not counted: inactive in the tenant
  - u-77: not counted: a pending invitation
  - zoe@example.com (zoe): changed from Owner to viewer by this run

Ways out:
`)
	})
}

func TestTheMessageForSeveralWorkspaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := enforce()
		g.MinimumOwners = 2
		s := lonely().Workspace("w2", stage.Person("bob", "owner"), stage.Person("cleo", "owner"))
		x := openSession(t, s, g)
		done := make(chan []membership.Finding, 1)
		go func() {
			done <- x.plan(BindingChange{Prior: bind("w1", "ann", "owner"), Next: bind("w1", "ann", "editor")}).Findings
		}()
		time.Sleep(2 * time.Second)
		says(t, x.plan(BindingChange{Prior: bind("w2", "bob", "owner"), Exit: Exit{Reassign: "viewer"}}).Findings)
		fs := <-done
		says(t, fs, "! Workspace would fall below 2 owners", "! Workspace would fall below 2 owners")
		if fs[0].At != membership.AtRole || fs[1].At != membership.AtNone {
			t.Errorf("at %q and %q", fs[0].At, fs[1].At)
		}
		begins(t, fs[0].Detail, `Workspace "Space w1" (w1) would have 0 owners and needs 1.
Its owners now:
  - ann@example.com (ann): changed from owner to editor by this run
last_owner_guard.minimum_owners is 2, and it has fewer already: it may not
lose more.

Ways out:
`)
		begins(t, fs[1].Detail, `The change at fault is that of another resource than the one named here.

Workspace "Space w2" (w2) would have 1 owner and needs 2.
Its owners now:
  - bob@example.com (bob): left with the role "viewer" by this run
    (reassign_role)
  - cleo@example.com (cleo): stays

Ways out:
`)
		for _, f := range fs {
			if !strings.Contains(f.Detail, "The guard waited 7s for a successor, until nothing had moved for 5s") {
				t.Error(f.Detail)
			}
		}
	})
}

func TestTheMessageAtApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := openSession(t, town(), enforce())
		says(t, x.delete(bind("w1", "zoe", "owner"), Exit{}, Private{}))
		_, kept, fs := x.update(bind("w1", "ann", "owner"), bind("w1", "ann", "viewer"), Exit{})
		says(t, fs, lastOwner)
		if kept || fs[0].At != membership.AtRole {
			t.Errorf("kept %v at %q", kept, fs[0].At)
		}
		same(t, fs[0].Detail, `Workspace "Space w1" (w1) would have 0 owners and needs 1.
Its owners now:
  - ann@example.com (ann): changed from owner to viewer by this run
Nothing was changed here. If this run has created a successor in the
meantime, apply again to finish the handover.

Ways out:
  - Undo the change of the role.
  - Name a successor: give another user the role "owner" in the same change.

The guard waited 5s for a successor, until nothing had moved for 5s, and
none came. If this change has one, this helps:
  - `+"`depends_on`"+` to the successor
  - `+"`create_before_destroy`"+`
  - two runs at -parallelism=1
  - a longer last_owner_guard.handover_wait`)
	})
}

func TestTheMessageSpeaksTheProductsLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(stage.BlazeTraits()).Workspace("352749", stage.Person("1", "manager"))
		fs := openSession(t, s, enforce()).plan(BindingChange{Prior: bind("352749", "1", "manager")}).Findings
		says(t, fs, "! Workspace would lose its last manager")
		for _, part := range []string{"would have 0 managers and needs 1.\nIts managers now:", `the role "manager"`, "Stop managing the manager", "disabled by this run"} {
			if !strings.Contains(fs[0].Detail, part) {
				t.Errorf("no %q in %s", part, fs[0].Detail)
			}
		}
		if strings.Contains(strings.ReplaceAll(fs[0].Detail, "last_owner_guard", ""), "owner") {
			t.Errorf("BlazeMeter has no owners: %s", fs[0].Detail)
		}
	})
}

// Warnings with equal summaries are folded into one, so theirs name people and place.
func TestAWarningNamesPeopleAndPlaceInItsSummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := enforce()
		g.Mode, g.MinimumOwners = Warn, 2
		x := openSession(t, town(), g)
		done := make(chan []membership.Finding, 1)
		go func() { done <- x.plan(BindingChange{Prior: bind("w1", "zoe", "owner")}).Findings }()
		synctest.Wait()
		says(t, x.plan(BindingChange{Prior: bind("w1", "ann", "owner")}).Findings)
		says(t, <-done, "Workspace would fall below 2 owners: ann@example.com, zoe@example.com in workspace Space w1")
	})
}
