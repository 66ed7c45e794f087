package planning

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// RolesChange is one change of a resource that manages several, as it is planned and
// applied.
type RolesChange struct {
	// Prior is what the state holds, nil for a creation; Next what is planned,
	// nil for a removal, which touches nobody.
	Prior, Next *Roles
	// Private is the instance's private data.
	Private Private
	// NoChange is true where the plan equals the state.
	NoChange bool

	// came is when the request came.
	came time.Time
}

// second tells whether this is the second of a replacement's two calls.
func (c RolesChange) second() bool { return c.Prior == nil && c.Private.SecondCall() }

// moved tells whether the resource manages something else afterwards.
func (c RolesChange) moved() bool {
	return c.Prior != nil && c.Next != nil && (c.Next.WorkspaceUnknown || !sameID(c.Prior.Workspace, c.Next.Workspace) || !sameID(c.Prior.Role, c.Next.Role))
}

// before is the prior state where it is one of what is managed afterwards.
func (c RolesChange) before() *Roles {
	if c.moved() {
		return nil
	}
	return c.Prior
}

// RolesPlan is what a plan says about a change.
type RolesPlan struct {
	Findings []membership.Finding
	// Private is what the instance's private data has to say from now on.
	Private Private
	// Texts are what people call those who are new to the state, by folded
	// principal; who is missing is not known.
	Texts map[membership.Principal]string
}

// key names what is managed in private data.
func (r *Roles) key() string {
	switch {
	case r == nil:
		return ""
	case r.WorkspaceUnknown:
		return NotYetKnown
	default:
		return RolesKey(r.Workspace, r.Role)
	}
}

// PlanPrivate gives the private data of a change. It needs no planner.
func (c RolesChange) PlanPrivate() Private {
	return c.Private.Planned(c.Next.key(), c.Prior != nil)
}

// resourceType is the type of the resource.
func (p *Planner) resourceType(r Roles) string {
	if r.Role != "" {
		return p.words.RoleMembers
	}
	return p.words.Members
}

// Form is the kind of resource.
func (r Roles) Form() guard.Form {
	if r.Role != "" {
		return guard.OfRole
	}
	return guard.OfAll
}

// PlanRoles judges one planned change: what it clashes with, whom it would hurt
// who is there already, and whether the workspace would be left without an owner.
func (p *Planner) PlanRoles(ctx context.Context, c RolesChange) RolesPlan {
	out := RolesPlan{Private: c.PlanPrivate()}
	c.came = time.Now()
	applying := p.walk.activity.IsApplying()
	token := ""
	if c.Prior != nil {
		token = c.Private.Instance
	}
	if c.Next == nil {
		in := p.walk.begin(token)
		p.end(in, *c.Prior)
		if !applying {
			out.Findings = []membership.Finding{p.touchesNobody(ctx, *c.Prior)}
		}
		return out
	}
	if out.Findings = c.Next.Twice(); len(out.Findings) > 0 {
		return out
	}
	if out.Texts, out.Findings = p.texts(ctx, c); membership.Failed(out.Findings) || applying || c.second() {
		return out
	}
	p.planRoles(ctx, p.walk.begin(token), c, &out)
	out.Findings = append(out.Findings, p.switchedOff(ctx, c.Next.Workspace)...)
	return out
}

// planRoles is PlanRoles in a plan.
func (p *Planner) planRoles(ctx context.Context, in *instance, c RolesChange, out *RolesPlan) {
	next := *c.Next
	if c.moved() {
		out.Findings = append(out.Findings, p.touchesNobody(ctx, *c.Prior))
	}
	if next.WorkspaceUnknown {
		if p.anyOwner(next) {
			p.gainElsewhere(in)
		}
		return
	}
	var l *membership.Listing
	if !c.NoChange || next.Role != "" {
		var fs []membership.Finding
		l, fs = p.listing(ctx, next.Workspace, membership.AtWorkspace)
		out.Findings = append(out.Findings, fs...)
	}
	if clashes := p.claimSet(newSetClaim(in, next, l), next.Workspace); len(clashes) > 0 {
		if p.walk.plans(ctx) {
			out.Findings = append(out.Findings, clashes...)
		}
		return
	}
	if c.NoChange || l == nil || membership.Failed(out.Findings) {
		return
	}
	if !l.Complete() {
		if p.walk.plans(ctx) && p.once("incomplete", l.ID) {
			f := Incomplete(p.traits, l, "Who would lose access is not known.")
			f.Detail += p.skipsPlan()
			out.Findings = append(out.Findings, f)
		}
		return
	}
	p.planDiff(ctx, in, c, l, out)
}

