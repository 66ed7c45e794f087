package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// proofWithin bounds the proof of a batch of losses and what is given back
// after it, whatever becomes of the requests meanwhile.
const proofWithin = 10 * time.Second

// losses are the changes that take owners out. They are judged together, and
// those that the floor allows go out as one batch under the lock between
// processes; the others wait for a successor.
type losses struct {
	open []*item
	// running is true while the lock is being taken or held, judged once it is
	// decided who goes.
	running, judged bool
	// gained is true once a gain was answered that nobody has been judged by.
	gained bool
	// cancel ends the wait for the lock and for its listing; ended is closed when
	// that is over.
	cancel context.CancelFunc
	ended  chan struct{}
}

// lossState is how far a loss has come.
type lossState struct {
	// since is when it was first judged and had to wait; zero before.
	since time.Time
	wait  wait
	// short is what the last judgement found.
	short *Shortage
	// logged is true once the wait has its line in the log.
	logged bool
}

// wait is how a loss waits for a successor.
type wait int

const (
	// noWait: it has to be judged.
	noWait wait = iota
	// waiting: it was judged, and may be judged again after a gain.
	waiting
	// lastTry: nothing has moved for long enough, so the next judgement answers.
	lastTry
)

func (l *lossState) waiting() bool { return l.wait == waiting }

// refuse is the outcome of a loss without a successor.
func (l *lossState) refuse() Outcome {
	l.short.Waited = time.Since(l.since)
	return Outcome{Result: Refused, Reason: TooFewOwners, Short: l.short}
}

// startTenure begins to take the lock where a loss has to be judged: one that
// has just come, one whose wait is over, or any after a gain. The caller holds
// the lock of the reconciler.
func (r *Reconciler) startLossRound() {
	ls := &r.losses
	if ls.running || len(ls.open) == 0 {
		return
	}
	if !ls.gained && !slices.ContainsFunc(ls.open, func(it *item) bool { return !it.loss.waiting() }) {
		return
	}
	ls.running, ls.judged, ls.gained = true, false, false
	for _, it := range ls.open {
		r.setWaiting(it, false)
	}
	ctx, cancel := background(ls.open[0].req.ctx)
	ls.cancel, ls.ended = cancel, make(chan struct{})
	r.later = append(r.later, func() { go r.lossRound(ctx) })
}

// lossRound is one batch of losses under the lock between processes.
func (r *Reconciler) lossRound(ctx context.Context) {
	release, err := r.lock(ctx)
	if err == nil {
		r.loseBatch(ctx)
		release()
	}
	r.mu.Lock()
	defer r.unlock()
	r.losses.cancel()
	close(r.losses.ended)
	r.losses.running, r.losses.cancel = false, nil
	for _, it := range r.losses.open {
		r.setWaiting(it, it.loss.waiting())
		if it.loss.waiting() && !it.loss.logged {
			it.loss.logged = true
			r.logWait(it)
		}
	}
	r.dispatch()
}

// logWait writes one line for the wait of a request.
func (r *Reconciler) logWait(it *item) {
	var who []string
	for _, o := range r.losses.open {
		if o.req == it.req && o.loss.waiting() {
			o.loss.logged = true
			who = append(who, o.Principal.String())
		}
	}
	fields := map[string]any{
		"product": r.traits.Product, "workspace": r.Workspace, "principals": who, "handover_wait": r.Judge.Policy().HandoverWait.String(),
	}
	r.later = append(r.later, func() {
		r.Logger.Warn(it.req.ctx, fmt.Sprintf("Waiting for a successor before removing %s", r.traits.AnOwner()), fields)
	})
}

func (r *Reconciler) lockKey() string { return membership.WorkspaceKey(r.traits.Endpoint, r.Workspace) }

