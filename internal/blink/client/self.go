package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// UserWorkspace is a workspace as the key's user sees it (vendor's 2022
// specification, `models.WorkspaceInfo`).
type UserWorkspace struct {
	ID, Name, DisplayName, Description string
	// Role is the role of the key's own user.
	Role string
}

// Label is the name that people see: the display name, else the name.
func (w UserWorkspace) Label() string {
	return WorkspaceDetails{Name: w.Name, DisplayName: w.DisplayName}.Label()
}

// CurrentUser is the key's user (vendor's 2022 specification,
// `user_details.Details`). Whether InnerID or AuthID is the id that the
// workspaces list is not documented (blink 15): see [CurrentUser.In].
type CurrentUser struct {
	AuthID, InnerID      string
	Email, Name, Status  string
	TenantID, TenantRole string
}

// UserWorkspaces lists the workspaces that the key's user has access to, sorted
// by the name that people see and then by id. Whether a tenant Admin's key
// sees all of them is not documented (blink 21).
func (c *Client) UserWorkspaces(ctx context.Context) ([]UserWorkspace, error) {
	var found []UserWorkspace
	err := c.read(ctx, "list the workspaces that the API key has access to",
		func(ctx context.Context) (*http.Response, error) { return c.calls.ListUserWorkspaces(ctx) },
		func(dec *json.Decoder) error {
			var m map[string]*blinkwire.WorkspaceInfo
			if err := dec.Decode(&m); err != nil {
				return err
			}
			if m == nil {
				return errors.New("it is null, not an object")
			}
			for key, info := range m {
				if info == nil || text(info.ID) == "" {
					return fmt.Errorf("the workspace under the key %q has no id", plainText(key))
				}
			}
			found = userWorkspaces(m)
			return nil
		})
	return found, err
}

// userWorkspaces gives the map's values, each id once. What the keys are is not
// documented (blink 21), so they decide nothing but which of two values with one id is
// taken.
func userWorkspaces(m map[string]*blinkwire.WorkspaceInfo) []UserWorkspace {
	ws := make([]UserWorkspace, 0, len(m))
	seen := make(map[string]bool, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		info := m[key]
		if seen[*info.ID] {
			continue
		}
		seen[*info.ID] = true
		ws = append(ws, UserWorkspace{
			ID:          text(info.ID),
			Name:        text(info.Name),
			DisplayName: text(info.DisplayName),
			Description: text(info.Description),
			Role:        text(info.Role),
		})
	}
	slices.SortFunc(ws, func(a, b UserWorkspace) int {
		return cmp.Or(strings.Compare(a.Label(), b.Label()), strings.Compare(a.ID, b.ID))
	})
	return ws
}

// CurrentUser tells who the key belongs to.
func (c *Client) CurrentUser(ctx context.Context) (CurrentUser, error) {
	const op = "read who the API key belongs to"
	var u CurrentUser
	err := c.read(ctx, op,
		func(ctx context.Context) (*http.Response, error) { return c.calls.GetUserDetails(ctx) },
		func(dec *json.Decoder) error {
			var d *blinkwire.UserDetails
			if err := dec.Decode(&d); err != nil {
				return err
			}
			if d == nil {
				return errors.New("it is null, not an object")
			}
			u = CurrentUser{
				AuthID: text(d.AuthID), InnerID: text(d.InnerID),
				Email: text(d.Email), Name: text(d.Name), Status: text(d.Status),
				TenantID: text(d.TenantID), TenantRole: text(d.TenantRole),
			}
			if u.Email == "" && u.InnerID == "" && u.AuthID == "" && u.Name == "" {
				return errors.New("it names no user: e-mail, name and ids are all missing")
			}
			return nil
		})
	if err == nil {
		err = c.sameTenant(op, u.TenantID)
	}
	return u, err
}

// In finds the user among the entities of the tenant: by e-mail, else by an id
// of the sign-in. It finds nobody where several fit.
func (u CurrentUser) In(people []membership.Person) (membership.Person, bool) {
	ids := slices.DeleteFunc([]string{u.InnerID, u.AuthID}, func(id string) bool { return id == "" })
	for _, fits := range []func(membership.Person) bool{
		func(p membership.Person) bool { return u.Email != "" && strings.EqualFold(p.Email, u.Email) },
		func(p membership.Person) bool {
			return slices.ContainsFunc(ids, func(id string) bool { return p.ID == id || slices.Contains(p.Aliases, id) })
		},
	} {
		found := -1
		for i, p := range people {
			if !fits(p) {
				continue
			}
			if found >= 0 {
				found = -1
				break
			}
			found = i
		}
		if found >= 0 {
			return people[found], true
		}
	}
	return membership.Person{}, false
}

// Self tells who the key belongs to, by the id under which the tenant (and so, it
// is assumed, each workspace: blink 15) lists the user, where that is known. The
// e-mail address says it as well, so the tenant is listed only for a user without
// one, such as a service account may be.
func (c *Client) Self(ctx context.Context) (membership.Person, error) {
	u, err := c.CurrentUser(ctx)
	if err != nil {
		return membership.Person{}, err
	}
	self := membership.Person{Principal: membership.Principal{Kind: membership.User}, Email: u.Email, Name: u.Name}
	setStatus(&self, u.Status)
	if u.TenantRole != "" {
		self.Roles = []string{u.TenantRole}
	}
	c.mu.Lock()
	people := c.people
	c.mu.Unlock()
	if people == nil && u.Email == "" {
		people, err = c.People(ctx, "")
	}
	if p, found := u.In(people); found {
		self.Principal = p.Principal
		return self, nil
	}
	switch {
	case u.Email != "":
	case err != nil:
		self.Unidentified = "Blink tells no e-mail address of the API key's user, and the tenant could not be searched for its ids: " + err.Error()
	default:
		self.Unidentified = "Blink tells no e-mail address of the API key's user, and no single entity of the tenant has one of its ids"
	}
	return self, nil
}
