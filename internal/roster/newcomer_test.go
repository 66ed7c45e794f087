package roster

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// halfWay is a resource in which new took ann's place as an owner, and ann could not
// be removed.
func halfWay(t *testing.T) (*stage.Stage, *terraform, *block) {
	t.Helper()
	s := town()
	s.Trouble = func(c stage.Call) stage.Trouble {
		if c.Op == "remove" {
			return stage.Broken()
		}
		return stage.Trouble{}
	}
	tf, b := newTerraform(s), &block{addr: "a", prior: bind("w1", "ann", "owner"), next: bind("w1", "new", "owner")}
	if _, applied := both(t, tf, []*block{b}); len(applied.errors()) != 1 || b.prior.Principal.ID != "ann" {
		t.Fatalf("%s %v", applied, b.prior)
	}
	s.Trouble = nil
	return s, tf, b
}

const unsettled = "new@example.com has unmanaged access to workspace Space w1"

// Who has entered in a change of principal that failed half-way is named by each plan
// and each apply of the resource, until that is settled.
func TestANewcomerIsNamedUntilThatIsSettled(t *testing.T) {
	for name, next := range map[string]*Binding{
		"back, with another role": bind("w1", "ann", "viewer"),
		"another member":          bind("w1", "vic", "owner"),
		"the resource goes":       nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, tf, b := halfWay(t)
				b.next, b.adopt = next, true
				for round := 0; round < 2 && (round == 0 || next != nil); round++ {
					planned, applied := both(t, tf, []*block{b})
					says(t, append(planned.errors(), applied.errors()...))
					said := func(o *outcome) bool { return slices.Contains(summaries(o.warnings()), unsettled) }
					switch {
					case !said(planned):
						t.Errorf("the plan does not name the newcomer: %s", planned)
					case round == 0 && !said(applied):
						t.Errorf("the apply does not name the newcomer: %s", applied)
					}
				}
			})
		})
	}
	t.Run("finished", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, tf, b := halfWay(t)
			planned, applied := both(t, tf, []*block{b})
			says(t, append(planned.warnings(), applied.warnings()...))
			says(t, tf.plan(t.Context(), []*block{b}).warnings())
		})
	})
	t.Run("managed by another resource", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, tf, b := halfWay(t)
			b.next = bind("w1", "ann", "owner")
			says(t, tf.plan(t.Context(), []*block{b, {addr: "b", next: bind("w1", "new", "owner")}}).warnings())
		})
	})
	t.Run("the state's own principal leaves", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, tf, b := halfWay(t)
			s.Edit("w1", stage.Without("ann"))
			if planned := tf.plan(t.Context(), []*block{b}); !slices.Contains(summaries(planned.warnings()), unsettled) {
				t.Errorf("the last plan that knows the newcomer does not name them: %s", planned)
			}
		})
	})
}

// A principal who is to take a member's place and holds more than was planned is left alone,
// and so is the principal before.
func TestAChangeOfPrincipalEndsWhereTheNextOneIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		x := openSession(t, s, enforce())
		_, kept, fs := x.update(bind("w1", "vic", "viewer"), bind("w1", "zoe", "viewer"), Exit{})
		says(t, fs, "! zoe@example.com in workspace Space w1 is left alone")
		if kept {
			t.Error("nobody has entered")
		}
		// The state holds the principal before, so that no other resource removes it.
		x.delete(bind("w1", "vic", "viewer"), Exit{}, Private{Instance: "another"})
		s.WantSent(t)
		// It does not hold who was left alone: the resource that does may remove them.
		x.delete(bind("w1", "zoe", "owner"), Exit{}, Private{Instance: "another"})
		s.WantRole(t, "w1", "zoe", "")
	})
}

// A workspace that is not there is asked for once, by a plan that began before.
func TestAMissingWorkspaceIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		x := openSession(t, s, enforce())
		says(t, x.plan(BindingChange{Next: bind("nowhere", "vic", "viewer")}).Findings, "! Workspace nowhere was not found in Blink")
		if lists := s.Sent("read"); len(lists) != 1 {
			t.Errorf("asked %v", lists)
		}
	})
}
