package protocol

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// scope is the context of one request. Until the request is over it has the
// deadline and the values of its parent and is cancelled with it. When the
// request is over it is cancelled, and forgets its parent: code that still keeps
// the scope then keeps nothing else.
//
// It implements AfterFunc, which package context uses for contexts that are not
// its own, so that contexts derived from a scope need no goroutine.
type scope struct {
	parent atomic.Pointer[held] // nil once forgotten

	mu    sync.Mutex
	done  chan struct{}
	err   error
	after map[*func()]struct{} // to be called when the scope is cancelled
	leave func() bool          // takes the scope off its parent
}

// valueless is a context without its values.
type valueless struct{ context.Context }

func (valueless) Value(any) any { return nil }

// held makes an atomic pointer of an interface.
type held struct{ context.Context }

// closed is the channel of every scope that is over.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func newScope(parent context.Context) *scope {
	s := &scope{done: make(chan struct{})}
	s.parent.Store(&held{parent})
	leave := context.AfterFunc(parent, func() { s.cancel(parent.Err()) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.leave = leave
	}
	return s
}

// Deadline is the parent's; none once the request is over.
func (s *scope) Deadline() (time.Time, bool) {
	if p := s.parent.Load(); p != nil {
		return p.Deadline()
	}
	return time.Time{}, false
}

// Value is the parent's; nil once the request is over.
func (s *scope) Value(key any) any {
	if p := s.parent.Load(); p != nil {
		return p.Value(key)
	}
	return nil
}

// Done gives a channel that is closed when the scope is cancelled.
func (s *scope) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

// Err is nil until the scope is cancelled.
func (s *scope) Err() error {
	if p := s.parent.Load(); p != nil {
		// The parent's own notice may still be under way.
		if err := p.Err(); err != nil {
			s.cancel(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// AfterFunc arranges for f to be called when the scope is cancelled. stop
// undoes that, and tells whether it was in time.
func (s *scope) AfterFunc(f func()) (stop func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		// Not here: the caller may hold a lock that f takes.
		go f()
		return func() bool { return false }
	}
	if s.after == nil {
		s.after = map[*func()]struct{}{}
	}
	key := &f
	s.after[key] = struct{}{}
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, waiting := s.after[key]
		delete(s.after, key)
		return waiting
	}
}

// cancel cancels the scope and all that is derived from it.
func (s *scope) cancel(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = err
	close(s.done)
	s.done = closed
	after := s.after
	s.after = nil
	s.mu.Unlock()
	for f := range after {
		(*f)()
	}
}

// end cancels the scope and lets go of its parent.
func (s *scope) end() {
	s.cancel(context.Canceled)
	s.mu.Lock()
	leave := s.leave
	s.leave = nil
	s.mu.Unlock()
	if leave != nil {
		leave()
	}
	s.parent.Store(nil)
}
