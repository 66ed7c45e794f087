package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The kinds of principal, as they are written in the audit trail.
const (
	KindUser  = "user"
	KindGroup = "group"
)

// Key names a principal inside one product.
type Key struct{ Kind, ID string }

// Standing is what a principal is in a workspace. The zero value is "not a member".
type Standing struct {
	Present bool
	Roles   []string
	Enabled bool
}

// Holds is the standing of an enabled member with these roles.
func Holds(roles ...string) Standing { return Standing{Present: true, Roles: roles, Enabled: true} }

func (s Standing) equal(o Standing) bool {
	return s.Present == o.Present && s.Enabled == o.Enabled && slices.Equal(s.Roles, o.Roles)
}

// String gives the text of the audit trail: "" for a user who is no member,
// else the roles joined with a comma, and " (disabled)" where that is so.
func (s Standing) String() string {
	if !s.Present {
		return ""
	}
	text := strings.Join(s.Roles, ",")
	if text == "" {
		text = "no role"
	}
	if !s.Enabled {
		text += " (disabled)"
	}
	return text
}

// HasRole tells if one of the roles is this one, in any letter case.
func (s Standing) HasRole(role string) bool {
	return slices.ContainsFunc(s.Roles, func(r string) bool { return strings.EqualFold(r, role) })
}

type member struct {
	Key
	Standing
	slot int // index in Workspace.order
}

// change is one step of a workspace's history, kept so that reads can show the past.
type change struct {
	at     time.Time
	seen   time.Time // from when on listings show it
	reads  int       // how many listings had been read before it
	key    Key
	before Standing
}

// Workspace holds the members of one workspace in the order in which they
// joined. Every operation costs O(1), a listing O(members), once per version.
type Workspace struct {
	ID string
	// DisplayName is the name for people.
	DisplayName string

	product string
	gone    bool // deleted; kept for its audit figures

	members map[Key]*member
	order   []*member // nil where a user left
	holes   int

	version int
	history []change
	allSeen time.Time // from when on listings show every change
	reads   int

	owners OwnerCounts
	// lastWrite is the standing that the last applied API write left a principal
	// in; a change from outside forgets it.
	lastWrite map[Key]string

	rows        []Row // the listing of rowsVersion
	rowsVersion int
}

// OwnerCounts says how many owners a workspace has and had. The product says
// who is one.
type OwnerCounts struct {
	// Now is the number of owners at this moment.
	Now int `json:"now"`
	// Fewest is the smallest Now since the seed was loaded (or
	// [Server.ResetFewestOwners] was called), whatever caused it.
	Fewest int `json:"fewest"`
	// FewestAfterLoss is the smallest number of owners right after a write
	// through the API took an owner away; -1 when no write did.
	FewestAfterLoss int `json:"fewest_after_loss"`
	// Groups, FewestWithGroups: groups with members and the owner's role,
	// and the smallest number of owners and such groups together.
	Groups           int `json:"groups"`
	FewestWithGroups int `json:"fewest_with_groups"`
}

// Gone tells if the workspace has been deleted.
func (w *Workspace) Gone() bool { return w.gone }

// Len is the number of members.
func (w *Workspace) Len() int { return len(w.members) }

// Version changes with everything that a listing shows of the workspace itself.
func (w *Workspace) Version() int { return w.version }

// StandingOf gives what a principal is in the workspace.
func (w *Workspace) StandingOf(k Key) Standing {
	if m := w.members[k]; m != nil {
		return m.Standing
	}
	return Standing{}
}

// Members gives everybody in the order in which they joined. The rows are
// shared and must not be changed.
func (w *Workspace) Members() []Row {
	if w.rowsVersion != w.version {
		rows := make([]Row, 0, len(w.members))
		for _, m := range w.order {
			if m != nil {
				rows = append(rows, Row{m.Key, m.Standing})
			}
		}
		w.rows, w.rowsVersion = rows, w.version
	}
	return w.rows
}

// put sets a member's standing and keeps order, history and version.
func (w *Workspace) put(row Row, now time.Time, delay time.Duration) {
	k, after := row.Key, row.Standing
	m := w.members[k]
	seen := now.Add(delay)
	w.history = append(w.history, change{at: now, seen: seen, reads: w.reads, key: k, before: w.StandingOf(k)})
	if seen.After(w.allSeen) {
		w.allSeen = seen
	}
	w.version++
	switch {
	case !after.Present && m != nil:
		delete(w.members, k)
		w.order[m.slot] = nil
		w.holes++
		if w.holes > 64 && w.holes > len(w.order)/2 {
			w.compact()
		}
	case after.Present && m == nil:
		m = &member{Key: k, Standing: after, slot: len(w.order)}
		w.members[k] = m
		w.order = append(w.order, m)
	case after.Present:
		m.Standing = after
	}
}

