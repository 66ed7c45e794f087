// Package cache reads once what many want: all who ask while a reading is on its
// way share it, and all who ask later get what it gave.
package cache

import (
	"context"
	"sync"
	"time"
)

// FailureHolds is how long a failed read answers for those who ask next, so
// that a thousand resources do not repeat the same failing call one by one.
const FailureHolds = 10 * time.Second

// Value is something read from a service that many want at the same time:
// one read serves all who ask while it runs, and all who ask later.
type Value[T any] struct {
	read func(context.Context) (T, error)

	mu       sync.Mutex
	clock    uint64
	have     bool
	latest   Reading[T]
	failed   error
	failedAt time.Time
	// failedBegan is when the reading began that failed.
	failedBegan time.Time
	flight      *flight[T]
}

// Reading is a value with the moment at which its reading began: what happened
// later may be missing in it.
type Reading[T any] struct {
	Value T
	// Number orders readings and moments ([Value.Now]); a higher one is later.
	Number uint64
	// Began is the wall time of the beginning, Took how long the reading took.
	Began time.Time
	Took  time.Duration
}

type flight[T any] struct {
	reading Reading[T]
	err     error
	done    chan struct{}
	waiters int
	// abandoned is true once no caller waits any more: the read is being
	// cancelled, and a new caller needs another one.
	abandoned bool
	cancel    context.CancelFunc
}

// New makes a value that is read when it is first asked for.
func New[T any](read func(context.Context) (T, error)) *Value[T] {
	return &Value[T]{read: read}
}

// Now numbers this moment, for [Value.Newer].
func (s *Value[T]) Now() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	return s.clock
}

// Get gives the value, read in this run at any time.
func (s *Value[T]) Get(ctx context.Context) (T, error) { return s.Since(ctx, time.Time{}) }

// Since gives a reading that did not begin before a time. One that failed answers
// too, like any other.
func (s *Value[T]) Since(ctx context.Context, t time.Time) (T, error) {
	s.mu.Lock()
	s.clock++
	moment := s.clock
	switch f := s.flight; {
	case s.have && !s.latest.Began.Before(t):
		defer s.mu.Unlock()
		return s.latest.Value, nil
	case f != nil && !f.reading.Began.Before(t):
		moment = f.reading.Number - 1
	case f == nil && s.failed != nil && !s.failedBegan.Before(t) && time.Since(s.failedAt) < FailureHolds:
		defer s.mu.Unlock()
		var none T
		return none, s.failed
	}
	s.mu.Unlock()
	r, err := s.Newer(ctx, moment)
	return r.Value, err
}

// Peek gives the latest reading if there has been one.
func (s *Value[T]) Peek() (Reading[T], bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latest, s.have
}

// Newer gives a reading that began after the moment. One reading is under way
// at a time; the next one serves all who came meanwhile. A reading that fails
// answers only for those moments that are before its beginning.
func (s *Value[T]) Newer(ctx context.Context, moment uint64) (Reading[T], error) {
	for {
		if err := ctx.Err(); err != nil {
			return Reading[T]{}, err
		}
		s.mu.Lock()
		if s.have && s.latest.Number > moment {
			defer s.mu.Unlock()
			return s.latest, nil
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
			if f.reading.Number > moment && !abandoned {
				return f.reading, f.err
			}
		case <-ctx.Done():
			s.leave(f)
			return Reading[T]{}, ctx.Err()
		}
	}
}

// UnderWay gives the reading that is under way, once it has ended; false where none
// is, or where it fails. It may have begun before this call.
func (s *Value[T]) UnderWay(ctx context.Context) (Reading[T], bool) {
	s.mu.Lock()
	f := s.flight
	if f == nil || f.abandoned {
		s.mu.Unlock()
		return Reading[T]{}, false
	}
	f.waiters++
	s.mu.Unlock()
	defer s.leave(f)
	select {
	case <-f.done:
		return f.reading, f.err == nil
	case <-ctx.Done():
		return Reading[T]{}, false
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
	f := &flight[T]{reading: Reading[T]{Number: s.clock, Began: time.Now()}, done: make(chan struct{}), cancel: cancel}
	s.flight = f
	go func() {
		if f.err = flightCtx.Err(); f.err == nil {
			f.reading.Value, f.err = s.read(flightCtx)
		}
		f.reading.Took = time.Since(f.reading.Began)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.flight = nil
		switch {
		case f.err == nil:
			s.failed = nil
			s.have, s.latest = true, f.reading
		case flightCtx.Err() == nil:
			s.failed, s.failedAt, s.failedBegan = f.err, time.Now(), f.reading.Began
		}
		close(f.done)
	}()
	return f
}
