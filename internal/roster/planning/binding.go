package planning

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// Binding is one principal in one workspace as a configuration, a plan or a
// state has it. Parts may not be known yet.
type Binding struct {
	Workspace        string
	WorkspaceUnknown bool
	Principal        membership.Principal
	PrincipalUnknown bool
	Standing         membership.Standing
	StandingUnknown  bool
}

// key names the principal in private data.
func (b *Binding) key() string {
	switch {
	case b == nil:
		return ""
	case b.WorkspaceUnknown, b.PrincipalUnknown:
		return NotYetKnown
	default:
		return MemberKey(b.Workspace, b.Principal)
	}
}

// Exit is what happens to the access of a binding that ends.
type Exit struct {
	// Keep leaves the access as it is.
	Keep bool
	// Reassign, where not empty, is the role that is left behind.
	Reassign string
}

// To gives the standing that the exit leaves; nil for nothing.
func (e Exit) To() *membership.Standing {
	if e.Reassign != "" {
		return &membership.Standing{Role: e.Reassign, Enabled: true}
	}
	return nil
}

// BindingChange is one change of a resource of one principal, as it is planned and
// applied.
type BindingChange struct {
	// Prior is what the state holds, nil for a creation; Next what is planned,
	// nil for a removal.
	Prior, Next *Binding
	// Adopt allows a creation to change an access that is there already.
	Adopt bool
	// Exit is what the prior state says about the end of its access.
	Exit Exit
	// Private is the instance's private data.
	Private Private
	// NoChange is true where the plan equals the state.
	NoChange bool
}

// second tells whether this is the second of a replacement's two calls.
func (c BindingChange) second() bool { return c.Private.secondCall(c.Prior != nil) }

// moved tells whether the workspace changes.
func (c BindingChange) moved() bool {
	return c.Prior != nil && c.Next != nil && (c.Next.WorkspaceUnknown || !sameID(c.Prior.Workspace, c.Next.Workspace))
}

// swapped tells whether the principal changes in one workspace.
func (c BindingChange) swapped() bool {
	return c.Prior != nil && c.Next != nil && !c.moved() && (c.Next.PrincipalUnknown || c.Prior.Principal.Fold() != c.Next.Principal.Fold())
}

// mayStay tells whether the next object may hold the same principal in the same workspace.
func (c BindingChange) mayStay() bool {
	return (c.Next.WorkspaceUnknown || sameID(c.Prior.Workspace, c.Next.Workspace)) &&
		(c.Next.PrincipalUnknown || c.Prior.Principal.Fold() == c.Next.Principal.Fold())
}

// enters tells whether the next principal may be new to the state.
func (c BindingChange) enters() bool { return c.Prior == nil || c.moved() || c.swapped() }

// BindingPlan is what a plan says about a change.
type BindingPlan struct {
	Findings []membership.Finding
	// Private is what the instance's private data has to say from now on.
	Private Private
	// Person is what the tenant knows of a next principal who is new to the
	// state; nil where that is not known.
	Person *membership.Person
}

// PlanPrivate gives the private data of a change. It needs no planner, and has
// to be set where the provider's settings are not known yet.
func (c BindingChange) PlanPrivate() Private {
	next := c.Private.Planned(c.Next.key(), c.Prior != nil)
	if c.Next != nil && !c.Next.StandingUnknown {
		next.As = c.Next.Standing.String()
	}
	return next
}

// EndedLoss is what the guard has to know of the end of a binding.
func (p *Planner) EndedLoss(c BindingChange) guard.Loss {
	what := p.traits.Removed() + " by this run (its resource is destroyed or no longer in the configuration)"
	if c.Exit.Reassign != "" {
		what = fmt.Sprintf("left with the role %q by this run (%s)", c.Exit.Reassign, p.words.ReassignRole)
	}
	return guard.Loss{Principal: c.Prior.Principal, To: c.Exit.To(), Cause: guard.Ended, What: what}
}

