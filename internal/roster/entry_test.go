package roster

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

func TestACreationNeverChangesAnAccessSilently(t *testing.T) {
	const there = "! vic@example.com already has access to workspace Space w1"
	synctest.Test(t, func(t *testing.T) {
		s := town()
		x := openSession(t, s, enforce())
		fs := x.plan(BindingChange{Next: bind("w1", "vic", "editor")}).Findings
		says(t, fs, there)
		for _, part := range []string{"has viewer in workspace \"Space w1\" (w1) already. The configuration asks for editor", "import {\n  to = roster_blink_workspace_role_binding.NAME\n  id = \"w1/user/vic\"\n}", "adopt_existing = true", "`terraform destroy -refresh=false` skips this"} {
			if !strings.Contains(fs[0].Detail, part) {
				t.Errorf("no %q in %s", part, fs[0].Detail)
			}
		}
		// A changed principal: no import block.
		fs = openSession(t, s, enforce()).plan(BindingChange{Prior: bind("w1", "ann", "owner"), Next: bind("w1", "vic", "editor")}).Findings
		says(t, fs, there)
		if strings.Contains(fs[0].Detail, "import") || !strings.Contains(fs[0].Detail, "adopt_existing = true") {
			t.Error(fs[0].Detail)
		}
		// An apply that the plan did not prepare leaves alone members who would have less.
		_, fs = openSession(t, s, enforce()).create(bind("w1", "zoe", "editor"), false)
		says(t, fs, "zoe@example.com in workspace Space w1 is left alone")
		s.WantSent(t)

		// Told to, it says from what to what.
		x = openSession(t, s, enforce())
		says(t, x.plan(BindingChange{Next: bind("w1", "vic", "editor"), Adopt: true}).Findings, "vic@example.com in workspace Space w1 goes from viewer to editor")
		_, fs = x.create(bind("w1", "vic", "editor"), true)
		says(t, fs, "vic@example.com in workspace Space w1 goes from viewer to editor")
		s.WantSent(t, "assign w1 user/vic editor")
	})
	t.Run("a higher role that only the apply knew of is given, and told", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			_, fs := openSession(t, s, enforce()).create(bind("w1", "vic", "editor"), false)
			says(t, fs, "vic@example.com in workspace Space w1 goes from viewer to editor")
			s.WantSent(t, "assign w1 user/vic editor")
		})
	})
	t.Run("the same role is adopted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			says(t, openSession(t, town(), enforce()).plan(BindingChange{Next: bind("w1", "vic", "VIEWER")}).Findings)
		})
	})
	t.Run("an adoption that lowers the last owner waits and is refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := lonely()
			_, fs := openSession(t, s, enforce()).create(bind("w1", "ann", "viewer"), true)
			says(t, fs, lastOwner)
			s.WantSent(t)
		})
	})
}

func TestADisabledUserIsEnabledAgainWithAWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle := stage.Person("3", "tester")
		idle.Enabled = false
		s := stage.New(stage.BlazeTraits()).Workspace("7", stage.Person("1", "manager"), idle)
		x := openSession(t, s, enforce())
		says(t, x.plan(BindingChange{Next: bind("7", "3", "viewer")}).Findings, "3@example.com is disabled in workspace Space 7 and will be enabled again")
		_, fs := x.create(bind("7", "3", "viewer"), false)
		says(t, fs, "3@example.com is disabled in workspace Space 7 and will be enabled again")
		s.WantRole(t, "7", "3", "viewer")
	})
}

func TestNobodyIsCreatedDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(stage.BlazeTraits()).Workspace("7", stage.Person("1", "manager")).Strangers("5")
		off := bind("7", "5", "tester")
		off.Standing.Enabled = false
		want := "! 5@example.com cannot be created disabled in workspace Space 7"
		x := openSession(t, s, enforce())
		fs := x.plan(BindingChange{Next: off}).Findings
		says(t, fs, want)
		if fs[0].At != membership.AtEnabled {
			t.Errorf("at %q", fs[0].At)
		}
		_, fs = x.create(off, false)
		says(t, fs, want)
		s.WantSent(t)
	})
}

