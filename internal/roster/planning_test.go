package roster

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// holders makes a resource for one role.
func holders(workspace, role string, ids ...string) *Roles {
	r := &Roles{Workspace: workspace, Role: role, Kinds: map[membership.Kind]Scope{membership.User: {}}}
	for _, id := range ids {
		r.Entries = append(r.Entries, Entry{Principal: stage.User(id), Role: role})
	}
	return r
}

func (x *session) planRoles(c RolesChange) RolesPlan {
	defer x.act.Begin()()
	return x.run.PlanRoles(x.t.Context(), c)
}

// What is given in place of an id is told, with the id.
func TestAnAddressIsNoID(t *testing.T) {
	for name, c := range map[string]struct {
		who  membership.Principal
		hint string
	}{
		"an e-mail address":      {stage.User("NEW@example.com"), "That is the e-mail address of new."},
		"the name of a group":    {stage.Group("crew"), "That is the name of g-1."},
		"a group that is a user": {stage.Group("new"), "That is the id of a user."},
		"nobody":                 {stage.User("ghost"), "Check the id."},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				s.Knows(membership.Person{Principal: stage.Group("g-1"), Name: "Crew", MemberCount: 2})
				b := bind("w1", "", "viewer")
				b.Principal = c.who
				fs := openSession(t, s, enforce()).plan(BindingChange{Next: b}).Findings
				says(t, fs, "! "+c.who.String()+" is not known in the Blink tenant")
				for _, part := range []string{c.hint, "`terraform destroy -refresh=false` skips this"} {
					if !strings.Contains(fs[0].Detail, part) {
						t.Errorf("no %q in %s", part, fs[0].Detail)
					}
				}
				r := &Roles{Workspace: "w1", Kinds: map[membership.Kind]Scope{c.who.Kind: {}}, Entries: []Entry{{Principal: c.who, Role: "viewer"}}}
				if c.who.Kind == membership.User {
					r.Entries = append(r.Entries, Entry{Principal: stage.User("ann"), Role: "owner"}, Entry{Principal: stage.User("zoe"), Role: "owner"}, Entry{Principal: stage.User("vic"), Role: "viewer"})
				}
				fs = openSession(t, s, enforce()).planRoles(RolesChange{Next: r}).Findings
				says(t, fs, "! "+c.who.String()+" is not known in the Blink tenant")
			})
		})
	}
}

func TestARoleThatNobodyHoldsIsTold(t *testing.T) {
	for role, hint := range map[string]string{"edtor": `Did you mean "editor"?`, "Auditor": "", "incident comander": `Did you mean "Incident Commander"?`} {
		synctest.Test(t, func(t *testing.T) {
			s := town().Workspace("w3", stage.Person("ann", "owner"), stage.Person("vic", "Incident Commander"))
			fs := openSession(t, s, enforce()).plan(BindingChange{Next: bind("w3", "new", role)}).Findings
			says(t, fs, `No member has the role "`+role+`" in workspace Space w3`)
			if hint == "" && strings.Contains(fs[0].Detail, "Did you mean") || !strings.Contains(fs[0].Detail, hint) {
				t.Error(fs[0].Detail)
			}
			says(t, openSession(t, s, enforce()).plan(BindingChange{Next: bind("w3", "new", "INCIDENT commander")}).Findings)
		})
	}
}

// An entry that ignores nobody, and the name of a workspace in place of its id.
func TestEntriesThatMatchNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := enforce()
		g.ExemptWorkspaces = []string{"space W1"}
		x := openSession(t, town(), g)
		r := whole("w1", map[string]string{"ann": "owner", "zoe": "owner"}, nil)
		r.Kinds[membership.User] = Scope{Ignore: NewIgnore("VIC@example.com", "nobody@example.com")}
		says(t, x.planRoles(RolesChange{Next: r}).Findings, `"space W1" is the name of a workspace, not its id`, "ignore_users of workspace Space w1 matches nobody")
		says(t, x.plan(BindingChange{Next: bind("w1", "new", "viewer")}).Findings, "! "+summaryBeside)
	})
}

