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

	// came is when the request came.
	came time.Time
}

// second tells whether this is the second of a replacement's two calls.
func (c BindingChange) second() bool { return c.Prior == nil && c.Private.SecondCall() }

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

// PlanBinding judges one planned change: what it clashes with, what it would do
// to people who are there already, and whether a workspace would be left
// without an owner.
func (p *Planner) PlanBinding(ctx context.Context, c BindingChange) BindingPlan {
	out := BindingPlan{Private: c.PlanPrivate()}
	c.came = time.Now()
	token := ""
	if c.Prior != nil {
		token = c.Private.Instance
	}
	if c.second() {
		// The first call has said everything. Warnings of this one are dropped.
		p.walk.replaces(c.Private.Instance)
		out.Person, out.Findings = p.person(ctx, c)
		return out
	}
	in := p.walk.begin(token)
	if c.Next == nil {
		p.planRemoval(ctx, in, c, &out)
	} else {
		p.planHolding(ctx, in, c, &out)
		out.Findings = append(out.Findings, p.switchedOff(ctx, c.Next.Workspace)...)
	}
	if !p.walk.activity.IsApplying() {
		out.Findings = append(out.Findings, p.newcomers(ctx, c)...)
	}
	return out
}

// planRemoval plans the end of a binding.
func (p *Planner) planRemoval(ctx context.Context, in *instance, c BindingChange, out *BindingPlan) {
	q, workspace := c.Prior.Principal, c.Prior.Workspace
	if p.walk.activity.IsApplying() {
		// Only left-over objects of a replacement are planned here.
		out.Private.Left = out.Private.Left || p.readings.HeldByOther(workspace, q, c.Private.Instance) || p.leftOver(ctx, c)
		return
	}
	if out.Private.Left || c.Exit.Keep {
		return
	}
	if out.Private.Left = p.leftOver(ctx, c); out.Private.Left {
		return
	}
	if p.clashes(ctx, out, p.claim(in, workspace, claim{leaves: &q})) {
		return
	}
	l, fs := p.listingToLeave(ctx, workspace, membership.AtNone)
	out.Findings = append(out.Findings, fs...)
	if l == nil {
		return
	}
	fs, out.Private.Owners = p.lose(ctx, in, l, workspace, p.EndedLoss(c))
	out.Findings = append(out.Findings, fs...)
}

// listingToLeave reads a workspace in which an access ends. One that is gone
// has nobody to lose.
func (p *Planner) listingToLeave(ctx context.Context, workspace string, at membership.Attribute) (*membership.Listing, []membership.Finding) {
	if _, err := p.readings.Listing(ctx, workspace, time.Time{}); err != nil && membership.FailureOf(err) == membership.Gone {
		return nil, nil
	}
	return p.listing(ctx, workspace, at)
}

// clashes tells whether a plan ends here: with the clashes in a plan, and
// without a word in an apply.
func (p *Planner) clashes(ctx context.Context, out *BindingPlan, found []membership.Finding) bool {
	if len(found) == 0 {
		return false
	}
	if p.walk.plans(ctx) {
		out.Findings = append(out.Findings, found...)
	}
	return true
}

// planHolding plans what a binding creates or keeps.
func (p *Planner) planHolding(ctx context.Context, in *instance, c BindingChange, out *BindingPlan) {
	next := *c.Next
	if !c.NoChange {
		person, fs := p.person(ctx, c)
		out.Person, out.Findings = person, append(out.Findings, fs...)
		if membership.Failed(fs) {
			return
		}
	}
	if p.walk.activity.IsApplying() {
		return
	}
	switch {
	case c.Prior != nil:
		in.stays = c.mayStay()
		p.walk.replaced.Remove(in.token)
	case !next.WorkspaceUnknown && !next.PrincipalUnknown:
		p.walk.noteReplaced(p.unplanned(next.Workspace, next.Principal)...)
	}
	if next.WorkspaceUnknown {
		if next.StandingUnknown || p.isOwner(next.Standing) {
			p.gainElsewhere(in)
		}
		p.planMove(ctx, in, c, out)
		return
	}
	if c.NoChange {
		p.clashes(ctx, out, p.claimHolding(in, c))
		return
	}
	e, ok := p.planEntry(ctx, in, c, out)
	if !ok {
		return
	}
	var fs []membership.Finding
	fs, out.Private.Owners = p.lose(ctx, in, e.listing, next.Workspace, e.losses()...)
	out.Findings = append(out.Findings, fs...)
	if !next.StandingUnknown && !membership.Failed(fs) { // the guard's message says it too
		out.Findings = append(out.Findings, p.unknownRoles(ctx, e.listing, func(string) (membership.Attribute, string) { return membership.AtRole, "" }, next.Standing.Role)...)
	}
	p.planMove(ctx, in, c, out)
}

