package guard

import (
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Status is what the tenant knows of people who are in a workspace's listing.
// The zero value knows nothing, and then nobody is taken to be inactive.
type Status struct {
	// Unreadable is true where the tenant was asked and could not be read.
	Unreadable bool
	// Inactive are those who are blocked in the whole tenant, Invited those
	// whose invitation is pending there. Principals are folded.
	Inactive, Invited map[membership.Principal]bool
}

// StatusOf gives what a tenant says of its people; nil is one that could not be read.
func StatusOf(t *membership.Tenant) Status {
	if t == nil {
		return Status{Unreadable: true}
	}
	return Status{Inactive: t.Inactive, Invited: t.Invited}
}

// Judge tells who is an owner in the guard's sense. It reads nothing: what it
// judges by is what others have read. The zero value is of no use; see [NewJudge].
type Judge struct {
	policy Policy
	traits membership.Traits
	words  membership.Vocabulary
	status Status
	// notCounted are the policy's ids and e-mail addresses in lower case, exempt
	// the keys of exempt workspaces.
	notCounted, exempt map[string]bool
}

// NewJudge makes a judge who knows nothing of the tenant yet.
func NewJudge(p Policy, t membership.Traits, v membership.Vocabulary) *Judge {
	j := &Judge{policy: p, traits: t, words: v, notCounted: map[string]bool{}, exempt: map[string]bool{}}
	for _, n := range p.NotCounted {
		j.notCounted[strings.ToLower(n)] = true
	}
	for _, id := range p.ExemptWorkspaces {
		j.exempt[membership.WorkspaceKey(t.Endpoint, id)] = true
	}
	return j
}

// Knowing gives the same judge with what the tenant says.
func (j *Judge) Knowing(s Status) *Judge {
	next := *j
	next.status = s
	return &next
}

// Policy gives the policy that is judged by.
func (j *Judge) Policy() Policy { return j.policy }

// Watches tells whether losses in the workspace are judged.
func (j *Judge) Watches(workspace string) bool {
	return j.policy.Mode != Off && !j.exempt[membership.WorkspaceKey(j.traits.Endpoint, workspace)]
}

// ExemptByName gives the entry of the exempt workspaces that equals the name of
// this one instead of its id; "" where there is none.
func (j *Judge) ExemptByName(id, name string) string {
	if name == "" || len(j.exempt) == 0 || strings.EqualFold(name, id) {
		return ""
	}
	for _, entry := range j.policy.ExemptWorkspaces {
		if strings.EqualFold(entry, name) {
			return entry
		}
	}
	return ""
}

// WhyNot tells why a member who holds (or is to hold) the owner's role does not
// count as an owner; "" for one who does.
func (j *Judge) WhyNot(m membership.Member) string {
	p := m.Fold()
	switch {
	case m.Kind == membership.Group && !j.policy.CountOwnerGroups:
		return "a group, and " + j.words.CountOwnerGroups + " is false"
	case m.Kind != membership.User && m.Kind != membership.Group:
		return "not a user"
	case m.Kind == membership.Group && m.MemberCount == 0:
		return "a group without members"
	case m.Invite, j.status.Invited[p]:
		return "a pending invitation"
	case !m.Enabled:
		return "disabled"
	case j.status.Inactive[p]:
		return "inactive in the " + j.traits.TenantNoun
	case j.notCounted[p.ID], m.Email != "" && j.notCounted[strings.ToLower(m.Email)]:
		return "listed in " + j.words.NotCounted
	default:
		return ""
	}
}

// Counts tells whether the member is an owner now.
func (j *Judge) Counts(m membership.Member) bool {
	return m.HasRole(j.traits.OwnerRole) && j.WhyNot(m) == ""
}

// Owners gives those in the listing who count, in its order.
func (j *Judge) Owners(l *membership.Listing) []membership.Member {
	var out []membership.Member
	for _, m := range l.Holders() {
		if j.Counts(m) {
			out = append(out, m)
		}
	}
	return out
}

// Loses tells whether a change makes one owner less; a nil standing is none.
func (j *Judge) Loses(live membership.Member, to *membership.Standing) bool {
	return j.Counts(live) && !j.Counts(live.After(to))
}

// Floor is how many owners a run has to leave in a workspace. Only a complete
// listing gives one: the zero value allows no loss at all.
type Floor struct {
	known   bool
	holders []membership.Member
}

// NewFloor takes the floor from the first listing of a run. One that is
// incomplete gives none.
func NewFloor(l *membership.Listing) Floor {
	if l == nil || !l.Complete() {
		return Floor{}
	}
	return Floor{known: true, holders: l.Holders()}
}

// Known tells whether there is a floor.
func (f Floor) Known() bool { return f.known }

// Needs is the floor as a number: the policy's minimum, or the number of owners
// that there were where that is smaller.
func (f Floor) Needs(j *Judge) int {
	if !f.known {
		return max(1, j.policy.MinimumOwners)
	}
	n := 0
	for _, m := range f.holders {
		if j.Counts(m) {
			n++
		}
	}
	return min(n, j.policy.MinimumOwners)
}
