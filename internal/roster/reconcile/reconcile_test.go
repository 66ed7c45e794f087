package reconcile

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

func TestGiveAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", give("new", "editor")), "done")
		wantOutcomes(t, p.apply("w1", give("new", "EDITOR")), "already so")
		wantOutcomes(t, p.apply("w1", end("vic", "viewer")), "done")
		wantOutcomes(t, p.apply("w1", end("vic", "viewer")), "already so")
		wantOutcomes(t, p.apply("w1", end("ann", "owner")), "done")
		s.WantSent(t, "assign w1 user/new editor", "remove w1 user/vic", "remove w1 user/ann")
	})
}

// What a change may take away, by what it is and by what the state held.
func TestWhatMayBeTakenAway(t *testing.T) {
	for name, c := range map[string]struct {
		change Change
		want   string
	}{
		"a creation gives a higher role":                        {give("vic", "editor"), "done"},
		"a creation leaves a higher role alone":                 {give("ed", "viewer"), "left alone: not held"},
		"a creation that adopts takes it":                       {give("ed", "viewer", adopting), "done"},
		"a creation does not choose between two custom roles":   {give("aud", "billing"), "left alone: not held"},
		"an update takes what the state held":                   {give("ed", "viewer", held("editor")), "done"},
		"an update leaves what was changed since":               {give("ed", "viewer", held("owner")), "left alone: not held"},
		"an update leaves whom somebody has promoted since":     {give("ann", "editor", held("viewer")), "left alone: not held"},
		"an update brings somebody back":                        {give("new", "editor", held("viewer")), "done"},
		"a delete ends whatever lesser role there is":           {end("ed", "viewer"), "done"},
		"a delete leaves who became an owner":                   {end("ann", "viewer"), "left alone: became owner"},
		"a delete of an owner":                                  {end("ann", "owner"), "done"},
		"a delete of nobody":                                    {end("new", "viewer"), "already so"},
		"a delete that reassigns":                               {end("ed", "editor", leaving("viewer")), "done"},
		"a delete that reassigns what is there":                 {end("vic", "editor", leaving("viewer")), "already so"},
		"several: whoever stands as the state says is removed":  {drop("vic", "viewer"), "done"},
		"several: whoever was promoted since is left alone":     {drop("ed", "viewer"), "left alone: not held"},
		"several: whoever was lowered since is left alone, too": {drop("vic", "editor"), "left alone: not held"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town().With("w1", stage.Person("ed", "editor"), stage.Person("aud", "auditor"))
				wantOutcomes(t, start(t, s).apply("w1", c.change), c.want)
				if n := len(s.Wrote()); (n == 1) != (c.want == "done") {
					t.Errorf("sent %v", s.Wrote())
				}
			})
		})
	}
}

// (a) An incomplete listing proves who is there, and nothing else.
func TestAnIncompleteListing(t *testing.T) {
	for name, c := range map[string]struct {
		change Change
		want   string
	}{
		"nobody is absent in it":                           {end("gone", "viewer"), "refused: incomplete"},
		"nobody is removed by it":                          {end("vic", "viewer"), "refused: incomplete"},
		"nobody is added by it":                            {give("new", "viewer"), "refused: incomplete"},
		"but an owner is: that takes nothing from anybody": {give("new", "owner"), "done"},
		"somebody who is there is there":                   {give("vic", "viewer"), "already so"},
		"and can be given more":                            {give("vic", "editor"), "done"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("vic", "viewer")).Strangers("new")
				wantOutcomes(t, start(t, s).apply("w1", c.change), c.want)
			})
		})
	}
	t.Run("one that is incomplete once is read again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			whole := s.Spaces["w1"].Members
			s.Edit("w1", func(ms []membership.Member) []membership.Member { return ms[2:] })
			p := start(t, s)
			if _, err := p.in("w1").Current(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.Edit("w1", func([]membership.Member) []membership.Member { return whole })
			wantOutcomes(t, p.apply("w1", end("vic", "viewer")), "done")
		})
	})
}

