package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// asRosterError gives err as a *membership.Error of a kind, or fails.
func asRosterError(t *testing.T, err error, want membership.Failure) *membership.Error {
	t.Helper()
	e, ok := errors.AsType[*membership.Error](err)
	if !ok {
		t.Fatalf("the error is %T %v, want a *membership.Error", err, err)
	}
	if e.Failure != want {
		t.Errorf("the failure is %d (%v), want %d", e.Failure, e, want)
	}
	if strings.Contains(e.Error(), testSecret) || strings.Contains(e.Error(), testKeyID) {
		t.Errorf("the error shows the key: %v", e)
	}
	if strings.ContainsAny(e.Error(), "\n\r\t<>") {
		t.Errorf("the error is not one plain line: %q", e.Error())
	}
	return e
}

// states gives "id:state" of all members, sorted.
func states(w *membership.Workspace) []string {
	var all []string
	for _, m := range w.Members {
		all = append(all, fmt.Sprintf("%s:%s", m.ID, statusOf(m.Enabled)))
	}
	slices.Sort(all)
	return all
}

func (f *fake) states() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, u := range f.users {
		all = append(all, fmt.Sprintf("%d:%s", u.id, statusOf(u.enabled)))
	}
	slices.Sort(all)
	return all
}

func TestReadWorkspace(t *testing.T) {
	for _, pageMax := range []int{1, 2, 7, 50, 1000} {
		for _, n := range []struct{ enabled, disabled int }{{0, 1}, {2, 3}, {50, 1}, {51, 7}, {99, 100}} {
			for _, asObject := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d a page, %d enabled, %d disabled, object %v", pageMax, n.enabled, n.disabled, asObject), func(t *testing.T) {
					f := newFake(t)
					f.pageMax, f.asObject = pageMax, asObject
					f.add(1000, n.enabled, true, RoleManager)
					f.add(5_000_000_000, n.disabled, false, RoleViewer)
					w, err := f.client().ReadWorkspace(t.Context(), "7")
					if err != nil {
						t.Fatal(err)
					}
					if w.ID != "7" {
						t.Errorf("the workspace is %q", w.ID)
					}
					if diff := cmp.Diff(f.states(), states(w)); diff != "" {
						t.Errorf("members (-want +got):\n%s", diff)
					}
					page := min(pageMax, 50)
					if calls, want := len(f.sent()), pagesOf(n.enabled, page)+pagesOf(n.disabled, page); calls != want {
						t.Errorf("%d calls, want %d", calls, want)
					}
				})
			}
		}
	}
}

// pagesOf is how many calls a list takes: its pages, each of which shows the
// last row of the one before again.
func pagesOf(n, page int) int {
	switch {
	case n <= page:
		return 1
	case page == 1:
		return n
	default:
		return (n - 1 + page - 2) / (page - 1)
	}
}

