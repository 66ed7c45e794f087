package planning

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// roles makes what a resource of a whole workspace wants: "ann=owner".
func roles(entries ...string) Roles {
	r := Roles{Workspace: "w1", Kinds: map[membership.Kind]Scope{membership.User: {}}}
	for _, e := range entries {
		id, role, _ := strings.Cut(e, "=")
		r.Entries = append(r.Entries, Entry{Principal: user(id), Role: role})
	}
	return r
}

// members makes what a resource of one role wants.
func members(role string, ids ...string) Roles {
	r := Roles{Workspace: "w1", Role: role, Kinds: map[membership.Kind]Scope{membership.User: {}}}
	for _, id := range ids {
		r.Entries = append(r.Entries, Entry{Principal: user(id), Role: role})
	}
	return r
}

func heldBy(r Roles) Held { return r.Held() }

func show(d Diff) []string {
	var out []string
	for name, cs := range map[string][]Change{"add": d.Add, "lower": d.Lower, "remove": d.Remove, "leave": d.LeftAlone} {
		for _, c := range cs {
			to := "nothing"
			if c.To != nil {
				to = c.To.String()
			}
			if c.ToUnknown {
				to = "?"
			}
			out = append(out, fmt.Sprintf("%s %s to %s", name, c.ID, to))
		}
	}
	slices.Sort(out)
	return out
}

