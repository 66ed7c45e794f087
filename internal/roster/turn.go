package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
}

// make carries the change out. Where it takes an owner out, it first has its
// turn under the guard. The caller holds the principal's lock; live is the
// principal's row in this run's listing.
func (s *space) make(ctx context.Context, c change, live Member) []Finding {
	if !s.run.guard.watches(s.id) || !s.run.mayLose(live, c.to) {
		return s.report(ctx, c, live, c.act(ctx, live))
	}
	return s.takeOut(ctx, c)
}

// mayLose tells whether the change takes an owner away, whoever is inactive.
func (r *Run) mayLose(live Member, to *Standing) bool {
	return r.counts(live, nil) && !r.counts(live.after(to), nil)
}

// takeOut takes one owner out: one at a time per workspace, in this process
// and among the processes of this machine, on a listing read after the lock
// was taken, and only when enough owners remain. It waits for a successor with
// the locks released, and never beyond the context.
func (s *space) takeOut(ctx context.Context, c change) []Finding {
	r := s.run
	began := time.Now()
	waiting, final := false, false
	defer func() {
		if waiting {
			r.walk.activity.stopWaiting()
		}
	}()
	for {
		gained := s.nextGain()
		release, err := s.lockLosses(ctx)
		if err != nil {
			return []Finding{s.cancelled(ctx, c, err)}
		}
		l, err := s.listings.newer(ctx, s.listings.now())
		if err != nil {
			release()
			return []Finding{r.readFailure(err, s.id, c.at)}
		}
		live, ok := l.Member(c.p)
		if !ok {
			release()
			return nil
		}
		v := s.view(ctx, l)
		left := s.remaining(v, c.p)
		short := r.counts(live, v.inactive) && left < s.floor(v.inactive)
		if !short || final && r.guard.Mode == Warn {
			var out []Finding
			if short {
				out = append(out, s.refusal(v, c, left, time.Since(began), ""))
			}
			if waiting {
				r.walk.activity.stopWaiting()
				waiting = false
			}
			err := c.act(ctx, live)
			if err == nil || maybeApplied(err) {
				s.lost(c.p)
			}
			release()
			return append(out, s.report(ctx, c, live, err)...)
		}
		release()
		if final {
			return []Finding{s.refusal(v, c, left, time.Since(began), "")}
		}
		if !waiting {
			waiting = true
			r.walk.activity.startWaiting()
			r.log.Warn(ctx, "Waiting for a successor before taking an owner out", map[string]any{
				"product": r.traits.Product, "workspace": s.id, "principal": c.p.String(), "handover_wait": r.guard.HandoverWait.String(),
			})
		}
		for woken := false; !woken; {
			quiet, moved := r.walk.activity.untilIdle(r.guard.HandoverWait)
			if quiet == 0 && r.walk.activity.stopWaitingIfIdle(r.guard.HandoverWait) {
				waiting, final, woken = false, true, true
				continue
			}
			if err := waitFor(ctx, quiet, moved, gained); err != nil {
				if errors.Is(err, context.DeadlineExceeded) {
					return []Finding{s.refusal(v, c, left, time.Since(began), "The resource's own timeout ended the wait.")}
				}
				return []Finding{s.cancelled(ctx, c, err)}
			}
			select {
			case <-gained:
				woken = true
			default:
			}
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
	for _, m := range s.run.owners(v.listing, v.inactive) {
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
func (s *space) refusal(v view, c change, left int, waited time.Duration, note string) Finding {
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
	severity := SeverityError
	if r.guard.Mode == Warn {
		severity = SeverityWarning
	} else {
		sec.notes = append(sec.notes, "Nothing was changed here. If a successor was created later in this run, applying again finishes the handover.")
	}
	return Finding{Severity: severity, Summary: sec.summary(severity), Detail: guardDetail([]section{sec}, r.guard, waited), At: c.at}
}

func (s *space) cancelled(_ context.Context, c change, err error) Finding {
	return failure(AtNone, "The change was cancelled",
		fmt.Sprintf("%s in workspace %s was to be %s, and the run was cancelled before it was its turn (%s). Nothing was changed.", c.p, s.id, strings.TrimSuffix(c.what, "."), err))
}

// report turns the error of an act into a finding. The service's own refusal
// to lose its last owner gets the guard's explanation.
func (s *space) report(ctx context.Context, c change, live Member, err error) []Finding {
	if err == nil {
		return nil
	}
	r := s.run
	if FailureOf(err) == Refused && r.mayLose(live, c.to) {
		if l, lerr := s.listings.get(ctx); lerr == nil && s.remaining(view{listing: l}, c.p) == 0 {
			v := s.view(ctx, l)
			f := s.refusal(v, c, 0, 0, fmt.Sprintf("%s itself refused: %s", r.traits.Product, err))
			f.Severity = SeverityError
			f.Summary = fmt.Sprintf("Workspace would lose its last %s", r.traits.OwnerNoun)
			return []Finding{f}
		}
	}
	return []Finding{r.writeFailure(err, s.id, c)}
}
