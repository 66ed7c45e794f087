package roster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// attempts is how often a write is sent whose answer was lost and whose effect
// did not show.
const attempts = 4

// firstLook and lastLook bound the pause between two looks at a listing that
// does not show a write yet.
const (
	firstLook = 100 * time.Millisecond
	lastLook  = time.Second
)

// errUnverified is the cause of an error about a write that may stand although
// no listing showed it.
var errUnverified = errors.New("the write may have been applied, but no listing showed it in time")

// maybeApplied tells whether a failed write may stand all the same.
func maybeApplied(err error) bool {
	if errors.Is(err, errUnverified) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var e *Error
	return errors.As(err, &e) && e.MaybeApplied
}

// note is the line in the log about one writing call. A call that was answered
// has its line at once; one whose answer was lost has it as soon as it is known
// what became of it, so that no change of an access goes without one.
type note struct {
	space  *space
	fields map[string]any
	// open is true while nobody knows whether the call was carried out.
	open bool
}

// send makes one writing call and writes the line about it into the log, or
// leaves that to the note where the answer was lost.
func (s *space) send(ctx context.Context, p Principal, from, to string, call func() (Receipt, error)) (*note, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: the run was cancelled or ran out of time", errNotSent)
	}
	s.writing()
	began := time.Now()
	receipt, err := call()
	n := &note{space: s, fields: map[string]any{
		"product": s.run.traits.Product, "workspace": s.id, "principal": p.String(),
		"from": from, "to": to, "request_id": receipt.RequestID, "ms": time.Since(began).Milliseconds(),
	}}
	switch {
	case err == nil:
		s.run.log.Info(ctx, "Changed an access", n.fields)
	case maybeApplied(err):
		n.open = true
		if e, ok := errors.AsType[*Error](err); ok {
			n.fields["request_id"] = e.RequestID
		}
	}
	return n, err
}

// shown notes that a listing shows what the call was to do.
func (n *note) shown(ctx context.Context) {
	n.settle(ctx, "Changed an access, as a listing shows: the answer itself was lost")
}

// unsettled notes that it stays unknown what became of the call.
func (n *note) unsettled(ctx context.Context) {
	n.settle(ctx, "May have changed an access: the answer was lost, and no listing has shown the change")
}

func (n *note) settle(ctx context.Context, line string) {
	if n != nil && n.open {
		n.open = false
		n.space.run.log.Info(ctx, line, n.fields)
	}
}

// sent is a write that has been answered, or is not going to be.
type sent struct {
	err  error
	line *note
	// took is how long that took; moment is its end.
	took   time.Duration
	moment uint64
}

// sendOne is send for a write that is proved together with those of others.
func (s *space) sendOne(ctx context.Context, p Principal, from, to string, call func() (Receipt, error)) sent {
	s.letRead(ctx)
	defer s.traffic.count(&s.traffic.writing)()
	began := time.Now()
	line, err := s.send(ctx, p, from, to, call)
	return sent{err: err, line: line, took: time.Since(began), moment: s.listings.Now()}
}

// prove looks at listings newer than the write until one fits. The first of
// them is shared with the writes that are on their way now.
func (s *space) prove(ctx context.Context, w sent, fits func(*Listing) bool) (bool, error) {
	ended := s.gather(ctx, patienceOf{took: w.took, alone: s.run.traits.ListingShifts},
		func() (bool, <-chan struct{}) { return s.listings.BegunAfter(w.moment) })
	defer ended()
	return s.proveNow(ctx, w, func(l *Listing) bool { ended(); return fits(l) })
}

// proveNow is prove for one who has waited for others already.
func (s *space) proveNow(ctx context.Context, w sent, fits func(*Listing) bool) (bool, error) {
	_, ok, err := s.seen(ctx, w.moment, fits)
	switch {
	case ok, err != nil && FailureOf(err) == Gone:
		w.line.shown(ctx)
	case err != nil:
		w.line.unsettled(ctx)
	}
	return ok, err
}