// lock takes the lock between processes. Where it cannot be used, that is said,
// and the run goes on without.
func (r *Reconciler) lock(ctx context.Context) (func(), error) {
	release, err := r.Locker.Lock(ctx, r.lockKey())
	switch {
	case err == nil:
		return release, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	r.Logger.Warn(ctx, "Other runs on this machine are not kept out: the lock file cannot be used", map[string]any{
		"product": r.traits.Product, "workspace": r.Workspace, "error": err.Error(),
	})
	return func() {}, nil
}

// loseBatch judges the open losses by a listing that began after the lock was
// taken, sends those that may go, and proves them.
func (r *Reconciler) loseBatch(ctx context.Context) {
	// An owner counts once a listing shows it: one whom this run has just made an owner is
	// waited for, no longer than a write may take to become visible.
	if err := r.readUntil(ctx, r.Listings.Now(), time.Time{}, func(reading, bool) bool { return !r.awaitsOwner() }); err != nil {
		r.cannotJudge(ctx, err)
		return
	}
	status := r.Status(ctx)
	if err := r.beginLosses(ctx); err != nil {
		return
	}
	b := r.takeBatch(r.Judge.Knowing(status))
	b.send()
	r.endLosses()
	if len(b.writes) > 0 {
		b.prove(ctx)
	}
}

// awaitsOwner tells whether a listing does not show yet whom this run has made an owner.
func (r *Reconciler) awaitsOwner() bool {
	r.mu.Lock()
	defer r.unlock()
	for p, a := range r.know.answers {
		gained := !a.unanswered && a.after.there && r.Judge.Counts(a.after.Member) && !(a.before.there && r.Judge.Counts(a.before.Member))
		if gained && r.know.covers(a, r.know.listed(p)) {
			return true
		}
	}
	return false
}

// cannotJudge ends the losses for which no listing could be read.
func (r *Reconciler) cannotJudge(ctx context.Context, err error) {
	r.mu.Lock()
	defer r.unlock()
	if ctx.Err() != nil {
		return
	}
	open := r.losses.open
	r.losses.open = nil
	for _, it := range open {
		r.finish(it, r.unreadable(it, err))
	}
}

// beginLosses waits for the reading of pages to end, which losses would spoil.
func (r *Reconciler) beginLosses(ctx context.Context) error {
	if !r.traits.ListingShifts {
		return nil
	}
	return r.await(ctx, func() bool {
		if !r.pages.mayWrite() {
			return false
		}
		r.pages.writers++
		return true
	}, &r.pages.blockedWriters)
}

func (r *Reconciler) endLosses() {
	r.mu.Lock()
	defer r.unlock()
	if r.traits.ListingShifts {
		r.pages.writers--
		r.dispatch()
	}
}

// batch is the losses that are sent while the lock is held once.
type batch struct {
	r      *Reconciler
	judge  *guard.Judge
	floor  int
	writes []written
}

// takeBatch judges all open losses, and takes those out that may go now. The
// others get an outcome where their wait is over, or go on waiting.
func (r *Reconciler) takeBatch(j *guard.Judge) *batch {
	r.mu.Lock()
	defer r.unlock()
	b := &batch{r: r, judge: j, floor: r.floor.Needs(j)}
	r.losses.judged = true
	open := r.losses.open
	r.losses.open = nil
	if !r.know.Value.Complete() {
		for _, it := range open {
			r.finish(it, Outcome{Result: Refused, Reason: Incomplete, Listing: r.know.Value})
		}
		return b
	}
	tally := r.tally(j)
	left := tally.Left()
	short := map[*request][]*item{}
	for _, it := range open {
		v := r.decide(it)
		if v.step != lose {
			r.requeue(it)
			continue
		}
		loses := j.Loses(v.live.Member, it.Want)
		warned := it.loss.wait == lastTry && j.Policy().Mode == guard.Warn
		after := left
		if !r.record(it.Principal).ownerTaken { // else the count is without them already
			after--
		}
		if loses && after < b.floor && !warned {
			short[it.req] = append(short[it.req], it)
			r.losses.open = append(r.losses.open, it)
			continue
		}
		if loses {
			left = after
		}
		b.take(it, v)
	}
	r.judgeShort(tally, b, short)
	return b
}

// take puts a loss into the batch. The caller holds the lock.
func (b *batch) take(it *item, v verdict) {
	it.decided, it.loss.short = time.Now(), nil
	b.r.record(it.Principal).busy = it
	b.writes = append(b.writes, written{item: it, way: v.way, live: v.live})
}

// lossOf describes a loss for the guard's message.
func (r *Reconciler) lossOf(it *item, live row) guard.Loss {
	l := it.Loss
	l.Principal, l.To = it.Principal, it.Want
	if l.What == "" {
		l.What = becomes(live, it.Want, r.traits)
	}
	return l
}

// tally counts the owners: those whom the listing shows, without those whom this
// run has removed even while a listing still shows them.
func (r *Reconciler) tally(j *guard.Judge) *guard.Tally {
	t := guard.NewTally(j, r.know.Value)
	for _, m := range r.know.Value.Holders() {
		if r.record(m.Principal).ownerTaken {
			t.Lose(guard.Loss{Principal: m.Principal, What: "changed by this run already"})
		}
	}
	for p, a := range r.know.answers {
		_, presence := r.know.lookup(p)
		switch {
		case presence == membership.NotKnown:
			t.Lose(guard.Loss{Principal: p, What: "not known: a write about them had no answer"})
		case !a.after.there || !r.Judge.Counts(a.after.Member):
			// A listing that lags may show a user as an owner who was one before the write.
			t.Lose(guard.Loss{Principal: p, What: "changed by this run already"})
		}
	}
	return t
}

// judgeShort notes for each request what its losses would leave, and answers
// those whose wait is over. The caller holds the lock.
func (r *Reconciler) judgeShort(tally *guard.Tally, b *batch, short map[*request][]*item) {
	for _, w := range b.writes {
		tally.Lose(r.lossOf(w.item, w.live))
		if w.item.loss.wait == lastTry && b.judge.Policy().Mode == guard.Warn && tally.Left() < b.floor {
			w.item.loss.short = &Shortage{Judge: b.judge, Section: tally.Section(r.Workspace, r.know.Value.Name, b.floor), Waited: time.Since(w.item.loss.since)}
		}
	}
	for _, its := range short {
		would := tally.Clone()
		for _, it := range its {
			live, _ := r.know.lookup(it.Principal)
			would.Lose(r.lossOf(it, live))
		}
		s := &Shortage{Judge: b.judge, Section: would.Section(r.Workspace, r.know.Value.Name, b.floor)}
		for _, it := range its {
			it.loss.short = s
			if it.loss.since.IsZero() {
				it.loss.since = time.Now()
			}
			if it.loss.wait != lastTry {
				it.loss.wait = waiting
				continue
			}
			r.losses.open = slices.DeleteFunc(r.losses.open, func(o *item) bool { return o == it })
			r.finish(it, it.loss.refuse())
		}
	}
}

// send makes the calls of the batch, all at the same time, and notes what was
// answered to each.
func (b *batch) send() {
	r := b.r
	g := new(errgroup.Group)
	g.SetLimit(max(1, r.MaxConcurrent))
	sent := make([]bool, len(b.writes))
	for i := range b.writes {
		g.Go(func() error {
			sent[i] = r.call(b.writes[i : i+1])
			return nil
		})
	}
	_ = g.Wait() // none of the functions gives an error: each write has its own
	r.mu.Lock()
	defer r.unlock()
	var applied []written
	for i, w := range b.writes {
		switch {
		case !sent[i]:
			r.unsent(b.writes[i : i+1])
		case !r.answered(w): // it has its outcome
		case w.err == nil || maybeApplied(w.err):
			applied = append(applied, w)
		default:
			r.later = append(r.later, func() { go r.prove([]written{w}) }) // another user may have done it
		}
	}
	b.writes = applied
	r.dispatch()
}

// prove reads listings until one shows what became of the batch, and gives
// back what turns out to have been too much. It does not end with the requests.
func (b *batch) prove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proofWithin)
	defer cancel()
	r := b.r
	moment, deadline := uint64(0), time.Time{}
	for _, w := range b.writes {
		moment, deadline = max(moment, w.number), laterOf(deadline, w.at.Add(visibleWithin))
	}
	err := r.readUntil(ctx, moment, deadline, func(got reading, last bool) bool {
		missing, settled := b.missing(got.Value, last)
		switch {
		case settled && missing > 0:
			b.giveBack(ctx, got.Value, missing)
		case settled:
			b.finish(got)
		}
		return settled
	})
	if err != nil {
		b.notProved(err)
	}
}

