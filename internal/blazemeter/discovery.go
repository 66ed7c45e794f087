package blazemeter

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// discovery is what BlazeMeter tells besides the core's port.
type discovery interface {
	Accounts(ctx context.Context) ([]client.Account, error)
	Workspaces(ctx context.Context, account string) ([]client.Workspace, error)
}

// ids are those of workspaces and of their members.
var ids = framework.Form{What: "a BlazeMeter id", Check: client.CheckID}

// workspacesOf lists the workspaces of an account, read once in a run.
func workspacesOf(ctx context.Context, run *roster.Run, account string) ([]client.Workspace, diag.Diagnostics) {
	what := "workspaces of account " + account
	return framework.ReadOnce(ctx, run, what, "the "+what, func(d discovery, ctx context.Context) ([]client.Workspace, error) {
		return d.Workspaces(ctx, account)
	})
}

// directory gives the users of an account, read once in a run.
func directory(ctx context.Context, run *roster.Run, account string) (framework.Directory, diag.Diagnostics) {
	t, err := run.Tenant(ctx, account)
	if err != nil {
		return framework.Directory{}, framework.ReadFailed(run, err, "the users of account "+account)
	}
	return framework.Directory{
		Tenant: t, Kind: membership.User, Where: "BlazeMeter account " + account,
		Advice: "Check the spelling and the id of the account. Invite a new user to the account before you add them to a workspace.",
	}, nil
}

// workspaceNamed finds the one workspace of an account with a name.
func workspaceNamed(all []client.Workspace, account, name string) (client.Workspace, diag.Diagnostics) {
	var found, alike []client.Workspace
	for _, w := range all {
		switch {
		case w.Name == name:
			found = append(found, w)
		case strings.EqualFold(w.Name, name):
			alike = append(alike, w)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return client.Workspace{}, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("name"),
			fmt.Sprintf("Several workspaces are called %q", name),
			fmt.Sprintf("BlazeMeter account %s has %d workspaces with the name %q: %s. Choose one of them with id.", account, len(found), name, describeWorkspaces(found)))}
	}
	detail := fmt.Sprintf("The API key sees %d workspaces in BlazeMeter account %s, and none has the name %q.", len(all), account, name)
	if len(alike) > 0 {
		detail += fmt.Sprintf(" There is %s: names are compared exactly.", describeWorkspaces(alike))
	}
	return client.Workspace{}, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("name"),
		fmt.Sprintf("No workspace is called %q", name),
		detail+" Check the spelling and the account's id, or give the workspace's id instead.")}
}

func describeWorkspaces(ws []client.Workspace) string {
	out := make([]string, 0, len(ws))
	for _, w := range ws {
		text := fmt.Sprintf("%s (%q)", w.ID, w.Name)
		if !w.Enabled {
			text = fmt.Sprintf("%s (%q, disabled)", w.ID, w.Name)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}
