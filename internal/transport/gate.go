package transport

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// gates holds one gate an origin. A rate limit is the host's, whatever client
// runs into it, so clients of one host share it.
var gates = struct {
	sync.Mutex
	m map[string]*gate
}{m: map[string]*gate{}}

func gateOf(origin string) *gate {
	gates.Lock()
	defer gates.Unlock()
	g := gates.m[origin]
	if g == nil {
		g = &gate{}
		gates.m[origin] = g
	}
	return g
}

// gate lets the requests to one host pass, as many at a time as each client may
// have in flight, and none while a pause lasts.
//
// A pause also limits them all together: to half of what was in flight when the
// host complained, and one more for each round that goes well since. If all
// that waited went off at once, they would only use up each other's repetitions.
type gate struct {
	mu       sync.Mutex
	limit    int // how many may be in flight; 0 is any number
	inFlight int
	went     int       // answers without complaint since the limit changed
	until    time.Time // the end of the pause
	seq      uint64
	lines    []*line // those in which somebody waits
}

// anyNumber is the limit above which counting makes no difference.
const anyNumber = 64

// outlasts is the error of a pause that ends after the context does.
type outlasts struct{ wait time.Duration }

func (e *outlasts) Error() string { return fmt.Sprintf("the pause lasts another %s", e.wait) }

// enter waits until a request that was tried so many times may go on. Each
// success needs a leave.
func (g *gate) enter(ctx context.Context, l *line, tried int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w, err := g.join(ctx, l, tried)
	if err != nil {
		return err
	}
	select {
	case err := <-w.ready:
		return err
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !l.quit(w) && <-w.ready == nil {
		g.inFlight--
		l.inFlight--
		g.admit()
	}
	return ctx.Err()
}

// join gives a place in line, or says why there is none.
func (g *gate) join(ctx context.Context, l *line, tried int) (*waiter, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if pause := time.Until(g.until); pause > 0 && !within(ctx, pause) {
		return nil, &outlasts{pause}
	}
	g.seq++
	w := l.join(ctx, tried, g.seq)
	if !slices.Contains(g.lines, l) {
		g.lines = append(g.lines, l)
	}
	g.admit()
	return w, nil
}

// admit lets in as many as may go on. The caller holds the lock.
func (g *gate) admit() {
	// A client that is no longer in use is not kept.
	g.lines = slices.DeleteFunc(g.lines, func(l *line) bool { return len(l.waiting) == 0 })
	for (g.limit == 0 || g.inFlight < g.limit) && !time.Now().Before(g.until) {
		var next *line
		for _, l := range g.lines {
			if w := l.first(); w != nil && (next == nil || w.before(next.first())) {
				next = l
			}
		}
		if next == nil {
			return
		}
		g.inFlight++
		next.admit()
	}
}

// leave ends what enter began. throttled says that the host complained.
func (g *gate) leave(l *line, throttled bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	l.inFlight--
	if g.limit > 0 && !throttled {
		g.raise()
	}
	g.admit()
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
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	began = !g.until.After(now)
	if began {
		g.limit = max(1, g.inFlight/2)
		g.went = 0
	}
	until := now.Add(d)
	if !until.After(g.until) {
		return began
	}
	g.until = until
	for _, l := range g.lines {
		l.turnAway(until, &outlasts{d})
	}
	time.AfterFunc(d, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.admit()
	})
	return began
}
