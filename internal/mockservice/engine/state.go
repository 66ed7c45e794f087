package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Member is somebody in a workspace, by the true state.
type Member struct {
	Kind    string   `json:"kind"`
	ID      string   `json:"id"`
	Roles   []string `json:"roles"`
	Enabled bool     `json:"enabled"`
}

// Role gives the roles joined with a comma, as they mostly are one.
func (m Member) Role() string { return strings.Join(m.Roles, ",") }

// productState is what works alike for both products.
type productState struct {
	s *Server
	p Product
}

// BlinkState is direct access to the Blink tenant behind everybody's back.
// Nothing done here appears among the writes of the audit trail, but it counts
// for the fewest owners.
type BlinkState struct{ productState }

// BlazeMeterState is direct access to what BlazeMeter holds, in the same way.
type BlazeMeterState struct{ productState }

// Blink gives direct access to the Blink tenant.
func (s *Server) Blink() BlinkState { return BlinkState{productState{s, ProductBlink}} }

// BlazeMeter gives direct access to what BlazeMeter holds.
func (s *Server) BlazeMeter() BlazeMeterState {
	return BlazeMeterState{productState{s, ProductBlazeMeter}}
}

// workspace finds a workspace, deleted or not. The caller holds s.mu.
func (st productState) workspace(id string) *workspace {
	order := st.s.blink.order
	if st.p == ProductBlazeMeter {
		order = st.s.blazeMeter.order
	}
	// The newest first: a workspace may have been deleted and made again.
	for _, w := range slices.Backward(order) {
		if w.id == id {
			return w
		}
	}
	return nil
}

// Members gives everybody in a workspace; nil for one that is not there.
func (st productState) Members(workspace string) []Member {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	w := st.workspace(workspace)
	if w == nil || w.gone {
		return nil
	}
	ms := make([]Member, 0, len(w.members))
	for _, r := range w.listing(lag{}, st.s.now()) {
		ms = append(ms, Member{r.kind, r.id, slices.Clone(r.roles), r.enabled})
	}
	return ms
}

func (st productState) standing(workspace, kind, id string) standing {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if w := st.workspace(workspace); w != nil && !w.gone {
		return w.standingOf(key{kind, id})
	}
	return standing{}
}

// Owners tells how many owners a workspace has and had; the zero value (with
// FewestAfterLoss -1) for one that never was.
func (st productState) Owners(workspace string) OwnerCounts {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if w := st.workspace(workspace); w != nil {
		return w.owners
	}
	return OwnerCounts{FewestAfterLoss: -1}
}

// FewestOwners is Owners(workspace).Fewest.
func (st productState) FewestOwners(workspace string) int { return st.Owners(workspace).Fewest }

// Reads counts the listings of a workspace that were served. A paged listing counts once a page.
func (st productState) Reads(workspace string) int {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if w := st.workspace(workspace); w != nil {
		return w.reads
	}
	return 0
}

// set changes somebody's standing from outside. The caller holds s.mu.
func (st productState) set(workspace string, k key, after standing) error {
	w := st.workspace(workspace)
	if w == nil || w.gone {
		return fmt.Errorf("there is no %s workspace %q", st.p, workspace)
	}
	st.s.put(w, k, after)
	delete(w.lastWrite, k)
	return nil
}

// Remove takes somebody out of a workspace altogether.
func (st productState) Remove(workspace, kind, id string) error {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return st.set(workspace, key{kind, id}, standing{})
}

// DeleteWorkspace deletes a workspace. Its audit figures stay.
func (st productState) DeleteWorkspace(workspace string) error {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	w := st.workspace(workspace)
	if w == nil || w.gone {
		return fmt.Errorf("there is no %s workspace %q", st.p, workspace)
	}
	w.gone = true
	if st.p == ProductBlink {
		delete(st.s.blink.workspaces, workspace)
	} else {
		delete(st.s.blazeMeter.workspaces, workspace)
	}
	return nil
}

