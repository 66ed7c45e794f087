package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// once makes the first call of an op go wrong.
func once(op string, tr stage.Trouble) func(stage.Call) stage.Trouble {
	return func(c stage.Call) stage.Trouble {
		if c.Op == op && c.N == 1 {
			return tr
		}
		return stage.Trouble{}
	}
}

func TestAnAnswerThatWasLostIsResolvedByReading(t *testing.T) {
	for name, c := range map[string]struct {
		tr   stage.Trouble
		want int // calls of the kind
	}{
		"applied: not sent again":   {stage.Lost(true), 1},
		"not applied: sent again":   {stage.Lost(false), 2},
		"no answer lost: sent once": {stage.Trouble{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				s.Trouble = once("assign", c.tr)
				_, fs := openSession(t, s, enforce()).create(bind("w1", "new", "editor"), false)
				says(t, fs)
				if n := len(s.Sent("assign")); n != c.want {
					t.Errorf("%d calls that assign", n)
				}
				s.WantRole(t, "w1", "new", "editor")

				s = town()
				s.Trouble = once("remove", c.tr)
				says(t, openSession(t, s, enforce()).delete(bind("w1", "ann", "owner"), Exit{}, Private{}))
				if n := len(s.Sent("remove")); n != c.want {
					t.Errorf("%d calls that remove", n)
				}
				s.WantRole(t, "w1", "ann", "")

				s = town()
				s.ProductTraits.AssignMayAdd = false
				s.Trouble = once("add", c.tr)
				_, fs = openSession(t, s, enforce()).create(bind("w1", "new", "editor"), false)
				says(t, fs)
				if n := len(s.Sent("add")); n != c.want {
					t.Errorf("%d calls that add", n)
				}
			})
		})
	}
}

func TestAListingThatLagsIsLookedAtAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Lag = 4 * time.Second
		time.Sleep(5 * time.Second)
		x := openSession(t, s, enforce())
		_, fs := x.create(bind("w1", "new", "editor"), false)
		says(t, fs)
		says(t, x.delete(bind("w1", "ann", "owner"), Exit{}, Private{}))
		s.WantSent(t, "assign w1 user/new editor", "remove w1 user/ann")
	})
}

func TestAnAssignThatAddsNobodyIsFollowedByAnAdd(t *testing.T) {
	for name, mode := range map[string]stage.AssignMode{"says it did": stage.AssignIgnores, "refuses": stage.AssignRefuses, "finds nobody": stage.AssignNotFound} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				s.Assigns = mode
				x := openSession(t, s, enforce())
				m, fs := x.create(bind("w1", "new", "editor"), false)
				says(t, fs)
				if !m.Holds(membership.Standing{Role: "editor", Enabled: true}) {
					t.Errorf("%+v", m)
				}
				// It has been learned: the next one is added at once.
				_, fs = x.create(bind("w1", "other", "viewer"), false)
				says(t, fs)
				s.WantSent(t, "assign w1 user/new editor", "add w1 user/new editor", "add w1 user/other viewer")
			})
		})
	}
	t.Run("it adds: learned as well", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			x := openSession(t, s, enforce())
			for _, id := range []string{"new", "other"} {
				_, fs := x.create(bind("w1", id, "editor"), false)
				says(t, fs)
			}
			s.WantSent(t, "assign w1 user/new editor", "assign w1 user/other editor")
		})
	})
	t.Run("added with another role: assigned then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Assigns, s.AddGives = stage.AssignRefuses, "viewer"
			m, fs := openSession(t, s, enforce()).create(bind("w1", "new", "editor"), false)
			says(t, fs)
			if m.Role() != "editor" {
				t.Errorf("%+v", m)
			}
			s.WantSent(t, "assign w1 user/new editor", "add w1 user/new editor", "assign w1 user/new editor")
		})
	})
	t.Run("both refuse: both are told", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Assigns = stage.AssignRefuses
			_, fs := openSession(t, s, enforce()).create(bind("w1", "ghost", "editor"), false)
			says(t, fs, "! Blink refused the change of user ghost in workspace Space w1")
			for _, part := range []string{"not a member of the workspace", "; then ", "unknown principal", "request id req-9"} {
				if !strings.Contains(fs[0].Detail, part) {
					t.Errorf("no %q in %s", part, fs[0].Detail)
				}
			}
		})
	})
}

