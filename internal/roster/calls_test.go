package roster

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// The sequences of calls that Terraform really makes, each in a plan process
// and an apply process, with the private data handed on as Terraform hands it.

const (
	lastOwner = "! Workspace would lose its last owner"
	twice     = "! " + summaryTwice
	pulledOut = "! " + summaryPulled
)

// town has an owner who is managed, one who is not, and another user.
func town() *stage.Stage {
	return stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("zoe", "owner"), stage.Person("vic", "viewer")).
		Workspace("w2", stage.Person("zoe", "owner")).Strangers("new", "other")
}

// lonely has one owner.
func lonely() *stage.Stage {
	return stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("vic", "viewer")).Strangers("new", "other")
}

func TestCallsOfACreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := openSession(t, s, enforce())
		planned := p.plan(BindingChange{Next: bind("w1", "new", "editor")})
		says(t, planned.Findings)
		if planned.Person == nil || planned.Person.Email != "new@example.com" {
			t.Errorf("the plan shows %v", planned.Person)
		}
		a := openSession(t, s, enforce())
		says(t, a.plan(BindingChange{Next: bind("w1", "new", "editor")}).Findings)
		m, fs := a.create(bind("w1", "new", "editor"), false)
		says(t, fs)
		if m.Email != "new@example.com" || !m.Holds(membership.Standing{Role: "editor", Enabled: true}) {
			t.Errorf("created %+v", m)
		}
		s.WantSent(t, "assign w1 user/new editor")
		if a.book.Count("INFO Changed an access") != 1 {
			t.Errorf("one line for each write: %v", a.book.Lines)
		}
	})
}

func TestCallsOfARoleChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		prior, next := bind("w1", "vic", "viewer"), bind("w1", "vic", "editor")
		p := openSession(t, s, enforce())
		says(t, p.read("w1", "vic"))
		planned := p.plan(BindingChange{Prior: prior, Next: next})
		says(t, planned.Findings)
		if planned.Person != nil {
			t.Errorf("the prior state says who it is, and not the tenant: %v", planned.Person)
		}
		a := openSession(t, s, enforce())
		says(t, a.plan(BindingChange{Prior: prior, Next: next}).Findings)
		_, kept, fs := a.update(prior, next, Exit{})
		says(t, fs)
		if kept {
			t.Error("nothing of the prior is kept")
		}
		s.WantSent(t, "assign w1 user/vic editor")
	})
}

func TestCallsOfARemoval(t *testing.T) {
	for name, refreshFirst := range map[string]bool{"refreshed first": true, "planned first, as 1.11 does": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				p := openSession(t, s, enforce())
				if refreshFirst {
					says(t, p.read("w1", "ann"))
				}
				planned := p.plan(BindingChange{Prior: bind("w1", "ann", "owner")})
				says(t, planned.Findings)
				if !refreshFirst {
					says(t, p.read("w1", "ann"))
				}
				a := openSession(t, s, enforce()) // no plan in the apply
				says(t, a.delete(bind("w1", "ann", "owner"), Exit{}, planned.Private))
				s.WantSent(t, "remove w1 user/ann")
			})
		})
	}
}

// An update leaves in the state what its plan wrote; a removal in a later run
// must not take that for a replacement.
func TestCallsOfARemovalAfterAnUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		s.Edit("w1", func(ms []membership.Member) []membership.Member {
			ms[0].Roles = []string{"editor"}
			return append(ms, stage.Person("zoe", "owner"))
		})
		u := openSession(t, s, enforce())
		kept := u.plan(BindingChange{Prior: bind("w1", "ann", "editor"), Next: bind("w1", "ann", "owner")}).Private
		_, _, fs := u.update(bind("w1", "ann", "editor"), bind("w1", "ann", "owner"), Exit{})
		says(t, fs)
		s.Edit("w1", stage.Without("zoe"))

		p := openSession(t, s, enforce())
		planned := p.plan(BindingChange{Prior: bind("w1", "ann", "owner"), Private: kept})
		says(t, planned.Findings, lastOwner)
		if planned.Private.Holds != "" {
			t.Errorf("the removal's private data says %+v", planned.Private)
		}
		s.Edit("w1", func(ms []membership.Member) []membership.Member { return append(ms, stage.Person("zoe", "owner")) })
		says(t, openSession(t, s, enforce()).delete(bind("w1", "ann", "owner"), Exit{}, planned.Private))
		s.WantRole(t, "w1", "ann", "")
	})
}

