package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// attempt is how far the change of one principal has come.
type attempt struct {
	// self marks the key's own user, who goes last.
	self bool
	// done is true once a listing showed the change (or it was not needed);
	// answered where a finding has said already why it was not made; spared
	// where another resource of this run holds the principal.
	done, answered, spared bool
	// way is the call that was sent last, sent is how many there were.
	way  callKind
	sent int
	// assigned, batched and added tell which calls were tried for somebody who
	// is not there.
	assigned, batched, added bool
	err                      error
	// line is the last call's line in the log.
	line *note
	// said is what earlier calls of another kind answered.
	said []error
}

// callKind is a kind of call.
type callKind int

const (
	byAssign callKind = iota
	byBatch
	byAdd
	byRemove
)

// errNotSent is the cause for those whose turn did not come.
var errNotSent = errors.New("it was not attempted")

func (a *attempt) failure() error {
	err := a.err
	if err == nil {
		err = errUnverified
	}
	if len(a.said) == 0 {
		return err
	}
	return errors.Join(append(slices.Clone(a.said), err)...)
}

// carry makes the changes of one step: all at the same time but for the key's
// own user, who goes last. One listing after another proves all of them.
func (a *setApply) carry(ctx context.Context, ts []*turnout) {
	var others, self []*turnout
	for _, t := range ts {
		switch {
		case t.done || t.answered:
		case t.self:
			self = append(self, t)
		default:
			others = append(others, t)
		}
	}
	a.rounds(ctx, others)
	a.rounds(ctx, self)
}

// rounds sends, looks, and sends again what another call may achieve.
func (a *setApply) rounds(ctx context.Context, pending []*turnout) {
	for len(pending) > 0 {
		a.send(ctx, pending)
		a.look(ctx, pending)
		pending = slices.DeleteFunc(pending, func(t *turnout) bool {
			if t.done || a.again(ctx, t) {
				return t.done
			}
			t.line.unsettled(ctx)
			return true
		})
	}
}

// fits tells whether a listing shows the change.
func (t *turnout) fits(l *Listing, tr Traits) bool {
	m, ok := l.Member(t.p)
	if t.to == nil {
		return !ok || tr.RemovalDisables && !m.Enabled
	}
	return ok && m.Holds(*t.to)
}

// send makes one call for each change, or one for many additions of one role.
func (a *setApply) send(ctx context.Context, ts []*turnout) {
	r := a.space.run
	var halted atomic.Pointer[error]
	if a.stopped != nil {
		halted.Store(&a.stopped)
	}
	g := new(errgroup.Group)
	g.SetLimit(r.maxConc)
	launch := func(group []*turnout) {
		g.Go(func() error {
			if cause := halted.Load(); cause != nil {
				for _, t := range group {
					t.err = *cause
				}
				return nil
			}
			err := a.call(ctx, group)
			if f := FailureOf(err); err != nil && (f == Unauthorized || f == Forbidden) {
				stop := fmt.Errorf("%w, because the key was turned away before: %w", errNotSent, err)
				halted.CompareAndSwap(nil, &stop)
			}
			return nil
		})
	}
	batches := map[string][]*turnout{}
	var roles []string
	for _, t := range ts {
		t.way = a.nextCall(t)
		if t.way != byBatch {
			launch([]*turnout{t})
			continue
		}
		if batches[t.to.Role] == nil {
			roles = append(roles, t.to.Role)
		}
		batches[t.to.Role] = append(batches[t.to.Role], t)
	}
	for _, role := range roles {
		for batch := range slices.Chunk(batches[role], max(1, r.traits.AddBatch)) {
			launch(batch)
		}
	}
	_ = g.Wait() // none of the functions gives an error: each change has its own
	if cause := halted.Load(); cause != nil {
		a.stopped = *cause
	}
}

// nextCall is the call to try next for one change.
func (a *setApply) nextCall(t *turnout) callKind {
	r := a.space.run
	switch {
	case t.to == nil:
		return byRemove
	case t.there:
		return byAssign
	case r.traits.AssignMayAdd && r.learned() >= 0 && !t.assigned:
		return byAssign
	case r.traits.AddBatch > 1 && !t.batched:
		return byBatch
	default:
		return byAdd
	}
}

