package client

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

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
	c.orders.learn(id, r.rows)
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

// findCalls bounds the calls of FindMembers at the end of the list.
const findCalls = 3

// FindMembers looks for users among the enabled rows of a workspace where new
// ones are likely to be: at the end of the list, or, where the list has come in
// the order of the ids so far, where their ids belong. hint is how many enabled
// rows there should be, 0 where that is not known. At the end it usually costs one
// call with a hint and two without, and never more than three; elsewhere one for
// each page that has to be seen, at the same time.
//
// What it gives is there: everyone on the pages that it has read. Who is missing in it
// may be there nevertheless: only [Client.ReadWorkspace] tells who is not.
func (c *Client) FindMembers(ctx context.Context, workspace string, ids []string, hint int) (map[string]membership.Member, error) {
	op := fmt.Sprintf("look for users among those of BlazeMeter workspace %s", workspace)
	id, err := idOf(op, "workspace", workspace)
	if err != nil {
		return nil, err
	}
	s := &search{
		pager: newPager(c, c.workspaceUsers(op, id), new(true), true), orders: &c.orders, workspace: id,
		wanted: make(map[int64]string, len(ids)), members: make(map[string]membership.Member, len(ids)),
	}
	for _, user := range ids {
		n, err := idOf(op, "user", user)
		if err != nil {
			return nil, err
		}
		s.wanted[n] = user
	}
	if !c.orders.byID(id) {
		if err := s.atTheEnd(ctx, hint); err != nil {
			return nil, err
		}
	}
	if err := s.byID(ctx); err != nil {
		return nil, err
	}
	return s.members, nil
}

// search is one look for users.
type search struct {
	*pager[userRow]
	orders    *orders
	workspace int64
	// wanted are those who are not found yet, members everyone who was read.
	wanted  map[int64]string
	members map[string]membership.Member
	found   sync.Mutex
}

// see reads one page, and takes everyone from it.
func (s *search) see(ctx context.Context, skip int64) (rows int64, h head, err error) {
	page, h, err := s.page(ctx, skip)
	if err != nil {
		return 0, h, err
	}
	s.found.Lock()
	defer s.found.Unlock()
	var seen, fresh []int64
	for _, f := range withState(page, true) {
		n := int64(f.row.ID)
		seen = append(seen, n)
		m := f.row.member(f.enabled)
		s.members[m.ID] = m
		if user, ok := s.wanted[n]; ok {
			s.members[user] = m
			delete(s.wanted, n)
			fresh = append(fresh, n)
		}
	}
	s.orders.saw(s.workspace, seen, fresh)
	return int64(len(page)), h, nil
}

// atTheEnd looks at the last rows of the list.
func (s *search) atTheEnd(ctx context.Context, hint int) error {
	skip := int64(max(0, min(hint, mostRows)-s.limit))
	for range findCalls {
		if len(s.wanted) == 0 {
			return nil
		}
		size, h, err := s.see(ctx, skip)
		if err != nil {
			return err
		}
		reached := skip + size
		switch {
		case h.total == unknownTotal, reached == h.total:
			return nil
		case size == 0:
			// The list is shorter than the hint.
			size = int64(s.limit)
		}
		next := max(0, h.total-size)
		if next == skip {
			return nil
		}
		if skip < next && next < reached {
			next = reached
		}
		skip = next
	}
	return nil
}

// byID looks where the ids belong, if the list may be in their order.
func (s *search) byID(ctx context.Context) error {
	starts := s.orders.windows(s.workspace, slices.Collect(maps.Keys(s.wanted)), s.limit)
	return s.together(ctx, 1+len(starts), func(ctx context.Context, i int) error {
		_, _, err := s.see(ctx, starts[i-1])
		return err
	})
}
