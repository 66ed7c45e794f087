package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Seed is the world that a [Server] starts with. SEED.md describes its JSON form.
type Seed struct {
	Blink      BlinkSeed      `json:"blink,omitzero"`
	BlazeMeter BlazeMeterSeed `json:"blazemeter,omitzero"`
	Behaviour  Behaviour      `json:"behaviour,omitzero"`
	Faults     Faults         `json:"faults,omitzero"`
}

// BlinkSeed is one Blink tenant.
type BlinkSeed struct {
	// Keys are the API keys with the id of the user whom each belongs to. The
	// first is the one that the environment lines name. None: DefaultBlinkKey of
	// the first user with the tenant role Admin.
	Keys []BlinkKey `json:"keys,omitempty"`
	// Roles are the workspace roles that exist. None: owner, contributor, viewer. The built-in ones always exist.
	Roles      []string         `json:"roles,omitempty"`
	Users      []BlinkUser      `json:"users,omitempty"`
	Groups     []BlinkGroup     `json:"groups,omitempty"`
	Workspaces []BlinkWorkspace `json:"workspaces,omitempty"`
}

// BlinkKey is an API key and whom it belongs to.
type BlinkKey struct {
	Key  string `json:"key"`
	User string `json:"user"`
}

// The tenant statuses of a Blink user.
const (
	StatusActive   = "active"
	StatusInactive = "inactive"
	StatusInvited  = "invited"
)

// BlinkUser is a person of the tenant.
type BlinkUser struct {
	ID     string `json:"id"`
	Email  string `json:"email"`
	Name   string `json:"name,omitempty"`
	Status string `json:"status,omitempty"` // "" is active
	// Role is the tenant role; "" is Builder. Admin may do everything everywhere.
	Role string `json:"role,omitempty"`
}

// BlinkGroup is a group of the tenant.
type BlinkGroup struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Members     []string `json:"members,omitempty"`
}

// BlinkWorkspace is a workspace with its role bindings.
type BlinkWorkspace struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	Name        string `json:"name,omitempty"` // "" is made from the display name
	Description string `json:"description,omitempty"`
	Type        string `json:"type,omitempty"` // "" is "shared"
	// Users and Groups map the id of a user or group to its role.
	Users  map[string]string `json:"users,omitempty"`
	Groups map[string]string `json:"groups,omitempty"`
}

// BlazeMeterSeed is what one or more BlazeMeter accounts hold.
type BlazeMeterSeed struct {
	// Keys are the API keys; the first is the one that the environment lines
	// name. None: DefaultBlazeMeterKeyID and its secret, of the first user who is admin of an account.
	Keys       []BlazeMeterKey       `json:"keys,omitempty"`
	Users      []BlazeMeterUser      `json:"users,omitempty"`
	Accounts   []BlazeMeterAccount   `json:"accounts,omitempty"`
	Workspaces []BlazeMeterWorkspace `json:"workspaces,omitempty"`
}

// BlazeMeterKey is an API key and whom it belongs to.
type BlazeMeterKey struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	User   int64  `json:"user"`
}

// BlazeMeterUser is a person.
type BlazeMeterUser struct {
	ID          int64  `json:"id"`
	Email       string `json:"email"`
	DisplayName string `json:"display_name,omitempty"` // "" is made from the names
	FirstName   string `json:"first_name,omitempty"`
	LastName    string `json:"last_name,omitempty"`
}

// BlazeMeterAccount is an account with the people it knows.
type BlazeMeterAccount struct {
	ID    int64                   `json:"id"`
	Name  string                  `json:"name"`
	Users []BlazeMeterAccountUser `json:"users,omitempty"`
}

// BlazeMeterAccountUser is a person's place in an account.
type BlazeMeterAccountUser struct {
	ID       int64    `json:"id"`
	Roles    []string `json:"roles,omitempty"`    // none: standard
	Disabled bool     `json:"disabled,omitempty"` // in the whole account
}