// ReplacedLoss is what the guard has to know of the one whose place another takes.
func (c BindingChange) ReplacedLoss() guard.Loss {
	what := "replaced in its resource by a principal that is not known yet"
	if !c.Next.PrincipalUnknown {
		what = fmt.Sprintf("replaced in its resource by %s", c.Next.Principal)
		if !c.Next.StandingUnknown {
			what += fmt.Sprintf(", who gets the role %s", c.Next.Standing)
		}
	}
	return guard.Loss{Principal: c.Prior.Principal, To: c.Exit.To(), Cause: guard.Replaced, What: what, At: membership.AtPrincipal}
}

// Unsettled are the newcomers of earlier changes whom this one does not settle.
func (c BindingChange) Unsettled() []Newcomer {
	if c.Next == nil || c.Next.PrincipalUnknown {
		return c.Private.Newcomers
	}
	return c.Private.WithoutNewcomer(c.Next.Principal).Newcomers
}

// bindingPlanning is one change of a binding while it is planned.
type bindingPlanning struct {
	*Planner
	BindingChange
	in *instance
	// came is when the request came.
	came time.Time

	// listing is that of the next workspace, live and presence are what it shows of the
	// next principal.
	listing  *membership.Listing
	live     membership.Member
	presence membership.Presence

	out BindingPlan
}

// PlanBinding judges one planned change: what it clashes with, what it would do
// to people who are there already, and whether a workspace would be left
// without an owner.
func (p *Planner) PlanBinding(ctx context.Context, c BindingChange) BindingPlan {
	b := &bindingPlanning{Planner: p, BindingChange: c, came: time.Now(), out: BindingPlan{Private: c.PlanPrivate()}}
	if c.second() {
		// The first call has said everything. Warnings of this one are dropped.
		p.walk.replaces(c.Private.Instance)
		b.knowPerson(ctx)
		return b.out
	}
	b.in = p.walk.begin(c.Private, c.Prior != nil)
	if c.Next == nil {
		b.planRemoval(ctx)
	} else {
		b.planHolding(ctx)
		b.say(p.switchedOff(ctx, c.Next.Workspace)...)
	}
	if !p.walk.activity.IsApplying() {
		b.say(p.newcomers(ctx, c)...)
	}
	return b.out
}

func (b *bindingPlanning) say(fs ...membership.Finding) {
	b.out.Findings = append(b.out.Findings, fs...)
}

// clashes tells whether a plan ends with what a claim has found.
func (b *bindingPlanning) clashes(ctx context.Context, found []membership.Finding) bool {
	b.say(b.inPlan(ctx, found)...)
	return len(found) > 0
}

// planRemoval plans the end of a binding.
func (b *bindingPlanning) planRemoval(ctx context.Context) {
	left := &b.out.Private.Left
	if b.walk.activity.IsApplying() {
		// Only left-over objects of a replacement are planned here.
		*left = *left || b.readings.HeldByOther(b.Prior.Workspace, b.Prior.Principal, b.Private.Instance) || b.leftOver(ctx, b.BindingChange)
		return
	}
	if *left || b.Exit.Keep {
		return
	}
	if *left = b.leftOver(ctx, b.BindingChange); *left {
		return
	}
	if b.clashes(ctx, b.claim(b.in, b.Prior.Workspace, claim{leaves: &b.Prior.Principal})) {
		return
	}
	b.leave(ctx, b.EndedLoss(b.BindingChange))
}

// leave judges what the end of the prior access takes away. A workspace that is gone
// has nobody to lose.
func (b *bindingPlanning) leave(ctx context.Context, loss guard.Loss) {
	workspace := b.Prior.Workspace
	if _, err := b.readings.Listing(ctx, workspace, time.Time{}); err != nil && membership.FailureOf(err) == membership.Gone {
		return
	}
	l, fs := b.readListing(ctx, workspace, loss.At)
	b.say(fs...)
	if l == nil {
		return
	}
	fs, b.out.Private.Owners = b.lose(ctx, b.in, l, workspace, loss)
	b.say(fs...)
}