// planEntry judges the principal that a binding takes up. It is false where the
// plan ends here.
func (p *Planner) planEntry(ctx context.Context, in *instance, c BindingChange, out *BindingPlan) (entrant, bool) {
	next := *c.Next
	l, fs := p.listing(ctx, next.Workspace, membership.AtWorkspace)
	e := entrant{BindingChange: c, presence: membership.NotKnown, workspace: next.Workspace, listing: l}
	if l != nil && !next.PrincipalUnknown {
		e.live, e.presence = l.Lookup(next.Principal)
	}
	// A principal who is (or may be) an owner is noted before anything is refused, so that
	// the guard does not answer for what another message explains.
	if next.StandingUnknown || p.isOwner(next.Standing) {
		p.gainHolding(ctx, in, next, e.live)
	}
	if p.clashes(ctx, out, p.claimHolding(in, c)) {
		return e, false
	}
	out.Findings = append(out.Findings, fs...)
	if l == nil || membership.Failed(fs) {
		return e, false
	}
	if c.enters() && !next.PrincipalUnknown {
		fs := p.enter(ctx, e)
		failed := membership.Failed(fs)
		if !failed || p.walk.plans(ctx) {
			out.Findings = append(out.Findings, fs...)
		}
		return e, !failed
	}
	return e, true
}

// losses gives those whose access may become less: the principal itself, and the one
// whose place it takes.
func (e entrant) losses() []guard.Loss {
	var out []guard.Loss
	next := *e.Next
	if e.presence == membership.There && !next.StandingUnknown {
		out = append(out, guard.Loss{Principal: next.Principal, To: &next.Standing, Cause: guard.Edited, What: Becomes(e.live, next.Standing), At: StandingAttribute(e.live, next.Standing)})
	}
	if e.swapped() && !e.Exit.Keep {
		out = append(out, e.ReplacedLoss())
	}
	return out
}

// planMove judges what a resource leaves behind whose workspace changes.
func (p *Planner) planMove(ctx context.Context, in *instance, c BindingChange, out *BindingPlan) {
	if !c.moved() || c.Exit.Keep || membership.Failed(out.Findings) {
		return
	}
	l, fs := p.listingToLeave(ctx, c.Prior.Workspace, membership.AtWorkspace)
	out.Findings = append(out.Findings, fs...)
	if l == nil {
		return
	}
	to := "another " + p.traits.WorkspaceNoun
	if !c.Next.WorkspaceUnknown {
		to = p.traits.Workspace(c.Next.Workspace)
	}
	fs, out.Private.Owners = p.lose(ctx, in, l, c.Prior.Workspace, guard.Loss{
		Principal: c.Prior.Principal, To: c.Exit.To(), Cause: guard.Moved, At: membership.AtWorkspace,
		What: fmt.Sprintf("%s by this run (its resource moves to %s)", p.traits.Removed(), to),
	})
	out.Findings = append(out.Findings, fs...)
}

// claimHolding notes whom a binding takes, and whom it leaves.
func (p *Planner) claimHolding(in *instance, c BindingChange) []membership.Finding {
	var cl claim
	if !c.Next.PrincipalUnknown {
		cl.takes = &c.Next.Principal
	}
	if !c.Next.StandingUnknown && c.Next.Standing.Enabled {
		cl.gives = strings.ToLower(c.Next.Standing.Role)
	}
	if c.swapped() && !c.Exit.Keep {
		cl.leaves = &c.Prior.Principal
	}
	out := p.claim(in, c.Next.Workspace, cl)
	if c.moved() && !c.Exit.Keep {
		out = append(out, p.claim(in, c.Prior.Workspace, claim{leaves: &c.Prior.Principal})...)
	}
	return out
}

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
	return p.unsettled(ctx, l, slices.DeleteFunc(slices.Clone(left), func(q Newcomer) bool {
		return p.heldElsewhere(ctx, c.Prior.Workspace, q.Principal)
	}))
}

// unsettled warns of those newcomers who have access.
func (p *Planner) unsettled(ctx context.Context, l *membership.Listing, newcomers []Newcomer) []membership.Finding {
	var out []membership.Finding
	for _, q := range newcomers {
		if live, there := l.Member(q.Principal); there && live.Enabled {
			out = append(out, Unsettled(p.traits, p.words, live, p.at(ctx, l, l.ID)))
		}
	}
	return out
}

// Unsettled warns of a newcomer whom no resource manages.
func Unsettled(t membership.Traits, v membership.Vocabulary, live membership.Member, where string) membership.Finding {
	return membership.WarningAt(membership.AtPrincipal, fmt.Sprintf("%s has unmanaged access to %s", live.Label(), where),
		fmt.Sprintf("An earlier apply put %s in place of the principal in the state, and failed before it was finished. The role is %q now. To finish the change, name %s in this resource. Or add a resource for %[3]s (%[4]s), or remove the member in %[5]s.",
			Named(live), live.Role(), live.Label(), v.Member, t.Product))
}

// StandingAttribute gives the attribute that asks for a change of standing.
func StandingAttribute(live membership.Member, to membership.Standing) membership.Attribute {
	if live.Enabled && !to.Enabled {
		return membership.AtEnabled
	}
	return membership.AtRole
}
