package roster

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// whole makes a set of users, and of groups where gs is not nil.
func whole(workspace string, users, groups map[string]string, change ...func(*Roles)) *Roles {
	s := &Roles{Workspace: workspace, Kinds: map[membership.Kind]Scope{}}
	for kind, roles := range map[membership.Kind]map[string]string{membership.User: users, membership.Group: groups} {
		if roles == nil {
			continue
		}
		s.Kinds[kind] = Scope{}
		for id, role := range roles {
			s.Entries = append(s.Entries, Entry{Principal: membership.Principal{Kind: kind, ID: id}, Role: role})
		}
	}
	slices.SortFunc(s.Entries, func(a, b Entry) int { return strings.Compare(a.String(), b.String()) })
	for _, c := range change {
		c(s)
	}
	return s
}

func ignoring(k membership.Kind, ids ...string) func(*Roles) {
	return func(s *Roles) {
		scope := s.Kinds[k]
		scope.Ignore = NewIgnore(ids...)
		s.Kinds[k] = scope
	}
}

// refreshed is the set as a refresh leaves it in the state.
func refreshed(t *testing.T, p process, prior *Roles) *Roles {
	t.Helper()
	got := p.run.ReadRoles(t.Context(), *prior, Private{Instance: "set"})
	if membership.Failed(got.Findings) || got.Presence != membership.There {
		t.Fatalf("the refresh failed: %v", got.Findings)
	}
	next := *prior
	next.Entries = got.Entries
	return &next
}

// stateOf is the private data of the state; nothing where there is none.
func stateOf(prior *Roles) Private {
	if prior == nil {
		return Private{}
	}
	return Private{Instance: "set"}
}

// planSet refreshes a state (nil for none) and plans, in one process.
func (tf *terraform) planSet(t *testing.T, prior, next *Roles) (state *Roles, planned RolesPlan) {
	t.Helper()
	p := tf.start()
	end := p.act.Begin()
	defer end()
	if prior != nil {
		prior = refreshed(t, p, prior)
	}
	return prior, p.run.PlanRoles(t.Context(), RolesChange{Prior: prior, Next: next, Private: stateOf(prior)})
}

// applySet is one request.
func (p process) applySet(ctx context.Context, prior *Roles, next Roles) RolesApplied {
	return p.run.ApplyRoles(ctx, RolesChange{Prior: prior, Next: &next, Private: Private{Instance: "set"}})
}

func (p process) create(ctx context.Context, b Binding) []membership.Finding {
	return p.run.CreateBinding(ctx, BindingChange{Next: &b, Private: planning.Private{}.Applied()}).Findings
}

func (p process) remove(ctx context.Context, b Binding) []membership.Finding {
	return p.run.DeleteBinding(ctx, BindingChange{Prior: &b}).Findings
}

// applySet applies in another process.
func (tf *terraform) applySet(t *testing.T, prior, next *Roles) RolesApplied {
	t.Helper()
	p := tf.start()
	end := p.act.Begin()
	defer end()
	replanned := p.run.PlanRoles(t.Context(), RolesChange{Prior: prior, Next: next, Private: stateOf(prior)})
	if membership.Failed(replanned.Findings) {
		return RolesApplied{Findings: replanned.Findings}
	}
	p.act.Applying()
	return p.applySet(t.Context(), prior, *next)
}

func setGuard() Guard {
	return Guard{Mode: Enforce, MinimumOwners: 1, HandoverWait: time.Second}
}

func newSetRun(s *stage.Stage, change ...func(*Guard)) *terraform {
	g := setGuard()
	for _, c := range change {
		c(&g)
	}
	return &terraform{svc: s, guard: g, slots: 10, rng: rand.New(rand.NewPCG(1, 1)), locker: &stage.Locker{}, book: &stage.Notebook{}}
}

func tells(t *testing.T, fs []membership.Finding, severity membership.Severity, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !slices.ContainsFunc(fs, func(f membership.Finding) bool {
			return f.Severity == severity && strings.Contains(f.Summary+"\n"+f.Detail, text)
		}) {
			t.Fatalf("nothing says %q:\n%s", text, told(fs))
		}
	}
}

func told(fs []membership.Finding) string {
	var b strings.Builder
	for _, f := range fs {
		fmt.Fprintf(&b, "[%d %s %s] %s\n%s\n", f.Severity, f.At, f.Key, f.Summary, f.Detail)
	}
	return b.String()
}

func none(t *testing.T, fs []membership.Finding) {
	t.Helper()
	if len(fs) > 0 {
		t.Fatalf("there should be nothing to say:\n%s", told(fs))
	}
}

