package blazemeter

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

// State reads and changes what BlazeMeter holds without a call of its API.
type State struct{ engine.Own[*state, Behaviour] }

// Of gives direct access to the BlazeMeter of a service.
func Of(s interface {
	Access(product string) engine.Access
},
) State {
	return State{engine.OwnOf[*state, Behaviour](s, Name)}
}

// Standing gives a member's roles joined with a comma, followed by " (disabled)" where that is so; "" for nobody.
func (b State) Standing(workspace, user string) string {
	return b.Access.Standing(workspace, engine.KindUser, user).String()
}

// Set gives a user roles in a workspace, enabled or not, who need not be a member yet.
func (b State) Set(workspace, user string, enabled bool, roles ...string) error {
	return b.SetMember(workspace, engine.Member{Kind: engine.KindUser, ID: user, Roles: roles, Enabled: enabled})
}

// SetAccountUser puts a person into an account, or changes the roles or the state there.
func (b State) SetAccountUser(account int64, u AccountUser) error {
	return b.Do(func(s *state) error {
		a := s.accounts[idText(account)]
		if a == nil {
			return fmt.Errorf("there is no BlazeMeter account %d", account)
		}
		if s.users[idText(u.ID)] == nil {
			return fmt.Errorf("there is no BlazeMeter user %d", u.ID)
		}
		a.add(u)
		s.version++
		s.Recount()
		return nil
	})
}

// AddUser adds a person, who belongs to no account yet.
func (b State) AddUser(u User) error {
	return b.Do(func(s *state) error {
		if u.ID <= 0 || s.users[idText(u.ID)] != nil {
			return fmt.Errorf("the user id %d is not positive or taken", u.ID)
		}
		s.addUser(u)
		return nil
	})
}

// Rename gives a person another display name and e-mail address; "" leaves either as it is.
func (b State) Rename(user, name, email string) error {
	return b.Do(func(s *state) error {
		u := s.users[user]
		if u == nil {
			return fmt.Errorf("there is no BlazeMeter user %q", user)
		}
		u.DisplayName, u.Email = cmp.Or(name, u.DisplayName), cmp.Or(email, u.Email)
		s.version++
		return nil
	})
}

// AddWorkspace adds a workspace with its users.
func (b State) AddWorkspace(seed Workspace) error {
	return b.Do(func(s *state) error {
		if seed.ID <= 0 || s.find(idText(seed.ID)) != nil {
			return fmt.Errorf("the workspace id %d is not positive or taken", seed.ID)
		}
		a := s.accounts[idText(seed.Account)]
		if a == nil {
			return fmt.Errorf("there is no BlazeMeter account %d", seed.Account)
		}
		for _, u := range seed.Users {
			if a.users[idText(u.ID)] == nil {
				return fmt.Errorf("the user %d is not in the account %d", u.ID, seed.Account)
			}
		}
		s.addWorkspace(seed)
		return nil
	})
}

// SetWorkspaceDisabled switches a whole workspace off or on.
func (b State) SetWorkspaceDisabled(workspace string, disabled bool) error {
	return b.Do(func(s *state) error {
		w := s.find(workspace)
		if w == nil {
			return fmt.Errorf("there is no BlazeMeter workspace %q", workspace)
		}
		w.disabled = disabled
		return nil
	})
}

// controlPerson renames a person as a control endpoint is asked to.
func controlPerson(server *engine.Server, r *http.Request) error {
	q := r.URL.Query()
	return Of(server).Rename(r.PathValue("id"), q.Get("name"), q.Get("email"))
}
