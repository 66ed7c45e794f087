package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoTriedMoreOftenGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, a, b := &gate{}, &line{most: 1}, &line{most: 1}
		enter := func(l *line, tried int) {
			if err := g.enter(t.Context(), l, tried); err != nil {
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
				g.leave(w.l, true) // false would raise the limit
			})
			synctest.Wait()
		}
		// One at a time from here on, over both clients.
		g.pause(time.Second)
		g.mu.Lock()
		g.limit = 1
		g.mu.Unlock()
		g.leave(a, true)
		g.leave(b, true)
		wg.Wait()
		want := []string{"b3", "a2", "b1", "a0 first", "a0 second"}
		for i := range want {
			if i >= len(order) || order[i] != want[i] {
				t.Fatalf("order %q, want %q", order, want)
			}
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if len(g.lines) != 0 {
			t.Errorf("%d empty lines are kept", len(g.lines))
		}
	})
}

// A pause that begins while somebody waits in line is known to be too long at
// once, not when the deadline has come.
func TestAPauseTurnsAwayThoseItOutlasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, l := &gate{}, &line{most: 1}
		if err := g.enter(t.Context(), l, 0); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		long, cancelLong := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancelLong()
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			err := g.enter(short, l, 0)
			if o, ok := errors.AsType[*outlasts](err); !ok || o.wait != time.Minute || time.Since(start) != 0 {
				t.Errorf("%v after %s", err, time.Since(start))
			}
		})
		for _, ctx := range []context.Context{long, t.Context()} {
			wg.Go(func() {
				if err := g.enter(ctx, l, 0); err != nil || time.Since(start) != time.Minute {
					t.Errorf("%v after %s", err, time.Since(start))
				}
				g.leave(l, false)
			})
		}
		synctest.Wait()
		g.pause(time.Minute)
		g.leave(l, true)
		wg.Wait()
	})
}

// However cancelling and being let in meet, no place is lost and none is given
// twice.
func TestNoPlaceIsLost(t *testing.T) {
	g, l := &gate{}, &line{most: 3}
	var now, most atomic.Int32
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
			defer cancel()
			if g.enter(ctx, l, rand.IntN(3)) != nil {
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
			g.leave(l, false)
		})
	}
	wg.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inFlight != 0 || l.inFlight != 0 || len(l.waiting) != 0 || most.Load() > 3 {
		t.Errorf("in flight %d and %d, %d waiting, %d at once", g.inFlight, l.inFlight, len(l.waiting), most.Load())
	}
}

// Being let in and cancelled in the same moment: the place is either taken or
// given back.
func TestLetInWhileCancelled(t *testing.T) {
	for range 50 {
		g, l := &gate{}, &line{most: 1}
		if err := g.enter(t.Context(), l, 0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- g.enter(ctx, l, 0) }()
		waits := func() bool {
			g.mu.Lock()
			defer g.mu.Unlock()
			return len(l.waiting) == 1
		}
		for !waits() {
			time.Sleep(10 * time.Microsecond)
		}
		g.mu.Lock()
		cancel()
		time.Sleep(time.Millisecond) // long enough, mostly, to wake up and wait for the lock
		l.inFlight, g.inFlight = 0, 0
		g.admit()
		g.mu.Unlock()
		err := <-done
		if err == nil {
			g.leave(l, false)
		}
		if g.inFlight != 0 || l.inFlight != 0 {
			t.Fatalf("%v, and then %d and %d in flight", err, g.inFlight, l.inFlight)
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	for k := Connection; k <= Invalid; k++ {
		if k.String() == "" || k.String() == "kind "+strconv.Itoa(int(k)) {
			t.Errorf("kind %d has no name", k)
		}
	}
	if Kind(-1).String() != "kind -1" || (Invalid+1).String() != "kind 8" {
		t.Error("unknown kinds have no name")
	}
}