// Names are planned from the tenant, and never from the workspace.
func TestNamesComeFromTheTenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Known[""] = append(s.Known[""], membership.Person{Principal: stage.User("guest"), Email: "guest@example.com", Invite: true}, membership.Person{Principal: stage.User("nameless")})
		s.Edit("w1", func(ms []membership.Member) []membership.Member { return append(ms, stage.Person("local", "viewer")) }) // the tenant does not list them
		r := whole("w1", map[string]string{"ann": "owner", "zoe": "owner", "vic": "viewer", "new": "viewer", "local": "viewer", "guest": "viewer", "nameless": "viewer"}, nil)
		got := openSession(t, s, enforce()).planRoles(RolesChange{Prior: whole("w1", map[string]string{"ann": "owner", "zoe": "owner"}, nil), Next: r, Private: Private{Instance: "T"}})
		if diff := cmp.Diff(map[membership.Principal]string{stage.User("vic"): "vic@example.com", stage.User("new"): "new@example.com"}, got.Texts); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
	t.Run("a passing failure is an error in an apply, and nothing in a plan", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Trouble = func(c stage.Call) stage.Trouble {
				if c.Op == "people" {
					return stage.Broken()
				}
				return stage.Trouble{}
			}
			p := openSession(t, s, enforce())
			says(t, p.read("w1", "vic"))
			if got := p.plan(BindingChange{Next: bind("w1", "new", "viewer")}); got.Person != nil || membership.Failed(got.Findings) {
				t.Errorf("%v\n%s", got.Person, details(got.Findings))
			}
			a := openSession(t, s, enforce())
			a.act.Applying()
			fs := a.plan(BindingChange{Next: bind("w1", "new", "viewer")}).Findings
			says(t, fs, "! The users of the tenant could not be read")
			if !strings.Contains(fs[0].Detail, "plan again, or apply again") {
				t.Error(fs[0].Detail)
			}
		})
	})
}

// One cause is told once in a plan, whichever resource meets it.
func TestOneCauseGivesOneMessage(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a wrong key":         {&membership.Error{Failure: membership.Unauthorized, Op: "list", Status: 401}, "! Blink does not accept the API key"},
		"a right that lacks":  {&membership.Error{Failure: membership.Forbidden, Op: "list", Status: 403}, "! The Blink API key may not read workspace w1"},
		"an unreadable space": {&membership.Error{Failure: membership.Malformed, Op: "list"}, "! Blink gave an answer that cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				s.Trouble = func(stage.Call) stage.Trouble { return stage.Trouble{Err: c.err} }
				x := openSession(t, s, enforce())
				says(t, x.read("w1", "ann"), c.want)
				says(t, x.read("w1", "zoe"))
				says(t, x.plan(BindingChange{Next: bind("w1", "new", "viewer")}).Findings)
				got := x.run.ReadRoles(t.Context(), *whole("w1", map[string]string{"ann": "owner"}, nil), Private{})
				if len(got.Findings) > 0 || got.Presence != membership.NotKnown {
					t.Errorf("presence %v\n%s", got.Presence, details(got.Findings))
				}
			})
		})
	}
}

