package engine

import (
	"slices"
	"strings"
	"time"
)

// Product names one of the two products that the service stands in for.
type Product string

// The two products, as they are written in seeds, faults and the audit trail.
const (
	ProductBlink      Product = "blink"
	ProductBlazeMeter Product = "blazemeter"
)

// The kinds of principal, as they are written in seeds and the audit trail.
const (
	KindUser  = "user"
	KindGroup = "group"
)

// key names a principal inside one product.
type key struct{ kind, id string }

// standing is what a principal is in a workspace. The zero value is "not a member".
type standing struct {
	present bool
	roles   []string
	enabled bool
}

func (s standing) equal(o standing) bool {
	return s.present == o.present && s.enabled == o.enabled && slices.Equal(s.roles, o.roles)
}

// String gives the text of the audit trail: "" for somebody who is no member,
// else the roles joined with a comma, and " (disabled)" where that is so.
func (s standing) String() string {
	if !s.present {
		return ""
	}
	text := strings.Join(s.roles, ",")
	if text == "" {
		text = "no role"
	}
	if !s.enabled {
		text += " (disabled)"
	}
	return text
}

func (s standing) hasRole(role string) bool {
	return slices.ContainsFunc(s.roles, func(r string) bool { return strings.EqualFold(r, role) })
}

type member struct {
	key
	standing
	slot int // index in workspace.order
}

// change is one step of a workspace's history, kept so that reads can show the past.
type change struct {
	at     time.Time
	reads  int // how many listings had been read before it
	key    key
	before standing
}

// workspace holds the members of one workspace in the order in which they
// joined. Every operation costs O(1), a listing O(members), once per version.
type workspace struct {
	product     Product
	id          string
	displayName string
	name        string
	description string
	kind        string
	account     string // BlazeMeter
	disabled    bool   // BlazeMeter
	created     int64
	gone        bool // deleted; kept for its audit figures

	members map[key]*member
	order   []*member // nil where somebody left
	holes   int

	version int
	history []change
	reads   int

	owners OwnerCounts
	// lastWrite is the standing that the last applied API write left a principal
	// in; a change from outside forgets it.
	lastWrite map[key]string

	rows        []row // the listing of rowsVersion
	rowsVersion int
	rowsTenant  int
	blinkJSON   []byte // the encoded Blink listing of rowsVersion
	pages       pageCache[row]
}

// OwnerCounts says how many owners a workspace has and had. An owner is, for
// Blink, a direct user who is neither invited nor inactive and whose role is
// "owner" in any case; for BlazeMeter an enabled user with the role manager.
type OwnerCounts struct {
	// Now is the number of owners at this moment.
	Now int `json:"now"`
	// Fewest is the smallest Now since the seed was loaded (or
	// [Server.ResetFewestOwners] was called), whoever caused it.
	Fewest int `json:"fewest"`
	// FewestAfterLoss is the smallest number of owners right after a write
	// through the API took an owner away; -1 when no write did.
	FewestAfterLoss int `json:"fewest_after_loss"`
	// Groups, FewestWithGroups: groups with members and the owner's role (Blink),
	// and the smallest number of owners and such groups together.
	Groups           int `json:"groups"`
	FewestWithGroups int `json:"fewest_with_groups"`
}

func newWorkspace(p Product, id string) *workspace {
	return &workspace{
		product: p, id: id,
		members:     map[key]*member{},
		lastWrite:   map[key]string{},
		rowsVersion: -1,
		owners:      OwnerCounts{FewestAfterLoss: -1},
	}
}

func (w *workspace) standingOf(k key) standing {
	if m := w.members[k]; m != nil {
		return m.standing
	}
	return standing{}
}

// put sets somebody's standing and keeps order, history and version.
func (w *workspace) put(k key, after standing, now time.Time) {
	m := w.members[k]
	w.history = append(w.history, change{at: now, reads: w.reads, key: k, before: w.standingOf(k)})
	w.version++
	switch {
	case !after.present && m != nil:
		delete(w.members, k)
		w.order[m.slot] = nil
		w.holes++
		if w.holes > 64 && w.holes > len(w.order)/2 {
			w.compact()
		}
	case after.present && m == nil:
		m = &member{key: k, standing: after, slot: len(w.order)}
		w.members[k] = m
		w.order = append(w.order, m)
	case after.present:
		m.standing = after
	}
}

func (w *workspace) compact() {
	kept := w.order[:0]
	for _, m := range w.order {
		if m != nil {
			m.slot = len(kept)
			kept = append(kept, m)
		}
	}
	clear(w.order[len(kept):])
	w.order, w.holes = kept, 0
}

// row is one line of a listing, apart from what people and groups look like.
type row struct {
	key
	standing
}

// lag says how old the state is that a listing shows.
type lag struct {
	age   time.Duration
	reads int
}

func (l lag) none() bool { return l.age <= 0 && l.reads <= 0 }

// listing gives the members as they are, or as they were by l.
// The rows of the present are shared between callers and must not be changed.
func (w *workspace) listing(l lag, now time.Time) []row {
	if l.none() {
		if w.rowsVersion != w.version {
			rows := make([]row, 0, len(w.members))
			for _, m := range w.order {
				if m != nil {
					rows = append(rows, row{m.key, m.standing})
				}
			}
			w.rows, w.rowsVersion, w.blinkJSON = rows, w.version, nil
		}
		return w.rows
	}
	// Undo what is too young to be seen, newest first.
	past := map[key]standing{}
	var left []key // in the order of undoing, for people who have left since
	for _, c := range slices.Backward(w.history) {
		hidden := l.age > 0 && now.Sub(c.at) < l.age || l.reads > 0 && w.reads-c.reads < l.reads
		if !hidden {
			break
		}
		if _, seen := past[c.key]; !seen && w.members[c.key] == nil {
			left = append(left, c.key)
		}
		past[c.key] = c.before
	}
	rows := make([]row, 0, len(w.members)+len(left))
	for _, m := range w.order {
		if m == nil {
			continue
		}
		s, changed := past[m.key]
		if !changed {
			s = m.standing
		}
		if s.present {
			rows = append(rows, row{m.key, s})
		}
	}
	for _, k := range left {
		if s := past[k]; s.present {
			rows = append(rows, row{k, s})
		}
	}
	return rows
}
