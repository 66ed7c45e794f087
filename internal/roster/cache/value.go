// Package cache reads once what many want: all who ask while a reading is on its
// way share it, and all who ask later get what it gave.
package cache

import (
	"context"
	"sync"
	"time"
)

// FailureHolds is how long a failed read answers for those who ask next, so
// that a thousand resources do not each run into the same wall one by one.
const FailureHolds = 10 * time.Second

// Value is something read from a service that many want at the same time:
// one read serves all who ask while it runs, and all who ask later.
type Value[T any] struct {
	read func(context.Context) (T, error)
	// OnRead sees every value before anybody else, under the lock.
	OnRead func(T)

	mu       sync.Mutex
	clock    uint64
	have     bool
	value    T
	began    uint64
	notOlder uint64
	failed   error
	failedAt time.Time
	flight   *flight[T]
	// launched is closed and renewed whenever a read begins.
	launched chan struct{}
}

type flight[T any] struct {
	began   uint64
	done    chan struct{}
	value   T
	err     error
	waiters int
	// abandoned is true once nobody waits any more: the read is being
	// cancelled, and whoever comes now needs another one.
	abandoned bool
	cancel    context.CancelFunc
	// late are the changes to the value that were made while it was being read.
	late []func(T) T
}

func New[T any](read func(context.Context) (T, error)) *Value[T] {
	return &Value[T]{read: read, launched: make(chan struct{})}
}

// Now names this moment, for newer.
func (s *Value[T]) Now() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	return s.clock
}

// Drop forgets what has been read, and what is being read.
func (s *Value[T]) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	s.notOlder = s.clock
	s.have = false
	var none T
	s.value = none
}

// Get gives the value, read in this run at any time since the last drop.
func (s *Value[T]) Get(ctx context.Context) (T, error) {
	s.mu.Lock()
	if s.have {
		defer s.mu.Unlock()
		return s.value, nil
	}
	if s.failed != nil && time.Since(s.failedAt) < FailureHolds && s.flight == nil {
		defer s.mu.Unlock()
		var none T
		return none, s.failed
	}
	floor := s.notOlder
	s.mu.Unlock()
	return s.Newer(ctx, floor)
}

// Peek gives the value if it has been read already.
func (s *Value[T]) Peek() (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value, s.have
}

// Amend changes the value without a read: the one that is there, and the one
// that is being read now, which may have been read too early to show the change.
// The change makes a new value, and has to leave alone one that shows it already.
func (s *Value[T]) Amend(change func(T) T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have {
		s.value = change(s.value)
	}
	if s.flight != nil {
		s.flight.late = append(s.flight.late, change)
	}
}

// BegunAfter tells whether a read that began after the moment is there or on
// its way, and gives a channel that is closed when the next one begins.
func (s *Value[T]) BegunAfter(moment uint64) (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.flight
	return s.have && s.began > moment || f != nil && !f.abandoned && f.began > moment, s.launched
}

// Reading gives a channel that is closed when the read that is on its way has
// ended, nil where there is none.
func (s *Value[T]) Reading() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil {
		return nil
	}
	return s.flight.done
}

// Newer gives a value whose reading began after the moment. All who wait for
// one share it.
func (s *Value[T]) Newer(ctx context.Context, moment uint64) (T, error) {
	for {
		s.mu.Lock()
		if s.have && s.began > moment {
			defer s.mu.Unlock()
			return s.value, nil
		}
		f := s.flight
		if f == nil {
			f = s.launch(ctx)
		}
		f.waiters++
		abandoned := f.abandoned
		s.mu.Unlock()

		select {
		case <-f.done:
			s.leave(f)
			if f.began > moment && !abandoned {
				return f.value, f.err
			}
		case <-ctx.Done():
			s.leave(f)
			var none T
			return none, ctx.Err()
		}
	}
}

func (s *Value[T]) leave(f *flight[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.waiters--
	if f.waiters == 0 {
		f.abandoned = true
		f.cancel()
	}
}

// launch starts a read that belongs to nobody: it goes on while anybody waits
// for it, and logs where its first caller logs.
func (s *Value[T]) launch(ctx context.Context) *flight[T] {
	s.clock++
	flightCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[T]{began: s.clock, done: make(chan struct{}), cancel: cancel}
	s.flight = f
	close(s.launched)
	s.launched = make(chan struct{})
	go func() {
		f.value, f.err = s.read(flightCtx)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.flight = nil
		switch {
		case f.err == nil:
			if s.OnRead != nil {
				s.OnRead(f.value)
			}
			for _, change := range f.late {
				f.value = change(f.value)
			}
			s.failed = nil
			if f.began > s.notOlder {
				s.have, s.value, s.began = true, f.value, f.began
			}
		case flightCtx.Err() == nil:
			s.failed, s.failedAt = f.err, time.Now()
		}
		close(f.done)
	}()
	return f
}
