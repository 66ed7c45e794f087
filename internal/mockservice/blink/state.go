package blink

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

// state is a Blink tenant.
type state struct {
	*engine.Workspaces

	keys   map[string]string // key -> user id
	key    string            // the first key
	roles  map[string]string // lower case -> as the seed spells it
	users  map[string]*User
	groups map[string]*Group
	// people holds every user and group in the order in which they came.
	people     []engine.Key
	workspaces map[string]*workspace
	version    int // of people, for cached listings
}

type workspace struct {
	*engine.Workspace
	name, description, kind string
	listing                 cachedListing
}

// cachedListing is an encoded listing, and what it depends on.
type cachedListing struct {
	body            []byte
	version, tenant int
	how             Behaviour
}

func newState(part engine.Part, ws *engine.Workspaces) engine.State {
	s := &state{
		Workspaces: ws,
		keys:       map[string]string{}, roles: map[string]string{}, users: map[string]*User{},
		groups: map[string]*Group{}, workspaces: map[string]*workspace{},
	}
	seed, ok := part.(*Seed)
	if !ok { // the table says that parts of this product are seeds of this package
		return s
	}
	for _, r := range slices.Concat(builtInRoles, seed.Roles) {
		if _, known := s.roles[strings.ToLower(r)]; !known {
			s.roles[strings.ToLower(r)] = r
		}
	}
	for _, u := range seed.Users {
		s.addUser(u)
	}
	for _, g := range seed.Groups {
		s.addGroup(g)
	}
	for _, w := range seed.Workspaces {
		s.addWorkspace(w)
	}
	for _, k := range seed.Keys {
		s.addKey(k)
	}
	if len(seed.Keys) == 0 {
		for _, u := range seed.Users {
			if isAdmin(u.Role) && u.Status != StatusInvited {
				s.addKey(Key{DefaultKey, u.ID})
				break
			}
		}
	}
	return s
}

func isAdmin(role string) bool { return strings.EqualFold(role, "admin") }

func (s *state) addKey(k Key) {
	s.keys[k.Key] = k.User
	if s.key == "" {
		s.key = k.Key
	}
}

func (s *state) addUser(u User) {
	u.Status = cmp.Or(u.Status, StatusActive)
	u.Role = cmp.Or(u.Role, "Builder")
	u.Name = cmp.Or(u.Name, engine.NameFromEmail(u.Email))
	s.users[u.ID] = &u
	s.people = append(s.people, user(u.ID))
	s.version++
}

func (s *state) addGroup(g Group) {
	g.Members = slices.Clone(g.Members)
	s.groups[g.ID] = &g
	s.people = append(s.people, group(g.ID))
	s.version++
}

func (s *state) addWorkspace(seed Workspace) {
	w := &workspace{
		Workspace: s.Add(seed.ID, seed.DisplayName), description: seed.Description,
		name: cmp.Or(seed.Name, slug(seed.DisplayName)), kind: cmp.Or(seed.Type, "shared"),
	}
	var rows []engine.Row
	for _, id := range slices.Sorted(maps.Keys(seed.Users)) {
		rows = append(rows, engine.Row{Key: user(id), Standing: engine.Holds(seed.Users[id])})
	}
	for _, id := range slices.Sorted(maps.Keys(seed.Groups)) {
		rows = append(rows, engine.Row{Key: group(id), Standing: engine.Holds(seed.Groups[id])})
	}
	s.workspaces[seed.ID] = w
	s.Fill(w.Workspace, rows)
}

func user(id string) engine.Key  { return engine.Key{Kind: engine.KindUser, ID: id} }
func group(id string) engine.Key { return engine.Key{Kind: engine.KindGroup, ID: id} }

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

// canonicalRole gives the role as the service keeps it, or false for one that it does not know.
func (s *state) canonicalRole(sent string, how *Behaviour) (string, bool) {
	spelled, known := s.roles[strings.ToLower(sent)]
	switch {
	case !known && how.UnknownRole == "accept":
		return sent, true
	case !known, how.RoleCase == "exact" && sent != spelled:
		return "", false
	case how.RoleCase == "capitalised":
		if slices.Contains(builtInRoles, spelled) {
			spelled = strings.ToUpper(spelled[:1]) + spelled[1:]
		}
		return spelled, true
	case how.RoleCase == "exact":
		return spelled, true
	default:
		return sent, true
	}
}

// rightIn gives what a user may do: tenant admins and owners (by themselves or
// through a group) everything, other members read.
func (s *state) rightIn(w *workspace, id string) engine.Right {
	if u := s.users[id]; u != nil && isAdmin(u.Role) {
		return engine.RightWrite
	}
	best := engine.RightNone
	for _, st := range s.standingsOf(w, id) {
		if st.HasRole("owner") {
			return engine.RightWrite
		}
		best = engine.RightRead
	}
	return best
}