// missing tells how many owners a listing shows too few, and whether that may be
// concluded from it: it shows none of the batch any more, and all whom this run
// has made owners; or it is the last one that is read.
func (b *batch) missing(l *membership.Listing, last bool) (n int, settled bool) {
	r := b.r
	r.mu.Lock()
	defer r.unlock()
	still := map[membership.Principal]bool{}
	for _, w := range b.writes {
		if now, _ := rowIn(l, w.item.Principal); now.there && !now.holds(w.item.Want) {
			still[now.Fold()] = true
		}
	}
	settled = len(still) == 0
	shown := 0
	for _, m := range b.judge.Owners(l) {
		if !r.record(m.Principal).ownerTaken || still[m.Fold()] && last {
			shown++
		}
	}
	n = b.floor - shown
	if n > 0 {
		for p, a := range r.know.answers { // a successor may not show yet
			now, presence := r.know.lookup(p)
			if !a.unanswered && presence == membership.There && b.judge.Counts(now.Member) && !r.know.listed(p).is(now) {
				settled = false
			}
		}
	}
	if b.judge.Policy().Mode != guard.Enforce {
		n = 0
	}
	return n, settled || last
}

// finish ends the losses of the batch by what a listing shows. The caller does
// not hold the lock.
func (b *batch) finish(got reading) {
	r := b.r
	r.mu.Lock()
	defer r.unlock()
	for _, w := range b.writes {
		now, presence := rowIn(got.Value, w.item.Principal)
		switch {
		case now.holds(w.item.Want) && (presence != membership.NotKnown || w.err == nil && b.judge.Policy().Mode == guard.Warn):
			r.logOutcome(w.item, lineShown)
			o := r.done(w, now.Member)
			o.Short = w.item.loss.short
			r.finish(w.item, o)
		case presence == membership.NotKnown:
			r.logOutcome(w.item, lineOpen)
			o := r.failed(w, Unclear, unverified(got.Value))
			o.Reason = NotProved
			r.finish(w.item, o)
		default:
			r.shown(w, got, true)
		}
	}
	r.dispatch()
}

