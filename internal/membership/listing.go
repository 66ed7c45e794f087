package membership

import (
	"fmt"
	"slices"
	"sync"
)

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

	places *places
	// sameButCase are the places of rows whose id differs from an earlier
	// row's in case only.
	sameButCase []int
	// holders are the members with the owner role, counted or not.
	holders []Member
	// enabled is how many members have access.
	enabled int
}

// places tells where in a listing a principal stands. A listing and those that
// came of it by adding rows share them: a row of a later one lies beyond the
// end of an earlier one.
type places struct {
	mu sync.RWMutex
	of map[Principal]int
	// rows is how many rows the latest of the listings has.
	rows int
}

// find gives the place of a principal among the first so many rows.
func (p *places) find(k Principal, rows int) (int, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	i, ok := p.of[k]
	return i, ok && i < rows
}

// NewListing indexes a workspace. Where the vendor says that a workspace always
// has an owner, a listing that shows none is incomplete.
func NewListing(w *Workspace, t Traits) *Listing {
	index := make(map[Principal]int, len(w.Members))
	l := &Listing{Workspace: w, places: &places{of: index, rows: len(w.Members)}}
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

// With gives a listing with more rows: those of principals whom this one does
// not show. It costs as much as there are new rows, however many there were.
func (l *Listing) With(t Traits, rows ...Member) *Listing {
	l.places.mu.Lock()
	defer l.places.mu.Unlock()
	w, next := *l.Workspace, *l
	next.Workspace = &w
	if l.places.rows != len(w.Members) {
		// Another listing came of this one before: this one starts anew.
		w.Members = append(slices.Clip(w.Members), l.unlisted(rows)...)
		return NewListing(&w, t)
	}
	for _, m := range l.unlisted(rows) {
		l.places.of[m.Principal.Fold()] = len(w.Members)
		w.Members = append(w.Members, m)
		if m.Enabled {
			next.enabled++
		}
		if m.HasRole(t.OwnerRole) {
			next.holders = append(next.holders, m)
		}
	}
	l.places.rows = len(w.Members)
	return &next
}

// unlisted gives the rows of those whom the listing does not show, each once.
// The caller holds the lock of the places.
func (l *Listing) unlisted(rows []Member) []Member {
	var out []Member
	seen := make(map[Principal]bool, len(rows))
	for _, m := range rows {
		k := m.Principal.Fold()
		if i, listed := l.places.of[k]; listed && i < len(l.Members) || seen[k] {
			continue
		}
		seen[k] = true
		out = append(out, m)
	}
	return out
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
	if i, ok := l.places.find(p.Fold(), len(l.Members)); ok {
		return l.Members[i], true
	}
	return Member{}, false
}