// BlazeMeterWorkspace is a workspace with its users.
type BlazeMeterWorkspace struct {
	ID       int64                     `json:"id"`
	Name     string                    `json:"name"`
	Account  int64                     `json:"account"`
	Disabled bool                      `json:"disabled,omitempty"`
	Users    []BlazeMeterWorkspaceUser `json:"users,omitempty"`
}

// BlazeMeterWorkspaceUser is a person's place in a workspace.
type BlazeMeterWorkspaceUser struct {
	ID int64 `json:"id"`
	// Role is the one role. Roles is for what should not be and occurs: none or several.
	Role     string   `json:"role,omitempty"`
	Roles    []string `json:"roles,omitzero"`
	Disabled bool     `json:"disabled,omitempty"`
}

func (u BlazeMeterWorkspaceUser) roles() []string {
	if u.Role != "" {
		return []string{u.Role}
	}
	return u.Roles
}

// The credentials of a seed that names none.
const (
	DefaultBlinkKey            = "mock-blink-key"
	DefaultBlazeMeterKeyID     = "mock-key-id"
	DefaultBlazeMeterKeySecret = "mock-key-secret"
)

var builtInBlinkRoles = []string{"owner", "contributor", "viewer"}

var (
	blazeMeterWorkspaceRoles = []string{"tester", "manager", "viewer"}
	blazeMeterAccountRoles   = []string{"admin", "billing", "standard", "user_manager", "owner"}
)

// problem is a fault of a seed at a path such as "blink.users[2].email".
type problem struct{ path, text string }

// SeedError says everything that is wrong with a seed.
type SeedError struct{ problems []problem }

// Error gives one line a problem, each with its JSON path.
func (e *SeedError) Error() string {
	lines := make([]string, len(e.problems))
	for i, p := range e.problems {
		lines[i] = p.path + ": " + p.text
	}
	return "the seed is not valid:\n  " + strings.Join(lines, "\n  ")
}

// Validate checks everything that the service relies on; a *[SeedError] names every problem.
func (s Seed) Validate() error {
	ps := s.problems()
	if len(ps) == 0 {
		return nil
	}
	return &SeedError{ps}
}

func (s Seed) problems() []problem {
	ps := s.Blink.problems()
	ps = append(ps, s.BlazeMeter.problems()...)
	ps = append(ps, s.Behaviour.validate()...)
	return append(ps, s.Faults.problems()...)
}

// uniq reports values that occur twice, and where they were first.
type uniq[T comparable] struct {
	what string
	seen map[T]string
}

func newUniq[T comparable](what string) *uniq[T] { return &uniq[T]{what, map[T]string{}} }

func (u *uniq[T]) add(ps *[]problem, path string, v T) {
	if first, twice := u.seen[v]; twice {
		*ps = append(*ps, problem{path, fmt.Sprintf("the %s %v is at %s already", u.what, v, first)})
		return
	}
	u.seen[v] = path
}

func badID(id string) string {
	switch {
	case id == "":
		return "is missing"
	case strings.ContainsAny(id, "/?#%\\") || id == "." || id == "..":
		return fmt.Sprintf("%q cannot stand in a path: no /, ?, #, %%, \\ and not . or ..", id)
	case strings.TrimSpace(id) != id || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Sprintf("%q has white space around it or control characters in it", id)
	}
	return ""
}