// call makes one call for changes of one kind and notes its outcome with each.
func (a *setApply) call(ctx context.Context, ts []*turnout) error {
	s := a.space
	ps := make([]Principal, len(ts))
	for i, t := range ts {
		ps[i] = t.p
	}
	release, err := s.holdAll(ctx, ps)
	if err != nil {
		for _, t := range ts {
			t.err = fmt.Errorf("%w: the run was cancelled or ran out of time", errNotSent)
		}
		return nil
	}
	defer release()
	t := ts[0]
	switch {
	case ctx.Err() != nil:
		err := fmt.Errorf("%w: the run was cancelled or ran out of time", errNotSent)
		for _, t := range ts {
			t.err = err
		}
		return nil
	case t.way == byRemove && s.holds(t.p):
		t.done, t.spared = true, true
		return nil
	}
	var once sync.Once
	var receipt Receipt
	var sendErr error
	for _, t := range ts {
		from, to := "nothing", "nothing"
		if t.there {
			from = t.live.Standing().String()
		}
		if t.to != nil {
			to = t.to.String()
		}
		t.sent++
		t.line, t.err = s.send(ctx, t.p, from, to, func() (Receipt, error) {
			once.Do(func() { receipt, sendErr = a.request(ctx, t, ps) })
			return receipt, sendErr
		})
		if t.err == nil || maybeApplied(t.err) {
			if s.run.mayLose(t.live, t.to) {
				s.lost(t.p)
			}
		}
	}
	s.listings.Drop() // nobody decides by what was read before
	return sendErr
}

// request is the call itself.
func (a *setApply) request(ctx context.Context, t *turnout, ps []Principal) (Receipt, error) {
	s, svc := a.space, a.space.run.svc
	switch t.way {
	case byRemove:
		return svc.Remove(ctx, s.id, t.live)
	case byAssign:
		return svc.Assign(ctx, s.id, t.p, t.to.Role, t.to.Enabled)
	default:
		return svc.Add(ctx, s.id, t.to.Role, ps)
	}
}

// holdAll takes the locks of several principals, always in the same order.
func (s *space) holdAll(ctx context.Context, ps []Principal) (func(), error) {
	keys := make([]Principal, len(ps))
	for i, p := range ps {
		keys[i] = fold(p)
	}
	slices.SortFunc(keys, func(x, y Principal) int {
		switch {
		case x.String() < y.String():
			return -1
		case x.String() > y.String():
			return 1
		default:
			return 0
		}
	})
	var held []func()
	release := func() {
		for _, free := range held {
			free()
		}
	}
	for _, k := range keys {
		free, err := s.principals.lock(ctx, k)
		if err != nil {
			release()
			return nil, err
		}
		held = append(held, free)
	}
	return release, nil
}

// look reads the workspace until it shows what may have been done, or has had
// time enough to. What it shows is noted with each change.
func (a *setApply) look(ctx context.Context, ts []*turnout) {
	s, tr := a.space, a.space.run.traits
	var hopeful []*turnout
	worth := false
	for _, t := range ts {
		if t.done || t.answered || t.sent == 0 || errors.Is(t.err, errNotSent) {
			continue
		}
		f := FailureOf(t.err)
		switch {
		case t.err == nil, maybeApplied(t.err):
			hopeful = append(hopeful, t)
			worth = true
		case f == Refused, f == Gone, f == Unsupported:
			worth = true // somebody else may have done it, or another call may
		}
	}
	if !worth {
		return
	}
	proved := make(map[*turnout]bool, len(hopeful))
	l, _, err := s.seen(ctx, s.listings.Now(), func(l *Listing) bool {
		// Whoever was seen once has been proved, whatever a later look shows.
		hopeful = slices.DeleteFunc(hopeful, func(t *turnout) bool {
			proved[t] = t.fits(l, tr)
			return proved[t]
		})
		return len(hopeful) == 0
	})
	if l == nil {
		a.blind = true
		for _, t := range ts {
			a.unseen(ctx, t, err)
		}
		return
	}
	a.last, a.blind = l, false
	for _, t := range ts {
		if t.done || t.answered || t.sent == 0 || errors.Is(t.err, errNotSent) {
			continue
		}
		a.saw(ctx, t, l, proved[t])
	}
}

