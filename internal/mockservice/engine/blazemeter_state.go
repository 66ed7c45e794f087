package engine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// blazeMeterState is what BlazeMeter holds; guarded by Server.mu.
type blazeMeterState struct {
	keys       map[string]BlazeMeterKey // by key id
	key        BlazeMeterKey            // the first
	users      map[string]*BlazeMeterUser
	accounts   map[string]*bzmAccount
	accountIDs []string
	workspaces map[string]*workspace
	order      []*workspace
	version    int // of people and accounts, for cached listings
}

type bzmAccount struct {
	id, name string
	users    map[string]*BlazeMeterAccountUser
	order    []string
	pages    pageCache[string]
}

func newBlazeMeterState(seed BlazeMeterSeed, now time.Time) blazeMeterState {
	b := blazeMeterState{
		keys: map[string]BlazeMeterKey{}, users: map[string]*BlazeMeterUser{},
		accounts: map[string]*bzmAccount{}, workspaces: map[string]*workspace{},
	}
	for _, u := range seed.Users {
		b.addUser(u)
	}
	for _, a := range seed.Accounts {
		acc := &bzmAccount{id: idText(a.ID), name: a.Name, users: map[string]*BlazeMeterAccountUser{}}
		b.accounts[acc.id] = acc
		b.accountIDs = append(b.accountIDs, acc.id)
		for _, u := range a.Users {
			acc.add(u)
		}
	}
	for _, w := range seed.Workspaces {
		b.addWorkspace(w, now)
	}
	for _, k := range seed.Keys {
		b.addKey(k)
	}
	if len(seed.Keys) == 0 {
		b.addDefaultKey(seed)
	}
	return b
}

func (b *blazeMeterState) addDefaultKey(seed BlazeMeterSeed) {
	for _, a := range seed.Accounts {
		for _, u := range a.Users {
			if slices.Contains(u.Roles, "admin") && !u.Disabled {
				b.addKey(BlazeMeterKey{DefaultBlazeMeterKeyID, DefaultBlazeMeterKeySecret, u.ID})
				return
			}
		}
	}
}

func (b *blazeMeterState) addKey(k BlazeMeterKey) {
	b.keys[k.ID] = k
	if b.key.ID == "" {
		b.key = k
	}
}

func (b *blazeMeterState) addUser(u BlazeMeterUser) {
	if u.FirstName == "" && u.LastName == "" {
		u.FirstName, u.LastName, _ = strings.Cut(cmp.Or(u.DisplayName, nameFromEmail(u.Email)), " ")
	}
	u.DisplayName = cmp.Or(u.DisplayName, strings.TrimSpace(u.FirstName+" "+u.LastName))
	b.users[idText(u.ID)] = &u
}

func (a *bzmAccount) add(u BlazeMeterAccountUser) {
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

func (b *blazeMeterState) addWorkspace(seed BlazeMeterWorkspace, now time.Time) *workspace {
	w := newWorkspace(ProductBlazeMeter, idText(seed.ID))
	w.displayName, w.account, w.disabled, w.created = seed.Name, idText(seed.Account), seed.Disabled, now.Unix()
	for _, u := range seed.Users {
		w.put(key{KindUser, idText(u.ID)}, standing{present: true, roles: slices.Clone(u.roles()), enabled: !u.Disabled}, now)
	}
	w.history = nil
	b.workspaces[w.id] = w
	b.order = append(b.order, w)
	return w
}

// accountRight gives what a user may do in an account: admins, owners and user
// managers everything, other enabled people see it.
func (b *blazeMeterState) accountRight(account, user string) right {
	a := b.accounts[account]
	if a == nil || a.users[user] == nil || a.users[user].Disabled {
		return rightNone
	}
	for _, r := range a.users[user].Roles {
		if r == "admin" || r == "owner" || r == "user_manager" {
			return rightWrite
		}
	}
	return rightRead
}

// rightIn gives what a user may do in a workspace: what the account gives to its
// admins, else managers everything, other enabled members read.
func (b *blazeMeterState) rightIn(w *workspace, user string) right {
	account := b.accountRight(w.account, user)
	if account == rightWrite {
		return rightWrite
	}
	s := w.standingOf(key{KindUser, user})
	switch {
	case account == rightNone || !s.present || !s.enabled:
		return rightNone
	case s.hasRole("manager"):
		return rightWrite
	default:
		return rightRead
	}
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
