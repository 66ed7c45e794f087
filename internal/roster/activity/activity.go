// Package activity knows what Terraform is doing with this process: which requests
// are in progress, which of them only wait, since when nothing has moved, and
// whether an apply has begun.
package activity

import (
	"sync"
	"time"
)

// Activity knows what this process is doing for Terraform: how many requests
// are in progress, how many of those only wait for others, since when nothing
// has moved, and whether an apply has begun. One process has one.
type Activity struct {
	mu       sync.Mutex
	running  int
	waiting  int
	last     time.Time
	applying bool
	// validated and planned count the resources of this walk.
	validated, planned int
	// resumed is true where this walk plans what an earlier one has planned.
	resumed bool
	// plansTwice is true where a resource may be planned twice in this walk.
	plansTwice bool
	changed    chan struct{}
}

// New gives the activity of a process that has done nothing yet.
func New() *Activity {
	return &Activity{last: time.Now(), changed: make(chan struct{})}
}

// Begin notes that a request has begun. The function it returns notes its end
// and may be called more than once.
func (a *Activity) Begin() func() {
	a.mu.Lock()
	a.running++
	a.moved()
	a.mu.Unlock()
	var once sync.Once
	return func() {
		once.Do(func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.running--
			a.moved()
		})
	}
}

// Applying notes that this process has been told to apply a change.
func (a *Activity) Applying() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.applying {
		a.applying = true
		a.signal()
	}
}

// Configured notes a new walk: whether it applies is not known yet. plansTwice is
// true where a resource may be planned twice in it.
func (a *Activity) Configured(plansTwice bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plansTwice = plansTwice
	a.applying, a.resumed = false, false
	a.validated, a.planned = 0, 0
}

// Validated notes that the configuration of a resource is validated.
func (a *Activity) Validated() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.validated++
}

// Planned notes that a change of a resource is planned.
func (a *Activity) Planned() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.planned++
}

// Resumed notes that this walk plans what an earlier one of the same run of
// Terraform has planned already.
func (a *Activity) Resumed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.resumed {
		a.resumed = true
		a.signal()
	}
}

// IsResumed tells whether it does.
func (a *Activity) IsResumed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.resumed
}

// IsShared tells whether this walk shares its process with another one, once
// nothing moves any more: a walk that plans validates each resource right before
// it plans it, so that more were validated only where a walk that validates came
// before.
func (a *Activity) IsShared() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.validated > a.planned
}

// PlansTwice tells whether a resource may be planned twice in this walk.
func (a *Activity) PlansTwice() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.plansTwice
}

// IsApplying tells whether this walk has begun to apply.
func (a *Activity) IsApplying() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.applying
}

// StartWaiting notes that one of the requests in progress now only waits.
func (a *Activity) StartWaiting() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting++
	a.moved()
}

// StopWaiting notes that a request which waited goes on.
func (a *Activity) StopWaiting() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting--
	a.moved()
}

// StopWaitingIfIdle ends one request's wait if nothing has moved for so long.
// It is one step, and it counts as movement: of several that wait, one is
// answered at a time.
func (a *Activity) StopWaitingIfIdle(enough time.Duration) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left(enough) > 0 {
		return false
	}
	a.waiting--
	a.moved()
	return true
}

// UntilIdle tells how long nothing has to move yet until it has been quiet for
// long enough, and gives a channel that is closed as soon as something moves.
func (a *Activity) UntilIdle(enough time.Duration) (time.Duration, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.left(enough), a.changed
}

// busy stands for "not idle until something moves".
const busy = 1<<63 - 1

func (a *Activity) left(enough time.Duration) time.Duration {
	if a.running > a.waiting {
		return busy
	}
	return max(0, enough-time.Since(a.last))
}

func (a *Activity) moved() {
	a.last = time.Now()
	a.signal()
}

func (a *Activity) signal() {
	close(a.changed)
	a.changed = make(chan struct{})
}

// Counts tells how many requests are in progress, and how many of them wait.
func (a *Activity) Counts() (running, waiting int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.running, a.waiting
}
