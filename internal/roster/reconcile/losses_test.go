package reconcile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// race lets two machines, which share no lock, each take one owner out of a
// workspace at about the same time.
type race struct {
	traits  membership.Traits
	minimum int
	demote  bool
	// cancelled ends one request in the middle.
	cancelled bool
	seed      uint64
}

func (c race) run(t *testing.T) (owners int, outcomes []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(c.seed, 18))
		s := stage.New(c.traits)
		var ms []membership.Member
		for i := range c.minimum + 1 {
			ms = append(ms, stage.Person(fmt.Sprintf("o%d", i), c.traits.OwnerRole))
		}
		s.Workspace("w1", ms...)
		s.Latency = 40 * time.Millisecond
		results := make(chan []Outcome, 2)
		for i := range 2 {
			p := start(t, s, func(p *process) { p.policy.MinimumOwners = c.minimum })
			p.in("w1")
			delay := time.Duration(rng.Int64N(int64(120 * time.Millisecond)))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.cancelled && i == 0 {
				time.AfterFunc(delay+time.Duration(rng.Int64N(int64(200*time.Millisecond))), cancel)
			}
			change := end(fmt.Sprintf("o%d", i), c.traits.OwnerRole)
			if c.demote {
				change = give(fmt.Sprintf("o%d", i), c.traits.RolesAscending[0], held(c.traits.OwnerRole))
			}
			go func() {
				time.Sleep(delay)
				results <- p.applyWithin(ctx, "w1", change)
			}()
		}
		for range 2 {
			for _, o := range <-results {
				outcomes = append(outcomes, o.String())
			}
		}
		owners = s.Count(s.Spaces["w1"])
	})
	return owners, outcomes
}

// Fault 18: after such a race every workspace has its owners again.
func TestTwoMachinesLeaveNoWorkspaceWithoutItsOwners(t *testing.T) {
	for name, traits := range map[string]membership.Traits{"blink": stage.BlinkTraits(), "blazemeter": stage.BlazeTraits()} {
		for _, minimum := range []int{1, 2} {
			for _, how := range []string{"removed", "demoted", "removed, with an interrupt", "demoted, with an interrupt"} {
				t.Run(fmt.Sprintf("%s/%d/%s", name, minimum, how), func(t *testing.T) {
					both := 0
					for seed := range uint64(50) {
						owners, outcomes := race{
							traits: traits, minimum: minimum, seed: seed,
							demote: strings.HasPrefix(how, "demoted"), cancelled: strings.Contains(how, "interrupt"),
						}.run(t)
						if owners < minimum {
							t.Errorf("seed %d: %d owners are left of %d: %v", seed, owners, minimum, outcomes)
						}
						if slices.Contains(outcomes, "failed: given back") {
							both++
						}
					}
					if both == 0 {
						t.Error("in no race was anything given back")
					}
				})
			}
		}
	}
}

// elsewhere removes a user from outside as soon as this run writes.
func elsewhere(s *stage.Stage, id string) func(stage.Call) stage.Trouble {
	return func(c stage.Call) stage.Trouble {
		if c.Writes() && c.N == 1 {
			sp := s.Spaces[c.Workspace]
			sp.Members = stage.Without(id)(slices.Clone(sp.Members))
			s.Changed(sp)
		}
		return stage.Trouble{}
	}
}

func TestWhatTookTooMuchIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Trouble = elsewhere(s, "zoe")
		p := start(t, s)
		got := p.apply("w1", end("ann", "owner"))
		wantOutcomes(t, got, "failed: given back")
		if got[0].Before.ID != "ann" || got[0].After.Role() != "owner" {
			t.Errorf("%+v", got[0])
		}
		s.WantRole(t, "w1", "ann", "owner")
		s.WantSent(t, "remove w1 user/ann", "assign w1 user/ann owner")
		if n := p.book.Count("INFO Gave an access back"); n != 1 {
			t.Errorf("%d lines", n)
		}
		// For the rest of the run it is refused, with others there or without.
		s.Edit("w1", func(ms []membership.Member) []membership.Member {
			return append(ms, stage.Person("eve", "owner"), stage.Person("una", "owner"))
		})
		time.Sleep(10 * time.Second)
		wantOutcomes(t, p.apply("w1", end("ann", "owner")), "refused: given back")
	})
	t.Run("as many as are missing, and no more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w1", many(4, "owner")...)
			s.Trouble = elsewhere(s, "p3")
			p := start(t, s, func(p *process) { p.policy.MinimumOwners = 2 })
			got := p.apply("w1", drop("p0", "owner"), drop("p1", "owner"))
			wantOutcomes(t, got, "done", "failed: given back")
			if n := s.Count(s.Spaces["w1"]); n != 2 {
				t.Errorf("%d owners", n)
			}
		})
	})
	t.Run("an owner who counts, and not one who is inactive", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := stage.New(stage.BlinkTraits()).Workspace("w1", many(4, "owner")...)
			for i, who := range s.Known[""] {
				s.Known[""][i].Inactive = who.ID == "p1"
			}
			s.Trouble = elsewhere(s, "p3")
			p := start(t, s, func(p *process) { p.policy.MinimumOwners = 2 })
			wantOutcomes(t, p.apply("w1", drop("p0", "owner"), drop("p1", "owner")), "failed: given back", "done")
			s.WantRole(t, "w1", "p0", "owner")
		})
	})
	t.Run("one who was brought in again meanwhile, as less", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			leaves := elsewhere(s, "zoe")
			s.Trouble = func(c stage.Call) stage.Trouble {
				if sp := s.Spaces["w1"]; c.Op == "read" && len(sp.Members) > 0 && !slices.ContainsFunc(sp.Members, func(m membership.Member) bool { return m.ID == "ann" }) {
					sp.Members = append(slices.Clone(sp.Members), stage.Person("ann", "viewer"))
					s.Changed(sp)
				}
				return leaves(c)
			}
			wantOutcomes(t, start(t, s).apply("w1", end("ann", "owner")), "failed: given back")
			s.WantRole(t, "w1", "ann", "owner")
		})
	})
	t.Run("by the call that adds, where assigning does not", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Assigns = stage.AssignRefuses
			s.Trouble = elsewhere(s, "zoe")
			wantOutcomes(t, start(t, s).apply("w1", end("ann", "owner")), "failed: given back")
			s.WantRole(t, "w1", "ann", "owner")
		})
	})
	t.Run("one who was lowered, where the listing shows nobody", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			var hidden []membership.Member
			lowered := false
			s.Trouble = func(c stage.Call) stage.Trouble {
				sp := s.Spaces["w1"]
				switch {
				case c.Op == "assign" && hidden != nil:
					sp.Members, hidden = hidden, nil
				case c.Op == "assign":
					lowered = true
				case c.Op == "read" && lowered && hidden == nil:
					hidden, lowered, sp.Members = slices.Clone(sp.Members), false, nil
				}
				s.Changed(sp)
				return stage.Trouble{}
			}
			wantOutcomes(t, start(t, s).apply("w1", give("ann", "viewer", held("owner"))), "failed: given back")
			s.WantRole(t, "w1", "ann", "owner")
		})
	})
	t.Run("again where the request was lost, whatever a listing that lags shows", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			time.Sleep(10 * time.Second)
			s.Lag = 300 * time.Millisecond
			gone, lostOnce := elsewhere(s, "zoe"), false
			s.Trouble = func(c stage.Call) stage.Trouble {
				if c.Op == "assign" && !lostOnce {
					lostOnce = true
					return stage.Lost(false)
				}
				return gone(c)
			}
			wantOutcomes(t, start(t, s).apply("w1", end("ann", "owner")), "failed: given back")
			s.WantSent(t, "remove w1 user/ann", "assign w1 user/ann owner", "assign w1 user/ann owner", "add w1 user/ann owner")
			s.WantRole(t, "w1", "ann", "owner")
		})
	})
	t.Run("by the call that adds, where a later listing goes back to before the loss", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			time.Sleep(10 * time.Second)
			s.Assigns = stage.AssignIgnores
			leaves := elsewhere(s, "zoe")
			assigned, reads := false, 0
			s.Trouble = func(c stage.Call) stage.Trouble {
				assigned = assigned || c.Op == "assign"
				if assigned && c.Op == "read" {
					reads++
				}
				if s.Lag = 0; reads > 1 { // the first one shows that she is gone
					s.Lag = 5 * time.Second
				}
				return leaves(c)
			}
			wantOutcomes(t, start(t, s).apply("w1", end("ann", "owner")), "failed: given back")
			s.Lag = 0
			s.WantRole(t, "w1", "ann", "owner")
		})
	})
	t.Run("a failure names the person", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			gone := elsewhere(s, "zoe")
			s.Trouble = func(c stage.Call) stage.Trouble {
				if c.Op == "assign" || c.Op == "add" {
					return stage.Denied()
				}
				return gone(c)
			}
			got := start(t, s).apply("w1", end("ann", "owner"))
			wantOutcomes(t, got, "failed: not given back")
			if got[0].Err == nil || got[0].Before.Role() != "owner" {
				t.Errorf("%+v", got[0])
			}
		})
	})
	t.Run("warn undoes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Trouble = elsewhere(s, "zoe")
			wantOutcomes(t, start(t, s, func(p *process) { p.policy.Mode = guard.Warn }).apply("w1", end("ann", "owner")), "done")
			s.WantSent(t, "remove w1 user/ann")
		})
	})
}

