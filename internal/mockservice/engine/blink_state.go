package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// blinkState is a Blink tenant; guarded by Server.mu.
type blinkState struct {
	keys   map[string]string // key -> user id
	key    string            // the first key
	roles  map[string]string // lower case -> as the seed spells it
	users  map[string]*BlinkUser
	groups map[string]*BlinkGroup
	// people holds every user and group in the order in which they came.
	people     []key
	workspaces map[string]*workspace
	order      []*workspace
	version    int // of people, for cached listings
}

func newBlinkState(seed BlinkSeed, now time.Time) blinkState {
	b := blinkState{
		keys: map[string]string{}, roles: map[string]string{}, users: map[string]*BlinkUser{},
		groups: map[string]*BlinkGroup{}, workspaces: map[string]*workspace{},
	}
	for _, r := range slices.Concat(builtInBlinkRoles, seed.Roles) {
		if _, known := b.roles[strings.ToLower(r)]; !known {
			b.roles[strings.ToLower(r)] = r
		}
	}
	for _, u := range seed.Users {
		b.addUser(u)
	}
	for _, g := range seed.Groups {
		b.addGroup(g)
	}
	for _, w := range seed.Workspaces {
		b.addWorkspace(w, now)
	}
	for _, k := range seed.Keys {
		b.addKey(k)
	}
	if len(seed.Keys) == 0 {
		for _, u := range seed.Users {
			if isAdmin(u.Role) && u.Status != StatusInvited {
				b.addKey(BlinkKey{DefaultBlinkKey, u.ID})
				break
			}
		}
	}
	return b
}

func isAdmin(role string) bool { return strings.EqualFold(role, "admin") }

func (b *blinkState) addKey(k BlinkKey) {
	b.keys[k.Key] = k.User
	if b.key == "" {
		b.key = k.Key
	}
}

func (b *blinkState) addUser(u BlinkUser) {
	u.Status = cmp.Or(u.Status, StatusActive)
	u.Role = cmp.Or(u.Role, "Builder")
	u.Name = cmp.Or(u.Name, nameFromEmail(u.Email))
	b.users[u.ID] = &u
	b.people = append(b.people, key{KindUser, u.ID})
	b.version++
}

func (b *blinkState) addGroup(g BlinkGroup) {
	g.Members = slices.Clone(g.Members)
	b.groups[g.ID] = &g
	b.people = append(b.people, key{KindGroup, g.ID})
	b.version++
}

func (b *blinkState) addWorkspace(seed BlinkWorkspace, now time.Time) *workspace {
	w := newWorkspace(ProductBlink, seed.ID)
	w.displayName, w.description = seed.DisplayName, seed.Description
	w.name = cmp.Or(seed.Name, slug(seed.DisplayName))
	w.kind = cmp.Or(seed.Type, "shared")
	for _, id := range sortedKeys(seed.Users) {
		w.put(key{KindUser, id}, standing{present: true, roles: []string{seed.Users[id]}, enabled: true}, now)
	}
	for _, id := range sortedKeys(seed.Groups) {
		w.put(key{KindGroup, id}, standing{present: true, roles: []string{seed.Groups[id]}, enabled: true}, now)
	}
	w.history = nil
	b.workspaces[w.id] = w
	b.order = append(b.order, w)
	return w
}

// slug makes a name such as "payments_prod" from a display name.
func slug(display string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		default:
			return '_'
		}
	}, display)
}

func nameFromEmail(email string) string {
	local, _, _ := strings.Cut(email, "@")
	words := strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// canonicalRole gives the role as the service keeps it, or false for one that it does not know.
func (b *blinkState) canonicalRole(sent string, how BlinkBehaviour) (string, bool) {
	spelled, known := b.roles[strings.ToLower(sent)]
	switch {
	case !known && how.UnknownRole == "accept":
		return sent, true
	case !known, how.RoleCase == "exact" && sent != spelled:
		return "", false
	case how.RoleCase == "capitalised":
		if slices.Contains(builtInBlinkRoles, spelled) {
			spelled = strings.ToUpper(spelled[:1]) + spelled[1:]
		}
		return spelled, true
	case how.RoleCase == "exact":
		return spelled, true
	default:
		return sent, true
	}
}

// right is what a caller may do in a workspace.
type right int

const (
	rightNone right = iota
	rightRead
	rightWrite
)

// rightIn gives what a user may do: tenant admins and owners (by themselves or
// through a group) everything, other members read.
func (b *blinkState) rightIn(w *workspace, user string) right {
	if u := b.users[user]; u != nil && isAdmin(u.Role) {
		return rightWrite
	}
	best := rightNone
	see := func(s standing) {
		switch {
		case !s.present:
		case s.hasRole("owner"):
			best = rightWrite
		default:
			best = max(best, rightRead)
		}
	}
	see(w.standingOf(key{KindUser, user}))
	if best == rightWrite {
		return best
	}
	for k, m := range w.members {
		if k.kind == KindGroup && slices.Contains(b.groups[k.id].Members, user) {
			see(m.standing)
		}
	}
	return best
}

// roleIn gives the caller's own role for the list of workspaces; "" for none.
func (b *blinkState) roleIn(w *workspace, user string) string {
	if s := w.standingOf(key{KindUser, user}); s.present {
		return s.String()
	}
	for _, m := range w.order {
		if m != nil && m.kind == KindGroup && slices.Contains(b.groups[m.id].Members, user) {
			return m.standing.String()
		}
	}
	return ""
}
