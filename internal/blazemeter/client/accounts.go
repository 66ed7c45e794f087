package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Account is an account that the key can see.
type Account struct {
	ID, Name string
}

// Workspace is a workspace without its users.
type Workspace struct {
	ID, Name string
	// AccountID is "" where the service does not tell it.
	AccountID string
	// Enabled is false for a workspace that is switched off.
	Enabled bool
}

// Accounts lists the accounts that the key can see.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	accounts, _, err := c.accounts(ctx)
	return accounts, err
}

// accounts tells besides which of them the service hides; see [reading].
func (c *Client) accounts(ctx context.Context) (accounts []Account, hidden string, err error) {
	r, err := readWhole(ctx, c, listing[accountRow]{
		op:   "list the BlazeMeter accounts",
		rows: "accounts",
		fetch: func(ctx context.Context, _ *bool, skip, limit int) (*http.Response, error) {
			return c.calls.ListAccounts(ctx, &blazemeterwire.ListAccountsParams{Limit: &limit, Skip: &skip})
		},
	})
	if err != nil {
		return nil, "", err
	}
	for _, f := range r.rows {
		accounts = append(accounts, Account{ID: f.row.ID.String(), Name: f.row.Name})
	}
	return accounts, r.hidden, nil
}

// Workspaces lists the workspaces of an account, enabled and disabled.
func (c *Client) Workspaces(ctx context.Context, account string) ([]Workspace, error) {
	workspaces, _, err := c.workspaces(ctx, account)
	return workspaces, err
}

// workspaces tells besides which of them the service hides; see [reading].
func (c *Client) workspaces(ctx context.Context, account string) (workspaces []Workspace, hidden string, err error) {
	op := fmt.Sprintf("list the workspaces of BlazeMeter account %s", account)
	id, err := idOf(op, "account", account)
	if err != nil {
		return nil, "", err
	}
	r, err := readWhole(ctx, c, listing[workspaceRow]{
		op:      op,
		rows:    "workspaces",
		byState: true,
		fetch: func(ctx context.Context, enabled *bool, skip, limit int) (*http.Response, error) {
			return c.calls.ListWorkspaces(ctx, &blazemeterwire.ListWorkspacesParams{
				AccountID: id, Enabled: enabled, Limit: &limit, Skip: &skip,
			})
		},
	})
	if err != nil {
		return nil, "", err
	}
	for _, f := range r.rows {
		w := Workspace{ID: f.row.ID.String(), Name: f.row.Name, AccountID: f.row.AccountID.String(), Enabled: f.enabled}
		w.AccountID = firstOf(w.AccountID, account)
		workspaces = append(workspaces, w)
	}
	return workspaces, r.hidden, nil
}

// WorkspaceByID reads one workspace. Its errors are those of
// [Client.DescribeWorkspace].
func (c *Client) WorkspaceByID(ctx context.Context, workspace string) (Workspace, error) {
	op := fmt.Sprintf("read BlazeMeter workspace %s", workspace)
	id, err := idOf(op, "workspace", workspace)
	if err != nil {
		return Workspace{}, err
	}
	row, err := c.workspace(ctx, op, id)
	if isNotFound(err) {
		return Workspace{}, c.searchLists(ctx, op, id, err)
	}
	if err != nil {
		return Workspace{}, err
	}
	return Workspace{
		ID:        workspace,
		Name:      row.Name,
		AccountID: row.AccountID.String(),
		Enabled:   row.Enabled == nil || *row.Enabled,
	}, nil
}

// DescribeWorkspace reads a workspace's name, account and whether it is switched
// off. A workspace that is not found is Gone only if no workspace list of the
// key's accounts has it; see [Client.ReadWorkspace].
func (c *Client) DescribeWorkspace(ctx context.Context, workspace string) (membership.Description, error) {
	w, err := c.WorkspaceByID(ctx, workspace)
	if err != nil {
		return membership.Description{}, err
	}
	return membership.Description{ID: w.ID, Name: w.Name, Tenant: w.AccountID, Disabled: !w.Enabled}, nil
}

func (c *Client) workspace(ctx context.Context, op string, id int64) (workspaceRow, error) {
	var row workspaceRow
	_, err := c.read(ctx, op,
		func(ctx context.Context) (*http.Response, error) { return c.calls.GetWorkspace(ctx, id) },
		func(dec *json.Decoder) error {
			if err := decodeRow(dec, &row); err != nil {
				return err
			}
			if row.key() != id {
				return apiclient.ValueError("it is about workspace " + row.ID.String())
			}
			return nil
		})
	return row, err
}

// People lists the users of an account, enabled and disabled: "The user list
// will include all enabled and disabled users", the vendor says of this list.
func (c *Client) People(ctx context.Context, tenant string) ([]membership.Person, error) {
	op := fmt.Sprintf("list the users of BlazeMeter account %s", tenant)
	id, err := idOf(op, "account", tenant)
	if err != nil {
		return nil, err
	}
	r, err := readWhole(ctx, c, listing[userRow]{
		op:   op,
		rows: "users",
		fetch: func(ctx context.Context, _ *bool, skip, limit int) (*http.Response, error) {
			return c.calls.ListAccountUsers(ctx, id, &blazemeterwire.ListAccountUsersParams{Limit: &limit, Skip: &skip})
		},
	})
	if err != nil {
		return nil, err
	}
	people := make([]membership.Person, 0, len(r.rows))
	for _, f := range r.rows {
		people = append(people, f.row.person())
	}
	return people, nil
}

// Self tells whom the API key belongs to.
func (c *Client) Self(ctx context.Context) (membership.Person, error) {
	const op = "read the user of the BlazeMeter API key"
	var row userRow
	_, err := c.read(ctx, op,
		func(ctx context.Context) (*http.Response, error) { return c.calls.GetUser(ctx) },
		oneRow(&row))
	if err != nil {
		return membership.Person{}, err
	}
	self := row.person()
	// These are roles on the platform, not in an account.
	self.Roles = nil
	return self, nil
}