// planHolding plans what a binding creates or keeps.
func (b *bindingPlanning) planHolding(ctx context.Context) {
	next := *b.Next
	if !b.NoChange && !b.knowPerson(ctx) {
		return
	}
	if b.walk.activity.IsApplying() {
		return
	}
	switch {
	case b.Prior != nil:
		b.in.stays = b.mayStay()
		b.walk.replaced.Remove(b.in.token)
	case !next.WorkspaceUnknown && !next.PrincipalUnknown:
		b.walk.noteReplaced(b.unplanned(next.Workspace, next.Principal)...)
	}
	switch {
	case next.WorkspaceUnknown:
		if b.mayOwn(next.Standing, next.StandingUnknown) {
			b.gainElsewhere(b.in)
		}
		if b.clashes(ctx, b.claimHolding()) {
			return
		}
	case b.NoChange:
		b.clashes(ctx, b.claimHolding())
		return
	case !b.planEntry(ctx):
		return
	}
	b.planMove(ctx)
}

// planEntry judges the principal that a binding takes up. It is false where the
// plan ends here.
func (b *bindingPlanning) planEntry(ctx context.Context) bool {
	next := *b.Next
	l, fs := b.readListing(ctx, next.Workspace, membership.AtWorkspace)
	b.listing = l
	if l != nil && !next.PrincipalUnknown {
		b.live, b.presence = l.Lookup(next.Principal)
	}
	// A principal who is (or may be) an owner is noted before anything is refused, so that
	// the guard does not answer for what another message explains.
	if b.mayOwn(next.Standing, next.StandingUnknown) {
		b.gainHolding(ctx, b.in, next, b.live)
	}
	if b.clashes(ctx, b.claimHolding()) {
		return false
	}
	b.say(fs...)
	if l == nil || membership.Failed(fs) {
		return false
	}
	if b.enters() && !next.PrincipalUnknown {
		fs = b.enter(ctx)
		if membership.Failed(fs) {
			b.say(b.inPlan(ctx, fs)...)
			return false
		}
		b.say(fs...)
	}
	fs, b.out.Private.Owners = b.lose(ctx, b.in, l, next.Workspace, b.losses()...)
	b.say(fs...)
	if !next.StandingUnknown && !membership.Failed(fs) { // the guard's message says it too
		b.say(b.unknownRole(ctx, l, next.Standing.Role)...)
	}
	return true
}

// losses gives those whose access may become less: the principal itself, and the one
// whose place it takes.
func (b *bindingPlanning) losses() []guard.Loss {
	var out []guard.Loss
	next := *b.Next
	if b.presence == membership.There && !next.StandingUnknown {
		out = append(out, guard.Loss{Principal: next.Principal, To: &next.Standing, Cause: guard.Edited, What: b.live.Becomes(next.Standing), At: StandingAttribute(b.live, next.Standing)})
	}
	if b.swapped() && !b.Exit.Keep {
		out = append(out, b.ReplacedLoss())
	}
	return out
}

// planMove judges what a resource leaves behind whose workspace changes.
func (b *bindingPlanning) planMove(ctx context.Context) {
	if !b.moved() || b.Exit.Keep || membership.Failed(b.out.Findings) {
		return
	}
	to := "another " + b.traits.WorkspaceNoun
	if !b.Next.WorkspaceUnknown {
		to = b.traits.Workspace(b.Next.Workspace)
	}
	b.leave(ctx, guard.Loss{
		Principal: b.Prior.Principal, To: b.Exit.To(), Cause: guard.Moved, At: membership.AtWorkspace,
		What: fmt.Sprintf("%s by this run (its resource moves to %s)", b.traits.Removed(), to),
	})
}

