package transport

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// places guards every gate and every [Limiter] of the process: a place that
// becomes free in a limiter may be for a request to another host.
var places struct {
	sync.Mutex
	gates map[string]*gate // by origin
	seq   uint64           // counts those who wait
}

// gateOf gives the one gate of an origin. A rate limit is the host's, whatever
// client runs into it, so clients of one host share it.
func gateOf(origin string) *gate {
	places.Lock()
	defer places.Unlock()
	g := places.gates[origin]
	if g == nil {
		g = &gate{}
		if places.gates == nil {
			places.gates = map[string]*gate{}
		}
		places.gates[origin] = g
	}
	return g
}

// gate lets the requests to one host pass, and none while a pause lasts.
//
// A pause also limits them all together: to half of what was in flight when the
// host complained, and one more for each round that goes well since. If all
// that waited went off at once, they would only use up each other's repetitions.
type gate struct {
	limit    int // how many may be in flight; 0 is any number
	inFlight int
	went     int       // answers without complaint since the limit changed
	until    time.Time // the end of the pause
	lines    []*line   // those in which a call waits
}

// anyNumber is the limit above which counting makes no difference.
const anyNumber = 64

// outlasts is the error of a pause that ends after the context does.
type outlasts struct{ wait time.Duration }

func (e *outlasts) Error() string { return fmt.Sprintf("the pause lasts another %s", e.wait) }

// open tells whether one more request may go to the host.
func (g *gate) open() bool {
	return (g.limit == 0 || g.inFlight < g.limit) && !time.Now().Before(g.until)
}

// enter waits until a request may go on. Each success needs a leave.
func (l *line) enter(ctx context.Context, r rank) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w, err := l.join(ctx, r)
	if err != nil {
		return err
	}
	select {
	case err := <-w.ready:
		return err
	case <-ctx.Done():
	}
	places.Lock()
	defer places.Unlock()
	if !l.quit(w) && <-w.ready == nil {
		l.release()
	}
	return ctx.Err()
}

// join gives a place in line, or says why there is none.
func (l *line) join(ctx context.Context, r rank) (*waiter, error) {
	places.Lock()
	defer places.Unlock()
	if pause := time.Until(l.gate.until); pause > 0 && !within(ctx, pause) {
		return nil, &outlasts{pause}
	}
	places.seq++
	r.seq = places.seq
	w := l.push(ctx, r)
	admit(l.gate.lines)
	return w, nil
}

// admit lets in as many of those who wait in some lines as may go on, in their
// order. The caller holds the lock.
func admit(lines []*line) {
	lines = slices.Clone(lines) // a line that becomes empty leaves its lists
	for {
		var next *line
		for _, l := range lines {
			if w := l.first(); w != nil && (next == nil || w.before(next.first().rank)) {
				next = l
			}
		}
		if next == nil {
			return
		}
		next.admit()
	}
}

// leave ends what enter began. throttled says that the host complained.
func (l *line) leave(throttled bool) {
	places.Lock()
	defer places.Unlock()
	if l.gate.limit > 0 && !throttled {
		l.gate.raise()
	}
	l.release()
}

// release gives a place back, at the host and in the limiter.
func (l *line) release() {
	l.gate.inFlight--
	l.limiter.inFlight--
	admit(slices.Concat(l.gate.lines, l.limiter.lines))
}

// raise lets one more in after each round that went well.
func (g *gate) raise() {
	g.went++
	if g.went < g.limit {
		return
	}
	g.went = 0
	g.limit++
	if g.limit > anyNumber {
		g.limit = 0
	}
}

// pause keeps everybody out for d. It tells whether that is a new pause, rather
// than one more complaint of those that were in flight when the last one began.
func (g *gate) pause(d time.Duration) (began bool) {
	places.Lock()
	defer places.Unlock()
	now := time.Now()
	began = !g.until.After(now)
	if began {
		// The request that was answered is still counted.
		g.limit = max(1, g.inFlight/2)
		g.went = 0
	}
	until := now.Add(d)
	if !until.After(g.until) {
		return began
	}
	g.until = until
	for _, l := range slices.Clone(g.lines) {
		l.turnAway(until, &outlasts{d})
	}
	time.AfterFunc(d, func() {
		places.Lock()
		defer places.Unlock()
		admit(g.lines)
	})
	return began
}
