package blazemeter

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

// state is what BlazeMeter holds.
type state struct {
	*engine.Workspaces

	keys       map[string]Key // by key id
	key        Key            // the first
	users      map[string]*User
	accounts   map[string]*account
	accountIDs []string
	workspaces map[string]*workspace
	version    int // of people and accounts, for cached listings
}

type account struct {
	id, name string
	users    map[string]*AccountUser
	order    []string
	pages    pageCache[string]
}

type workspace struct {
	*engine.Workspace
	account  string
	disabled bool
	created  int64 // Unix seconds
	pages    pageCache[engine.Row]
	turns    map[string]int // how often each filter's list has changed its order
}

func newState(part engine.Part, ws *engine.Workspaces) engine.State {
	s := &state{
		Workspaces: ws,
		keys:       map[string]Key{}, users: map[string]*User{},
		accounts: map[string]*account{}, workspaces: map[string]*workspace{},
	}
	seed, ok := part.(*Seed)
	if !ok { // the table says that parts of this product are seeds of this package
		return s
	}
	for _, u := range seed.Users {
		s.addUser(u)
	}
	for _, a := range seed.Accounts {
		acc := &account{id: idText(a.ID), name: a.Name, users: map[string]*AccountUser{}}
		s.accounts[acc.id] = acc
		s.accountIDs = append(s.accountIDs, acc.id)
		for _, u := range a.Users {
			acc.add(u)
		}
	}
	for _, w := range seed.Workspaces {
		s.addWorkspace(w)
	}
	for _, k := range seed.Keys {
		s.addKey(k)
	}
	if len(seed.Keys) == 0 {
		s.addDefaultKey(seed)
	}
	return s
}

func (s *state) addDefaultKey(seed *Seed) {
	for _, a := range seed.Accounts {
		for _, u := range a.Users {
			if slices.Contains(u.Roles, "admin") && !u.Disabled {
				s.addKey(Key{DefaultKeyID, DefaultKeySecret, u.ID})
				return
			}
		}
	}
}

func (s *state) addKey(k Key) {
	s.keys[k.ID] = k
	if s.key.ID == "" {
		s.key = k
	}
}

func (s *state) addUser(u User) {
	if u.FirstName == "" && u.LastName == "" {
		u.FirstName, u.LastName, _ = strings.Cut(cmp.Or(u.DisplayName, engine.NameFromEmail(u.Email)), " ")
	}
	u.DisplayName = cmp.Or(u.DisplayName, strings.TrimSpace(u.FirstName+" "+u.LastName))
	s.users[idText(u.ID)] = &u
}

func (a *account) add(u AccountUser) {
	if len(u.Roles) == 0 {
		u.Roles = []string{"standard"}
	}
	u.Roles = slices.Clone(u.Roles)
	id := idText(u.ID)
	if a.users[id] == nil {
		a.order = append(a.order, id)
	}
	a.users[id] = &u
}

func (s *state) addWorkspace(seed Workspace) {
	w := &workspace{
		Workspace: s.Add(idText(seed.ID), seed.Name),
		account:   idText(seed.Account), disabled: seed.Disabled, created: s.Now().Unix(), turns: map[string]int{},
	}
	rows := make([]engine.Row, len(seed.Users))
	for i, u := range seed.Users {
		rows[i] = engine.Row{
			Key:      user(idText(u.ID)),
			Standing: engine.Standing{Present: true, Roles: slices.Clone(u.roles()), Enabled: !u.Disabled},
		}
	}
	s.workspaces[w.ID] = w
	s.Fill(w.Workspace, rows)
}

func user(id string) engine.Key { return engine.Key{Kind: engine.KindUser, ID: id} }

// accountRight gives what a user may do in an account: admins, owners and user
// managers everything, other enabled people see it.
func (s *state) accountRight(account, user string) engine.Right {
	a := s.accounts[account]
	if a == nil || a.users[user] == nil || a.users[user].Disabled {
		return engine.RightNone
	}
	for _, r := range a.users[user].Roles {
		if r == "admin" || r == "owner" || r == "user_manager" {
			return engine.RightWrite
		}
	}
	return engine.RightRead
}

// rightIn gives what a user may do in a workspace: what the account gives to its
// admins, else managers everything, other enabled members read.
func (s *state) rightIn(w *workspace, id string) engine.Right {
	account := s.accountRight(w.account, id)
	if account == engine.RightWrite {
		return engine.RightWrite
	}
	st := w.StandingOf(user(id))
	switch {
	case account == engine.RightNone || !st.Present || !st.Enabled:
		return engine.RightNone
	case st.HasRole("manager"):
		return engine.RightWrite
	default:
		return engine.RightRead
	}
}

