// Package guard is the last-owner guard: its policy, who counts as an owner, and
// what it says. It reads nothing and waits for nothing.
package guard

import (
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Mode says what the last-owner guard does about a loss.
type Mode string

// The modes of the guard.
const (
	Enforce Mode = "enforce"
	Warn    Mode = "warn"
	Off     Mode = "off"
)

// Policy is the policy of the last-owner guard.
type Policy struct {
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

// Watches tells whether the guard looks at losses in the workspace.
func (p Policy) Watches(workspace string) bool {
	return p.Mode != Off && !slices.Contains(p.ExemptWorkspaces, workspace)
}

func (p Policy) excludes(id, email string) bool {
	for _, n := range p.NotCounted {
		if strings.EqualFold(n, id) || (email != "" && strings.EqualFold(n, email)) {
			return true
		}
	}
	return false
}

// WhyNot tells why a member who holds (or is to hold) the owner role does not
// count as an owner; "" for one who does.
func (p Policy) WhyNot(m membership.Member, inactive map[membership.Principal]bool) string {
	switch {
	case m.Kind == membership.Group && !p.CountOwnerGroups:
		return "a group, and count_owner_groups is false"
	case !m.Kind.Managed():
		return "not a user"
	case m.Kind == membership.Group && m.MemberCount == 0:
		return "a group without members"
	case m.Invite:
		return "a pending invitation"
	case !m.Enabled:
		return "disabled"
	case inactive[m.Principal.Fold()]:
		return "inactive in the tenant"
	case p.excludes(m.ID, m.Email):
		return "listed in not_counted"
	default:
		return ""
	}
}

// Counts tells whether the member is an owner in the guard's sense: ownerRole is
// the product's word for the role, inactive holds those blocked in the tenant.
func (p Policy) Counts(m membership.Member, ownerRole string, inactive map[membership.Principal]bool) bool {
	return m.HasRole(ownerRole) && p.WhyNot(m, inactive) == ""
}
