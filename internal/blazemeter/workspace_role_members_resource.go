package blazemeter

import (
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// workspaceRoleMembers is the authoritative resource for one role.
func workspaceRoleMembers() framework.Authoritative {
	return framework.Authoritative{
		TypeName: membersType,
		Description: "The authoritative list of the enabled users with one role in one BlazeMeter workspace. Users with other roles stay as they are, unless they are named here: a user who is named gets the role, whatever their role was before.\n\n" +
			"Do not use it with `" + usersType + "` for the same workspace, or with `" + userType + "` for a user who is named here or has the role, unless this resource ignores the user. " +
			"One resource manages one role. Name a user for one role only.\n\n" +
			"If a user moves from one of these resources to another in one change, the role changes once. With a dependency between the two, or with `-parallelism=1`, the user is disabled and enabled again.\n\n" +
			"If creating the resource would disable users, the plan fails and prints an import block. Destroying it disables no one: it only stops managing.",
		Key: framework.Key{
			Workspace: framework.KeyPart{
				Attribute: "workspace_id", Form: ids,
				Description: "The id of the workspace, a number. Changing it replaces the resource; the members of the old workspace keep their roles.",
			},
			Role: framework.KeyPart{
				Attribute: "role", Form: roles.Form(),
				Description: "The role: `manager`, `tester` or `viewer`. Changing it replaces the resource; users with the old role keep it.",
			},
		},
		Roles:   roles,
		Removal: framework.Exit{Remove: "disable", Reassigns: true},
		Kinds: []framework.KindOf{{
			Kind: membership.User, Required: true, ID: ids,
			Roles: framework.Attribute{
				Name:        "users",
				Description: "The ids of the users with the role. A disabled user is enabled again. If it is empty, no enabled user keeps the role.",
			},
			Ignore: framework.Attribute{Name: "ignore_users", Description: "Ids or e-mail addresses of users who are never shown, written or disabled here. The last-owner guard still counts them."},
			ByText: framework.Attribute{Name: "users_by_email", Description: "The ids of the `users`, by e-mail address, so that a plan shows people."},
		}},
	}
}
