package roster

import (
	"context"
	"fmt"
)

// CreateBinding makes the principal hold the standing. It adopts what is there
// already, refuses to change another access silently, and proves what it
// wrote. On an error nothing must be recorded: the next run adopts what is there.
func (r *Run) CreateBinding(ctx context.Context, b Binding, adopt bool) (Member, []Finding) {
	s := r.spaces.get(b.Workspace)
	return s.enter(ctx, b, adopt, false)
}

// enter is a creation, or the first half of a changed principal.
func (s *space) enter(ctx context.Context, b Binding, adopt, swapped bool) (Member, []Finding) {
	r := s.run
	c := change{p: b.Principal, to: &b.Standing, what: fmt.Sprintf("given %s", b.Standing), at: AtPrincipal}
	var err error
	if c.hold, err = s.hold(ctx, b.Principal); err != nil {
		return Member{}, []Finding{s.cancelled(ctx, c)}
	}
	defer c.hold.release()
	l, err := s.listings.Get(ctx)
	if err != nil {
		return Member{}, []Finding{r.readFailure(err, s.id, AtWorkspace)}
	}
	live, there := l.Member(b.Principal)
	var out []Finding
	switch {
	case !there && !b.Standing.Enabled:
		return Member{}, s.planStranger(ctx, l, b)
	case !there:
		m, err := s.grantAndKeep(ctx, b, nil)
		return m, s.entryFailure(c, err)
	case live.Holds(b.Standing):
		m, err := s.grantAndKeep(ctx, b, &live)
		return m, s.entryFailure(c, err)
	case !live.Enabled && b.Standing.Enabled, s.handedOver(b.Principal):
	case adopt:
	default:
		return Member{}, []Finding{r.conflict(s.id, r.workspaceName(ctx, l, s.id), live, b.Standing, swapped, false)}
	}
	m := Member{}
	c.what, c.at = becomes(live, b.Standing), attributeOf(live, b.Standing)
	c.act = func(ctx context.Context, now Member) (err error) {
		m, err = s.grantAndKeep(ctx, b, &now)
		return err
	}
	out = append(out, s.selfWarning(ctx, l, live, &b.Standing)...)
	out = append(out, s.make(ctx, c, live)...)
	if !Failed(out) && m.ID == "" { // it left between the two listings
		m, err = s.grantAndKeep(ctx, b, nil)
		out = append(out, s.entryFailure(c, err)...)
	}
	return m, out
}

// grantAndKeep grants, and notes that this run holds the principal.
func (s *space) grantAndKeep(ctx context.Context, b Binding, live *Member) (Member, error) {
	m, err := s.grant(ctx, b.Principal, b.Standing, live)
	if err == nil {
		s.keeps(b.Principal)
	}
	return m, err
}

// entryFailure explains an entry that failed.
func (s *space) entryFailure(c change, err error) []Finding {
	if err == nil {
		return nil
	}
	f := s.run.writeFailure(err, s.id, c)
	if maybeApplied(err) {
		f.Detail += " No state was recorded for it, so that the next run adopts what is there instead of replacing it."
	}
	return []Finding{f}
}

// UpdateBinding brings the binding from the prior to the next: another
// standing in place, or another principal: then the next one enters before the
// prior one leaves as its exit says. kept is true where the first half
// succeeded and the second did not: the state has to keep the prior principal,
// and the next apply finishes.
func (r *Run) UpdateBinding(ctx context.Context, prior, next Binding, exit Exit, adopt bool) (m Member, kept bool, out []Finding) {
	s := r.spaces.get(next.Workspace)
	if fold(prior.Principal) != fold(next.Principal) {
		m, out = s.enter(ctx, next, adopt, true)
		if Failed(out) {
			return Member{}, false, out
		}
		out = append(out, s.leave(ctx, prior, exit, AtPrincipal, fmt.Sprintf("replaced in its resource by %s", next.Principal))...)
		return m, Failed(out), out
	}

	c := change{p: next.Principal, to: &next.Standing, what: fmt.Sprintf("given %s", next.Standing), at: AtRole}
	var err error
	if c.hold, err = s.hold(ctx, next.Principal); err != nil {
		return Member{}, false, []Finding{s.cancelled(ctx, c)}
	}
	defer c.hold.release()
	l, err := s.listings.Get(ctx)
	if err != nil {
		return Member{}, false, []Finding{r.readFailure(err, s.id, AtWorkspace)}
	}
	live, there := l.Member(next.Principal)
	if there && live.Holds(next.Standing) {
		m, err = s.grantAndKeep(ctx, next, &live)
		return m, false, s.entryFailure(c, err)
	}
	if there {
		c.what, c.at = becomes(live, next.Standing), attributeOf(live, next.Standing)
		c.act = func(ctx context.Context, now Member) (err error) {
			m, err = s.grantAndKeep(ctx, next, &now)
			return err
		}
		out = append(s.selfWarning(ctx, l, live, &next.Standing), s.make(ctx, c, live)...)
		if Failed(out) || m.ID != "" {
			return m, false, out
		}
	}
	if !next.Standing.Enabled {
		return Member{}, false, append(out, s.planStranger(ctx, l, next)...)
	}
	m, err = s.grantAndKeep(ctx, next, nil)
	return m, false, append(out, s.entryFailure(c, err)...)
}

// DeleteBinding ends the binding as its exit says. carried is what the
// instance's private data says: where a replacement will hold (or holds) the
// same principal, nothing is sent.
func (r *Run) DeleteBinding(ctx context.Context, b Binding, exit Exit, carried string) []Finding {
	s := r.spaces.get(b.Workspace)
	if carried == Key(b.Workspace, b.Principal) || carried == leftKey(b.Workspace, b.Principal) {
		s.handOver(b.Principal)
		return nil
	}
	return s.leave(ctx, b, exit, AtNone, "removed by this run (its resource is destroyed or no longer in the configuration)")
}

// leave ends an access: it takes it away, reassigns it, or keeps it.
func (s *space) leave(ctx context.Context, b Binding, exit Exit, at Attribute, what string) []Finding {
	if exit.Keep {
		return nil
	}
	r := s.run
	c := change{p: b.Principal, to: exit.to(), what: what, at: at}
	c.moot = func() bool { return s.holds(b.Principal) }
	var err error
	if c.hold, err = s.hold(ctx, b.Principal); err != nil {
		return []Finding{s.cancelled(ctx, c)}
	}
	defer c.hold.release()
	if c.moot() {
		return nil // the same run holds the principal through another resource
	}
	l, err := s.listings.Get(ctx)
	if FailureOf(err) == Gone && err != nil {
		return nil
	}
	if err != nil {
		return []Finding{r.readFailure(err, s.id, AtNone)}
	}
	live, there := l.Member(b.Principal)
	if !there && !l.Complete() {
		return []Finding{r.partial(l, b.Principal)}
	}
	if !there {
		return nil
	}
	if len(live.Roles) == 0 && b.Standing.Role != "" {
		live.Roles = []string{b.Standing.Role} // what the state knows, where the listing says nothing
	}
	switch {
	case c.to != nil && there && live.Holds(*c.to):
		return nil
	case c.to == nil && !live.Enabled:
		return nil
	}
	c.act = func(ctx context.Context, now Member) error {
		if c.to == nil {
			return s.revoke(ctx, now)
		}
		_, err := s.grant(ctx, now.Principal, *c.to, &now)
		return err
	}
	return append(s.selfWarning(ctx, l, live, c.to), s.make(ctx, c, live)...)
}
