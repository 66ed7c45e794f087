package membership

import (
	"fmt"
	"slices"
	"strings"
)

// Standing is what a principal holds or is to hold in a workspace.
type Standing struct {
	Role    string
	Enabled bool
}

// Holds tells whether the member has exactly this standing. Roles are compared
// without regard to case, since the services do not say how they spell them. What
// is imported of a user without a role, or with several, is held as it is shown
// ([Member.Role]).
func (m Member) Holds(s Standing) bool {
	return strings.EqualFold(m.Role(), s.Role) && m.Enabled == s.Enabled
}

// Standing gives what the member holds now.
func (m Member) Standing() Standing {
	return Standing{Role: m.Role(), Enabled: m.Enabled}
}

// HasOneRole tells whether the standing can be given: what is imported of a user without
// a role, or with several, names none that can.
func (s Standing) HasOneRole() bool { return s.Role != "" && !strings.Contains(s.Role, ",") }

// String gives the standing for people.
func (s Standing) String() string {
	switch {
	case s.Role == "":
		return "no role"
	case !s.Enabled:
		return s.Role + " (disabled)"
	default:
		return s.Role
	}
}

// After gives the member as it would be with another standing; nil means gone.
func (m Member) After(s *Standing) Member {
	if s == nil {
		m.Roles, m.Enabled = nil, false
		return m
	}
	m.Roles, m.Enabled = []string{s.Role}, s.Enabled
	return m
}

// Rank orders roles by the product's own order; roles that it does not know
// stand between the owner's and the rest.
func (t Traits) Rank(role string) int {
	for i, r := range t.RolesAscending {
		if strings.EqualFold(r, role) {
			return 2 * i
		}
	}
	return 2*len(t.RolesAscending) - 3
}

// Raises tells whether a standing gives a user more than they hold, and takes
// nothing away: a higher role, or one at all. Of two custom roles neither is higher.
func (t Traits) Raises(live Member, to Standing) bool {
	owner := Member{Roles: []string{to.Role}}.HasRole(t.OwnerRole)
	switch {
	case !to.Enabled:
		return false
	case len(live.Roles) == 0:
		return true
	case live.HasRole(t.OwnerRole) != owner:
		return owner
	case !live.Enabled:
		return true
	default:
		return t.Rank(to.Role) > t.Rank(live.Role())
	}
}

// Lowers tells whether a standing takes something away from a member; nil is no access.
func (t Traits) Lowers(live Member, to *Standing) bool {
	switch {
	case !live.Enabled:
		return false
	case to == nil || !to.Enabled:
		return true
	default:
		return len(live.Roles) > 0 && !live.Holds(*to) && !t.Raises(live, *to)
	}
}

// Becomes says what a change of standing by this run does to a member, as a clause.
func (m Member) Becomes(to Standing) string {
	if m.Enabled && !to.Enabled {
		return "disabled by this run"
	}
	return fmt.Sprintf("changed from %s to %s by this run", m.Standing(), to)
}

// Knows tells whether the role is one of the product's own.
func (t Traits) Knows(role string) bool {
	return slices.ContainsFunc(t.RolesAscending, func(r string) bool { return strings.EqualFold(r, role) })
}

// Removed is what a removal makes of a user, for people.
func (t Traits) Removed() string {
	if t.RemovalDisables {
		return "disabled"
	}
	return "removed"
}
