package roster

import (
	"context"
	"fmt"
	"strings"
)

// Naming is how the configuration language calls a product's resources.
type Naming struct {
	// Additive and Authoritative are resource types.
	Additive, Authoritative string
	// ImportID gives the id by which an additive resource is imported.
	ImportID func(workspace string, p Principal) string
}

// Binding is one principal in one workspace as a configuration, a plan or a
// state has it. Parts may not be known yet.
type Binding struct {
	Workspace        string
	WorkspaceUnknown bool
	Principal        Principal
	PrincipalUnknown bool
	Standing         Standing
	StandingUnknown  bool
}

// Exit is what happens to the access of a binding that ends.
type Exit struct {
	// Keep leaves the access as it is.
	Keep bool
	// Reassign, where not empty, is the role that is left behind.
	Reassign string
}

// to gives the standing that the exit leaves; nil for nothing.
func (e Exit) to() *Standing {
	if e.Reassign != "" {
		return &Standing{Role: e.Reassign, Enabled: true}
	}
	return nil
}

// BindingPlan is one planned change of one additive resource.
type BindingPlan struct {
	// Prior is what the state holds, nil for a creation; Next what shall be,
	// nil for a removal.
	Prior, Next *Binding
	// Adopt allows a creation to change an access that is there already.
	Adopt bool
	// Exit is what the prior state says about the end of its access.
	Exit Exit
	// Label names the prior principal for people; may be empty.
	Label string
	// Carried is what this instance's private data said: the Key of the call
	// before, in this plan or in an earlier run.
	Carried string
	// NoChange is true where the plan equals the state.
	NoChange bool
}

// BindingPlanned is the outcome of planning.
type BindingPlanned struct {
	Findings []Finding
	// Key is what the instance's private data has to say from now on; "" for
	// nothing: then what it said before has to go. It is opaque.
	Key string
	// Live is the row of the next principal in the workspace's listing, where
	// it was read and the principal is in it.
	Live *Member
}

// Key names a principal in a workspace in private data.
func Key(workspace string, p Principal) string {
	return workspace + "/" + fold(p).String()
}

// keyNotYet stands in private data for a principal that is not known yet, so
// that the second call of a replacement is told from a creation.
const keyNotYet = "not known yet"

// leftKey says in private data that this object has left its principal to
// another one that holds it by now. Unlike [Key], which any update leaves in
// the state of an ordinary resource, it is only ever written for the left-over
// object of a replacement.
func leftKey(workspace string, p Principal) string {
	return "left to its successor: " + Key(workspace, p)
}

// ReadBinding looks a principal up when Terraform refreshes a state. A binding
// that is certainly gone is not found, and the finding says who it was; where
// nothing certain can be said, the finding is an error.
func (r *Run) ReadBinding(ctx context.Context, workspace string, p Principal, label string) (m Member, found bool, out []Finding) {
	s := r.spaces.get(workspace)
	r.walk.ledger.noteRead(s, p)
	l, err := s.listings.Get(ctx)
	if FailureOf(err) == Gone && err != nil {
		return Member{}, false, []Finding{warning(AtNone,
			fmt.Sprintf("%s is no longer in workspace %s: the workspace is gone", orID(label, p), workspace),
			fmt.Sprintf("%s The binding of %s leaves the state.", sentence(err), p))}
	}
	if err != nil {
		return Member{}, false, []Finding{r.readFailure(err, workspace, AtNone)}
	}
	m, ok := l.Member(p)
	if !ok && !l.Complete() {
		return Member{}, false, []Finding{r.partial(l, p)}
	}
	if !ok {
		return Member{}, false, []Finding{warning(AtNone,
			fmt.Sprintf("%s is no longer in workspace %s", orID(label, p), r.workspaceName(ctx, l, workspace)),
			fmt.Sprintf("%s was taken out of workspace %s behind Terraform's back, and leaves the state. Where the configuration still names it, the plan creates it again.", p, workspace))}
	}
	return m, true, nil
}

