package engine

import (
	"errors"
	"slices"
	"strings"
)

// Member is a user in a workspace, by the true state.
type Member struct {
	Kind    string   `json:"kind"`
	ID      string   `json:"id"`
	Roles   []string `json:"roles"`
	Enabled bool     `json:"enabled"`
}

// Role gives the roles joined with a comma, as they mostly are one.
func (m Member) Role() string { return strings.Join(m.Roles, ",") }

// Access reads and changes one product of a server without a call of its API.
// Nothing done here appears among the writes of the audit trail, but it counts
// for the fewest owners.
type Access struct {
	s       *Server
	product string
}

// Access gives direct access to a product; every change is refused where the server has none of that name.
func (s *Server) Access(product string) Access { return Access{s, product} }

// Do has a function work on the product's own state, with the server's lock held.
func Do[S State](a Access, f func(S) error) error {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if site := a.s.site(a.product); site != nil {
		if own, ok := site.state.(S); ok {
			return f(own)
		}
	}
	return errors.New("there is no product " + a.product)
}

// Own is direct access to a product with its own state and its own switches.
type Own[S State, B any] struct{ Access }

// OwnOf gives that access to a product of a service.
func OwnOf[S State, B any](s interface{ Access(product string) Access }, product string) Own[S, B] {
	return Own[S, B]{s.Access(product)}
}

// Do has a function work on the state, with the server's lock held.
func (o Own[S, B]) Do(f func(S) error) error { return Do(o.Access, f) }

// Behaviour gives the switches as they are, all spelled out.
func (o Own[S, B]) Behaviour() B { return Behaviour[B](o.Access) }

// SetBehaviour sets every switch; what is left out goes to its default.
func (o Own[S, B]) SetBehaviour(how B) error { return SetBehaviour(o.Access, how) }

// find gives a workspace, deleted or not. The caller holds the server's lock.
func (a Access) find(workspace string) *Workspace {
	if site := a.s.site(a.product); site != nil {
		return site.workspaces.find(workspace)
	}
	return nil
}

// change has a function work on a workspace that is there.
func (a Access) change(workspace string, f func(*Workspaces, *Workspace)) error {
	return Do(a, func(State) error {
		ws := a.s.site(a.product).workspaces
		w, err := ws.Find(workspace)
		if err != nil {
			return err
		}
		f(ws, w)
		return nil
	})
}

// Members gives everybody in a workspace; nil for one that is not there.
func (a Access) Members(workspace string) []Member {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	w := a.find(workspace)
	if w == nil || w.gone {
		return nil
	}
	ms := make([]Member, 0, len(w.members))
	for _, r := range w.Members() {
		ms = append(ms, Member{r.Kind, r.ID, slices.Clone(r.Roles), r.Enabled})
	}
	return ms
}

// Standing gives what a principal is in a workspace; the zero value where either is not there.
func (a Access) Standing(workspace, kind, id string) Standing {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if w := a.find(workspace); w != nil && !w.gone {
		return w.StandingOf(Key{kind, id})
	}
	return Standing{}
}

// Owners tells how many owners a workspace has and had; the zero value (with
// FewestAfterLoss -1) for one that never was.
func (a Access) Owners(workspace string) OwnerCounts {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if w := a.find(workspace); w != nil {
		return w.owners
	}
	return OwnerCounts{FewestAfterLoss: -1}
}

// FewestOwners is Owners(workspace).Fewest.
func (a Access) FewestOwners(workspace string) int { return a.Owners(workspace).Fewest }

// Reads counts the listings of a workspace that were served. A paged listing counts once a page.
func (a Access) Reads(workspace string) int {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if w := a.find(workspace); w != nil {
		return w.reads
	}
	return 0
}

// SetMember gives a user a standing in a workspace, who need not be a member yet.
func (a Access) SetMember(workspace string, m Member) error {
	return Do(a, func(s State) error { return s.SetMember(workspace, m) })
}

// Remove removes a user from a workspace altogether.
func (a Access) Remove(workspace, kind, id string) error {
	return a.change(workspace, func(ws *Workspaces, w *Workspace) { ws.Set(w, Key{kind, id}, Standing{}) })
}

// DeleteWorkspace deletes a workspace. Its audit figures stay.
func (a Access) DeleteWorkspace(workspace string) error {
	return a.change(workspace, func(_ *Workspaces, w *Workspace) { w.gone = true })
}

// RenameWorkspace gives a workspace another display name.
func (a Access) RenameWorkspace(workspace, name string) error {
	return a.change(workspace, func(_ *Workspaces, w *Workspace) {
		w.DisplayName = name
		w.version++
	})
}
