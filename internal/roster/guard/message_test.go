package guard

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func enforcing() Policy {
	return Policy{Mode: Enforce, MinimumOwners: 1, HandoverWait: 5 * time.Second}
}

func removed(id string) Loss {
	return Loss{Principal: user(id), What: "removed by this run (its resource is destroyed or no longer in the configuration)"}
}

func message(t *testing.T, r Refusal) string {
	t.Helper()
	f := r.Finding()
	for line := range strings.SplitSeq(f.Detail, "\n") {
		if n := utf8.RuneCountInString(line); n > membership.LineWidth {
			t.Errorf("a line of %d: %s", n, line)
		}
	}
	return f.Detail
}

// crowd has every kind of holder of the owner's role.
func crowd() *membership.Listing {
	guest, nameless := person("guest", "owner"), membership.Member{Principal: user("u-77"), Roles: []string{"owner"}, Enabled: true, Invite: true}
	guest.Invite = true
	return listing(blink(), person("ann", "owner"), person("zoe", "Owner"), person("vic", "viewer"), person("bot", "owner"), person("idle", "owner"), guest, nameless,
		membership.Member{Principal: membership.Principal{Kind: membership.Group, ID: "crew"}, Name: "Crew", Roles: []string{"owner"}, Enabled: true, MemberCount: 3})
}

func TestTheMessageNamesEverybody(t *testing.T) {
	p := enforcing()
	p.NotCounted = []string{"bot"}
	j := NewJudge(p, blink(), words()).Knowing(Status{Inactive: map[membership.Principal]bool{user("idle"): true}})
	tally := NewTally(j, crowd())
	tally.Lose(removed("ann"))
	viewer := membership.Standing{Role: "viewer", Enabled: true}
	tally.Lose(Loss{Principal: user("zoe"), To: &viewer, Cause: Edited, What: "changed from Owner to viewer by this run", At: membership.AtRole})
	invited := person("carol", "owner")
	invited.Invite = true
	tally.Gain(invited)
	got := message(t, Refusal{Judge: j, Severity: membership.SeverityError, Sections: []Section{tally.Section("w1", "Payments", 1)}, Waited: 5 * time.Second})
	want := `Workspace "Payments" (w1) would have 0 owners and needs 1.
Its owners now:
  - Crew (crew): not counted: a group, and count_owner_groups is false
  - ann@example.com (ann): removed by this run (its resource is destroyed or
    no longer in the configuration)
  - bot@example.com (bot): not counted: listed in not_counted
  - guest@example.com (guest): not counted: a pending invitation
  - idle@example.com (idle): not counted: inactive in the tenant
  - u-77: not counted: a pending invitation
  - zoe@example.com (zoe): changed from Owner to viewer by this run
Named by this run, but not counted as owners:
  - carol@example.com (carol): a pending invitation

Ways out:
  - Undo the change of the role.
  - Name a successor who counts: give another user the role "owner" in the
    same change.
  - Stop managing the owner, who then keeps the role: a ` + "`removed`" + ` block with
    ` + "`lifecycle { destroy = false }`" + ` for a whole resource,
    ` + "`terraform state rm`" + ` for one instance, or
    ` + "`lifecycle { destroy = false }`" + ` in the resource.
  - Or set on_destroy = "keep" and apply that first: it counts only once it
    has been applied.
  - If a group is enough: set count_owner_groups = true.
  - If the workspace is being closed: add its id to
    last_owner_guard.exempt_workspace_ids.

The guard waited 5s for a successor, until nothing had moved for 5s, and
none came. If this change has one, this helps:
  - depends_on, where both are blocks
  - create_before_destroy
  - two runs at -parallelism=1
  - a longer last_owner_guard.handover_wait

The guide "last-owner-guard" explains this:
https://example.com/docs`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// What is advised fits the change, and what does not fit is not said.
func TestTheWaysOutFitTheCase(t *testing.T) {
	typo, off := membership.Standing{Role: "ownr", Enabled: true}, membership.Standing{Role: "owner"}
	two := enforcing()
	two.MinimumOwners = 2
	warn := enforcing()
	warn.Mode = Warn
	for name, c := range map[string]struct {
		loss      Loss
		policy    Policy
		others    []membership.Member
		byService bool
		says      []string
		not       []string
	}{
		"a typing error": {
			loss: Loss{Cause: Edited, To: &typo, What: "changed"}, policy: enforcing(),
			says: []string{`"ownr" is not a known role. Did you mean "owner"?`, "Undo the change of the role"},
			not:  []string{"removed` block", "state rm", "keep", "closed", "minimum_owners", "Leave the owner enabled"},
		},
		"switched off": {
			loss: Loss{Cause: Edited, To: &off, What: "disabled"}, policy: enforcing(),
			says: []string{"Leave the owner enabled"}, not: []string{"known role", "Undo the change of the role"},
		},
		"left out of a whole workspace": {
			loss: Loss{Cause: NotNamed, Form: OfAll, What: "removed"}, policy: enforcing(),
			says: []string{"Name them again, or add them to ignore_users", "is being closed"},
			not:  []string{"on_destroy", "removed` block", "depends_on", "-parallelism"},
		},
		"of two": {
			loss: Loss{Cause: Ended, What: "removed"}, policy: two, others: []membership.Member{person("zoe", "owner")},
			says: []string{"If fewer than 2 are enough: lower last_owner_guard.minimum_owners"}, not: []string{"Undo", "fewer already"},
		},
		"the only one of two": {
			loss: Loss{Cause: Ended, What: "removed"}, policy: two,
			says: []string{"minimum_owners is 2, and it has fewer already: it may not lose more."}, not: []string{"lower last_owner_guard"},
		},
		"refused by the service": {
			loss: Loss{Cause: Ended, What: "removed"}, policy: enforcing(), byService: true,
			says: []string{"No setting of the provider changes this: Blink itself refuses.", "Name a successor"}, not: []string{"is being closed"},
		},
		"another principal": {
			loss: Loss{Cause: Replaced, What: "replaced"}, policy: enforcing(),
			says: []string{"Undo the change of the principal", `on_destroy = "keep"`}, not: []string{"closed", "removed` block"},
		},
		"another workspace": {
			loss: Loss{Cause: Moved, What: "moved"}, policy: enforcing(),
			says: []string{"Undo the change of the workspace", "is being closed"}, not: []string{"removed` block"},
		},
		"a warning": {
			loss: Loss{Cause: Ended, What: "removed"}, policy: warn,
			says: []string{`last_owner_guard.mode is "warn": this is a warning, and the run goes on.`},
		},
	} {
		j := NewJudge(c.policy, blink(), words())
		tally := NewTally(j, listing(blink(), append(c.others, person("ann", "owner"))...))
		c.loss.Principal = user("ann")
		tally.Lose(c.loss)
		severity := membership.SeverityError
		if c.policy.Mode == Warn {
			severity = membership.SeverityWarning
		}
		got := strings.Join(strings.Fields(message(t, Refusal{Judge: j, Severity: severity, Sections: []Section{tally.Section("w1", "Payments", 1+len(c.others))}, Waited: time.Second, ByService: c.byService})), " ")
		for _, part := range c.says {
			if !strings.Contains(got, part) {
				t.Errorf("%s: no %q in %s", name, part, got)
			}
		}
		for _, part := range c.not {
			if strings.Contains(got, part) {
				t.Errorf("%s: %q does not fit: %s", name, part, got)
			}
		}
	}
}

func TestTheMessageSaysWhatChangedSinceThePlan(t *testing.T) {
	j := NewJudge(enforcing(), blink(), words())
	tally := NewTally(j, listing(blink(), person("ann", "owner")))
	tally.Lose(removed("ann"))
	s := tally.Section("w1", "Payments", 1)
	s.AtPlan, s.Now = 2, tally.Now()
	if got := message(t, Refusal{Judge: j, Sections: []Section{s}, Severity: membership.SeverityError}); !strings.Contains(got, "needs 1.\n2 owners at plan time, 1 now.") {
		t.Error(got)
	}
	s.AtPlan = 1
	if got := message(t, Refusal{Judge: j, Sections: []Section{s}, Severity: membership.SeverityError}); strings.Contains(got, "at plan time") {
		t.Error("nothing has changed, and the message says so: " + got)
	}
}

func TestTheMessageForAnotherRequest(t *testing.T) {
	j := NewJudge(enforcing(), blink(), words())
	tally := NewTally(j, listing(blink(), person("ann", "owner")))
	tally.Lose(removed("ann"))
	r := Refusal{Judge: j, Sections: []Section{tally.Section("w1", "w1", 1)}, Severity: membership.SeverityError, Elsewhere: true}
	got := message(t, r)
	for _, part := range []string{"Workspace w1 would have", "another resource than the one named here"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in %s", part, got)
		}
	}
}

