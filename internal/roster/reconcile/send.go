package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// attempts is how often a write is sent whose answer was lost and whose effect
// did not show.
const attempts = 4

// firstPause and lastPause bound the pause between two readings of a listing that
// does not show a write yet.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = time.Second
)

// way is a kind of call.
type way int

const (
	byAssign way = iota
	byBatch
	byAdd
	byRemove
)

// Ways is what a run has learned about a service's calls: whether the one that
// assigns a role also adds a user who is not there. What was learned first holds.
type Ways struct{ assignAdds atomic.Int32 }

const (
	notTried int32 = iota
	yes
	no
)

func (w *Ways) learn(answer int32) { w.assignAdds.CompareAndSwap(notTried, answer) }

// wayIn is the call to try next for a user who is not there.
func (it *item) wayIn(r *Reconciler) way {
	switch {
	case r.traits.AssignMayAdd && r.Ways.assignAdds.Load() != no && !it.tried[byAssign]:
		return byAssign
	case r.traits.AddBatch > 1 && it.batches() && !it.tried[byBatch]:
		return byBatch
	default:
		return byAdd
	}
}

// batches tells whether the change may share a call with others: those of a
// resource that asks for one change alone have nothing to share it with.
func (it *item) batches() bool { return len(it.req.items) > 1 }

// The line in the log about one write. A write that was answered has its line at
// once; one whose answer was lost has it as soon as it is known what became of it, so
// that no change goes without one.
const (
	lineChanged = "Changed an access"
	lineShown   = "Changed an access, as a listing shows: the answer itself was lost"
	lineOpen    = "May have changed an access: the answer was lost, and no listing has shown the change"
)

// logOutcome writes the line about a write whose answer was lost.
func (r *Reconciler) logOutcome(it *item, text string) {
	if it.line != nil {
		r.info(it.req.ctx, text, it.line)
		it.line = nil
	}
}

func (r *Reconciler) info(ctx context.Context, text string, fields map[string]any) {
	r.later = append(r.later, func() { r.Logger.Info(ctx, text, fields) })
}

// written is a write that has been answered, or is not going to be.
type written struct {
	item   *item
	way    way
	live   row
	number uint64
	at     time.Time
	err    error
}

// adds tells whether the write brings the principal in.
func (w written) adds() bool {
	return w.item.Want != nil && w.item.Want.Enabled && (!w.live.there || !w.live.Enabled)
}

// send sends a change, together with those behind it in the queue that the same
// call can make. The caller holds the lock.
func (r *Reconciler) send(it *item, v verdict) {
	if r.shiftsRows(it, v.live) {
		if !r.pages.mayWrite() {
			r.blocked = append(r.blocked, it)
			r.pages.blockedChanges++
			return
		}
		r.pages.writers++
	}
	ws := []written{{item: it, way: v.way, live: v.live}}
	for v.way == byBatch && len(ws) < r.traits.AddBatch && len(r.queue) > 0 {
		next := r.queue[0]
		if next.req != it.req || next.Want == nil || !strings.EqualFold(next.Want.Role, it.Want.Role) {
			break
		}
		also := r.decide(next)
		if also.step != send || also.way != byBatch {
			break
		}
		r.queue = r.queue[1:]
		ws = append(ws, written{item: next, way: also.way, live: also.live})
	}
	for _, w := range ws {
		w.item.decided = time.Now()
		r.record(w.item.Principal).busy = w.item
	}
	r.slots--
	r.later = append(r.later, func() { go r.carry(ws) })
}

// carry makes one call and sees to what becomes of it.
func (r *Reconciler) carry(ws []written) {
	sent := r.call(ws)
	r.mu.Lock()
	r.slots++
	if r.shiftsRows(ws[0].item, ws[0].live) {
		r.pages.writers--
	}
	if !sent {
		r.unsent(ws)
		r.dispatch()
		r.unlock()
		return
	}
	var toProve []written
	for _, w := range ws {
		if r.answered(w) {
			toProve = append(toProve, w)
		}
	}
	r.dispatch()
	r.unlock()
	if len(toProve) > 0 {
		r.prove(toProve)
	}
}

