package roster

import (
	"slices"
	"strings"
	"sync"
)

// Listing is one reading of a workspace, looked up by principal.
type Listing struct {
	*Workspace
	// Partial is true for a listing that cannot be all there is: whoever is
	// missing in it may be there all the same.
	Partial bool

	places *places
	// twins holds rows whose id differs from an indexed one in case only.
	twins []int
	// holders are the members with the owner role, counted or not.
	holders []Member
	// enabled is how many members are.
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

// NewListing indexes a workspace.
func NewListing(w *Workspace, t Traits) *Listing {
	index := make(map[Principal]int, len(w.Members))
	l := &Listing{Workspace: w, Partial: t.NeverOwnerless, places: &places{of: index, rows: len(w.Members)}}
	for i, m := range w.Members {
		if m.Enabled {
			l.enabled++
		}
		if hasRole(m, t.OwnerRole) {
			l.Partial = false
			l.holders = append(l.holders, m)
		}
		k := fold(m.Principal)
		if _, taken := index[k]; taken {
			l.twins = append(l.twins, i)
			continue
		}
		index[k] = i
	}
	return l
}

// with gives a listing with more rows: those of principals whom this one does
// not show. It costs as much as there are new rows, however many there were.
func (l *Listing) with(t Traits, rows ...Member) *Listing {
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
		l.places.of[fold(m.Principal)] = len(w.Members)
		w.Members = append(w.Members, m)
		if m.Enabled {
			next.enabled++
		}
		if hasRole(m, t.OwnerRole) {
			next.Partial = false
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
		k := fold(m.Principal)
		if i, listed := l.places.of[k]; listed && i < len(l.Members) || seen[k] {
			continue
		}
		seen[k] = true
		out = append(out, m)
	}
	return out
}

// Member finds a principal: by its exact id, else without regard to case.
func (l *Listing) Member(p Principal) (Member, bool) {
	for _, i := range l.twins {
		if l.Members[i].Principal == p {
			return l.Members[i], true
		}
	}
	if i, ok := l.places.find(fold(p), len(l.Members)); ok {
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
