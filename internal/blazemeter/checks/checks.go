// Package checks tries what the provider assumes of BlazeMeter.
package checks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemetercalls"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
)

// Examination is what the doctor tries of BlazeMeter.
func Examination() doctor.Examination {
	return doctor.Examination{
		Curl:        `-u "$BLAZEMETER_API_KEY_ID:$BLAZEMETER_API_KEY_SECRET"`,
		Explain:     client.Explain,
		Assumptions: assumptions,
		Right:       15,
		Delay:       27,
		Leaves:      "BlazeMeter has no call that takes a user off the list, so this one stays on it, disabled.",
		Open: func(s *doctor.Service, workspace string) (doctor.Checks, error) {
			id, err := apiclient.ParseNumericID(workspace)
			if err != nil {
				return nil, fmt.Errorf("-workspace: %w", err)
			}
			return &checks{service: s, workspace: int64(id)}, nil
		},
	}
}

// checks are one examination of a workspace, with what it has read so far.
type checks struct {
	service            *doctor.Service
	workspace, account int64

	// users are those of the workspace, people those of the account; people is nil
	// where they cannot be read.
	users, people []person
	// complete is true where nothing speaks against users being all there are.
	complete bool
	// self is the id of the key's user; "" where it cannot be told.
	self string
	// reachesAccount is true once disabling was seen to reach the whole account.
	reachesAccount bool
}

// person is a row of a list of users.
type person struct {
	doctor.Row
	id, email string
	roles     []string
	// rolesShape names the JSON type of roles.
	rolesShape string
	// disabled is by the row's own word, else by that of the list it is in.
	disabled bool
}

func (p person) manager() bool { return slices.Contains(p.roles, client.RoleManager) }

func newPerson(r doctor.Row, disabled bool) person {
	p := person{Row: r, id: r.Text("id"), email: r.Text("email"), disabled: disabled, rolesShape: doctor.Shape(r["roles"])}
	if enabled, told := r.Bool("enabled"); told {
		p.disabled = !enabled
	}
	var roles []any
	switch v := r["roles"].(type) {
	case []any:
		roles = v
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			roles = append(roles, v[key])
		}
	}
	for _, one := range roles {
		role, _ := one.(string)
		p.roles = append(p.roles, role)
	}
	return p
}

// server is the base URL as the generated builders take it.
func (c *checks) server() string { return c.service.Endpoint + "/" }

func find(people []person, id string) (person, bool) {
	i := slices.IndexFunc(people, func(p person) bool { return p.id == id })
	if i < 0 {
		return person{}, false
	}
	return people[i], true
}

// pageSize is what the provider asks for.
const pageSize = 50

// mostPages bounds the reading of a list.
const mostPages = 200

// list is what reading a list to its end gave.
type list struct {
	rows []doctor.Row
	// failed is the answer that was no page; nil where all were.
	failed *doctor.Answer
	// heads are the envelopes of the pages.
	heads []doctor.Row
	// asObject is true where a page's result was an object of rows.
	asObject bool
	// cut is true where there is more than is read.
	cut bool
}

// pages reads a list to its end, by the number of rows received.
func (c *checks) pages(ctx context.Context, request func(skip, limit int) (*http.Request, error)) list {
	var l list
	for range mostPages {
		r, err := request(len(l.rows), pageSize)
		a := c.service.Get(ctx)(r, err)
		rows, asObject, ok := rowsOf(a)
		if !ok {
			l.failed = &a
			return l
		}
		l.heads = append(l.heads, a.Row())
		l.asObject = l.asObject || asObject
		l.rows = append(l.rows, rows...)
		if len(rows) == 0 || fmt.Sprint(len(l.rows)) == a.Row().Text("total") {
			return l
		}
	}
	l.cut = true
	return l
}

// rowsOf gives the rows of a page.
func rowsOf(a doctor.Answer) (rows []doctor.Row, asObject, ok bool) {
	if !a.OK() || a.Row()["error"] != nil {
		return nil, false, false
	}
	result := a.Row()["result"]
	if byID, is := result.(map[string]any); is {
		all := make([]any, 0, len(byID))
		for _, key := range slices.Sorted(maps.Keys(byID)) {
			all = append(all, byID[key])
		}
		result, asObject = all, true
	}
	rows, ok = doctor.Rows(result)
	return rows, asObject, ok
}

// workspaceUsers asks for a page of the workspace's users.
func (c *checks) workspaceUsers(enabled *bool, email string) func(skip, limit int) (*http.Request, error) {
	return func(skip, limit int) (*http.Request, error) {
		p := &blazemeterwire.ListWorkspaceUsersParams{Enabled: enabled, Limit: &limit, Skip: &skip}
		if email != "" {
			p.TextFilter = &email
		}
		return blazemetercalls.NewListWorkspaceUsersRequest(c.server(), c.workspace, p)
	}
}

// accountUsers asks for a page of the account's users.
func (c *checks) accountUsers(email string) func(skip, limit int) (*http.Request, error) {
	return func(skip, limit int) (*http.Request, error) {
		p := &blazemeterwire.ListAccountUsersParams{Limit: &limit, Skip: &skip}
		if email != "" {
			p.TextFilter = &email
		}
		return blazemetercalls.NewListAccountUsersRequest(c.server(), c.account, p)
	}
}

func (c *checks) conceal(r doctor.Row) {
	c.service.Conceal("id", r.Text("id"))
	c.service.Conceal("e-mail", r.Text("email"))
	c.service.Conceal("name", r.Text("displayName"), r.Text("firstName"), r.Text("lastName"))
}

// notFound tells what the client takes for "it is not there".
func notFound(a doctor.Answer) bool {
	said := a.Said()
	return a.Refused() && said.Own && (said.Status == http.StatusNotFound || said.Status == 0 && a.Status == http.StatusNotFound)
}

// sameStatus tells whether head and body of a failure agree.
func sameStatus(a doctor.Answer) bool {
	return a.Err == nil && a.Status >= http.StatusBadRequest && a.Said().Status == a.Status
}

func joined(roles []string) string { return strings.Join(roles, ", ") }