// planDiff judges what has to change in a workspace whose listing is complete.
func (p *Planner) planDiff(ctx context.Context, in *instance, c RolesChange, l *membership.Listing, out *RolesPlan) {
	next := *c.Next
	v := rolesView{RolesChange: c, next: next, listing: l, held: c.before().Held(), where: p.at(ctx, l, next.Workspace)}
	v.diff = Compare(l, p.traits, next, v.held)
	if v.before() == nil && len(v.hurt()) > 0 {
		if v.tainted = p.tainted(ctx, next.Workspace, next.key(), next.Kinds); v.tainted != nil {
			v.held = v.tainted.held // this instance, about to be replaced
			v.diff = Compare(l, p.traits, next, v.held)
		}
	}
	fs := p.judgeRoles(ctx, v)
	if membership.Failed(fs) {
		if p.walk.plans(ctx) {
			out.Findings = append(out.Findings, fs...)
		}
		return
	}
	out.Findings = append(out.Findings, fs...)
	p.rolesGains(ctx, in, v)
	fs, out.Private.Owners = p.lose(ctx, in, l, next.Workspace, v.losses()...)
	out.Findings = append(out.Findings, fs...)
}

// rolesView is a change beside what the workspace shows.
type rolesView struct {
	RolesChange
	next    Roles
	listing *membership.Listing
	held    Held
	diff    Diff
	where   string
	// tainted is the state of a tainted instance of whose replacement this is the
	// second half; nil for none.
	tainted *readState
}

// hurt are those whom a creation would remove, or whose role it would change.
// Where one role is managed, being named is consent.
func (v rolesView) hurt() []Change {
	hurt := slices.Clone(v.diff.LeftAlone)
	if v.next.Role == "" {
		for _, c := range v.diff.Add {
			if c.Presence == membership.There && c.Live.Enabled && !v.held.StillAs(c.Live) {
				hurt = append(hurt, c)
			}
		}
	}
	if v.tainted != nil {
		hurt = slices.DeleteFunc(hurt, func(c Change) bool {
			_, managed := v.tainted.kinds[c.Kind]
			return managed
		})
	}
	sortChanges(hurt)
	return hurt
}

// losses gives those whose access becomes less.
func (v rolesView) losses() []guard.Loss {
	out := make([]guard.Loss, 0, len(v.diff.Lower)+len(v.diff.Remove))
	for _, cs := range [][]Change{v.diff.Lower, v.diff.Remove} {
		for _, c := range cs {
			out = append(out, c.Loss(v.next.Form()))
		}
	}
	return out
}

// Loss gives what the guard has to know of a change.
func (c Change) Loss(f guard.Form) guard.Loss {
	return guard.Loss{Principal: c.Principal, To: c.To, Cause: c.Cause, Form: f, What: c.What, At: c.At()}
}

func sortChanges(cs []Change) {
	slices.SortStableFunc(cs, func(a, b Change) int { return cmp.Compare(a.Label(), b.Label()) })
}

