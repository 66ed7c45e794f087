package blink

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// discovery is what Blink tells besides the core's port.
type discovery interface {
	UserWorkspaces(ctx context.Context) ([]client.UserWorkspace, error)
	CurrentUser(ctx context.Context) (client.CurrentUser, error)
	WorkspaceDetails(ctx context.Context, workspace string) (client.WorkspaceDetails, error)
}

// ids are those of workspaces and of their members.
var ids = framework.Form{What: "a Blink id", Check: client.CheckID}

// userWorkspaces lists the workspaces of the key's user, read once in a run.
func userWorkspaces(ctx context.Context, run *roster.Run) ([]client.UserWorkspace, diag.Diagnostics) {
	return framework.ReadOnce(ctx, run, "user-workspaces", "the workspaces of the API key's user", discovery.UserWorkspaces)
}

// directory gives the tenant's users and groups, read once in a run.
func directory(ctx context.Context, run *roster.Run, kind string) (framework.Directory, diag.Diagnostics) {
	t, err := run.Tenant(ctx, "")
	if err != nil {
		return framework.Directory{}, framework.ReadFailed(run, err, "the users and groups of the tenant")
	}
	return framework.Directory{
		Tenant: t, Kind: membership.Kind(kind), Where: "the Blink tenant",
		Advice: "Check the spelling, and that the API key belongs to the right tenant. Invite a new user to the tenant before you add them to a workspace.",
	}, nil
}

// workspaceNamed finds the one workspace with a display name.
func workspaceNamed(all []client.UserWorkspace, name string) (client.UserWorkspace, diag.Diagnostics) {
	var found, alike []client.UserWorkspace
	for _, w := range all {
		switch {
		case w.DisplayName == name:
			found = append(found, w)
		case strings.EqualFold(w.DisplayName, name) || strings.EqualFold(w.Name, name):
			alike = append(alike, w)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return client.UserWorkspace{}, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(displayNamePath,
			fmt.Sprintf("Several workspaces are called %q", name),
			fmt.Sprintf("The API key's user has access to %d workspaces with the display name %q: %s. Choose one of them with id.", len(found), name, describeWorkspaces(found)))}
	}
	detail := fmt.Sprintf("The API key's user has access to %d workspaces, and none has the display name %q.", len(all), name)
	if len(alike) > 0 {
		detail += fmt.Sprintf(" There is %s: display names are compared exactly.", describeWorkspaces(alike))
	}
	return client.UserWorkspace{}, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(displayNamePath,
		fmt.Sprintf("No workspace is called %q", name),
		detail+" Check the spelling. A workspace of which the user of the key is not a member may be missing in this list: give its id instead.")}
}

func describeWorkspaces(ws []client.UserWorkspace) string {
	out := make([]string, 0, len(ws))
	for _, w := range ws {
		out = append(out, fmt.Sprintf("%s (%q)", w.ID, w.Label()))
	}
	return strings.Join(out, ", ")
}
