package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// RolesApplied is the outcome of applying an authoritative resource.
type RolesApplied struct {
	Findings []membership.Finding
	// Listing shows who is in the workspace afterwards; nil where that could
	// not be read, so that what was known before is the best there is.
	Listing *membership.Listing
}

// ApplyRoles brings a workspace from what the state held to what is planned: higher
// roles and additions first, then lower roles, then removals. Nobody is lowered
// or removed whom the state did not hold as they stand.
func (r *Run) ApplyRoles(ctx context.Context, c RolesChange) RolesApplied {
	s := r.spaces.get(c.Next.Workspace)
	if out := c.Next.Twice(); len(out) > 0 {
		return RolesApplied{Findings: out}
	}
	l, err := s.reconciler.Recent(ctx)
	if err == nil && !l.Complete() {
		l, err = s.reconciler.Listing(ctx) // it may have been incomplete for a moment
	}
	switch {
	case err != nil:
		return RolesApplied{Findings: []membership.Finding{r.ReadFailure(err, s.id, membership.AtWorkspace)}}
	case !l.Complete():
		return RolesApplied{Findings: []membership.Finding{r.Incomplete(l, "Who would lose access is not known.")}}
	}
	a := &rolesApply{space: s, token: c.Private.Instance, next: *c.Next, created: c.Prior == nil, held: c.Prior.Held()}
	if a.created {
		a.held = s.takeReplaced(a.next)
	}
	d := planning.Compare(l, r.traits, a.next, a.held)
	a.alone = d.LeftAlone
	// All are made before the first is applied, so that the diff is kept no longer.
	for _, ws := range a.changes(d) {
		a.step(ctx, ws)
	}
	return a.finish(ctx)
}

// rolesApply is one resource that manages several, being applied.
type rolesApply struct {
	*space
	token   string
	next    planning.Roles
	held    planning.Held
	created bool
	// alone are those who had been changed since the plan was made.
	alone []planning.Change

	// stopped is the failure after which nothing more is sent: the credentials
	// were turned away.
	stopped error
	steps   []applied
}

// applied is one step: the changes, and what became of each.
type applied struct {
	changes  []plannedChange
	outcomes []reconcile.Outcome
}

// quietFor is how long nothing must have moved before a resource that manages
// one role gives up a user whom another resource may name.
const quietFor = time.Second

// step makes changes, and ends when each has its outcome.
func (a *rolesApply) step(ctx context.Context, ws []plannedChange) {
	var outcomes []reconcile.Outcome
	if a.stopped != nil {
		outcomes = slices.Repeat([]reconcile.Outcome{{Result: reconcile.Failed, Err: a.stopped}}, len(ws))
	} else {
		changes := make([]reconcile.Change, len(ws))
		for i, w := range ws {
			changes[i] = w.Change
		}
		outcomes = a.reconciler.Apply(ctx, changes...)
	}
	a.steps = append(a.steps, applied{ws, outcomes})
	for _, o := range outcomes {
		if f := membership.FailureOf(o.Err); o.Result == reconcile.Failed && o.Reason == reconcile.NoReason && (f == membership.Unauthorized || f == membership.Forbidden) {
			a.stopped = reconcile.NotSentAfter(o.Err)
		}
	}
}

// changes are the three steps: all who are named and do not get less (who is there
// already as they are to be is kept from then on), those who keep something, and
// those who keep nothing. Of those who enter, those of one role stand together, so
// that one call can add several.
func (a *rolesApply) changes(d planning.Diff) [3][]plannedChange {
	less := make(map[membership.Principal]bool, len(d.Lower))
	for _, c := range d.Lower {
		less[c.Principal.Fold()] = true
	}
	enter, lower, remove := make([]plannedChange, 0, len(a.next.Entries)), make([]plannedChange, 0, len(d.Lower)), make([]plannedChange, 0, len(d.Remove))
	for _, e := range a.next.Entries {
		if less[e.Principal.Fold()] {
			lower = append(lower, a.give(e))
		} else {
			enter = append(enter, a.give(e))
		}
	}
	slices.SortStableFunc(enter, func(x, y plannedChange) int {
		return strings.Compare(strings.ToLower(x.Want.Role), strings.ToLower(y.Want.Role))
	})
	for _, c := range d.Lower {
		if c.Cause == guard.NotNamed {
			lower = append(lower, a.drop(c))
		}
	}
	for _, c := range d.Remove {
		remove = append(remove, a.drop(c))
	}
	return [3][]plannedChange{enter, lower, remove}
}

func (a *rolesApply) give(e planning.Entry) plannedChange {
	to := e.Standing()
	return plannedChange{at: planning.AttributeOf(e.Kind), key: e.ID, creates: a.created, Change: reconcile.Change{
		Action: reconcile.Give, Principal: e.Principal, Want: &to, Held: a.heldBy(e.Principal), Adopt: a.next.Role != "", Token: a.token,
		Loss: guard.Loss{Cause: guard.Edited, Form: a.next.Form()},
	}}
}

// heldBy is what the state held of a principal; nil for nothing.
func (a *rolesApply) heldBy(p membership.Principal) *membership.Standing {
	role, ok := a.held[p.Fold()]
	if !ok {
		return nil
	}
	return &membership.Standing{Role: role, Enabled: true}
}

