package roster

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// section is what the guard's message says about one workspace.
type section struct {
	traits  Traits
	minimum int
	id      string
	name    string
	would   int
	needs   int
	lines   []string
	// losers names those whom the run takes out, for a warning's summary.
	losers []string
	// notes are sentences about what could not be known.
	notes []string
}

// summary is the headline of the guard's refusal. Warnings carry the people
// and the workspace, because equal ones are folded into one.
func (s section) summary(sev Severity) string {
	head := fmt.Sprintf("Workspace would lose its last %s", s.traits.OwnerNoun)
	if s.minimum > 1 {
		head = fmt.Sprintf("Workspace would fall below %d %s", s.minimum, s.traits.OwnersNoun)
	}
	if sev == SeverityWarning {
		head += fmt.Sprintf(": %s in workspace %s", strings.Join(s.losers, ", "), s.name)
	}
	return head
}

// section describes the account as it stands.
func (a *account) section() section {
	r := a.space.run
	s := section{
		traits: r.traits, minimum: r.guard.MinimumOwners, id: a.space.id, name: a.name,
		would: a.left(), needs: a.floor,
	}
	s.describe(r, a.listing, a.inactive, a.statusKnown, func(m Member) string {
		lo, loses := a.losing[fold(m.Principal)]
		if !loses {
			return ""
		}
		return lo.what
	})
	return s
}

// describe writes a line for each holder of the owner role: what the run does
// to them, or why they do not count.
func (s *section) describe(r *Run, l *Listing, inactive map[Principal]bool, statusKnown bool, fate func(Member) string) {
	holders := slices.Clone(l.Holders())
	sort.Slice(holders, func(i, j int) bool { return holders[i].Label() < holders[j].Label() })
	for _, m := range holders {
		what := fate(m)
		why := r.guard.WhyNot(m, inactive)
		switch {
		case why != "":
			what = "not counted: " + why
		case what == "":
			what = "stays"
		default:
			s.losers = append(s.losers, m.Label())
		}
		s.lines = append(s.lines, fmt.Sprintf("  - %s: %s", nameAndID(m), what))
	}
	if len(holders) == 0 {
		s.lines = append(s.lines, "  (the listing shows nobody)")
	}
	if !statusKnown {
		s.notes = append(s.notes, fmt.Sprintf("Who is inactive in the %s could not be read, so everybody above is taken to be active.", r.traits.TenantNoun))
	}
}

func nameAndID(m Member) string {
	if m.Label() == m.ID {
		return m.ID
	}
	return fmt.Sprintf("%s (%s)", m.Label(), m.ID)
}

// guardDetail is the body of the guard's message: a section for each
// workspace, and then the ways out. waited is 0 where nothing was waited for.
func guardDetail(sections []section, g Guard, waited time.Duration) string {
	var b strings.Builder
	for i, s := range sections {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "Workspace %q (%s) would have %s and needs %d. Its %s now:\n", s.name, s.id, count(s.would, s.traits.OwnerNoun, s.traits.OwnersNoun), s.needs, s.traits.OwnersNoun)
		for _, line := range s.lines {
			b.WriteString(line + "\n")
		}
		for _, note := range s.notes {
			b.WriteString(note + "\n")
		}
	}
	noun := sections[0].traits.OwnerNoun
	b.WriteString("\nWays out:\n")
	fmt.Fprintf(&b, "  - Name a successor: give somebody else the role %q in the same change.\n", sections[0].traits.OwnerRole)
	b.WriteString("  - Stop managing and leave the access as it is: a `removed` block with `lifecycle { destroy = false }` for a whole resource, `terraform state rm` for one instance, or on_destroy = \"keep\", which counts only once it has been applied.\n")
	b.WriteString("  - For a workspace that is being closed: add its id to last_owner_guard.exempt_workspace_ids in the provider block.\n")
	if waited > 0 {
		fmt.Fprintf(&b, "\nThe provider waited until nothing had moved for %s (%s in all), and no successor came. If there is one in this change, one of these helps: "+
			"depends_on from the outgoing %s's block to the successor's where both are blocks; lifecycle { create_before_destroy = true } where the successor depends on something else that changes in this run; "+
			"two runs (first the successor, then the removal) at -parallelism=1; a longer last_owner_guard.handover_wait.\n", g.HandoverWait, waited.Round(100*time.Millisecond), noun)
	}
	return strings.TrimRight(b.String(), "\n")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