func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func TestSetIsMadeInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "editor"), stage.Person("c", "owner"), stage.Person("key", "owner"), stage.Person("z", "viewer")).Strangers("n")
		tf := newSetRun(s)
		prior, planned := tf.planSet(t, whole("w", map[string]string{}, nil), whole("w", map[string]string{"a": "viewer", "b": "owner", "n": "editor", "key": "editor"}, nil))
		tells(t, planned.Findings, membership.SeverityWarning, "The API key's own user key@example.com goes from owner to editor in workspace Space w")
		if membership.Failed(planned.Findings) {
			t.Fatal(told(planned.Findings))
		}
		done := tf.applySet(t, prior, whole("w", map[string]string{"a": "viewer", "b": "owner", "n": "editor", "key": "editor"}, nil))
		if membership.Failed(done.Findings) {
			t.Fatal(told(done.Findings))
		}
		got := s.Wrote()
		slices.Sort(got[0:2])
		slices.Sort(got[4:6])
		want := []string{"assign w user/b owner", "assign w user/n editor", "assign w user/a viewer", "assign w user/key editor", "remove w user/c", "remove w user/z"}
		if !slices.Equal(got, want) {
			t.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if n := s.Fewest("w"); n != 1 {
			t.Errorf("down to %d owners", n)
		}
	})
}

func TestSetLeavesTheRestAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		invited := stage.Person("i", "viewer")
		invited.Invite = true
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("U-Mixed", "Owner"), stage.Person("ig", "editor"), invited,
			membership.Member{Principal: stage.Group("g"), Name: "Platform", Roles: []string{"viewer"}, Enabled: true, MemberCount: 2})
		tf := newSetRun(s)
		next := whole("w", map[string]string{"a": "owner", "u-mixed": "owner"}, nil, ignoring(membership.User, "IG"))
		_, planned := tf.planSet(t, nil, next)
		none(t, planned.Findings)
		none(t, tf.applySet(t, nil, next).Findings)
		if sent := s.Wrote(); len(sent) > 0 {
			t.Errorf("sent %v", sent)
		}
		p := tf.start()
		state := refreshed(t, p, next)
		if got := fmt.Sprint(state.Entries); got != fmt.Sprint(next.Entries) {
			t.Errorf("the state shows %s, and the configuration says %v", got, next.Entries)
		}
		// A user whom the state holds and who is ignored now keeps the access, and is named.
		shown, planned := tf.planSet(t, whole("w", map[string]string{}, nil), next)
		tells(t, planned.Findings, membership.SeverityWarning, "ig@example.com in workspace Space w is ignored from now on")
		none(t, tf.applySet(t, shown, next).Findings)
		if s.Role("w", "ig") != "editor" {
			t.Errorf("ig has %q", s.Role("w", "ig"))
		}
		// With include_invites the invitation is shown, and would be removed.
		all := *next
		all.IncludeInvites = true
		if got := refreshed(t, tf.start(), &all); len(got.Entries) != 3 {
			t.Errorf("with include_invites the state shows %v", got.Entries)
		}
		_, planned = tf.planSet(t, nil, &all)
		tells(t, planned.Findings, membership.SeverityError, "i@example.com (i): has viewer, would be removed")
		// An empty map of groups means that no group is to be there.
		groups := whole("w", map[string]string{"a": "owner", "u-mixed": "owner"}, map[string]string{}, ignoring(membership.User, "ig"))
		_, planned = tf.planSet(t, nil, groups)
		tells(t, planned.Findings, membership.SeverityError, "Platform (g): has viewer, would be removed", "to = roster_blink_workspace_role_bindings.NAME", `id = "w"`)
	})
}

func TestSetClashes(t *testing.T) {
	for _, first := range []string{"additive", "authoritative"} {
		t.Run(first+" first", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "viewer"))
				p := newSetRun(s).start()
				b := Binding{Workspace: "w", Principal: stage.User("b"), Standing: membership.Standing{Role: "viewer", Enabled: true}}
				next := whole("w", map[string]string{"a": "owner", "b": "viewer"}, nil)
				var fs []membership.Finding
				additive := func() {
					fs = append(fs, p.run.PlanBinding(t.Context(), BindingChange{Next: &b}).Findings...)
				}
				all := func() { fs = append(fs, p.run.PlanRoles(t.Context(), RolesChange{Next: next}).Findings...) }
				if first == "additive" {
					additive()
					all()
				} else {
					all()
					additive()
				}
				tells(t, fs, membership.SeverityError, summaryBeside)
			})
		})
	}
	t.Run("two for one kind", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"))
			p := newSetRun(s).start()
			next := whole("w", map[string]string{"a": "owner"}, nil)
			none(t, p.run.PlanRoles(t.Context(), RolesChange{Next: next}).Findings)
			none(t, p.run.PlanRoles(t.Context(), RolesChange{Next: whole("w", nil, map[string]string{})}).Findings)
			tells(t, p.run.PlanRoles(t.Context(), RolesChange{Next: next}).Findings, membership.SeverityError, summaryTwoSets)
		})
	})
	t.Run("the two halves of a replacement", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"))
			p := newSetRun(s).start()
			next := whole("w", map[string]string{"a": "owner"}, nil)
			none(t, p.run.PlanRoles(t.Context(), RolesChange{Prior: next, Next: next, NoChange: true}).Findings)
			none(t, p.run.PlanRoles(t.Context(), RolesChange{Next: next, Private: Private{Instance: "set"}}).Findings)
		})
	})
}