func (s BlinkSeed) problems() []problem {
	var ps []problem
	bad := func(path, format string, args ...any) { ps = append(ps, problem{path, fmt.Sprintf(format, args...)}) }
	at := func(list string, i int, field string) string { return fmt.Sprintf("blink.%s[%d].%s", list, i, field) }

	users, groups := map[string]string{}, map[string]bool{}
	userIDs, emails := newUniq[string]("user id"), newUniq[string]("e-mail address")
	for i, u := range s.Users {
		if text := badID(u.ID); text != "" {
			bad(at("users", i, "id"), "%s", text)
		} else {
			userIDs.add(&ps, at("users", i, "id"), u.ID)
		}
		users[u.ID] = u.Status
		if !strings.Contains(u.Email, "@") {
			bad(at("users", i, "email"), "%q is no e-mail address", u.Email)
		} else {
			emails.add(&ps, at("users", i, "email"), strings.ToLower(u.Email))
		}
		if u.Status != "" && !slices.Contains([]string{StatusActive, StatusInactive, StatusInvited}, u.Status) {
			bad(at("users", i, "status"), "%q is not one of \"active\", \"inactive\", \"invited\"", u.Status)
		}
	}
	groupIDs := newUniq[string]("group id")
	for i, g := range s.Groups {
		if text := badID(g.ID); text != "" {
			bad(at("groups", i, "id"), "%s", text)
		} else {
			groupIDs.add(&ps, at("groups", i, "id"), g.ID)
		}
		groups[g.ID] = true
		if g.Name == "" {
			bad(at("groups", i, "name"), "is missing")
		}
		in := newUniq[string]("member")
		for j, m := range g.Members {
			path := fmt.Sprintf("blink.groups[%d].members[%d]", i, j)
			if _, known := users[m]; !known {
				bad(path, "there is no user %q in blink.users", m)
			}
			in.add(&ps, path, m)
		}
	}
	roles := newUniq[string]("role")
	for i, r := range s.Roles {
		path := fmt.Sprintf("blink.roles[%d]", i)
		if text := badID(r); text != "" {
			bad(path, "%s", text)
			continue
		}
		roles.add(&ps, path, strings.ToLower(r))
	}
	for _, r := range builtInBlinkRoles {
		roles.seen[r] = "built in"
	}
	ids, names := newUniq[string]("workspace id"), newUniq[string]("workspace name")
	for i, w := range s.Workspaces {
		if text := badID(w.ID); text != "" {
			bad(at("workspaces", i, "id"), "%s", text)
		} else {
			ids.add(&ps, at("workspaces", i, "id"), w.ID)
		}
		if w.DisplayName == "" {
			bad(at("workspaces", i, "display_name"), "is missing")
		}
		if w.Name != "" {
			names.add(&ps, at("workspaces", i, "name"), w.Name)
		}
		for _, id := range sortedKeys(w.Users) {
			path := fmt.Sprintf("blink.workspaces[%d].users.%s", i, id)
			if _, known := users[id]; !known {
				bad(path, "there is no user %q in blink.users", id)
			}
			if _, known := roles.seen[strings.ToLower(w.Users[id])]; !known {
				bad(path, "the role %q is neither built in nor in blink.roles", w.Users[id])
			}
		}
		for _, id := range sortedKeys(w.Groups) {
			path := fmt.Sprintf("blink.workspaces[%d].groups.%s", i, id)
			if !groups[id] {
				bad(path, "there is no group %q in blink.groups", id)
			}
			if _, known := roles.seen[strings.ToLower(w.Groups[id])]; !known {
				bad(path, "the role %q is neither built in nor in blink.roles", w.Groups[id])
			}
		}
	}
	if len(s.Keys) == 0 && len(s.Workspaces) > 0 &&
		!slices.ContainsFunc(s.Users, func(u BlinkUser) bool { return isAdmin(u.Role) && u.Status != StatusInvited }) {
		bad("blink.keys", "there is no key, and no user with the tenant role Admin whom the default key could belong to")
	}
	keys := newUniq[string]("key")
	for i, k := range s.Keys {
		if text := badID(k.Key); text != "" {
			bad(at("keys", i, "key"), "%s", text)
		} else {
			keys.add(&ps, at("keys", i, "key"), k.Key)
		}
		if status, known := users[k.User]; !known {
			bad(at("keys", i, "user"), "there is no user %q in blink.users", k.User)
		} else if status == StatusInvited {
			bad(at("keys", i, "user"), "the user %q is invited only and cannot have a key", k.User)
		}
	}
	return ps
}