// judgeRoles says what a plan changes, and refuses what it must not.
func (p *Planner) judgeRoles(ctx context.Context, v rolesView) []membership.Finding {
	// A key that names nobody comes first: it may be why another member would be removed.
	out := p.entrants(ctx, v)
	if membership.Failed(out) {
		return out
	}
	if v.before() == nil {
		if fs := p.takeover(ctx, v); len(fs) > 0 {
			return fs
		}
	}
	roles := make([]string, 0, len(v.next.Entries))
	at := map[string]Entry{}
	for _, e := range v.next.Entries {
		if _, seen := at[strings.ToLower(e.Role)]; !seen && !e.RoleUnknown {
			at[strings.ToLower(e.Role)] = e
			roles = append(roles, e.Role)
		}
	}
	out = append(out, p.unknownRoles(ctx, v.listing, func(role string) (membership.Attribute, string) {
		if v.next.Role != "" {
			return membership.AtRole, ""
		}
		e := at[strings.ToLower(role)]
		return AttributeOf(e.Kind), e.ID
	}, roles...)...)
	for _, k := range []membership.Kind{membership.User, membership.Group} {
		out = append(out, p.kindNotes(v, k)...)
	}
	out = append(out, p.ignoredNow(v)...)
	return append(out, leftAlone(p.traits, v.diff.LeftAlone, v.where)...)
}

// anyOwner tells whether a user is named who may be an owner.
func (p *Planner) anyOwner(next Roles) bool {
	for k, scope := range next.Kinds {
		if scope.Unknown && p.mayCount(k) && p.mayOwn(Entry{Role: next.Role, RoleUnknown: next.Role == ""}) {
			return true
		}
	}
	return slices.ContainsFunc(next.Entries, func(e Entry) bool { return p.mayOwn(e) && p.mayCount(e.Kind) })
}

func (p *Planner) mayOwn(e Entry) bool { return e.RoleUnknown || p.isOwner(e.Standing()) }

// mayCount tells whether principals of this kind can be owners.
func (p *Planner) mayCount(k membership.Kind) bool {
	return k == membership.User || p.judge.Policy().CountOwnerGroups
}

// rolesGains notes who will (or may) be an owner. An id that is not known yet
// counts as a possible owner; the apply knows.
func (p *Planner) rolesGains(ctx context.Context, in *instance, v rolesView) {
	for _, e := range v.next.Entries {
		if p.mayOwn(e) {
			live, _ := v.listing.Member(e.Principal)
			p.gainHolding(ctx, in, Binding{Workspace: v.next.Workspace, Principal: e.Principal, Standing: e.Standing(), StandingUnknown: e.RoleUnknown}, live)
		}
	}
	for k, scope := range v.next.Kinds {
		if scope.Unknown && p.mayCount(k) && p.mayOwn(Entry{Role: v.next.Role, RoleUnknown: v.next.Role == ""}) {
			p.gain(in, v.next.Workspace, nil)
		}
	}
}

// touchesNobody says that the end of a resource that manages several touches nobody.
func (p *Planner) touchesNobody(ctx context.Context, r Roles) membership.Finding {
	who, l := "Everyone", p.readings.KnownListing(r.Workspace)
	if r.Role != "" {
		who = fmt.Sprintf("Everyone with the role %q", r.Role)
	}
	return membership.WarningAt(membership.AtNone, fmt.Sprintf("%s in %s keeps their access", who, p.at(ctx, l, r.Workspace)),
		fmt.Sprintf("Destroying %s removes no one: it only stops managing %s, and everyone keeps their role. To remove members, remove them from the resource and apply before you destroy it.",
			p.resourceType(r), p.in(ctx, l, r.Workspace)))
}