func TestSetUnknownParts(t *testing.T) {
	t.Run("a role may be an owner's", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "viewer"))
			tf := newSetRun(s)
			next := whole("w", map[string]string{"b": ""}, nil, func(s *Roles) { s.Entries[0].RoleUnknown = true })
			prior, planned := tf.planSet(t, whole("w", map[string]string{}, nil), next)
			none(t, planned.Findings)
			// It turns out not to be.
			known := whole("w", map[string]string{"b": "editor"}, nil)
			done := tf.applySet(t, prior, known)
			tells(t, done.Findings, membership.SeverityError, "Workspace would lose its last owner", "a@example.com (a): removed by this run")
			if s.Role("w", "a") != "owner" {
				t.Error("the last owner was taken out")
			}
		})
	})
	t.Run("ids", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "viewer"))
			tf := newSetRun(s)
			hidden := whole("w", map[string]string{}, nil, func(s *Roles) { s.Kinds[membership.User] = Scope{Unknown: true} })
			prior, planned := tf.planSet(t, whole("w", map[string]string{}, nil), hidden)
			if membership.Failed(planned.Findings) {
				t.Fatal(told(planned.Findings))
			}
			tells(t, planned.Findings, membership.SeverityWarning, "Who loses access to workspace Space w is not known yet")
			none(t, tf.applySet(t, prior, whole("w", map[string]string{"a": "owner"}, nil)).Findings)
			if s.Role("w", "b") != "" {
				t.Error("b is still there")
			}
		})
	})
	t.Run("a creation takes nothing away that no plan showed", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "viewer"))
			tf := newSetRun(s)
			p := tf.start()
			p.act.Applying()
			done := p.applySet(t.Context(), nil, *whole("w", map[string]string{"a": "owner"}, nil))
			tells(t, done.Findings, membership.SeverityWarning, "b@example.com in workspace Space w is left alone")
			if membership.Failed(done.Findings) {
				t.Error(told(done.Findings))
			}
			if sent := s.Wrote(); len(sent) > 0 {
				t.Errorf("sent %v", sent)
			}
		})
	})
}

func TestSetStrangers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"))
		_, planned := newSetRun(s).planSet(t, nil, whole("w", map[string]string{"a": "owner", "Ghost": "viewer"}, nil))
		tells(t, planned.Findings, membership.SeverityError, "user/Ghost is not known in the Blink tenant")
		if f := planned.Findings[0]; f.At != membership.AtUsers || f.Key != "Ghost" {
			t.Errorf("the finding is at %s[%s]", f.At, f.Key)
		}
		if n := len(s.Sent("people")); n != 1 {
			t.Errorf("the tenant was listed %d times", n)
		}
	})
}

func TestSetReads(t *testing.T) {
	t.Run("a passing failure is a warning", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"))
			s.Trouble = func(c stage.Call) stage.Trouble { return stage.Broken() }
			p := newSetRun(s).start()
			next := whole("w", map[string]string{"a": "owner"}, nil)
			out := p.run.PlanRoles(t.Context(), RolesChange{Next: next})
			if membership.Failed(out.Findings) || len(out.Findings) != 1 {
				t.Fatal(told(out.Findings))
			}
			if got := p.run.ReadRoles(t.Context(), *next, Private{}); !membership.Failed(got.Findings) || got.Presence != membership.NotKnown {
				t.Error("a refresh went on without a listing")
			}
		})
	})
	t.Run("a refusal is an error", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"))
			s.Trouble = func(c stage.Call) stage.Trouble { return stage.Denied() }
			out := newSetRun(s).start().run.PlanRoles(t.Context(), RolesChange{Next: whole("w", map[string]string{"a": "owner"}, nil)})
			tells(t, out.Findings, membership.SeverityError, "may not read workspace w", "The key has to belong to an owner")
		})
	})
	t.Run("a part is not the whole", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("b", "viewer"))
			p := newSetRun(s).start()
			next := whole("w", map[string]string{"b": "viewer"}, nil)
			got := p.run.ReadRoles(t.Context(), *next, Private{})
			tells(t, got.Findings, membership.SeverityError, "is not complete")
			none(t, p.run.PlanRoles(t.Context(), RolesChange{Next: next}).Findings) // one cause, one message
			p = newSetRun(s).start()
			tells(t, p.run.PlanRoles(t.Context(), RolesChange{Next: next}).Findings, membership.SeverityError, "is not complete")
			p.act.Applying()
			tells(t, p.applySet(t.Context(), nil, *next).Findings, membership.SeverityError, "is not complete")
		})
	})
	t.Run("a workspace that is gone", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"))
			s.Spaces["w"].Gone = true
			got := newSetRun(s).start().run.ReadRoles(t.Context(), *whole("w", map[string]string{"a": "owner"}, nil), Private{})
			if got.Presence != membership.Absent || membership.Failed(got.Findings) || len(got.Findings) != 1 {
				t.Errorf("presence %v\n%s", got.Presence, told(got.Findings))
			}
		})
	})
}

