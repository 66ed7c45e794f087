package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// take makes the changes of a step that takes something away. Where owners are
// among them, it first counts again who is there, with every other loss in the
// workspace shut out.
func (a *setApply) take(ctx context.Context, ts []*turnout) {
	r := a.space.run
	if len(ts) == 0 {
		return
	}
	if a.stopped != nil || !r.guard.Watches(a.space.id) || !slices.ContainsFunc(ts, func(t *turnout) bool { return r.mayLose(t.live, t.to) }) {
		a.carry(ctx, ts)
		return
	}
	began := time.Now()
	for waited, last := false, false; ; waited = true {
		gained := a.space.nextGain()
		done, short := a.tryToTake(ctx, ts, began, last)
		if done {
			return
		}
		if !waited {
			r.log.Warn(ctx, "Waiting for a successor before taking owners out", map[string]any{
				"product": r.traits.Product, "workspace": a.space.id, "owners": len(short.losers), "handover_wait": r.guard.HandoverWait.String(),
			})
		}
		var err error
		if last, err = a.space.awaitGain(ctx, gained); err != nil {
			a.leaveAll(short.losers)
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				a.out = append(a.out, a.refuse(SeverityError, short, time.Since(began), "The resource's own timeout ended the wait."))
			} else {
				a.out = append(a.out, failure(AtNone, "The change was cancelled",
					fmt.Sprintf("%s of workspace %s were to be taken out, and the run was cancelled before it was their turn. They were not changed.", count(len(short.losers), r.traits.OwnerNoun, r.traits.OwnersNoun), a.space.id)))
			}
			return
		}
	}
}

// scarcity is what a step would leave of the owners, where that is not enough.
type scarcity struct {
	v      view
	left   int
	losers []*turnout
}

// tryToTake makes the step's changes if enough owners remain, and is done;
// otherwise it tells what is short. The last try answers in any case.
func (a *setApply) tryToTake(ctx context.Context, ts []*turnout, began time.Time, last bool) (bool, scarcity) {
	s, r := a.space, a.space.run
	release, err := s.lockLosses(ctx)
	if err != nil {
		a.fail(ts, fmt.Errorf("%w: the run was cancelled or ran out of time before its turn", errNotSent))
		return true, scarcity{}
	}
	defer release()
	l, err := s.listings.Newer(ctx, s.listings.Now())
	switch {
	case err != nil:
		a.fail(ts, fmt.Errorf("%w: who is there could not be counted again: %w", errNotSent, err))
		return true, scarcity{}
	case !l.Complete():
		a.out = append(a.out, r.partialSet(l))
		a.leaveAll(ts)
		return true, scarcity{}
	}
	a.last, a.blind = l, false
	for _, t := range ts {
		if t.done || t.answered {
			continue
		}
		// Whoever has left meanwhile is brought in where that is wanted.
		live, there := l.Member(t.p)
		t.there = there
		if there {
			t.live = live
		}
		if t.fits(l, r.traits) {
			t.done = true
			if t.to != nil {
				s.keeps(t.p)
			}
		}
	}
	v := s.view(ctx, l)
	losers := a.losers(ts, v)
	left := s.remaining(v) - len(losers)
	// Where a successor failed to come in, as many stay as are missing.
	keep := max(0, min(min(a.first, a.planned)-left, len(losers)))
	if left+keep < s.floor(v.inactive) && len(losers) > 0 {
		short := scarcity{v: v, left: left, losers: losers}
		switch {
		case !last:
			return false, short
		case r.guard.Mode != Warn:
			a.leaveAll(losers)
			a.out = append(a.out, a.refuse(SeverityError, short, time.Since(began), ""))
		default:
			a.out = append(a.out, a.refuse(SeverityWarning, short, time.Since(began), ""))
		}
		keep = 0
	}
	a.holdBack(ctx, v, losers, keep)
	a.carry(ctx, ts)
	return true, scarcity{}
}

// losers are those of the step who are owners now and will not be; the key's
// own user first, since that one is the first to be kept.
func (a *setApply) losers(ts []*turnout, v view) []*turnout {
	var out []*turnout
	s := a.space
	for _, t := range ts {
		s.mu.Lock()
		gone := s.gone[fold(t.p)]
		s.mu.Unlock()
		if t.done || t.answered || gone || !s.run.loses(t, v.inactive) {
			continue
		}
		if t.self {
			out = slices.Insert(out, 0, t)
		} else {
			out = append(out, t)
		}
	}
	return out
}

// holdBack keeps as many of the outgoing owners as successors are missing.
func (a *setApply) holdBack(ctx context.Context, v view, losers []*turnout, keep int) {
	if keep == 0 {
		return
	}
	s, r := a.space, a.space.run
	fs := make([]Finding, 0, keep)
	for _, t := range losers[:keep] {
		fs = append(fs, failure(t.at(), fmt.Sprintf("%s stays %s of workspace %s for now", t.live.Label(), r.traits.OwnerNoun, r.workspaceName(ctx, v.listing, s.id)),
			fmt.Sprintf("%s was to be %s, but there are fewer %s than planned: a successor could not be brought in (see the other errors), or somebody else has left. They never become fewer than there were, or than there shall be. Nothing was changed for this one. Apply again to finish.",
				nameAndID(t.live), strings.TrimSuffix(t.what, " by this run"), r.traits.OwnersNoun)))
	}
	a.leaveAll(losers[:keep])
	a.out = append(a.out, bounded(fs, func(n int) (string, string) {
		return fmt.Sprintf("%d more stay %s of workspace %s for now", n, r.traits.OwnersNoun, s.id), "Likewise:"
	})...)
}

func (a *setApply) fail(ts []*turnout, err error) {
	for _, t := range ts {
		if !t.done && !t.answered {
			t.err = err
		}
	}
}

// leaveAll marks those about whom a finding says everything.
func (a *setApply) leaveAll(ts []*turnout) {
	for _, t := range ts {
		t.answered = true
	}
}

// refuse is the guard's message when a step would leave too few owners.
func (a *setApply) refuse(severity Severity, short scarcity, waited time.Duration, note string) Finding {
	s, r := a.space, a.space.run
	sec := section{
		traits: r.traits, minimum: r.guard.MinimumOwners, id: s.id, name: short.v.name,
		would: short.left, needs: s.floor(short.v.inactive),
	}
	fate := make(map[Principal]string, len(short.losers))
	for _, t := range short.losers {
		fate[fold(t.p)] = t.what
	}
	sec.describe(r, short.v.listing, short.v.inactive, short.v.statusKnown, func(m Member) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		k := fold(m.Principal)
		if what, ok := fate[k]; ok {
			return what
		}
		if s.gone[k] {
			return "taken out by this run already"
		}
		return ""
	})
	if note != "" {
		sec.notes = append(sec.notes, note)
	}
	if severity == SeverityError {
		sec.notes = append(sec.notes, "None of them was changed. What else this resource does is done; the state holds what is there.")
	}
	return Finding{Severity: severity, Summary: sec.summary(severity), Detail: guardDetail([]section{sec}, r.guard, waited), At: short.losers[0].at()}
}
