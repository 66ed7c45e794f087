package transport

import (
	"container/heap"
	"context"
	"time"
)

// line is where the requests of one client wait. Whoever has tried more often
// goes first, so that nobody uses up all repetitions while others get through
// at once; then whoever came first. The host's gate locks.
type line struct {
	most     int // requests of this client in flight at most
	inFlight int
	waiting  waiters
}

type waiter struct {
	tried    int
	seq      uint64    // counted over all lines of a host
	deadline time.Time // zero: none
	ready    chan error
	index    int // in the heap; -1 outside
}

// join takes the last place among those who tried as often.
func (l *line) join(ctx context.Context, tried int, seq uint64) *waiter {
	// One place in the channel, so that nobody has to wait to tell.
	w := &waiter{tried: tried, seq: seq, ready: make(chan error, 1)}
	w.deadline, _ = ctx.Deadline()
	heap.Push(&l.waiting, w)
	return w
}

// quit takes a waiter out; false if it was let in (or turned away) before.
func (l *line) quit(w *waiter) bool {
	if w.index < 0 {
		return false
	}
	heap.Remove(&l.waiting, w.index)
	return true
}

// first is who goes next; nil where nobody waits or may go.
func (l *line) first() *waiter {
	if len(l.waiting) == 0 || l.inFlight >= l.most {
		return nil
	}
	return l.waiting[0]
}

// admit lets the first in line in.
func (l *line) admit() {
	l.inFlight++
	w := l.waiting[0]
	heap.Remove(&l.waiting, 0)
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
		heap.Remove(&l.waiting, w.index)
		w.ready <- err
	}
}

// before tells who of two goes first.
func (w *waiter) before(other *waiter) bool {
	if w.tried != other.tried {
		return w.tried > other.tried
	}
	return w.seq < other.seq
}

// waiters implements heap.Interface.
type waiters []*waiter

func (h waiters) Len() int { return len(h) }

func (h waiters) Less(i, j int) bool { return h[i].before(h[j]) }

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