// holdsUntil is when the decision about a change may not be carried out any more.
func (r *Reconciler) holdsUntil(it *item) time.Time {
	r.mu.Lock()
	defer r.unlock()
	return it.decided.Add(max(decisionHolds, 3*r.know.Took))
}

// unsent puts back what was decided too long ago; with the end of their request
// such changes end. The caller holds the lock.
func (r *Reconciler) unsent(ws []written) {
	for _, w := range ws {
		it := w.item
		if it.req.ctx.Err() != nil {
			r.finish(it, Outcome{Result: Failed, Before: w.live.Member, WasThere: w.live.there, Err: fmt.Errorf("%w: %w", ErrNotSent, context.Cause(it.req.ctx))})
			continue
		}
		r.release(it)
		r.requeue(it)
	}
}

// release lets a change be decided again.
func (r *Reconciler) release(it *item) {
	if rec := r.record(it.Principal); rec.busy == it {
		rec.busy = nil
		released := rec.behind
		rec.behind = nil
		r.requeue(released...)
	}
}

// call sends one request for all of the writes, and notes with each what was
// answered and when. It tells whether it was sent at all: not where the decision has
// become too old, because the host was paused, say.
func (r *Reconciler) call(ws []written) bool {
	it := ws[0].item
	began, sending := time.Now(), &membership.Sending{Until: r.holdsUntil(it), Attempts: it.sent}
	if it.req.ctx.Err() != nil || began.After(sending.Until) {
		return false
	}
	receipt, err := r.request(membership.WithSending(it.req.ctx, sending), ws)
	if membership.FailureOf(err) == membership.Stale {
		for _, w := range ws {
			w.item.sent = sending.Attempts
		}
		return false
	}
	took, number := time.Since(began), r.Listings.Now()
	for i := range ws {
		w := &ws[i]
		w.item.sent = 0
		w.err, w.number, w.at = err, number, time.Now()
		w.item.attempts++
		w.item.line = r.lineAbout(w, receipt, took)
	}
	return true
}

func (r *Reconciler) request(ctx context.Context, ws []written) (membership.Receipt, error) {
	it, live := ws[0].item, ws[0].live
	p := it.Principal
	if live.there {
		p = live.Principal // as the service spells it
	}
	switch ws[0].way {
	case byRemove:
		return r.Service.Remove(ctx, r.Workspace, live.Member)
	case byAssign:
		return r.Service.Assign(ctx, r.Workspace, p, it.Want.Role, it.Want.Enabled)
	default:
		ps := make([]membership.Principal, len(ws))
		for i, w := range ws {
			ps[i] = w.item.Principal
		}
		return r.Service.Add(ctx, r.Workspace, it.Want.Role, ps)
	}
}

// logged gives what a change makes of a principal, for the log.
func logged(want *membership.Standing) string {
	if want == nil {
		return "nothing"
	}
	return want.String()
}

// lineAbout writes the line about a write that was answered. It gives what the line
// has to say where the answer was lost; nil otherwise.
func (r *Reconciler) lineAbout(w *written, receipt membership.Receipt, took time.Duration) map[string]any {
	from := "nothing"
	if w.live.there {
		from = w.live.Standing().String()
	}
	fields := map[string]any{
		"product": r.traits.Product, "workspace": r.Workspace, "principal": w.item.Principal.String(),
		"from": from, "to": logged(w.item.Want), "request_id": receipt.RequestID, "ms": took.Milliseconds(),
	}
	switch {
	case w.err == nil:
		r.Logger.Info(w.item.req.ctx, lineChanged, fields)
	case maybeApplied(w.err):
		if e, ok := errors.AsType[*membership.Error](w.err); ok {
			fields["request_id"] = e.RequestID
		}
		return fields
	}
	return nil
}

