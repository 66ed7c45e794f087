package blink

import (
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// workspaceRoleMembers is the authoritative resource for one role.
func workspaceRoleMembers() framework.Authoritative {
	return framework.Authoritative{
		TypeName: membersType,
		Description: "The authoritative list of the members with one role in one Blink workspace. Members with other roles stay as they are, unless they are named here: a member who is named gets the role, whatever their role was before.\n\n" +
			"Do not use it with `" + bindingsType + "` for the same workspace, or with `" + bindingType + "` for a principal who is named here or has the role, unless this resource ignores the principal. " +
			"One resource manages one role. Name a principal for one role only.\n\n" +
			"If a principal moves from one of these resources to another in one change, the role changes once. With a dependency between the two, or with `-parallelism=1`, the principal is removed and added again; `on_removal = \"reassign\"` avoids that.\n\n" +
			"If creating the resource would remove members, the plan fails and prints an import block. Destroying it removes no one: it only stops managing.",
		Key: framework.Key{
			Workspace: framework.KeyPart{
				Attribute: "workspace_id", Form: ids,
				Description: "The id of the workspace. Changing it replaces the resource; the members of the old workspace keep their roles.",
			},
			Role: framework.KeyPart{
				Attribute: "role", Form: roles.Form(),
				Description: "The role, compared without regard to case. Changing it replaces the resource; members with the old role keep it.",
			},
		},
		Roles:   roles,
		Removal: framework.Exit{Remove: "remove", Reassigns: true},
		Kinds: []framework.KindOf{
			{
				Kind: membership.User, ID: ids,
				Roles: framework.Attribute{
					Name:        "users",
					Description: "The ids of the users with the role. If it is not set, users are not managed. If it is empty, no user keeps the role. Set at least one of `users` and `groups`.",
				},
				Ignore: framework.Attribute{Name: "ignore_users", Description: "Ids or e-mail addresses of users who are never shown, written or removed here. The last-owner guard still counts them."},
				ByText: framework.Attribute{Name: "users_by_email", Description: "The ids of the `users`, by e-mail address, so that a plan shows people."},
			},
			{
				Kind: membership.Group, ID: ids,
				Roles:  framework.Attribute{Name: "groups", Description: "The ids of the groups with the role, as `users`."},
				Ignore: framework.Attribute{Name: "ignore_groups", Description: "Ids of groups that are never shown, written or removed here."},
				ByText: framework.Attribute{Name: "groups_by_name", Description: "The ids of the `groups`, by name."},
			},
		},
	}
}
