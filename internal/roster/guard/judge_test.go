package guard

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func TestWhoCounts(t *testing.T) {
	crew := membership.Member{Principal: membership.Principal{Kind: membership.Group, ID: "crew"}, Roles: []string{"owner"}, Enabled: true, MemberCount: 3}
	empty := crew
	empty.MemberCount = 0
	robot := crew
	robot.Kind = "service_account"
	invited, disabled := person("ann", "owner"), person("ann", "owner")
	invited.Invite, disabled.Enabled = true, false
	known := Status{Inactive: map[membership.Principal]bool{user("idle"): true}, Invited: map[membership.Principal]bool{user("guest"): true}}
	for name, c := range map[string]struct {
		m      membership.Member
		policy Policy
		why    string
		owner  bool
	}{
		"an owner":                      {m: person("ann", "owner"), owner: true},
		"in another case":               {m: person("ann", "Owner"), owner: true},
		"a viewer":                      {m: person("ann", "viewer")},
		"invited in the workspace":      {m: invited, why: "a pending invitation"},
		"invited in the tenant alone":   {m: person("Guest", "owner"), why: "a pending invitation"},
		"inactive in the tenant":        {m: person("idle", "owner"), why: "inactive in the tenant"},
		"disabled":                      {m: disabled, why: "disabled"},
		"not counted by id":             {m: person("Bot", "owner"), policy: Policy{NotCounted: []string{"bot"}}, why: "listed in not_counted"},
		"not counted by e-mail address": {m: person("bot", "owner"), policy: Policy{NotCounted: []string{"BOT@example.com"}}, why: "listed in not_counted"},
		"a group":                       {m: crew, why: "a group, and count_owner_groups is false"},
		"a group that counts":           {m: crew, policy: Policy{CountOwnerGroups: true}, owner: true},
		"an empty group":                {m: empty, policy: Policy{CountOwnerGroups: true}, why: "a group without members"},
		"a service account":             {m: robot, why: "not a user"},
	} {
		j := NewJudge(c.policy, blink(), words()).Knowing(known)
		if got := j.WhyNot(c.m); got != c.why {
			t.Errorf("%s: %q, not %q", name, got, c.why)
		}
		if j.Counts(c.m) != c.owner {
			t.Errorf("%s: counts: %v", name, !c.owner)
		}
	}
}

func TestSomebodyWhoDoesNotCountIsNoLoss(t *testing.T) {
	j := NewJudge(Policy{NotCounted: []string{"bot"}}, blink(), words())
	viewer := membership.Standing{Role: "viewer", Enabled: true}
	if j.Loses(person("bot", "owner"), nil) || !j.Loses(person("ann", "owner"), &viewer) || j.Loses(person("ann", "viewer"), nil) {
		t.Error("a loss is an owner who counts, and no longer does")
	}
}

func TestAnExemptWorkspaceIsOneInEverySpelling(t *testing.T) {
	j := NewJudge(Policy{Mode: Enforce, ExemptWorkspaces: []string{"W-Closing", "Payments"}}, blink(), words())
	if j.Watches("w-closing") || !j.Watches("w-open") {
		t.Error("ids compare without regard to case")
	}
	if NewJudge(Policy{Mode: Off}, blink(), words()).Watches("w-open") {
		t.Error("off watches nothing")
	}
	if got := j.ExemptByName("w-9", "payments"); got != "Payments" {
		t.Errorf("the name of a workspace is no id: %q", got)
	}
	if got := j.ExemptByName("w-closing", "Something"); got != "" {
		t.Errorf("an id was taken for a name: %q", got)
	}
}

func TestAFloorNeedsACompleteListing(t *testing.T) {
	j := NewJudge(Policy{MinimumOwners: 2}, blink(), words())
	for name, c := range map[string]struct {
		l     *membership.Listing
		known bool
		needs int
	}{
		"none read":         {l: nil, needs: 2},
		"no owner is shown": {l: listing(blink(), person("vic", "viewer")), needs: 2},
		"fewer than asked":  {l: listing(blink(), person("ann", "owner")), known: true, needs: 1},
		"more than asked":   {l: listing(blink(), person("ann", "owner"), person("bob", "owner"), person("cleo", "owner")), known: true, needs: 2},
	} {
		f := NewFloor(c.l)
		if f.Known() != c.known || f.Needs(j) != c.needs {
			t.Errorf("%s: known %v, needs %d", name, f.Known(), f.Needs(j))
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"viewer", "contributor", "owner"}
	for word, want := range map[string]string{
		"ownr": "owner", "OWNR": "owner", "contributer": "contributor", "veiwer": "viewer", "owners": "owner",
		"auditor": "", "admin": "", "x": "", "": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q is near %q, not %q", word, want, got)
		}
	}
}
