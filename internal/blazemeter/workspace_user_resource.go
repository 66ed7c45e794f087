package blazemeter

import (
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

const (
	userType    = "roster_blazemeter_workspace_user"
	usersType   = "roster_blazemeter_workspace_users"
	membersType = "roster_blazemeter_workspace_role_members"
)

var roles = framework.RoleNames{Product: "BlazeMeter", All: []string{client.RoleTester, client.RoleManager, client.RoleViewer}}

// workspaceUser is the additive resource: one user in one workspace.
func workspaceUser() framework.Additive {
	return framework.Additive{
		TypeName: userType,
		Description: "Manages the role of **one** user in one BlazeMeter workspace. All other members stay as they are. " +
			"For a whole workspace in one resource, see `" + usersType + "`.\n\n" +
			"A plan that would remove the last enabled manager of the workspace fails; see the guide on the last-owner guard. " +
			"BlazeMeter has no call that removes a user from a workspace: destroying the resource disables the user there.",
		Key: framework.Key{
			Workspace: framework.KeyPart{
				Attribute: "workspace_id", Form: ids,
				Description: "The id of the workspace, a number. Changing it replaces the resource.",
			},
			Principal: framework.KeyPart{
				Attribute: "user_id", Form: ids,
				Description: "The id of the user, a number. Changing it hands the role over in place: first the new user gets it, " +
					"then the old one loses it as the `on_destroy` of the state says.",
			},
		},
		Roles:   roles,
		Role:    "`manager`, `tester` or `viewer`. Compared without regard to case. Changed in place.",
		Enabled: "Whether the user has access to the workspace. A user who is not in the workspace cannot be created disabled.",
		Adopt: "Whether creating may change the role of a user who is in the workspace already. If false, such a plan fails and prints an import block. " +
			"A user who has the wanted role already is always adopted, and one who is disabled is enabled again.",
		Exit:  framework.Exit{Remove: "disable", Removes: "the role is kept in the disabled row"},
		Email: "The e-mail address of the user.",
		Name:  framework.Attribute{Name: "display_name", Description: "The name of the user."},
		List: &framework.List{
			Description: "Lists the enabled users of a BlazeMeter workspace for `terraform query`, sorted by e-mail address. " +
				"With `-generate-config-out` it writes the import blocks and the configuration for an existing workspace.\n\n" +
				"Disabled users have no access to the workspace and are not listed. " +
				"Terraform stops at 100 results unless the list block sets `limit`. A warning says if there are more.",
			Listed: func(m membership.Member) bool { return m.Enabled },
		},
	}
}