// RenameWorkspace gives a workspace another display name.
func (st productState) RenameWorkspace(workspace, name string) error {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	w := st.workspace(workspace)
	if w == nil || w.gone {
		return fmt.Errorf("there is no %s workspace %q", st.p, workspace)
	}
	w.displayName = name
	st.s.blink.version++
	return nil
}

// Role gives a member's role, "" for nobody.
func (b BlinkState) Role(workspace, kind, id string) string {
	return b.standing(workspace, kind, id).String()
}

// SetRole gives somebody a role in a workspace, who need not be a member yet.
func (b BlinkState) SetRole(workspace, kind, id, role string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	k, unknown := b.s.blinkPrincipal(kind, id)
	if unknown != "" {
		return fmt.Errorf("cannot set a role in workspace %q: %s", workspace, unknown)
	}
	return b.set(workspace, k, standing{present: true, roles: []string{role}, enabled: true})
}

// SetStatus makes a user of the tenant active, inactive or invited.
func (b BlinkState) SetStatus(user, status string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	u := b.s.blink.users[user]
	if u == nil {
		return fmt.Errorf("there is no user %q in the tenant", user)
	}
	if !slices.Contains([]string{StatusActive, StatusInactive, StatusInvited}, status) {
		return fmt.Errorf("%q is no status: active, inactive or invited", status)
	}
	u.Status = status
	b.changed()
	return nil
}

// changed recounts owners and forgets encoded listings, after people changed. The caller holds s.mu.
func (b BlinkState) changed() {
	b.s.blink.version++
	for _, w := range b.s.blink.order {
		b.s.recount(w)
		w.noteFewest()
	}
}

// Rename gives a user or group another name, and a user another e-mail address; "" leaves either as it is.
func (b BlinkState) Rename(kind, id, name, email string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if _, unknown := b.s.blinkPrincipal(kind, id); unknown != "" {
		return fmt.Errorf("cannot rename: %s", unknown)
	}
	if kind == KindGroup {
		g := b.s.blink.groups[id]
		g.Name = cmp.Or(name, g.Name)
	} else {
		u := b.s.blink.users[id]
		u.Name, u.Email = cmp.Or(name, u.Name), cmp.Or(email, u.Email)
	}
	b.s.blink.version++
	return nil
}

// SetTenantRole gives a user another role in the tenant ("Admin" may do everything).
func (b BlinkState) SetTenantRole(user, role string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	u := b.s.blink.users[user]
	if u == nil {
		return fmt.Errorf("there is no user %q in the tenant", user)
	}
	u.Role = role
	b.s.blink.version++
	return nil
}

// SetGroupMembers replaces the people in a group.
func (b BlinkState) SetGroupMembers(group string, users ...string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	g := b.s.blink.groups[group]
	if g == nil {
		return fmt.Errorf("there is no group %q in the tenant", group)
	}
	for _, u := range users {
		if b.s.blink.users[u] == nil {
			return fmt.Errorf("there is no user %q in the tenant", u)
		}
	}
	g.Members = slices.Clone(users)
	b.changed()
	return nil
}

// AddUser adds a user to the tenant.
func (b BlinkState) AddUser(u BlinkUser) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if u.ID == "" || b.s.blink.users[u.ID] != nil {
		return fmt.Errorf("the user id %q is empty or taken", u.ID)
	}
	b.s.blink.addUser(u)
	return nil
}

// RemoveUser deletes a user from the tenant and from every workspace and group.
func (b BlinkState) RemoveUser(user string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if b.s.blink.users[user] == nil {
		return fmt.Errorf("there is no user %q in the tenant", user)
	}
	k := key{KindUser, user}
	for _, w := range b.s.blink.order {
		if w.standingOf(k).present {
			b.s.put(w, k, standing{})
			delete(w.lastWrite, k)
		}
	}
	for _, g := range b.s.blink.groups {
		g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return m == user })
	}
	delete(b.s.blink.users, user)
	b.s.blink.people = slices.DeleteFunc(b.s.blink.people, func(p key) bool { return p == k })
	b.changed()
	return nil
}

