package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// workspaceUsers is the authoritative resource: everybody in one workspace.
func workspaceUsers() framework.Authoritative {
	return framework.Authoritative{
		TypeName: usersType,
		Description: "The authoritative list of the enabled users of one BlazeMeter workspace: a user who is not named is disabled there. " +
			"For one user, see `" + userType + "`. Do not use both for the same workspace, unless this resource ignores the user.\n\n" +
			"Promotions and additions come first, then demotions, then users are disabled, so that the workspace never has fewer managers than before or after. " +
			"A plan that would remove the last enabled manager of the workspace fails; see the guide on the last-owner guard. " +
			"Only users whom the plan showed are demoted or disabled: a user who joined since is left alone and named in a warning.\n\n" +
			"If creating the resource would disable users or change their roles, the plan fails and prints an import block. Destroying it disables no one: it only stops managing. " +
			"BlazeMeter has no call that removes a user from a workspace: disabling is its equivalent, and disabled users are not shown here.",
		Key: framework.Key{Workspace: framework.KeyPart{
			Attribute: "workspace_id", Form: ids,
			Description: "The id of the workspace, a number. Changing it replaces the resource; the members of the old workspace keep their roles.",
		}},
		Roles: roles,
		List: &framework.WorkspaceList{
			Description: "Lists every workspace of a BlazeMeter account that the API key sees, so that you can import all of them, each with all its enabled users.",
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
			Kind: membership.User, Required: true, ID: ids,
			Roles: framework.Attribute{
				Name: "users",
				Description: "Maps the ids of users to their roles: `{ \"352749\" = \"manager\" }`; the roles are `manager`, `tester` and `viewer`. " +
					"A disabled user in the map is enabled again. If the map is empty, all users are disabled.",
			},
			Ignore: framework.Attribute{Name: "ignore_users", Description: "Ids or e-mail addresses of users who are never shown, written or disabled here. The last-owner guard still counts them."},
			Texts:  framework.Attribute{Name: "user_emails", Description: "The e-mail addresses of the `users`, by id, so that a plan shows people."},
			ByText: framework.Attribute{Name: "user_roles_by_email", Description: "The roles of the `users`, by e-mail address, so that a plan shows additions, removals and changed roles in one place."},
		}},
	}
}