// proveGrant is prove for a write that gives p something. Where p is new, a look
// for new members alone may prove it.
func (s *space) proveGrant(ctx context.Context, w sent, p Principal, fits func(*Listing) bool) (bool, error) {
	look, m, found := s.finds.look(ctx, w, p)
	switch {
	case look == nil:
		return s.prove(ctx, w, fits)
	case found && fits(NewListing(&Workspace{ID: s.id, Members: []Member{m}}, s.run.traits)):
		w.line.shown(ctx)
		return true, nil
	}
	ok, err := s.proveNow(ctx, w, fits)
	if ok && !found {
		s.finds.overlooked(look)
	}
	return ok, err
}

// seen looks at listings newer than the moment until one fits or the time is
// over. The last listing looked at is given in either case.
func (s *space) seen(ctx context.Context, moment uint64, fits func(*Listing) bool) (*Listing, bool, error) {
	deadline := time.Now().Add(verifyFor)
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		l, err := s.listings.Newer(ctx, moment)
		if err != nil {
			return nil, false, err
		}
		if fits(l) {
			return l, true, nil
		}
		if time.Now().Add(pause).After(deadline) {
			return l, false, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return l, false, context.Cause(ctx)
		case <-timer.C:
		}
		moment = s.listings.Now()
	}
}

// way is a call that can give somebody a role.
type way func(ctx context.Context, p Principal, want Standing) (Receipt, error)

// assign gives a role to somebody who is there; some services add by it too.
func (s *space) assign(ctx context.Context, p Principal, want Standing) (Receipt, error) {
	return s.run.svc.Assign(ctx, s.id, p, want.Role, want.Enabled)
}

// add brings somebody in.
func (s *space) add(ctx context.Context, p Principal, want Standing) (Receipt, error) {
	return s.run.svc.Add(ctx, s.id, want.Role, []Principal{p})
}

func (r *Run) learned() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.assignAdds
}

func (r *Run) learn(assignAdds int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.assignAdds == 0 {
		r.assignAdds = assignAdds
	}
}

// grant gives the principal the standing and proves by a listing that it has
// it. live is the row that was there before, nil for none. Nothing is sent
// where that row is what is wanted. Somebody who is not there is assigned the
// role where that may add, else (or if it did not) added; whoever then stands
// there with another role is assigned the right one.
func (s *space) grant(ctx context.Context, p Principal, want Standing, live *Member) (Member, error) {
	from := "nothing"
	if live != nil {
		if live.Holds(want) {
			s.got(p, want)
			return *live, nil
		}
		from = live.Standing().String()
		p = live.Principal
	}
	m, err := s.grantFrom(ctx, p, want, from, live != nil)
	if err != nil {
		s.listings.Drop()
		return Member{}, err
	}
	s.got(p, want)
	return m, nil
}

func (s *space) grantFrom(ctx context.Context, p Principal, want Standing, from string, there bool) (Member, error) {
	if there {
		m, _, err := s.grantBy(ctx, s.assign, false, p, want, from)
		return m, err
	}
	var said error
	tried := s.run.traits.AssignMayAdd && s.run.learned() >= 0
	if tried {
		m, after, err := s.grantBy(ctx, s.assign, false, p, want, from)
		if err == nil {
			s.run.learn(1)
			return m, nil
		}
		if after != stillAbsent {
			return Member{}, err
		}
		said = err
	}
	m, after, err := s.grantBy(ctx, s.add, true, p, want, from)
	if after == withAnother {
		m, _, err = s.grantBy(ctx, s.assign, false, p, want, m.Standing().String())
	}
	if err != nil {
		return Member{}, errors.Join(said, err)
	}
	if tried {
		s.run.learn(-1)
	}
	return m, nil
}

// aftermath is what a listing showed after a call that did not have the
// wanted effect.
type aftermath int

const (
	// notKnown: no listing could tell, or the call itself failed.
	notKnown aftermath = iota
	// stillAbsent: the principal is not there, and the call certainly ended.
	stillAbsent
	// withAnother: the principal is there with another standing.
	withAnother
)

