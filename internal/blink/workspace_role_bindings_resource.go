package blink

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// workspaceRoleBindings is the authoritative resource: everybody in one workspace.
func workspaceRoleBindings() framework.Authoritative {
	return framework.Authoritative{
		TypeName: bindingsType,
		Description: "The authoritative list of the role bindings of one Blink workspace: whoever is not named loses access. " +
			"For one user or group, see `" + bindingType + "`; the two are not used for one workspace together, unless the principal is ignored here.\n\n" +
			"Promotions and additions are made first, then demotions, then removals, so that the workspace never has fewer owners than before or after. " +
			"A plan that would take the last owner out of the workspace fails; see the guide on the last-owner guard. " +
			"Only people whom the plan showed are demoted or removed: whoever joined since is left alone and named in a warning.\n\n" +
			"Creating the resource over people who would be removed, or whose role would change, fails and prints an import block. Destroying it touches nobody.",
		Key: framework.Key{Workspace: framework.KeyPart{
			Attribute: "workspace_id", Form: ids,
			Description: "The id of the workspace. Changing it replaces the resource; the people in the old workspace keep their access.",
		}},
		Roles: roles,
		Kinds: []framework.KindOf{
			{
				Kind: roster.User, ID: ids,
				Roles: framework.Attribute{
					Name: "users",
					Description: "Maps the ids of users to their roles: `{ \"u-1\" = \"owner\" }`. Roles are compared without regard to case. " +
						"Left out, users are not managed; empty, no user shall be there. At least one of `users` and `groups` is set.",
				},
				Ignore: framework.Attribute{Name: "ignore_users", Description: "Ids or e-mail addresses of users who are never shown, written or removed here. The last-owner guard still counts them."},
				Texts:  framework.Attribute{Name: "user_emails", Description: "The e-mail addresses of the `users`, by id, so that a plan shows people."},
				ByText: framework.Attribute{Name: "user_roles_by_email", Description: "The roles of the `users`, by e-mail address, so that a plan shows in one place who comes, who goes, and whose role changes."},
			},
			{
				Kind: roster.Group, ID: ids,
				Roles:  framework.Attribute{Name: "groups", Description: "Maps the ids of groups to their roles, as `users` does."},
				Ignore: framework.Attribute{Name: "ignore_groups", Description: "Ids of groups that are never shown, written or removed here."},
				Texts:  framework.Attribute{Name: "group_names", Description: "The names of the `groups`, by id."},
				ByText: framework.Attribute{Name: "group_roles_by_name", Description: "The roles of the `groups`, by name."},
			},
		},
		List: &framework.WorkspaceList{
			Description: "Lists every Blink workspace that the API key's user has access to, so that all of them can be imported, each with everybody in it.",
			All: func(ctx context.Context, run *roster.Run, _ string) ([]framework.ListedWorkspace, diag.Diagnostics) {
				all, diags := userWorkspaces(ctx, run)
				out := make([]framework.ListedWorkspace, 0, len(all))
				for _, w := range all {
					out = append(out, framework.ListedWorkspace{ID: w.ID, Name: w.Label()})
				}
				return out, diags
			},
		},
		Invites: "Whether pending invitations that are not named are shown and removed like members. Without it they are left alone.",
	}
}