func TestCallsOfAReplacement(t *testing.T) {
	for _, how := range []string{"", "create_before_destroy"} {
		for _, tainted := range []bool{false, true} {
			t.Run(how+map[bool]string{true: " tainted", false: " -replace"}[tainted], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := lonely()
					ann := bind("w1", "ann", "owner")
					p := openSession(t, s, enforce())
					says(t, p.read("w1", "ann"))
					key := Private{}
					if !tainted {
						first := p.plan(BindingChange{Prior: ann, Next: ann, NoChange: true})
						says(t, first.Findings)
						key = first.Private
					}
					second := p.plan(BindingChange{Next: ann, Private: key})
					says(t, second.Findings)

					a := openSession(t, s, enforce())
					if how == "" {
						says(t, a.delete(ann, Exit{}, second.Private))
						says(t, a.plan(BindingChange{Next: ann}).Findings)
						_, fs := a.create(ann, false)
						says(t, fs)
					} else {
						says(t, a.plan(BindingChange{Next: ann}).Findings)
						_, fs := a.create(ann, false)
						says(t, fs)
						null := a.plan(BindingChange{Prior: ann})
						says(t, null.Findings)
						if !null.Private.Left {
							t.Error("the null plan hands nothing on")
						}
						says(t, a.delete(ann, Exit{}, null.Private))
					}
					s.WantSent(t)
					s.WantRole(t, "w1", "ann", "owner")
				})
			})
		}
	}
}

// A replacement that also changes the role: its Delete hands the principal on,
// its Create changes the role without a word about an existing access.
func TestCallsOfAReplacementWithAnotherRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		prior, next := bind("w1", "vic", "viewer"), bind("w1", "vic", "editor")
		p := openSession(t, s, enforce())
		says(t, p.read("w1", "vic"))
		key := p.plan(BindingChange{Prior: prior, Next: next}).Private
		second := p.plan(BindingChange{Next: next, Private: key})
		says(t, second.Findings)
		a := openSession(t, s, enforce())
		says(t, a.delete(prior, Exit{}, second.Private))
		says(t, a.plan(BindingChange{Next: next}).Findings)
		_, fs := a.create(next, false)
		says(t, fs)
		s.WantSent(t, "assign w1 user/vic editor")
	})
}

// Replaced to a lesser role, the last owner is lost all the same.
func TestReplacementToALesserRoleIsALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		p := openSession(t, s, enforce())
		says(t, p.read("w1", "ann"))
		first := p.plan(BindingChange{Prior: bind("w1", "ann", "owner"), Next: bind("w1", "ann", "viewer")})
		says(t, first.Findings, lastOwner)
		if first.Findings[0].At != membership.AtRole {
			t.Errorf("at %q", first.Findings[0].At)
		}
		tainted := openSession(t, s, enforce())
		says(t, tainted.read("w1", "ann"))
		says(t, tainted.plan(BindingChange{Next: bind("w1", "ann", "viewer")}).Findings, lastOwner)

		a := openSession(t, s, enforce())
		says(t, a.delete(bind("w1", "ann", "owner"), Exit{}, heldKey("w1", "ann")))
		_, fs := a.create(bind("w1", "ann", "viewer"), false)
		says(t, fs, lastOwner)
		s.WantRole(t, "w1", "ann", "owner")
	})
}

func TestCallsOfAMoveToAnotherWorkspace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		prior, next := bind("w1", "ann", "owner"), bind("w2", "ann", "owner")
		p := openSession(t, s, enforce())
		says(t, p.read("w1", "ann"))
		first := p.plan(BindingChange{Prior: prior, Next: next})
		says(t, first.Findings)
		second := p.plan(BindingChange{Next: next, Private: first.Private})
		says(t, second.Findings)
		a := openSession(t, s, enforce())
		says(t, a.delete(prior, Exit{}, second.Private))
		says(t, a.plan(BindingChange{Next: next}).Findings)
		_, fs := a.create(next, false)
		says(t, fs)
		s.WantSent(t, "remove w1 user/ann", "assign w2 user/ann owner")
	})
}

// Moved with create_before_destroy, the deposed object is really removed,
// whatever an earlier update has left in its private data.
func TestCallsOfAMoveCreatedBeforeDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		prior, next := bind("w1", "ann", "owner"), bind("w2", "ann", "owner")
		left := heldKey("w1", "ann")
		p := openSession(t, s, enforce())
		first := p.plan(BindingChange{Prior: prior, Next: next, Private: left})
		says(t, first.Findings)
		says(t, p.plan(BindingChange{Next: next, Private: first.Private}).Findings)
		a := openSession(t, s, enforce())
		says(t, a.plan(BindingChange{Next: next}).Findings)
		_, fs := a.create(next, false)
		says(t, fs)
		null := a.plan(BindingChange{Prior: prior, Private: left})
		says(t, null.Findings)
		says(t, a.delete(prior, Exit{}, null.Private))
		s.WantSent(t, "assign w2 user/ann owner", "remove w1 user/ann")
	})
}

func TestMoveOfTheLastOwnerIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely().Workspace("w2", stage.Person("zoe", "owner"))
		p := openSession(t, s, enforce())
		fs := p.plan(BindingChange{Prior: bind("w1", "ann", "owner"), Next: bind("w2", "ann", "owner")}).Findings
		says(t, fs, lastOwner)
		if fs[0].At != membership.AtWorkspace {
			t.Errorf("at %q", fs[0].At)
		}
	})
}

func TestCallsOfAChangedPrincipal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		prior, next := bind("w1", "ann", "owner"), bind("w1", "new", "owner")
		p := openSession(t, s, enforce())
		says(t, p.read("w1", "ann"))
		says(t, p.plan(BindingChange{Prior: prior, Next: next}).Findings)
		a := openSession(t, s, enforce())
		says(t, a.plan(BindingChange{Prior: prior, Next: next}).Findings)
		m, kept, fs := a.update(prior, next, Exit{})
		says(t, fs)
		if kept || m.ID != "new" {
			t.Errorf("kept %v, %+v", kept, m)
		}
		s.WantSent(t, "assign w1 user/new owner", "remove w1 user/ann")
		if s.Fewest("w1") != 1 {
			t.Errorf("%d owners for a moment", s.Fewest("w1"))
		}
	})
}

func TestCallsThatClash(t *testing.T) {
	ann, annEditor, new1 := bind("w1", "ann", "owner"), bind("w1", "ann", "editor"), bind("w1", "new", "editor")
	vic := bind("w1", "vic", "viewer")
	refresh := BindingChange{Prior: ann, Next: ann, NoChange: true}
	for name, c := range map[string]struct {
		calls []BindingChange
		want  string // what the last call says; all others say nothing
	}{
		"rename without moved":                  {[]BindingChange{{Prior: vic}, {Next: vic}}, pulledOut},
		"rename without moved, created first":   {[]BindingChange{{Next: vic}, {Prior: vic}}, pulledOut},
		"rename by import":                      {[]BindingChange{{Prior: ann}, refresh}, pulledOut},
		"one of two duplicates removed":         {[]BindingChange{refresh, {Prior: ann}}, pulledOut},
		"left-over object without its key":      {[]BindingChange{{Prior: ann, Private: heldKey("w1", "ann")}, refresh}, pulledOut},
		"two creations":                         {[]BindingChange{{Next: new1}, {Next: bind("w1", "new", "viewer")}}, twice},
		"two in the state":                      {[]BindingChange{refresh, refresh}, twice},
		"a creation beside what is kept":        {[]BindingChange{refresh, {Next: annEditor}}, twice},
		"case does not tell two people apart":   {[]BindingChange{{Next: new1}, {Next: bind("w1", "NEW", "editor")}}, twice},
		"a changed principal takes one's place": {[]BindingChange{refresh, {Prior: vic, Next: ann}}, twice},
		"a changed principal leaves one who is created": {
			[]BindingChange{{Next: vic}, {Prior: vic, Next: new1}}, pulledOut,
		},
		"a list that shifts": {
			[]BindingChange{{Prior: ann, Next: vic}, {Prior: vic, Next: new1}}, pulledOut,
		},
		"a list that shifts, from the other end": {
			[]BindingChange{{Prior: vic, Next: new1}, {Prior: ann, Next: vic}}, pulledOut,
		},
		"a move beside what is kept there": {
			[]BindingChange{{Prior: bind("w2", "zoe", "owner"), Next: bind("w2", "zoe", "owner"), NoChange: true}, {Prior: bind("w1", "zoe", "owner"), Next: bind("w2", "zoe", "owner")}}, twice,
		},
		"a move to what is not known yet beside what is kept here": {
			[]BindingChange{refresh, {Prior: ann, Next: &Binding{WorkspaceUnknown: true, Principal: ann.Principal, Standing: ann.Standing}}}, pulledOut,
		},
		"reassigned beside what is kept": {[]BindingChange{refresh, {Prior: ann, Exit: Exit{Reassign: "viewer"}}}, pulledOut},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				p := openSession(t, s, enforce())
				says(t, p.read("w1", "zoe"))
				for i, call := range c.calls {
					got := p.plan(call)
					if i+1 < len(c.calls) {
						says(t, got.Findings)
						continue
					}
					says(t, got.Findings, c.want)
				}
				s.WantSent(t)
			})
		})
	}
}