// (b) Who came since the run began is seen before anything is taken away.
func TestDecisionsRestOnANewListing(t *testing.T) {
	t.Run("fault 3: the only owner by now", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town().With("w1", stage.Person("ed", "editor"))
			p := start(t, s)
			if _, err := p.in("w1").Current(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4 * time.Second)
			s.Edit("w1", func(ms []membership.Member) []membership.Member {
				for i, m := range ms {
					ms[i].Roles = []string{map[string]string{"ed": "owner", "vic": "viewer"}[m.ID]}
				}
				return ms[2:]
			})
			wantOutcomes(t, p.apply("w1", give("ed", "viewer", held("editor"))), "left alone: not held")
			s.WantSent(t)
		})
	})
	t.Run("fault 13: somebody whom the run's first listing does not show", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			p := start(t, s)
			if _, err := p.in("w1").Current(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.Edit("w1", func(ms []membership.Member) []membership.Member { return append(ms, stage.Person("late", "viewer")) })
			wantOutcomes(t, p.apply("w1", end("late", "viewer")), "done")
		})
	})
	t.Run("an addition needs no second reading", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			p := start(t, s)
			if _, err := p.in("w1").Current(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantOutcomes(t, p.apply("w1", give("new", "viewer")), "done")
			if n := len(s.Sent("read")); n != 2 { // the second one proves it
				t.Errorf("%d readings", n)
			}
		})
	})
	t.Run("what was not sent within a second is decided anew", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Latency = 3 * time.Second
			p := start(t, s)
			p.in("w1").slots = 1
			waits := make(chan []Outcome, 1)
			go func() { waits <- p.apply("w1", give("new", "viewer")) }()
			time.Sleep(4 * time.Second) // it is being written
			go func() { p.apply("w1", give("other", "viewer")) }()
			synctest.Wait()
			s.Edit("w1", func(ms []membership.Member) []membership.Member { return append(ms, stage.Person("other", "owner")) })
			<-waits
			time.Sleep(time.Minute)
			s.WantRole(t, "w1", "other", "owner")
			s.WantSent(t, "assign w1 user/new viewer")
		})
	})
}

// (e) Who is held by an instance of the run is not removed by another.
func TestWhoIsHeldIsNotRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", give("vic", "viewer", by("b"))), "already so")
		wantOutcomes(t, p.apply("w1", end("vic", "viewer", by("a")), drop("vic", "viewer")), "left alone: held by another", "left alone: held by another")
		wantOutcomes(t, p.apply("w1", end("vic", "viewer", by(""))), "left alone: held by another")
		s.WantSent(t)
		wantOutcomes(t, p.apply("w1", end("vic", "viewer", by("b"))), "done")
		// Nobody holds it any more.
		s.Edit("w1", func(ms []membership.Member) []membership.Member { return append(ms, stage.Person("vic", "viewer")) })
		time.Sleep(10 * time.Second)
		wantOutcomes(t, p.apply("w1", end("vic", "viewer", by("a"))), "done")
	})
}

// Nor is one lowered whom another instance of the run holds.
func TestWhoIsHeldIsNotLowered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", give("zoe", "owner", by("b"))), "already so")
		wantOutcomes(t, p.apply("w1", give("zoe", "viewer", held("owner"), by("a"))), "left alone: not held")
		s.WantSent(t)
	})
}

// Fault 6: a removal is under way while another resource comes to name the principal.
func TestWhoIsNamedWhileBeingRemovedComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Latency = 100 * time.Millisecond
		p := start(t, s)
		p.in("w1")
		removed := make(chan []Outcome, 1)
		go func() { removed <- p.apply("w1", end("vic", "viewer")) }()
		time.Sleep(280 * time.Millisecond) // it is being written
		wantOutcomes(t, p.apply("w1", give("vic", "viewer", by("all"))), "done")
		wantOutcomes(t, <-removed, "done")
		s.WantRole(t, "w1", "vic", "viewer")
	})
}

// Fault 5: two resources take the same owner out, in one request and in another.
func TestTwoLossesOfOneOwnerDoNotBlockEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := start(t, s)
		p.in("w1")
		done := make(chan []Outcome, 1)
		go func() { done <- p.apply("w1", give("ann", "viewer", adopting)) }()
		p.apply("w1", drop("ann", "owner"), drop("vic", "viewer"))
		<-done
		s.WantRole(t, "w1", "ann", "viewer")
		s.WantRole(t, "w1", "vic", "")
	})
}

