package guard

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Line is one member in the guard's message.
type Line struct {
	Member membership.Member
	// Why says why the member does not count; "" for an owner.
	Why string
	// Loss is what this run does to the member; nil for nothing.
	Loss *Loss
}

// Section is what the guard's message says about one workspace.
type Section struct {
	ID, Name string
	// Would is how many owners there would be, Needs how many there have to be.
	Would, Needs int
	// AtPlan is how many there were when the change was planned, 0 where that is
	// not known; Now is how many there are.
	AtPlan, Now int
	// Owners are those with the owner's role now, Successors those whom the run
	// gives it and who do not count.
	Owners, Successors []Line
	// Notes are sentences about what was done, and about what is not known.
	Notes []string
}

// Refusal is what the guard says about losses that leave too few owners.
type Refusal struct {
	Judge    *Judge
	Severity membership.Severity
	Sections []Section
	// At is the attribute at fault; AtNone where another request is at fault,
	// which Elsewhere then says.
	At        membership.Attribute
	Elsewhere bool
	// Waited is how long a successor was waited for; 0 for not at all.
	Waited time.Duration
	// ByService is true where the service itself refused, which no setting changes.
	ByService bool
}

// Finding gives the message. There is at least one section.
func (r Refusal) Finding() membership.Finding {
	return membership.Finding{Severity: r.Severity, Summary: r.summary(), Detail: membership.Wrap(r.detail()), At: r.At}
}

// summary is the headline. A warning's names people and place, because
// Terraform folds warnings with equal summaries into one.
func (r Refusal) summary() string {
	t, minimum := r.Judge.traits, r.Judge.policy.MinimumOwners
	head := fmt.Sprintf("%s would lose its last %s", membership.Capital(t.WorkspaceNoun), t.OwnerNoun)
	if minimum > 1 {
		head = fmt.Sprintf("%s would fall below %d %s", membership.Capital(t.WorkspaceNoun), minimum, t.OwnersNoun)
	}
	if r.Severity == membership.SeverityError {
		return head
	}
	var who []string
	for _, l := range r.losses() {
		who = append(who, l.Member.Label())
	}
	return fmt.Sprintf("%s: %s in %s %s", head, strings.Join(who, ", "), t.WorkspaceNoun, r.Sections[0].Name)
}

// losses gives the members of all sections who lose.
func (r Refusal) losses() []Line {
	var out []Line
	for _, s := range r.Sections {
		for _, l := range s.Owners {
			if l.Loss != nil {
				out = append(out, l)
			}
		}
	}
	return out
}

func (r Refusal) detail() string {
	var b strings.Builder
	t := r.Judge.traits
	if r.Elsewhere {
		b.WriteString("The change at fault is that of another resource than the one named here.\n\n")
	}
	for i, s := range r.Sections {
		if i > 0 {
			b.WriteString("\n")
		}
		s.write(&b, t)
		if minimum := r.Judge.policy.MinimumOwners; s.Needs < minimum {
			fmt.Fprintf(&b, "%s is %d, and it has fewer already: it may not lose more.\n", r.Judge.words.MinimumOwners, minimum)
		}
	}
	b.WriteString("\nWays out:\n")
	for _, way := range r.waysOut() {
		b.WriteString("  - " + way + "\n")
	}
	if order := r.order(); r.Waited > 0 && order != "" {
		fmt.Fprintf(&b, "\nThe guard waited %s for a successor, until nothing had moved for %s, and none came. If this change has one, this helps:\n%s",
			r.Waited.Round(100*time.Millisecond), r.Judge.policy.HandoverWait, order)
	}
	if r.Severity == membership.SeverityWarning {
		fmt.Fprintf(&b, "\n%s is %q: this is a warning, and the run goes on.\n", r.Judge.words.Mode, Warn)
	}
	if r.Judge.words.GuideURL != "" {
		fmt.Fprintf(&b, "\nThe guide %q explains this:\n%s", r.Judge.words.Guide, r.Judge.words.GuideURL)
	}
	return strings.TrimRight(b.String(), "\n")
}

func (s Section) write(b *strings.Builder, t membership.Traits) {
	fmt.Fprintf(b, "%s would have %s and needs %d.", membership.Capital(t.Place(s.Name, s.ID)), Count(s.Would, t.OwnerNoun, t.OwnersNoun), s.Needs)
	if s.AtPlan > 0 && s.AtPlan != s.Now {
		fmt.Fprintf(b, "\n%s at plan time, %d now.", Count(s.AtPlan, t.OwnerNoun, t.OwnersNoun), s.Now)
	}
	fmt.Fprintf(b, "\nIts %s now:\n", t.OwnersNoun)
	for _, l := range s.Owners {
		what := "stays"
		switch {
		case l.Why != "":
			what = "not counted: " + l.Why
		case l.Loss != nil:
			what = l.Loss.What
		}
		fmt.Fprintf(b, "  - %s: %s\n", NameAndID(l.Member), what)
	}
	if len(s.Owners) == 0 {
		b.WriteString("  - none\n")
	}
	if len(s.Successors) > 0 {
		fmt.Fprintf(b, "Named by this run, but not counted as %s:\n", t.OwnersNoun)
		for _, l := range s.Successors {
			fmt.Fprintf(b, "  - %s: %s\n", NameAndID(l.Member), l.Why)
		}
	}
	for _, note := range s.Notes {
		b.WriteString(note + "\n")
	}
}

