package roster

import (
	"context"
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
		bringIn(t, a, n)
		if reads := len(s.sent("read")); reads != 1 {
			t.Errorf("%d whole listings", reads)
		}
		if looks := len(s.sent("find")); looks > n/4 {
			t.Errorf("%d looks for %d people", looks, n)
		}
		if w := len(s.sent("add")); w != n {
			t.Errorf("%d additions for %d people", w, n)
		}
		// Whoever asks next sees them, without another reading.
		l, err := a.run.Listing(t.Context(), "w1")
		if err != nil || len(l.Members) != n+1 || l.Enabled() != n+1 || len(s.sent("read")) != 1 {
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
		if looks := len(s.sent("find")); looks != overlooks {
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
			if c.op == "find" && c.n <= 2*overlooks {
				return broken()
			}
			return trouble{}
		}
		a := openSession(t, s, enforce())
		for i := range 9 {
			_, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "tester"), false)
			says(t, fs)
		}
		if looks, reads := len(s.sent("find")), len(s.sent("read")); looks != 9 || reads != 1+2*overlooks {
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
		_, fs = a.create(bind("w1", "p1", "tester"), false) // is enabled again
		says(t, fs)
		if looks := s.sent("find"); len(looks) > 0 {
			t.Errorf("looked for %v", looks)
		}
		wantRole(t, s, "w1", "p1", "tester")
	})
}

// Somebody who came in with another role is not taken for proved by having been found.
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

func TestListingWithMoreRows(t *testing.T) {
	tr := blazeTraits()
	first := NewListing(&Workspace{ID: "w1", Name: "One", Members: []Member{person("ann", "manager")}}, tr)
	bob, cid := person("bob", "manager"), person("cid", "tester")
	cid.Enabled = false
	second := first.With(tr, bob, person("ANN", "tester"), bob)
	third := second.With(tr, cid)
	// Another one that comes of the first: neither sees the other's rows.
	other := first.With(tr, person("dan", "viewer"))

	for name, c := range map[string]struct {
		l                *Listing
		shows            []string
		enabled, holders int
	}{
		"first":  {l: first, shows: []string{"ann"}, enabled: 1, holders: 1},
		"second": {l: second, shows: []string{"ann", "bob"}, enabled: 2, holders: 2},
		"third":  {l: third, shows: []string{"ann", "bob", "cid"}, enabled: 2, holders: 2},
		"other":  {l: other, shows: []string{"ann", "dan"}, enabled: 2, holders: 1},
	} {
		if c.l.ID != "w1" || c.l.Name != "One" {
			t.Errorf("%s: it is of workspace %q (%q)", name, c.l.ID, c.l.Name)
		}
		if len(c.l.Members) != len(c.shows) || c.l.Enabled() != c.enabled || len(c.l.Holders()) != c.holders {
			t.Errorf("%s: %d members, %d enabled, %d holders", name, len(c.l.Members), c.l.Enabled(), len(c.l.Holders()))
		}
		for _, id := range []string{"ann", "bob", "cid", "dan"} {
			m, ok := c.l.Member(user(id))
			want := false
			for _, s := range c.shows {
				want = want || s == id
			}
			if ok != want || ok && m.ID != id {
				t.Errorf("%s: %s: %v, %+v", name, id, ok, m)
			}
		}
	}
	if m, _ := third.Member(user("ann")); m.Role() != "manager" {
		t.Errorf("a row that was there has become %s", m.Standing())
	}
}

// Rows that are added prove who is there. They do not make a listing complete.
func TestListingWithAnOwner(t *testing.T) {
	l := NewListing(&Workspace{Members: []Member{person("vic", "viewer")}}, blinkTraits())
	if l.Complete() || l.With(blinkTraits(), person("bob", "editor")).Complete() {
		t.Error("nobody owns it")
	}
	if l.With(blinkTraits(), person("ann", "owner")).Complete() {
		t.Error("others may be missing all the same")
	}
}

// Adding n rows, a few at a time, costs n, and not n for each time.
func BenchmarkListingWith(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		ms := people(n, "tester")
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l := NewListing(&Workspace{}, blazeTraits())
				for i := 0; i < n; i += 10 {
					l = l.With(blazeTraits(), ms[i:i+10]...)
				}
			}
		})
	}
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

func TestALookEndsWithThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(blazeTraits(), 1)
		s.finds = findsAtTheEnd
		a := openSession(t, s, enforce())
		if _, err := a.run.Listing(t.Context(), "w1"); err != nil {
			t.Fatal(err)
		}
		s.latency = time.Hour
		sp := a.run.spaces.get("w1")
		w := sent{moment: sp.listings.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if _, _, found := sp.finds.look(ctx, w, user("p0")); found {
			t.Error("found somebody who was never added")
		}
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("waited %s", waited)
		}
		synctest.Wait() // the look itself has ended too, or the bubble does not
	})
}