// claimHolding notes whom a binding takes, and whom it leaves.
func (b *bindingPlanning) claimHolding() []membership.Finding {
	var c claim
	if !b.Next.PrincipalUnknown {
		c.takes = &b.Next.Principal
	}
	if !b.Next.StandingUnknown && b.Next.Standing.Enabled {
		c.gives = strings.ToLower(b.Next.Standing.Role)
	}
	if b.swapped() && !b.Exit.Keep {
		c.leaves = &b.Prior.Principal
	}
	var out []membership.Finding
	if !b.Next.WorkspaceUnknown {
		out = b.claim(b.in, b.Next.Workspace, c)
	}
	if b.moved() && !b.Exit.Keep {
		out = append(out, b.claim(b.in, b.Prior.Workspace, claim{leaves: &b.Prior.Principal})...)
	}
	return out
}

// mayOwn tells whether a standing is (or may be) an owner's.
func (p *Planner) mayOwn(s membership.Standing, unknown bool) bool { return unknown || p.isOwner(s) }

// gainHolding notes a possible owner. What the listing does not show of a user
// is taken from the tenant, where it can be read.
func (p *Planner) gainHolding(ctx context.Context, in *instance, next Binding, live membership.Member) {
	if next.PrincipalUnknown {
		p.gain(in, next.Workspace, nil)
		return
	}
	if live.ID == "" {
		live = p.stranger(ctx, next.Workspace, next.Principal)
	}
	to := next.Standing
	if next.StandingUnknown {
		to = membership.Standing{Role: p.traits.OwnerRole, Enabled: true}
	}
	m := live.After(&to)
	p.gain(in, next.Workspace, &m)
}

// stranger gives what the tenant tells of a user who is not in the workspace.
func (p *Planner) stranger(ctx context.Context, workspace string, q membership.Principal) membership.Member {
	if t, err := p.readings.Tenant(ctx, workspace, time.Time{}); err == nil {
		if person, ok := t.Person(q); ok {
			return person.Member()
		}
	}
	return membership.Member{Principal: q, MemberCount: 1} // not known: the apply decides
}

// newcomers tells of those who have entered in a change of principal that was
// not finished, and whom nothing manages now.
func (p *Planner) newcomers(ctx context.Context, c BindingChange) []membership.Finding {
	left := c.Unsettled()
	if c.Prior == nil || len(left) == 0 {
		return nil
	}
	l, err := p.readings.Listing(ctx, c.Prior.Workspace, time.Time{})
	if err != nil {
		return nil // said where the listing is needed
	}
	return p.WarnOfNewcomers(ctx, l, slices.DeleteFunc(slices.Clone(left), func(q Newcomer) bool {
		return p.heldElsewhere(ctx, c.Prior.Workspace, q.Principal)
	}))
}

// WarnOfNewcomers names those newcomers who have access, and whom no resource manages.
func (p *Planner) WarnOfNewcomers(ctx context.Context, l *membership.Listing, newcomers []Newcomer) []membership.Finding {
	var out []membership.Finding
	for _, q := range newcomers {
		live, there := l.Member(q.Principal)
		if !there || !live.Enabled {
			continue
		}
		out = append(out, membership.WarningAt(membership.AtPrincipal, fmt.Sprintf("%s has unmanaged access to %s", live.Label(), p.at(ctx, l.ID)),
			fmt.Sprintf("An earlier apply put %s in place of the principal in the state, and failed before it was finished. The role is %q now. To finish the change, name %s in this resource. Or add a resource for %[3]s (%[4]s), or remove the member in %[5]s.",
				Named(live), live.Role(), live.Label(), p.words.Member, p.traits.Product)))
	}
	return out
}

// StandingAttribute gives the attribute that asks for a change of standing.
func StandingAttribute(live membership.Member, to membership.Standing) membership.Attribute {
	if live.Enabled && !to.Enabled {
		return membership.AtEnabled
	}
	return membership.AtRole
}
