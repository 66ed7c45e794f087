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
}

// second tells whether this is the second of a replacement's two calls.
func (c RolesChange) second() bool { return c.Private.secondCall(c.Prior != nil) }

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

// rolesPlanning is one change of a resource that manages several while it is planned,
// beside what the workspace shows.
type rolesPlanning struct {
	*Planner
	RolesChange
	in   *instance
	next Roles
	// came is when the request came.
	came time.Time

	listing *membership.Listing
	held    Held
	diff    Diff
	where   string
	// successorOf is the state of a tainted instance of whose replacement this is the
	// second half; nil for none.
	successorOf *readState

	out RolesPlan
}

// PlanRoles judges one planned change: what it clashes with, whom it would hurt
// who is there already, and whether the workspace would be left without an owner.
func (p *Planner) PlanRoles(ctx context.Context, c RolesChange) RolesPlan {
	r := &rolesPlanning{Planner: p, RolesChange: c, came: time.Now(), out: RolesPlan{Private: c.PlanPrivate()}}
	applying := p.walk.activity.IsApplying()
	if c.Next == nil {
		p.end(p.walk.begin(c.Private, true), *c.Prior)
		if !applying {
			r.say(p.touchesNobody(ctx, *c.Prior))
		}
		return r.out
	}
	r.next = *c.Next
	if r.say(r.next.Twice()...); len(r.out.Findings) > 0 {
		return r.out
	}
	if r.knowTexts(ctx); membership.Failed(r.out.Findings) || applying || c.second() {
		return r.out
	}
	r.in = p.walk.begin(c.Private, c.Prior != nil)
	r.plan(ctx)
	r.say(p.switchedOff(ctx, r.next.Workspace)...)
	return r.out
}

func (r *rolesPlanning) say(fs ...membership.Finding) {
	r.out.Findings = append(r.out.Findings, fs...)
}

// plan is PlanRoles in a plan.
func (r *rolesPlanning) plan(ctx context.Context) {
	if r.moved() {
		r.say(r.touchesNobody(ctx, *r.Prior))
	}
	if r.next.WorkspaceUnknown {
		if r.anyOwner(r.next) {
			r.gainElsewhere(r.in)
		}
		return
	}
	if !r.NoChange || r.next.Role != "" {
		l, fs := r.readListing(ctx, r.next.Workspace, membership.AtWorkspace)
		r.listing = l
		r.say(fs...)
	}
	if clashes := r.claimSet(newSetClaim(r.in, r.next, r.listing), r.next.Workspace); len(clashes) > 0 {
		r.say(r.inPlan(ctx, clashes)...)
		return
	}
	if r.NoChange || r.listing == nil || membership.Failed(r.out.Findings) {
		return
	}
	if !r.listing.Complete() {
		if r.walk.plans(ctx) && r.once("incomplete", r.listing.ID) {
			f := r.Incomplete(r.listing, "Who would lose access is not known.")
			f.Detail += r.skipsPlan()
			r.say(f)
		}
		return
	}
	r.planDiff(ctx)
}

// planDiff judges what has to change in a workspace whose listing is complete.
func (r *rolesPlanning) planDiff(ctx context.Context) {
	r.where = r.at(ctx, r.next.Workspace)
	r.compare(r.before().Held())
	if r.before() == nil && len(r.hurt()) > 0 {
		if r.successorOf = r.tainted(ctx, r.next.Workspace, r.next.key(), r.next.Kinds); r.successorOf != nil {
			r.compare(r.successorOf.held) // this instance, about to be replaced
		}
	}
	fs := r.judgeDiff(ctx)
	if membership.Failed(fs) {
		r.say(r.inPlan(ctx, fs)...)
		return
	}
	r.say(fs...)
	r.gains(ctx)
	fs, r.out.Private.Owners = r.lose(ctx, r.in, r.listing, r.next.Workspace, r.losses()...)
	r.say(fs...)
}

func (r *rolesPlanning) compare(held Held) {
	r.held, r.diff = held, Compare(r.listing, r.traits, r.next, held)
}