func TestSetWaysIn(t *testing.T) {
	for mode, name := range map[stage.AssignMode]string{stage.AssignAdds: "adds", stage.AssignIgnores: "ignores", stage.AssignRefuses: "refuses", stage.AssignNotFound: "not found"} {
		for _, gives := range []string{"", "viewer"} {
			t.Run(fmt.Sprintf("assign %s, add gives %q", name, gives), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner")).Strangers("n1", "n2", "n3")
					s.Assigns, s.AddGives = mode, gives
					next := whole("w", map[string]string{"a": "owner", "n1": "editor", "n2": "viewer", "n3": "owner"}, nil)
					none(t, newSetRun(s).applySet(t, nil, next).Findings)
					for _, entry := range next.Entries {
						if got := s.Role("w", entry.ID); got != entry.Role {
							t.Errorf("%s has %q", entry.ID, got)
						}
					}
				})
			})
		}
	}
}

func TestSetNamesEverybodyWhoFailed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"))
		users := map[string]string{"a": "owner"}
		for i := range 60 {
			id := fmt.Sprintf("n%02d", i)
			s.Strangers(id)
			users[id] = "viewer"
		}
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "assign" && c.Principal.ID >= "n10" {
				return stage.Broken()
			}
			return stage.Trouble{}
		}
		prior := whole("w", map[string]string{"a": "owner"}, nil)
		tf := newSetRun(s)
		done := tf.applySet(t, prior, whole("w", users, nil))
		if n := len(done.Findings); n > 25 {
			t.Errorf("%d findings", n)
		}
		for i := 10; i < 60; i++ {
			tells(t, done.Findings, membership.SeverityError, fmt.Sprintf("n%02d", i))
		}
		if state := whole("w", users, nil).Shown(done.Listing); len(state) != 11 {
			t.Errorf("the state would hold %d", len(state))
		}
		s.Trouble = nil
		none(t, tf.applySet(t, prior, whole("w", users, nil)).Findings)
	})
}

func TestSetStopsWhereTheKeyMayNot(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "viewer"))
		users := map[string]string{"a": "owner"}
		for i := range 200 {
			id := fmt.Sprintf("n%03d", i)
			s.Strangers(id)
			users[id] = "viewer"
		}
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Writes() {
				return stage.Denied()
			}
			return stage.Trouble{}
		}
		done := newSetRun(s).applySet(t, whole("w", map[string]string{"a": "owner", "b": "viewer"}, nil), whole("w", users, nil))
		tells(t, done.Findings, membership.SeverityError, "The Blink API key may not change")
		if n := len(s.Wrote()); n > 16 {
			t.Errorf("%d calls were sent by a key that may not", n)
		}
	})
}

func TestSetCostsWhatItHasTo(t *testing.T) {
	for name, traits := range map[string]membership.Traits{"blink": stage.BlinkTraits(), "blazemeter": stage.BlazeTraits()} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				const n, latency = 480, 100 * time.Millisecond
				s := stage.New(traits)
				var members []membership.Member
				users := map[string]string{}
				for i := range n {
					m := stage.Person(fmt.Sprintf("u%03d", i), traits.RolesAscending[i%3])
					members = append(members, m)
					users[m.ID] = traits.RolesAscending[(i+1)%3]
				}
				s.Workspace("w", members...)
				s.Latency = latency
				tf := newSetRun(s)
				prior, planned := tf.planSet(t, whole("w", map[string]string{}, nil), whole("w", users, nil))
				if membership.Failed(planned.Findings) {
					t.Fatal(told(planned.Findings))
				}
				s.Calls = nil
				began := time.Now()
				done := tf.applySet(t, prior, whole("w", users, nil))
				if membership.Failed(done.Findings) {
					t.Fatal(told(done.Findings))
				}
				took, reads := time.Since(began), len(s.Sent("read", "people", "self", "describe"))
				if bound := latency*n*12/10/16 + latency*time.Duration(reads); took > bound {
					t.Errorf("%d changes took %s with %d reads, and should take at most %s", n, took, reads, bound)
				}
				if reads > 9 {
					t.Errorf("%d reads", reads)
				}
				if sent := len(s.Wrote()); sent != n {
					t.Errorf("%d writes for %d changes", sent, n)
				}
			})
		})
	}
}