// One that cannot be read gives nothing back, and is an error.
func TestALossThatCannotBeProved(t *testing.T) {
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
		wantOutcomes(t, start(t, s).apply("w1", end("ann", "owner")), "unclear: not proved")
		s.WantSent(t, "remove w1 user/ann")
	})
	t.Run("whose proof hangs, for ten seconds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := town()
			s.Trouble = func(c stage.Call) stage.Trouble {
				if c.Writes() {
					s.Latency = time.Hour
				}
				return stage.Trouble{}
			}
			p := start(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			got := p.applyWithin(ctx, "w1", end("ann", "owner"))
			wantOutcomes(t, got, "unclear: not proved")
			if took := time.Since(began); took > 12*time.Second || !errors.Is(got[0].Err, ErrUnverified) {
				t.Errorf("after %s: %v", took, got[0].Err)
			}
			s.Latency = 0
		})
	})
}

// A listing that still lags is looked at again before anything is given back.
func TestASuccessorThatDoesNotShowYetIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("ed", "editor"))
		time.Sleep(10 * time.Second)
		s.Lag = 2 * time.Second
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", give("ed", "owner", held("editor"))), "done")
		wantOutcomes(t, p.apply("w1", end("ann", "owner")), "done")
		s.WantSent(t, "assign w1 user/ed owner", "remove w1 user/ann")
	})
}

// A loss whose request was lost is not simply sent again: others may have left.
func TestALossThatWasLostIsJudgedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "remove" && c.N == 1 {
				return stage.Lost(false)
			}
			return stage.Trouble{}
		}
		p := start(t, s)
		p.in("w1")
		time.AfterFunc(3*time.Second, func() { s.Edit("w1", stage.Without("zoe")) })
		wantOutcomes(t, p.apply("w1", end("ann", "owner")), "refused: too few owners")
		s.WantSent(t, "remove w1 user/ann")
		s.WantRole(t, "w1", "ann", "owner")
	})
}

