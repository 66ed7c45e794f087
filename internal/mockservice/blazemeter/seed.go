package blazemeter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

// What is in the default seed. The key is also that of a seed that names none.
const (
	DefaultKeyID          = "mock-key-id" // of terraform (100001), who is an admin of the account
	DefaultKeySecret      = "mock-key-secret"
	DefaultAccount        = "5001"
	DefaultWorkspace      = "70001" // alice (352749) manager, bob (352750) tester, dave (352752) disabled viewer
	DefaultOtherWorkspace = "70002" // bob and carol (352751) managers
)

var (
	workspaceRoles = []string{"tester", "manager", "viewer"}
	accountRoles   = []string{"admin", "billing", "standard", "user_manager", "owner"}
)

// SeedOf gives BlazeMeter's part of a seed, to read and to change.
func SeedOf(s *engine.Seed) *Seed { return engine.PartOf[*Seed](s, Product) }

// BehaviourOf gives BlazeMeter's switches of a seed, to read and to change.
func BehaviourOf(s *engine.Seed) *Behaviour { return engine.BehaviourOf[Behaviour](s, Product) }

// Seed is what one or more BlazeMeter accounts hold.
type Seed struct {
	// Keys are the API keys; the first is the one that the environment lines
	// name. None: [DefaultKeyID] and its secret, of the first user who is admin of an account.
	Keys       []Key       `json:"keys,omitempty"`
	Users      []User      `json:"users,omitempty"`
	Accounts   []Account   `json:"accounts,omitempty"`
	Workspaces []Workspace `json:"workspaces,omitempty"`
}

// Key is an API key and whom it belongs to.
type Key struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	User   int64  `json:"user"`
}

// User is a person.
type User struct {
	ID          int64  `json:"id"`
	Email       string `json:"email"`
	DisplayName string `json:"display_name,omitempty"` // "" is made from the names
	FirstName   string `json:"first_name,omitempty"`
	LastName    string `json:"last_name,omitempty"`
}

// Account is an account with the people it knows.
type Account struct {
	ID    int64         `json:"id"`
	Name  string        `json:"name"`
	Users []AccountUser `json:"users,omitempty"`
}

// AccountUser is a person's place in an account.
type AccountUser struct {
	ID       int64    `json:"id"`
	Roles    []string `json:"roles,omitempty"`    // none: standard
	Disabled bool     `json:"disabled,omitempty"` // in the whole account
}

// Workspace is a workspace with its users.
type Workspace struct {
	ID       int64           `json:"id"`
	Name     string          `json:"name"`
	Account  int64           `json:"account"`
	Disabled bool            `json:"disabled,omitempty"`
	Users    []WorkspaceUser `json:"users,omitempty"`
}

// WorkspaceUser is a person's place in a workspace.
type WorkspaceUser struct {
	ID int64 `json:"id"`
	// Role is the one role. Roles is for what should not be and occurs: none or several.
	Role     string   `json:"role,omitempty"`
	Roles    []string `json:"roles,omitzero"`
	Disabled bool     `json:"disabled,omitempty"`
}

func (u WorkspaceUser) roles() []string {
	if u.Role != "" {
		return []string{u.Role}
	}
	return u.Roles
}

// Alone is the seed of a service that has nothing else.
func (s Seed) Alone() engine.Seed { return engine.SeedOf(Product, &s) }

// Problems says what is wrong with the seed.
func (s *Seed) Problems(ps *engine.Problems) {
	bad := ps.Addf
	at := func(list string, i int, field string) string {
		return fmt.Sprintf("%s[%d].%s", list, i, field)
	}
	id := func(path string, u *engine.Unique[int64], v int64) {
		if v <= 0 {
			bad(path, "%d is no id: a positive whole number is needed", v)
			return
		}
		u.Add(ps, path, v)
	}

	users, emails := engine.NewUnique[int64]("user id"), engine.NewUnique[string]("e-mail address")
	for i, u := range s.Users {
		id(at("users", i, "id"), users, u.ID)
		ps.Email(at("users", i, "email"), u.Email, emails)
	}
	accounts := engine.NewUnique[int64]("account id")
	inAccount := map[[2]int64]bool{}
	for i, a := range s.Accounts {
		id(at("accounts", i, "id"), accounts, a.ID)
		if a.Name == "" {
			bad(at("accounts", i, "name"), "is missing")
		}
		in := engine.NewUnique[int64]("user")
		for j, u := range a.Users {
			path := fmt.Sprintf("accounts[%d].users[%d]", i, j)
			if !users.Has(u.ID) {
				bad(path+".id", "there is no user %d in blazemeter.users", u.ID)
			}
			in.Add(ps, path+".id", u.ID)
			inAccount[[2]int64{a.ID, u.ID}] = true
			for k, r := range u.Roles {
				ps.Words(fmt.Sprintf("%s.roles[%d]", path, k), r, accountRoles)
			}
		}
	}
	workspaces := engine.NewUnique[int64]("workspace id")
	for i, w := range s.Workspaces {
		id(at("workspaces", i, "id"), workspaces, w.ID)
		if w.Name == "" {
			bad(at("workspaces", i, "name"), "is missing")
		}
		if !accounts.Has(w.Account) {
			bad(at("workspaces", i, "account"), "there is no account %d in blazemeter.accounts", w.Account)
		}
		in := engine.NewUnique[int64]("user")
		for j, u := range w.Users {
			path := fmt.Sprintf("workspaces[%d].users[%d]", i, j)
			in.Add(ps, path+".id", u.ID)
			if !inAccount[[2]int64{w.Account, u.ID}] {
				bad(path+".id", "the user %d is not in the account %d, and members from outside of the account cannot be added", u.ID, w.Account)
			}
			if u.Role != "" && u.Roles != nil {
				bad(path+".roles", "role and roles contradict each other: give one of them")
			}
			if u.Role != "" {
				ps.Words(path+".role", u.Role, workspaceRoles)
			}
			if u.Role == "" && u.Roles == nil {
				bad(path+".role", "is missing")
			}
		}
	}
	if len(s.Keys) == 0 && len(s.Workspaces) > 0 && !slices.ContainsFunc(s.Accounts, func(a Account) bool {
		return slices.ContainsFunc(a.Users, func(u AccountUser) bool { return slices.Contains(u.Roles, "admin") && !u.Disabled })
	}) {
		bad("keys", "there is no key, and no account has an admin whom the default key could belong to")
	}
	keys := engine.NewUnique[string]("key id")
	for i, k := range s.Keys {
		if k.ID == "" || strings.Contains(k.ID, ":") {
			bad(at("keys", i, "id"), "%q is no key id: it must not be empty nor hold a colon", k.ID)
		} else {
			keys.Add(ps, at("keys", i, "id"), k.ID)
		}
		if k.Secret == "" {
			bad(at("keys", i, "secret"), "is missing")
		}
		if !users.Has(k.User) {
			bad(at("keys", i, "user"), "there is no user %d in blazemeter.users", k.User)
		}
	}
}

// idText writes an id for a path.
func idText(id int64) string { return strconv.FormatInt(id, 10) }
