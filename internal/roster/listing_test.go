package roster

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

func TestListingFindsAPrincipal(t *testing.T) {
	l := membership.NewListing(&membership.Workspace{ID: "w", Members: []membership.Member{
		stage.Person("Anna", "viewer"), {Principal: stage.Group("anna"), Roles: []string{"owner"}, Enabled: true}, stage.Person("ANNA", "editor"), stage.Person("bob", "Owner"),
	}}, stage.BlinkTraits())
	for _, c := range []struct {
		p    membership.Principal
		role string
	}{
		{stage.User("Anna"), "viewer"},
		{stage.User("ANNA"), "editor"}, // its exact spelling goes first
		{stage.User("anna"), "viewer"},
		{stage.Group("anna"), "owner"},
		{stage.Group("ANNA"), "owner"},
		{stage.User("BOB"), "Owner"},
		{stage.User("carol"), ""},
		{membership.Principal{Kind: "robot", ID: "bob"}, ""},
		{stage.User(""), ""},
	} {
		if m, ok := l.Member(c.p); m.Role() != c.role || ok != (c.role != "") {
			t.Errorf("%s: %q, %v", c.p, m.Role(), ok)
		}
	}
	if len(l.Holders()) != 2 {
		t.Errorf("%d hold the owner role, whatever its case", len(l.Holders()))
	}
}

func TestListingWithoutAnOwnerIsAPartWhereThatCannotBe(t *testing.T) {
	ms := []membership.Member{stage.Person("a", "viewer")}
	if membership.NewListing(&membership.Workspace{Members: ms}, stage.BlinkTraits()).Complete() {
		t.Error("Blink says that every workspace has an owner")
	}
	if !membership.NewListing(&membership.Workspace{Members: ms}, stage.BlazeTraits()).Complete() {
		t.Error("BlazeMeter says no such thing")
	}
	if !membership.NewListing(&membership.Workspace{Members: append(ms, stage.Person("b", "OWNER"))}, stage.BlinkTraits()).Complete() {
		t.Error("there is an owner")
	}
}

func TestMemberRolesAndStandings(t *testing.T) {
	if !stage.Person("a", "Owner").Holds(membership.Standing{Role: "oWNER", Enabled: true}) {
		t.Error("roles differ in case only")
	}
	if stage.Person("a", "owner").Holds(membership.Standing{Role: "owner"}) {
		t.Error("enabled is not disabled")
	}
	for s, want := range map[membership.Standing]string{{Role: "owner", Enabled: true}: "owner", {Role: "owner"}: "owner (disabled)", {Enabled: true}: "no role"} {
		if s.String() != want {
			t.Errorf("%+v reads %q", s, s)
		}
	}
}

// One workspace is one workspace however a configuration spells its id: it is
// read once, and everything about it goes through one reconciler.
func TestOneWorkspaceInTwoSpellings(t *testing.T) {
	s := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"))
	x := openSession(t, s, enforce())
	for _, id := range []string{"w1", "W1"} {
		if l, err := x.run.Listing(t.Context(), id); err != nil || len(l.Members) != 1 {
			t.Errorf("%s: %v", id, err)
		}
	}
	if n := len(s.Sent("read")); n != 1 {
		t.Errorf("the workspace was read %d times", n)
	}
	if x.run.spaces.get("w1").reconciler != x.run.spaces.get("W1").reconciler {
		t.Error("two spellings have two reconcilers")
	}
}