func TestSetAndAdditiveInOneRun(t *testing.T) {
	viewer := func(id string) Binding {
		return Binding{Workspace: "w", Principal: stage.User(id), Standing: membership.Standing{Role: "viewer", Enabled: true}}
	}
	t.Run("a deletion of somebody whom the set keeps", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "viewer"))
			p := newSetRun(s).start()
			p.act.Applying()
			none(t, p.applySet(t.Context(), nil, *whole("w", map[string]string{"a": "owner", "b": "viewer"}, nil)).Findings)
			none(t, p.remove(t.Context(), viewer("b")))
			if sent := s.Wrote(); len(sent) > 0 {
				t.Errorf("sent %v", sent)
			}
		})
	})
	t.Run("a creation of somebody whom the set removes", func(t *testing.T) {
		for _, lead := range []time.Duration{0, 30 * time.Millisecond, 80 * time.Millisecond, 120 * time.Millisecond, 180 * time.Millisecond} {
			inBubble(t, func(t *testing.T) {
				s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "viewer"))
				p := newSetRun(s).start()
				p.act.Applying()
				if _, err := p.run.Listing(t.Context(), "w"); err != nil {
					t.Fatal(err)
				}
				s.Latency = 100 * time.Millisecond
				done := make(chan struct{})
				go func() {
					defer close(done)
					p.applySet(t.Context(), whole("w", map[string]string{"a": "owner", "b": "viewer"}, nil), *whole("w", map[string]string{"a": "owner"}, nil))
				}()
				time.Sleep(lead)
				fs := p.create(t.Context(), viewer("b"))
				<-done
				if membership.Failed(fs) || s.Role("w", "b") != "viewer" {
					t.Errorf("after %s: b has the role %q although a resource holds it\n%s", lead, s.Role("w", "b"), told(fs))
				}
			})
		}
	})
}

// Where a successor fails to come in, the guard alone says who stays.
func TestSetHoldsNobodyBackButForTheGuard(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("key", "owner")).Strangers("n1", "n2")
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Principal.ID == "n2" {
				return stage.Broken()
			}
			return stage.Trouble{}
		}
		done := newSetRun(s).applySet(t, whole("w", map[string]string{"a": "owner", "key": "owner"}, nil), whole("w", map[string]string{"n1": "owner", "n2": "owner"}, nil))
		tells(t, done.Findings, membership.SeverityError, "The change of n2@example.com in workspace Space w failed", "Apply again")
		if s.Role("w", "key") != "" || s.Role("w", "a") != "" || s.Fewest("w") != 1 {
			t.Errorf("key has %q, a has %q, down to %d owners", s.Role("w", "key"), s.Role("w", "a"), s.Fewest("w"))
		}
	})
}

func TestSetWaitsForASuccessorFromElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		// The successor is ignored by the set, and an additive resource makes it.
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner")).Strangers("n")
		p := newSetRun(s).start()
		p.act.Applying()
		var done RolesApplied
		finished := make(chan struct{})
		go func() {
			defer close(finished)
			defer p.act.Begin()()
			done = p.applySet(t.Context(), whole("w", map[string]string{"a": "owner"}, nil), *whole("w", map[string]string{}, nil, ignoring(membership.User, "n")))
		}()
		time.Sleep(500 * time.Millisecond)
		end := p.act.Begin()
		fs := p.create(t.Context(), Binding{Workspace: "w", Principal: stage.User("n"), Standing: membership.Standing{Role: "owner", Enabled: true}})
		none(t, fs)
		end()
		<-finished
		none(t, done.Findings)
		if s.Role("w", "a") != "" || s.Fewest("w") != 1 {
			t.Errorf("a has %q, down to %d owners", s.Role("w", "a"), s.Fewest("w"))
		}
	})
}

func TestSetGuardModes(t *testing.T) {
	for _, mode := range []Mode{Enforce, Warn, Off} {
		t.Run(string(mode), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "viewer"))
				tf := newSetRun(s, func(g *Guard) { g.Mode = mode })
				state := whole("w", map[string]string{"a": "owner", "b": "viewer"}, nil)
				next := whole("w", map[string]string{"b": "viewer"}, nil)
				_, planned := tf.planSet(t, state, next)
				p := tf.start()
				p.act.Applying()
				done := p.applySet(t.Context(), state, *next)
				switch mode {
				case Enforce:
					tells(t, planned.Findings, membership.SeverityError, "Workspace would lose its last owner")
					tells(t, done.Findings, membership.SeverityError, "Workspace would lose its last owner")
				case Warn:
					tells(t, planned.Findings, membership.SeverityWarning, "Workspace would lose its last owner: a@example.com in workspace Space w")
					tells(t, done.Findings, membership.SeverityWarning, "Workspace would lose its last owner: a@example.com in workspace Space w")
				default:
					none(t, planned.Findings)
					none(t, done.Findings)
				}
				if gone := s.Role("w", "a") == ""; gone != (mode != Enforce) {
					t.Errorf("a has %q", s.Role("w", "a"))
				}
			})
		})
	}
}