// waysOut gives those ways out that fit what is asked for, and by what.
func (r Refusal) waysOut() []string {
	w, t := r.Judge.words, r.Judge.traits
	causes, forms, roles := map[Cause]bool{}, map[Form]bool{}, map[string]bool{}
	disabled := false
	for _, l := range r.losses() {
		causes[l.Loss.Cause], forms[l.Loss.Form] = true, true
		if to := l.Loss.To; to != nil && l.Loss.Cause == Edited {
			if to.Enabled {
				roles[to.Role] = true
			}
			disabled = disabled || !to.Enabled
		}
	}
	var out []string
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		if !t.Knows(role) {
			hint := ""
			if near := Nearest(role, t.RolesAscending); near != "" {
				hint = fmt.Sprintf(" Did you mean %q?", near)
			}
			out = append(out, fmt.Sprintf("%q is not a known role.%s", role, hint))
		}
	}
	if causes[Edited] {
		if len(roles) > 0 {
			out = append(out, "Undo the change of the role.")
		}
		if disabled {
			out = append(out, fmt.Sprintf("Leave the %s enabled.", t.OwnerNoun))
		}
	}
	successor := "Name a successor"
	if r.namedInVain() {
		successor += " who counts"
	}
	out = append(out, fmt.Sprintf("%s: give another user the role %q in the same change.", successor, t.OwnerRole))
	if causes[NotNamed] {
		out = append(out, fmt.Sprintf("Name them again, or add them to %s: then they keep their role.", w.Ignore(membership.User)))
	}
	if causes[Replaced] {
		out = append(out, "Undo the change of the principal, and add the new one with a resource of its own.")
	}
	if causes[Moved] {
		out = append(out, fmt.Sprintf("Undo the change of the %s, and manage the other one with a resource of its own.", t.WorkspaceNoun))
	}
	if causes[Ended] {
		out = append(out,
			fmt.Sprintf("Stop managing the %s, who then keeps the role: %s for a whole resource, `%s` for one instance, or %s.", t.OwnerNoun, w.Release, w.Forget, w.ReleaseInPlace))
	}
	if forms[OfOne] && (causes[Ended] || causes[Replaced] || causes[Moved]) {
		out = append(out, fmt.Sprintf("Or set %s = \"keep\" and apply that first: it counts only once it has been applied.", w.OnDestroy))
	}
	return append(out, r.settings(causes)...)
}

// settings gives those ways out that are settings of the provider.
func (r Refusal) settings(causes map[Cause]bool) []string {
	w, t, minimum := r.Judge.words, r.Judge.traits, r.Judge.policy.MinimumOwners
	if r.ByService {
		return []string{fmt.Sprintf("No setting of the provider changes this: %s itself refuses.", t.Product)}
	}
	var out []string
	if r.aGroupInVain() {
		out = append(out, fmt.Sprintf("If a group is enough: set %s = true.", w.CountOwnerGroups))
	}
	if minimum > 1 && r.left() > 0 {
		out = append(out, fmt.Sprintf("If fewer than %d are enough: lower %s.", minimum, w.MinimumOwners))
	}
	if causes[Ended] || causes[Moved] || causes[NotNamed] {
		out = append(out, fmt.Sprintf("If the %s is being closed: add its id to %s.", t.WorkspaceNoun, w.ExemptWorkspaces))
	}
	return out
}

// left is the fewest owners that one of the workspaces would have.
func (r Refusal) left() int {
	return slices.MinFunc(r.Sections, func(a, b Section) int { return cmp.Compare(a.Would, b.Would) }).Would
}

// aGroupInVain tells whether a group has the owner's role, or is to get it, that does
// not count because groups do not.
func (r Refusal) aGroupInVain() bool {
	return !r.Judge.policy.CountOwnerGroups && slices.ContainsFunc(r.Sections, func(s Section) bool {
		return slices.ContainsFunc(slices.Concat(s.Owners, s.Successors), func(l Line) bool { return l.Member.Kind == membership.Group && l.Member.MemberCount > 0 })
	})
}

// namedInVain tells whether the run names a successor who does not count.
func (r Refusal) namedInVain() bool {
	return slices.ContainsFunc(r.Sections, func(s Section) bool { return len(s.Successors) > 0 })
}

// order gives advice about the order of changes. A resource that manages
// several orders them itself.
func (r Refusal) order() string {
	ofOne := func(l Line) bool { return l.Loss.Form == OfOne }
	if !slices.ContainsFunc(r.losses(), ofOne) {
		return ""
	}
	w := r.Judge.words
	return "  - " + strings.Join(append(slices.Clone(w.Order), "a longer "+w.HandoverWait), "\n  - ") + "\n"
}

// NameAndID names a member by what people call them, and the id in parentheses.
func NameAndID(m membership.Member) string {
	if m.Label() == m.ID {
		return m.ID
	}
	return fmt.Sprintf("%s (%s)", m.Label(), m.ID)
}

// Count gives a number with its noun.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func compareLabels(a, b membership.Member) int {
	return cmp.Or(cmp.Compare(a.Label(), b.Label()), cmp.Compare(a.ID, b.ID))
}