// Fault 12: the object before is still there when its successor comes.
func TestAReplacementCreatedBeforeDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", give("vic", "editor", by("new instance"))), "done")
		wantOutcomes(t, p.apply("w1", end("vic", "viewer", by("old instance"))), "left alone: held by another")
		s.WantRole(t, "w1", "vic", "editor")
	})
	t.Run("or goes before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			p := start(t, s)
			p.in("w1").HandOver(stage.User("ann"), membership.Standing{Role: "owner", Enabled: true}, "viewer")
			wantOutcomes(t, p.apply("w1", give("ann", "viewer", by("new instance"), creates)), "done")
			s.WantRole(t, "w1", "ann", "viewer")
		})
	})
	t.Run("and nobody else is its successor", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			p := start(t, s)
			p.in("w1").HandOver(stage.User("ann"), membership.Standing{Role: "owner", Enabled: true}, "owner")
			for _, c := range []Change{
				give("ann", "viewer", by("in place of another")), give("ann", "viewer", by("another role"), creates),
				give("ann", "owner", by("new instance"), creates), give("ann", "viewer", by("too late"), creates),
			} {
				want := "left alone: not held"
				if c.Token == "new instance" {
					want = "already so"
				}
				wantOutcomes(t, p.apply("w1", c), want)
			}
			s.WantRole(t, "w1", "ann", "owner")
		})
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		p := start(t, s)
		began := time.Now()
		wantOutcomes(t, p.apply("w1", end("ann", "owner")), "refused: too few owners")
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("after %s", took)
		}
		s.WantSent(t)
		if n := p.book.Count("WARN Waiting for a successor"); n != 1 {
			t.Errorf("%d lines", n)
		}
	})
}

// Fault 2: the first listing of the run is incomplete, and something else is written.
func TestAnIncompleteListingIsNoFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("vic", "viewer")).Strangers("new")
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", give("vic", "editor")), "done")
		s.Edit("w1", func(ms []membership.Member) []membership.Member { return append(ms, stage.Person("ann", "owner")) })
		time.Sleep(2 * time.Second)
		wantOutcomes(t, p.apply("w1", give("ann", "viewer", held("owner"))), "refused: too few owners")
		s.WantRole(t, "w1", "ann", "owner")
	})
}

func TestASuccessorEndsTheWaitAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		p := start(t, s)
		p.in("w1")
		waits := make(chan []Outcome, 1)
		go func() { waits <- p.apply("w1", end("ann", "owner")) }()
		time.Sleep(3 * time.Second)
		began := time.Now()
		wantOutcomes(t, p.apply("w1", give("new", "owner")), "done")
		wantOutcomes(t, <-waits, "done")
		if time.Since(began) > time.Second {
			t.Errorf("it took %s", time.Since(began))
		}
		s.WantSent(t, "assign w1 user/new owner", "remove w1 user/ann")
	})
}

// Fault 7: an exchange beside a removal, in three requests and any order.
func TestALegalExchangeGoesThrough(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("zoe", "owner")).Strangers("new")
			s.Latency = 20 * time.Millisecond
			p := start(t, s)
			p.in("w1")
			var all sync.WaitGroup
			all.Go(func() { wantOutcomes(t, p.apply("w1", end("zoe", "owner")), "done") })
			all.Go(func() {
				wantOutcomes(t, p.apply("w1", give("new", "owner")), "done")
				wantOutcomes(t, p.apply("w1", drop("ann", "owner")), "done")
			})
			all.Wait()
			if s.Fewest("w1") != 1 {
				t.Errorf("down to %d", s.Fewest("w1"))
			}
		})
	}
}

