package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// ReadWorkspace reads everybody in the workspace, enabled and disabled. It costs
// the pages of the two lists, and one call more for every fifty or so. The listing
// does not tell the workspace's name.
//
// An error of kind Gone means that neither the list of users nor the workspace
// itself nor any list of the key's workspaces knows it; a 404 alone is of kind
// Forbidden (blazemeter 25). A listing whose rows moved while they were read is of
// kind Passing.
func (c *Client) ReadWorkspace(ctx context.Context, workspace string) (*membership.Workspace, error) {
	op := fmt.Sprintf("list the users of BlazeMeter workspace %s", workspace)
	id, err := idOf(op, "workspace", workspace)
	if err != nil {
		return nil, err
	}
	r, err := readAll(ctx, c, c.workspaceUsers(op, id))
	if isNotFound(err) {
		return nil, c.settleNotFound(ctx, op, id, err)
	}
	if err != nil {
		return nil, err
	}
	w := &membership.Workspace{ID: workspace, Incomplete: r.short, Members: make([]membership.Member, 0, len(r.rows))}
	switch {
	case len(r.rows) == 0 && r.short == "":
		if w.Incomplete, err = c.confirmEmpty(ctx, op, id); err != nil {
			return nil, err
		}
	case r.hidden != "" && r.short == "":
		w.Notes = append(w.Notes, fmt.Sprintf("BlazeMeter says that it hides %s of workspace %s from this API key, and gave as many as it counts.", r.hidden, workspace))
	}
	for _, f := range r.rows {
		w.Members = append(w.Members, f.row.member(f.enabled))
	}
	return w, nil
}

// workspaceUsers is the list of a workspace's users. Whether a call without the
// `enabled` filter shows both states is not documented (blazemeter 3), nor is an
// order of the rows (blazemeter 19).
func (c *Client) workspaceUsers(op string, id int64) listing[userRow] {
	return listing[userRow]{
		op:      op,
		rows:    "users",
		byState: true,
		fetch: func(ctx context.Context, enabled *bool, skip, limit int) (*http.Response, error) {
			return c.calls.ListWorkspaceUsers(ctx, id, &blazemeterwire.ListWorkspaceUsersParams{
				Enabled: enabled, Limit: &limit, Skip: &skip,
			})
		},
	}
}

// confirmEmpty holds a listing without anybody, enabled or disabled, against the
// number of members that the workspace itself tells (blazemeter 34): the vendor's
// sample of a workspace that was just created has one. What it gives says, as a
// clause, why the listing cannot be complete.
func (c *Client) confirmEmpty(ctx context.Context, op string, id int64) (incomplete string, err error) {
	w, err := c.workspace(ctx, fmt.Sprintf("read BlazeMeter workspace %d, whose list of users is empty", id), id)
	if isNotFound(err) {
		return "", c.settleNotFound(ctx, op, id, err)
	}
	if n, ok := wholeNumber(w.MembersCount); err == nil && ok && n > 0 {
		incomplete = fmt.Sprintf("it shows nobody, and the workspace itself counts %d members", n)
	}
	return incomplete, err
}

// findCalls bounds the calls of FindMembers.
const findCalls = 3

// FindMembers looks for users among the enabled rows of a workspace where new
// ones are likely to be: at the end of the list. hint is how many enabled rows
// there should be, 0 where that is not known. It usually costs one call with a
// hint and two without, and never more than three.
//
// What it gives is there. Who is missing in it may be there nevertheless: only
// [Client.ReadWorkspace] tells who is not.
func (c *Client) FindMembers(ctx context.Context, workspace string, ids []string, hint int) (map[string]membership.Member, error) {
	op := fmt.Sprintf("look for users among those of BlazeMeter workspace %s", workspace)
	id, err := idOf(op, "workspace", workspace)
	if err != nil {
		return nil, err
	}
	wanted := make(map[string]bool, len(ids))
	for _, user := range ids {
		if _, err := idOf(op, "user", user); err != nil {
			return nil, err
		}
		wanted[user] = true
	}
	members := make(map[string]membership.Member, len(wanted))
	p := newPager(c, c.workspaceUsers(op, id), new(true), true)
	skip := int64(max(0, min(hint, mostRows)-p.limit))
	for range findCalls {
		if len(members) == len(wanted) {
			break
		}
		rows, h, err := p.page(ctx, skip)
		if err != nil {
			return nil, err
		}
		for _, f := range withState(rows, true) {
			if user := f.row.ID.String(); wanted[user] {
				members[user] = f.row.member(f.enabled)
			}
		}
		size, reached := int64(len(rows)), skip+int64(len(rows))
		switch {
		case h.total == unknownTotal, reached == h.total:
			return members, nil
		case size == 0:
			// The list is shorter than the hint.
			size = int64(p.limit)
		}
		next := max(0, h.total-size)
		if next == skip {
			return members, nil
		}
		if skip < next && next < reached {
			next = reached
		}
		skip = next
	}
	return members, nil
}