// hurt are those whom a creation would remove, or whose role it would change.
// Where one role is managed, being named is consent.
func (r *rolesPlanning) hurt() []Change {
	hurt := slices.Clone(r.diff.LeftAlone)
	if r.next.Role == "" {
		for _, c := range r.diff.Add {
			if c.Live.Enabled && !r.held.stillAs(c.Live) {
				hurt = append(hurt, c)
			}
		}
	}
	if r.successorOf != nil {
		hurt = slices.DeleteFunc(hurt, func(c Change) bool {
			_, managed := r.successorOf.kinds[c.Kind]
			return managed
		})
	}
	sortChanges(hurt)
	return hurt
}

// losses gives those whose access becomes less.
func (r *rolesPlanning) losses() []guard.Loss {
	out := make([]guard.Loss, 0, len(r.diff.Lower)+len(r.diff.Remove))
	for _, cs := range [][]Change{r.diff.Lower, r.diff.Remove} {
		for _, c := range cs {
			out = append(out, c.Loss(r.next.Form()))
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

// judgeDiff says what a plan changes, and refuses what it must not.
func (r *rolesPlanning) judgeDiff(ctx context.Context) []membership.Finding {
	// A key that names nobody comes first: it may be why another member would be removed.
	out := r.entrants(ctx)
	if membership.Failed(out) {
		return out
	}
	if r.before() == nil {
		if fs := r.takeover(ctx); len(fs) > 0 {
			return fs
		}
	}
	out = append(out, r.unknownRoles(ctx)...)
	for _, k := range []membership.Kind{membership.User, membership.Group} {
		out = append(out, r.kindNotes(k)...)
	}
	out = append(out, r.ignoredNow()...)
	return append(out, r.leftAlone()...)
}

// unknownRoles warns once of each role that nobody knows.
func (r *rolesPlanning) unknownRoles(ctx context.Context) []membership.Finding {
	var out []membership.Finding
	told := map[string]bool{}
	for _, e := range r.next.Entries {
		role := strings.ToLower(e.Role)
		if e.RoleUnknown || told[role] {
			continue
		}
		told[role] = true
		for _, f := range r.unknownRole(ctx, r.listing, e.Role) {
			if r.next.Role == "" {
				f.At, f.Key = AttributeOf(e.Kind), e.ID
			}
			out = append(out, f)
		}
	}
	return out
}

// anyOwner tells whether one is named who may be an owner.
func (p *Planner) anyOwner(next Roles) bool {
	return p.unknownOwners(next) > 0 ||
		slices.ContainsFunc(next.Entries, func(e Entry) bool { return p.mayCount(e.Kind) && p.mayOwn(e.Standing(), e.RoleUnknown) })
}

// unknownOwners counts possible owners whose ids are not known yet: one for each kind.
func (p *Planner) unknownOwners(next Roles) int {
	n := 0
	for k, scope := range next.Kinds {
		if scope.Unknown && p.mayCount(k) && p.mayOwn(membership.Standing{Role: next.Role, Enabled: true}, next.Role == "") {
			n++
		}
	}
	return n
}

// mayCount tells whether principals of this kind can be owners.
func (p *Planner) mayCount(k membership.Kind) bool {
	return k == membership.User || p.judge.Policy().CountOwnerGroups
}

// gains notes who will (or may) be an owner. An id that is not known yet
// counts as a possible owner; the apply knows.
func (r *rolesPlanning) gains(ctx context.Context) {
	for _, e := range r.next.Entries {
		if r.mayOwn(e.Standing(), e.RoleUnknown) {
			live, _ := r.listing.Member(e.Principal)
			r.gainHolding(ctx, r.in, Binding{Workspace: r.next.Workspace, Principal: e.Principal, Standing: e.Standing(), StandingUnknown: e.RoleUnknown}, live)
		}
	}
	for range r.unknownOwners(r.next) {
		r.gain(r.in, r.next.Workspace, nil)
	}
}

// touchesNobody says that the end of a resource that manages several touches nobody.
func (p *Planner) touchesNobody(ctx context.Context, r Roles) membership.Finding {
	who := "Everyone"
	if r.Role != "" {
		who = fmt.Sprintf("Everyone with the role %q", r.Role)
	}
	return membership.WarningAt(membership.AtNone, fmt.Sprintf("%s in %s keeps their access", who, p.at(ctx, r.Workspace)),
		fmt.Sprintf("Destroying %s removes no one: it only stops managing %s, and everyone keeps their role. To remove members, remove them from the resource and apply before you destroy it.",
			p.resourceType(r), p.place(ctx, r.Workspace)))
}

// takeover refuses to create a resource over people whom it would remove or
// whose role it would change.
func (r *rolesPlanning) takeover(ctx context.Context) []membership.Finding {
	hurt := r.hurt()
	if len(hurt) == 0 {
		return nil
	}
	kind := r.resourceType(r.next)
	var b strings.Builder
	fmt.Fprintf(&b, "Creating %s never removes a member or changes a role silently. In %s it would change:\n", kind, r.place(ctx, r.next.Workspace))
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
	ignore := r.words.Ignore(membership.User)
	id := r.next.Workspace
	if r.next.Role != "" {
		id = r.words.RoleImportID(r.next.Workspace, r.next.Role)
	}
	switch {
	case r.moved():
		fmt.Fprintf(&b, "\nName them, or add them to %s. To see all changes in a plan first, forget this address (`%s`), and then import it.", ignore, r.words.Forget)
	case r.endedElsewhere(ctx, r.next):
		fmt.Fprintf(&b, "\nThis run also destroys another %s for the same %s. If it was renamed, add %s. Otherwise name them, or add them to %s.", kind, r.traits.WorkspaceNoun, r.words.Rename, ignore)
	default:
		fmt.Fprintf(&b, "\nImport it, and the plan will show every change before it is made:\n\n%s. Or name them, or add them to %s.", r.importBlock(kind, id), ignore)
	}
	b.WriteString(r.skipsPlan())
	return []membership.Finding{membership.ErrorAt(membership.AtWorkspace,
		fmt.Sprintf("Creating this would change %s of %s", guard.Count(len(hurt), "member", "members"), r.where), b.String())}
}

// entrants judges those who are to enter: whom the tenant does not know, who
// cannot use the access, and who holds something else.
func (r *rolesPlanning) entrants(ctx context.Context) []membership.Finding {
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
	for _, c := range r.diff.Add {
		switch {
		case c.Live.ID == "":
			note(c, r.absent(ctx, r.listing, r.came, c.Principal, c.To)...)
		case !c.Live.Enabled:
			note(c, Reenabled(c.Live, *c.To, r.where))
		case !r.held.stillAs(c.Live):
			note(c, r.goes(c))
		}
	}
	for _, c := range r.diff.Lower {
		if !r.held.Has(c.Principal) {
			note(c, r.goes(c))
		}
	}
	if len(errs) == 0 {
		for _, e := range r.next.Entries {
			if live, there := r.listing.Member(e.Principal); there && live.Invite && !r.held.Has(e.Principal) {
				note(Change{Principal: e.Principal, Key: e.ID}, r.invited(ctx, r.listing, live.Label()))
			}
		}
	}
	return append(
		Bounded(errs, func(n int) (string, string) {
			return fmt.Sprintf("%d more principals of %s cannot be added", n, r.where), "The same is wrong with each of them:"
		}),
		Bounded(warnings, func(n int) (string, string) {
			return fmt.Sprintf("%d more notes about principals of %s", n, r.where), "The others:"
		})...)
}

// goes warns that a user whom the state does not hold is changed.
func (r *rolesPlanning) goes(c Change) membership.Finding {
	return membership.WarningAt(c.At(), fmt.Sprintf("%s in %s goes from %s to %s", c.Live.Label(), r.where, c.Live.Standing(), c.To),
		fmt.Sprintf("%s has %s there already, and is new to this resource. Being named here changes the role.", Named(c.Live), c.Live.Standing()))
}

// kindNotes tells what a plan does not show about one kind of principal.
func (r *rolesPlanning) kindNotes(k membership.Kind) []membership.Finding {
	at := AttributeOf(k)
	scope, is := r.next.Kinds[k]
	var out []membership.Finding
	if is && !r.next.certain(k) {
		what := string(at)
		if !scope.Unknown {
			what = r.words.Ignore(k)
		}
		does := fmt.Sprintf("The apply removes no %s who is named by then, and keeps the last %s.", k, r.traits.OwnerNoun)
		if r.before() == nil {
			does = "The apply removes nobody, because it creates this resource: the next plan shows who is not named."
		}
		out = append(out, membership.WarningAt(at, fmt.Sprintf("Who loses access to %s is not known yet", r.where),
			fmt.Sprintf("A part of %s is known only after apply, so this plan cannot show which %ss lose access. %s To see the changes first, apply what the ids depend on (%s).", what, k, does, r.words.ApplyFirst)))
	}
	if prior := r.before(); prior != nil {
		if _, was := prior.Kinds[k]; was && !is {
			out = append(out, membership.WarningAt(at, fmt.Sprintf("The %ss of %s are no longer managed", k, r.where),
				fmt.Sprintf("The configuration no longer sets %s, so every %s keeps their role. To remove them all, set it to an empty value.", at, k)))
		}
	}
	if unmatched := scope.Ignore.unmatched(k, r.listing); len(unmatched) > 0 {
		out = append(out, membership.WarningAt(membership.AtNone, fmt.Sprintf("%s of %s matches nobody", r.words.Ignore(k), r.where),
			fmt.Sprintf("No %s of the %s has one of these ids or e-mail addresses: %s. Correct or remove them. The member who was meant is not ignored.", k, r.traits.WorkspaceNoun, strings.Join(unmatched, ", "))))
	}
	return out
}

// ignoredNow names those who leave the resource without losing anything.
func (r *rolesPlanning) ignoredNow() []membership.Finding {
	prior := r.before()
	if prior == nil {
		return nil
	}
	var fs []membership.Finding
	for _, e := range prior.Entries {
		live, there := r.listing.Member(e.Principal)
		if _, managed := r.next.Kinds[e.Kind]; !managed || !there || r.next.Covers(live) {
			continue
		}
		fs = append(fs, membership.WarningAt(membership.AtNone, fmt.Sprintf("%s in %s is ignored from now on", live.Label(), r.where),
			fmt.Sprintf("%s is in %s. The plan shows the entry as removed from %s, but the access stays as it is: %s.", Named(live), r.words.Ignore(e.Kind), AttributeOf(e.Kind), live.Standing())))
	}
	return Bounded(fs, func(n int) (string, string) {
		return fmt.Sprintf("%d more in %s are ignored from now on", n, r.where), "The others:"
	})
}

// leftAlone names those who keep what they have because the state from which
// the change was planned did not hold it.
func (r *rolesPlanning) leftAlone() []membership.Finding {
	cs := slices.Clone(r.diff.LeftAlone)
	sortChanges(cs)
	fs := make([]membership.Finding, 0, len(cs))
	for _, c := range cs {
		detail := fmt.Sprintf("%s has %s in this %s, which the state did not show. An apply takes away only what the state showed at plan time.", Named(c.Live), c.Live.Standing(), r.traits.WorkspaceNoun)
		if c.What != "" {
			detail += fmt.Sprintf(" The next plan shows what would happen: %s would be %s.", c.Live.Label(), c.Would())
		}
		fs = append(fs, membership.WarningAt(membership.AtNone, fmt.Sprintf("%s in %s is left alone", c.Live.Label(), r.where), detail))
	}
	return Bounded(fs, func(n int) (string, string) {
		return fmt.Sprintf("%d more principals in %s are left alone", n, r.where), "The others:"
	})
}

// knowTexts finds what people call those who are new to the state.
func (r *rolesPlanning) knowTexts(ctx context.Context) {
	before := r.before().Held()
	var asked []membership.Principal
	for _, e := range r.next.Entries {
		if !before.Has(e.Principal) {
			asked = append(asked, e.Principal)
		}
	}
	if len(asked) == 0 {
		return
	}
	t, fs := r.tenant(ctx, r.next.Workspace, r.next.WorkspaceUnknown)
	if r.say(fs...); t == nil {
		return
	}
	r.out.Texts = make(map[membership.Principal]string, len(asked))
	for _, q := range asked {
		if person, ok := t.Person(q); ok {
			if text, known := Text(person); known {
				r.out.Texts[q.Fold()] = text
			}
		}
	}
}