// takeover refuses to create a resource over people whom it would remove or
// whose role it would change.
func (p *Planner) takeover(ctx context.Context, v rolesView) []membership.Finding {
	hurt := v.hurt()
	if len(hurt) == 0 {
		return nil
	}
	kind := p.resourceType(v.next)
	var b strings.Builder
	fmt.Fprintf(&b, "Creating %s never removes a member or changes a role silently. In %s it would change:\n", kind, p.in(ctx, v.listing, v.next.Workspace))
	for i, c := range hurt {
		if i == 4*someNamed {
			fmt.Fprintf(&b, "  - and %d more\n", len(hurt)-i)
			break
		}
		has := ""
		if c.Cause == guard.NotNamed {
			has = fmt.Sprintf("has %s, ", c.Live.Standing())
		}
		fmt.Fprintf(&b, "  - %s: %swould be %s\n", c.NameAndID(), has, c.Would())
	}
	ignore := p.words.Ignore(membership.User)
	id := v.next.Workspace
	if v.next.Role != "" {
		id = p.words.RoleImportID(v.next.Workspace, v.next.Role)
	}
	switch {
	case v.moved():
		fmt.Fprintf(&b, "\nName them, or add them to %s. To see all changes in a plan first, forget this address (`%s`), and then import it.", ignore, p.words.Forget)
	case p.endedElsewhere(ctx, v.next):
		fmt.Fprintf(&b, "\nThis run also destroys another %s for the same %s. If it was renamed, add %s. Otherwise name them, or add them to %s.", kind, p.traits.WorkspaceNoun, p.words.Rename, ignore)
	default:
		fmt.Fprintf(&b, "\nImport it, and the plan will show every change before it is made:\n\n%s. Or name them, or add them to %s.", p.importBlock(kind, id), ignore)
	}
	b.WriteString(p.skipsPlan())
	return []membership.Finding{membership.ErrorAt(membership.AtWorkspace,
		fmt.Sprintf("Creating this would change %s of %s", guard.Count(len(hurt), "member", "members"), v.where), b.String())}
}

// entrants judges those who are to enter: whom the tenant does not know, who
// cannot use the access, and who holds something else.
func (p *Planner) entrants(ctx context.Context, v rolesView) []membership.Finding {
	var errs, warnings []membership.Finding
	note := func(c Change, fs ...membership.Finding) {
		for _, f := range fs {
			f.Key, f.At = c.Key, c.At()
			if f.Severity == membership.SeverityError {
				errs = append(errs, f)
			} else {
				warnings = append(warnings, f)
			}
		}
	}
	for _, c := range v.diff.Add {
		switch {
		case c.Presence != membership.There:
			note(c, p.absent(ctx, v.listing, v.came, Binding{Principal: c.Principal, Standing: membership.Standing{Enabled: true}, StandingUnknown: c.ToUnknown})...)
		case !c.Live.Enabled:
			note(c, Reenabled(c.Live, *c.To, v.where))
		case !v.held.StillAs(c.Live):
			note(c, p.goes(v, c))
		}
	}
	for _, c := range v.diff.Lower {
		if !v.held.Has(c.Principal) {
			note(c, p.goes(v, c))
		}
	}
	if len(errs) == 0 {
		for _, e := range v.next.Entries {
			if live, there := v.listing.Member(e.Principal); there && live.Invite && !v.held.Has(e.Principal) {
				note(Change{Principal: e.Principal, Key: e.ID}, p.invited(ctx, v.listing, live.Label()))
			}
		}
	}
	return append(
		Bounded(errs, func(n int) (string, string) {
			return fmt.Sprintf("%d more principals of %s cannot be added", n, v.where), "The same is wrong with each of them:"
		}),
		Bounded(warnings, func(n int) (string, string) {
			return fmt.Sprintf("%d more notes about principals of %s", n, v.where), "The others:"
		})...)
}

// goes warns that a user whom the state does not hold is changed.
func (p *Planner) goes(v rolesView, c Change) membership.Finding {
	return membership.WarningAt(c.At(), fmt.Sprintf("%s in %s goes from %s to %s", c.Live.Label(), v.where, c.Live.Standing(), c.To),
		fmt.Sprintf("%s has %s there already, and is new to this resource. Being named here changes the role.", Named(c.Live), c.Live.Standing()))
}