func (a *rolesApply) drop(c planning.Change) plannedChange {
	w := plannedChange{at: c.At(), Change: reconcile.Change{
		Action: reconcile.Drop, Principal: c.Principal, Want: c.To, Held: a.heldBy(c.Principal), Token: a.token, Loss: c.Loss(a.next.Form()),
	}}
	if a.next.Role != "" {
		w.QuietFor = quietFor
	}
	return w
}

// finish names those who failed and those who were left alone, and tells who is
// there now.
func (a *rolesApply) finish(ctx context.Context) RolesApplied {
	var failed, warnings, out []membership.Finding
	answered := map[membership.Principal]bool{}
	told := map[*reconcile.Shortage]bool{}
	for _, step := range a.steps {
		for i, w := range step.changes {
			o := step.outcomes[i]
			if o.Short != nil {
				if told[o.Short] {
					continue // one message for all of them
				}
				told[o.Short] = true
			}
			for _, f := range a.explain(ctx, w, o) {
				switch {
				case f.Severity == membership.SeverityWarning:
					warnings = append(warnings, f)
				case o.Reason == reconcile.TooFewOwners:
					out = append(out, f)
				default:
					failed = append(failed, f)
				}
			}
			if w.Action == reconcile.Drop || o.Result == reconcile.LeftAlone {
				answered[w.Principal.Fold()] = true
			}
		}
	}
	where := a.knownAt().summary
	out = append(out, planning.Bounded(failed, func(n int) (string, string) {
		return fmt.Sprintf("%d more changes in %s failed", n, where), "Apply again to complete this. The others:"
	})...)
	listing := a.listing(ctx, membership.Failed(out))
	a.note(out)
	warnings = append(warnings, a.joined(ctx, listing, answered)...)
	out = append(out, planning.Bounded(warnings, func(n int) (string, string) {
		return fmt.Sprintf("%d more notes about principals of %s", n, where), "The others:"
	})...)
	return RolesApplied{Findings: out, Listing: listing}
}

// note says once what the state holds after a failure.
func (a *rolesApply) note(fs []membership.Finding) {
	for i, f := range fs {
		if f.Severity != membership.SeverityError {
			continue
		}
		if a.created {
			fs[i].Detail += "\n\nNothing was recorded in the state. Apply again: the next run adopts what was done."
		} else {
			fs[i].Detail += "\n\nThe state shows who is there now. Apply again to complete the change."
		}
		return
	}
}

// listing shows who is there afterwards: after a failure, as it is read anew. A member who
// is not known by then is taken to stand as at the beginning.
func (a *rolesApply) listing(ctx context.Context, failed bool) *membership.Listing {
	r := a.reconciler
	if failed && ctx.Err() == nil {
		if l, err := r.Listing(ctx); err == nil && l.Complete() {
			return l
		}
	}
	if l := r.Known(); l.Complete() {
		return l
	}
	return r.Whole()
}

// joined names those who came since the plan was made and are not named, and about whom
// nothing has been answered.
func (a *rolesApply) joined(ctx context.Context, l *membership.Listing, answered map[membership.Principal]bool) []membership.Finding {
	var fs []membership.Finding
	left := planning.Compare(l, a.run.traits, a.next, a.held).LeftAlone
	for _, c := range a.alone {
		live, there := l.Member(c.Principal)
		if c.Live = live; there && live.Enabled && !slices.ContainsFunc(left, func(o planning.Change) bool { return o.Principal == c.Principal }) {
			left = append(left, c)
		}
	}
	for _, c := range left {
		if c.Cause != guard.NotNamed || answered[c.Principal.Fold()] || a.reconciler.HeldByOther(c.Principal, a.token) {
			continue
		}
		w := a.drop(c)
		if c.What == "" {
			w.Want = nil // nothing is to be done any more
		}
		fs = append(fs, a.leftAloneFinding(ctx, w, reconcile.Outcome{Result: reconcile.LeftAlone, Reason: reconcile.NotHeld, Before: c.Live, WasThere: true})...)
	}
	return fs
}

// DeleteRoles ends the management of a workspace, or of one role in it. It
// touches nobody. Where the private data says that this is one half of a
// replacement, the creation in the same run may go on where this one ends.
func (r *Run) DeleteRoles(prior Roles, private Private) {
	key := planning.RolesKey(prior.Workspace, prior.Role)
	if !private.Left && private.Holds != key {
		return
	}
	s := r.spaces.get(prior.Workspace)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replaced[key] == nil {
		s.replaced[key] = planning.Held{}
	}
	for _, e := range prior.Entries {
		s.replaced[key][e.Principal.Fold()] = e.Role
	}
}

// takeReplaced gives what the object held that a creation replaces, to that one
// creation only.
func (s *space) takeReplaced(next Roles) planning.Held {
	s.mu.Lock()
	defer s.mu.Unlock()
	held, left := planning.Held{}, s.replaced[planning.RolesKey(next.Workspace, next.Role)]
	for who, role := range left {
		if _, manages := next.Kinds[who.Kind]; manages {
			held[who] = role
			delete(left, who)
		}
	}
	return held
}
