package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// newLine gives the line of a client with a host and a limiter of its own.
func newLine(most int) (*gate, *line) {
	g := &gate{}
	return g, &line{gate: g, limiter: NewLimiter(most)}
}

func TestWhoTriedMoreOftenGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, a := newLine(1)
		b := &line{gate: g, limiter: NewLimiter(1)}
		enter := func(l *line, tried int) {
			if err := l.enter(t.Context(), rank{tried: tried}); err != nil {
				t.Error(err)
			}
		}
		enter(a, 0)
		enter(b, 0)
		var order []string
		var wg sync.WaitGroup
		for _, w := range []struct {
			l     *line
			tried int
			name  string
		}{{a, 0, "a0 first"}, {b, 1, "b1"}, {a, 2, "a2"}, {a, 0, "a0 second"}, {b, 3, "b3"}} {
			wg.Go(func() {
				enter(w.l, w.tried)
				order = append(order, w.name)
				w.l.leave(true) // false would raise the limit
			})
			synctest.Wait()
		}
		// One at a time from here on, over both clients.
		g.pause(time.Second)
		places.Lock()
		g.limit = 1
		places.Unlock()
		a.leave(true)
		b.leave(true)
		wg.Wait()
		want := []string{"b3", "a2", "b1", "a0 first", "a0 second"}
		for i := range want {
			if i >= len(order) || order[i] != want[i] {
				t.Fatalf("order %q, want %q", order, want)
			}
		}
		places.Lock()
		defer places.Unlock()
		if len(g.lines) != 0 {
			t.Errorf("%d empty lines are kept", len(g.lines))
		}
	})
}

// What is read goes before the writes that wait, which may depend on it, but not
// before what was tried already.
func TestReadsGoBeforeWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l := newLine(1)
		if err := l.enter(t.Context(), rank{}); err != nil {
			t.Fatal(err)
		}
		var order []string
		var wg sync.WaitGroup
		for name, r := range map[string]rank{"write": {}, "read": {read: true}, "write again": {tried: 1}} {
			wg.Go(func() {
				if err := l.enter(t.Context(), r); err != nil {
					t.Error(err)
				}
				order = append(order, name)
				l.leave(false)
			})
		}
		synctest.Wait()
		l.leave(false)
		wg.Wait()
		if want := []string{"write again", "read", "write"}; !slices.Equal(order, want) {
			t.Errorf("order %q, want %q", order, want)
		}
	})
}

// Clients of several hosts that share a limiter have no more in flight together
// than it allows, and a place that one of them frees goes to the call that waits
// longest at any of them. A host that asked for a pause holds no place meanwhile.
func TestALimiterIsSharedOverHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := NewLimiter(2)
		a, b := &line{gate: &gate{}, limiter: limiter}, &line{gate: &gate{}, limiter: limiter}
		var now, most atomic.Int32
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				l := []*line{a, b}[i%2]
				if err := l.enter(t.Context(), rank{}); err != nil {
					t.Error(err)
					return
				}
				n := now.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Second)
				now.Add(-1)
				l.leave(false)
			})
		}
		wg.Wait()
		if most.Load() != 2 || time.Since(start) != 10*time.Second {
			t.Errorf("%d in flight at most, %s in all; want 2 and 10s", most.Load(), time.Since(start))
		}
		a.gate.pause(time.Minute)
		start = time.Now()
		for range 2 {
			wg.Go(func() {
				if err := a.enter(t.Context(), rank{}); err != nil || time.Since(start) != time.Minute {
					t.Errorf("%v after %s", err, time.Since(start))
				}
				a.leave(false)
			})
		}
		synctest.Wait()
		if err := b.enter(t.Context(), rank{}); err != nil || time.Since(start) != 0 {
			t.Errorf("the other host waited %s: %v", time.Since(start), err)
		}
		b.leave(false)
		wg.Wait()
		// More places let more in at once.
		for range 2 {
			if err := a.enter(t.Context(), rank{}); err != nil {
				t.Fatal(err)
			}
		}
		wg.Go(func() {
			if err := b.enter(t.Context(), rank{}); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		limiter.Limit(3)
		wg.Wait()
		if limiter.inFlight != 3 || len(limiter.lines)+len(a.gate.lines)+len(b.gate.lines) != 0 {
			t.Errorf("%d in flight, %d lines", limiter.inFlight, len(limiter.lines))
		}
	})
}

// A pause that begins while a call waits in line is known to be too long at
// once, not when the deadline has come.
func TestAPauseTurnsAwayThoseItOutlasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, l := newLine(1)
		if err := l.enter(t.Context(), rank{}); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		long, cancelLong := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancelLong()
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			err := l.enter(short, rank{})
			if o, ok := errors.AsType[*outlasts](err); !ok || o.wait != time.Minute || time.Since(start) != 0 {
				t.Errorf("%v after %s", err, time.Since(start))
			}
		})
		for _, ctx := range []context.Context{long, t.Context()} {
			wg.Go(func() {
				if err := l.enter(ctx, rank{}); err != nil || time.Since(start) != time.Minute {
					t.Errorf("%v after %s", err, time.Since(start))
				}
				l.leave(false)
			})
		}
		synctest.Wait()
		g.pause(time.Minute)
		l.leave(true)
		wg.Wait()
	})
}

// However cancelling and being let in meet, no place is lost and none is given
// twice.
func TestNoPlaceIsLost(t *testing.T) {
	g, l := newLine(3)
	var now, most atomic.Int32
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
			defer cancel()
			if l.enter(ctx, rank{tried: rand.IntN(3), read: rand.IntN(2) == 0}) != nil {
				return
			}
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
			now.Add(-1)
			if rand.IntN(10) == 0 {
				g.pause(time.Duration(rand.IntN(200)) * time.Microsecond)
			}
			l.leave(false)
		})
	}
	wg.Wait()
	places.Lock()
	defer places.Unlock()
	if g.inFlight != 0 || l.limiter.inFlight != 0 || len(l.waiting) != 0 || most.Load() > 3 {
		t.Errorf("in flight %d and %d, %d waiting, %d at once", g.inFlight, l.limiter.inFlight, len(l.waiting), most.Load())
	}
}

// Being let in and cancelled in the same moment: the place is either taken or
// given back.
func TestLetInWhileCancelled(t *testing.T) {
	for range 50 {
		g, l := newLine(1)
		if err := l.enter(t.Context(), rank{}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.enter(ctx, rank{}) }()
		waits := func() bool {
			places.Lock()
			defer places.Unlock()
			return len(l.waiting) == 1
		}
		for !waits() {
			time.Sleep(10 * time.Microsecond)
		}
		places.Lock()
		cancel()
		time.Sleep(time.Millisecond) // long enough, mostly, to wake up and wait for the lock
		l.limiter.inFlight, g.inFlight = 0, 0
		admit(g.lines)
		places.Unlock()
		err := <-done
		if err == nil {
			l.leave(false)
		}
		if g.inFlight != 0 || l.limiter.inFlight != 0 {
			t.Fatalf("%v, and then %d and %d in flight", err, g.inFlight, l.limiter.inFlight)
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	for k := Connection; k <= Stale; k++ {
		if k.String() == "" || k.String() == "kind "+strconv.Itoa(int(k)) {
			t.Errorf("kind %d has no name", k)
		}
	}
	if Kind(-1).String() != "kind -1" || (Stale+1).String() != "kind 9" {
		t.Error("unknown kinds have no name")
	}
}