// AddGroup adds a group to the tenant.
func (b BlinkState) AddGroup(g BlinkGroup) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if g.ID == "" || b.s.blink.groups[g.ID] != nil {
		return fmt.Errorf("the group id %q is empty or taken", g.ID)
	}
	for _, m := range g.Members {
		if b.s.blink.users[m] == nil {
			return fmt.Errorf("there is no user %q in the tenant", m)
		}
	}
	b.s.blink.addGroup(g)
	return nil
}

// AddWorkspace adds a workspace with its members.
func (b BlinkState) AddWorkspace(seed BlinkWorkspace) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if seed.ID == "" || b.s.blink.workspaces[seed.ID] != nil {
		return fmt.Errorf("the workspace id %q is empty or taken", seed.ID)
	}
	for id := range seed.Users {
		if b.s.blink.users[id] == nil {
			return fmt.Errorf("there is no user %q in the tenant", id)
		}
	}
	for id := range seed.Groups {
		if b.s.blink.groups[id] == nil {
			return fmt.Errorf("there is no group %q in the tenant", id)
		}
	}
	w := b.s.blink.addWorkspace(seed, b.s.now())
	b.s.recount(w)
	w.restartFewest()
	return nil
}

// Standing gives a member's roles joined with a comma, followed by " (disabled)" where that is so; "" for nobody.
func (b BlazeMeterState) Standing(workspace, user string) string {
	return b.standing(workspace, KindUser, user).String()
}

// Set gives somebody a role in a workspace, enabled or not, who need not be a member yet.
func (b BlazeMeterState) Set(workspace, user string, enabled bool, roles ...string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if b.s.blazeMeter.users[user] == nil {
		return fmt.Errorf("there is no BlazeMeter user %q", user)
	}
	return b.set(workspace, key{KindUser, user}, standing{present: true, roles: slices.Clone(roles), enabled: enabled})
}

// SetAccountUser puts a person into an account, or changes the roles or the state there.
func (b BlazeMeterState) SetAccountUser(account int64, u BlazeMeterAccountUser) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	a := b.s.blazeMeter.accounts[idText(account)]
	if a == nil {
		return fmt.Errorf("there is no BlazeMeter account %d", account)
	}
	if b.s.blazeMeter.users[idText(u.ID)] == nil {
		return fmt.Errorf("there is no BlazeMeter user %d", u.ID)
	}
	a.add(u)
	b.s.blazeMeter.version++
	return nil
}

// AddUser adds a person, who belongs to no account yet.
func (b BlazeMeterState) AddUser(u BlazeMeterUser) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if u.ID <= 0 || b.s.blazeMeter.users[idText(u.ID)] != nil {
		return fmt.Errorf("the user id %d is not positive or taken", u.ID)
	}
	b.s.blazeMeter.addUser(u)
	return nil
}

// Rename gives a person another display name and e-mail address; "" leaves either as it is.
func (b BlazeMeterState) Rename(user, name, email string) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	u := b.s.blazeMeter.users[user]
	if u == nil {
		return fmt.Errorf("there is no BlazeMeter user %q", user)
	}
	u.DisplayName, u.Email = cmp.Or(name, u.DisplayName), cmp.Or(email, u.Email)
	b.s.blazeMeter.version++
	return nil
}

// AddWorkspace adds a workspace with its users.
func (b BlazeMeterState) AddWorkspace(seed BlazeMeterWorkspace) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if seed.ID <= 0 || b.s.blazeMeter.workspaces[idText(seed.ID)] != nil {
		return fmt.Errorf("the workspace id %d is not positive or taken", seed.ID)
	}
	a := b.s.blazeMeter.accounts[idText(seed.Account)]
	if a == nil {
		return fmt.Errorf("there is no BlazeMeter account %d", seed.Account)
	}
	for _, u := range seed.Users {
		if a.users[idText(u.ID)] == nil {
			return fmt.Errorf("the user %d is not in the account %d", u.ID, seed.Account)
		}
	}
	w := b.s.blazeMeter.addWorkspace(seed, b.s.now())
	b.s.recount(w)
	w.restartFewest()
	return nil
}