func (s BlazeMeterSeed) problems() []problem {
	var ps []problem
	bad := func(path, format string, args ...any) { ps = append(ps, problem{path, fmt.Sprintf(format, args...)}) }
	at := func(list string, i int, field string) string {
		return fmt.Sprintf("blazemeter.%s[%d].%s", list, i, field)
	}
	id := func(path string, u *uniq[int64], v int64) {
		if v <= 0 {
			bad(path, "%d is no id: a positive whole number is needed", v)
			return
		}
		u.add(&ps, path, v)
	}

	users, emails := newUniq[int64]("user id"), newUniq[string]("e-mail address")
	for i, u := range s.Users {
		id(at("users", i, "id"), users, u.ID)
		if !strings.Contains(u.Email, "@") {
			bad(at("users", i, "email"), "%q is no e-mail address", u.Email)
		} else {
			emails.add(&ps, at("users", i, "email"), strings.ToLower(u.Email))
		}
	}
	accounts := newUniq[int64]("account id")
	inAccount := map[[2]int64]bool{}
	for i, a := range s.Accounts {
		id(at("accounts", i, "id"), accounts, a.ID)
		if a.Name == "" {
			bad(at("accounts", i, "name"), "is missing")
		}
		in := newUniq[int64]("user")
		for j, u := range a.Users {
			path := fmt.Sprintf("blazemeter.accounts[%d].users[%d]", i, j)
			if _, known := users.seen[u.ID]; !known {
				bad(path+".id", "there is no user %d in blazemeter.users", u.ID)
			}
			in.add(&ps, path+".id", u.ID)
			inAccount[[2]int64{a.ID, u.ID}] = true
			for k, r := range u.Roles {
				if !slices.Contains(blazeMeterAccountRoles, r) {
					bad(fmt.Sprintf("%s.roles[%d]", path, k), "%q is not one of %s", r, quoted(blazeMeterAccountRoles))
				}
			}
		}
	}
	workspaces := newUniq[int64]("workspace id")
	for i, w := range s.Workspaces {
		id(at("workspaces", i, "id"), workspaces, w.ID)
		if w.Name == "" {
			bad(at("workspaces", i, "name"), "is missing")
		}
		if _, known := accounts.seen[w.Account]; !known {
			bad(at("workspaces", i, "account"), "there is no account %d in blazemeter.accounts", w.Account)
		}
		in := newUniq[int64]("user")
		for j, u := range w.Users {
			path := fmt.Sprintf("blazemeter.workspaces[%d].users[%d]", i, j)
			in.add(&ps, path+".id", u.ID)
			if !inAccount[[2]int64{w.Account, u.ID}] {
				bad(path+".id", "the user %d is not in the account %d, and members from outside of the account cannot be added", u.ID, w.Account)
			}
			if u.Role != "" && u.Roles != nil {
				bad(path+".roles", "role and roles contradict each other: give one of them")
			}
			if u.Role != "" && !slices.Contains(blazeMeterWorkspaceRoles, u.Role) {
				bad(path+".role", "%q is not one of %s", u.Role, quoted(blazeMeterWorkspaceRoles))
			}
			if u.Role == "" && u.Roles == nil {
				bad(path+".role", "is missing")
			}
		}
	}
	if len(s.Keys) == 0 && len(s.Workspaces) > 0 && !slices.ContainsFunc(s.Accounts, func(a BlazeMeterAccount) bool {
		return slices.ContainsFunc(a.Users, func(u BlazeMeterAccountUser) bool { return slices.Contains(u.Roles, "admin") && !u.Disabled })
	}) {
		bad("blazemeter.keys", "there is no key, and no account has an admin whom the default key could belong to")
	}
	keys := newUniq[string]("key id")
	for i, k := range s.Keys {
		if k.ID == "" || strings.Contains(k.ID, ":") {
			bad(at("keys", i, "id"), "%q is no key id: it must not be empty nor hold a colon", k.ID)
		} else {
			keys.add(&ps, at("keys", i, "id"), k.ID)
		}
		if k.Secret == "" {
			bad(at("keys", i, "secret"), "is missing")
		}
		if _, known := users.seen[k.User]; !known {
			bad(at("keys", i, "user"), "there is no user %d in blazemeter.users", k.User)
		}
	}
	return ps
}

func sortedKeys[V any](m map[string]V) []string {
	ks := make([]string, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }
