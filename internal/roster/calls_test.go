package roster

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
)

// The sequences of calls that Terraform really makes, each in a plan process
// and an apply process, with the private data handed on as Terraform hands it.

const (
	lastOwner = "! Workspace would lose its last owner"
	twice     = "! " + summaryTwice
	pulledOut = "! " + summaryPulled
)

// town has an owner who is managed, one who is not, and somebody else.
func town() *stage {
	return newStage(blinkTraits()).workspace("w1", person("ann", "owner"), person("zoe", "owner"), person("vic", "viewer")).
		workspace("w2", person("zoe", "owner")).strangers("new", "other")
}

// lonely has one owner.
func lonely() *stage {
	return newStage(blinkTraits()).workspace("w1", person("ann", "owner"), person("vic", "viewer")).strangers("new", "other")
}

func TestCallsOfACreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := openSession(t, s, enforce())
		planned := p.plan(BindingPlan{Next: bind("w1", "new", "editor")})
		says(t, planned.Findings)
		if planned.Live != nil {
			t.Error("nobody is there yet")
		}
		a := openSession(t, s, enforce())
		says(t, a.plan(BindingPlan{Next: bind("w1", "new", "editor")}).Findings)
		m, fs := a.create(bind("w1", "new", "editor"), false)
		says(t, fs)
		if m.Email != "new@example.com" || !m.Holds(Standing{Role: "editor", Enabled: true}) {
			t.Errorf("created %+v", m)
		}
		wantSent(t, s, "assign w1 user/new editor")
		if a.book.count("INFO Changed an access") != 1 {
			t.Errorf("one line for each write: %v", a.book.lines)
		}
	})
}

func TestCallsOfARoleChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		prior, next := bind("w1", "vic", "viewer"), bind("w1", "vic", "editor")
		p := openSession(t, s, enforce())
		says(t, p.read("w1", "vic"))
		planned := p.plan(BindingPlan{Prior: prior, Next: next})
		says(t, planned.Findings)
		if planned.Live == nil || planned.Live.Email != "vic@example.com" {
			t.Errorf("live is %v", planned.Live)
		}
		a := openSession(t, s, enforce())
		says(t, a.plan(BindingPlan{Prior: prior, Next: next}).Findings)
		_, kept, fs := a.update(prior, next, Exit{})
		says(t, fs)
		if kept {
			t.Error("nothing of the prior is kept")
		}
		wantSent(t, s, "assign w1 user/vic editor")
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
				planned := p.plan(BindingPlan{Prior: bind("w1", "ann", "owner"), Label: "ann@example.com"})
				says(t, planned.Findings)
				if !refreshFirst {
					says(t, p.read("w1", "ann"))
				}
				a := openSession(t, s, enforce()) // no plan in the apply
				says(t, a.delete(bind("w1", "ann", "owner"), Exit{}, planned.Key))
				wantSent(t, s, "remove w1 user/ann")
			})
		})
	}
}

// An update leaves in the state what its plan wrote; a removal in a later run
// must not take that for a replacement.
func TestCallsOfARemovalAfterAnUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		s.edit("w1", func(ms []Member) []Member {
			ms[0].Roles = []string{"editor"}
			return append(ms, person("zoe", "owner"))
		})
		u := openSession(t, s, enforce())
		kept := u.plan(BindingPlan{Prior: bind("w1", "ann", "editor"), Next: bind("w1", "ann", "owner")}).Key
		_, _, fs := u.update(bind("w1", "ann", "editor"), bind("w1", "ann", "owner"), Exit{})
		says(t, fs)
		s.edit("w1", without("zoe"))

		p := openSession(t, s, enforce())
		planned := p.plan(BindingPlan{Prior: bind("w1", "ann", "owner"), Carried: kept})
		says(t, planned.Findings, lastOwner)
		if planned.Key != "" {
			t.Errorf("the removal's private data says %q", planned.Key)
		}
		s.edit("w1", func(ms []Member) []Member { return append(ms, person("zoe", "owner")) })
		says(t, openSession(t, s, enforce()).delete(bind("w1", "ann", "owner"), Exit{}, planned.Key))
		wantRole(t, s, "w1", "ann", "")
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
					key := ""
					if !tainted {
						first := p.plan(BindingPlan{Prior: ann, Next: ann, NoChange: true})
						says(t, first.Findings)
						key = first.Key
					}
					second := p.plan(BindingPlan{Next: ann, Carried: key})
					says(t, second.Findings)

					a := openSession(t, s, enforce())
					if how == "" {
						says(t, a.delete(ann, Exit{}, second.Key))
						says(t, a.plan(BindingPlan{Next: ann}).Findings)
						_, fs := a.create(ann, false)
						says(t, fs)
					} else {
						says(t, a.plan(BindingPlan{Next: ann}).Findings)
						_, fs := a.create(ann, false)
						says(t, fs)
						null := a.plan(BindingPlan{Prior: ann})
						says(t, null.Findings)
						if null.Key == "" {
							t.Error("the null plan hands nothing on")
						}
						says(t, a.delete(ann, Exit{}, null.Key))
					}
					wantSent(t, s)
					wantRole(t, s, "w1", "ann", "owner")
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
		key := p.plan(BindingPlan{Prior: prior, Next: next}).Key
		second := p.plan(BindingPlan{Next: next, Carried: key})
		says(t, second.Findings)
		a := openSession(t, s, enforce())
		says(t, a.delete(prior, Exit{}, second.Key))
		says(t, a.plan(BindingPlan{Next: next}).Findings)
		_, fs := a.create(next, false)
		says(t, fs)
		wantSent(t, s, "assign w1 user/vic editor")
	})
}

// Replaced to a lesser role, the last owner is lost all the same.
func TestReplacementToALesserRoleIsALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		p := openSession(t, s, enforce())
		says(t, p.read("w1", "ann"))
		first := p.plan(BindingPlan{Prior: bind("w1", "ann", "owner"), Next: bind("w1", "ann", "viewer")})
		says(t, first.Findings, lastOwner)
		if first.Findings[0].At != AtRole {
			t.Errorf("at %q", first.Findings[0].At)
		}
		tainted := openSession(t, s, enforce())
		says(t, tainted.read("w1", "ann"))
		says(t, tainted.plan(BindingPlan{Next: bind("w1", "ann", "viewer")}).Findings, lastOwner)

		a := openSession(t, s, enforce())
		says(t, a.delete(bind("w1", "ann", "owner"), Exit{}, Key("w1", user("ann"))))
		_, fs := a.create(bind("w1", "ann", "viewer"), false)
		says(t, fs, lastOwner)
		wantRole(t, s, "w1", "ann", "owner")
	})
}

func TestCallsOfAMoveToAnotherWorkspace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		prior, next := bind("w1", "ann", "owner"), bind("w2", "ann", "owner")
		p := openSession(t, s, enforce())
		says(t, p.read("w1", "ann"))
		first := p.plan(BindingPlan{Prior: prior, Next: next})
		says(t, first.Findings)
		second := p.plan(BindingPlan{Next: next, Carried: first.Key})
		says(t, second.Findings)
		a := openSession(t, s, enforce())
		says(t, a.delete(prior, Exit{}, second.Key))
		says(t, a.plan(BindingPlan{Next: next}).Findings)
		_, fs := a.create(next, false)
		says(t, fs)
		wantSent(t, s, "remove w1 user/ann", "assign w2 user/ann owner")
	})
}

