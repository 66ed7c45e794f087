package roster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// change is one principal's standing about to change at apply time.
type change struct {
	p Principal
	// to is what the principal holds afterwards; nil for nothing.
	to *Standing
	// what the change does, as a clause for the guard's message, and the
	// attribute that asks for it.
	what string
	at   Attribute
	act  func(ctx context.Context, live Member) error
	// hold is the principal's lock; nil where the caller keeps it throughout.
	hold *hold
	// moot tells, after a wait, that nothing has to be done any more; may be nil.
	moot func() bool
}

// hold is one principal's lock, held around read, decide and write, and let go
// while its holder only waits.
type hold struct {
	space *space
	p     Principal
	free  func()
}

// hold takes the principal's lock.
func (s *space) hold(ctx context.Context, p Principal) (*hold, error) {
	h := &hold{space: s, p: fold(p)}
	return h, h.take(ctx)
}

func (h *hold) take(ctx context.Context) error {
	if h == nil {
		return nil
	}
	free, err := h.space.principals.lock(ctx, h.p)
	if err == nil {
		closed := h.space.traffic.count(&h.space.traffic.open)
		h.free = func() { free(); closed() }
	}
	return err
}

// release lets go; it may be called more than once.
func (h *hold) release() {
	if h != nil && h.free != nil {
		h.free()
		h.free = nil
	}
}

// make carries the change out. Where it takes an owner out, it first has its
// turn under the guard. The caller holds the principal's lock; live is the
// principal's row in this run's listing.
func (s *space) make(ctx context.Context, c change, live Member) []Finding {
	if !s.run.guard.Watches(s.id) || !s.run.mayLose(live, c.to) {
		return s.report(ctx, c, live, c.act(ctx, live))
	}
	return s.takeOut(ctx, c)
}

// mayLose tells whether the change takes an owner away, whoever is inactive.
func (r *Run) mayLose(live Member, to *Standing) bool {
	return r.counts(live, nil) && !r.counts(live.After(to), nil)
}

// takeOut takes one owner out: one at a time per workspace, in this process
// and among the processes of this machine, on a listing read after the lock
// was taken, and only when enough owners remain. It waits for a successor with
// every lock released, the principal's too, and never beyond the context.
func (s *space) takeOut(ctx context.Context, c change) []Finding {
	began := time.Now()
	for waited, last := false, false; ; waited = true {
		gained := s.nextGain()
		short, out, done := s.tryToTakeOut(ctx, c, began, last)
		if done {
			return out
		}
		if !waited {
			s.run.log.Warn(ctx, "Waiting for a successor before taking an owner out", map[string]any{
				"product": s.run.traits.Product, "workspace": s.id, "principal": c.p.String(), "handover_wait": s.run.guard.HandoverWait.String(),
			})
		}
		c.hold.release()
		var err error
		if last, err = s.awaitGain(ctx, gained); err == nil {
			err = c.hold.take(ctx)
		}
		if err != nil {
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return []Finding{s.refusal(SeverityError, short.v, c, short.left, time.Since(began), "The resource's own timeout ended the wait.")}
			}
			return []Finding{s.cancelled(ctx, c)}
		}
		if c.moot != nil && c.moot() {
			return nil
		}
	}
}

// shortage is what a loss would leave, where that is not enough.
type shortage struct {
	v    view
	left int
}

// tryToTakeOut takes the owner out if enough remain, and is done; otherwise it
// tells what is short. The last try answers in any case: it refuses, or in the
// guard's warning mode warns and goes on.
func (s *space) tryToTakeOut(ctx context.Context, c change, began time.Time, last bool) (short shortage, out []Finding, done bool) {
	r := s.run
	release, err := s.lockLosses(ctx)
	if err != nil {
		return short, []Finding{s.cancelled(ctx, c)}, true
	}
	defer release()
	l, err := s.listings.Newer(ctx, s.listings.Now())
	if err != nil {
		if ctx.Err() != nil {
			return short, []Finding{s.cancelled(ctx, c)}, true
		}
		return short, []Finding{r.readFailure(err, s.id, c.at)}, true
	}
	live, ok := l.Member(c.p)
	if !ok {
		if !l.Complete() {
			return short, []Finding{r.partial(l, c.p)}, true
		}
		return short, nil, true
	}
	v := s.view(ctx, l)
	left := s.remaining(v, c.p)
	if r.counts(live, v.inactive) && left < s.floor(v.inactive) {
		switch {
		case !last:
			return shortage{v: v, left: left}, nil, false
		case r.guard.Mode != Warn:
			return short, []Finding{s.refusal(SeverityError, v, c, left, time.Since(began), "")}, true
		default:
			out = append(out, s.refusal(SeverityWarning, v, c, left, time.Since(began), ""))
		}
	}
	err = c.act(ctx, live)
	if err == nil || maybeApplied(err) {
		s.lost(c.p)
	}
	return short, append(out, s.report(ctx, c, live, err)...), true
}

