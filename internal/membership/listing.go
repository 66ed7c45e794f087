package membership

import "fmt"

// Presence is what a listing knows of a principal.
type Presence int

// The three answers of a listing.
const (
	// NotKnown: the listing is incomplete and does not show the principal.
	NotKnown Presence = iota
	// Absent: the listing is complete and does not show the principal.
	Absent
	// There: the listing shows the principal, with access or disabled.
	There
)

// Listing is one reading of a workspace, looked up by principal.
type Listing struct {
	*Workspace

	// places tells where in the listing a principal stands.
	places map[Principal]int
	// sameButCase are the places of rows whose id differs from an earlier
	// row's in case only.
	sameButCase []int
	// holders are the members with the owner role, counted or not.
	holders []Member
	// enabled is how many members have access.
	enabled int
}

// NewListing indexes a workspace. Where the vendor says that a workspace always
// has an owner, a listing that shows none is incomplete.
func NewListing(w *Workspace, t Traits) *Listing {
	index := make(map[Principal]int, len(w.Members))
	l := &Listing{Workspace: w, places: index}
	for i, m := range w.Members {
		if m.Enabled {
			l.enabled++
		}
		if m.HasRole(t.OwnerRole) {
			l.holders = append(l.holders, m)
		}
		k := m.Principal.Fold()
		if _, taken := index[k]; taken {
			l.sameButCase = append(l.sameButCase, i)
			continue
		}
		index[k] = i
	}
	if t.NeverOwnerless && len(l.holders) == 0 && w.Incomplete == "" {
		part := *w
		part.Incomplete = fmt.Sprintf("it shows no %s at all, and %s says that a %s always has one", t.OwnerNoun, t.Product, t.WorkspaceNoun)
		l.Workspace = &part
	}
	return l
}

// Complete tells whether the listing proves who is not there.
func (l *Listing) Complete() bool { return l.Incomplete == "" }

// Lookup tells what the listing knows of a principal.
func (l *Listing) Lookup(p Principal) (Member, Presence) {
	m, ok := l.Member(p)
	switch {
	case ok:
		return m, There
	case l.Complete():
		return Member{}, Absent
	default:
		return Member{}, NotKnown
	}
}

// Holders gives the members with the owner's role, whether they count as
// owners or not, in the order of the listing.
func (l *Listing) Holders() []Member { return l.holders }

// Enabled is how many members have access.
func (l *Listing) Enabled() int { return l.enabled }

// Member finds the row of a principal: by its exact id, else without regard to case.
func (l *Listing) Member(p Principal) (Member, bool) {
	for _, i := range l.sameButCase {
		if l.Members[i].Principal == p {
			return l.Members[i], true
		}
	}
	if i, ok := l.places[p.Fold()]; ok {
		return l.Members[i], true
	}
	return Member{}, false
}
