package blink

import (
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// workspaceRoleMembers is the authoritative resource for one role.
func workspaceRoleMembers() framework.Authoritative {
	return framework.Authoritative{
		TypeName: membersType,
		Description: "The authoritative list of who holds one role in one Blink workspace. Everybody with another role is left alone, unless they are named here: being named gives the role, whatever the role was before.\n\n" +
			"Not used beside `" + bindingsType + "` in one workspace, or beside `" + bindingType + "` for a principal who is named here or holds the role, unless the principal is ignored here. " +
			"One resource manages one role; a principal is named for one role only.\n\n" +
			"A principal who moves from one of these resources to another in one change is changed once. With a dependency between the two, or with `-parallelism=1`, the principal is removed and added again; `on_removal = \"reassign\"` closes that gap.\n\n" +
			"Creating the resource over holders who are not named fails and prints an import block. Destroying it touches nobody.",
		Key: framework.Key{
			Workspace: framework.KeyPart{
				Attribute: "workspace_id", Form: ids,
				Description: "The id of the workspace. Changing it replaces the resource; the people in the old workspace keep their access.",
			},
			Role: framework.KeyPart{
				Attribute: "role", Form: roles.Form(),
				Description: "The role, compared without regard to case. Changing it replaces the resource; those with the old role keep it.",
			},
		},
		Roles:   roles,
		Removal: framework.Exit{Remove: "remove", Reassigns: true},
		Kinds: []framework.KindOf{
			{
				Kind: roster.User, ID: ids,
				Roles: framework.Attribute{
					Name:        "users",
					Description: "The ids of the users with the role. Left out, users are not managed; empty, no user shall have the role. At least one of `users` and `groups` is set.",
				},
				Ignore: framework.Attribute{Name: "ignore_users", Description: "Ids or e-mail addresses of users who are never shown, written or removed here. The last-owner guard still counts them."},
				ByText: framework.Attribute{Name: "users_by_email", Description: "The ids of the `users`, by e-mail address, so that a plan shows people."},
			},
			{
				Kind: roster.Group, ID: ids,
				Roles:  framework.Attribute{Name: "groups", Description: "The ids of the groups with the role, as `users`."},
				Ignore: framework.Attribute{Name: "ignore_groups", Description: "Ids of groups that are never shown, written or removed here."},
				ByText: framework.Attribute{Name: "groups_by_name", Description: "The ids of the `groups`, by name."},
			},
		},
	}
}
