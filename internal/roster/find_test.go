package roster

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
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
		s := fullHouse(blazeTraits(), n)
		s.latency, s.finds = 50*time.Millisecond, findsAtTheEnd
		a := openSession(t, s, enforce())
		began := time.Now()
		bringIn(t, a, n)
		// A decision rests on a listing that is at most a second old.
		if reads := len(s.sent("read")); reads > int(time.Since(began)/time.Second)+2 {
			t.Errorf("%d whole listings in %s", reads, time.Since(began))
		}
		if looks := len(s.sent("find")); looks > n/3 {
			t.Errorf("%d looks for %d people", looks, n)
		}
		if w := len(s.sent("add")); w != n {
			t.Errorf("%d additions for %d people", w, n)
		}
		// The next reading shows them.
		l, err := a.run.Listing(t.Context(), "w1")
		if err != nil || len(l.Members) != n+1 || l.Enabled() != n+1 {
			t.Errorf("the listing shows %d members (%d enabled): %v", len(l.Members), l.Enabled(), err)
		}
		for i := range n {
			p := user(fmt.Sprintf("p%d", i))
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
		s := fullHouse(blazeTraits(), n)
		s.latency, s.finds = 50*time.Millisecond, findsNobody
		bringIn(t, openSession(t, s, enforce()), n)
		if looks := len(s.sent("find")); looks != 2 {
			t.Errorf("%d looks", looks)
		}
		if reads := len(s.sent("read")); reads > n/4+4 {
			t.Errorf("%d listings", reads)
		}
	})
}

// A look that fails proves nothing, and says nothing about where new ones are listed.
func TestALookThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(blazeTraits(), 9)
		s.finds = findsAtTheEnd
		s.trouble = func(c stageCall) trouble {
			if c.op == "find" && c.n <= 2*2 {
				return broken()
			}
			return trouble{}
		}
		a := openSession(t, s, enforce())
		for i := range 9 {
			_, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "tester"), false)
			says(t, fs)
		}
		if looks, reads := len(s.sent("find")), len(s.sent("read")); looks != 9 || reads != 1+2*2 {
			t.Errorf("%d looks and %d listings", looks, reads)
		}
	})
}

// Nobody is looked for who was there before: the look shows new and old alike.
func TestChangesAreNotLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := person("p1", "tester")
		off.Enabled = false
		s := fullHouse(blazeTraits(), 0, person("p0", "viewer"), off)
		s.finds = findsAtTheEnd
		a := openSession(t, s, enforce())
		_, _, fs := a.update(bind("w1", "p0", "viewer"), bind("w1", "p0", "tester"), Exit{})
		says(t, fs)
		_, fs = a.create(bind("w1", "p1", "tester"), false)
		says(t, fs, "p1@example.com is disabled in workspace Space w1 and will be enabled again")
		if looks := s.sent("find"); len(looks) > 0 {
			t.Errorf("looked for %v", looks)
		}
		wantRole(t, s, "w1", "p1", "tester")
	})
}

// A user who came in with another role does not count as proved because the row was found.
func TestALookShowsAnotherRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(blazeTraits(), 1)
		s.finds, s.addGives = findsAtTheEnd, "viewer"
		a := openSession(t, s, enforce())
		m, fs := a.create(bind("w1", "p0", "tester"), false)
		says(t, fs)
		if m.Role() != "tester" {
			t.Errorf("created with %s", m.Standing())
		}
		wantSent(t, s, "add w1 user/p0 tester", "assign w1 user/p0 tester")
	})
}

// An addition whose answer was lost is found like any other, and has its line.
func TestALookSettlesALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(blazeTraits(), 1)
		s.finds = findsAtTheEnd
		s.trouble = func(c stageCall) trouble {
			if c.op == "add" {
				return lost(true)
			}
			return trouble{}
		}
		a := openSession(t, s, enforce())
		_, fs := a.create(bind("w1", "p0", "tester"), false)
		says(t, fs)
		wantSent(t, s, "add w1 user/p0 tester")
		if n := a.book.count("INFO Changed an access, as a listing shows"); n != 1 {
			t.Errorf("%d lines about it: %v", n, a.book.lines)
		}
	})
}
