package reconcile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// newer gives a reading that began after the moment, and takes up what it shows.
func (r *Reconciler) newer(ctx context.Context, moment uint64) (reading, error) {
	if err := r.beginReading(ctx); err != nil {
		r.mu.Lock()
		defer r.unlock()
		r.unblock() // it may have been this reading's turn
		r.dispatch()
		return reading{}, err
	}
	got, err := r.Listings.Newer(ctx, moment)
	r.mu.Lock()
	defer r.unlock()
	if r.traits.ListingShifts {
		r.pages.readers--
		r.unblock()
	}
	if err == nil {
		r.learn(got)
		r.wakeUnread()
	}
	r.dispatch()
	return got, err
}

// readUntil reads listings, at growing intervals, until one will do; the first one begins
// after the moment. Those after which the deadline is over are last ones; there is none
// for the zero time.
func (r *Reconciler) readUntil(ctx context.Context, moment uint64, deadline time.Time, do func(got reading, last bool) (done bool)) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		got, err := r.newer(ctx, moment)
		if err != nil {
			return err
		}
		last := !deadline.IsZero() && time.Now().Add(pause).After(deadline)
		if do(got, last) {
			return nil
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		moment = r.Listings.Now()
	}
}

// unblock lets those go on who waited for the reading of pages to end.
func (r *Reconciler) unblock() {
	blocked := r.blocked
	r.blocked = nil
	r.requeue(blocked...)
}

// wakeUnread lets those go on who waited for a newer listing.
func (r *Reconciler) wakeUnread() {
	woken := r.unread
	r.unread = nil
	r.requeue(woken...)
}

// readNewer begins a reading where changes wait for one. The caller holds the lock.
func (r *Reconciler) readNewer() {
	if len(r.unread) == 0 || r.refresh != nil {
		return
	}
	asked := slices.Clone(r.unread)
	moment, rereads := r.know.Number, asked[0].rereads
	for _, it := range asked {
		rereads = min(rereads, it.rereads)
		if it.after {
			moment = max(moment, it.number)
		}
	}
	pause := time.Duration(0)
	if rereads > 1 { // a listing lags: a little later it may not
		pause = min(firstPause<<min(rereads-2, 10), lastPause)
	}
	f := &refresh{asked: asked, moment: moment, pause: pause, ended: make(chan struct{})}
	f.ctx, f.cancel = background(asked[0].req.ctx)
	r.refresh = f
	r.later = append(r.later, func() { go r.readFor(f) })
}

// refresh is one reading for changes that cannot be decided without. It is
// stopped when nobody needs it any more.
type refresh struct {
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
	asked  []*item
	moment uint64
	// pause comes before the reading.
	pause time.Duration
}

// readFor reads the workspace. A reading that fails is the outcome of those who
// asked for it.
func (r *Reconciler) readFor(f *refresh) {
	err := sleep(f.ctx, f.pause)
	if err == nil {
		_, err = r.newer(f.ctx, f.moment)
	}
	r.mu.Lock()
	defer r.unlock()
	cancelled := f.ctx.Err() != nil
	f.cancel()
	close(f.ended)
	r.refresh = nil
	if err != nil && !cancelled {
		r.unread = slices.DeleteFunc(r.unread, func(it *item) bool {
			if slices.Contains(f.asked, it) {
				r.finish(it, r.unreadable(it, err))
				return true
			}
			return false
		})
	}
	r.dispatch()
}

// unreadable is the outcome of a change for which the workspace could not be
// read. With the workspace, all access in it is gone.
func (r *Reconciler) unreadable(it *item, err error) Outcome {
	if it.Action == End && isGone(err) {
		return Outcome{Result: AlreadySo}
	}
	return Outcome{Result: Failed, Reason: Unreadable, Err: err}
}

func isGone(err error) bool { return err != nil && membership.FailureOf(err) == membership.Gone }

// pages keeps the reading of a listing that takes several calls apart from
// writes that move its rows from page to page. Each waits for the other kind to
// end, and they take turns.
type pages struct {
	// readers are reading or about to; writers have sent such a write.
	readers, writers int
	// blockedReaders and blockedWriters wait for the other kind, and so do
	// blockedChanges, which are parked.
	blockedReaders, blockedWriters, blockedChanges int
	turn                                           turn
	changed                                        chan struct{}
}

type turn int

const (
	anybodys turn = iota
	readersTurn
	writersTurn
)

func (p *pages) signal() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pages) mayRead() bool {
	return p.writers == 0 && (p.blockedWriters+p.blockedChanges == 0 || p.turn != writersTurn)
}

func (p *pages) mayWrite() bool {
	return p.readers == 0 && (p.blockedReaders == 0 || p.turn != readersTurn)
}

// endOfTurn gives the next turn to the readers once writes have been sent, and
// lets those try again who are blocked. So many changes are blocked.
func (p *pages) endOfTurn(blocked int) {
	if p.writers > 0 {
		p.turn = readersTurn
	}
	p.blockedChanges = blocked
	if p.blockedReaders+p.blockedWriters > 0 {
		p.signal()
	}
}

// beginReading waits until no write is under way that would spoil a reading.
func (r *Reconciler) beginReading(ctx context.Context) error {
	if !r.traits.ListingShifts {
		return nil
	}
	return r.await(ctx, func() bool {
		if !r.pages.mayRead() {
			return false
		}
		r.pages.readers++
		r.pages.turn = writersTurn
		return true
	}, &r.pages.blockedReaders)
}

// await waits until a condition holds that the readers and writers of pages
// decide, and counts among those who are blocked meanwhile.
func (r *Reconciler) await(ctx context.Context, holds func() bool, blocked *int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	*blocked++
	defer func() { *blocked-- }()
	for !holds() {
		changed := r.pages.changed
		r.mu.Unlock()
		var err error
		select {
		case <-changed:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		r.mu.Lock()
		if err != nil {
			return err
		}
	}
	return nil
}

// shiftsRows tells whether a write moves rows between the pages of a listing:
// one that adds a user only makes it longer.
func (r *Reconciler) shiftsRows(it *item, live row) bool {
	return r.traits.ListingShifts && live.there && (it.Want == nil || it.Want.Enabled != live.Enabled)
}

// sleep waits, unless the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// maybeApplied tells whether a failed write may stand all the same.
func maybeApplied(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[*membership.Error](err)
	return ok && e.MaybeApplied
}