func TestReadWorkspaceMember(t *testing.T) {
	f := newFake(t)
	f.add(352749, 1, true, RoleTester)
	w, err := f.client().ReadWorkspace(t.Context(), "7")
	if err != nil {
		t.Fatal(err)
	}
	want := []membership.Member{{
		Principal: membership.Principal{Kind: membership.User, ID: "352749"},
		Email:     "user352749@example.com", Name: "User 352749", Roles: []string{"tester"}, Enabled: true,
	}}
	if diff := cmp.Diff(want, w.Members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// TestReadWorkspaceCalls: 500 users on a server that serves 50 a page cost the
// pages of the two lists (10 and 1), and one call for the overlap.
func TestReadWorkspaceCalls(t *testing.T) {
	f := newFake(t)
	f.add(1, 500, true, RoleTester)
	f.add(9001, 20, false, RoleTester)
	if _, err := f.client().ReadWorkspace(t.Context(), "7"); err != nil {
		t.Fatal(err)
	}
	var enabled, disabled int
	for _, c := range f.sent() {
		switch {
		case strings.Contains(c, "enabled=true"):
			enabled++
		case strings.Contains(c, "enabled=false"):
			disabled++
		default:
			t.Errorf("another call: %s", c)
		}
	}
	if enabled != 11 || disabled != 1 {
		t.Errorf("%d calls for the enabled and %d for the disabled users, want 11 and 1", enabled, disabled)
	}
}

// TestPagesAreReadAtOnce holds every call back until all that should be in
// flight with it have arrived: were they sent one after the other, none would
// ever be answered.
func TestPagesAreReadAtOnce(t *testing.T) {
	f := newFake(t)
	f.add(1, 500, true, RoleTester)
	f.add(9001, 1, false, RoleTester)
	firstPages, otherPages := newBarrier(2), newBarrier(10)
	f.before = func(c fakeCall) {
		if c.query.Get("skip") == "0" {
			firstPages.wait(t)
		} else {
			otherPages.wait(t)
		}
	}
	if _, err := f.client().ReadWorkspace(t.Context(), "7"); err != nil {
		t.Fatal(err)
	}
}

// barrier lets nobody pass until n have come.
type barrier struct {
	left atomic.Int64
	open chan struct{}
}

func newBarrier(n int) *barrier {
	b := &barrier{open: make(chan struct{})}
	b.left.Store(int64(n))
	return b
}

func (b *barrier) wait(t *testing.T) {
	t.Helper()
	if b.left.Add(-1) == 0 {
		close(b.open)
	}
	// The limit only ends a test that has failed already.
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	select {
	case <-b.open:
	case <-limit.C:
		t.Error("the calls were not sent at the same time")
	}
}

func TestTotals(t *testing.T) {
	for name, total := range map[string]func(n int) any{
		"number":  func(n int) any { return n },
		"text":    func(n int) any { return strconv.Itoa(n) },
		"n/a":     func(int) any { return "n/a" },
		"missing": func(int) any { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.pageMax = 7
			f.add(1, 30, true, RoleTester)
			f.add(101, 10, false, RoleTester)
			f.total = func(_ fakeCall, n int) any { return total(n) }
			w, err := f.client().ReadWorkspace(t.Context(), "7")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f.states(), states(w)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFilter: whatever the server does with the `enabled` filter, a row's own
// state counts, and the filter that found it only where it has none.
func TestFilter(t *testing.T) {
	for _, c := range []struct {
		ignored, omitted, fails bool
	}{
		{false, false, false},
		{false, true, false},
		{true, false, false},
		// Nobody can tell the states apart here.
		{true, true, true},
	} {
		t.Run(fmt.Sprintf("ignored %v, omitted %v", c.ignored, c.omitted), func(t *testing.T) {
			f := newFake(t)
			f.pageMax, f.ignoreFilter, f.omitEnabled = 7, c.ignored, c.omitted
			f.add(1, 20, true, RoleTester)
			f.add(101, 20, false, RoleTester)
			w, err := f.client().ReadWorkspace(t.Context(), "7")
			if c.fails {
				e := asRosterError(t, err, membership.Passing)
				if !strings.Contains(e.Error(), "both as enabled and as disabled") {
					t.Errorf("the error does not say why: %v", e)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f.states(), states(w)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIncomplete: a listing that is not complete is read again. When it stays so,
// what was received is there and proves nothing else; where it does not belong
// together it is an error that says why.
func TestIncomplete(t *testing.T) {
	for _, c := range []struct {
		name string
		// short is what an incomplete listing says of itself, fails what an error
		// says; fails holds where short is empty.
		short, fails string
		upset        func(f *fake, always func() bool)
	}{
		{"a total that moves", "", "", func(f *fake, on func() bool) {
			var n atomic.Int64
			f.total = func(_ fakeCall, rows int) any {
				if on() {
					return rows + int(n.Add(1))
				}
				return rows
			}
		}},
		{"a total that is too high", "20 of 25 enabled users were received, and 0 of 5 disabled users were received", "", func(f *fake, on func() bool) {
			f.total = func(_ fakeCall, rows int) any {
				if on() {
					return rows + 5
				}
				return rows
			}
		}},
		{"a total that is too low", "13 of 10 enabled users were received", "", func(f *fake, on func() bool) {
			f.total = func(_ fakeCall, rows int) any {
				if on() {
					return rows / 2
				}
				return rows
			}
		}},
		{"no total, and always the same page", "", "does not end", func(f *fake, on func() bool) {
			f.answer = func(c fakeCall) (int, string, bool) {
				if c.query.Get("enabled") == "true" && on() {
					return http.StatusOK, `{"error":null,"total":"n/a","result":[{"id":1},{"id":2}]}`, true
				}
				return 0, "", false
			}
		}},
		{"always the same page", "3 of 20 enabled users were received", "", func(f *fake, on func() bool) {
			f.answer = func(c fakeCall) (int, string, bool) {
				if c.query.Get("enabled") == "true" && on() {
					return http.StatusOK, `{"error":null,"total":20,"result":[{"id":1},{"id":2},{"id":3}]}`, true
				}
				return 0, "", false
			}
		}},
		{"no rows at all", "0 of 20 enabled users were received", "", func(f *fake, on func() bool) {
			f.answer = func(c fakeCall) (int, string, bool) {
				if c.query.Get("enabled") == "true" && on() {
					return http.StatusOK, `{"error":null,"total":20,"result":[]}`, true
				}
				return 0, "", false
			}
		}},
		{"a later page that is empty", "7 of 20 enabled users were received", "", func(f *fake, on func() bool) {
			f.answer = func(c fakeCall) (int, string, bool) {
				if c.query.Get("enabled") == "true" && c.query.Get("skip") != "0" && on() {
					return http.StatusOK, `{"error":null,"total":20,"result":[]}`, true
				}
				return 0, "", false
			}
		}},
		{"one user in both states", "", "shown both as enabled and as disabled", func(f *fake, on func() bool) {
			f.answer = func(c fakeCall) (int, string, bool) {
				if c.query.Get("enabled") == "false" && on() {
					return http.StatusOK, `{"error":null,"total":1,"result":[{"id":1,"enabled":false}]}`, true
				}
				return 0, "", false
			}
		}},
		{"one user with two faces", "", "changed while they were read", func(f *fake, on func() bool) {
			f.answer = func(c fakeCall) (int, string, bool) {
				if c.query.Get("enabled") == "false" && on() {
					return http.StatusOK, `{"error":null,"total":1,"result":[{"id":1,"enabled":true,"roles":["viewer"]}]}`, true
				}
				return 0, "", false
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.pageMax = 7
			f.add(1, 20, true, RoleTester)
			c.upset(f, func() bool { return true })
			client := f.client()
			w, err := client.ReadWorkspace(t.Context(), "7")
			if c.short != "" {
				if err != nil || w.Incomplete != c.short {
					t.Fatalf("%+v, %v", w, err)
				}
				l := membership.NewListing(w, client.Traits())
				for _, u := range []string{"1", "2", "99"} {
					_, known := l.Lookup(user(u))
					if there := slices.ContainsFunc(w.Members, func(m membership.Member) bool { return m.ID == u }); there != (known == membership.There) || known == membership.Absent {
						t.Errorf("user %s: %v", u, known)
					}
				}
				return
			}
			if w != nil {
				t.Errorf("a listing of %d members", len(w.Members))
			}
			e := asRosterError(t, err, membership.Passing)
			for _, want := range []string{"list the users of BlazeMeter workspace 7", "could not be completed", "in 4 attempts", c.fails} {
				if !strings.Contains(e.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, e)
				}
			}
		})
		t.Run(c.name+", only once", func(t *testing.T) {
			f := newFake(t)
			f.pageMax = 7
			f.add(1, 20, true, RoleTester)
			var on atomic.Bool
			on.Store(true)
			c.upset(f, on.Load)
			client := f.client()
			var pauses []int
			client.pause = func(_ context.Context, n int) error {
				pauses = append(pauses, n)
				on.Store(false)
				return nil
			}
			w, err := client.ReadWorkspace(t.Context(), "7")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f.states(), states(w)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			if !slices.Equal(pauses, []int{0}) {
				t.Errorf("pauses %v, want one", pauses)
			}
		})
	}
}

// TestHidden: rows that the service hides matter only where fewer are received
// than it counts; what they are is not documented.
func TestHidden(t *testing.T) {
	for _, pageMax := range []int{1, 4, 50} {
		for _, asObject := range []bool{false, true} {
			for name, c := range map[string]struct {
				total func(n int) any
				short string
				notes int
				// passes is how often the lists are read.
				passes int
			}{
				"as many as it counts":         {func(n int) any { return n }, "", 1, 1},
				"counted, and not received":    {func(n int) any { return n + 3 }, "12 of 15 enabled users were received and 3 are hidden from this API key, and 2 of 5 disabled users were received and 3 are hidden from this API key", 0, 1},
				"more is missing than that":    {func(n int) any { return n + 4 }, "12 of 16 enabled users were received and 3 are hidden from this API key, and 2 of 6 disabled users were received and 3 are hidden from this API key", 0, 2},
				"how many there are, unknown":  {func(int) any { return "n/a" }, "3 of the enabled users are hidden from this API key, and how many there are is not told, and 3 of the disabled users are hidden from this API key, and how many there are is not told", 0, 2},
				"how many there are, not told": {func(int) any { return nil }, "3 of the enabled users are hidden from this API key, and how many there are is not told, and 3 of the disabled users are hidden from this API key, and how many there are is not told", 0, 2},
			} {
				t.Run(fmt.Sprintf("%s, %d a page, object %v", name, pageMax, asObject), func(t *testing.T) {
					f := newFake(t)
					f.hidden, f.pageMax, f.asObject = 3, pageMax, asObject
					f.add(1, 12, true, RoleTester)
					f.add(1001, 2, false, RoleTester)
					f.total = func(_ fakeCall, n int) any { return c.total(n) }
					client := f.client()
					pauses := 0
					client.pause = func(context.Context, int) error { pauses++; return nil }
					w, err := client.ReadWorkspace(t.Context(), "7")
					if err != nil {
						t.Fatal(err)
					}
					if w.Incomplete != c.short || len(w.Notes) != c.notes || pauses != c.passes-1 {
						t.Errorf("incomplete: %q, notes %q, read %d times", w.Incomplete, w.Notes, pauses+1)
					}
					if diff := cmp.Diff(f.states(), states(w)); diff != "" {
						t.Errorf("members (-want +got):\n%s", diff)
					}
					if c.notes > 0 && !strings.Contains(w.Notes[0], "hides 3 of the enabled users and 3 of the disabled users of workspace 7") {
						t.Errorf("%q", w.Notes)
					}
					// Of people in an account, a part is of no use.
					f.people = f.users
					if _, err := client.People(t.Context(), "3"); (err != nil) != (c.short != "") {
						t.Errorf("people: %v", err)
					}
				})
			}
		}
	}
}

func TestHugeTotal(t *testing.T) {
	f := newFake(t)
	f.add(1, 3, true, RoleTester)
	f.total = func(fakeCall, int) any { return int64(1) << 60 }
	_, err := f.client().ReadWorkspace(t.Context(), "7")
	asRosterError(t, err, membership.Malformed)
	if n := len(f.sent()); n > 2 {
		t.Errorf("%d calls", n)
	}
}

// TestListGrowsWhileRead adds a user before every single answer, as a large
// apply does: everybody who was there at the beginning is in the listing.
func TestListGrowsWhileRead(t *testing.T) {
	f := newFake(t)
	f.add(1, 300, true, RoleTester)
	f.add(1001, 10, false, RoleViewer)
	before := f.states()
	var next atomic.Int64
	f.before = func(fakeCall) { f.add(5000+next.Add(1), 1, true, RoleTester) }
	w, err := f.client().ReadWorkspace(t.Context(), "7")
	if err != nil {
		t.Fatal(err)
	}
	got := states(w)
	for _, s := range before {
		if _, ok := slices.BinarySearch(got, s); !ok {
			t.Errorf("%s is missing", s)
		}
	}
}

// TestShiftThatNoTotalTells: two leave the list and two join it after its first
// page was read, so the total stays, and the rows that were to be next move up to
// where they are not read any more.
func TestShiftThatNoTotalTells(t *testing.T) {
	f := newFake(t)
	f.pageMax = 10
	f.add(1, 30, true, RoleTester)
	var once sync.Once
	f.before = func(c fakeCall) {
		if c.query.Get("skip") != "0" {
			once.Do(func() {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.users[2].enabled, f.users[3].enabled = false, false
				f.users = append(f.users, fakeUser{id: 101, enabled: true}, fakeUser{id: 102, enabled: true})
			})
		}
	}
	w, err := f.client().ReadWorkspace(t.Context(), "7")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f.states(), states(w)); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// TestCancelledWhileWaiting: no further reading, and the context's error is told.
func TestCancelledWhileWaiting(t *testing.T) {
	f := newFake(t)
	f.total = func(_ fakeCall, n int) any { return n + 1 }
	f.add(1, 3, true, RoleTester)
	c := f.client()
	c.pause = pauseBetweenListings
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	waiting := make(chan struct{})
	c.pause = func(ctx context.Context, n int) error {
		once.Do(func() { close(waiting) })
		return pauseBetweenListings(ctx, n+100)
	}
	done := make(chan error, 1)
	go func() {
		_, err := c.ReadWorkspace(ctx, "7")
		done <- err
	}()
	<-waiting
	f.sent()
	cancel()
	err := <-done
	asRosterError(t, err, membership.Passing)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not the context's error", err)
	}
	if sent := f.sent(); len(sent) > 0 {
		t.Errorf("the list was read again: %q", sent)
	}
}

func TestPauseBetweenListings(t *testing.T) {
	if err := pauseBetweenListings(t.Context(), 0); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pauseBetweenListings(ctx, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestNobodyIsOverlooked changes the workspace at random between the calls. When
// a list comes out complete, everybody who did not change meanwhile is in it.
func TestNobodyIsOverlooked(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := bareFake(t)
		f.pageMax = rapid.IntRange(2, 12).Draw(rt, "page size")
		f.add(1, rapid.IntRange(1, 60).Draw(rt, "enabled"), true, RoleTester)
		// The disabled fit on one page: then what was seen of them is compared in full.
		f.add(1001, rapid.IntRange(0, 2).Draw(rt, "disabled"), false, RoleViewer)
		changes := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 40).Draw(rt, "changes")
		before := map[int64]bool{}
		for _, u := range f.users {
			before[u.id] = u.enabled
		}
		touched := map[int64]bool{}
		var call int
		f.before = func(fakeCall) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if call >= len(changes) {
				return
			}
			change := changes[call]
			call++
			i := (call * 7) % len(f.users)
			switch {
			case change < 3: // a newcomer
				f.users = append(f.users, fakeUser{id: int64(5000 + call), enabled: true, roles: []string{RoleTester}})
			case change < 5: // a user changes the state
				touched[f.users[i].id] = true
				u := f.users[i]
				u.enabled = !u.enabled
				f.users[i] = u
			case change < 6 && len(f.users) > 1: // a user goes altogether
				touched[f.users[i].id] = true
				f.users = slices.Delete(f.users, i, i+1)
			case change < 8: // some of the first are disabled, as many come: no total moves
				for k := range f.users[:min(3, len(f.users))] {
					if f.users[k].enabled {
						touched[f.users[k].id] = true
						f.users[k].enabled = false
						f.users = append(f.users, fakeUser{id: int64(6000 + 10*call + k), enabled: true, roles: []string{RoleTester}})
					}
				}
			}
		}
		c := f.inProcess()
		read, err := readInTurn(t.Context(), c, c.workspaceUsers("list", 7))
		if err != nil {
			if _, ok := errors.AsType[*shifted](err); !ok {
				rt.Fatalf("%v", err)
			}
			return
		}
		if read.short != "" {
			return
		}
		got := map[int64]bool{}
		for _, r := range read.rows {
			got[r.row.key()] = r.enabled
		}
		for id, enabled := range before {
			if state, ok := got[id]; !touched[id] && (!ok || state != enabled) {
				rt.Fatalf("user %d (enabled %v) was shown %v, enabled %v", id, enabled, ok, state)
			}
		}
	})
}
