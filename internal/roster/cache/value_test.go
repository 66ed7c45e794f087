package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counted gives a shared number that each reading counts up, a second each.
func counted(n *atomic.Int64) *Value[int64] {
	return New(func(ctx context.Context) (int64, error) {
		mine := n.Add(1)
		select {
		case <-time.After(time.Second):
			return mine, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
}

func TestSharedReadsOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := counted(&n)
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if v, err := s.Get(t.Context()); v != 1 || err != nil {
					t.Errorf("got %d, %v", v, err)
				}
			})
		}
		wg.Wait()
		if _, err := s.Get(t.Context()); err != nil || n.Load() != 1 {
			t.Fatalf("%d readings, %v", n.Load(), err)
		}
		if v, ok := s.Peek(); !ok || v.Value != 1 {
			t.Fatalf("peek gives %d, %v", v.Value, ok)
		}
	})
}

func TestSharedNewerThanAMomentIsSharedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := counted(&n)
		go func() { _, _ = s.Get(t.Context()) }()
		time.Sleep(500 * time.Millisecond) // the first reading has begun
		moment := s.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if v, err := s.Newer(t.Context(), moment); v.Value != 2 || v.Number <= moment || v.Took != time.Second || err != nil {
					t.Errorf("a reading that began before the moment was taken: %+v, %v", v, err)
				}
			})
		}
		wg.Wait()
		if n.Load() != 2 {
			t.Fatalf("%d readings for fifty who wanted a newer one", n.Load())
		}
		if v, err := s.Newer(t.Context(), moment); v.Value != 2 || err != nil || n.Load() != 2 {
			t.Fatalf("what is new enough is read again: %+v, %v, %d readings", v, err, n.Load())
		}
	})
}

// A reading that began after the time serves all, also while it is under way.
func TestSharedSinceATimeIsSharedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := counted(&n)
		_, _ = s.Get(t.Context())
		time.Sleep(time.Second)
		came := time.Now()
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				if got, err := s.Since(t.Context(), came); got != 2 || err != nil {
					t.Errorf("%d, %v", got, err)
				}
			})
		}
		all.Wait()
		if n.Load() != 2 {
			t.Errorf("%d readings", n.Load())
		}
	})
}

func TestSharedGoesOnWhileAnybodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := counted(&n)
		first, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { _, err := s.Get(first); gone <- err }()
		synctest.Wait()
		second := make(chan int64, 1)
		go func() { v, _ := s.Get(t.Context()); second <- v }()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Fatalf("who was cancelled got %v", err)
		}
		if v := <-second; v != 1 || n.Load() != 1 {
			t.Fatalf("the other one got %d after %d readings", v, n.Load())
		}
	})
}

func TestSharedAbandonedReadingIsCancelledAndNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := counted(&n)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := s.Get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(began); took != 300*time.Millisecond {
			t.Fatalf("it took %s to give up", took)
		}
		synctest.Wait() // the reading has ended with its error
		// The next caller gets a reading of its own, not the cancelled one's error.
		if v, err := s.Get(t.Context()); v != 2 || err != nil {
			t.Fatalf("after an abandoned reading: %d, %v", v, err)
		}
	})
}

// A caller who joins an abandoned reading before it has ended must not be
// given its error.
func TestSharedJoinsNoAbandonedReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := New(func(ctx context.Context) (int64, error) {
			mine := n.Add(1)
			if mine == 1 { // deaf for a while
				time.Sleep(time.Second)
				return 0, context.Canceled
			}
			return mine, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _, _ = s.Get(ctx) }()
		synctest.Wait()
		cancel()
		<-done
		if v, err := s.Get(t.Context()); v != 2 || err != nil {
			t.Fatalf("got %d, %v", v, err)
		}
	})
}

func TestSharedRemembersAFailureForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		wall := errors.New("503")
		s := New(func(context.Context) (int, error) {
			if n.Add(1) < 3 {
				return 0, wall
			}
			return 7, nil
		})
		for range 100 {
			if _, err := s.Get(t.Context()); !errors.Is(err, wall) {
				t.Fatal(err)
			}
		}
		if n.Load() != 1 {
			t.Fatalf("%d readings into the same wall", n.Load())
		}
		time.Sleep(FailureHolds)
		if _, err := s.Get(t.Context()); !errors.Is(err, wall) || n.Load() != 2 {
			t.Fatalf("%v after %d readings", err, n.Load())
		}
		// A newer one is always read.
		if v, err := s.Newer(t.Context(), s.Now()); v.Value != 7 || err != nil {
			t.Fatalf("%+v, %v", v, err)
		}
		if v, err := s.Get(t.Context()); v != 7 || err != nil {
			t.Fatalf("a success does not end the failure: %d, %v", v, err)
		}
	})
}

func TestSharedFailureReachesAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wall := errors.New("503")
		var n atomic.Int64
		s := New(func(context.Context) (int, error) {
			n.Add(1)
			time.Sleep(time.Second)
			return 0, wall
		})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := s.Get(t.Context()); !errors.Is(err, wall) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if n.Load() != 1 {
			t.Fatalf("%d readings", n.Load())
		}
	})
}

func TestUnderWayBeginsNoReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := counted(&n)
		if got, ok := s.UnderWay(t.Context()); ok || n.Load() != 0 {
			t.Fatalf("nothing was under way, and there is %+v after %d readings", got, n.Load())
		}
		first, cancel := context.WithCancel(t.Context())
		go func() { _, _ = s.Get(first) }()
		time.Sleep(500 * time.Millisecond)
		moment := s.Now()
		ended, end := context.WithCancel(t.Context())
		end()
		if _, ok := s.UnderWay(ended); ok {
			t.Error("a context that has ended waits for nothing")
		}
		cancel() // the reading goes on for those who wait for it
		if got, ok := s.UnderWay(t.Context()); !ok || got.Value != 1 || got.Number >= moment || n.Load() != 1 {
			t.Errorf("%+v, %t after %d readings", got, ok, n.Load())
		}
		if _, ok := s.UnderWay(t.Context()); ok {
			t.Error("what has ended is not under way")
		}
	})
}

func TestUnderWayIsNothingWhereTheReadingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(func(context.Context) (int, error) {
			time.Sleep(time.Second)
			return 0, errors.New("no")
		})
		go func() { _, _ = s.Get(t.Context()) }()
		synctest.Wait()
		if _, ok := s.UnderWay(t.Context()); ok {
			t.Error("a reading that fails was taken for one")
		}
	})
}
