package planning

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// claims is which resources manage whom in one workspace, as planned in one walk.
type claims struct {
	// holds and removes are kept by resources of one principal: which of them
	// create or keep the principal, and which remove it.
	holds, removes map[membership.Principal][]*instance
	// sets are the resources that manage several.
	sets []*setClaim
	// read are the states that this walk has refreshed, by [MemberKey] or [RolesKey].
	read map[string][]*readState
	// ended are the resources of a whole workspace or role that the walk ends.
	ended map[string]bool
}

func newClaims() claims {
	return claims{
		holds: map[membership.Principal][]*instance{}, removes: map[membership.Principal][]*instance{},
		read: map[string][]*readState{}, ended: map[string]bool{},
	}
}

// readState is a state as it was refreshed.
type readState struct {
	token string
	seq   int
	// used is true once a creation was told to be this instance, tainted.
	used bool
	// held and kinds are of resources that manage several.
	held  Held
	kinds map[membership.Kind]Scope
}

// manages tells whether the state manages one of the kinds; one of a single
// principal does.
func (s *readState) manages(kinds map[membership.Kind]Scope) bool {
	for k := range kinds {
		if _, both := s.kinds[k]; both {
			return true
		}
	}
	return s.kinds == nil
}

// setClaim is whom a resource that manages several manages.
type setClaim struct {
	in *instance
	// role is the one role that is managed, in lower case; "" for all.
	role string
	// kinds has those kinds of which it is known who is ignored.
	kinds map[membership.Kind]Ignore
	// named and holders are the principals who are named, and those who have
	// the role by the listing. Both are of use with a role only.
	named, holders map[membership.Principal]bool
}

// newSetClaim gives the claim of a resource; l is nil where the workspace could
// not be read.
func newSetClaim(in *instance, r Roles, l *membership.Listing) *setClaim {
	c := &setClaim{in: in, role: strings.ToLower(r.Role), kinds: map[membership.Kind]Ignore{}}
	for k, scope := range r.Kinds {
		if !scope.Ignore.Unknown {
			c.kinds[k] = scope.Ignore
		}
	}
	if r.Role == "" {
		return c
	}
	c.named, c.holders = map[membership.Principal]bool{}, map[membership.Principal]bool{}
	for _, e := range r.Entries {
		c.named[e.Fold()] = true
	}
	if l != nil {
		for _, m := range l.Members {
			if m.Enabled && m.HasRole(r.Role) {
				c.holders[m.Fold()] = true
			}
		}
	}
	return c
}

// manages tells whether a member certainly is one of those who are managed. given
// is the role that another resource gives the member in this walk, in lower case;
// "" for none, or where that is not known.
func (c *setClaim) manages(m membership.Member, given string) bool {
	ignore, ok := c.kinds[m.Kind]
	if !ok || ignore.mayMatch(m) {
		return false
	}
	return c.role == "" || c.named[m.Fold()] || c.holders[m.Fold()] || given == c.role
}

// kindInCommon gives a kind that both manage; "" for none.
func (c *setClaim) kindInCommon(o *setClaim) membership.Kind {
	for _, k := range []membership.Kind{membership.User, membership.Group} {
		_, one := c.kinds[k]
		_, other := o.kinds[k]
		if one && other {
			return k
		}
	}
	return ""
}

// claim is what a resource of one principal is about to do.
type claim struct {
	// takes is whom it creates or keeps, leaves whose access it ends; nil for
	// nobody, or where it is not known yet.
	takes, leaves *membership.Principal
	// gives is the role that it gives, in lower case; "" where it takes nobody, or
	// where that is not known.
	gives string
}

const (
	summaryTwice   = "Two resources manage the same principal"
	summaryPulled  = "One resource removes what another keeps"
	summaryBeside  = "Two forms of resource manage a principal"
	summaryTwoSets = "Two resources manage the same members"
)

// add notes an instance, and how to take that back.
func add(in *instance, to map[membership.Principal][]*instance, q membership.Principal) {
	to[q] = append(to[q], in)
	in.undo = append(in.undo, func() {
		to[q] = slices.DeleteFunc(to[q], func(o *instance) bool { return o == in })
	})
}

// claim notes what a resource of one principal does and tells what that clashes
// with. The caller of none of these holds the lock.
func (p *Planner) claim(in *instance, workspace string, c claim) []membership.Finding {
	w := p.walk
	w.mu.Lock()
	defer w.mu.Unlock()
	a := p.planOf(workspace)
	var out []membership.Finding
	report := func(summary, detail string) {
		out = append(out, membership.ErrorAt(membership.AtPrincipal, summary, detail+p.skipsPlan()))
	}
	if c.takes != nil {
		q := c.takes.Fold()
		in.gives = c.gives
		w.plannedAgain(a, in, q)
		switch {
		case len(a.holds[q]) > 0:
			report(summaryTwice, a.twice(a.member(q)))
		case len(a.removes[q]) > 0:
			report(summaryPulled, a.pulled(a.member(q)))
			w.rememberAgain(a.removes[q])
		}
		add(in, a.holds, q)
	}
	if c.leaves != nil {
		q := c.leaves.Fold()
		if others := len(a.holds[q]); others > 0 && (c.takes == nil || c.takes.Fold() != q) {
			report(summaryPulled, a.pulled(a.member(q)))
		}
		add(in, a.removes, q)
	}
	for _, q := range []*membership.Principal{c.takes, c.leaves} {
		if q == nil {
			continue
		}
		m, gives := a.member(*q), ""
		if q == c.takes {
			gives = c.gives
		}
		if i := slices.IndexFunc(a.sets, func(s *setClaim) bool { return s.manages(m, gives) }); i >= 0 {
			report(summaryBeside, a.beside(m, a.sets[i].role))
			break
		}
	}
	w.signal()
	return out
}

