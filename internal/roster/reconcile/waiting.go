package reconcile

import (
	"context"
	"time"
)

// setWaiting notes whether a change only waits for others. A request whose open
// changes all wait is one that waits, for the rule of idleness. The caller holds
// the lock.
func (r *Reconciler) setWaiting(it *item, waits bool) {
	if it.waits != waits {
		it.waits = waits
		if waits {
			it.req.waiting++
		} else {
			it.req.waiting--
		}
	}
	if req := it.req; !req.toTell { // once for all of its changes
		req.toTell = true
		r.later = append(r.later, func() { r.tellActivity(req) })
	}
}

// tellActivity tells whether a request only waits. It comes after all that was
// decided in one go, so that a change which goes from one wait to another does
// not count as movement.
func (r *Reconciler) tellActivity(req *request) {
	r.mu.Lock()
	req.toTell = false
	idle := req.open > 0 && req.waiting == req.open
	changed := idle != req.idle
	req.idle = idle
	r.unlock()
	switch {
	case !changed:
	case idle:
		r.Activity.StartWaiting()
	default:
		r.Activity.StopWaiting()
	}
}

// eachWaiting gives the changes that wait for idleness, each with how long.
func (r *Reconciler) eachWaiting(each func(it *item, idleFor time.Duration)) {
	for _, it := range r.untilQuiet {
		each(it, it.QuietFor)
	}
	for _, it := range r.losses.open {
		if it.loss.waiting() {
			each(it, r.Judge.Policy().HandoverWait)
		}
	}
}

// watchIdle begins to watch for idleness where changes wait for it. The caller
// holds the lock.
func (r *Reconciler) watchIdle() {
	close(r.waitsMoved)
	r.waitsMoved = make(chan struct{})
	some := false
	r.eachWaiting(func(*item, time.Duration) { some = true })
	if some && !r.watching {
		r.watching = true
		r.later = append(r.later, func() { go r.watch() })
	}
}

// watch waits until nothing has moved for long enough, and then answers one of
// the requests that wait. It ends when none waits any more.
func (r *Reconciler) watch() {
	for {
		r.mu.Lock()
		least := time.Duration(-1)
		r.eachWaiting(func(_ *item, idleFor time.Duration) {
			if least < 0 || idleFor < least {
				least = idleFor
			}
		})
		if least < 0 {
			r.watching = false
			r.unlock()
			return
		}
		waits := r.waitsMoved
		r.unlock()
		left, moved := r.Activity.UntilIdle(least)
		if left == 0 && r.Activity.StopWaitingIfIdle(least) {
			r.answerOne(least)
			continue
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-moved:
		case <-waits:
		}
		timer.Stop()
	}
}

// answerOne lets the changes of one request go on that have waited long enough.
// The activity has noted already that it waits no more.
func (r *Reconciler) answerOne(idleFor time.Duration) {
	r.mu.Lock()
	var req *request
	r.eachWaiting(func(it *item, p time.Duration) {
		if req == nil && it.req.idle && p <= idleFor {
			req = it.req
		}
	})
	if req == nil {
		r.unlock()
		r.Activity.StartWaiting() // it went on meanwhile by itself, and said so
		return
	}
	req.idle = false
	var settled []*item
	keep := r.untilQuiet[:0]
	for _, it := range r.untilQuiet {
		if it.req == req && it.QuietFor <= idleFor {
			it.quiet = true
			settled = append(settled, it)
		} else {
			keep = append(keep, it)
		}
	}
	r.untilQuiet = keep
	r.requeue(settled...)
	if len(settled) == 0 {
		for _, it := range r.losses.open {
			if it.req == req && it.loss.waiting() {
				it.loss.wait = lastTry
				r.setWaiting(it, false)
			}
		}
	}
	r.dispatch()
	r.unlock()
}

// background gives a context for what belongs to the run and not to the request
// in whose course it begins; it logs where that request logs.
func background(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(context.WithoutCancel(ctx))
}
