package transport

import (
	"context"
	"fmt"
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
		g = newGate()
		gates.m[origin] = g
	}
	return g
}

// gate lets the requests to one host pass, and none while a pause lasts. After
// a pause it lets fewer in at a time than were in flight when the host
// complained, and one more for each round that goes well: if all that waited
// went off at once, they would use up each other's repetitions.
type gate struct {
	mu       sync.Mutex
	until    time.Time     // the end of the pause
	limit    int           // how many may be in flight; 0 is any number
	inFlight int           //
	went     int           // answers without complaint since the limit changed
	changed  chan struct{} // closed when somebody who waits should look again
}

// anyNumber is the limit above which counting makes no difference.
const anyNumber = 64

func newGate() *gate { return &gate{changed: make(chan struct{})} }

// outlasts is the error of a pause that ends after the context does.
type outlasts struct{ wait time.Duration }

func (e *outlasts) Error() string { return fmt.Sprintf("the pause lasts another %s", e.wait) }

// enter waits until a request may be sent. Each success needs a leave.
func (g *gate) enter(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		pause, changed := g.tryEnter()
		switch {
		case pause <= 0 && changed == nil:
			return nil
		case pause > 0 && !within(ctx, pause):
			return &outlasts{pause}
		case pause > 0:
			if err := sleep(ctx, pause); err != nil {
				return err
			}
		default:
			select {
			case <-ctx.Done():
			case <-changed:
			}
		}
	}
}

// tryEnter enters, or tells how long the pause lasts or what to wait for.
func (g *gate) tryEnter() (pause time.Duration, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if pause := time.Until(g.until); pause > 0 {
		return pause, nil
	}
	if g.limit > 0 && g.inFlight >= g.limit {
		return 0, g.changed
	}
	g.inFlight++
	return 0, nil
}

// leave ends what enter began. throttled says that the host complained.
func (g *gate) leave(throttled bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	if g.limit == 0 {
		return
	}
	if !throttled {
		g.went++
	}
	if g.went >= g.limit {
		g.went = 0
		g.limit++
	}
	if g.limit > anyNumber {
		g.limit = 0
	}
	close(g.changed)
	g.changed = make(chan struct{})
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
	if until := now.Add(d); until.After(g.until) {
		g.until = until
	}
	return began
}

// sleep waits, or gives the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
