package roster

import (
	"context"
	"time"
)

// certainAfter is how long nothing must have moved until a walk in which
// nothing was refreshed and nothing applied is taken to be a plan.
const certainAfter = time.Second

// clashes gives the findings where this walk is a plan. The code that plans
// runs in an apply too, where values may have become known that two resources
// share, and there each operation keeps everybody's access by itself. What
// tells the two apart comes later than the first plans: only a plan refreshes,
// only an apply applies, and an apply does so right after its first plan. The
// tests of newer Terraforms configure a provider of the test file once for all
// walks of a run: where a process is shared like this, each of the apply's first
// plans may look like another resource's, so that no apply comes of any.
func (l *ledger) clashes(ctx context.Context, findings []Finding) []Finding {
	if len(findings) == 0 || !l.plans(ctx) {
		return nil
	}
	return findings
}

// plans waits until it is certain what kind of walk this is.
func (l *ledger) plans(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.planning || l.activity.IsApplying() {
		return !l.activity.IsApplying()
	}
	l.activity.StartWaiting()
	for {
		// Taken before anything is looked at, so that no change goes unseen.
		left, moved := l.activity.UntilIdle(certainAfter)
		if l.planning || l.activity.IsApplying() || ctx.Err() != nil {
			l.activity.StopWaiting()
			return !l.activity.IsApplying()
		}
		if left == 0 && l.activity.StopWaitingIfIdle(certainAfter) {
			if l.activity.IsShared() {
				return false
			}
			l.plan()
			return true
		}
		changed := l.changed
		l.mu.Unlock()
		_ = waitFor(ctx, left, moved, changed) // looked at above
		l.mu.Lock()
	}
}

// plan notes that this walk plans. The caller holds the lock.
func (l *ledger) plan() {
	if !l.planning {
		l.planning = true
		l.signal()
	}
}