// Fault 15: only a gain wakes who waits for a successor.
func TestOtherChangesDoNotWakeAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		s.Latency = 50 * time.Millisecond
		for i := range 80 {
			s.Strangers(fmt.Sprintf("p%d", i))
		}
		p := start(t, s)
		p.in("w1")
		waits := make(chan []Outcome, 1)
		go func() { waits <- p.apply("w1", end("ann", "owner")) }()
		time.Sleep(time.Second)
		alone := len(s.Sent("read"))
		fill(80, 10, func(i int) { p.apply("w1", give(fmt.Sprintf("p%d", i), "viewer")) })
		beside := len(s.Sent("read")) - alone
		wantOutcomes(t, <-waits, "refused: too few owners")
		if beside > 80/4+2 {
			t.Errorf("%d readings for 80 creations beside one who waits", beside)
		}
		if n := p.locker.(*stage.Locker).Taken; n != 2 {
			t.Errorf("it was judged %d times: when it came and when nothing moved any more is all there is", n)
		}
	})
}

func TestSeveralThatWaitAreRefusedOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		g := func(p *process) { p.policy.MinimumOwners = 2 }
		p := start(t, s, g)
		p.in("w1")
		began := time.Now()
		var mu sync.Mutex
		var at []time.Duration
		var all sync.WaitGroup
		for _, id := range []string{"ann", "zoe"} {
			all.Go(func() {
				wantOutcomes(t, p.apply("w1", end(id, "owner")), "refused: too few owners")
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Since(began))
			})
		}
		all.Wait()
		if at[0] != 5*time.Second || at[1] != 10*time.Second {
			t.Errorf("at %v", at)
		}
		if n := stage.Waiting(p.act) + stage.Running(p.act); n != 0 {
			t.Errorf("%d requests are left over", n)
		}
	})
}

// One request that gives several owners up is answered at once, and waits as one.
func TestARequestWaitsWhenAllItsOpenChangesDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := start(t, s, func(p *process) { p.policy.MinimumOwners = 2 })
		p.in("w1")
		began := time.Now()
		got := p.apply("w1", drop("ann", "owner"), drop("zoe", "owner"), drop("vic", "viewer"))
		wantOutcomes(t, got, "refused: too few owners", "refused: too few owners", "done")
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("after %s", took)
		}
		if got[0].Short != got[1].Short || got[0].Short.Section.Would != 0 {
			t.Errorf("%+v and %+v", got[0].Short, got[1].Short)
		}
	})
}

func TestTheKeysOwnUserGoesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town().With("w1", stage.Person("key", "editor"))
		s.Latency = 10 * time.Millisecond
		p := start(t, s)
		got := p.apply("w1", drop("key", "editor"), drop("ann", "owner"), drop("vic", "viewer"))
		wantOutcomes(t, got, "done", "done", "done")
		if sent := s.Wrote(); sent[2] != "remove w1 user/key" {
			t.Errorf("sent %v", sent)
		}
		if !got[0].OwnUser || got[1].OwnUser {
			t.Error("whose the key is was mixed up")
		}
	})
	t.Run("two rows with the e-mail of the key's user", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b, c := stage.Person("key1", "editor"), stage.Person("key2", "editor"), stage.Person("key3", "editor")
			a.Email, b.Email, c.Email = "key@example.com", "key@example.com", "key@example.com"
			s := town().With("w1", a, b, c)
			s.KeyUser = membership.Person{Principal: membership.Principal{Kind: membership.User}, Email: "key@example.com"}
			p := start(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			wantOutcomes(t, p.applyWithin(ctx, "w1", drop("key1", "editor"), drop("key2", "editor"), drop("vic", "viewer"), drop("key3", "editor")), "done", "done", "done", "done")
			if sent := s.Wrote(); sent[0] != "remove w1 user/vic" {
				t.Errorf("sent %v", sent)
			}
		})
	})
}

// A user whom the state shows without a role, or with several, has none that can be given.
func TestNoRoleIsGivenThatIsNone(t *testing.T) {
	for _, role := range []string{"", "viewer,editor"} {
		for name, test := range map[string]struct {
			now  []string
			want string
		}{
			"as before":          {strings.FieldsFunc(role, func(r rune) bool { return r == ',' }), "already so"},
			"given a role since": {[]string{"contributor"}, "left alone: not held"},
			"gone since":         {nil, "already so"},
		} {
			t.Run(name+" "+role, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := town()
					if name != "gone since" {
						odd := stage.Person("odd", "")
						odd.Roles = test.now
						s.With("w1", odd)
					}
					wantOutcomes(t, start(t, s).apply("w1", give("odd", role, held(role))), test.want)
					s.WantSent(t)
				})
			})
		}
	}
}

