package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Assign gives the user or group the role, as its only one in the workspace.
// Blink knows nobody who is listed and disabled, so enabled is ignored. An
// answer of success is not proof (blink 3): the vendor does not say what the
// call does to a user who is not in the workspace.
func (c *Client) Assign(ctx context.Context, workspace string, p membership.Principal, role string, _ bool) (membership.Receipt, error) {
	op := fmt.Sprintf("assign the role %q to %s in workspace %s", role, named(p), workspace)
	kind, err := checkPrincipal(p)
	if err := errors.Join(workspaceError(workspace), err, CheckRole(role)); err != nil {
		return membership.Receipt{}, apiclient.NotSent(op, err)
	}
	return c.write(ctx, op, func(ctx context.Context) (*http.Response, error) {
		return c.calls.AssignRole(ctx, workspace, kind, p.ID, role)
	})
}

// Add brings users and groups into the workspace with the role. What it does to
// a user who is in the workspace already is not documented (blink 4).
func (c *Client) Add(ctx context.Context, workspace, role string, ps []membership.Principal) (membership.Receipt, error) {
	who := make([]string, len(ps))
	body := blinkwire.AddEntities{Entities: make([]blinkwire.EntityToAdd, len(ps))}
	errs := []error{workspaceError(workspace), CheckRole(role)}
	for i, p := range ps {
		kind, err := checkPrincipal(p)
		errs = append(errs, err)
		who[i] = named(p)
		body.Entities[i] = blinkwire.EntityToAdd{EntityID: p.ID, EntityType: kind, Role: role}
	}
	op := fmt.Sprintf("add %s to workspace %s with the role %q", strings.Join(who, ", "), workspace, role)
	if err := errors.Join(errs...); err != nil {
		return membership.Receipt{}, apiclient.NotSent(op, err)
	}
	if len(ps) == 0 {
		return membership.Receipt{}, nil
	}
	return c.write(ctx, op, func(ctx context.Context) (*http.Response, error) {
		return c.calls.AddEntities(ctx, workspace, body)
	})
}

// Remove takes the user or group out of the workspace. Access through a group,
// or as Admin of the tenant, remains (blink 27). The call is known from 2022
// only, when it was dropped from the file of the vendor's command line
// (blink 5): a service that does not know it (any more) gives a failure of kind
// Unsupported.
func (c *Client) Remove(ctx context.Context, workspace string, m membership.Member) (membership.Receipt, error) {
	op := fmt.Sprintf("remove %s from workspace %s", named(m.Principal), workspace)
	kind, err := checkPrincipal(m.Principal)
	if err := errors.Join(workspaceError(workspace), err); err != nil {
		return membership.Receipt{}, apiclient.NotSent(op, err)
	}
	return c.write(ctx, op, func(ctx context.Context) (*http.Response, error) {
		return c.calls.RemoveEntity(ctx, workspace, kind, m.ID)
	})
}

func workspaceError(workspace string) error {
	if err := CheckID(workspace); err != nil {
		return fmt.Errorf("workspace: %w", err)
	}
	return nil
}

// named is a principal in a phrase: "user u-1".
func named(p membership.Principal) string { return string(p.Kind) + " " + p.ID }
