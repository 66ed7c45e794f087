package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// workspaceUsers is the authoritative resource: everybody in one workspace.
func workspaceUsers() framework.Authoritative {
	return framework.Authoritative{
		TypeName: usersType,
		Description: "The authoritative list of the enabled users of one BlazeMeter workspace: whoever is not named is disabled there. " +
			"For one user, see `" + userType + "`; the two are not used for one workspace together, unless the user is ignored here.\n\n" +
			"Promotions and additions are made first, then demotions, then users are disabled, so that the workspace never has fewer managers than before or after. " +
			"A plan that would take the last enabled manager out of the workspace fails; see the guide on the last-owner guard. " +
			"Only people whom the plan showed are demoted or disabled: whoever joined since is left alone and named in a warning.\n\n" +
			"Creating the resource over people who would be disabled, or whose role would change, fails and prints an import block. Destroying it touches nobody. " +
			"BlazeMeter has no call that removes a user from a workspace: disabling is its equivalent, and disabled users are not shown here.",
		Key: framework.Key{Workspace: framework.KeyPart{
			Attribute: "workspace_id", Form: ids,
			Description: "The id of the workspace, a number. Changing it replaces the resource; the people in the old workspace keep their access.",
		}},
		Roles: roles,
		List: &framework.WorkspaceList{
			Description: "Lists every workspace of a BlazeMeter account that the API key sees, so that all of them can be imported, each with everybody who is enabled in it.",
			Account:     framework.KeyPart{Attribute: "account_id", Form: ids, Description: "The id of the account, a number; `roster_blazemeter_accounts` lists them."},
			All: func(ctx context.Context, run *roster.Run, account string) ([]framework.ListedWorkspace, diag.Diagnostics) {
				all, diags := workspacesOf(ctx, run, account)
				out := make([]framework.ListedWorkspace, 0, len(all))
				for _, w := range all {
					out = append(out, framework.ListedWorkspace{ID: w.ID, Name: w.Name})
				}
				return out, diags
			},
		},
		Kinds: []framework.KindOf{{
			Kind: roster.User, Required: true, ID: ids,
			Roles: framework.Attribute{
				Name: "users",
				Description: "Maps the ids of users to their roles: `{ \"352749\" = \"manager\" }`; the roles are `manager`, `tester` and `viewer`. " +
					"Every user in the map is enabled, and a disabled one is enabled again. Empty, no user shall be enabled there.",
			},
			Ignore: framework.Attribute{Name: "ignore_users", Description: "Ids or e-mail addresses of users who are never shown, written or disabled here. The last-owner guard still counts them."},
			Texts:  framework.Attribute{Name: "user_emails", Description: "The e-mail addresses of the `users`, by id, so that a plan shows people."},
			ByText: framework.Attribute{Name: "user_roles_by_email", Description: "The roles of the `users`, by e-mail address, so that a plan shows in one place who comes, who goes, and whose role changes."},
		}},
	}
}
