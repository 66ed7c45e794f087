package blink

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

// What is in the default seed.
const (
	DefaultKey            = "mock-blink-key"                       // of u-terraform, who is an admin of the tenant; also the key of a seed that names none
	DefaultWorkspace      = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01" // Payments: alice owner, bob contributor
	DefaultOtherWorkspace = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02" // Security Operations: alice and carol owners, dave viewer, g-platform
)

var (
	builtInRoles = []string{"owner", "contributor", "viewer"}
	statuses     = []string{StatusActive, StatusInactive, StatusInvited}
)

// SeedOf gives Blink's part of a seed, to read and to change.
func SeedOf(s *engine.Seed) *Seed { return engine.PartOf[*Seed](s, Product) }

// BehaviourOf gives Blink's switches of a seed, to read and to change.
func BehaviourOf(s *engine.Seed) *Behaviour { return engine.BehaviourOf[Behaviour](s, Product) }

// Seed is one Blink tenant.
type Seed struct {
	// Keys are the API keys with the id of the user whom each belongs to. The
	// first is the one that the environment lines name. None: [DefaultKey] of
	// the first user with the tenant role Admin.
	Keys []Key `json:"keys,omitempty"`
	// Roles are the workspace roles that exist. None: owner, contributor, viewer. The built-in ones always exist.
	Roles      []string    `json:"roles,omitempty"`
	Users      []User      `json:"users,omitempty"`
	Groups     []Group     `json:"groups,omitempty"`
	Workspaces []Workspace `json:"workspaces,omitempty"`
}

// Key is an API key and whom it belongs to.
type Key struct {
	Key  string `json:"key"`
	User string `json:"user"`
}

// The tenant statuses of a Blink user.
const (
	StatusActive   = "active"
	StatusInactive = "inactive"
	StatusInvited  = "invited"
)

// User is a person of the tenant.
type User struct {
	ID     string `json:"id"`
	Email  string `json:"email"`
	Name   string `json:"name,omitempty"`
	Status string `json:"status,omitempty"` // "" is active
	// Role is the tenant role; "" is Builder. Admin may do everything everywhere.
	Role string `json:"role,omitempty"`
}

// Group is a group of the tenant.
type Group struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Members     []string `json:"members,omitempty"`
}

// Workspace is a workspace with its role bindings.
type Workspace struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	Name        string `json:"name,omitempty"` // "" is made from the display name
	Description string `json:"description,omitempty"`
	Type        string `json:"type,omitempty"` // "" is "shared"
	// Users and Groups map the id of a user or group to its role.
	Users  map[string]string `json:"users,omitempty"`
	Groups map[string]string `json:"groups,omitempty"`
}

// Alone is the seed of a service that has nothing else.
func (s Seed) Alone() engine.Seed { return engine.SeedOf(Product, &s) }

// Problems says what is wrong with the seed.
func (s *Seed) Problems(ps *engine.Problems) {
	bad := ps.Addf
	at := func(list string, i int, field string) string { return fmt.Sprintf("%s[%d].%s", list, i, field) }

	users, groups := map[string]string{}, map[string]bool{}
	userIDs, emails := engine.NewUnique[string]("user id"), engine.NewUnique[string]("e-mail address")
	for i, u := range s.Users {
		ps.ID(at("users", i, "id"), u.ID, userIDs)
		users[u.ID] = u.Status
		ps.Email(at("users", i, "email"), u.Email, emails)
		if u.Status != "" {
			ps.Words(at("users", i, "status"), u.Status, statuses)
		}
	}
	groupIDs := engine.NewUnique[string]("group id")
	for i, g := range s.Groups {
		ps.ID(at("groups", i, "id"), g.ID, groupIDs)
		groups[g.ID] = true
		if g.Name == "" {
			bad(at("groups", i, "name"), "is missing")
		}
		in := engine.NewUnique[string]("member")
		for j, m := range g.Members {
			path := fmt.Sprintf("groups[%d].members[%d]", i, j)
			if _, known := users[m]; !known {
				bad(path, "there is no user %q in blink.users", m)
			}
			in.Add(ps, path, m)
		}
	}
	roles := engine.NewUnique[string]("role")
	known := func(role string) bool {
		return roles.Has(strings.ToLower(role)) || slices.Contains(builtInRoles, strings.ToLower(role))
	}
	for i, r := range s.Roles {
		ps.ID(fmt.Sprintf("roles[%d]", i), strings.ToLower(r), roles)
	}
	ids, names := engine.NewUnique[string]("workspace id"), engine.NewUnique[string]("workspace name")
	for i, w := range s.Workspaces {
		ps.ID(at("workspaces", i, "id"), w.ID, ids)
		if w.DisplayName == "" {
			bad(at("workspaces", i, "display_name"), "is missing")
		}
		if w.Name != "" {
			names.Add(ps, at("workspaces", i, "name"), w.Name)
		}
		for _, id := range slices.Sorted(maps.Keys(w.Users)) {
			path := fmt.Sprintf("workspaces[%d].users.%s", i, id)
			if _, known := users[id]; !known {
				bad(path, "there is no user %q in blink.users", id)
			}
			if !known(w.Users[id]) {
				bad(path, "the role %q is neither built in nor in blink.roles", w.Users[id])
			}
		}
		for _, id := range slices.Sorted(maps.Keys(w.Groups)) {
			path := fmt.Sprintf("workspaces[%d].groups.%s", i, id)
			if !groups[id] {
				bad(path, "there is no group %q in blink.groups", id)
			}
			if !known(w.Groups[id]) {
				bad(path, "the role %q is neither built in nor in blink.roles", w.Groups[id])
			}
		}
	}
	if len(s.Keys) == 0 && len(s.Workspaces) > 0 &&
		!slices.ContainsFunc(s.Users, func(u User) bool { return isAdmin(u.Role) && u.Status != StatusInvited }) {
		bad("keys", "there is no key, and no user with the tenant role Admin whom the default key could belong to")
	}
	keys := engine.NewUnique[string]("key")
	for i, k := range s.Keys {
		ps.ID(at("keys", i, "key"), k.Key, keys)
		if status, known := users[k.User]; !known {
			bad(at("keys", i, "user"), "there is no user %q in blink.users", k.User)
		} else if status == StatusInvited {
			bad(at("keys", i, "user"), "the user %q is invited only and cannot have a key", k.User)
		}
	}
}