func TestCallsThatDoNotClash(t *testing.T) {
	ann := bind("w1", "ann", "owner")
	keep := BindingChange{Prior: ann, Next: ann, NoChange: true}
	for name, calls := range map[string][]BindingChange{
		"removed with keep beside what is kept": {keep, {Prior: ann, Exit: Exit{Keep: true}}},
		"one person in two workspaces":          {keep, {Next: bind("w2", "ann", "viewer")}},
		"a user and a group of one id":          {keep, {Next: &Binding{Workspace: "w1", Principal: stage.Group("ann"), StandingUnknown: true}}},
		"unknown principals":                    {keep, {Next: &Binding{Workspace: "w1", PrincipalUnknown: true, StandingUnknown: true}}, {Next: &Binding{Workspace: "w1", PrincipalUnknown: true, StandingUnknown: true}}},
		"both duplicates removed":               {{Prior: ann}, {Prior: ann}},
		"left-over object with its key":         {{Prior: ann, Private: Private{Left: true}}, keep},
		"a changed principal, kept, beside it":  {{Prior: ann, Next: bind("w1", "vic", "viewer"), Exit: Exit{Keep: true}}, keep},
		"moved with keep, beside what is kept":  {{Prior: ann, Next: bind("w2", "ann", "owner"), Exit: Exit{Keep: true}}, keep},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town().KnowsGroup("ann")
				p := openSession(t, s, enforce())
				for _, call := range calls {
					got := p.plan(call)
					if membership.Failed(got.Findings) {
						says(t, got.Findings)
					}
				}
			})
		})
	}
}

// Where an apply's planning sees a clash, each operation keeps everybody's access.
func TestClashesAreLeftToTheOperationsInAnApply(t *testing.T) {
	for name, deleteFirst := range map[string]bool{"removed first": true, "created first": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := lonely()
				vic := bind("w1", "vic", "viewer")
				a := openSession(t, s, enforce())
				a.act.Applying()
				create := func() {
					says(t, a.plan(BindingChange{Next: vic}).Findings)
					_, fs := a.create(vic, false)
					says(t, fs)
				}
				remove := func() { says(t, a.delete(vic, Exit{}, Private{})) }
				if deleteFirst {
					remove()
					create()
				} else {
					create()
					remove()
					s.WantSent(t)
				}
				s.WantRole(t, "w1", "vic", "viewer")
			})
		})
	}
}

// A provider of a test file is configured once: it validates, plans and applies
// in one walk, where the apply's first plan is no other resource's.
func TestCallsOfARunThatSharesItsProcess(t *testing.T) {
	for name, shared := range map[string]bool{"shared": true, "two blocks for one principal": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				p := openSession(t, s, enforce())
				want := bind("w1", "new", "editor")
				if shared {
					p.act.Validated() // the block
				}
				plan := func() []membership.Finding {
					p.act.Validated() // the instance
					p.act.Planned()
					return p.plan(BindingChange{Next: want}).Findings
				}
				says(t, plan())
				if !shared {
					says(t, plan(), twice)
					return
				}
				says(t, plan())
				p.act.Applying()
				_, fs := p.create(want, false)
				says(t, fs)
				s.WantSent(t, "assign w1 user/new editor")
			})
		})
	}
}

// A list that shifts, applied without the plan's refusal (unknown ids, -target).
func TestAShiftingListKeepsEverybodysAccess(t *testing.T) {
	ids := []string{"p00"}
	s := func() *stage.Stage {
		st := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("zoe", "owner"))
		ids = ids[:0]
		for i := range 30 {
			id := string(rune('a'+i/10)) + string(rune('0'+i%10))
			ids = append(ids, id)
			sp := st.Spaces["w1"]
			sp.Members = append(sp.Members, stage.Person(id, "viewer"))
			sp.History[0].Members = sp.Members
			st.Strangers(id)
		}
		return st
	}
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			st := s()
			st.Latency = 20 * 1e6
			tf := newTerraform(st)
			tf.rng = rand.New(rand.NewPCG(seed, 3))
			var blocks []*block
			for i := range 29 {
				blocks = append(blocks, &block{addr: "r" + ids[i], prior: bind("w1", ids[i], "viewer"), next: bind("w1", ids[i+1], "viewer")})
			}
			blocks = append(blocks, &block{addr: "last", prior: bind("w1", ids[29], "viewer")})
			if out := tf.apply(t.Context(), blocks); len(out.errors()) > 0 {
				t.Error(out)
			}
			for _, id := range ids[1:] {
				st.WantRole(t, "w1", id, "viewer")
			}
			st.WantRole(t, "w1", ids[0], "")
		})
	}
}