func TestARefusalOfWhatIsThereAlreadyIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		x := openSession(t, s, enforce())
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "assign" && c.N == 1 { // another user was faster
				s.Bring(s.Spaces["w1"], stage.User("new"), "editor")
				s.Changed(s.Spaces["w1"])
				return stage.Trouble{Err: s.Refuse("assign", "is a member already")}
			}
			return stage.Trouble{}
		}
		_, fs := x.create(bind("w1", "new", "editor"), false)
		says(t, fs)
	})
}

func TestAWriteThatCannotBeVerifiedRecordsNothing(t *testing.T) {
	unverified := "! The change of user new in workspace Space w1 could not be verified"
	t.Run("every answer is lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Trouble = func(c stage.Call) stage.Trouble {
				if c.Writes() {
					return stage.Lost(false)
				}
				return stage.Trouble{}
			}
			_, fs := openSession(t, s, enforce()).create(bind("w1", "new", "editor"), false)
			says(t, fs, unverified)
			if !strings.Contains(fs[0].Detail, "Nothing was recorded in the state") {
				t.Error(fs[0].Detail)
			}
			if n := len(s.Sent("assign")); n != 4 {
				t.Errorf("%d attempts", n)
			}
		})
	})
	t.Run("no listing can be read afterwards, and the next run adopts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			wrote := false
			s.Trouble = func(c stage.Call) stage.Trouble {
				wrote = wrote || c.Writes()
				if wrote && c.Op == "read" {
					return stage.Broken()
				}
				return stage.Trouble{}
			}
			_, fs := openSession(t, s, enforce()).create(bind("w1", "new", "editor"), false)
			says(t, fs, unverified)
			s.Trouble = nil
			x := openSession(t, s, enforce())
			says(t, x.plan(BindingChange{Next: bind("w1", "new", "editor")}).Findings)
			_, fs = x.create(bind("w1", "new", "editor"), false)
			says(t, fs)
			s.WantSent(t, "assign w1 user/new editor")
		})
	})
	t.Run("a listing that never shows it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.ProductTraits.AssignMayAdd = false
			s.Lag = time.Hour
			began := time.Now()
			_, fs := openSession(t, s, enforce()).create(bind("w1", "new", "editor"), false)
			says(t, fs, unverified)
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("looked for %s", took)
			}
			s.WantSent(t, "add w1 user/new editor")
		})
	})
	t.Run("cancelled on the way", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			x := openSession(t, s, enforce())
			x.look("w1")
			s.Slow(time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			_, fs := x.createWithin(ctx, bind("w1", "new", "editor"), false)
			says(t, fs, unverified)
			if time.Since(began) != time.Second {
				t.Errorf("took %s", time.Since(began))
			}
			s.Slow(0)
		})
	})
}

func TestARemovalThatDoesNotShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Lag = time.Hour
		x := openSession(t, s, enforce())
		says(t, x.delete(bind("w1", "vic", "viewer"), Exit{}, Private{})) // the service said so
		says(t, x.delete(bind("w1", "ann", "owner"), Exit{}, Private{}), "! The change of ann@example.com in workspace Space w1 could not be verified")
		s.WantSent(t, "remove w1 user/vic", "remove w1 user/ann")
	})
	t.Run("no such call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Trouble = once("remove", stage.Trouble{Err: &membership.Error{Failure: membership.Unsupported, Op: "remove user/vic", Status: 405}})
			says(t, openSession(t, s, enforce()).delete(bind("w1", "vic", "viewer"), Exit{}, Private{}), "! Blink has no such call: vic@example.com in workspace Space w1 keeps its role")
		})
	})
	t.Run("gone meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			x := openSession(t, s, enforce())
			x.look("w1")
			s.Edit("w1", stage.Without("vic"))
			says(t, x.delete(bind("w1", "vic", "viewer"), Exit{}, Private{}))
		})
	})
	t.Run("an owner gone meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			x := openSession(t, s, enforce())
			x.look("w1")
			s.Edit("w1", stage.Without("ann"))
			says(t, x.delete(bind("w1", "ann", "owner"), Exit{}, Private{}))
			s.WantSent(t)
		})
	})
	t.Run("forbidden", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Trouble = once("remove", stage.Denied())
			says(t, openSession(t, s, enforce()).delete(bind("w1", "ann", "owner"), Exit{}, Private{}), "! The Blink API key may not change ann@example.com in workspace Space w1")
		})
	})
}

