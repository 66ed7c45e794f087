package roster

import (
	"context"
	"fmt"
	"slices"
)

// SetApplied is the outcome of applying an authoritative resource.
type SetApplied struct {
	Findings []Finding
	// Listing shows who is in the workspace afterwards; nil where that could
	// not be read, so that what was known before is the best there is.
	Listing *Listing
}

// ApplySet brings a workspace from what the state held (nil for a creation) to
// what shall be: promotions and additions first, then demotions, then
// removals, and the key's own user last among those. Nobody is demoted or
// removed whom the state did not hold, and no owner leaves before enough
// others are there.
func (r *Run) ApplySet(ctx context.Context, prior *Set, next Set) SetApplied {
	s := r.spaces.get(next.Workspace)
	if out := next.twins(); len(out) > 0 {
		return SetApplied{Findings: out}
	}
	l, err := s.listings.Get(ctx)
	switch {
	case err != nil:
		return SetApplied{Findings: []Finding{r.readFailure(err, s.id, AtWorkspace)}}
	case !l.Complete():
		return SetApplied{Findings: []Finding{r.partialSet(l)}}
	}
	held := holder(prior)
	if prior == nil {
		held = s.deposedSet()
	}
	d := r.divide(l, next, held)
	if prior == nil {
		if out := s.takeover(ctx, l, d, held, false, false); len(out) > 0 {
			return SetApplied{Findings: out, Listing: l}
		}
	}
	for _, p := range d.settled {
		s.keeps(p)
	}

	a := &setApply{space: s, created: prior == nil, held: held, next: next, last: l}
	a.findSelf(ctx, l, d)
	a.first, a.planned = s.ownersBefore(ctx, d), s.ownersAfter(ctx, l, d)
	a.carry(ctx, d.enter)
	a.take(ctx, d.demote)
	a.take(ctx, d.remove)
	return a.finish(ctx, slices.Concat(d.enter, d.demote, d.remove))
}

// setApply is one authoritative resource being applied.
type setApply struct {
	space *space
	// created is true for a creation, which records no state where it fails.
	created bool
	held    func(Principal) bool
	next    Set
	// last is the latest listing that was read.
	last *Listing
	// first and planned are the owners before, and after everything is done.
	first, planned int
	// stopped is the failure after which nothing more is sent: the key may not.
	stopped error
	// blind is true where the latest look at the workspace failed.
	blind bool
	out   []Finding
}

// findSelf finds the key's own user among those who are to have less, and
// warns. It is asked for only where there is such a change.
func (a *setApply) findSelf(ctx context.Context, l *Listing, d division) {
	for _, ts := range [][]*turnout{d.demote, d.remove} {
		for _, t := range ts {
			if t.p.Kind != User {
				continue
			}
			self, err := a.space.run.Self(ctx)
			if err != nil {
				return // nothing to be done about it: the order is then any
			}
			if isSelf(self, t.live) {
				t.self = true
				a.out = append(a.out, a.space.selfWarning(ctx, l, t.live, t.to)...)
				return
			}
		}
	}
}