// Data sources and the next plan see what this run has done, though listings lag.
func TestTheRunsOwnAnswersLieOverAListingThatLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		p := start(t, s)
		_ = p.apply("w1", give("new", "viewer"))
		s.Lag = 2 * time.Second
		wantOutcomes(t, p.apply("w1", end("vic", "viewer")), "done")
		l, err := p.in("w1").Current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, there := l.Member(stage.User("vic")); there {
			t.Error("the listing shows whom this run has removed")
		}
	})
}

// A write that a paused host keeps waiting is decided anew.
func TestAPausedHostLetsNoOldDecisionThrough(t *testing.T) {
	for name, test := range map[string]struct {
		change        Change
		was, is, then string
		want          string
	}{
		"a removal of one who becomes an owner":  {end("vic", "viewer"), "viewer", "owner", "owner", "left alone: became owner"},
		"a lower role for one who becomes owner": {give("vic", "viewer", held("editor")), "editor", "owner", "owner", "left alone: not held"},
		"nothing has changed":                    {end("vic", "viewer"), "viewer", "viewer", "", "done"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				become := func(role string) {
					s.Edit("w1", func(ms []membership.Member) []membership.Member {
						return append(stage.Without("vic")(ms), stage.Person("vic", role))
					})
				}
				become(test.was)
				s.Trouble = func(c stage.Call) stage.Trouble {
					if !c.Writes() || c.N > 1 {
						return stage.Trouble{}
					}
					time.AfterFunc(time.Second, func() { become(test.is) })
					return stage.Trouble{Pause: 3 * time.Second}
				}
				wantOutcomes(t, start(t, s).apply("w1", test.change), test.want)
				s.WantRole(t, "w1", "vic", test.then)
			})
		})
	}
}

// Listings that do not settle what became of a write are read at growing intervals.
func TestReadingAgainBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Latency = 50 * time.Millisecond
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", end("vic", "viewer")), "done")
		s.Lag = 4 * time.Second
		before := len(s.Sent("read"))
		wantOutcomes(t, p.apply("w1", give("vic", "viewer", by("b"))), "done")
		if n := len(s.Sent("read")) - before; n > 16 {
			t.Errorf("%d readings", n)
		}
	})
}

// A resource of one role waits until nobody else names whom it gives up.
func TestWhoeverIsGivenUpMayBeNamedElsewhere(t *testing.T) {
	settling := func(c *Change) { c.QuietFor = time.Second }
	for name, named := range map[string]bool{"named": true, "not named": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := town()
				p := start(t, s)
				p.in("w1")
				waits := make(chan []Outcome, 1)
				go func() { waits <- p.apply("w1", drop("vic", "viewer", settling)) }()
				time.Sleep(500 * time.Millisecond)
				began := time.Now()
				if named {
					wantOutcomes(t, p.apply("w1", give("vic", "editor", by("other"))), "done")
					wantOutcomes(t, <-waits, "left alone: held by another")
					s.WantSent(t, "assign w1 user/vic editor")
					return
				}
				wantOutcomes(t, <-waits, "done")
				if took := time.Since(began); took != 500*time.Millisecond {
					t.Errorf("after %s", took)
				}
				s.WantSent(t, "remove w1 user/vic")
			})
		})
	}
}

