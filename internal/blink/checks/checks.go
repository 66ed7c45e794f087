// Package checks tries what the provider assumes of Blink.
package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkcalls"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
)

// Examination is what the doctor tries of Blink.
func Examination() doctor.Examination {
	return doctor.Examination{
		Curl:        `-H "` + client.KeyHeader + `: $BLINK_API_KEY"`,
		Explain:     client.Explain,
		Assumptions: assumptions,
		Right:       23,
		Delay:       25,
		Open: func(s *doctor.Service, workspace string) (doctor.Checks, error) {
			if err := client.CheckID(workspace); err != nil {
				return nil, fmt.Errorf("-workspace: %w", err)
			}
			return &checks{service: s, workspace: workspace}, nil
		},
	}
}

// checks are one examination of a workspace, with what it has read so far.
type checks struct {
	service   *doctor.Service
	workspace string

	// rows are the users and groups of the workspace, people those of the tenant;
	// people is nil where they cannot be read.
	rows, people []entity
	others       []entity
	// self are the details of the key's user; nil where they cannot be read.
	self doctor.Row
}

// entity is a row of one of the two listings.
type entity struct {
	doctor.Row
	kind, id, email, role string
}

func (e entity) is(kind, id string) bool { return e.kind == kind && e.id == id }

// invited tells whether the row says that it is a pending invitation, and whether
// it says anything.
func (e entity) invited() (is, told bool) { return e.Bool("is_invite") }

func (e entity) owner() bool { return strings.EqualFold(e.role, client.OwnerRole) }

const (
	user  = string(blinkwire.EntityTypeUser)
	group = string(blinkwire.EntityTypeGroup)
)

// server is the base URL as the generated builders take it.
func (c *checks) server() string { return c.service.Endpoint + "/" }

// member finds a user in the workspace.
func (c *checks) member(id string) (entity, bool) { return find(c.rows, user, id) }

func find(rows []entity, kind, id string) (entity, bool) {
	for _, e := range rows {
		if e.is(kind, id) {
			return e, true
		}
	}
	return entity{}, false
}

// readMembers reads the workspace's listing again.
func (c *checks) readMembers(ctx context.Context) error {
	a := c.service.Get(ctx)(blinkcalls.NewGetWorkspaceRequest(c.server(), c.workspace))
	if !a.OK() {
		return a.Unreadable("Blink")
	}
	rows, ok := doctor.Rows(a.Row()["entities"])
	if !ok {
		return errors.New("the listing of the workspace has no list of entities")
	}
	c.take(rows)
	return nil
}

// take sorts the entities of the workspace's listing.
func (c *checks) take(rows []doctor.Row) {
	c.rows, c.others = nil, nil
	for _, r := range rows {
		e := entity{Row: r, kind: strings.ToLower(r.Text("type")), id: r.Text("id"), email: r.Text("email"), role: r.Text("workspace_role")}
		c.conceal(e)
		if e.kind == user || e.kind == group {
			c.rows = append(c.rows, e)
		} else {
			c.others = append(c.others, e)
		}
	}
}

func (c *checks) conceal(e entity) {
	c.service.Conceal("id", e.id)
	c.service.Conceal("e-mail", e.email)
	c.service.Conceal("name", e.Text("name"))
}

// page asks for a page of the tenant's entities.
func (c *checks) page(ctx context.Context, offset, limit int, sort ...string) doctor.Answer {
	q := blinkwire.Query{Offset: &offset, Limit: &limit}
	if len(sort) > 0 {
		q.Sort = &sort
	}
	return c.service.Get(ctx)(blinkcalls.NewListTenantEntitiesRequest(c.server(), &blinkwire.ListTenantEntitiesParams{Q: &q}))
}

// ownForm tells a failure with a status in Blink's own form.
func ownForm(a doctor.Answer, status int) bool {
	return a.Err == nil && a.Status == status && a.Said().Own
}

// notFound tells what the client takes for "it is not there".
func notFound(a doctor.Answer) bool {
	said := a.Said()
	return a.Refused() && said.Own && (said.Status == http.StatusNotFound || said.Status == 0 && a.Status == http.StatusNotFound)
}
