package roster

import "strings"

// Listing is one reading of a workspace, looked up by principal.
type Listing struct {
	*Workspace
	// Partial is true for a listing that cannot be all there is: whoever is
	// missing in it may be there all the same.
	Partial bool

	index map[Principal]int
	// twins holds rows whose id differs from an indexed one in case only.
	twins []int
	// holders are the members with the owner role, counted or not.
	holders []Member
}

// NewListing indexes a workspace.
func NewListing(w *Workspace, t Traits) *Listing {
	l := &Listing{Workspace: w, Partial: t.NeverOwnerless, index: make(map[Principal]int, len(w.Members))}
	for i, m := range w.Members {
		if hasRole(m, t.OwnerRole) {
			l.Partial = false
			l.holders = append(l.holders, m)
		}
		k := fold(m.Principal)
		if _, taken := l.index[k]; taken {
			l.twins = append(l.twins, i)
			continue
		}
		l.index[k] = i
	}
	return l
}

// Member finds a principal: by its exact id, else without regard to case.
func (l *Listing) Member(p Principal) (Member, bool) {
	for _, i := range l.twins {
		if l.Members[i].Principal == p {
			return l.Members[i], true
		}
	}
	if i, ok := l.index[fold(p)]; ok {
		return l.Members[i], true
	}
	return Member{}, false
}

// fold gives the form under which principals are compared. Ids are opaque, but
// no service has two that differ in case only, while people copy them from
// places that change it.
func fold(p Principal) Principal {
	return Principal{Kind: p.Kind, ID: strings.ToLower(p.ID)}
}

func hasRole(m Member, role string) bool {
	for _, r := range m.Roles {
		if strings.EqualFold(r, role) {
			return true
		}
	}
	return false
}

// Standing is what a principal holds or shall hold in a workspace.
type Standing struct {
	Role    string
	Enabled bool
}

// Holds tells whether the member has exactly this standing. Roles are compared
// without regard to case, since the services do not say how they spell them.
func (m Member) Holds(s Standing) bool {
	return len(m.Roles) == 1 && strings.EqualFold(m.Roles[0], s.Role) && m.Enabled == s.Enabled
}

// Standing gives what the member holds now.
func (m Member) Standing() Standing {
	return Standing{Role: m.Role(), Enabled: m.Enabled}
}