// FindBinding looks a principal up for an import or a list, without a warning
// where it is not there.
func (r *Run) FindBinding(ctx context.Context, workspace string, p Principal) (m Member, found bool, out []Finding) {
	l, err := r.Listing(ctx, workspace)
	if err != nil {
		return Member{}, false, []Finding{r.readFailure(err, workspace, AtNone)}
	}
	m, ok := l.Member(p)
	if !ok && !l.Complete() {
		return Member{}, false, []Finding{r.partial(l, p)}
	}
	return m, ok, nil
}

func (r *Run) partial(l *Listing, p Principal) Finding {
	return failure(AtNone, fmt.Sprintf("The listing of workspace %s is not complete", l.ID),
		fmt.Sprintf("It shows no %s at all, which %s says cannot be, so the key sees a part of it. %s is not in that part; nothing was dropped from the state. %s",
			r.traits.OwnerNoun, r.traits.Product, p, r.traits.ChangeRight))
}

func orID(label string, p Principal) string {
	if label != "" {
		return label
	}
	return p.ID
}

func sentence(err error) string { return said(err) + "." }

// PlanBinding judges one planned change: what it clashes with, what it would
// do to people who are there already, and whether a workspace would be left
// without an owner.
func (r *Run) PlanBinding(ctx context.Context, c BindingPlan) BindingPlanned {
	if c.Next == nil {
		return r.planRemoval(ctx, c)
	}
	return r.planHolding(ctx, c)
}

func (r *Run) planRemoval(ctx context.Context, c BindingPlan) BindingPlanned {
	s, p := r.spaces.get(c.Prior.Workspace), c.Prior.Principal
	left := leftKey(c.Prior.Workspace, p)
	if r.walk.activity.IsApplying() {
		// Only left-over objects of a replacement are planned here.
		if s.reconciler.HeldByOther(p, "") || c.Carried == left {
			return BindingPlanned{Key: left}
		}
		return BindingPlanned{}
	}
	if c.Carried == left {
		return BindingPlanned{Key: left} // its replacement holds the principal
	}
	if c.Exit.Keep {
		return BindingPlanned{}
	}
	if out := r.walk.ledger.clashes(ctx, r.walk.ledger.claim(s, c.Label, claim{leaves: &p})); Failed(out) {
		return BindingPlanned{Findings: out}
	}
	l, err := s.listings.Get(ctx)
	if err != nil {
		if FailureOf(err) == Gone {
			return BindingPlanned{}
		}
		return BindingPlanned{Findings: []Finding{r.planReadFailure(err, s.id, orID(c.Label, p), AtNone)}}
	}
	what := "removed by this run (its resource is destroyed or no longer in the configuration)"
	if c.Exit.Reassign != "" {
		what = fmt.Sprintf("left with the role %q by this run (reassign_role)", c.Exit.Reassign)
	}
	return BindingPlanned{Findings: s.planLoss(ctx, l, planned{p: p, to: c.Exit.to(), what: what, at: AtNone})}
}