// Who has come by themselves, while a call that adds them had no effect, is not lowered.
func TestWhoCameByThemselvesIsNotLowered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.ProductTraits.AssignMayAdd = false
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "add" {
				sp := s.Spaces["w1"]
				sp.Members = append(sp.Members, stage.Person("new", "editor"))
				s.Changed(sp)
			}
			return stage.Trouble{}
		}
		got := start(t, s).apply("w1", give("new", "viewer"))
		wantOutcomes(t, got, "left alone: not held")
		s.WantRole(t, "w1", "new", "editor")
		if got[0].Before.Label() != "new@example.com" {
			t.Errorf("%+v", got[0].Before)
		}
	})
}

// A user who comes back from outside as an owner is nobody to give back.
func TestOnlyWhoIsGoneIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		again := false
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "read" && len(s.Spaces["w1"].Members) < 3 && !again {
				again = true
				sp := s.Spaces["w1"]
				sp.Members = append(stage.Without("zoe")(slices.Clone(sp.Members)), stage.Person("ann", "owner"))
				s.Changed(sp)
			}
			return stage.Trouble{}
		}
		start(t, s).apply("w1", end("ann", "owner"))
		s.WantSent(t, "remove w1 user/ann")
		s.WantRole(t, "w1", "ann", "owner")
	})
}

// An owner whom this run has made counts once a listing shows it: others may have changed
// that again.
func TestAnOwnerCountsOnceAListingShowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("ed", "editor"))
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", give("ed", "owner", held("editor"))), "done")
		s.Edit("w1", func(ms []membership.Member) []membership.Member {
			return append(stage.Without("ed")(ms), stage.Person("ed", "editor"))
		})
		wantOutcomes(t, p.apply("w1", end("ann", "owner")), "refused: too few owners")
		s.WantSent(t, "assign w1 user/ed owner")
	})
}

// What a listing shows from before this run's removal does not prove an addition.
func TestAnOldListingProvesNoAddition(t *testing.T) {
	for name, c := range map[string]struct {
		lag time.Duration
		// back is the number of a reading that is a second older than those before it.
		back int
	}{"at once": {}, "with a lag": {lag: time.Second}, "one that goes back": {back: 4}} {
		t.Run(name, func(t *testing.T) { addAfterRemoval(t, c.lag, c.back) })
	}
}

func addAfterRemoval(t *testing.T, lag time.Duration, back int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := town()
		time.Sleep(10 * time.Second)
		s.Lag, s.Assigns = lag, stage.AssignIgnores
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "read" && back > 0 {
				s.Lag = lag
				if c.N == back {
					s.Lag += time.Second
				}
			}
			return stage.Trouble{}
		}
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", end("vic", "viewer")), "done")
		wantOutcomes(t, p.apply("w1", give("vic", "viewer", by("other"))), "done")
		s.WantRole(t, "w1", "vic", "viewer")
		if n := len(s.Sent("read")); n > 30 {
			t.Errorf("%d readings", n)
		}
	})
}

// Who was removed is not there because a later listing goes back to before the removal.
func TestAListingThatGoesBackShowsNobodyWhoIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		time.Sleep(10 * time.Second)
		p := start(t, s)
		wantOutcomes(t, p.apply("w1", end("vic", "viewer")), "done")
		time.Sleep(2 * time.Second)
		if _, err := p.in("w1").Listing(t.Context()); err != nil { // it shows the removal
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		s.Lag = 5 * time.Second
		wantOutcomes(t, p.apply("w1", give("vic", "viewer", by("other"))), "done")
		s.WantRole(t, "w1", "vic", "viewer")
	})
}

// A loss that waits, and has to be decided anew because its listing has become too old,
// is judged again, and answered like any other.
func TestAWaitingLossThatIsDecidedAnewIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, lonely())
		r := p.in("w1")
		got := make(chan []Outcome, 1)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() { got <- r.Apply(ctx, end("ann", "owner")) }()
		time.Sleep(time.Second)
		r.mu.Lock()
		again := r.losses.open
		r.losses.open = nil
		r.requeue(again...)
		r.dispatch()
		r.unlock()
		wantOutcomes(t, <-got, "refused: too few owners")
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
