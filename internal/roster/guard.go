package roster

import (
	"slices"
	"strings"
	"time"
)

// Mode says what the last-owner guard does about a loss.
type Mode string

// The modes of the guard.
const (
	Enforce Mode = "enforce"
	Warn    Mode = "warn"
	Off     Mode = "off"
)

// Guard is the policy of the last-owner guard.
type Guard struct {
	Mode Mode
	// MinimumOwners is at least 1.
	MinimumOwners int
	// NotCounted are ids or e-mail addresses that never count as owners.
	NotCounted []string
	// CountOwnerGroups makes a group with members and the owner role count as one owner.
	CountOwnerGroups bool
	// ExemptWorkspaces are the ids of workspaces that the guard leaves alone.
	ExemptWorkspaces []string
	// HandoverWait is how long nothing must have moved before a loss without a
	// successor is refused.
	HandoverWait time.Duration
}

func (g Guard) watches(workspace string) bool {
	return g.Mode != Off && !slices.Contains(g.ExemptWorkspaces, workspace)
}

func (g Guard) excludes(id, email string) bool {
	for _, n := range g.NotCounted {
		if strings.EqualFold(n, id) || (email != "" && strings.EqualFold(n, email)) {
			return true
		}
	}
	return false
}

// whyNot tells why a member who holds (or is to hold) the owner role does not
// count as an owner; "" for one who does.
func (g Guard) whyNot(m Member, inactive map[Principal]bool) string {
	switch {
	case m.Kind == Group && !g.CountOwnerGroups:
		return "a group, and count_owner_groups is false"
	case m.Kind == Group && m.MemberCount == 0:
		return "a group without members"
	case m.Invite:
		return "a pending invitation"
	case !m.Enabled:
		return "disabled"
	case inactive[fold(m.Principal)]:
		return "inactive in the tenant"
	case g.excludes(m.ID, m.Email):
		return "listed in not_counted"
	default:
		return ""
	}
}

// counts tells whether the member is an owner in the guard's sense.
func (r *Run) counts(m Member, inactive map[Principal]bool) bool {
	return hasRole(m, r.traits.OwnerRole) && r.guard.whyNot(m, inactive) == ""
}

// owners gives everybody in the listing who counts.
func (r *Run) owners(l *Listing, inactive map[Principal]bool) []Member {
	var out []Member
	for _, m := range l.Holders() {
		if r.counts(m, inactive) {
			out = append(out, m)
		}
	}
	return out
}
