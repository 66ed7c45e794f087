package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// WorkspaceDetails are what a workspace's listing tells besides its members
// (vendor page "Get workspace details").
type WorkspaceDetails struct {
	ID, Name, DisplayName, Description, Type string
}

// Label is the name that people see: the display name, else the name.
func (d WorkspaceDetails) Label() string {
	if d.DisplayName != "" {
		return d.DisplayName
	}
	return d.Name
}

// ReadWorkspace reads everybody in the workspace with one call. Entities other
// than users and groups keep their type as their kind, in lower case (blink 17).
func (c *Client) ReadWorkspace(ctx context.Context, workspace string) (*membership.Workspace, error) {
	op := "read workspace " + workspace
	if err := CheckID(workspace); err != nil {
		return nil, apiclient.NotSent(op, fmt.Errorf("workspace: %w", err))
	}
	var l *listing
	expected := c.rowsOf(workspace)
	err := c.read(ctx, op,
		func(ctx context.Context) (*http.Response, error) { return c.calls.GetWorkspace(ctx, workspace) },
		func(dec *json.Decoder) error {
			var err error
			l, err = decodeListing(dec, workspace, expected)
			return err
		})
	if err != nil {
		return nil, err
	}
	if err := c.sameTenant(op, l.tenant); err != nil {
		return nil, err
	}
	l.details.ID = workspace
	c.mu.Lock()
	c.details[workspace], c.rows[workspace] = l.details, len(l.members)
	c.mu.Unlock()
	return &membership.Workspace{ID: workspace, Name: l.details.Label(), Members: l.members}, nil
}

// DescribeWorkspace gives the workspace's name, without a call of its own where
// this client has read the workspace before.
func (c *Client) DescribeWorkspace(ctx context.Context, workspace string) (membership.Description, error) {
	d, err := c.WorkspaceDetails(ctx, workspace)
	if err != nil {
		return membership.Description{}, err
	}
	return membership.Description{ID: d.ID, Name: d.Label()}, nil
}

// WorkspaceDetails gives what the workspace's listing tells besides the
// members, as this client read it last; it reads where it has not read yet.
func (c *Client) WorkspaceDetails(ctx context.Context, workspace string) (WorkspaceDetails, error) {
	if d, ok := c.knownDetails(workspace); ok {
		return d, nil
	}
	if _, err := c.ReadWorkspace(ctx, workspace); err != nil {
		return WorkspaceDetails{}, err
	}
	d, _ := c.knownDetails(workspace)
	return d, nil
}

func (c *Client) knownDetails(workspace string) (WorkspaceDetails, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.details[workspace]
	return d, ok
}

// rowsOf is about how many members the next listing of a workspace will have: a few
// more than the last one. It is 0 where there was none.
func (c *Client) rowsOf(workspace string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := c.rows[workspace]
	return rows + rows/16
}

// listing is a workspace's answer, converted while it is read: ten thousand
// entities are never held twice.
type listing struct {
	details WorkspaceDetails
	// tenant is the id of the tenant, where the answer tells it.
	tenant  string
	members []membership.Member
	// at finds a member's place, for rows that come twice.
	at map[membership.Principal]int
	// roles holds one slice for each spelling of a role. They are full (length
	// is capacity), so that an append to a member's roles copies.
	roles map[string][]string
}

// entityRow is the part of blinkwire.WorkspaceEntity that is in use. The
// generated type would take an allocation for each field of each row.
type entityRow struct {
	ID            string `json:"id"`
	Type          string `json:"type"`
	Name          string `json:"name"`
	Email         string `json:"email"`
	WorkspaceRole string `json:"workspace_role"`
	IsInvite      bool   `json:"is_invite"`
	MemberCount   int    `json:"member_count"`
}

