package roster

import (
	"context"
	"sync"
	"time"
)

const (
	// gatherFor bounds how long a write that has been made waits for others
	// before it is proved, so that one reading proves many.
	gatherFor = 250 * time.Millisecond
	// patience is how often in a row that may be in vain where no other write is
	// on its way, before nobody waits for those to come any more.
	patience = 2
	// letReadFor bounds how long a write waits for a reading to end that it
	// would disturb.
	letReadFor = 2 * time.Second
)

// traffic knows how many principals this run is working on in one workspace,
// and how far they are.
type traffic struct {
	mu sync.Mutex
	// open are being worked on, most is how many there ever were at the same time.
	open, most int
	// writing have sent a write that has not been answered yet.
	writing int
	// gathered wait to be proved.
	gathered int
	// closing keep new writes from being sent until their reading has ended.
	closing int
	// vain counts how often in a row one waited for writes that did not come.
	vain int
	// changed is closed and renewed whenever one of these numbers changes.
	changed chan struct{}
}

// count changes a number, and gives the function that undoes it.
func (t *traffic) count(number *int) func() {
	t.add(number, 1)
	var once sync.Once
	return func() { once.Do(func() { t.add(number, -1) }) }
}

func (t *traffic) add(number *int, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*number += n
	t.most = max(t.most, t.open)
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// patienceOf is how one write waits for others.
type patienceOf struct {
	// took is how long the write took.
	took time.Duration
	// alone is true where no write may be on its way while it is being proved.
	alone bool
}

// worthWaiting tells whether one who has waited for so long should wait on, and
// gives a channel that is closed when that may have changed. full is true when it
// only waits for writes to end.
//
// While others are on their way, it waits as long as its own write took, so that
// writes that began together are proved together. Terraform may be slower than
// the service, however, and the writes few and far between: then waiting costs
// nothing but a slot that would lie idle, and it goes on until there are half as
// many as were ever worked on at the same time. Whoever is alone does not wait.
func (t *traffic) worthWaiting(waited time.Duration, p patienceOf) (wait, full bool, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	enough := t.gathered >= (t.most+1)/2
	switch {
	case waited >= gatherFor && (!p.alone || t.writing == 0 || waited >= letReadFor):
		if t.writing == 0 {
			t.vain++
		}
		return false, true, nil
	case enough && (t.writing == 0 || waited >= p.took && !p.alone):
		t.vain = 0
		return false, true, nil
	case t.writing == 0 && t.vain >= patience:
		return false, true, nil
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return true, enough && waited >= p.took || waited >= gatherFor, t.changed
}

// gather waits, before a write is proved, while others that the same reading
// can prove are about to be made. begun tells whether a reading that serves has
// begun, and gives a channel that is closed when one may have. The function that
// it gives has to be called once the reading has ended.
func (s *space) gather(ctx context.Context, p patienceOf, begun func() (bool, <-chan struct{})) (ended func()) {
	t, since := &s.traffic, time.Now()
	defer t.count(&t.gathered)()
	ended = func() {}
	closed := false
	for {
		serves, launched := begun()
		if serves {
			return ended
		}
		waited := time.Since(since)
		wait, full, changed := t.worthWaiting(waited, p)
		if full && p.alone && !closed {
			closed, ended = true, t.count(&t.closing)
			continue
		}
		if !wait {
			return ended
		}
		timer := time.NewTimer(untilNext(waited, p.took))
		select {
		case <-changed:
		case <-launched:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ended
		}
		timer.Stop()
	}
}

// untilNext is the time until waiting for so long ends one of the bounds.
func untilNext(waited, took time.Duration) time.Duration {
	next := letReadFor - waited
	for _, bound := range []time.Duration{took, gatherFor} {
		if waited < bound {
			next = min(next, bound-waited)
		}
	}
	return next
}

// letRead waits, before a write is sent, for a reading of the workspace to end
// that the write would spoil: it would have to begin anew, and all who wait for
// it would wait longer than this write has to. Those that waited go out together.
func (s *space) letRead(ctx context.Context) {
	if !s.run.traits.ListingShifts {
		return
	}
	timer := time.NewTimer(letReadFor)
	defer timer.Stop()
	for {
		over := s.listings.Reading()
		if over == nil {
			over = s.traffic.closed()
		}
		if over == nil {
			return
		}
		select {
		case <-over:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// closed gives a channel that is closed when that may have changed, nil where
// writes may be sent.
func (t *traffic) closed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing == 0 {
		return nil
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.changed
}

// inProgress tells how many principals are being worked on.
func (t *traffic) inProgress() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}