func (w *Workspace) compact() {
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

// Row is one line of a listing, apart from what people and groups look like.
type Row struct {
	Key
	Standing
}

// lag says how old the state is that a listing shows.
type lag struct {
	age   time.Duration
	reads int
}

func (l lag) none() bool { return l.age <= 0 && l.reads <= 0 }

// Listing gives the members as the call sees them, which may be late, and counts
// the reading. current is false where that may differ from [Workspace.Members].
// The rows are shared and must not be changed.
func (ws *Workspaces) Listing(c *Call, w *Workspace) (rows []Row, current bool) {
	rows, current = w.Members(), true
	if now := ws.Now(); !c.plan.lag.none() || now.Before(w.allSeen) {
		rows, current = w.past(c.plan.lag, now), false
	}
	w.reads++
	return rows, current
}

// past gives the members as they were by l: it undoes what is too young to be
// seen, newest first. Of one principal the newest change that is seen decides.
func (w *Workspace) past(l lag, now time.Time) []Row {
	past, decided := map[Key]Standing{}, map[Key]bool{}
	var left []Key // in the order of undoing, for people who have left since
	for _, c := range slices.Backward(w.history) {
		late := l.age > 0 && now.Sub(c.at) < l.age || l.reads > 0 && w.reads-c.reads < l.reads
		if !late && !now.Before(w.allSeen) {
			break
		}
		if decided[c.key] {
			continue
		}
		if !late && !now.Before(c.seen) {
			decided[c.key] = true
			continue
		}
		if _, undone := past[c.key]; !undone && w.members[c.key] == nil {
			left = append(left, c.key)
		}
		past[c.key] = c.before
	}
	rows := make([]Row, 0, len(w.members)+len(left))
	for _, m := range w.order {
		if m == nil {
			continue
		}
		s, changed := past[m.Key]
		if !changed {
			s = m.Standing
		}
		if s.Present {
			rows = append(rows, Row{m.Key, s})
		}
	}
	for _, k := range left {
		if s := past[k]; s.Present {
			rows = append(rows, Row{k, s})
		}
	}
	return rows
}

// Workspaces are the workspaces of one product, with what the audit trail says of them.
type Workspaces struct {
	server  *Server
	product string
	owns    func(*Workspace, Row) (user, group int)
	all     []*Workspace // in the order of the seed, deleted ones too
}

// Add makes an empty workspace. Its first members are put in with [Workspaces.Fill].
func (ws *Workspaces) Add(id, displayName string) *Workspace {
	w := &Workspace{
		ID: id, DisplayName: displayName, product: ws.product,
		members:     map[Key]*member{},
		lastWrite:   map[Key]string{},
		rowsVersion: -1,
		owners:      OwnerCounts{FewestAfterLoss: -1},
	}
	ws.all = append(ws.all, w)
	return w
}

// Fill puts the first members in; no reading shows the workspace without them.
func (ws *Workspaces) Fill(w *Workspace, rows []Row) {
	for _, r := range rows {
		w.put(r, ws.Now(), 0)
	}
	w.history = nil
	if ws.owns != nil { // else the whole product is counted once it is there
		ws.recount(w)
		w.restartFewest()
	}
}

// All gives the workspaces that are there, in the order in which they came.
func (ws *Workspaces) All() []*Workspace {
	return slices.DeleteFunc(slices.Clone(ws.all), (*Workspace).Gone)
}

// find gives a workspace, deleted or not; nil for one that never was.
func (ws *Workspaces) find(id string) *Workspace {
	// The newest first: a workspace may have been deleted and made again.
	for _, w := range slices.Backward(ws.all) {
		if w.ID == id {
			return w
		}
	}
	return nil
}

// Find gives a workspace that is there, or an error that names it.
func (ws *Workspaces) Find(id string) (*Workspace, error) {
	if w := ws.find(id); w != nil && !w.gone {
		return w, nil
	}
	return nil, fmt.Errorf("there is no %s workspace %q", ws.product, id)
}

// Now is the time of the server's clock.
func (ws *Workspaces) Now() time.Time { return ws.server.now() }

// RequestID gives the next id for an answer that carries one.
func (ws *Workspaces) RequestID() string {
	ws.server.requestID++
	return fmt.Sprintf("%013x", 0x5dc9c00000000+ws.server.requestID)
}

// Set changes a member's standing without a call of the API.
func (ws *Workspaces) Set(w *Workspace, k Key, after Standing) {
	ws.put(w, Row{k, after}, 0)
	delete(w.lastWrite, k)
}

// IsLastOwner tells if the workspace would have no owner left without k.
func (ws *Workspaces) IsLastOwner(w *Workspace, k Key) bool {
	owner, _ := ws.owns(w, Row{k, w.StandingOf(k)})
	return owner == 1 && w.owners.Now == 1
}

// put changes a member's standing and keeps the counts of owners. Listings show it after a delay.
func (ws *Workspaces) put(w *Workspace, after Row, delay time.Duration) {
	user, group := ws.owns(w, Row{after.Key, w.StandingOf(after.Key)})
	w.put(after, ws.Now(), delay)
	userNow, groupNow := ws.owns(w, after)
	w.owners.Now += userNow - user
	w.owners.Groups += groupNow - group
	w.noteFewest()
}

// Recount counts all owners again, after people changed.
func (ws *Workspaces) Recount() {
	for _, w := range ws.all {
		ws.recount(w)
		w.noteFewest()
	}
}

func (ws *Workspaces) recount(w *Workspace) {
	w.owners.Now, w.owners.Groups = 0, 0
	for _, m := range w.members {
		u, g := ws.owns(w, Row{m.Key, m.Standing})
		w.owners.Now += u
		w.owners.Groups += g
	}
}

func (w *Workspace) noteFewest() {
	w.owners.Fewest = min(w.owners.Fewest, w.owners.Now)
	w.owners.FewestWithGroups = min(w.owners.FewestWithGroups, w.owners.Now+w.owners.Groups)
}

func (w *Workspace) restartFewest() {
	w.owners.Fewest = w.owners.Now
	w.owners.FewestWithGroups = w.owners.Now + w.owners.Groups
	w.owners.FewestAfterLoss = -1
}