func TestTheMessageSpeaksTheProductsLanguage(t *testing.T) {
	j := NewJudge(enforcing(), blazemeter(), words())
	tally := NewTally(j, listing(blazemeter(), person("1", "manager")))
	tally.Lose(removed("1"))
	f := Refusal{Judge: j, Sections: []Section{tally.Section("352749", "Load", 1)}, Severity: membership.SeverityError, Waited: time.Second}.Finding()
	for _, part := range []string{"Workspace would lose its last manager", "would have 0 managers and needs 1.\nIts managers now:", `the role "manager"`, "Stop managing the manager"} {
		if !strings.Contains(f.Summary+"\n"+f.Detail, part) {
			t.Errorf("no %q in %s", part, f.Detail)
		}
	}
	for _, part := range []string{"last_owner_guard", "last-owner-guard"} {
		f.Detail = strings.ReplaceAll(f.Detail, part, "")
	}
	if strings.Contains(f.Detail, "owner") {
		t.Errorf("there are no owners here: %s", f.Detail)
	}
}

// Warnings with equal summaries are folded into one, so theirs name people and place.
func TestAWarningNamesPeopleAndPlaceInItsSummary(t *testing.T) {
	p := enforcing()
	p.Mode, p.MinimumOwners = Warn, 2
	j := NewJudge(p, blink(), words())
	tally := NewTally(j, listing(blink(), person("zoe", "owner"), person("ann", "owner")))
	tally.Lose(removed("ann"))
	tally.Lose(removed("zoe"))
	f := Refusal{Judge: j, Sections: []Section{tally.Section("w1", "Payments", 2)}, Severity: membership.SeverityWarning}.Finding()
	if f.Summary != "Workspace would fall below 2 owners: ann@example.com, zoe@example.com in workspace Payments" {
		t.Error(f.Summary)
	}
}