// Cancelled or out of time, what was not sent is not sent any more.
func TestTheEndOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		s.Latency = 100 * time.Millisecond
		p := start(t, s)
		p.in("w1").slots = 1
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		began := time.Now()
		got := p.applyWithin(ctx, "w1", give("new", "viewer"), give("other", "viewer"), end("ann", "owner"))
		wantOutcomes(t, got, "unclear", "failed", "failed")
		if took := time.Since(began); took != 150*time.Millisecond {
			t.Errorf("after %s", took)
		}
		sent := len(s.Wrote())
		time.Sleep(time.Minute)
		if n := len(s.Wrote()); n != sent || n > 1 {
			t.Errorf("%d calls, %d of them after the end", n, n-sent)
		}
		// What became of it is not known, and the next reading tells.
		wantOutcomes(t, p.apply("w1", give("new", "viewer")), map[string]string{"viewer": "already so", "": "done"}[s.Role("w1", "new")])
	})
	t.Run("while waiting for a successor", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := lonely()
			p := start(t, s)
			defer p.act.Begin()() // something that never ends
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			got := p.applyWithin(ctx, "w1", end("ann", "owner"))
			wantOutcomes(t, got, "refused: too few owners")
			if !got[0].Short.TimedOut || stage.Waiting(p.act) != 0 {
				t.Errorf("%+v, %d wait", got[0].Short, stage.Waiting(p.act))
			}
		})
	})
}

func TestAWriteWithoutAnAnswerIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town().With("w1", stage.Person("eve", "owner"))
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "remove" && c.Principal.ID == "ann" {
				return stage.Lost(false)
			}
			return stage.Trouble{}
		}
		p := start(t, s, func(p *process) { p.policy.MinimumOwners = 2 })
		wantOutcomes(t, p.apply("w1", end("ann", "owner")), "unclear")
		// For the count she is gone.
		wantOutcomes(t, p.apply("w1", end("zoe", "owner")), "refused: too few owners")
	})
}

// What only takes something away from people who are no owners is done when the
// service says so; one listing a second is what deciding takes.
func TestADestroyOfManyCostsNWritesAndOneListingASecond(t *testing.T) {
	for name, traits := range map[string]membership.Traits{"blink": stage.BlinkTraits(), "blazemeter": stage.BlazeTraits()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 1000
				s := stage.New(traits).Workspace("w1", append(many(n, traits.RolesAscending[0]), stage.Person("ann", traits.OwnerRole))...)
				s.Latency, s.Shifts = 50*time.Millisecond, traits.ListingShifts
				p := start(t, s)
				p.in("w1")
				began := time.Now()
				fill(n, 10, func(i int) {
					wantOutcomes(t, p.apply("w1", end(fmt.Sprintf("p%d", i), traits.RolesAscending[0])), "done")
				})
				took := time.Since(began)
				if reads := len(s.Sent("read")); reads > int(took/time.Second)+2 {
					t.Errorf("%d listings in %s", reads, took)
				}
				if len(s.Wrote()) != n || took > 8*time.Second {
					t.Errorf("%d writes in %s", len(s.Wrote()), took)
				}
			})
		})
	}
}

// A resource that manages ten thousand asks for all of them, although only a few
// differ from what is there.
func TestWhatIsAlreadySoCostsTheSameForEach(t *testing.T) {
	bytesFor := func(n int) uint64 {
		p := start(t, stage.New(stage.BlinkTraits()).Workspace("w1", append(many(n, "viewer"), stage.Person("ann", "owner"))...))
		changes := make([]Change, n)
		for i := range changes {
			changes[i] = give(fmt.Sprintf("p%d", i), "viewer")
		}
		if _, err := p.in("w1").Recent(t.Context()); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := p.apply("w1", changes...)
		runtime.ReadMemStats(&after)
		for _, o := range got {
			if o.Result != AlreadySo {
				t.Fatal(o)
			}
		}
		return (after.TotalAlloc - before.TotalAlloc) / uint64(n)
	}
	const most = 2500
	if few, all := bytesFor(1000), bytesFor(10_000); all > most || all > 2*few {
		t.Errorf("%d bytes for each of 1 000, %d for each of 10 000; at most %d", few, all, most)
	} else {
		t.Logf("%d bytes for each of 1 000, %d for each of 10 000", few, all)
	}
}