// Clashes of a resource for one role, in either order.
func TestRoleMembersClash(t *testing.T) {
	owners, editors := holders("w1", "owner", "ann", "zoe"), holders("w1", "editor", "new")
	ignoring := holders("w1", "viewer")
	ignoring.Kinds[membership.User] = Scope{Ignore: NewIgnore("vic@example.com")}
	steal := holders("w1", "Editor", "new")
	two := holders("w1", "editor", "ANN")
	readers := holders("w1", "viewer", "vic")
	type call any
	for name, c := range map[string]struct {
		calls []call
		want  string
	}{
		"two for one role":                           {[]call{editors, steal}, "! " + summaryTwoSets},
		"one principal in two roles":                 {[]call{owners, two}, "! " + summaryTwice},
		"beside the whole workspace":                 {[]call{owners, whole("w1", map[string]string{"ann": "owner", "zoe": "owner", "vic": "viewer"}, nil)}, "! " + summaryTwoSets},
		"beside an additive one that is named":       {[]call{editors, bind("w1", "new", "editor")}, "! " + summaryBeside},
		"beside an additive one that has the role":   {[]call{holders("w1", "owner", "ann", "zoe"), bind("w1", "zoe", "owner")}, "! " + summaryBeside},
		"beside an additive one that gives the role": {[]call{readers, bind("w1", "new", "Viewer")}, "! " + summaryBeside},
		"beside an additive one that changes to it":  {[]call{readers, BindingChange{Prior: bind("w1", "zoe", "owner"), Next: bind("w1", "zoe", "viewer"), Private: Private{Instance: "Z"}}}, "! " + summaryBeside},
		"beside an additive one that gives another":  {[]call{readers, bind("w1", "new", "editor")}, ""},
		"two roles": {[]call{owners, editors}, ""},
		"beside an additive one with another role": {[]call{owners, bind("w1", "vic", "viewer")}, ""},
		"beside an additive one that is ignored":   {[]call{ignoring, bind("w1", "vic", "viewer")}, ""},
		"in two workspaces":                        {[]call{owners, holders("w2", "owner", "zoe")}, ""},
		"of users and beside groups, of everybody": {[]call{owners, whole("w1", nil, map[string]string{})}, ""},
	} {
		for order, reversed := range map[string]bool{"": false, ", the other way around": true} {
			t.Run(name+order, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					x := openSession(t, town(), enforce())
					says(t, x.read("w2", "zoe"))
					var errs []string
					for i := range c.calls {
						if reversed {
							i = len(c.calls) - 1 - i
						}
						var fs []membership.Finding
						switch call := c.calls[i].(type) {
						case *Roles:
							fs = x.planRoles(RolesChange{Next: call}).Findings
						case *Binding:
							fs = x.plan(BindingChange{Next: call}).Findings
						case BindingChange:
							fs = x.plan(call).Findings
						}
						for _, s := range summaries(fs) {
							if strings.HasPrefix(s, "! ") {
								errs = append(errs, s)
							}
						}
					}
					if got := strings.Join(errs, "; "); got != c.want {
						t.Errorf("said %q, not %q", got, c.want)
					}
				})
			})
		}
	}
}

// Where one resource gives up a user and another one names them, it is one change.
func TestAMoveBetweenRolesIsOneLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := openSession(t, town(), enforce())
		says(t, x.planRoles(RolesChange{Prior: holders("w1", "owner", "ann", "zoe"), Next: holders("w1", "owner", "zoe"), Private: Private{Instance: "O"}}).Findings)
		got := x.planRoles(RolesChange{Prior: holders("w1", "viewer", "vic"), Next: holders("w1", "viewer", "vic", "ann"), Private: Private{Instance: "V"}})
		says(t, got.Findings, "ann@example.com in workspace Space w1 goes from owner to viewer")
		if got.Private.Owners != 2 || got.Private.Instance != "V" {
			t.Errorf("private data: %+v", got.Private)
		}
	})
}

// A resource for one role is created over nobody who holds it and is not named;
// who is named with another role is changed.
func TestRoleMembersAreCreated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := openSession(t, town(), enforce()).planRoles(RolesChange{Next: holders("w1", "owner", "ann")}).Findings
		says(t, fs, "! Creating this would change 1 member of workspace Space w1")
		for _, part := range []string{"zoe@example.com (zoe): has owner, would be removed", "to = roster_blink_workspace_role_members.NAME", `id = "w1/owner"`} {
			if !strings.Contains(fs[0].Detail, part) {
				t.Errorf("no %q in %s", part, fs[0].Detail)
			}
		}
		says(t, openSession(t, town(), enforce()).planRoles(RolesChange{Next: holders("w1", "editor", "vic", "new")}).Findings,
			"vic@example.com in workspace Space w1 goes from viewer to editor")
	})
}

// Private data needs no settings: a replacement is known for one without a run.
func TestPrivateDataNeedsNoRun(t *testing.T) {
	first := BindingChange{Prior: bind("w1", "ann", "owner"), Next: bind("w1", "ann", "owner"), Private: Private{Instance: "T"}}.PlanPrivate()
	second := BindingChange{Next: bind("w1", "ann", "owner"), Private: first}.PlanPrivate()
	if second.Instance != "T" || second.Holds != planning.MemberKey("w1", stage.User("ann")) {
		t.Errorf("%+v", second)
	}
}
