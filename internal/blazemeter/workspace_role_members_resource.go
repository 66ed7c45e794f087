package blazemeter

import (
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// workspaceRoleMembers is the authoritative resource for one role.
func workspaceRoleMembers() framework.Authoritative {
	return framework.Authoritative{
		TypeName: membersType,
		Description: "The authoritative list of who holds one role in one BlazeMeter workspace and is enabled. Everybody with another role is left alone, unless they are named here: being named gives the role, whatever the role was before.\n\n" +
			"Not used beside `" + usersType + "` in one workspace, or beside `" + userType + "` for a user who is named here or holds the role, unless the user is ignored here. " +
			"One resource manages one role; a user is named for one role only.\n\n" +
			"A user who moves from one of these resources to another in one change is changed once. With a dependency between the two, or with `-parallelism=1`, the user is disabled and enabled again.\n\n" +
			"Creating the resource over holders who are not named fails and prints an import block. Destroying it touches nobody.",
		Key: framework.Key{
			Workspace: framework.KeyPart{
				Attribute: "workspace_id", Form: ids,
				Description: "The id of the workspace, a number. Changing it replaces the resource; the people in the old workspace keep their access.",
			},
			Role: framework.KeyPart{
				Attribute: "role", Form: roles.Form(),
				Description: "The role: `manager`, `tester` or `viewer`. Changing it replaces the resource; those with the old role keep it.",
			},
		},
		Roles:   roles,
		Removal: framework.Exit{Remove: "disable", Reassigns: true},
		Kinds: []framework.KindOf{{
			Kind: roster.User, Required: true, ID: ids,
			Roles: framework.Attribute{
				Name:        "users",
				Description: "The ids of the users with the role. Every one of them is enabled, and a disabled one is enabled again. Empty, no enabled user shall have the role.",
			},
			Ignore: framework.Attribute{Name: "ignore_users", Description: "Ids or e-mail addresses of users who are never shown, written or disabled here. The last-owner guard still counts them."},
			ByText: framework.Attribute{Name: "users_by_email", Description: "The ids of the `users`, by e-mail address, so that a plan shows people."},
		}},
	}
}