// 1 000 creations, ten slots, 50 ms a call: nobody waits for company.
func TestNobodyWaitsForCompany(t *testing.T) {
	for name, traits := range map[string]membership.Traits{"blink": stage.BlinkTraits(), "blazemeter": stage.BlazeTraits()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 1000
				role := traits.RolesAscending[0]
				s := strangers(traits, n)
				p := start(t, s)
				p.in("w1")
				began := time.Now()
				fill(n, 10, func(i int) {
					wantOutcomes(t, p.apply("w1", give(fmt.Sprintf("p%d", i), role)), "done")
				})
				took, reads := time.Since(began), len(s.Sent("read", "find", "people", "self", "describe"))
				t.Logf("%s, %d readings", took, reads)
				if len(s.Wrote()) != n || reads > 301 || took > 14500*time.Millisecond {
					t.Errorf("%d writes and %d readings in %s", len(s.Wrote()), reads, took)
				}
			})
		})
	}
}

// A reading that is under way when an addition is answered proves it, if it shows it,
// and no other is made.
func TestAReadingUnderWayProvesWhatItShows(t *testing.T) {
	for name, traits := range map[string]membership.Traits{"blink": stage.BlinkTraits(), "blazemeter": stage.BlazeTraits()} {
		for _, test := range []struct {
			lag   time.Duration
			took  time.Duration
			reads int
		}{
			{0, 100 * time.Millisecond, 1},
			{60 * time.Millisecond, 250 * time.Millisecond, 3}, // which show neither, the first one, and both
		} {
			t.Run(fmt.Sprint(name, " ", test.lag), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := strangers(traits, 2)
					p := start(t, s)
					if _, err := p.in("w1").Recent(t.Context()); err != nil {
						t.Fatal(err)
					}
					s.Lag = test.lag
					before, began := len(s.Sent("read", "find")), time.Now()
					var both sync.WaitGroup
					for i := range 2 {
						both.Go(func() {
							wantOutcomes(t, p.apply("w1", give(fmt.Sprintf("p%d", i), traits.RolesAscending[0])), "done")
						})
						time.Sleep(20 * time.Millisecond) // answered while the other one is being proved
					}
					both.Wait()
					took, reads := time.Since(began), len(s.Sent("read", "find"))-before
					if t.Logf("%s, %d readings", took, reads); took > test.took || reads > test.reads {
						t.Errorf("%d readings in %s, more than %d in %s", reads, took, test.reads, test.took)
					}
				})
			})
		}
	}
}

// Terraform itself may be so slow that every creation comes when the one before is
// nearly done. A reading then proves several all the same.
func TestReadingsKeepInProportionWhereTerraformIsSlow(t *testing.T) {
	for name, traits := range map[string]membership.Traits{"blink": stage.BlinkTraits(), "blazemeter": stage.BlazeTraits()} {
		for _, every := range []time.Duration{30 * time.Millisecond, 65 * time.Millisecond, 90 * time.Millisecond} {
			t.Run(fmt.Sprint(name, " ", every), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const n = 300
					s := strangers(traits, n)
					p := start(t, s)
					p.in("w1")
					began := time.Now()
					var all sync.WaitGroup
					slots := make(chan struct{}, 10)
					for i := range n {
						slots <- struct{}{}
						all.Go(func() {
							wantOutcomes(t, p.apply("w1", give(fmt.Sprintf("p%d", i), traits.RolesAscending[0])), "done")
							<-slots
						})
						time.Sleep(every)
					}
					all.Wait()
					took, reads := time.Since(began), len(s.Sent("read", "find"))
					t.Logf("%s, %d readings", took, reads)
					most := n/2 - 10
					if traits.ListingShifts { // looks make no listing newer
						most += int(took / time.Second)
					}
					if reads > most {
						t.Errorf("%d readings for %d writes, more than %d", reads, n, most)
					}
					if most := n*every + 500*time.Millisecond; took > most {
						t.Errorf("it took %s, longer than %s", took, most)
					}
				})
			})
		}
	}
}

// A resource that adds thousands needs no proof of one before it goes on with the next.
func TestAResourceThatAddsThousandsReadsOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, slots = 3000, 16 // as many as a process of these tests sends at a time
		s := strangers(stage.BlinkTraits(), n)
		changes := make([]Change, n)
		for i := range changes {
			changes[i] = give(fmt.Sprintf("p%d", i), "viewer")
		}
		p := start(t, s)
		began := time.Now()
		for _, o := range p.apply("w1", changes...) {
			if o.Result != Done {
				t.Fatal(o)
			}
		}
		took, reads := time.Since(began), len(s.Sent("read"))
		t.Logf("%s, %d readings", took, reads)
		if most := time.Duration(n/slots)*50*time.Millisecond*11/10 + 200*time.Millisecond; took > most {
			t.Errorf("it took %s, longer than %s", took, most)
		}
		if most := int(took/moreWithin) + 6; reads > most {
			t.Errorf("%d readings in %s, more than %d", reads, took, most)
		}
	})
}