// SetWorkspaceDisabled switches a whole workspace off or on.
func (b BlazeMeterState) SetWorkspaceDisabled(workspace string, disabled bool) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	w := b.workspace(workspace)
	if w == nil || w.gone {
		return fmt.Errorf("there is no BlazeMeter workspace %q", workspace)
	}
	w.disabled = disabled
	return nil
}

// State gives the whole true state in the form of a seed, with the behaviour
// and faults that are set. Loading it gives the same state.
func (s *Server) State() Seed {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Seed{Behaviour: s.behaviour, Faults: s.Faults()}
	b := &s.blink
	for _, k := range sortedKeys(b.keys) {
		one := BlinkKey{k, b.keys[k]}
		if k == b.key {
			out.Blink.Keys = slices.Insert(out.Blink.Keys, 0, one)
		} else {
			out.Blink.Keys = append(out.Blink.Keys, one)
		}
	}
	for _, lower := range sortedKeys(b.roles) {
		if !slices.Contains(builtInBlinkRoles, lower) {
			out.Blink.Roles = append(out.Blink.Roles, b.roles[lower])
		}
	}
	for _, k := range b.people {
		if k.kind == KindGroup {
			g := *b.groups[k.id]
			g.Members = slices.Clone(g.Members)
			out.Blink.Groups = append(out.Blink.Groups, g)
		} else {
			out.Blink.Users = append(out.Blink.Users, *b.users[k.id])
		}
	}
	for _, w := range b.order {
		if w.gone {
			continue
		}
		ws := BlinkWorkspace{
			ID: w.id, DisplayName: w.displayName, Name: w.name, Description: w.description, Type: w.kind,
			Users: map[string]string{}, Groups: map[string]string{},
		}
		for k, m := range w.members {
			if k.kind == KindGroup {
				ws.Groups[k.id] = m.standing.String()
			} else {
				ws.Users[k.id] = m.standing.String()
			}
		}
		out.Blink.Workspaces = append(out.Blink.Workspaces, ws)
	}
	out.BlazeMeter = s.blazeMeter.asSeed()
	return out
}

func (b *blazeMeterState) asSeed() BlazeMeterSeed {
	var out BlazeMeterSeed
	for _, id := range sortedKeys(b.keys) {
		if id == b.key.ID {
			out.Keys = slices.Insert(out.Keys, 0, b.keys[id])
		} else {
			out.Keys = append(out.Keys, b.keys[id])
		}
	}
	for _, u := range b.users {
		out.Users = append(out.Users, *u)
	}
	slices.SortFunc(out.Users, func(x, y BlazeMeterUser) int { return int(min(max(x.ID-y.ID, -1), 1)) })
	for _, id := range b.accountIDs {
		a := b.accounts[id]
		acc := BlazeMeterAccount{ID: a.row().ID, Name: a.name}
		for _, u := range a.order {
			one := *a.users[u]
			one.Roles = slices.Clone(one.Roles)
			acc.Users = append(acc.Users, one)
		}
		out.Accounts = append(out.Accounts, acc)
	}
	for _, w := range b.order {
		if w.gone {
			continue
		}
		ws := BlazeMeterWorkspace{ID: parseID(w.id), Name: w.displayName, Account: parseID(w.account), Disabled: w.disabled}
		for _, m := range w.order {
			if m == nil {
				continue
			}
			u := BlazeMeterWorkspaceUser{ID: parseID(m.id), Disabled: !m.enabled}
			if len(m.roles) == 1 && slices.Contains(blazeMeterWorkspaceRoles, m.roles[0]) {
				u.Role = m.roles[0]
			} else {
				u.Roles = append([]string{}, m.roles...)
			}
			ws.Users = append(ws.Users, u)
		}
		out.Workspaces = append(out.Workspaces, ws)
	}
	return out
}
