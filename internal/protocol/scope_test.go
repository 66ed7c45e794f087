package protocol

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestScopeFollowsItsParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithDeadlineCause(t.Context(), time.Now().Add(time.Minute), errors.New("too late"))
		defer cancel()
		s := newScope(parent)
		defer s.end()
		if d, ok := s.Deadline(); !ok || time.Until(d) != time.Minute {
			t.Errorf("deadline %v %t", d, ok)
		}
		child, cancelChild := context.WithCancel(s)
		defer cancelChild()
		called := false
		context.AfterFunc(child, func() { called = true })
		time.Sleep(time.Minute - time.Nanosecond)
		if s.Err() != nil || child.Err() != nil {
			t.Fatal("cancelled early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !errors.Is(s.Err(), context.DeadlineExceeded) || !errors.Is(child.Err(), context.DeadlineExceeded) || !called {
			t.Errorf("scope %v, child %v, called %t", s.Err(), child.Err(), called)
		}
		if c := context.Cause(child); c == nil || c.Error() != "too late" {
			t.Errorf("cause %v", c)
		}
	})
}

func TestScopeOfACancelledParent(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	cancel()
	s := newScope(parent)
	if !errors.Is(s.Err(), context.Canceled) {
		t.Errorf("error %v, at once", s.Err())
	}
	<-s.Done()
	s.end()
	if !errors.Is(s.Err(), context.Canceled) {
		t.Errorf("error %v after the end", s.Err())
	}
}

func TestScopeEnds(t *testing.T) {
	parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, 1))
	defer cancel()
	s := newScope(parent)
	done := s.Done()
	child, cancelChild := context.WithTimeout(s, time.Hour)
	defer cancelChild()
	if s.Value(key{}) != 1 || child.Value(key{}) != 1 {
		t.Error("no value")
	}
	s.end()
	select {
	case <-done:
	default:
		t.Error("the channel that was given out is open")
	}
	<-s.Done()
	if !errors.Is(child.Err(), context.Canceled) {
		t.Errorf("child: %v", child.Err())
	}
	if s.Value(key{}) != nil || child.Value(key{}) != nil {
		t.Error("a value is left")
	}
	called := make(chan struct{})
	if context.AfterFunc(s, func() { close(called) }) == nil {
		t.Error("no stop")
	}
	<-called
	late, cancelLate := context.WithCancel(s)
	defer cancelLate()
	if !errors.Is(late.Err(), context.Canceled) {
		t.Errorf("derived too late: %v", late.Err())
	}
	s.end()
}

func TestAfterFuncIsStopped(t *testing.T) {
	s := newScope(t.Context())
	stop := s.AfterFunc(func() { t.Error("called") })
	if !stop() || stop() {
		t.Error("stopping was not in time, or twice")
	}
	s.end()
	ran := make(chan struct{})
	if s.AfterFunc(func() { close(ran) })() {
		t.Error("a call that is under way was stopped")
	}
	<-ran
}

// A derived context needs no goroutine, and one that is cancelled first leaves
// nothing behind in the scope.
func TestDerivedContextsAreCheap(t *testing.T) {
	s := newScope(t.Context())
	before := runtime.NumGoroutine()
	var cancels []context.CancelFunc
	for range 1000 {
		_, cancel := context.WithCancel(s)
		cancels = append(cancels, cancel)
	}
	if n := runtime.NumGoroutine() - before; n > 100 {
		t.Errorf("%d goroutines for 1000 derived contexts", n)
	}
	if len(s.after) != 1000 {
		t.Errorf("%d derived contexts are known", len(s.after))
	}
	for _, cancel := range cancels {
		cancel()
	}
	if len(s.after) != 0 {
		t.Errorf("%d cancelled contexts are kept", len(s.after))
	}
	s.end()
}

// Whatever meets whatever: every derived context ends, and nothing waits for
// ever.
func TestScopeUnderLoad(t *testing.T) {
	var ended atomic.Int32
	var wg sync.WaitGroup
	const scopes, children = 200, 5
	for range scopes {
		parent, cancel := context.WithCancel(t.Context())
		s := newScope(parent)
		for range children {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(s)
				defer cancel()
				if rand.IntN(4) == 0 {
					cancel()
				}
				_, _ = ctx.Deadline()
				_ = ctx.Value(key{})
				_ = s.Err()
				<-ctx.Done()
				ended.Add(1)
			})
		}
		wg.Go(cancel)
		wg.Go(s.end)
	}
	wg.Wait()
	if ended.Load() != scopes*children {
		t.Errorf("%d of %d ended", ended.Load(), scopes*children)
	}
}