// standingsOf gives what a user is in a workspace, directly and then through groups.
func (s *state) standingsOf(w *workspace, id string) []engine.Standing {
	var all []engine.Standing
	if st := w.StandingOf(user(id)); st.Present {
		all = append(all, st)
	}
	for _, r := range w.Members() {
		if r.Kind == engine.KindGroup && slices.Contains(s.groups[r.ID].Members, id) {
			all = append(all, r.Standing)
		}
	}
	return all
}

// find gives a workspace that is there.
func (s *state) find(id string) *workspace {
	if w := s.workspaces[id]; w != nil && !w.Gone() {
		return w
	}
	return nil
}

// Authenticate takes the key in the vendor's header.
func (s *state) Authenticate(c *engine.Call) (engine.Answer, bool) {
	no := func(details string) (engine.Answer, bool) {
		return failure(http.StatusUnauthorized, "Unauthorized", details, "unauthorized"), false
	}
	id, known := s.keys[c.Request.Header.Get("BLINK-API-KEY")]
	if !known {
		return no("the API key is invalid or expired")
	}
	if u := s.users[id]; u == nil || u.Status == StatusInactive {
		return no("the user of the API key is not active")
	}
	c.Caller = id
	return engine.Answer{}, true
}

// CountsAsOwner counts a direct user who is neither invited nor inactive and
// whose role is owner in any letter case; a group with that role and members counts as a group.
func (s *state) CountsAsOwner(_ *engine.Workspace, r engine.Row) (users, groups int) {
	switch {
	case !r.Present || !r.HasRole("owner"):
	case r.Kind == engine.KindGroup:
		if g := s.groups[r.ID]; g != nil && len(g.Members) > 0 {
			return 0, 1
		}
	default:
		if u := s.users[r.ID]; u != nil && u.Status == StatusActive {
			return 1, 0
		}
	}
	return 0, 0
}

// SetMember gives a user a role in a workspace.
func (s *state) SetMember(workspace string, m engine.Member) error {
	switch {
	case !m.Enabled:
		return errors.New("blink has no disabled members")
	case len(m.Roles) == 0:
		return errors.New("role is missing")
	}
	k, unknown := s.principal(m.Kind, m.ID)
	if unknown != "" {
		return fmt.Errorf("cannot set a role in workspace %q: %s", workspace, unknown)
	}
	w, err := s.Find(workspace)
	if err != nil {
		return err
	}
	s.Set(w, k, engine.Holds(m.Role()))
	return nil
}

// UnknownRoute is what a router in front of the product says.
func (s *state) UnknownRoute(status int) engine.Answer {
	if status == http.StatusMethodNotAllowed {
		return engine.Text(status, "405 method not allowed")
	}
	return engine.Text(status, "404 page not found")
}

// Failure is a failure in the vendor's wrapper.
func (s *state) Failure(status int) engine.Answer {
	return failure(status, http.StatusText(status), "the service cannot answer now", "mock_fault")
}

// Env names the provider's variables.
func (s *state) Env(base string) []string {
	if s.key == "" {
		return nil
	}
	return []string{"BLINK_ENDPOINT=" + base, "BLINK_API_KEY=" + s.key}
}

// Part gives the tenant as a seed.
func (s *state) Part() engine.Part {
	out := &Seed{}
	for _, k := range slices.Sorted(maps.Keys(s.keys)) {
		one := Key{k, s.keys[k]}
		if k == s.key {
			out.Keys = slices.Insert(out.Keys, 0, one)
		} else {
			out.Keys = append(out.Keys, one)
		}
	}
	for _, lower := range slices.Sorted(maps.Keys(s.roles)) {
		if !slices.Contains(builtInRoles, lower) {
			out.Roles = append(out.Roles, s.roles[lower])
		}
	}
	for _, k := range s.people {
		if k.Kind == engine.KindGroup {
			g := *s.groups[k.ID]
			g.Members = slices.Clone(g.Members)
			out.Groups = append(out.Groups, g)
		} else {
			out.Users = append(out.Users, *s.users[k.ID])
		}
	}
	for _, shared := range s.All() {
		w := s.workspaces[shared.ID]
		ws := Workspace{
			ID: w.ID, DisplayName: w.DisplayName, Name: w.name, Description: w.description, Type: w.kind,
			Users: map[string]string{}, Groups: map[string]string{},
		}
		for _, r := range w.Members() {
			if r.Kind == engine.KindGroup {
				ws.Groups[r.ID] = r.String()
			} else {
				ws.Users[r.ID] = r.String()
			}
		}
		out.Workspaces = append(out.Workspaces, ws)
	}
	return out
}
