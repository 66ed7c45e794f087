package roster

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// bringIn creates n people in ten slots.
func bringIn(t *testing.T, a *session, n int) {
	t.Helper()
	fill(n, 10, 3*time.Millisecond, func(i int) {
		m, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "tester"), false)
		if len(fs) > 0 {
			t.Error(summaries(fs))
		}
		if want := fmt.Sprintf("p%d@example.com", i); m.Email != want {
			t.Errorf("created %q, not %q", m.Email, want)
		}
	})
}

// One whole listing to decide by, and after that a look at the new ones now and then.
func TestAdditionsAreFoundWithoutWholeListings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 300
		s := fullHouse(stage.BlazeTraits(), n)
		s.Latency, s.Finds = 50*time.Millisecond, stage.FindsAtTheEnd
		a := openSession(t, s, enforce())
		began := time.Now()
		bringIn(t, a, n)
		// A decision rests on a listing that is at most a second old.
		if reads := len(s.Sent("read")); reads > int(time.Since(began)/time.Second)+2 {
			t.Errorf("%d whole listings in %s", reads, time.Since(began))
		}
		if looks := len(s.Sent("find")); looks > n/3 {
			t.Errorf("%d looks for %d people", looks, n)
		}
		if w := len(s.Sent("add")); w != n {
			t.Errorf("%d additions for %d people", w, n)
		}
		// The next reading shows them.
		l, err := a.run.Listing(t.Context(), "w1")
		if err != nil || len(l.Members) != n+1 || l.Enabled() != n+1 {
			t.Errorf("the listing shows %d members (%d enabled): %v", len(l.Members), l.Enabled(), err)
		}
		for i := range n {
			p := stage.User(fmt.Sprintf("p%d", i))
			if m, ok := l.Member(p); !ok || m.Principal != p {
				t.Errorf("%s is at the place of %s", p, m.Principal)
			}
		}
	})
}

// A service that lists new members elsewhere is asked twice, and then no more.
func TestLooksInVainEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100
		s := fullHouse(stage.BlazeTraits(), n)
		s.Latency, s.Finds = 50*time.Millisecond, stage.FindsNobody
		bringIn(t, openSession(t, s, enforce()), n)
		if looks := len(s.Sent("find")); looks != 2 {
			t.Errorf("%d looks", looks)
		}
		if reads := len(s.Sent("read")); reads > n/4+4 {
			t.Errorf("%d listings", reads)
		}
	})
}

// A look that fails proves nothing, and says nothing about where new ones are listed.
func TestALookThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(stage.BlazeTraits(), 9)
		s.Finds = stage.FindsAtTheEnd
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "find" && c.N <= 2*2 {
				return stage.Broken()
			}
			return stage.Trouble{}
		}
		a := openSession(t, s, enforce())
		for i := range 9 {
			_, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "tester"), false)
			says(t, fs)
		}
		if looks, reads := len(s.Sent("find")), len(s.Sent("read")); looks != 9 || reads != 1+2*2 {
			t.Errorf("%d looks and %d listings", looks, reads)
		}
	})
}

// Nobody is looked for who was there before: the look shows new and old alike.
func TestChangesAreNotLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := stage.Person("p1", "tester")
		off.Enabled = false
		s := fullHouse(stage.BlazeTraits(), 0, stage.Person("p0", "viewer"), off)
		s.Finds = stage.FindsAtTheEnd
		a := openSession(t, s, enforce())
		_, _, fs := a.update(bind("w1", "p0", "viewer"), bind("w1", "p0", "tester"), Exit{})
		says(t, fs)
		_, fs = a.create(bind("w1", "p1", "tester"), false)
		says(t, fs, "p1@example.com is disabled in workspace Space w1 and will be enabled again")
		if looks := s.Sent("find"); len(looks) > 0 {
			t.Errorf("looked for %v", looks)
		}
		s.WantRole(t, "w1", "p1", "tester")
	})
}

// A user who came in with another role does not count as proved because the row was found.
func TestALookShowsAnotherRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(stage.BlazeTraits(), 1)
		s.Finds, s.AddGives = stage.FindsAtTheEnd, "viewer"
		a := openSession(t, s, enforce())
		m, fs := a.create(bind("w1", "p0", "tester"), false)
		says(t, fs)
		if m.Role() != "tester" {
			t.Errorf("created with %s", m.Standing())
		}
		s.WantSent(t, "add w1 user/p0 tester", "assign w1 user/p0 tester")
	})
}

// An addition whose answer was lost is found like any other, and has its line.
func TestALookSettlesALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(stage.BlazeTraits(), 1)
		s.Finds = stage.FindsAtTheEnd
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Op == "add" {
				return stage.Lost(true)
			}
			return stage.Trouble{}
		}
		a := openSession(t, s, enforce())
		_, fs := a.create(bind("w1", "p0", "tester"), false)
		says(t, fs)
		s.WantSent(t, "add w1 user/p0 tester")
		if n := a.book.Count("INFO Changed an access, as a listing shows"); n != 1 {
			t.Errorf("%d lines about it: %v", n, a.book.Lines)
		}
	})
}