func TestSetIsCancelled(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"))
		users := map[string]string{"a": "owner"}
		for i := range 100 {
			id := fmt.Sprintf("n%02d", i)
			s.Strangers(id)
			users[id] = "viewer"
		}
		s.Latency = 100 * time.Millisecond
		p := newSetRun(s).start()
		p.act.Applying()
		ctx, cancel := context.WithTimeout(t.Context(), 350*time.Millisecond)
		defer cancel()
		began := time.Now()
		done := p.applySet(ctx, whole("w", map[string]string{"a": "owner"}, nil), *whole("w", users, nil))
		if took := time.Since(began); took > 400*time.Millisecond {
			t.Errorf("the end of its time was noticed after %s", took)
		}
		if !membership.Failed(done.Findings) || done.Listing == nil {
			t.Fatal(told(done.Findings))
		}
		if n := len(s.Wrote()); n > 48 {
			t.Errorf("%d calls were sent", n)
		}
	})
}

func TestSetDemotesNobodyWhoJoinedSince(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("late", "owner"))
		tf := newSetRun(s)
		next := whole("w", map[string]string{"a": "owner", "late": "viewer"}, nil)
		done := tf.applySet(t, whole("w", map[string]string{"a": "owner"}, nil), next)
		tells(t, done.Findings, membership.SeverityWarning, "late@example.com in workspace Space w is left alone")
		if membership.Failed(done.Findings) || s.Role("w", "late") != "owner" {
			t.Fatalf("late has %q\n%s", s.Role("w", "late"), told(done.Findings))
		}
		// The next run has it in the state, and goes on.
		prior, planned := tf.planSet(t, next, next)
		if membership.Failed(planned.Findings) || prior.Entries[1].Role != "owner" {
			t.Fatalf("the state shows %v\n%s", prior.Entries, told(planned.Findings))
		}
		none(t, tf.applySet(t, prior, next).Findings)
		if s.Role("w", "late") != "viewer" {
			t.Errorf("late has %q", s.Role("w", "late"))
		}
	})
}

func TestSetCountsOutWhomAListingStillShows(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w", stage.Person("a", "owner"), stage.Person("b", "owner"))
		time.Sleep(time.Minute)
		s.Lag = 30 * time.Second // far more than a write is waited for
		p := newSetRun(s).start()
		p.act.Applying()
		done := p.applySet(t.Context(), whole("w", map[string]string{"a": "owner"}, nil), *whole("w", map[string]string{}, nil, ignoring(membership.User, "b")))
		tells(t, done.Findings, membership.SeverityError, "could not be verified")
		b := Binding{Workspace: "w", Principal: stage.User("b"), Standing: membership.Standing{Role: "owner", Enabled: true}}
		tells(t, p.remove(t.Context(), b), membership.SeverityError, "Workspace would lose its last owner")
		if s.Fewest("w") != 1 {
			t.Errorf("down to %d owners", s.Fewest("w"))
		}
	})
}

func TestSetTriesARefusedChunkOneByOne(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := stage.New(stage.BlazeTraits()).Workspace("w", stage.Person("a", "manager")).Strangers("n1", "n2", "n3")
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "add" && c.N == 1 {
				return stage.Trouble{Err: s.Refuse("add", "one of them is not eligible")}
			}
			return stage.Trouble{}
		}
		none(t, newSetRun(s).applySet(t, nil, whole("w", map[string]string{"a": "manager", "n1": "tester", "n2": "tester", "n3": "tester"}, nil)).Findings)
		if n := len(s.Sent("add")); n != 4 {
			t.Errorf("%d calls: one chunk and three single ones were to be", n)
		}
	})
}

// troupe is a random authoritative change.
type troupe struct {
	traits    membership.Traits
	members   []membership.Member
	next      *Roles
	minimum   int
	mode      stage.AssignMode
	gives     string
	lag       time.Duration
	trouble   int // in a hundred
	seed      uint64
	joins     bool
	unmanaged []string
}

