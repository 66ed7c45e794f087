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

// worthWaiting tells whether one who has waited for so long should wait on, and
// gives a channel that is closed when that may have changed. took is how long
// its write took.
//
// While others are on their way, it waits as long as its own write took, so that
// writes that began together are proved together. Terraform may be slower than
// the service, however, and the writes few and far between: then waiting costs
// nothing but a slot that would lie idle, and it goes on until there are half as
// many as were ever worked on at the same time. Whoever is alone does not wait.
func (t *traffic) worthWaiting(waited, took time.Duration) (bool, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	enough := t.gathered >= (t.most+1)/2
	switch {
	case waited >= gatherFor:
		if t.writing == 0 {
			t.vain++
		}
		return false, nil
	case enough && (t.writing == 0 || waited >= took):
		t.vain = 0
		return false, nil
	case t.writing == 0 && t.vain >= patience:
		return false, nil
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return true, t.changed
}

// gather waits, before a write is proved, while others that the same reading
// can prove are about to be made. begun tells whether a reading that serves has
// begun, and gives a channel that is closed when one may have.
func (s *space) gather(ctx context.Context, took time.Duration, begun func() (bool, <-chan struct{})) {
	t, since := &s.traffic, time.Now()
	defer t.count(&t.gathered)()
	for {
		serves, launched := begun()
		if serves {
			return
		}
		waited := time.Since(since)
		wait, changed := t.worthWaiting(waited, took)
		if !wait {
			return
		}
		next := gatherFor - waited
		if waited < took {
			next = min(next, took-waited)
		}
		timer := time.NewTimer(next)
		select {
		case <-changed:
		case <-launched:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// inProgress tells how many principals are being worked on.
func (t *traffic) inProgress() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}
