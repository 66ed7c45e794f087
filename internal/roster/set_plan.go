package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// SetPlan is one planned change of one authoritative resource.
type SetPlan struct {
	// Prior is what the state holds, nil for a creation; Next what shall be,
	// nil for a removal, which touches nobody.
	Prior, Next *Set
	// NoChange is true where the plan equals the state.
	NoChange bool
	// Second is true for the second of the two calls of a replacement.
	Second bool
}

// SetPlanned is the outcome of planning.
type SetPlanned struct {
	Findings []Finding
	// Listing shows who is there; nil where it was not needed or not to be had.
	Listing *Listing
}

// PlanSet judges one planned change: what it clashes with, whom it would hurt
// who is there already, and whether the workspace would be left without an
// owner.
func (r *Run) PlanSet(ctx context.Context, c SetPlan) SetPlanned {
	applying := r.walk.activity.IsApplying()
	if c.Next == nil {
		if applying {
			return SetPlanned{}
		}
		return SetPlanned{Findings: []Finding{r.leftAlone(c.Prior.Workspace)}}
	}
	next, prior := *c.Next, c.Prior
	if out := next.twins(); len(out) > 0 {
		return SetPlanned{Findings: out}
	}
	var out SetPlanned
	moved := prior != nil && (next.WorkspaceUnknown || prior.Workspace != next.Workspace)
	if moved && !applying {
		out.Findings = append(out.Findings, r.leftAlone(prior.Workspace))
	}
	if next.WorkspaceUnknown {
		if !c.Second && !applying && r.anyOwner(next) {
			r.walk.ledger.gainElsewhere(r)
		}
		return out
	}
	s := r.spaces.get(next.Workspace)
	if !applying && !c.Second {
		if f := r.walk.ledger.clashes(ctx, r.walk.ledger.claimWhole(s, next.claim())); Failed(f) {
			out.Findings = append(out.Findings, f...)
			return out
		}
	}
	if c.NoChange || applying && prior != nil && !moved && named(*prior, next) {
		return out // nobody has to be looked up
	}

	l, err := s.listings.Get(ctx)
	if err != nil {
		f := r.planReadFailure(err, s.id, "Whoever is", AtWorkspace)
		if applying {
			// What was known when this was planned cannot be filled in now.
			f = r.readFailure(err, s.id, AtWorkspace)
		}
		out.Findings = append(out.Findings, f)
		return out
	}
	out.Listing = l
	if applying || c.Second {
		return out
	}
	if !l.Complete() {
		out.Findings = append(out.Findings, r.partialSet(l))
		return out
	}

	held := holder(prior)
	switch {
	case moved:
		held = holder(nil)
	case prior == nil:
		held = r.walk.ledger.wasReadWhole(s) // this very instance, about to be replaced
	}
	d := r.divide(l, next, held)
	if prior == nil || moved {
		if f := r.walk.ledger.clashes(ctx, s.takeover(ctx, l, d, held, moved, true)); Failed(f) {
			out.Findings = append(out.Findings, f...)
			return out
		}
		d.apart = nil
	}
	out.Findings = append(out.Findings, s.planSeats(ctx, l, next, d, held)...)
	if Failed(out.Findings) {
		return out
	}
	out.Findings = append(out.Findings, s.notYetKnown(ctx, l, next)...)
	out.Findings = append(out.Findings, s.leftOut(ctx, l, prior, next, moved)...)
	out.Findings = append(out.Findings, s.ignoredNow(ctx, l, prior, next, moved)...)
	out.Findings = append(out.Findings, s.joined(ctx, l, d.apart, true)...)
	s.planSetGains(l, next)
	out.Findings = append(out.Findings, s.planLoss(ctx, l, d.losses()...)...)
	return out
}

// named tells whether everybody whom the next set names was named before.
func named(prior, next Set) bool {
	in := prior.index()
	for _, seat := range next.Seats {
		if _, ok := in[fold(seat.Principal)]; !ok {
			return false
		}
	}
	return true
}

// anyOwner tells whether the set names somebody who may be an owner.
func (r *Run) anyOwner(next Set) bool {
	for k := range next.Kinds {
		if next.Kinds[k].Unknown && r.mayCount(k) {
			return true
		}
	}
	return slices.ContainsFunc(next.Seats, func(seat Seat) bool { return r.mayOwn(seat) && r.mayCount(seat.Kind) })
}

// mayCount tells whether principals of this kind can be owners.
func (r *Run) mayCount(k Kind) bool { return k == User || r.guard.CountOwnerGroups }