// kindNotes tells what a plan does not show about one kind of principal.
func (p *Planner) kindNotes(v rolesView, k membership.Kind) []membership.Finding {
	at := AttributeOf(k)
	scope, is := v.next.Kinds[k]
	var out []membership.Finding
	if is && !v.next.Certain(k) {
		what := string(at)
		if !scope.Unknown {
			what = p.words.Ignore(k)
		}
		out = append(out, membership.WarningAt(at, fmt.Sprintf("Who loses access to %s is not known yet", v.where),
			fmt.Sprintf("A part of %s is known only after apply, so this plan cannot show which %ss lose access. The apply removes no %[2]s who is named by then, and keeps the last %[3]s. To see the changes first, apply what the ids depend on (%[4]s).", what, k, p.traits.OwnerNoun, p.words.ApplyFirst)))
	}
	if prior := v.before(); prior != nil {
		if _, was := prior.Kinds[k]; was && !is {
			out = append(out, membership.WarningAt(at, fmt.Sprintf("The %ss of %s are no longer managed", k, v.where),
				fmt.Sprintf("The configuration no longer sets %s, so every %s keeps their role. To remove them all, set it to an empty value.", at, k)))
		}
	}
	if unmatched := scope.Ignore.Unmatched(k, v.listing); len(unmatched) > 0 {
		out = append(out, membership.WarningAt(membership.AtNone, fmt.Sprintf("%s of %s matches nobody", p.words.Ignore(k), v.where),
			fmt.Sprintf("No %s of the %s has one of these ids or e-mail addresses: %s. Correct or remove them. The member who was meant is not ignored.", k, p.traits.WorkspaceNoun, strings.Join(unmatched, ", "))))
	}
	return out
}

// ignoredNow names those who leave the resource without losing anything.
func (p *Planner) ignoredNow(v rolesView) []membership.Finding {
	prior := v.before()
	if prior == nil {
		return nil
	}
	var fs []membership.Finding
	for _, e := range prior.Entries {
		live, there := v.listing.Member(e.Principal)
		if _, managed := v.next.Kinds[e.Kind]; !managed || !there || v.next.Covers(live) {
			continue
		}
		fs = append(fs, membership.WarningAt(membership.AtNone, fmt.Sprintf("%s in %s is ignored from now on", live.Label(), v.where),
			fmt.Sprintf("%s is in %s. The plan shows the entry as removed from %s, but the access stays as it is: %s.", Named(live), p.words.Ignore(e.Kind), AttributeOf(e.Kind), live.Standing())))
	}
	return Bounded(fs, func(n int) (string, string) {
		return fmt.Sprintf("%d more in %s are ignored from now on", n, v.where), "The others:"
	})
}

// leftAlone names those who keep what they have because the state from which
// the change was planned did not hold it.
func leftAlone(t membership.Traits, cs []Change, where string) []membership.Finding {
	cs = slices.Clone(cs)
	sortChanges(cs)
	fs := make([]membership.Finding, 0, len(cs))
	for _, c := range cs {
		detail := fmt.Sprintf("%s has %s in this %s, which the state did not show. An apply takes away only what the state showed at plan time.", Named(c.Live), c.Live.Standing(), t.WorkspaceNoun)
		if c.What != "" {
			detail += fmt.Sprintf(" The next plan shows what would happen: %s would be %s.", c.Live.Label(), c.Would())
		}
		fs = append(fs, membership.WarningAt(membership.AtNone, fmt.Sprintf("%s in %s is left alone", c.Live.Label(), where), detail))
	}
	return Bounded(fs, func(n int) (string, string) {
		return fmt.Sprintf("%d more principals in %s are left alone", n, where), "The others:"
	})
}

// texts gives what people call those who are new to the state.
func (p *Planner) texts(ctx context.Context, c RolesChange) (map[membership.Principal]string, []membership.Finding) {
	before := c.before().Held()
	var asked []membership.Principal
	for _, e := range c.Next.Entries {
		if !before.Has(e.Principal) {
			asked = append(asked, e.Principal)
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	workspace := c.Next.Workspace
	if c.Next.WorkspaceUnknown {
		workspace = ""
	}
	t, fs := p.tenant(ctx, workspace)
	if t == nil {
		return nil, fs
	}
	out := make(map[membership.Principal]string, len(asked))
	for _, q := range asked {
		if person, ok := t.Person(q); ok {
			if text, known := Text(person); known {
				out[q.Fold()] = text
			}
		}
	}
	return out, nil
}