// find gives a workspace that is there.
func (s *state) find(id string) *workspace {
	if w := s.workspaces[id]; w != nil && !w.Gone() {
		return w
	}
	return nil
}

// Authenticate takes the key's id and secret as basic authentication.
func (s *state) Authenticate(c *engine.Call) (engine.Answer, bool) {
	id, secret, _ := c.Request.BasicAuth()
	k, known := s.keys[id]
	if !known || k.Secret != secret {
		a := envelopeOfError(http.StatusUnauthorized, "Unauthorized", s.RequestID())
		a.Header.Set("WWW-Authenticate", "Basic realm=api")
		return a, false
	}
	c.Caller = idText(k.User)
	return engine.Answer{}, true
}

// CountsAsOwner counts an enabled user with the role manager whom the account has not disabled.
func (s *state) CountsAsOwner(w *engine.Workspace, r engine.Row) (users, groups int) {
	if r.Present && r.Enabled && r.HasRole("manager") && !s.disabledInAccount(s.workspaces[w.ID], r.ID) {
		return 1, 0
	}
	return 0, 0
}

// disabledInAccount tells if the account of a workspace has disabled a user.
func (s *state) disabledInAccount(w *workspace, user string) bool {
	if w == nil {
		return false
	}
	a := s.accounts[w.account]
	return a != nil && a.users[user] != nil && a.users[user].Disabled
}

// SetMember gives a user roles in a workspace, enabled or not.
func (s *state) SetMember(workspace string, m engine.Member) error {
	if m.Kind != engine.KindUser {
		return errors.New("blazemeter has users only")
	}
	if s.users[m.ID] == nil {
		return fmt.Errorf("there is no BlazeMeter user %q", m.ID)
	}
	w, err := s.Find(workspace)
	if err != nil {
		return err
	}
	s.Set(w, user(m.ID), engine.Standing{Present: true, Roles: slices.Clone(m.Roles), Enabled: m.Enabled})
	return nil
}

// UnknownRoute is an error in the vendor's envelope.
func (s *state) UnknownRoute(status int) engine.Answer {
	a := envelopeOfError(status, http.StatusText(status)+": no such endpoint", "")
	a.Undescribed = true
	return a
}

// Failure is a failure in the vendor's envelope.
func (s *state) Failure(status int) engine.Answer {
	return s.fail(status, "the service cannot answer now")
}

// Env names the provider's variables.
func (s *state) Env(base string) []string {
	if s.key.ID == "" {
		return nil
	}
	return []string{
		"BLAZEMETER_ENDPOINT=" + base,
		"BLAZEMETER_API_KEY_ID=" + s.key.ID,
		"BLAZEMETER_API_KEY_SECRET=" + s.key.Secret,
	}
}

// Part gives everything as a seed.
func (s *state) Part() engine.Part {
	out := &Seed{}
	for _, id := range slices.Sorted(maps.Keys(s.keys)) {
		if id == s.key.ID {
			out.Keys = slices.Insert(out.Keys, 0, s.keys[id])
		} else {
			out.Keys = append(out.Keys, s.keys[id])
		}
	}
	for _, u := range s.users {
		out.Users = append(out.Users, *u)
	}
	slices.SortFunc(out.Users, func(x, y User) int { return cmp.Compare(x.ID, y.ID) })
	for _, id := range s.accountIDs {
		a := s.accounts[id]
		acc := Account{ID: parseID(a.id), Name: a.name}
		for _, u := range a.order {
			one := *a.users[u]
			one.Roles = slices.Clone(one.Roles)
			acc.Users = append(acc.Users, one)
		}
		out.Accounts = append(out.Accounts, acc)
	}
	for _, shared := range s.All() {
		w := s.workspaces[shared.ID]
		ws := Workspace{ID: parseID(w.ID), Name: w.DisplayName, Account: parseID(w.account), Disabled: w.disabled}
		for _, r := range w.Members() {
			u := WorkspaceUser{ID: parseID(r.ID), Disabled: !r.Enabled}
			if len(r.Roles) == 1 && slices.Contains(workspaceRoles, r.Roles[0]) {
				u.Role = r.Roles[0]
			} else {
				u.Roles = append([]string{}, r.Roles...)
			}
			ws.Users = append(ws.Users, u)
		}
		out.Workspaces = append(out.Workspaces, ws)
	}
	return out
}

// numeric tells if an id in a path is the decimal number that the service would have written.
func numeric(id string) bool {
	n, err := strconv.ParseInt(id, 10, 64)
	return err == nil && n > 0 && idText(n) == id
}

// parseID reads an id that idText has written.
func parseID(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