func TestStrangers(t *testing.T) {
	open := func() *stage.Stage {
		s := town()
		s.Known[""] = append(s.Known[""], membership.Person{Principal: stage.User("guest"), Email: "guest@example.com", Invite: true}, membership.Person{Principal: stage.User("idle"), Email: "idle@example.com", Inactive: true})
		return s
	}
	for id, want := range map[string]string{
		"ghost": "! user/ghost is not known in the Blink tenant",
		"guest": "guest@example.com is a pending invitation in workspace Space w1",
		"idle":  "idle@example.com, who is to join workspace Space w1, is inactive",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := open()
			says(t, openSession(t, s, enforce()).plan(BindingChange{Next: bind("w1", id, "viewer")}).Findings, want)
			says(t, openSession(t, s, enforce()).plan(BindingChange{Prior: bind("w1", "vic", "viewer"), Next: bind("w1", id, "viewer")}).Findings, want)
		})
	}
	t.Run("one tenant listing for all", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open()
			x := openSession(t, s, enforce())
			says(t, x.plan(BindingChange{Next: bind("w1", "new", "viewer")}).Findings)
			says(t, x.plan(BindingChange{Next: bind("w2", "new", "viewer")}).Findings)
			says(t, x.plan(BindingChange{Next: bind("w2", "other", "viewer")}).Findings)
			if n := len(s.Sent("people")); n != 1 {
				t.Errorf("%d", n)
			}
		})
	})
	t.Run("403 there is left to the apply", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open()
			s.Trouble = func(c stage.Call) stage.Trouble {
				if c.Op == "people" {
					return stage.Denied()
				}
				return stage.Trouble{}
			}
			says(t, openSession(t, s, enforce()).plan(BindingChange{Next: bind("w1", "ghost", "viewer")}).Findings)
		})
	})
	t.Run("a pending invitation in the workspace", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town().With("w1", membership.Member{Principal: stage.User("guest"), Email: "guest@example.com", Roles: []string{"viewer"}, Enabled: true, Invite: true})
			says(t, openSession(t, s, enforce()).plan(BindingChange{Next: bind("w1", "guest", "viewer")}).Findings, "guest@example.com is a pending invitation in workspace Space w1")
		})
	})
}

func TestARefreshDropsOnlyWhoIsCertainlyGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := openSession(t, town(), enforce())
		got := x.run.ReadBinding(t.Context(), *bind("w1", "carol", ""), "carol@example.com", Private{})
		says(t, got.Findings, "carol@example.com is no longer in workspace Space w1")
		if got.Presence != membership.Absent {
			t.Error("still there")
		}
		got = x.run.ReadBinding(t.Context(), *bind("w9", "carol", ""), "carol@example.com", Private{})
		says(t, got.Findings, "carol@example.com is no longer in workspace w9: the workspace is gone")
		if got.Presence != membership.Absent {
			t.Error("still there")
		}
		got = x.run.ReadBinding(t.Context(), *bind("w1", "ANN", ""), "", Private{})
		says(t, got.Findings)
		if got.Presence != membership.There || got.Member.ID != "ann" {
			t.Errorf("%v %+v", got.Presence, got.Member)
		}
	})
	for kind, want := range map[membership.Failure]string{
		membership.Passing: "! Workspace w1 could not be read from Blink", membership.Unauthorized: "! Blink does not accept the API key", membership.Forbidden: "! The Blink API key may not read workspace w1",
		membership.Refused: "! Blink refused to list workspace w1", membership.Unsupported: "! Blink refused to list workspace w1", membership.Malformed: "! Blink gave an answer that cannot be read",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Trouble = func(stage.Call) stage.Trouble {
				return stage.Trouble{Err: &membership.Error{Failure: kind, Op: "list workspace w1", Status: 418, Message: "no."}}
			}
			got := openSession(t, s, enforce()).run.ReadBinding(t.Context(), *bind("w1", "ann", ""), "ann@example.com", Private{})
			says(t, got.Findings, want)
			if got.Presence != membership.NotKnown || !strings.Contains(got.Findings[0].Detail, "Nothing was dropped from the state") {
				t.Errorf("presence %v: %s", got.Presence, details(got.Findings))
			}
		})
	}
}