func drawTroupe(rt *rapid.T) *troupe {
	tr := &troupe{traits: stage.BlinkTraits()}
	blaze := rapid.Bool().Draw(rt, "blaze")
	if blaze {
		tr.traits = stage.BlazeTraits()
	}
	role := rapid.SampledFrom(tr.traits.RolesAscending)
	ids := rapid.IntRange(1, 12).Draw(rt, "people")
	users := map[string]string{}
	var ignored []string
	owned := false
	for i := range ids {
		id := fmt.Sprintf("u%02d", i)
		in := rapid.IntRange(0, 3).Draw(rt, id+" now") > 0
		m := stage.Person(id, role.Draw(rt, id+" has"))
		if blaze && rapid.IntRange(0, 5).Draw(rt, id+" off") == 0 {
			m.Enabled = false
		}
		if !blaze && rapid.IntRange(0, 7).Draw(rt, id+" invite") == 0 {
			m.Invite = true
		}
		if in {
			owned = owned || m.Enabled && !m.Invite && m.HasRole(tr.traits.OwnerRole)
			tr.members = append(tr.members, m)
		}
		switch rapid.IntRange(0, 6).Draw(rt, id+" then") {
		case 0:
			ignored = append(ignored, id)
			tr.unmanaged = append(tr.unmanaged, id)
		case 1, 2:
		default:
			users[id] = role.Draw(rt, id+" shall have")
		}
	}
	if !owned {
		tr.members = append(tr.members, stage.Person("boss", tr.traits.OwnerRole))
	}
	tr.next = whole("w", users, nil, ignoring(membership.User, ignored...))
	if !blaze && rapid.Bool().Draw(rt, "a group") {
		tr.members = append(tr.members, membership.Member{Principal: stage.Group("g"), Name: "G", Roles: []string{"owner"}, Enabled: true, MemberCount: 1})
		tr.unmanaged = append(tr.unmanaged, "g")
	}
	tr.minimum = rapid.IntRange(1, 3).Draw(rt, "minimum")
	if !blaze {
		tr.mode = rapid.SampledFrom([]stage.AssignMode{stage.AssignAdds, stage.AssignIgnores, stage.AssignRefuses, stage.AssignNotFound}).Draw(rt, "assign")
	}
	tr.gives = rapid.SampledFrom([]string{"", tr.traits.RolesAscending[0]}).Draw(rt, "add gives")
	tr.lag = rapid.SampledFrom([]time.Duration{0, 0, 700 * time.Millisecond}).Draw(rt, "lag")
	tr.trouble = rapid.SampledFrom([]int{0, 0, 10, 30}).Draw(rt, "trouble")
	tr.seed = rapid.Uint64().Draw(rt, "seed")
	tr.joins = rapid.Bool().Draw(rt, "somebody joins")
	return tr
}

func (tr *troupe) stage() *stage.Stage {
	s := stage.New(tr.traits).Workspace("w", slices.Clone(tr.members)...)
	for _, entry := range tr.next.Entries {
		s.Strangers(entry.ID)
	}
	s.Strangers("late")
	s.Assigns, s.AddGives, s.Lag, s.Latency = tr.mode, tr.gives, tr.lag, 20*time.Millisecond
	times := map[string]uint64{}
	s.Trouble = func(c stage.Call) stage.Trouble {
		// What goes wrong does not depend on the order of calls at the same time.
		h := fnv.New64a()
		fmt.Fprint(h, c.Op, c.Principal)
		times[c.String()]++
		rng := rand.New(rand.NewPCG(tr.seed+h.Sum64(), times[c.String()]))
		if !c.Writes() || rng.IntN(100) >= tr.trouble {
			return stage.Trouble{}
		}
		switch rng.IntN(3) {
		case 0:
			return stage.Broken()
		case 1:
			return stage.Lost(true)
		default:
			return stage.Lost(false)
		}
	}
	return s
}

