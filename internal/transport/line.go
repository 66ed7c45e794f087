package transport

import (
	"container/heap"
	"context"
	"slices"
	"time"
)

// line is where the requests of one client wait for a place at their host and
// in their limiter.
type line struct {
	gate    *gate
	limiter *Limiter
	waiting waiters
}

// rank is whose turn comes before whose.
type rank struct {
	tried int    // attempts so far
	read  bool   // a request that changes nothing
	seq   uint64 // counted over all lines of the process
}

// before tells which of two calls goes first: the one with more attempts, so that
// no call uses up all its retries while others get through at once; then the one that
// reads, since the writes that wait may depend on what is read; then the one that
// came first.
func (r rank) before(other rank) bool {
	switch {
	case r.tried != other.tried:
		return r.tried > other.tried
	case r.read != other.read:
		return r.read
	default:
		return r.seq < other.seq
	}
}

type waiter struct {
	rank
	deadline time.Time // zero: none
	ready    chan error
	index    int // in the heap; -1 outside
}

// push adds a call to the line.
func (l *line) push(ctx context.Context, r rank) *waiter {
	// One place in the channel, so that the sender never blocks.
	w := &waiter{rank: r, ready: make(chan error, 1)}
	w.deadline, _ = ctx.Deadline()
	heap.Push(&l.waiting, w)
	if len(l.waiting) == 1 {
		l.gate.lines = append(l.gate.lines, l)
		l.limiter.lines = append(l.limiter.lines, l)
	}
	return w
}

// remove takes a call off the line. A line in which no call waits is in no
// list: its client may no longer be in use.
func (l *line) remove(w *waiter) {
	heap.Remove(&l.waiting, w.index)
	if len(l.waiting) > 0 {
		return
	}
	isThis := func(other *line) bool { return other == l }
	l.gate.lines = slices.DeleteFunc(l.gate.lines, isThis)
	l.limiter.lines = slices.DeleteFunc(l.limiter.lines, isThis)
}

// quit takes a waiter out; false if it was let in (or turned away) before.
func (l *line) quit(w *waiter) bool {
	if w.index < 0 {
		return false
	}
	l.remove(w)
	return true
}

// first is who goes next; nil where nobody waits or may go.
func (l *line) first() *waiter {
	if len(l.waiting) == 0 || !l.gate.open() || l.limiter.inFlight >= l.limiter.most {
		return nil
	}
	return l.waiting[0]
}

// admit lets the first in line in.
func (l *line) admit() {
	l.gate.inFlight++
	l.limiter.inFlight++
	w := l.waiting[0]
	l.remove(w)
	w.ready <- nil
}

// turnAway ends the wait of those who would have to wait beyond their deadline.
func (l *line) turnAway(until time.Time, err error) {
	var late []*waiter
	for _, w := range l.waiting {
		if !w.deadline.IsZero() && !until.Before(w.deadline) {
			late = append(late, w)
		}
	}
	for _, w := range late {
		l.remove(w)
		w.ready <- err
	}
}

// waiters implements heap.Interface.
type waiters []*waiter

func (h waiters) Len() int { return len(h) }

func (h waiters) Less(i, j int) bool { return h[i].before(h[j].rank) }

func (h waiters) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push appends, as container/heap asks for.
func (h *waiters) Push(x any) {
	w, _ := x.(*waiter)
	w.index = len(*h)
	*h = append(*h, w)
}

// Pop takes the last one, as container/heap asks for.
func (h *waiters) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	w.index = -1
	return w
}
