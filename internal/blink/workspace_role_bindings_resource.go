package blink

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// workspaceRoleBindings is the authoritative resource: everybody in one workspace.
func workspaceRoleBindings() framework.Authoritative {
	return framework.Authoritative{
		TypeName: bindingsType,
		Description: "The authoritative list of the role bindings of one Blink workspace: a member who is not named is removed. " +
			"For one user or group, see `" + bindingType + "`. Do not use both for the same workspace, unless this resource ignores the principal.\n\n" +
			"Promotions and additions come first, then demotions, then removals, so that the workspace never has fewer owners than before or after. " +
			"A plan that would remove the last owner of the workspace fails; see the guide on the last-owner guard. " +
			"Only members whom the plan showed are demoted or removed: a member who joined since is left alone and named in a warning.\n\n" +
			"If creating the resource would remove members or change their roles, the plan fails and prints an import block. Destroying it removes no one: it only stops managing.",
		Key: framework.Key{Workspace: framework.KeyPart{
			Attribute: "workspace_id", Form: ids,
			Description: "The id of the workspace. Changing it replaces the resource; the members of the old workspace keep their roles.",
		}},
		Roles: roles,
		Kinds: []framework.KindOf{
			{
				Kind: membership.User, ID: ids,
				Roles: framework.Attribute{
					Name: "users",
					Description: "Maps the ids of users to their roles: `{ \"u-1\" = \"owner\" }`. Roles are compared without regard to case. " +
						"If it is not set, users are not managed. If it is empty, all users are removed. Set at least one of `users` and `groups`.",
				},
				Ignore: framework.Attribute{Name: "ignore_users", Description: "Ids or e-mail addresses of users who are never shown, written or removed here. The last-owner guard still counts them."},
				Texts:  framework.Attribute{Name: "user_emails", Description: "The e-mail addresses of the `users`, by id, so that a plan shows people."},
				ByText: framework.Attribute{Name: "user_roles_by_email", Description: "The roles of the `users`, by e-mail address, so that a plan shows additions, removals and changed roles in one place."},
			},
			{
				Kind: membership.Group, ID: ids,
				Roles:  framework.Attribute{Name: "groups", Description: "Maps the ids of groups to their roles, as `users` does."},
				Ignore: framework.Attribute{Name: "ignore_groups", Description: "Ids of groups that are never shown, written or removed here."},
				Texts:  framework.Attribute{Name: "group_names", Description: "The names of the `groups`, by id."},
				ByText: framework.Attribute{Name: "group_roles_by_name", Description: "The roles of the `groups`, by name."},
			},
		},
		List: &framework.WorkspaceList{
			Description: "Lists every Blink workspace that the user of the API key has access to, so that you can import all of them, each with all its members.",
			All: func(ctx context.Context, run *roster.Run, _ string) ([]framework.ListedWorkspace, diag.Diagnostics) {
				all, diags := userWorkspaces(ctx, run)
				out := make([]framework.ListedWorkspace, 0, len(all))
				for _, w := range all {
					out = append(out, framework.ListedWorkspace{ID: w.ID, Name: w.Label()})
				}
				return out, diags
			},
		},
		Invites: "Whether pending invitations that are not named are shown and removed like members. If false, they are left alone.",
	}
}
