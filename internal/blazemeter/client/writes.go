package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// Assign gives a user one role and enables or disables it. The call always
// carries both, since it is not documented that a missing field is left alone
// (blazemeter 5), and is assumed not to add anybody (blazemeter 6). That enabled is
// about the workspace and not about the account is blazemeter 17.
func (c *Client) Assign(ctx context.Context, workspace string, p membership.Principal, role string, enabled bool) (membership.Receipt, error) {
	op := fmt.Sprintf("give user %s the role %s in BlazeMeter workspace %s", p.ID, role, workspace)
	if !enabled {
		op = fmt.Sprintf("disable user %s with the role %s in BlazeMeter workspace %s", p.ID, role, workspace)
	}
	if strings.TrimSpace(role) == "" {
		return membership.Receipt{}, apiclient.NotSent(op, errors.New("the role is empty: give tester, manager or viewer"))
	}
	return c.update(ctx, op, workspace, p, blazemeterwire.UpdateWorkspaceUserRequest{Roles: []string{role}, Enabled: enabled})
}

// Remove disables the member, which is BlazeMeter's equivalent of deleting: a
// call that deletes is not known (blazemeter 1). The role stays as it is; of
// several the highest is kept, since the call takes one (blazemeter 10). Only
// where no role is known is `enabled` sent alone.
func (c *Client) Remove(ctx context.Context, workspace string, m membership.Member) (membership.Receipt, error) {
	op := fmt.Sprintf("disable user %s in BlazeMeter workspace %s", m.ID, workspace)
	var roles []string
	if role := highestRole(m.Roles); role != "" {
		roles = []string{role}
	}
	return c.update(ctx, op, workspace, m.Principal, blazemeterwire.UpdateWorkspaceUserRequest{Roles: roles, Enabled: false})
}

// update sends PUT /workspaces/{workspaceId}/users/{userId} and holds the
// answer, which shows the user as it is afterwards, against what was wanted.
func (c *Client) update(ctx context.Context, op, workspace string, p membership.Principal, body blazemeterwire.UpdateWorkspaceUserRequest) (membership.Receipt, error) {
	id, err := idOf(op, "workspace", workspace)
	if err != nil {
		return membership.Receipt{}, err
	}
	user, err := userID(op, p)
	if err != nil {
		return membership.Receipt{}, err
	}
	var row userRow
	h, err := c.write(ctx, op,
		func(ctx context.Context) (*http.Response, error) {
			return c.calls.UpdateWorkspaceUser(ctx, id, user, body)
		},
		oneRow(&row))
	if err != nil {
		return membership.Receipt{}, err
	}
	if err := shows(row, user, body); err != nil {
		return membership.Receipt{}, &membership.Error{
			Failure: membership.Passing, Op: op, Status: http.StatusOK, RequestID: h.requestID, MaybeApplied: true, Err: err,
		}
	}
	return membership.Receipt{RequestID: h.requestID}, nil
}

// shows tells whether an answer shows the user as the request wanted it. A row
// that was not sent (204) or a field that is missing contradicts nothing, and
// what the roles of a disabled user look like is not documented (blazemeter 4).
func shows(row userRow, user int64, want blazemeterwire.UpdateWorkspaceUserRequest) error {
	switch {
	case row.ID == 0:
		return nil
	case row.key() != user:
		return fmt.Errorf("the service answered about user %s instead", row.ID)
	case row.Enabled != nil && *row.Enabled != want.Enabled:
		return fmt.Errorf("the service took the change and answered that the user is %s all the same", statusOf(*row.Enabled))
	case want.Enabled && row.Roles != nil && !sameRoles(row.Roles, want.Roles):
		return fmt.Errorf("the service took the change and answered that the user has the roles [%s] all the same (a group of the single sign-on may decide them)",
			transport.OneLine(strings.Join(row.Roles, ", "), 200))
	default:
		return nil
	}
}

func sameRoles(a, b []string) bool { return slices.EqualFunc(a, b, strings.EqualFold) }

// Add brings users of the account into the workspace with one role. Whether
// several are added all or none is not documented (blazemeter 9): what is there has
// to be read back. A user who is in the workspace already, enabled or not, belongs
// to Assign (blazemeter 7, 8).
func (c *Client) Add(ctx context.Context, workspace, role string, ps []membership.Principal) (membership.Receipt, error) {
	op := fmt.Sprintf("add %s with the role %s to BlazeMeter workspace %s", people(ps), role, workspace)
	id, err := idOf(op, "workspace", workspace)
	if err != nil {
		return membership.Receipt{}, err
	}
	if !blazemeterwire.WorkspaceRole(role).Valid() {
		return membership.Receipt{}, apiclient.NotSent(op, fmt.Errorf("%q is none of the roles that BlazeMeter takes: tester, manager, viewer", role))
	}
	if len(ps) == 0 {
		return membership.Receipt{}, apiclient.NotSent(op, errors.New("nobody was named"))
	}
	users := make([]int64, 0, len(ps))
	named := make(map[int64]bool, len(ps))
	for _, p := range ps {
		n, err := userID(op, p)
		if err != nil {
			return membership.Receipt{}, err
		}
		if !named[n] {
			named[n] = true
			users = append(users, n)
		}
	}
	h, err := c.write(ctx, op,
		func(ctx context.Context) (*http.Response, error) {
			return c.calls.AddWorkspaceUsers(ctx, id, blazemeterwire.AddWorkspaceUsersRequest{UsersIDs: users, Roles: []string{role}})
		},
		skipResult)
	if err != nil {
		return membership.Receipt{}, err
	}
	return membership.Receipt{RequestID: h.requestID}, nil
}

// people names a few of them.
func people(ps []membership.Principal) string {
	const named = 5
	ids := make([]string, 0, named)
	for _, p := range ps[:min(len(ps), named)] {
		ids = append(ids, p.ID)
	}
	text := "users " + strings.Join(ids, ", ")
	switch {
	case len(ps) == 1:
		return "user " + ids[0]
	case len(ps) > named:
		return fmt.Sprintf("%s and %d more", text, len(ps)-named)
	default:
		return text
	}
}