// Moved with create_before_destroy, the deposed object is really removed,
// whatever an earlier update has left in its private data.
func TestCallsOfAMoveCreatedBeforeDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		prior, next := bind("w1", "ann", "owner"), bind("w2", "ann", "owner")
		left := Key("w1", user("ann"))
		p := openSession(t, s, enforce())
		first := p.plan(BindingPlan{Prior: prior, Next: next, Carried: left})
		says(t, first.Findings)
		says(t, p.plan(BindingPlan{Next: next, Carried: first.Key}).Findings)
		a := openSession(t, s, enforce())
		says(t, a.plan(BindingPlan{Next: next}).Findings)
		_, fs := a.create(next, false)
		says(t, fs)
		null := a.plan(BindingPlan{Prior: prior, Carried: left})
		says(t, null.Findings)
		says(t, a.delete(prior, Exit{}, null.Key))
		wantSent(t, s, "assign w2 user/ann owner", "remove w1 user/ann")
	})
}

func TestMoveOfTheLastOwnerIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely().workspace("w2", person("zoe", "owner"))
		p := openSession(t, s, enforce())
		fs := p.plan(BindingPlan{Prior: bind("w1", "ann", "owner"), Next: bind("w2", "ann", "owner")}).Findings
		says(t, fs, lastOwner)
		if fs[0].At != AtWorkspace {
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
		says(t, p.plan(BindingPlan{Prior: prior, Next: next}).Findings)
		a := openSession(t, s, enforce())
		says(t, a.plan(BindingPlan{Prior: prior, Next: next}).Findings)
		m, kept, fs := a.update(prior, next, Exit{})
		says(t, fs)
		if kept || m.ID != "new" {
			t.Errorf("kept %v, %+v", kept, m)
		}
		wantSent(t, s, "assign w1 user/new owner", "remove w1 user/ann")
		if s.fewest("w1") != 1 {
			t.Errorf("%d owners for a moment", s.fewest("w1"))
		}
	})
}

func TestCallsThatClash(t *testing.T) {
	ann, annEditor, new1 := bind("w1", "ann", "owner"), bind("w1", "ann", "editor"), bind("w1", "new", "editor")
	vic := bind("w1", "vic", "viewer")
	refresh := BindingPlan{Prior: ann, Next: ann, NoChange: true}
	for name, c := range map[string]struct {
		calls []BindingPlan
		want  string // what the last call says; all others say nothing
	}{
		"rename without moved":                  {[]BindingPlan{{Prior: vic}, {Next: vic}}, pulledOut},
		"rename without moved, created first":   {[]BindingPlan{{Next: vic}, {Prior: vic}}, pulledOut},
		"rename by import":                      {[]BindingPlan{{Prior: ann}, refresh}, pulledOut},
		"one of two duplicates removed":         {[]BindingPlan{refresh, {Prior: ann}}, pulledOut},
		"left-over object without its key":      {[]BindingPlan{{Prior: ann, Carried: Key("w1", user("ann"))}, refresh}, pulledOut},
		"two creations":                         {[]BindingPlan{{Next: new1}, {Next: bind("w1", "new", "viewer")}}, twice},
		"two in the state":                      {[]BindingPlan{refresh, refresh}, twice},
		"a creation beside what is kept":        {[]BindingPlan{refresh, {Next: annEditor}}, twice},
		"case does not tell two people apart":   {[]BindingPlan{{Next: new1}, {Next: bind("w1", "NEW", "editor")}}, twice},
		"a changed principal takes one's place": {[]BindingPlan{refresh, {Prior: vic, Next: ann}}, twice},
		"a changed principal leaves one who is created": {
			[]BindingPlan{{Next: vic}, {Prior: vic, Next: new1}}, pulledOut,
		},
		"a list that shifts": {
			[]BindingPlan{{Prior: ann, Next: vic}, {Prior: vic, Next: new1}}, pulledOut,
		},
		"a list that shifts, from the other end": {
			[]BindingPlan{{Prior: vic, Next: new1}, {Prior: ann, Next: vic}}, pulledOut,
		},
		"a move beside what is kept there": {
			[]BindingPlan{{Prior: bind("w2", "zoe", "owner"), Next: bind("w2", "zoe", "owner"), NoChange: true}, {Prior: bind("w1", "zoe", "owner"), Next: bind("w2", "zoe", "owner")}}, twice,
		},
		"reassigned beside what is kept": {[]BindingPlan{refresh, {Prior: ann, Exit: Exit{Reassign: "viewer"}}}, pulledOut},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				p := openSession(t, s, enforce())
				says(t, p.read("w1", "zoe"))
				for i, call := range c.calls {
					call.Label = ""
					if call.Prior != nil {
						call.Label = call.Prior.Principal.ID + "@example.com"
					}
					got := p.plan(call)
					if i+1 < len(c.calls) {
						says(t, got.Findings)
						continue
					}
					says(t, got.Findings, c.want)
				}
				wantSent(t, s)
			})
		})
	}
}