// answered notes what was answered to a write, and tells whether a reading has
// to show what became of it. The caller holds the lock.
func (r *Reconciler) answered(w written) bool {
	it := w.item
	switch {
	case w.err == nil, maybeApplied(w.err):
		r.note(w)
		if w.err != nil || r.needsProof(w) {
			return true
		}
		r.finish(it, r.done(w, w.live.after(it.Principal, it.Want, r.traits.RemovalDisables).Member))
		return false
	}
	switch membership.FailureOf(w.err) {
	case membership.Refused, membership.Gone:
		return true // another user may have done it, or another call may
	case membership.Unsupported:
		if r.anotherWay(w) {
			return false
		}
	case membership.Unauthorized, membership.Forbidden:
		it.req.stopped = NotSentAfter(w.err)
	}
	r.finish(it, r.failed(w, Failed, w.err))
	return false
}

// note takes up what a write did or may have done, and wakes those who wait for
// a successor where it made an owner more.
func (r *Reconciler) note(w written) {
	it := w.item
	r.wrote = max(r.wrote, w.number)
	after := w.live.after(it.Principal, it.Want, r.traits.RemovalDisables)
	r.know.note(it.Principal, &answer{number: w.number, at: w.at, before: w.live, after: after, unanswered: w.err != nil})
	rec := r.record(it.Principal)
	if w.live.there && r.Judge.Loses(w.live.Member, it.Want) {
		rec.ownerTaken = true
	}
	if w.live.there && w.live.Enabled && (it.Want == nil || !it.Want.Enabled) {
		rec.removed, rec.removedAt = w.live, w.at
	}
	if w.err == nil && after.there && after.HasRole(r.traits.OwnerRole) && after.Enabled {
		rec.ownerTaken = false
		if !w.live.there || !r.Judge.Counts(w.live.Member) {
			r.losses.gained = true
		}
	}
}

func (r *Reconciler) done(w written, after membership.Member) Outcome {
	return Outcome{Result: Done, Before: w.live.Member, WasThere: w.live.there, After: after}
}

func (r *Reconciler) failed(w written, result Result, err error) Outcome {
	return Outcome{Result: result, Before: w.live.Member, WasThere: w.live.there, Err: errors.Join(append(slices.Clone(w.item.said), err)...)}
}

// anotherWay lets the next kind of call be tried for a user who is not there.
func (r *Reconciler) anotherWay(w written) bool {
	it := w.item
	if w.live.there || w.way != byAssign && w.way != byBatch {
		return false
	}
	if it.tried == nil {
		it.tried = map[way]bool{}
	}
	it.tried[w.way] = true
	if w.err != nil && w.way == byAssign {
		it.said = append(it.said, w.err)
	}
	r.again(it)
	return true
}

// again puts a change back that has been sent before: it is decided anew.
func (r *Reconciler) again(it *item) {
	r.know.forget(it.Principal)
	it.number, it.came = r.know.Number-1, time.Now()
	r.release(it)
	r.requeue(it)
}

// prove reads listings until they show what became of each write.
func (r *Reconciler) prove(ws []written) {
	ctx := ws[0].item.req.ctx
	r.mu.Lock()
	r.proofs.writes += len(ws)
	r.unlock()
	if ws = r.underWay(ctx, r.find(ctx, ws)); len(ws) == 0 {
		return
	}
	r.shareReading(ctx, ws)
	err := r.readUntil(ctx, ws[0].number, ws[0].at.Add(visibleWithin), func(got reading, last bool) bool {
		r.mu.Lock()
		defer r.unlock()
		r.proofs.count(got.Number)
		ws = slices.DeleteFunc(ws, func(w written) bool { return r.shown(w, got, last) })
		r.dispatch()
		return len(ws) == 0
	})
	if err != nil {
		r.mu.Lock()
		defer r.unlock()
		r.unproved(ws, err)
		r.dispatch()
	}
}

// unproved ends changes whose effect could not be read. The caller holds the lock.
func (r *Reconciler) unproved(ws []written, err error) {
	for _, w := range ws {
		switch {
		case w.err != nil && !maybeApplied(w.err):
			r.finish(w.item, r.failed(w, Failed, w.err))
		case w.item.Want == nil && isGone(err):
			r.logOutcome(w.item, lineShown)
			r.finish(w.item, r.done(w, membership.Member{}))
		default:
			r.unclear(w, errors.Join(w.err, err))
		}
	}
}