// Who makes one change after the other waits for no other one.
func TestOneAtATimeWaitsForNoCompany(t *testing.T) {
	for name, traits := range map[string]membership.Traits{"blink": stage.BlinkTraits(), "blazemeter": stage.BlazeTraits()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 50
				s := strangers(traits, n)
				p := start(t, s)
				began := time.Now()
				for i := range n {
					wantOutcomes(t, p.apply("w1", give(fmt.Sprintf("p%d", i), traits.RolesAscending[0])), "done")
				}
				// A write and its proof each, and a listing a second.
				if took := time.Since(began); took > n*100*time.Millisecond+time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// The file lock is held while owners are removed, and not while one waits.
func TestTheLockIsReleasedWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		lock := &stage.Locker{}
		p := start(t, s, func(p *process) { p.locker = lock })
		p.in("w1")
		waits := make(chan []Outcome, 1)
		go func() { waits <- p.apply("w1", end("ann", "owner")) }()
		time.Sleep(time.Second)
		key := p.in("w1").lockKey()
		free, err := lock.Lock(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // waiting for the lock is no wait for a successor
		free()
		wantOutcomes(t, <-waits, "refused: too few owners")
		if !strings.HasSuffix(key, "\nw1") {
			t.Errorf("the key is %q", key)
		}
	})
}

// Fault 8: whatever the endpoint's spelling and TMPDIR, it is one lock.
func TestOneWorkspaceIsOneLock(t *testing.T) {
	before := NewFileLocker()
	t.Setenv("TMPDIR", t.TempDir())
	if NewFileLocker() != before {
		t.Error("the folder follows TMPDIR")
	}
	s, other := town(), town()
	other.ProductTraits.Endpoint = strings.ToUpper(s.ProductTraits.Endpoint[:20]) + s.ProductTraits.Endpoint[20:] + "/"
	if start(t, s).in("w1").lockKey() != start(t, other).in("W1").lockKey() {
		t.Error("two spellings are two locks")
	}
}

// strangers is a workspace with one owner, and n users who can be added to it: p0, p1
// and so on. A call takes 50 ms.
func strangers(traits membership.Traits, n int) *stage.Stage {
	s := stage.New(traits).Workspace("w1", stage.Person("ann", traits.OwnerRole))
	s.Latency = 50 * time.Millisecond
	if traits.ListingShifts {
		s.Finds = stage.FindsAtTheEnd
	}
	for i := range n {
		s.Strangers(fmt.Sprintf("p%d", i))
	}
	return s
}

// fill runs n operations in some slots.
func fill(n, slots int, operation func(i int)) {
	var all sync.WaitGroup
	next := make(chan int)
	for range slots {
		all.Go(func() {
			for i := range next {
				operation(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

var _ = guard.Enforce

// What a loss was to be judged by is not read on once nobody is to be lost.
func TestAJudgementThatNobodyNeedsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lonely()
		p := start(t, s)
		p.in("w1")
		lock := p.locker.(*stage.Locker)
		free, err := lock.Lock(t.Context(), p.in("w1").lockKey())
		if err != nil {
			t.Fatal(err)
		}
		waits := make(chan []Outcome, 1)
		go func() { waits <- p.apply("w1", end("ann", "owner")) }()
		time.Sleep(time.Second) // it waits for the lock
		wantOutcomes(t, p.apply("w1", give("ann", "owner", by("other"))), "already so")
		wantOutcomes(t, <-waits, "left alone: held by another")
		synctest.Wait()
		calls := len(s.Sent())
		free()
		time.Sleep(time.Minute)
		if n := len(s.Sent()); n != calls {
			t.Errorf("%d calls for nobody", n-calls)
		}
	})
}