// grantBy sends one kind of call until a listing shows its effect. One that adds
// is not sent again once the principal is there.
func (s *space) grantBy(ctx context.Context, call way, adds bool, p Principal, want Standing, from string) (m Member, after aftermath, err error) {
	there := false
	fits := func(l *Listing) bool {
		m, there = l.Member(p)
		return there && m.Holds(want)
	}
	var last sent
	for range attempts {
		w := s.sendOne(ctx, p, from, want.String(), func() (Receipt, error) { return call(ctx, p, want) })
		err := w.err
		if err != nil && !maybeApplied(err) {
			f := FailureOf(err)
			if f != Refused && f != Gone {
				return Member{}, notKnown, err
			}
			// A refusal is looked at once: somebody else may have done it.
			l, lookErr := s.listings.Newer(ctx, w.moment)
			if lookErr != nil {
				return Member{}, notKnown, err
			}
			if fits(l) {
				return m, notKnown, nil
			}
			if !there {
				return Member{}, stillAbsent, err
			}
			return Member{}, notKnown, err
		}
		last = w
		ok, lookErr := s.proveGrant(ctx, w, p, fits)
		switch {
		case ok:
			return m, notKnown, nil
		case lookErr != nil:
			return Member{}, notKnown, fmt.Errorf("%w: %w", errUnverified, errors.Join(err, lookErr))
		case err != nil && adds && there:
			w.line.shown(ctx)
			return m, withAnother, fmt.Errorf("%w: %w", errUnverified, err)
		case err != nil:
			continue // the answer was lost, and so, it seems, was the request
		case there:
			return m, withAnother, fmt.Errorf("%w: %s answered that it was done, but the listing of workspace %s shows %s with %s instead of %s", errUnverified, s.run.traits.Product, s.id, p, m.Standing(), want)
		default:
			return Member{}, stillAbsent, fmt.Errorf("%w: %s answered that it was done, but the listing of workspace %s does not show %s", errUnverified, s.run.traits.Product, s.id, p)
		}
	}
	last.line.unsettled(ctx)
	return Member{}, notKnown, fmt.Errorf("%w: %w", errUnverified, last.err)
}

// revoke takes the member's access away and proves it by a listing.
func (s *space) revoke(ctx context.Context, live Member) error {
	if s.run.traits.RemovalDisables && !live.Enabled {
		return nil // it was done meanwhile
	}
	out := func(l *Listing) bool {
		m, ok := l.Member(live.Principal)
		return !ok || (s.run.traits.RemovalDisables && !m.Enabled)
	}
	var last sent
	for range attempts {
		w := s.sendOne(ctx, live.Principal, live.Standing().String(), "nothing", func() (Receipt, error) { return s.run.svc.Remove(ctx, s.id, live) })
		err := w.err
		if err != nil && !maybeApplied(err) {
			if f := FailureOf(err); f == Gone || f == Refused {
				if l, lookErr := s.listings.Newer(ctx, w.moment); lookErr == nil && out(l) || FailureOf(lookErr) == Gone && lookErr != nil {
					return nil //nolint:nilerr // refused, and the listing shows that it is done all the same
				}
			}
			s.listings.Drop()
			return err
		}
		last = w
		ok, lookErr := s.prove(ctx, w, out)
		if ok || FailureOf(lookErr) == Gone && lookErr != nil {
			return nil //nolint:nilerr // with the workspace the access is gone
		}
		if lookErr != nil {
			s.listings.Drop()
			return fmt.Errorf("%w: %w", errUnverified, errors.Join(err, lookErr))
		}
		if err == nil {
			s.listings.Drop()
			return fmt.Errorf("%w: %s answered that it was done, but the listing of workspace %s still shows %s with %s", errUnverified, s.run.traits.Product, s.id, live.Principal, live.Standing())
		}
	}
	last.line.unsettled(ctx)
	s.listings.Drop()
	return fmt.Errorf("%w: %w", errUnverified, last.err)
}