// leftAlone says that the end of an authoritative resource touches nobody.
func (r *Run) leftAlone(workspace string) Finding {
	where := workspace
	if l, ok := r.spaces.get(workspace).listings.Peek(); ok && l.Value.Name != "" {
		where = l.Value.Name
	}
	return warning(AtNone, fmt.Sprintf("Everybody in workspace %s keeps their access", where),
		fmt.Sprintf("Destroying %s touches nobody: workspace %s is no longer managed by it, and everybody there keeps the role they have. "+
			"To take access away, remove people from the resource and apply before destroying it.", r.naming.Authoritative, workspace))
}

// losses gives those whose access becomes less, for the guard and for the
// warning to the key's own user.
func (d division) losses() []planned {
	out := make([]planned, 0, len(d.demote)+len(d.remove))
	for _, ts := range [][]*turnout{d.demote, d.remove} {
		for _, t := range ts {
			out = append(out, planned{p: t.p, to: t.to, what: t.what, at: t.at()})
		}
	}
	return out
}

// planSetGains tells the ledger who will (or may) be an owner. An id that is not
// known yet counts as a possible owner; the apply knows.
func (s *space) planSetGains(l *Listing, next Set) {
	for _, seat := range next.Seats {
		if !s.run.mayOwn(seat) {
			continue
		}
		live, there := l.Member(seat.Principal)
		s.planGain(Binding{Principal: seat.Principal, Standing: seat.standing(), StandingUnknown: seat.RoleUnknown}, live, there, false)
	}
	for k, scope := range next.Kinds {
		if scope.Unknown && s.run.mayCount(k) {
			s.planGain(Binding{PrincipalUnknown: true}, Member{}, false, false)
		}
	}
}

// takeover refuses to create a resource over people whom it would remove or
// whose role it would change.
func (s *space) takeover(ctx context.Context, l *Listing, d division, held func(Principal) bool, moved, planning bool) []Finding {
	r := s.run
	hurt := slices.Clone(d.apart)
	for _, t := range d.enter {
		if t.there && t.live.Enabled && !held(t.p) {
			hurt = append(hurt, t)
		}
	}
	if len(hurt) == 0 {
		return nil
	}
	sortByLabel(hurt)
	where := r.workspaceName(ctx, l, s.id)
	var b strings.Builder
	fmt.Fprintf(&b, "Creating %s never removes anybody and never changes anybody's role silently, and in workspace %q (%s) it would:\n", r.naming.Authoritative, where, s.id)
	for i, t := range hurt {
		if i == 4*someNamed {
			fmt.Fprintf(&b, "  - and %d more\n", len(hurt)-i)
			break
		}
		fmt.Fprintf(&b, "  - %s: has %s, would be %s\n", nameAndID(t.live), t.live.Standing(), strings.TrimSuffix(t.what, " by this run"))
	}
	switch {
	case moved:
		b.WriteString("\nName them, or ignore them. To take the workspace over with all changes shown in a plan, forget this address first (`terraform state rm`), and then import the workspace.")
	default:
		fmt.Fprintf(&b, "\nImport the workspace (\"to\" is the address that Terraform shows above this message), and the plan will show every change before it is made:\n\n%s\n\nor name them, or ignore them.",
			importBlock(r.naming.Authoritative, s.id))
	}
	if planning {
		b.WriteString("\n\nTerraform plans before destroy and refresh too: `terraform destroy -refresh=false` gets past this message.")
	} else {
		b.WriteString("\n\nThis was not known when the plan was made (or they joined since). Nothing was changed.")
	}
	return []Finding{failure(AtWorkspace, fmt.Sprintf("Creating this would change the access of %s in workspace %s", count(len(hurt), "principal", "principals"), where), b.String())}
}

// planSeats judges those who are to enter: whom the tenant does not know, and
// who cannot use the access.
func (s *space) planSeats(ctx context.Context, l *Listing, next Set, d division, held func(Principal) bool) []Finding {
	r := s.run
	var errs, warnings []Finding
	add := func(key string, at Attribute, f Finding) {
		f.Key, f.At = key, at
		if f.Severity == SeverityError {
			errs = append(errs, f)
		} else {
			warnings = append(warnings, f)
		}
	}
	for _, t := range d.enter {
		switch {
		case !t.there:
			for _, f := range s.planStranger(ctx, l, Binding{Workspace: s.id, Principal: t.p, Standing: Standing{Enabled: true}, StandingUnknown: t.toUnknown}) {
				add(t.key, t.at(), f)
			}
		case !t.live.Enabled:
			add(t.key, t.at(), s.reenabled(r.workspaceName(ctx, l, s.id), t.live, *t.to))
		case !held(t.p):
			add(t.key, t.at(), warning(t.at(), fmt.Sprintf("%s in workspace %s goes from %s to %s", t.live.Label(), r.workspaceName(ctx, l, s.id), t.live.Standing(), t.to),
				fmt.Sprintf("The state does not hold %s, who is there already with %s.", t.p, t.live.Standing())))
		}
	}
	if len(errs) == 0 {
		for _, seat := range next.Seats {
			live, there := l.Member(seat.Principal)
			if there && live.Invite && !held(live.Principal) {
				add(seat.ID, atKind(seat.Kind), warning(AtNone, fmt.Sprintf("%s is still a pending invitation in workspace %s", live.Label(), r.workspaceName(ctx, l, s.id)),
					"The invitation has not been accepted yet. The id may change when it is, and until then nobody can use the access; a pending invitation does not count as an owner."))
			}
		}
	}
	return append(
		bounded(errs, func(n int) (string, string) {
			return fmt.Sprintf("%d more principals of workspace %s cannot be added", n, s.id), "The same is wrong with each of them:"
		}),
		bounded(warnings, func(n int) (string, string) {
			return fmt.Sprintf("%d more notes about principals of workspace %s", n, s.id), "Likewise:"
		})...)
}