func TestCallsThatDoNotClash(t *testing.T) {
	ann := bind("w1", "ann", "owner")
	keep := BindingPlan{Prior: ann, Next: ann, NoChange: true}
	for name, calls := range map[string][]BindingPlan{
		"removed with keep beside what is kept": {keep, {Prior: ann, Exit: Exit{Keep: true}}},
		"one person in two workspaces":          {keep, {Next: bind("w2", "ann", "viewer")}},
		"a user and a group of one id":          {keep, {Next: &Binding{Workspace: "w1", Principal: group("ann"), StandingUnknown: true}}},
		"unknown principals":                    {keep, {Next: &Binding{Workspace: "w1", PrincipalUnknown: true, StandingUnknown: true}}, {Next: &Binding{Workspace: "w1", PrincipalUnknown: true, StandingUnknown: true}}},
		"both duplicates removed":               {{Prior: ann}, {Prior: ann}},
		"left-over object with its key":         {{Prior: ann, Carried: leftKey("w1", user("ann"))}, keep},
		"a changed principal, kept, beside it":  {{Prior: ann, Next: bind("w1", "vic", "viewer"), Exit: Exit{Keep: true}}, keep},
		"moved with keep, beside what is kept":  {{Prior: ann, Next: bind("w2", "ann", "owner"), Exit: Exit{Keep: true}}, keep},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town().knowsGroup("ann")
				p := openSession(t, s, enforce())
				for _, call := range calls {
					got := p.plan(call)
					if Failed(got.Findings) {
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
					says(t, a.plan(BindingPlan{Next: vic}).Findings)
					_, fs := a.create(vic, false)
					says(t, fs)
				}
				remove := func() { says(t, a.delete(vic, Exit{}, "")) }
				if deleteFirst {
					remove()
					create()
				} else {
					create()
					remove()
					wantSent(t, s)
				}
				wantRole(t, s, "w1", "vic", "viewer")
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
				plan := func() []Finding {
					p.act.Validated() // the instance
					p.act.Planned()
					return p.plan(BindingPlan{Next: want}).Findings
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
				wantSent(t, s, "assign w1 user/new editor")
			})
		})
	}
}

// A list that shifts, applied without the plan's refusal (unknown ids, -target).
func TestAShiftingListKeepsEverybodysAccess(t *testing.T) {
	ids := []string{"p00"}
	s := func() *stage {
		st := newStage(blinkTraits()).workspace("w1", person("zoe", "owner"))
		ids = ids[:0]
		for i := range 30 {
			id := string(rune('a'+i/10)) + string(rune('0'+i%10))
			ids = append(ids, id)
			sp := st.spaces["w1"]
			sp.members = append(sp.members, person(id, "viewer"))
			sp.history[0].members = sp.members
			st.strangers(id)
		}
		return st
	}
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			st := s()
			st.latency = 20 * 1e6
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
				wantRole(t, st, "w1", id, "viewer")
			}
			wantRole(t, st, "w1", ids[0], "")
		})
	}
}