// awaitGain waits until somebody gains a role in the workspace, or until
// nothing has moved in this process for so long that nobody will: then the
// next try is the last. Meanwhile this request counts as one that only waits.
func (s *space) awaitGain(ctx context.Context, gained <-chan struct{}) (last bool, err error) {
	a, enough := s.run.walk.activity, s.run.guard.HandoverWait
	a.StartWaiting()
	for {
		quiet, moved := a.UntilIdle(enough)
		if quiet == 0 && a.StopWaitingIfIdle(enough) {
			return true, nil
		}
		err := waitFor(ctx, quiet, moved, gained)
		if err != nil {
			a.StopWaiting()
			return false, err
		}
		select {
		case <-gained:
			a.StopWaiting()
			return false, nil
		default:
		}
	}
}

// lockLosses excludes every other loss in this workspace.
func (s *space) lockLosses(ctx context.Context) (func(), error) {
	release, err := s.losses.lock(ctx, struct{}{})
	if err != nil {
		return nil, err
	}
	releaseFile, err := s.run.locker.Lock(ctx, s.run.traits.Endpoint+"\n"+s.id)
	switch {
	case err == nil:
		return func() { releaseFile(); release() }, nil
	case ctx.Err() != nil:
		release()
		return nil, ctx.Err()
	default:
		s.run.log.Warn(ctx, "Other runs on this machine are not kept out: the lock file cannot be used", map[string]any{
			"product": s.run.traits.Product, "workspace": s.id, "error": err.Error(),
		})
		return release, nil
	}
}

// view reads what judging a loss takes besides the listing.
func (s *space) view(ctx context.Context, l *Listing) view {
	inactive, known := s.run.inactive(ctx, s.id)
	return view{name: s.run.workspaceName(ctx, l, s.id), listing: l, inactive: inactive, statusKnown: known}
}

// remaining counts the owners without those whom this run has taken out and
// without the one about to go.
func (s *space) remaining(v view, without ...Principal) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range v.listing.Holders() {
		if !s.run.counts(m, v.inactive) {
			continue
		}
		k := fold(m.Principal)
		out := s.gone[k]
		for _, w := range without {
			out = out || fold(w) == k
		}
		if !out {
			n++
		}
	}
	return n
}

// refusal is the guard's message at apply time.
func (s *space) refusal(severity Severity, v view, c change, left int, waited time.Duration, note string) Finding {
	r := s.run
	sec := section{
		traits: r.traits, minimum: r.guard.MinimumOwners, id: s.id, name: v.name,
		would: left, needs: s.floor(v.inactive),
	}
	sec.describe(r, v.listing, v.inactive, v.statusKnown, func(m Member) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch k := fold(m.Principal); {
		case k == fold(c.p):
			return c.what
		case s.gone[k]:
			return "taken out by this run already"
		default:
			return ""
		}
	})
	if note != "" {
		sec.notes = append(sec.notes, note)
	}
	if severity == SeverityError {
		sec.notes = append(sec.notes, "Nothing was changed here. If a successor was created later in this run, applying again finishes the handover.")
	}
	return Finding{Severity: severity, Summary: sec.summary(severity), Detail: guardDetail([]section{sec}, r.guard, waited), At: c.at}
}

// cancelled explains a change that never had its turn.
func (s *space) cancelled(ctx context.Context, c change) Finding {
	who := fmt.Sprintf("%s in workspace %s was to be %s", c.p, s.id, c.what)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failure(AtNone, fmt.Sprintf("The change of %s in workspace %s ran out of time", c.p, s.id),
			who+", and the resource's timeout ended before it was its turn. Nothing was changed. Apply again, with a longer timeout if need be.")
	}
	return failure(AtNone, "The change was cancelled", who+", and the run was cancelled before it was its turn. Nothing was changed.")
}

// report turns the error of an act into a finding. The service's own refusal
// to lose its last owner gets the guard's explanation.
func (s *space) report(ctx context.Context, c change, live Member, err error) []Finding {
	if err == nil {
		return nil
	}
	r := s.run
	if FailureOf(err) == Refused && r.mayLose(live, c.to) {
		if l, lerr := s.listings.Get(ctx); lerr == nil && s.remaining(view{listing: l}, c.p) == 0 {
			v := s.view(ctx, l)
			f := s.refusal(SeverityError, v, c, 0, 0, fmt.Sprintf("%s itself refused: %s", r.traits.Product, said(err)))
			f.Summary = fmt.Sprintf("Workspace would lose its last %s", r.traits.OwnerNoun)
			return []Finding{f}
		}
	}
	return []Finding{r.writeFailure(err, s.id, c)}
}
