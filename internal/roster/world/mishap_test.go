package world

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// mishapKind is what may happen at a call.
type mishapKind int

const (
	fine mishapKind = iota
	// unavailable: nothing was done, and the answer says so (429, 503).
	unavailable
	// lostBefore and lostAfter: the answer never came, and the request did not
	// have its effect, or it did.
	lostBefore
	lostAfter
	// halfway: a listing fails after a part of its pages.
	halfway
	// late: the answer comes late, and shows what was true when it was asked.
	late
	// old: a listing shows what was true a while ago.
	old
	// partial: a listing shows a part, nobody who owns the workspace; blank: it
	// shows nobody at all.
	partial
	blank
	// paused: the host is paused, and the request is sent after it, unless what was
	// decided is too old by then.
	paused
	// fromOutside: others change something right before the call.
	fromOutside
	// stopped: Ctrl-C; killed: kill -9.
	stopped
	killed
)

func (k mishapKind) String() string {
	return [...]string{"", " (503)", " (lost)", " (answer lost)", " (fails half-way)", " (late)", " (old)", " (partial)", " (blank)", " (paused)", "", "", ""}[k]
}

// mishap is something that happens at a call, chosen by its number in one phase.
type mishap struct {
	// round and apply say in which phase: the plan or the apply of a round.
	round int
	apply bool
	// on is the kind of call, nth its number (from 0), times how many calls in
	// a row are met; 0 is 1.
	on         callKind
	nth, times int
	what       mishapKind
	// d is how long, how late or how old.
	d time.Duration
	// change is what others do.
	change outside
	// session is whose process is stopped or killed.
	session int

	// end stops or kills it; set when the phase begins.
	end func()
}

func (m *mishap) String() string {
	phase := "plan"
	if m.apply {
		phase = "apply"
	}
	what := m.what.String()
	switch m.what {
	case fromOutside:
		what = " outside: " + m.change.String()
	case stopped:
		what = fmt.Sprintf(" session %d is stopped", m.session)
	case killed:
		what = fmt.Sprintf(" session %d is killed", m.session)
	case late, old, halfway, paused:
		what = fmt.Sprintf("%s by %s", what, m.d)
	}
	return fmt.Sprintf("round %d, %s, %s %d x%d:%s", m.round, phase, m.on, m.nth, max(1, m.times), what)
}

// machine is what the provider processes of one machine share: locks, and which
// instances were being replaced.
type machine struct {
	mu       sync.Mutex
	locks    map[string]chan struct{}
	replaced replacedOnes
}

// replacedOnes are the instances that were being replaced.
type replacedOnes struct{ instances sync.Map }

func (r *replacedOnes) Add(instance string)    { r.instances.Store(instance, true) }
func (r *replacedOnes) Remove(instance string) { r.instances.Delete(instance) }
func (r *replacedOnes) Has(instance string) bool {
	_, has := r.instances.Load(instance)
	return has
}

func (m *machine) of(key string) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks == nil {
		m.locks = map[string]chan struct{}{}
	}
	if m.locks[key] == nil {
		m.locks[key] = make(chan struct{}, 1)
	}
	return m.locks[key]
}

// held are the locks that one process holds. They die with it.
type held struct {
	mu    sync.Mutex
	all   map[int]func()
	next  int
	ended bool
}

func (h *held) die() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for _, release := range h.all {
		release()
	}
	h.all = nil
}

// lock waits for a lock of the machine on behalf of a process.
func (m *machine) lock(h *held) func(ctx context.Context, key string) (func(), error) {
	return func(ctx context.Context, key string) (func(), error) {
		c := m.of(key)
		select {
		case c <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.ended {
			<-c
			return nil, context.Canceled
		}
		if h.all == nil {
			h.all = map[int]func(){}
		}
		n := h.next
		h.next++
		h.all[n] = func() { <-c }
		return func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if release := h.all[n]; release != nil {
				delete(h.all, n)
				release()
			}
		}, nil
	}
}