// ownersBefore counts the owners before the first write of this run.
func (s *space) ownersBefore(ctx context.Context, d division) int {
	if !s.guarded(d) {
		return 0
	}
	inactive, _ := s.run.inactive(ctx, s.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.first {
		if s.run.counts(m, inactive) {
			n++
		}
	}
	return n
}

// ownersAfter counts the owners that there will be when everything is done.
func (s *space) ownersAfter(ctx context.Context, l *Listing, d division) int {
	if !s.guarded(d) {
		return 0
	}
	r := s.run
	inactive, _ := r.inactive(ctx, s.id)
	n := len(r.owners(l, inactive))
	for _, ts := range [][]*turnout{d.demote, d.remove} {
		for _, t := range ts {
			if r.loses(t, inactive) {
				n--
			}
		}
	}
	tenant, known := r.knownTenant(s.id)
	for _, t := range d.enter {
		m := t.live
		if !t.there {
			m = Member{Principal: t.p, MemberCount: 1}
			if known {
				if p, ok := tenant.Person(t.p); ok {
					m.Email, m.Invite, m.MemberCount = p.Email, p.Invite, p.MemberCount
				}
			}
		}
		if !r.counts(m, inactive) && r.counts(m.After(t.to), inactive) {
			n++
		}
	}
	return n
}

// guarded tells whether the change takes owners out of a workspace that the
// guard watches.
func (s *space) guarded(d division) bool {
	mayLose := func(t *turnout) bool { return s.run.mayLose(t.live, t.to) }
	return s.run.guard.Watches(s.id) && (slices.ContainsFunc(d.demote, mayLose) || slices.ContainsFunc(d.remove, mayLose))
}

// loses tells whether the change makes one owner less.
func (r *Run) loses(t *turnout, inactive map[Principal]bool) bool {
	return t.there && r.counts(t.live, inactive) && !r.counts(t.live.After(t.to), inactive)
}

// finish names whoever failed and whoever was left alone, and tells who is
// there now.
func (a *setApply) finish(ctx context.Context, all []*turnout) SetApplied {
	s := a.space
	var failed []Finding
	for _, t := range all {
		if t.done || t.answered {
			continue
		}
		f := s.run.writeFailure(t.failure(), s.id, change{p: t.p, to: t.to, what: t.what, at: t.at()})
		if label := t.label(); label != t.p.String() && label != t.p.ID {
			f.Detail = label + ": " + f.Detail
		}
		if t.to != nil && f.At != AtNone {
			f.Key = t.key
		}
		failed = append(failed, f)
	}
	a.out = append(a.out, bounded(failed, func(n int) (string, string) {
		return fmt.Sprintf("%d more changes in workspace %s failed", n, s.id), "Apply again to complete this. Likewise:"
	})...)
	if Failed(a.out) {
		for i, f := range a.out {
			if f.Severity != SeverityError {
				continue
			}
			if a.created {
				a.out[i].Detail += "\n\nNo state was recorded: apply again, and what has been done is taken over as it is."
			} else {
				a.out[i].Detail += "\n\nThe state holds who is there now. Apply again to complete the change."
			}
			break
		}
		s.listings.Drop()
		if ctx.Err() == nil {
			if l, err := s.listings.Get(ctx); err == nil && l.Complete() {
				a.last, a.blind = l, false
			}
		}
	}
	if a.blind {
		a.last = a.amended(all)
	}
	var apart []*turnout
	for _, t := range s.run.divide(a.last, a.next, a.held).apart {
		if !s.holds(t.p) || t.to != nil {
			apart = append(apart, t)
		}
	}
	a.out = append(a.out, s.joined(ctx, a.last, apart, false)...)
	return SetApplied{Findings: a.out, Listing: a.last}
}

// amended is the latest listing with what is known to have been done since.
func (a *setApply) amended(all []*turnout) *Listing {
	w := *a.last.Workspace
	w.Members = slices.Clone(w.Members)
	at := make(map[Principal]int, len(w.Members))
	for i, m := range w.Members {
		at[fold(m.Principal)] = i
	}
	gone := map[Principal]bool{}
	for _, t := range all {
		if !t.done && (t.err != nil || t.sent == 0) || t.spared {
			continue
		}
		i, there := at[fold(t.p)]
		switch {
		case t.to == nil:
			gone[fold(t.p)] = true
		case there:
			w.Members[i] = w.Members[i].After(t.to)
		default:
			w.Members = append(w.Members, Member{Principal: t.p}.After(t.to))
		}
	}
	w.Members = slices.DeleteFunc(w.Members, func(m Member) bool { return gone[fold(m.Principal)] })
	l := NewListing(&w, a.space.run.traits)
	return l
}

// DisbandSet ends the management of a workspace. It touches nobody; a creation
// in the same run is then a replacement, which may go on where this one ends.
func (r *Run) DisbandSet(prior Set) {
	s := r.spaces.get(prior.Workspace)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deposed == nil {
		s.deposed = map[Principal]bool{}
	}
	for _, seat := range prior.Seats {
		s.deposed[fold(seat.Principal)] = true
	}
}

// deposedSet gives the test for those whom a replaced resource held.
func (s *space) deposedSet() func(Principal) bool {
	return func(p Principal) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.deposed[fold(p)]
	}
}