func TestCompare(t *testing.T) {
	off := person("off", "viewer")
	off.Enabled = false
	guest := person("guest", "viewer")
	guest.Invite = true
	team := listingOf(person("ann", "owner"), person("bob", "contributor"), person("vic", "viewer"), off, guest,
		membership.Member{Principal: group("crew"), Roles: []string{"viewer"}, Enabled: true})
	everybody := heldBy(roles("ann=owner", "bob=contributor", "vic=viewer", "guest=viewer"))
	ignoring := func(r Roles, entries ...string) Roles {
		r.Kinds[membership.User] = Scope{Ignore: NewIgnore(entries...)}
		return r
	}
	reassigning := members("contributor")
	reassigning.OnRemoval = &membership.Standing{Role: "viewer", Enabled: true}
	unknownRole := roles("new=")
	unknownRole.Entries[0].RoleUnknown = true
	unknownIDs := roles("ann=owner")
	unknownIDs.Kinds[membership.User] = Scope{Unknown: true}
	unknownIgnored := roles("ann=owner")
	unknownIgnored.Kinds[membership.User] = Scope{Ignore: Ignore{Unknown: true}}
	part := listingOf(person("vic", "viewer"))
	invites := roles("ann=owner")
	invites.IncludeInvites = true

	for name, c := range map[string]struct {
		l    *membership.Listing
		want Roles
		held Held
		diff []string
	}{
		"nothing to do": {want: roles("ann=Owner", "BOB=contributor", "vic=viewer", "guest=viewer"), held: everybody},
		"added, raised, lowered, removed": {
			want: roles("ann=viewer", "bob=owner", "new=owner"), held: everybody,
			diff: []string{"add bob to owner", "add new to owner", "lower ann to viewer", "remove guest to nothing", "remove vic to nothing"},
		},
		"disabled and named":                      {want: roles("ann=owner", "bob=contributor", "vic=viewer", "off=viewer"), held: everybody, diff: []string{"add off to viewer", "remove guest to nothing"}},
		"nobody was in the state":                 {want: roles("ann=viewer", "bob=owner"), diff: []string{"add bob to owner", "leave ann to viewer", "leave vic to nothing"}},
		"a member has been promoted since":        {want: roles("ann=owner", "bob=contributor"), held: heldBy(roles("ann=owner", "bob=contributor", "vic=")), diff: []string{"leave vic to nothing"}},
		"ignored by id and by e-mail address":     {want: ignoring(roles("ann=owner"), "BOB", "Vic@Example.com"), held: everybody, diff: []string{"remove guest to nothing"}},
		"an invitation like a member":             {want: invites, held: Held{user("bob"): "contributor", user("vic"): "viewer"}, diff: []string{"leave guest to nothing", "remove bob to nothing", "remove vic to nothing"}},
		"a role that is not known":                {want: unknownRole, held: Held{}, diff: []string{"add new to ?", "leave ann to nothing", "leave bob to nothing", "leave vic to nothing"}},
		"ids that are not known":                  {want: unknownIDs, held: everybody},
		"not known who is ignored":                {want: unknownIgnored, held: everybody},
		"a part of the workspace":                 {l: part, want: roles("ann=owner"), held: everybody, diff: []string{"add ann to owner"}},
		"one role: who is named is changed":       {want: members("contributor", "bob", "ann", "vic", "new"), diff: []string{"add new to contributor", "add vic to contributor", "lower ann to contributor"}},
		"one role: holders who are not named":     {want: members("contributor"), held: heldBy(members("contributor", "bob")), diff: []string{"remove bob to nothing"}},
		"one role: holders who were not in state": {want: members("contributor"), diff: []string{"leave bob to nothing"}},
		"one role: reassigned":                    {want: reassigning, held: heldBy(members("contributor", "bob")), diff: []string{"lower bob to viewer"}},
		"one role: others are left alone":         {want: members("owner", "ann"), held: heldBy(members("owner", "ann"))},
	} {
		l := c.l
		if l == nil {
			l = team
		}
		if diff := cmp.Diff(c.diff, show(Compare(l, blinkTraits(), c.want, c.held))); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// What a diff asks for, once done, leaves nothing to do.
func TestADiffThatWasCarriedOutIsEmpty(t *testing.T) {
	ids := []string{"a", "b", "c", "d"}
	known := []string{"viewer", "contributor", "auditor", "owner"}
	rapid.Check(t, func(t *rapid.T) {
		state, held := []membership.Member{person("keeper", "owner")}, Held{user("keeper"): "owner"}
		for _, id := range ids {
			if rapid.Bool().Draw(t, id) {
				m := person(id, rapid.SampledFrom(known).Draw(t, "role"))
				state, held[m.Principal] = append(state, m), m.Role()
			}
		}
		want := roles("keeper=owner")
		if rapid.Bool().Draw(t, "one role") {
			want = members("contributor")
		}
		for _, id := range ids {
			if rapid.Bool().Draw(t, id) {
				e := Entry{Principal: user(id), Role: "contributor"}
				if want.Role == "" {
					e.Role = rapid.SampledFrom(known).Draw(t, "role")
				}
				want.Entries = append(want.Entries, e)
			}
		}
		d := Compare(listingOf(state...), blinkTraits(), want, held)
		for _, c := range slices.Concat(d.Add, d.Lower, d.Remove) {
			state = slices.DeleteFunc(state, func(m membership.Member) bool { return m.Principal == c.Principal })
			if c.To != nil {
				state = append(state, person(c.ID, c.To.Role))
			}
		}
		again := Compare(listingOf(state...), blinkTraits(), want, want.Held())
		if len(d.LeftAlone)+len(again.Add)+len(again.Lower)+len(again.Remove)+len(again.LeftAlone) > 0 {
			t.Fatalf("left to do: %v, then %v", show(d), show(again))
		}
	})
}

func TestIgnore(t *testing.T) {
	i := NewIgnore("u-1", "Bob@Example.com", "nobody@example.com", "u-99")
	l := listingOf(person("U-1", "owner"), person("bob", "viewer"))
	if diff := cmp.Diff([]string{"nobody@example.com", "u-99"}, i.unmatched(membership.User, l)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !i.mayMatch(membership.Member{Principal: user("u-2")}) {
		t.Error("an e-mail address may be anybody's whose own is not known")
	}
	if i.mayMatch(person("cleo", "viewer")) || NewIgnore("u-1").mayMatch(membership.Member{Principal: user("u-2")}) {
		t.Error("an address that is known, or an id, is nobody else's")
	}
}

func TestShownKeepsTheSpellingOfTheState(t *testing.T) {
	l := listingOf(person("ann", "owner"), person("vic", "viewer"), person("new", "viewer"))
	got := roles("ANN=Owner", "vic=contributor").Shown(l)
	want := []Entry{{Principal: user("ANN"), Role: "Owner"}, {Principal: user("vic"), Role: "viewer"}, {Principal: user("new"), Role: "viewer"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	got = members("Viewer", "VIC", "ann").Shown(l)
	want = []Entry{{Principal: user("VIC"), Role: "Viewer"}, {Principal: user("new"), Role: "Viewer"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("one role: -want +got\n%s", diff)
	}
}