// unseen notes that the effect of a call could not be looked at.
func (a *setApply) unseen(ctx context.Context, t *turnout, err error) {
	if t.done || t.answered || t.sent == 0 || t.err != nil && !maybeApplied(t.err) {
		return
	}
	f := FailureOf(err)
	if t.self && t.err == nil && (f == Forbidden || f == Unauthorized || f == Gone) {
		t.done = true // the key gave its own right up, and cannot look any more
		return
	}
	if t.to == nil && f == Gone {
		t.done = true
		t.line.shown(ctx)
		return
	}
	t.line.unsettled(ctx)
	t.err = fmt.Errorf("%w: %w", errUnverified, errors.Join(t.err, err))
}

// saw notes what a listing shows of a change after a call.
func (a *setApply) saw(ctx context.Context, t *turnout, l *Listing, proved bool) {
	s := a.space
	fits := proved || t.fits(l, s.run.traits)
	was := t.there
	live, there := l.Member(t.p)
	if there {
		t.live, t.p = live, live.Principal
	}
	t.there = there
	if fits {
		t.done = true
		t.line.shown(ctx)
		if t.to != nil {
			s.keeps(t.p)
			s.got(t.p, *t.to)
			if !was && s.run.traits.AssignMayAdd {
				switch {
				case t.way == byAssign && len(t.said) == 0:
					s.run.learn(1)
				case t.assigned && t.way != byAssign:
					s.run.learn(-1)
				}
			}
		}
	}
	if !was {
		switch t.way {
		case byAssign:
			t.assigned = true
		case byBatch:
			t.batched = true
		case byAdd:
			t.added = true
		}
	}
}

// again tells whether another call may achieve what the last one did not, and
// otherwise leaves the reason with the change.
func (a *setApply) again(ctx context.Context, t *turnout) bool {
	lost := t.err != nil && maybeApplied(t.err)
	refused := t.err != nil && !lost
	f := FailureOf(t.err)
	switch {
	case t.answered, errors.Is(t.err, errNotSent), a.blind:
		return false
	case ctx.Err() != nil, a.stopped != nil, t.sent >= 2*attempts:
		if t.err == nil {
			t.err = a.notShown(t)
		}
		return false
	case refused && f != Refused && f != Gone && f != Unsupported, f == Unsupported && t.way != byAssign:
		return false
	case t.to == nil:
		if t.err == nil {
			t.err = a.notShown(t)
		}
		return lost && t.sent < attempts
	case t.there && (t.assigned || t.batched || t.added) && t.way != byAssign:
		// It came in by another call, with another role (or was let in disabled).
		t.assigned, t.batched, t.added = false, false, false
		return a.retry(t)
	case t.there:
		if t.err == nil {
			t.err = a.notShown(t)
		}
		return lost && t.sent < attempts
	case t.way == byAssign && !t.assigned:
		// It was there and has left meanwhile: it has to be added now.
		return a.retry(t)
	case t.way == byAssign, t.way == byBatch:
		return a.retry(t)
	default:
		if t.err == nil {
			t.err = a.notShown(t)
		}
		return lost && t.sent < attempts
	}
}

// retry keeps what the last call said and lets the next one try.
func (a *setApply) retry(t *turnout) bool {
	if t.err != nil {
		t.said = append(t.said, t.err)
	}
	t.err = nil
	return true
}

// notShown is the error of a call that succeeded without an effect.
func (a *setApply) notShown(t *turnout) error {
	s := a.space
	shows := "does not show " + t.p.String()
	if t.there {
		shows = fmt.Sprintf("shows %s with %s", t.p, t.live.Standing())
	}
	return fmt.Errorf("%w: %s answered that it was done, but the listing of workspace %s %s", errUnverified, s.run.traits.Product, s.id, shows)
}