// plannedAgain takes back the creation of an instance that has since been
// refreshed, and is planned again as it was: a tainted one, planned as a creation,
// has no token of its own.
func (w *Walk) plannedAgain(a *workspacePlan, in *instance, q membership.Principal) {
	if in.token != "" || !w.activity.PlansTwice() {
		return
	}
	for _, before := range a.holds[q] {
		for _, r := range a.read[MemberKey(a.id, q)] {
			if before.token == "" && before.gives == in.gives && !r.used && r.seq > before.seq && w.instances[r.token] == nil {
				r.used = true
				before.withdraw()
				return
			}
		}
	}
}

// claimSet notes a resource that manages several and tells what it clashes with.
func (p *Planner) claimSet(c *setClaim, workspace string) []membership.Finding {
	w := p.walk
	w.mu.Lock()
	defer w.mu.Unlock()
	a := p.planOf(workspace)
	var out []membership.Finding
	for _, other := range a.sets {
		kind := c.kindInCommon(other)
		switch {
		case kind == "":
		case c.role == other.role, c.role == "", other.role == "":
			out = append(out, membership.ErrorAt(membership.AtWorkspace, summaryTwoSets, a.twoSets(kind, c.role, other.role)+p.skipsPlan()))
		default:
			for q := range c.named {
				if other.named[q] {
					f := membership.ErrorAt(AttributeOf(q.Kind), summaryTwice, a.twoRoles(a.member(q), c.role, other.role)+p.skipsPlan())
					f.Key = q.ID
					out = append(out, f)
				}
			}
		}
	}
	seen := map[membership.Principal]bool{}
	beside := func(q membership.Principal, gives string) {
		if m := a.member(q); !seen[q] && c.manages(m, gives) {
			seen[q] = true
			out = append(out, membership.ErrorAt(membership.AtWorkspace, summaryBeside, a.beside(m, c.role)+p.skipsPlan()))
		}
	}
	for q, by := range a.holds {
		for _, other := range by {
			beside(q, other.gives)
		}
	}
	for q, by := range a.removes {
		if len(by) > 0 {
			beside(q, "")
		}
	}
	slices.SortFunc(out, func(a, b membership.Finding) int { return strings.Compare(a.Summary+a.Detail, b.Summary+b.Detail) })
	a.sets = append(a.sets, c)
	c.in.undo = append(c.in.undo, func() { a.sets = slices.DeleteFunc(a.sets, func(o *setClaim) bool { return o == c }) })
	w.signal()
	return Bounded(out, func(n int) (string, string) {
		return fmt.Sprintf("%d more clashes in %s", n, p.traits.Workspace(a.name)), "The others:"
	})
}

// noteListing remembers the listing of a workspace, so that clashes can name people.
func (p *Planner) noteListing(workspace string, l *membership.Listing) {
	p.walk.mu.Lock()
	defer p.walk.mu.Unlock()
	a := p.planOf(workspace)
	a.listing = l
	if l.Name != "" {
		a.name = l.Name
	}
}

// member gives what is known of a principal for people. The caller holds the lock.
func (a *workspacePlan) member(q membership.Principal) membership.Member {
	return a.planner.Known(a.id, a.listing, q)
}

// noteRefresh notes that a state is being refreshed.
func (p *Planner) noteRefresh() {
	p.walk.mu.Lock()
	defer p.walk.mu.Unlock()
	p.walk.refreshed()
}

// noteRead remembers a state that was refreshed, by its [MemberKey] or [RolesKey].
func (p *Planner) noteRead(workspace, key string, s readState) {
	w := p.walk
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	s.seq = w.seq
	a := p.planOf(workspace)
	a.read[key] = append(a.read[key], &s)
}

// tainted finds the state of which a creation is the second half: Terraform has
// refreshed it, and plans nothing else with it. It takes a state for one creation
// only; nil for none, as in an apply. What tells them apart may still come: it
// waits for that.
func (p *Planner) tainted(ctx context.Context, workspace, key string, kinds map[membership.Kind]Scope) *readState {
	w := p.walk
	w.mu.Lock()
	defer w.mu.Unlock()
	find := func() *readState {
		for _, s := range p.planOf(workspace).read[key] {
			if !s.used && w.instances[s.token] == nil && s.manages(kinds) {
				return s
			}
		}
		return nil
	}
	none := func() bool { return find() == nil }
	if none() || w.onceQuiet(ctx, none) || w.activity.IsApplying() {
		return nil
	}
	s := find()
	s.used = true
	return s
}