// An owner whose removal was sent, with its answer lost for good, counts as gone.
func TestALossThatMayHaveHappenedCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "remove" && c.Principal.ID == "ann" {
				return stage.Lost(false)
			}
			return stage.Trouble{}
		}
		x := openSession(t, s, enforce())
		says(t, x.delete(bind("w1", "ann", "owner"), Exit{}, Private{}), "! The change of ann@example.com in workspace Space w1 could not be verified")
		says(t, x.delete(bind("w1", "zoe", "owner"), Exit{}, Private{}), lastOwner)
	})
}

func TestNothingIsSentForWhatIsThereAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		x := openSession(t, s, enforce())
		m, fs := x.create(bind("w1", "ann", "OWNER"), false)
		says(t, fs)
		if m.Email != "ann@example.com" {
			t.Errorf("%+v", m)
		}
		_, _, fs = x.update(bind("w1", "vic", "editor"), bind("w1", "vic", "viewer"), Exit{})
		says(t, fs)
		says(t, x.delete(bind("w1", "nobody", "viewer"), Exit{}, Private{}))
		says(t, x.delete(bind("w1", "zoe", "owner"), Exit{Reassign: "owner"}, Private{}))
		says(t, x.delete(bind("w1", "zoe", "owner"), Exit{Keep: true}, Private{}))
		s.WantSent(t)
	})
	t.Run("demoted by somebody else just before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			x := openSession(t, s, enforce())
			x.look("w1")
			s.Edit("w1", func(ms []membership.Member) []membership.Member { ms[0].Roles = []string{"viewer"}; return ms })
			m, _, fs := x.update(bind("w1", "ann", "owner"), bind("w1", "ann", "viewer"), Exit{})
			says(t, fs)
			if m.Role() != "viewer" {
				t.Errorf("%+v", m)
			}
			s.WantSent(t)
		})
	})
}

func TestAnUpdateOfSomebodyWhoLeftBringsThemBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Edit("w1", stage.Without("vic"))
		m, _, fs := openSession(t, s, enforce()).update(bind("w1", "vic", "viewer"), bind("w1", "vic", "editor"), Exit{})
		says(t, fs)
		if m.Role() != "editor" {
			t.Errorf("%+v", m)
		}
	})
}

// A thousand creations, ten at a time, share their listings.
func TestReadBacksAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 300
		s := town()
		s.Latency = 50 * time.Millisecond
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("p%d", i))
		}
		s.Strangers(ids...)
		x := openSession(t, s, enforce())
		slots := make(chan struct{}, 10)
		var wg sync.WaitGroup
		began := time.Now()
		for _, id := range ids {
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				if _, fs := x.create(bind("w1", id, "viewer"), false); len(fs) > 0 {
					t.Error(summaries(fs))
				}
			})
		}
		wg.Wait()
		if reads := len(s.Sent("read")); reads > n/4+4 {
			t.Errorf("%d listings for %d creations", reads, n)
		}
		if took, floor := time.Since(began), 2*n*s.Latency/10; took > floor*5/4 {
			t.Errorf("took %s, and %s is the floor", took, floor)
		}
	})
}

func TestErrorsReadWell(t *testing.T) {
	for want, err := range map[string]error{
		"list w: HTTP 503: busy: try later (identifier E1, request id r1)": &membership.Error{Op: "list w", Status: 503, Message: "busy", Details: "try later", Identifier: "E1", RequestID: "r1"},
		"list w: the service gave no reason":                               &membership.Error{Op: "list w"},
		"list w: connection refused":                                       &membership.Error{Op: "list w", Err: errors.New("connection refused")},
		"one; then two":                                                    errors.Join(errors.New("one. "), errors.New("two.")),
	} {
		if got := planning.Said(err); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	if membership.FailureOf(fmt.Errorf("wrapped: %w", &membership.Error{Failure: membership.Gone})) != membership.Gone || membership.FailureOf(errors.New("x")) != membership.Passing {
		t.Error("failures are classified wrongly")
	}
}