// notProved ends the batch where no listing could be read after it. Nothing is
// given back: nobody knows what is missing.
func (b *batch) notProved(err error) {
	r := b.r
	r.mu.Lock()
	defer r.unlock()
	for _, w := range b.writes {
		if w.item.Want == nil && isGone(err) {
			r.logOutcome(w.item, lineShown)
			r.finish(w.item, r.done(w, membership.Member{}))
			continue
		}
		r.logOutcome(w.item, lineOpen)
		o := r.failed(w, Unclear, fmt.Errorf("%w: %w", ErrUnverified, errors.Join(w.err, err)))
		o.Reason = NotProved
		r.finish(w.item, o)
	}
	r.dispatch()
}

// giveBack restores as many of the batch who were owners, and are none any more, as
// are missing, and proves it.
func (b *batch) giveBack(ctx context.Context, l *membership.Listing, missing int) {
	r := b.r
	var back, rest []written
	for _, w := range slices.Backward(b.writes) {
		now, there := l.Member(w.item.Principal)
		if len(back) < missing && b.judge.Loses(w.live.Member, w.item.Want) && !(there && b.judge.Counts(now)) {
			back = append(back, w)
		} else {
			rest = append(rest, w)
		}
	}
	failures := make([]error, len(back))
	var all sync.WaitGroup
	for i, w := range back {
		all.Go(func() { failures[i] = r.restore(ctx, w, l.Complete()) })
	}
	all.Wait()
	r.mu.Lock()
	for i, w := range back {
		rec := r.record(w.item.Principal)
		rec.restored = true
		o := r.failed(w, Failed, failures[i])
		o.Reason = NotGivenBack
		if failures[i] == nil {
			rec.ownerTaken = false
			o.Reason, o.Err, o.After = GivenBack, nil, w.live.Member
		}
		r.logOutcome(w.item, lineShown)
		r.finish(w.item, o)
	}
	latest := r.know.reading
	r.unlock()
	b.writes = rest
	b.finish(latest)
}

