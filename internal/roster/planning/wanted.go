package planning

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Roles says who is to hold which role in a workspace, as a resource that manages
// several has it: in a configuration, a plan or a state. Parts may not be known yet.
type Roles struct {
	Workspace        string
	WorkspaceUnknown bool
	// Role, where it is not empty, is the only role that is managed: everybody
	// with another one is left alone, unless they are named.
	Role string
	// OnRemoval is what a user with Role gets who is not named: nil for
	// nothing. A resource that manages everybody removes.
	OnRemoval *membership.Standing
	// Kinds are the kinds of principal that are managed. All others in the
	// workspace are left alone.
	Kinds map[membership.Kind]Scope
	// Entries are those who are named, in the order of their ids.
	Entries []Entry
	// IncludeInvites manages pending invitations like members.
	IncludeInvites bool
}

// Scope is how one kind of principal is managed.
type Scope struct {
	// Unknown is true where not even the ids are known yet.
	Unknown bool
	Ignore  Ignore
}

// Entry is one principal with its role.
type Entry struct {
	membership.Principal
	Role string
	// RoleUnknown is true where the role is not known yet.
	RoleUnknown bool
}

// Standing is what the entry asks for.
func (e Entry) Standing() membership.Standing {
	return membership.Standing{Role: e.Role, Enabled: true}
}

// Ignore is who is never shown, written or removed: by id or by e-mail address,
// without regard to case. The zero value ignores nobody.
type Ignore struct {
	// Unknown is true where a part of it is not known yet.
	Unknown bool

	entries map[string]string
	emails  bool
}

// NewIgnore makes an [Ignore] of ids and e-mail addresses.
func NewIgnore(entries ...string) Ignore {
	i := Ignore{entries: make(map[string]string, len(entries))}
	for _, e := range entries {
		i.entries[strings.ToLower(e)] = e
		i.emails = i.emails || strings.Contains(e, "@")
	}
	return i
}

// Matches tells whether a member is ignored.
func (i Ignore) Matches(m membership.Member) bool {
	if len(i.entries) == 0 {
		return false
	}
	if _, ok := i.entries[strings.ToLower(m.ID)]; ok {
		return true
	}
	_, ok := i.entries[strings.ToLower(m.Email)]
	return ok && m.Email != ""
}

// mayMatch tells whether a principal is ignored or may be: an e-mail address may
// be anybody's whose own is not known.
func (i Ignore) mayMatch(m membership.Member) bool {
	return i.Unknown || i.Matches(m) || i.emails && m.Email == ""
}

// unmatched gives the entries that match nobody in the listing.
func (i Ignore) unmatched(k membership.Kind, l *membership.Listing) []string {
	if len(i.entries) == 0 {
		return nil
	}
	left := maps.Clone(i.entries)
	for _, m := range l.Members {
		if m.Kind == k {
			delete(left, strings.ToLower(m.ID))
			delete(left, strings.ToLower(m.Email))
		}
	}
	return slices.Sorted(maps.Values(left))
}

// index finds the entries by the folded principal.
func (r Roles) index() map[membership.Principal]int {
	m := make(map[membership.Principal]int, len(r.Entries))
	for i, e := range r.Entries {
		m[e.Fold()] = i
	}
	return m
}

// Covers tells whether a member is one of those whom the resource manages,
// whatever role it has.
func (r Roles) Covers(m membership.Member) bool {
	scope, ok := r.Kinds[m.Kind]
	return ok && !scope.Ignore.Matches(m)
}

// certain tells whether it is known that a user of this kind who is not named
// is not to be there.
func (r Roles) certain(k membership.Kind) bool {
	scope, ok := r.Kinds[k]
	return ok && !scope.Unknown && !scope.Ignore.Unknown
}

// shows tells whether a row of the workspace's listing is part of what is
// managed. A pending invitation is if it was named, or all are.
func (r Roles) shows(m membership.Member, named bool) bool {
	return r.Covers(m) && m.Enabled && (!m.Invite || named || r.IncludeInvites) && (r.Role == "" || m.HasRole(r.Role))
}

// outgrown tells whether a user whom the state held with the one role that is
// managed has another one by now.
func (r Roles) outgrown(m membership.Member, held Held) bool {
	return r.Role != "" && r.Covers(m) && m.Enabled && !m.HasRole(r.Role) && strings.EqualFold(held[m.Fold()], r.Role)
}

// Shown gives those of a listing whom the resource manages, with its own
// spelling of ids and roles that differ from the service's in case only.
func (r Roles) Shown(l *membership.Listing) []Entry {
	named := r.index()
	var out []Entry
	for _, m := range l.Members {
		i, ok := named[m.Fold()]
		if !r.shows(m, ok) {
			continue
		}
		e := Entry{Principal: m.Principal, Role: m.Role()}
		if r.Role != "" {
			e.Role = r.Role
		}
		if ok {
			was := r.Entries[i]
			e.Principal = was.Principal
			if m.Holds(was.Standing()) {
				e.Role = was.Role
			}
		}
		out = append(out, e)
	}
	return out
}

// Twice refuses ids that differ in case only: they are one principal.
func (r Roles) Twice() []membership.Finding {
	var out []membership.Finding
	seen := make(map[membership.Principal]string, len(r.Entries))
	for _, e := range r.Entries {
		k := e.Fold()
		if other, twice := seen[k]; twice {
			f := membership.ErrorAt(AttributeOf(e.Kind), fmt.Sprintf("%s is named twice", e.Principal),
				fmt.Sprintf("%q and %q differ only in case, and are the same %s. Name it once.", other, e.ID, e.Kind))
			f.Key = e.ID
			out = append(out, f)
		}
		seen[k] = e.ID
	}
	return out
}

// AttributeOf gives the attribute that names principals of a kind.
func AttributeOf(k membership.Kind) membership.Attribute {
	if k == membership.Group {
		return membership.AtGroups
	}
	return membership.AtUsers
}

// Held is what people held by the state from which a change was planned: roles
// by folded principal.
type Held map[membership.Principal]string

// Held gives what people held; nobody held anything where r is nil.
func (r *Roles) Held() Held {
	if r == nil {
		return nil
	}
	h := make(Held, len(r.Entries))
	for _, e := range r.Entries {
		h[e.Fold()] = e.Role
	}
	return h
}

// Has tells whether the state held the principal.
func (h Held) Has(p membership.Principal) bool { _, ok := h[p.Fold()]; return ok }

// stillAs tells whether a member stands as the state said.
func (h Held) stillAs(m membership.Member) bool {
	role, ok := h[m.Fold()]
	return ok && strings.EqualFold(role, m.Role())
}
