package reconcile

import (
	"context"
	"slices"
	"time"
)

// A reading proves all writes that were answered before it began, and the additions
// that it shows already. Terraform asks for ten at a time, so that a reading proves
// three and more of them without anything being waited for. Where Terraform is slow,
// each write comes alone and would have a reading of its own: once there are more than
// mostReadings for so many writes, the next one waits for more of them, if that many have
// been under way at a time. It waits no longer than shareWithin.
const (
	mostReadings, perWrites = 2, 5
	fewestShared            = 3
	shareWithin             = 200 * time.Millisecond
	// freeReadings are those that wait for nothing in any case.
	freeReadings = 5
	// moreWithin is how long the writes of a request wait that has others to send yet:
	// nothing goes on when they are proved. It is short enough for the reading to be
	// there before the next changes need a newer one to be decided.
	moreWithin = 700 * time.Millisecond
)

// proofs counts the writes that had to be proved, and the readings that did it.
type proofs struct {
	writes, readings int
	// last is the number of the reading that was counted last.
	last uint64
	// concurrent is how many changes have been under way at a time, as far as that may
	// happen again.
	concurrent int
	// next are the writes that wait for others; nil for none.
	next *sharedReading
}

// sharedReading are writes that wait for others to be proved by the same reading.
type sharedReading struct {
	writes int
	ready  chan struct{}
}

// mayRead tells whether a reading may begin that proves so many writes.
func (p *proofs) mayRead(writes int) bool {
	return (p.readings-freeReadings)*perWrites < p.writes*mostReadings || writes >= min(fewestShared, p.concurrent)
}

// count counts a reading, once.
func (p *proofs) count(number uint64) {
	if number > p.last {
		p.last = number
		p.readings++
	}
}

// begin lets those go on who wait for others.
func (p *proofs) begin() {
	close(p.next.ready)
	p.next = nil
}

// shareReading returns when a reading may begin that proves these writes, too.
func (r *Reconciler) shareReading(ctx context.Context, ws []written) {
	p, within := &r.proofs, shareWithin
	r.mu.Lock()
	if p.next == nil {
		p.next = &sharedReading{ready: make(chan struct{})}
	}
	g := p.next
	g.writes += len(ws)
	switch more := len(r.queue) > 0 && r.queue[0].req == ws[0].item.req; {
	case more:
		within = moreWithin
	case p.mayRead(g.writes):
		p.begin()
	}
	r.unlock()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-g.ready:
	case <-ctx.Done():
	case <-timer.C:
		r.mu.Lock()
		defer r.unlock()
		if p.next == g {
			p.concurrent = g.writes
			p.begin()
		}
	}
}

// underWay proves additions by the listing that is under way as they are answered, and
// gives those that it does not show.
func (r *Reconciler) underWay(ctx context.Context, ws []written) []written {
	if r.traits.ListingShifts || !slices.ContainsFunc(ws, written.adds) {
		return ws
	}
	got, ok := r.Listings.UnderWay(ctx)
	if !ok {
		return ws
	}
	r.mu.Lock()
	defer r.unlock()
	left := slices.DeleteFunc(ws, func(w written) bool {
		now, _ := rowIn(got.Value, w.item.Principal)
		return !r.record(w.item.Principal).stale(now, got.Began) && r.shownAlready(w, now)
	})
	r.dispatch()
	return left
}

// shownAlready tells whether a reading proves an addition that may have begun before
// the answer: it shows what the answer says. It proves nothing else.
func (r *Reconciler) shownAlready(w written, now row) bool {
	shown := w.err == nil && w.adds() && now.holds(w.item.Want)
	if shown {
		r.proved(w, now)
	}
	return shown
}