func (tr *troupe) perform(t *testing.T) (wrong string) {
	t.Helper()
	complain := func(format string, args ...any) {
		if wrong == "" {
			wrong = fmt.Sprintf(format, args...)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := tr.stage()
		tf := newSetRun(s, func(g *Guard) { g.MinimumOwners = tr.minimum })
		before, then := s.Fewest("w"), tr.ownersThen(s)
		untouched := map[string]string{}
		for _, id := range tr.unmanaged {
			untouched[id] = s.Role("w", id)
		}
		imported := whole("w", map[string]string{}, nil, func(s *Roles) { s.Kinds = tr.next.Kinds })
		prior, planned := tf.planSet(t, imported, tr.next)
		guard, other := guardRefusals(planned.Findings)
		guard = slices.DeleteFunc(guard, func(f membership.Finding) bool { return f.Severity != membership.SeverityError })
		if membership.Failed(other) {
			complain("the plan failed:\n%s", told(other))
			return
		}
		loses := slices.ContainsFunc(s.Spaces["w"].Members, func(m membership.Member) bool { return s.IsOwner(m) && !tr.staysOwner(m) && tr.covered(m) })
		if refused := loses && then < min(tr.minimum, before); refused != (len(guard) > 0) {
			complain("refused %v, and should be %v: %d owners of %d stay\n%s", len(guard) > 0, refused, then, before, told(planned.Findings))
			return
		}
		if len(guard) > 0 {
			return
		}
		if tr.joins {
			s.Edit("w", func(ms []membership.Member) []membership.Member {
				return append(ms, stage.Person("late", tr.traits.OwnerRole))
			})
			time.Sleep(tr.lag + time.Second)
			before, then = before+1, then+1
		}
		least := min(before, then, tr.minimum) // the guard alone counts
		succeeded := 0
		for n := 0; ; n++ {
			done := tf.applySet(t, prior, tr.next)
			time.Sleep(tr.lag)
			if got := s.Fewest("w"); got < least {
				complain("down to %d owners, of %d before and %d then\n%s", got, before, then, strings.Join(s.Sent(), "\n"))
			}
			if tr.joins && n == 0 && s.Role("w", "late") != tr.traits.OwnerRole {
				complain("a member who joined since was touched: %q", s.Role("w", "late"))
			}
			for id, was := range untouched {
				if got := s.Role("w", id); got != was {
					complain("%s had %q and has %q", id, was, got)
				}
			}
			if !membership.Failed(done.Findings) {
				if tr.joins && n == 0 {
					if !slices.ContainsFunc(done.Findings, func(f membership.Finding) bool { return strings.Contains(f.Summary, "late@example.com in workspace") }) {
						complain("nobody names whoever joined since:\n%s", told(done.Findings))
					}
				}
				// A member who was left alone the first time is in the state the second time.
				if succeeded++; succeeded == 2 {
					break
				}
			} else if tr.trouble == 0 {
				complain("the apply failed:\n%s\n%s", told(done.Findings), strings.Join(s.Sent(), "\n"))
				return
			}
			if done.Listing == nil {
				complain("a failed apply tells nothing about who is there")
				return
			}
			if n > 60 {
				complain("not clean after %d applies:\n%s", n, told(done.Findings))
				return
			}
			if n == 0 && tr.joins { // and leaves again
				s.Edit("w", stage.Without("late"))
				time.Sleep(tr.lag + time.Second)
				if s.Count(s.Spaces["w"]) == 0 {
					return // nobody is left who could plan anything
				}
				then--
				least = min(s.Fewest("w"), then, tr.minimum)
			}
			// The next run refreshes what the state holds, and plans anew.
			after := *tr.next
			if membership.Failed(done.Findings) {
				after.Entries = tr.next.Shown(done.Listing)
			}
			prior, planned = tf.planSet(t, &after, tr.next)
			if membership.Failed(planned.Findings) && then < tr.minimum {
				return // half a handover in a workspace that is below the policy: the policy stands
			}
			if membership.Failed(planned.Findings) {
				complain("a second plan failed:\n%s", told(planned.Findings))
				return
			}
		}
		for _, entry := range tr.next.Entries {
			if got := s.Role("w", entry.ID); got != entry.Role {
				complain("%s shall have %q and has %q", entry.ID, entry.Role, got)
			}
		}
		for _, m := range s.Spaces["w"].Members {
			if tr.covered(m) && m.Enabled && !m.Invite && m.ID != "late" && !slices.ContainsFunc(tr.next.Entries, func(entry Entry) bool { return entry.Principal == m.Principal }) {
				complain("%s is still there with %s", m.ID, m.Role())
			}
		}
	})
	return wrong
}

func (tr *troupe) covered(m membership.Member) bool { return tr.next.Covers(m) }

func (tr *troupe) staysOwner(m membership.Member) bool {
	return slices.ContainsFunc(tr.next.Entries, func(entry Entry) bool {
		return entry.Principal == m.Principal && strings.EqualFold(entry.Role, tr.traits.OwnerRole)
	})
}

// ownersThen counts who will be an owner when everything is done.
func (tr *troupe) ownersThen(s *stage.Stage) int {
	n := 0
	for _, m := range s.Spaces["w"].Members {
		if !tr.covered(m) && s.IsOwner(m) {
			n++
		}
	}
	for _, entry := range tr.next.Entries {
		m, there := s.Row("w", entry.ID)
		if strings.EqualFold(entry.Role, tr.traits.OwnerRole) && (!there || !m.Invite) {
			n++
		}
	}
	return n
}

// guardRefusals gives the guard's errors, and whatever else failed.
func guardRefusals(fs []membership.Finding) (guard, other []membership.Finding) {
	for _, f := range fs {
		if strings.HasPrefix(f.Summary, "Workspace would ") {
			guard = append(guard, f)
		} else {
			other = append(other, f)
		}
	}
	return guard, other
}

func TestSetProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := drawTroupe(rt)
		if wrong := tr.perform(t); wrong != "" {
			rt.Fatalf("%s\nwant %v of %v", wrong, tr.next.Entries, tr.members)
		}
	})
}