// restore gives a user back what a loss has taken, and proves it. seen is true where a
// listing has shown that loss.
func (r *Reconciler) restore(ctx context.Context, w written, seen bool) error {
	held := w.live.Standing()
	if len(w.live.Roles) > 1 {
		held.Role = r.traits.OwnerRole
	}
	var ways []way
	gone := w.item.Want == nil && !r.traits.RemovalDisables
	if !gone || r.traits.AssignMayAdd {
		ways = append(ways, byAssign)
	}
	if gone {
		ways = append(ways, byAdd)
	}
	var said []error
	sent := false
	for i, by := range ways {
		err := r.callToRestore(ctx, by, w, held)
		if err != nil {
			said = append(said, err)
		}
		if sent = sent || err == nil || maybeApplied(err); !sent {
			continue
		}
		// A listing that does not show them is no proof that a call had no effect. Another
		// one is made all the same: giving an owner's role takes nothing from anybody.
		until := time.Now()
		if i == len(ways)-1 {
			until = until.Add(proofWithin / 2)
		}
		// Where neither an answer nor a listing says that anything has changed, a listing that
		// lags may show what was there before the loss.
		since := w.at
		if err != nil && !seen {
			since = since.Add(visibleWithin)
		}
		back, err := r.seeBack(ctx, w.live, held, since, until)
		if back || err != nil {
			return err
		}
		said = append(said, unverified(r.Known()))
	}
	return errors.Join(said...)
}

// seeBack reads listings that began after a time, until one shows a user again or
// another time has passed.
func (r *Reconciler) seeBack(ctx context.Context, lost row, held membership.Standing, since, until time.Time) (back bool, err error) {
	err = r.readUntil(ctx, r.Listings.Now(), until, func(got reading, last bool) bool {
		m, there := got.Value.Member(lost.Principal)
		if back = there && m.Holds(held) && !got.Began.Before(since); back {
			r.mu.Lock()
			defer r.unlock()
			r.know.note(m.Principal, &answer{number: got.Number, at: got.Began, before: lost, after: row{Member: m, there: true}})
		}
		return back || last
	})
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	return back, err
}

// callToRestore makes one kind of call that gives an access back. Assigning can be
// repeated where there was no answer.
func (r *Reconciler) callToRestore(ctx context.Context, by way, w written, held membership.Standing) error {
	began, p := time.Now(), w.live.Principal
	var receipt membership.Receipt
	var err error
	for range attempts {
		if by == byAssign {
			receipt, err = r.Service.Assign(ctx, r.Workspace, p, held.Role, held.Enabled)
		} else {
			receipt, err = r.Service.Add(ctx, r.Workspace, held.Role, []membership.Principal{p})
		}
		if err == nil || by != byAssign || !maybeApplied(err) || sleep(ctx, firstPause) != nil {
			break
		}
	}
	if err == nil {
		r.Logger.Info(w.item.req.ctx, "Gave an access back", map[string]any{
			"product": r.traits.Product, "workspace": r.Workspace, "principal": p.String(), "from": logged(w.item.Want), "to": held.String(),
			"request_id": receipt.RequestID, "ms": time.Since(began).Milliseconds(),
		})
	}
	return err
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
