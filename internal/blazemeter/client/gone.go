package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// accountsAtOnce bounds how many accounts are searched at the same time.
const accountsAtOnce = 4

// settleNotFound finds out what a 404 about a workspace means. It is not
// documented (blazemeter 25) whether the service answers 404 or 403 for what a
// key cannot see, so the workspace is gone only if the workspace itself is not
// found either and no workspace list of the key's accounts has it. Everything
// else is of kind Forbidden, or of the kind of what hindered the search.
func (c *Client) settleNotFound(ctx context.Context, op string, id int64, said error) error {
	_, err := c.workspace(ctx, fmt.Sprintf("read BlazeMeter workspace %d, whose list of users was not found", id), id)
	switch {
	case err == nil:
		return notGone(op, said, "the workspace itself is there, so the API key lacks the right to see its users")
	case !isNotFound(err):
		return unsettled(op, said, err)
	}
	return c.searchLists(ctx, op, id, said)
}

// searchLists looks for a workspace that was not found in the workspace lists of
// all accounts that the key can see.
func (c *Client) searchLists(ctx context.Context, op string, id int64, said error) error {
	accounts, hidden, err := c.accounts(ctx)
	switch {
	case err != nil:
		return unsettled(op, said, err)
	case hidden != "":
		return notGone(op, said, "whether the workspace is gone cannot be told, because the service hides "+hidden+" from the API key")
	case len(accounts) == 0:
		return notGone(op, said, "whether the workspace is gone cannot be told, because the API key sees no account that could list it")
	}
	var seen, hides atomic.Bool
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(accountsAtOnce)
	for _, a := range accounts {
		group.Go(func() error {
			workspaces, hidden, err := c.workspaces(gctx, a.ID)
			if hidden != "" {
				hides.Store(true)
			}
			for _, w := range workspaces {
				if w.ID == strconv.FormatInt(id, 10) {
					seen.Store(true)
				}
			}
			return err
		})
	}
	err = group.Wait()
	switch {
	case seen.Load():
		return notGone(op, said, "the account's list of workspaces still has it, so the API key lacks a right")
	case err != nil:
		return unsettled(op, said, err)
	case hides.Load():
		return notGone(op, said, "whether the workspace is gone cannot be told, because the service hides workspaces from the API key")
	}
	gone := retold(op, said)
	gone.Failure = membership.Gone
	gone.Details = "the workspace is gone: no list of workspaces that the API key sees has it either (accounts: " + namesOf(accounts) + ")"
	return gone
}

// namesOf names a few accounts.
func namesOf(accounts []Account) string {
	const named = 5
	var names []string
	for _, a := range accounts[:min(len(accounts), named)] {
		names = append(names, a.ID)
	}
	if more := len(accounts) - named; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// retold is an error again, without its kind.
func retold(op string, said error) *membership.Error {
	e := &membership.Error{Op: op, Status: http.StatusNotFound}
	if was, ok := errors.AsType[*membership.Error](said); ok {
		e.Status, e.Message, e.RequestID = was.Status, was.Message, was.RequestID
	}
	e.Message = firstOf(e.Message, "Not Found")
	return e
}

// notGone is a 404 about something that may well be there.
func notGone(op string, said error, why string) error {
	e := retold(op, said)
	e.Failure = membership.Forbidden
	e.Details = why
	return e
}

// unsettled is a 404 whose meaning could not be found out. What may pass stays
// passing, wrong credentials stay wrong credentials; all else is a lack of rights.
func unsettled(op string, said, hindrance error) error {
	e := retold(op, said)
	e.Failure = membership.Forbidden
	switch kind := membership.FailureOf(hindrance); kind {
	case membership.Passing, membership.Unauthorized, membership.Malformed:
		e.Failure = kind
	default:
	}
	e.Details = "whether the workspace is gone could not be found out: " + hindrance.Error()
	e.Err = hindrance
	return e
}