func (r *Run) planHolding(ctx context.Context, c BindingPlan) BindingPlanned {
	next, prior := *c.Next, c.Prior
	out := BindingPlanned{Key: keyNotYet}
	if !next.WorkspaceUnknown && !next.PrincipalUnknown {
		out.Key = Key(next.Workspace, next.Principal)
	}
	second := prior == nil && c.Carried != "" // of a replacement's two calls
	applying := r.walk.activity.IsApplying()
	mayOwn := next.StandingUnknown || r.isOwner(next.Standing)

	if next.WorkspaceUnknown {
		if mayOwn && !second && !applying {
			r.walk.ledger.gainElsewhere(r)
		}
		return out
	}
	s := r.spaces.get(next.Workspace)
	moved := prior != nil && prior.Workspace != next.Workspace
	swapped := prior != nil && !moved && (next.PrincipalUnknown || fold(prior.Principal) != fold(next.Principal))

	if !applying {
		if f := r.walk.ledger.clashes(ctx, r.claimHolding(s, c, moved, swapped, second)); Failed(f) {
			out.Findings = f
			return out
		}
	}
	if c.NoChange {
		return out
	}
	if applying && prior != nil && !swapped && !moved {
		return out // nothing to look up, and everything else is for the apply
	}

	l, err := s.listings.Get(ctx)
	if err != nil {
		f := r.planReadFailure(err, s.id, orID(c.Label, next.Principal), AtWorkspace)
		if f.Severity == SeverityWarning && !r.walk.ledger.plans(ctx) {
			// What was known when this was planned cannot be filled in now.
			f = r.readFailure(err, s.id, AtWorkspace)
		}
		out.Findings = append(out.Findings, f)
		return out
	}
	var live Member
	there := false
	if !next.PrincipalUnknown {
		if live, there = l.Member(next.Principal); there {
			out.Live = &live
		}
	}
	if applying {
		return out
	}
	if (prior == nil || moved || swapped) && !next.PrincipalUnknown {
		out.Findings = append(out.Findings, s.planEntry(ctx, l, c, live, there, swapped, second)...)
		if Failed(out.Findings) {
			return out
		}
	}
	if mayOwn {
		s.planGain(next, live, there, second)
	}

	var losses []planned
	if there && !next.StandingUnknown {
		losses = append(losses, planned{p: next.Principal, to: &next.Standing, what: becomes(live, next.Standing), at: attributeOf(live, next.Standing)})
	}
	if swapped && !c.Exit.Keep {
		what := "replaced in its resource by a principal that is not known yet"
		if !next.PrincipalUnknown {
			what = fmt.Sprintf("replaced in its resource by %s", next.Principal)
		}
		losses = append(losses, planned{p: prior.Principal, to: c.Exit.to(), what: what, at: AtPrincipal})
	}
	out.Findings = append(out.Findings, s.planLoss(ctx, l, losses...)...)
	if moved && !c.Exit.Keep && !Failed(out.Findings) {
		out.Findings = append(out.Findings, r.planMove(ctx, c)...)
	}
	return out
}

// planMove judges what a resource leaves behind whose workspace changes.
func (r *Run) planMove(ctx context.Context, c BindingPlan) []Finding {
	from := r.spaces.get(c.Prior.Workspace)
	l, err := from.listings.Get(ctx)
	if err != nil {
		if FailureOf(err) == Gone {
			return nil
		}
		return []Finding{r.planReadFailure(err, from.id, orID(c.Label, c.Prior.Principal), AtWorkspace)}
	}
	return from.planLoss(ctx, l, planned{
		p: c.Prior.Principal, to: c.Exit.to(), at: AtWorkspace,
		what: fmt.Sprintf("removed by this run (its resource moves to workspace %s)", c.Next.Workspace),
	})
}

func (r *Run) claimHolding(s *space, c BindingPlan, moved, swapped, second bool) []Finding {
	if second {
		return nil
	}
	var cl claim
	label := ""
	if !c.Next.PrincipalUnknown {
		cl.takes = &c.Next.Principal
	}
	if swapped && !c.Exit.Keep {
		cl.leaves = &c.Prior.Principal
	}
	if c.Prior != nil && !swapped && !moved {
		label = c.Label
	}
	if cl.takes != nil && label == "" {
		label = cl.takes.String()
	}
	out := r.walk.ledger.claim(s, label, cl)
	if moved && !c.Exit.Keep {
		out = append(out, r.walk.ledger.claim(r.spaces.get(c.Prior.Workspace), c.Label, claim{leaves: &c.Prior.Principal})...)
	}
	return out
}

// planGain tells the ledger of a possible owner.
func (s *space) planGain(next Binding, live Member, there, second bool) {
	if next.PrincipalUnknown {
		if !second {
			s.run.walk.ledger.gain(s, gain{unknown: true})
		}
		return
	}
	m := live
	if !there {
		m = Member{Principal: next.Principal}
		if t, ok := s.run.knownTenant(s.id); ok {
			if p, ok := t.Person(next.Principal); ok {
				m.Email, m.Name, m.Invite, m.MemberCount = p.Email, p.Name, p.Invite, p.MemberCount
			}
		} else {
			m.MemberCount = 1 // not known: the apply's check decides
		}
	}
	to := next.Standing
	if next.StandingUnknown {
		to = Standing{Role: s.run.traits.OwnerRole, Enabled: true}
	}
	s.run.walk.ledger.gain(s, gain{member: m.After(&to)})
}