// removedElsewhere tells whether another resource of the walk takes the
// principal out, once everything is planned.
func (p *Planner) removedElsewhere(ctx context.Context, workspace string, q membership.Principal) bool {
	p.walk.mu.Lock()
	defer p.walk.mu.Unlock()
	a := p.planOf(workspace)
	return p.walk.onceQuiet(ctx, func() bool { return len(a.removes[q.Fold()]) > 0 })
}

// heldElsewhere tells whether a resource of the walk creates or keeps the
// principal, or manages it with others, once everything is planned.
func (p *Planner) heldElsewhere(ctx context.Context, workspace string, q membership.Principal) bool {
	p.walk.mu.Lock()
	defer p.walk.mu.Unlock()
	a := p.planOf(workspace)
	return p.walk.onceQuiet(ctx, func() bool {
		m := a.member(q)
		return len(a.holds[q.Fold()]) > 0 || slices.ContainsFunc(a.sets, func(s *setClaim) bool { return s.manages(m, "") })
	})
}

// end notes that a resource that manages several is to go.
func (p *Planner) end(in *instance, r Roles) {
	p.walk.mu.Lock()
	defer p.walk.mu.Unlock()
	ended, key := p.planOf(r.Workspace).ended, RolesKey(r.Workspace, r.Role)
	ended[key] = true
	in.undo = append(in.undo, func() { delete(ended, key) })
	p.walk.signal()
}

// endedElsewhere tells whether the walk ends another resource of the same
// workspace and role.
func (p *Planner) endedElsewhere(ctx context.Context, r Roles) bool {
	p.walk.mu.Lock()
	defer p.walk.mu.Unlock()
	a := p.planOf(r.Workspace)
	return p.walk.onceQuiet(ctx, func() bool { return a.ended[RolesKey(r.Workspace, r.Role)] })
}

// pullsExplained is how many messages of one kind say at length what helps: a list that
// shifts has one for each of its instances.
const pullsExplained = 3

// place names the workspace in the texts of clashes.
func (a *workspacePlan) place() string { return a.planner.traits.Place(a.name, a.id) }

func (a *workspacePlan) twice(m membership.Member) string {
	return fmt.Sprintf("Another resource of this configuration already creates or keeps %s in %s. One principal in one %s belongs to one resource: remove one of the two blocks.\n"+
		"If its instance is in the state already, forget it with `%s`, so that the access stays.", Named(m), a.place(), a.planner.traits.WorkspaceNoun, a.planner.words.Forget)
}

func (a *workspacePlan) pulled(m membership.Member) string {
	w := a.planner.words
	if a.pulls++; a.pulls > pullsExplained {
		return fmt.Sprintf("One resource ends the access of %s in %s, and another one creates or keeps it. What helps is in the first of these messages: %s, or %s.", Named(m), a.place(), w.Rename, w.Keyed)
	}
	return fmt.Sprintf("In this change one resource ends the access of %s in %s, and another one creates or keeps it. In the wrong order, %s would end up without access. What helps:\n"+
		"  - %s, for a resource that was renamed\n"+
		"  - %s\n"+
		"  - %s, for a swap\n"+
		"  - `%s`, to drop a second resource for one principal", Named(m), a.place(), m.Label(), w.Rename, w.Keyed, w.Members, w.Forget)
}

func (a *workspacePlan) beside(m membership.Member, role string) string {
	w := a.planner.words
	others, kind := fmt.Sprintf("all %ss there", m.Kind), w.Members
	if role != "" {
		others, kind = fmt.Sprintf("all %ss with the role %q there", m.Kind, role), w.RoleMembers
	}
	return fmt.Sprintf("One resource manages %s in %s alone (%s), and another one manages %s (%s). Each would undo what the other does. What helps:\n"+
		"  - add %s to %s of the second resource\n"+
		"  - stop managing the principal in one of the two, and leave the access as it is: %s, or `%s`",
		Named(m), a.place(), w.Member, others, kind, m.Label(), w.Ignore(m.Kind), w.Release, w.Forget)
}

func (a *workspacePlan) twoSets(kind membership.Kind, one, other string) string {
	switch {
	case one == "" && other == "":
		return fmt.Sprintf("Another resource manages all %ss of %s too. Each would remove the %[1]ss whom only the other one names. Keep one of the two.", kind, a.place())
	case one == other:
		return fmt.Sprintf("Another resource manages the %ss with the role %q in %s too. Each would remove the %[1]ss whom only the other one names. Keep one of the two.", kind, one, a.place())
	default:
		return fmt.Sprintf("One resource manages all %ss of %s, and another one those with the role %q. Each would undo what the other does. Keep one of the two.", kind, a.place(), one+other)
	}
}

func (a *workspacePlan) twoRoles(m membership.Member, one, other string) string {
	roles := []string{one, other}
	slices.Sort(roles)
	return fmt.Sprintf("%s is named for two roles in %s: %s and %s. A principal has one role there: remove the entry from one of the two resources.", Named(m), a.place(), roles[0], roles[1])
}