// decodeListing reads the answer to "Get workspace details". What could make a
// member look absent is an error: no list of entities, a row without type or
// id, another workspace. There is room for as many members as are expected.
func decodeListing(dec *json.Decoder, workspace string, expected int) (*listing, error) {
	l := &listing{
		members: make([]membership.Member, 0, expected), at: make(map[membership.Principal]int, expected), roles: map[string][]string{},
	}
	if err := apiclient.Open(dec, "it", '{'); err != nil {
		return nil, err
	}
	listed := false
	message := ""
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		switch key {
		case "entities":
			if listed {
				return nil, errors.New(`it has "entities" twice`)
			}
			listed = true
			err = l.decodeEntities(dec)
		case "id":
			err = decodeField(dec, "id", &l.details.ID)
		case "name":
			err = decodeField(dec, "name", &l.details.Name)
		case "display_name":
			err = decodeField(dec, "display_name", &l.details.DisplayName)
		case "description":
			err = decodeField(dec, "description", &l.details.Description)
		case "type":
			err = decodeField(dec, "type", &l.details.Type)
		case "tenant_id":
			err = decodeField(dec, "tenant_id", &l.tenant)
		default:
			var skipped json.RawMessage
			err = dec.Decode(&skipped)
			if key == "message" {
				message = apiclient.Text(skipped)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	switch {
	case !listed && message != "":
		return nil, fmt.Errorf("it has no list of entities (it says %q)", plainText(message))
	case !listed:
		return nil, errors.New("it has no list of entities")
	case l.details.ID != "" && !strings.EqualFold(l.details.ID, workspace):
		return nil, fmt.Errorf("it is about workspace %q", plainText(l.details.ID))
	}
	return l, nil
}

// decodeField reads a text; null leaves it empty.
func decodeField(dec *json.Decoder, name string, into *string) error {
	*into = ""
	if err := dec.Decode(into); err != nil {
		if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			te.Field = name
		}
		return err
	}
	return nil
}

func (l *listing) decodeEntities(dec *json.Decoder) error {
	if err := apiclient.Open(dec, `"entities"`, '['); err != nil {
		return err
	}
	var one entityRow
	for n := 1; dec.More(); n++ {
		// Decoding a null into the row itself would leave it as it is.
		one = entityRow{}
		row := &one
		if err := dec.Decode(&row); err != nil {
			return err
		}
		if row == nil {
			return fmt.Errorf("entity %d is null", n)
		}
		if err := l.add(row, n); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// add converts a row. n counts from one, for the message.
func (l *listing) add(row *entityRow, n int) error {
	kind := kindOf(row.Type)
	switch {
	case kind == "":
		return fmt.Errorf("entity %d has no type", n)
	case kind.Managed() && row.ID == "":
		return fmt.Errorf("entity %d, a %s, has no id", n, kind)
	}
	m := membership.Member{
		Principal:   membership.Principal{Kind: kind, ID: row.ID},
		Email:       row.Email,
		Name:        row.Name,
		Roles:       l.rolesOf(row.WorkspaceRole),
		Enabled:     true,
		Invite:      row.IsInvite,
		MemberCount: row.MemberCount,
	}
	if i, twice := l.at[m.Principal]; twice {
		l.members[i] = merge(l.members[i], m)
		return nil
	}
	l.at[m.Principal] = len(l.members)
	l.members = append(l.members, m)
	return nil
}

// rolesOf gives the roles of a row: its one role, or none.
func (l *listing) rolesOf(role string) []string {
	if role == "" {
		return nil
	}
	rs, ok := l.roles[role]
	if !ok {
		rs = []string{role}
		l.roles[role] = rs
	}
	return rs
}

// merge joins two rows of one principal. Roles that differ are all kept, so
// that the contradiction shows; of the rest, the first that says something
// counts, and in doubt the member is an invitation, which is no owner.
func merge(a, b membership.Member) membership.Member {
	for _, role := range b.Roles {
		if !slices.ContainsFunc(a.Roles, func(r string) bool { return strings.EqualFold(r, role) }) {
			a.Roles = slices.Concat(a.Roles, []string{role})
		}
	}
	if a.Email == "" {
		a.Email = b.Email
	}
	if a.Name == "" {
		a.Name = b.Name
	}
	if a.MemberCount == 0 {
		a.MemberCount = b.MemberCount
	}
	a.Invite = a.Invite || b.Invite
	return a
}

// kindOf reads an entity's type, whose spelling is not documented; the vendor's own
// client compares with lower case (blink 17).
func kindOf(entityType string) membership.Kind {
	for _, kind := range []membership.Kind{membership.User, membership.Group} {
		if strings.EqualFold(entityType, string(kind)) {
			return kind
		}
	}
	return membership.Kind(strings.ToLower(entityType))
}