// knownTenant gives the tenant's people if they have been read already.
func (r *Run) knownTenant(workspace string) (*Tenant, bool) {
	tenant := ""
	if !r.traits.OneTenant {
		d, ok := r.descr.get(workspace).Peek()
		if !ok {
			return nil, false
		}
		tenant = d.Value.Tenant
	}
	t, ok := r.people.get(tenant).Peek()
	return t.Value, ok
}

// planned is one principal's standing about to change, as planned.
type planned struct {
	p    Principal
	to   *Standing
	what string
	at   Attribute
}

// planLoss warns the key's own user, and settles the losses among the changes.
func (s *space) planLoss(ctx context.Context, l *Listing, changes ...planned) []Finding {
	var out []Finding
	var losses []*loss
	var v view
	for _, c := range changes {
		live, ok := l.Member(c.p)
		if !ok {
			continue
		}
		out = append(out, s.selfWarning(ctx, l, live, c.to)...)
		if c.to != nil && s.run.isOwner(*c.to) {
			// An exit may leave an owner behind.
			s.run.walk.ledger.gain(s, gain{member: live.After(c.to)})
			continue
		}
		if !s.run.guard.Watches(s.id) || !s.run.mayLose(live, c.to) {
			continue
		}
		if v.listing == nil {
			v = s.view(ctx, l)
		}
		if s.run.counts(live, v.inactive) {
			losses = append(losses, &loss{member: live, what: c.what, at: c.at})
		}
	}
	if len(losses) > 0 {
		out = append(out, s.run.walk.ledger.lose(ctx, s, v, losses...)...)
	}
	return out
}

// selfWarning tells the person who runs this that the key's own user is about
// to lose access or its role.
func (s *space) selfWarning(ctx context.Context, l *Listing, live Member, to *Standing) []Finding {
	if live.Kind != User || !live.Enabled || !lowers(s.run.traits, live, to) {
		return nil
	}
	self, err := s.run.Self(ctx)
	if err != nil || !isSelf(self, live) {
		return nil
	}
	return []Finding{ownUserWarning(s.run.workspaceName(ctx, l, s.id), s.run.traits, live, to)}
}

// lowers tells whether the change takes something away from the member.
func lowers(t Traits, live Member, to *Standing) bool {
	switch {
	case to == nil, !to.Enabled:
		return true
	case len(live.Roles) == 0:
		return false
	default:
		return t.Rank(to.Role) < t.Rank(live.Role())
	}
}

func isSelf(self Person, m Member) bool {
	if self.ID != "" {
		return m.Kind == User && strings.EqualFold(self.ID, m.ID)
	}
	return self.Email != "" && equalRole(self.Email, m.Email)
}

func (r *Run) isOwner(s Standing) bool {
	return s.Enabled && equalRole(s.Role, r.traits.OwnerRole)
}

func becomes(live Member, to Standing) string {
	if live.Enabled && !to.Enabled {
		return "disabled by this run"
	}
	return fmt.Sprintf("changed from %s to %s by this run", live.Standing(), to)
}

func attributeOf(live Member, to Standing) Attribute {
	if live.Enabled && !to.Enabled {
		return AtEnabled
	}
	return AtRole
}

// mayLose tells whether the change takes an owner away, whoever is inactive.
func (r *Run) mayLose(live Member, to *Standing) bool { return r.judge.Loses(live, to) }

// view reads what judging a loss takes besides the listing.
func (s *space) view(ctx context.Context, l *Listing) view {
	inactive, known := s.run.inactive(ctx, s.id)
	return view{name: s.run.workspaceName(ctx, l, s.id), listing: l, inactive: inactive, statusKnown: known}
}
