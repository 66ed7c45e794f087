package blink

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

// State reads and changes what the tenant holds without a call of its API.
type State struct{ engine.Own[*state, Behaviour] }

// Of gives direct access to the tenant of a service.
func Of(s interface {
	Access(product string) engine.Access
},
) State {
	return State{engine.OwnOf[*state, Behaviour](s, Name)}
}

// Role gives a member's role, "" for nobody.
func (b State) Role(workspace, kind, id string) string {
	return b.Standing(workspace, kind, id).String()
}

// SetRole gives a user a role in a workspace, who need not be a member yet.
func (b State) SetRole(workspace, kind, id, role string) error {
	return b.SetMember(workspace, engine.Member{Kind: kind, ID: id, Roles: []string{role}, Enabled: true})
}

// withUser has a function change a user of the tenant.
func (b State) withUser(id string, f func(*state, *User) error) error {
	return b.Do(func(s *state) error {
		u := s.users[id]
		if u == nil {
			return fmt.Errorf("there is no user %q in the tenant", id)
		}
		defer s.changed()
		return f(s, u)
	})
}

// changed recounts owners and forgets encoded listings, after people changed.
func (s *state) changed() {
	s.version++
	s.Recount()
}

// SetStatus makes a user of the tenant active, inactive or invited.
func (b State) SetStatus(user, status string) error {
	return b.withUser(user, func(_ *state, u *User) error {
		if !slices.Contains(statuses, status) {
			return fmt.Errorf("%q is no status: active, inactive or invited", status)
		}
		u.Status = status
		return nil
	})
}

// SetTenantRole gives a user another role in the tenant ("Admin" may do everything).
func (b State) SetTenantRole(user, role string) error {
	return b.withUser(user, func(_ *state, u *User) error {
		u.Role = role
		return nil
	})
}

// RemoveUser deletes a user from the tenant and from every workspace and group.
func (b State) RemoveUser(id string) error {
	return b.withUser(id, func(s *state, _ *User) error {
		k := user(id)
		for _, w := range s.All() {
			if w.StandingOf(k).Present {
				s.Set(w, k, engine.Standing{})
			}
		}
		for _, g := range s.groups {
			g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return m == id })
		}
		delete(s.users, id)
		s.people = slices.DeleteFunc(s.people, func(p engine.Key) bool { return p == k })
		return nil
	})
}

// Rename gives a user or group another name, and a user another e-mail address; "" leaves either as it is.
func (b State) Rename(kind, id, name, email string) error {
	return b.Do(func(s *state) error {
		if _, unknown := s.principal(kind, id); unknown != "" {
			return fmt.Errorf("cannot rename: %s", unknown)
		}
		if kind == engine.KindGroup {
			g := s.groups[id]
			g.Name = cmp.Or(name, g.Name)
		} else {
			u := s.users[id]
			u.Name, u.Email = cmp.Or(name, u.Name), cmp.Or(email, u.Email)
		}
		s.version++
		return nil
	})
}

// SetGroupMembers replaces the people in a group.
func (b State) SetGroupMembers(group string, users ...string) error {
	return b.Do(func(s *state) error {
		g := s.groups[group]
		if g == nil {
			return fmt.Errorf("there is no group %q in the tenant", group)
		}
		if err := s.know(users); err != nil {
			return err
		}
		g.Members = slices.Clone(users)
		s.changed()
		return nil
	})
}

// know gives an error where one of the users is not in the tenant.
func (s *state) know(users []string) error {
	for _, u := range users {
		if s.users[u] == nil {
			return fmt.Errorf("there is no user %q in the tenant", u)
		}
	}
	return nil
}

// AddUser adds a user to the tenant.
func (b State) AddUser(u User) error {
	return b.Do(func(s *state) error {
		if u.ID == "" || s.users[u.ID] != nil {
			return fmt.Errorf("the user id %q is empty or taken", u.ID)
		}
		s.addUser(u)
		return nil
	})
}

// AddGroup adds a group to the tenant.
func (b State) AddGroup(g Group) error {
	return b.Do(func(s *state) error {
		if g.ID == "" || s.groups[g.ID] != nil {
			return fmt.Errorf("the group id %q is empty or taken", g.ID)
		}
		if err := s.know(g.Members); err != nil {
			return err
		}
		s.addGroup(g)
		return nil
	})
}

// AddWorkspace adds a workspace with its members.
func (b State) AddWorkspace(seed Workspace) error {
	return b.Do(func(s *state) error {
		if seed.ID == "" || s.find(seed.ID) != nil {
			return fmt.Errorf("the workspace id %q is empty or taken", seed.ID)
		}
		if err := s.know(slices.Collect(maps.Keys(seed.Users))); err != nil {
			return err
		}
		for id := range seed.Groups {
			if s.groups[id] == nil {
				return fmt.Errorf("there is no group %q in the tenant", id)
			}
		}
		s.addWorkspace(seed)
		return nil
	})
}

// controlPerson changes a user or group of the tenant as a control endpoint is asked to.
func controlPerson(server *engine.Server, r *http.Request) error {
	kind, id, q, b := r.PathValue("kind"), r.PathValue("id"), r.URL.Query(), Of(server)
	if kind == engine.KindGroup && (q.Has("status") || q.Has("role") || q.Has("email")) {
		return errors.New("a group has a name only")
	}
	if q.Has("name") || q.Has("email") {
		if err := b.Rename(kind, id, q.Get("name"), q.Get("email")); err != nil {
			return err
		}
	}
	if q.Has("role") {
		if err := b.SetTenantRole(id, q.Get("role")); err != nil {
			return err
		}
	}
	if q.Has("status") {
		return b.SetStatus(id, q.Get("status"))
	}
	return nil
}

func controlRemoveUser(server *engine.Server, r *http.Request) error {
	return Of(server).RemoveUser(r.PathValue("id"))
}