// notYetKnown warns where the plan cannot show who loses access.
func (s *space) notYetKnown(ctx context.Context, l *Listing, next Set) []Finding {
	var out []Finding
	for _, k := range []Kind{User, Group} {
		scope, ok := next.Kinds[k]
		if !ok || next.certain(k) {
			continue
		}
		what := string(atKind(k))
		if !scope.Unknown {
			what = "ignore_" + what
		}
		out = append(out, warning(atKind(k), fmt.Sprintf("Who loses access to workspace %s is not known yet", s.run.workspaceName(ctx, l, s.id)),
			fmt.Sprintf("A part of %s is known only after apply, so this plan cannot show which %ss lose their access. "+
				"The apply removes nobody who is named by then, and keeps the last %s. To see it before: apply what the ids depend on first (-target).", what, k, s.run.traits.OwnerNoun)))
	}
	return out
}

// leftOut says that a map that was managed and is left out now touches nobody.
func (s *space) leftOut(ctx context.Context, l *Listing, prior *Set, next Set, moved bool) []Finding {
	if prior == nil || moved {
		return nil
	}
	var out []Finding
	for _, k := range []Kind{User, Group} {
		_, was := prior.Kinds[k]
		_, is := next.Kinds[k]
		if was && !is {
			out = append(out, warning(atKind(k), fmt.Sprintf("The %ss of workspace %s are no longer managed", k, s.run.workspaceName(ctx, l, s.id)),
				fmt.Sprintf("%s is left out of the configuration now, so every %s keeps the access they have. An empty map would mean that nobody shall be there.", atKind(k), k)))
		}
	}
	return out
}

// ignoredNow names those who leave the maps without losing anything.
func (s *space) ignoredNow(ctx context.Context, l *Listing, prior *Set, next Set, moved bool) []Finding {
	if prior == nil || moved {
		return nil
	}
	var fs []Finding
	where := ""
	for _, seat := range prior.Seats {
		live, there := l.Member(seat.Principal)
		if _, managed := next.Kinds[seat.Kind]; !managed || !there || next.covers(seat.Principal) {
			continue
		}
		if where == "" {
			where = s.run.workspaceName(ctx, l, s.id)
		}
		fs = append(fs, warning(AtNone, fmt.Sprintf("%s in workspace %s is ignored from now on", live.Label(), where),
			fmt.Sprintf("%s stands in ignore_%s. The plan takes the entry out of %s, and the access stays as it is: %s.", nameAndID(live), atKind(seat.Kind), atKind(seat.Kind), live.Standing())))
	}
	return bounded(fs, func(n int) (string, string) {
		return fmt.Sprintf("%d more principals in workspace %s are ignored from now on", n, where), "Likewise:"
	})
}

// joined names those who are left alone because the state from which the
// change was planned did not hold them.
func (s *space) joined(ctx context.Context, l *Listing, apart []*turnout, planning bool) []Finding {
	if len(apart) == 0 {
		return nil
	}
	sortByLabel(apart)
	where := s.run.workspaceName(ctx, l, s.id)
	since := "joined (or changed) since this plan was made"
	if planning {
		since = "is not in the state"
	}
	fs := make([]Finding, 0, len(apart))
	for _, t := range apart {
		fs = append(fs, warning(AtNone, fmt.Sprintf("%s in workspace %s is left alone", t.live.Label(), where),
			fmt.Sprintf("%s holds %s there, and %s. Only people whom the state held when the plan was made are removed or demoted. The next plan shows what would happen: to be %s.",
				nameAndID(t.live), t.live.Standing(), since, strings.TrimSuffix(t.what, " by this run"))))
	}
	return bounded(fs, func(n int) (string, string) {
		return fmt.Sprintf("%d more principals in workspace %s are left alone", n, where), "Likewise:"
	})
}