// shown tells whether a listing shows what became of a write; the last one
// decides in any case. The caller holds the lock.
func (r *Reconciler) shown(w written, got reading, last bool) bool {
	it := w.item
	now, presence := rowIn(got.Value, it.Principal)
	known := presence != membership.NotKnown
	switch {
	case !(w.live.there && w.live.Enabled) && it.Want != nil && r.record(it.Principal).stale(now, got.Began):
		return false
	case known && now.holds(it.Want):
		r.proved(w, now)
	case w.err != nil && !maybeApplied(w.err): // refused, and nobody else did it either
		if now.there || !r.anotherWay(w) {
			r.finish(it, r.refusedLoss(w))
		}
	case w.err == nil && !known && it.Want == nil: // answered, and the listing shows a part without it
		r.proved(w, now)
	case now.there && !w.live.there:
		r.enteredAs(w, now)
	case !last:
		return false
	case w.err != nil && known && it.attempts < attempts: // the answer was lost, and so, it seems, was the request
		r.record(it.Principal).ownerTaken = false
		r.again(it)
	case w.err == nil && known && !now.there && r.anotherWay(w):
	case w.err != nil:
		r.unclear(w, w.err)
	default:
		r.unclear(w, r.notShown(it, now))
	}
	return true
}

// enteredAs notes that a user is there with another standing than was asked for: the
// right one has to be assigned. They came by this write, if it was one that adds and was
// answered.
func (r *Reconciler) enteredAs(w written, now row) {
	w.item.entered = w.err == nil && w.way != byAssign && now.Enabled
	r.logOutcome(w.item, lineShown)
	r.again(w.item)
}

// unclear ends a change that may stand or not. Nobody may rest on it until a listing
// shows what became of it. The caller holds the lock.
func (r *Reconciler) unclear(w written, err error) {
	r.know.doubt(w.item.Principal)
	r.logOutcome(w.item, lineOpen)
	r.finish(w.item, r.failed(w, Unclear, fmt.Errorf("%w: %w", ErrUnverified, err)))
}

// refusedLoss is the outcome of a change that the service refused. Where that
// is because the workspace would be left without an owner, it says what is there.
func (r *Reconciler) refusedLoss(w written) Outcome {
	o := r.failed(w, Failed, w.err)
	if !w.live.there || !r.Judge.Loses(w.live.Member, w.item.Want) {
		return o
	}
	tally := r.tally(r.Judge)
	tally.Lose(r.lossOf(w.item, w.live))
	if tally.Left() == 0 {
		o.Short = &Shortage{Judge: r.Judge, Section: tally.Section(r.Workspace, r.know.Value.Name, 1)}
	}
	return o
}

// notShown is the error of a write that was answered and had no effect.
func (r *Reconciler) notShown(it *item, now row) error {
	shows := "does not show " + it.Principal.String()
	if now.there {
		shows = fmt.Sprintf("shows %s with %s", it.Principal, now.Standing())
	}
	return fmt.Errorf("%s answered that it was done, but the listing of %s %s %s", r.traits.Product, r.traits.WorkspaceNoun, r.Workspace, shows)
}

// proved ends a change that a listing shows. The caller holds the lock.
func (r *Reconciler) proved(w written, now row) {
	it := w.item
	r.logOutcome(it, lineShown)
	r.know.correct(it.Principal, now)
	if now.there && r.Judge.Counts(now.Member) && (!w.live.there || !r.Judge.Counts(w.live.Member)) {
		r.record(it.Principal).ownerTaken = false
		r.losses.gained = true
	}
	if !w.live.there && r.traits.AssignMayAdd {
		switch {
		case w.way == byAssign && w.err == nil:
			r.Ways.learn(yes)
		case w.way != byAssign && it.tried[byAssign]:
			r.Ways.learn(no)
		}
	}
	result := Done
	if w.err != nil && !maybeApplied(w.err) {
		result = AlreadySo // refused, since another user had done it
	}
	o := r.done(w, now.Member)
	o.Result = result
	r.finish(it, o)
}
