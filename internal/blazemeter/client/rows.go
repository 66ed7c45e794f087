package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// row is a row of a list. Fields other than the id may be missing; they differ
// from call to call.
type row interface {
	// key is the row's id; 0 where it has none.
	key() int64
	// state is the row's own `enabled`; nil where it has none.
	state() *bool
}

// roleList is a list of roles: an array, or an object of them. The service is
// written in a language that makes an object of an array with gaps, such as one
// out of which something was taken (blazemeter 22).
type roleList []string

// UnmarshalJSON takes null for a list that is not told.
func (l *roleList) UnmarshalJSON(b []byte) error {
	var err error
	if b[0] != '{' {
		*l = nil
		err = json.Unmarshal(b, (*[]string)(l))
	} else {
		*l = roleList{}
		var fields map[string]string
		err = json.Unmarshal(b, &fields)
		// The keys are the places in the array.
		for _, place := range slices.SortedFunc(maps.Keys(fields), func(a, b string) int {
			return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
		}) {
			*l = append(*l, fields[place])
		}
	}
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		te.Field = "roles"
	}
	return err
}

// userRow is a user of a workspace or an account, or the key's own.
type userRow struct {
	ID          apiclient.NumericID `json:"id"`
	Email       string              `json:"email"`
	Mail        string              `json:"mail"` // GET /user has both, in a recorded answer
	DisplayName string              `json:"displayName"`
	FirstName   string              `json:"firstName"`
	LastName    string              `json:"lastName"`
	Roles       roleList            `json:"roles"`
	Enabled     *bool               `json:"enabled"`
}

func (r userRow) key() int64   { return int64(r.ID) }
func (r userRow) state() *bool { return r.Enabled }

func (r userRow) email() string {
	if r.Email != "" {
		return r.Email
	}
	return r.Mail
}

func (r userRow) name() string {
	if r.DisplayName != "" {
		return r.DisplayName
	}
	return strings.TrimSpace(r.FirstName + " " + r.LastName)
}

func (r userRow) principal() membership.Principal {
	return membership.Principal{Kind: membership.User, ID: r.ID.String()}
}

func (r userRow) member(enabled bool) membership.Member {
	return membership.Member{
		Principal: r.principal(),
		Email:     r.email(),
		Name:      r.name(),
		Roles:     r.Roles,
		Enabled:   enabled,
	}
}

// person takes a row without `enabled` for an active user: the account list
// shows both, and a block that is not shown cannot be known.
func (r userRow) person() membership.Person {
	p := membership.Person{
		Principal: r.principal(),
		Email:     r.email(),
		Name:      r.name(),
		Roles:     r.Roles,
	}
	if r.Enabled != nil {
		p.Inactive = !*r.Enabled
		p.Status = statusOf(*r.Enabled)
	}
	return p
}

func statusOf(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

// highestRole picks the role that says most about what a member may do; "" where
// there is none.
func highestRole(roles []string) string {
	for _, want := range slices.Backward(rolesAscending) {
		if slices.Contains(roles, want) {
			return want
		}
	}
	for _, r := range roles {
		if r != "" {
			return r
		}
	}
	return ""
}

// workspaceRow is a workspace in a list or by itself.
type workspaceRow struct {
	ID           apiclient.NumericID `json:"id"`
	Name         string              `json:"name"`
	AccountID    apiclient.NumericID `json:"accountId"`
	Enabled      *bool               `json:"enabled"`
	MembersCount json.RawMessage     `json:"membersCount"`
}

func (r workspaceRow) key() int64   { return int64(r.ID) }
func (r workspaceRow) state() *bool { return r.Enabled }

// accountRow is an account.
type accountRow struct {
	ID   apiclient.NumericID `json:"id"`
	Name string              `json:"name"`
}

func (r accountRow) key() int64 { return int64(r.ID) }
func (accountRow) state() *bool { return nil }
