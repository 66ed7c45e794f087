package blazemeter

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type usersModel struct {
	WorkspaceID types.String   `tfsdk:"workspace_id"`
	Users       types.Map      `tfsdk:"users"`
	IgnoreUsers types.Set      `tfsdk:"ignore_users"`
	UserEmails  types.Map      `tfsdk:"user_emails"`
	Timeouts    timeouts.Value `tfsdk:"timeouts"`
}

// workspaceUsers is the authoritative resource: everybody in one workspace.
func workspaceUsers() framework.Resource {
	return framework.Authoritative[usersModel]{
		TypeName:  usersType,
		Schema:    usersSchema,
		Workspace: func(m *usersModel) *types.String { return &m.WorkspaceID },
		Maps: func(m *usersModel) []framework.RoleMap {
			return []framework.RoleMap{
				{Kind: roster.User, Name: "users", IgnoreName: "ignore_users", Roles: &m.Users, Ignore: &m.IgnoreUsers, Texts: &m.UserEmails},
			}
		},
		Timeouts:  func(m *usersModel) timeouts.Value { return m.Timeouts },
		CheckID:   client.CheckID,
		CheckRole: checkRole,
	}
}

// checkRole tells whether role is one of those that BlazeMeter has.
func checkRole(role string) error {
	switch role {
	case client.RoleTester, client.RoleManager, client.RoleViewer:
		return nil
	default:
		return fmt.Errorf("%q is none of the roles that BlazeMeter has: tester, manager, viewer", role)
	}
}

func usersSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "The authoritative list of the enabled users of one BlazeMeter workspace: whoever is not named is disabled there. " +
			"For one user, see `" + userType + "`; the two are not used for one workspace together, unless the user is ignored here.\n\n" +
			"Promotions and additions are made first, then demotions, then users are disabled, so that the workspace never has fewer managers than before or after. " +
			"A plan that would take the last enabled manager out of the workspace fails; see the guide on the last-owner guard. " +
			"Only people whom the plan showed are demoted or disabled: whoever joined since is left alone and named in a warning.\n\n" +
			"Creating the resource over people who would be disabled, or whose role would change, fails and prints an import block. Destroying it touches nobody. " +
			"BlazeMeter has no call that removes a user from a workspace: disabling is its equivalent, and disabled users are not shown here.",
		Attributes: map[string]schema.Attribute{
			"workspace_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The id of the workspace, a number. Changing it replaces the resource; the people in the old workspace keep their access.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:          []validator.String{validID},
			},
			"users": schema.MapAttribute{
				ElementType: types.StringType,
				Required:    true,
				MarkdownDescription: "Maps the ids of users to their roles: `{ \"352749\" = \"manager\" }`; the roles are `manager`, `tester` and `viewer`. " +
					"Every user in the map is enabled, and a disabled one is enabled again. Empty, no user shall be enabled there.",
			},
			"ignore_users": schema.SetAttribute{
				ElementType:         types.StringType,
				Optional:            true,
				MarkdownDescription: "Ids of users who are never shown, written or disabled here. The last-owner guard still counts them.",
				Validators:          []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(validID)},
			},
			"user_emails": schema.MapAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "The e-mail addresses of the `users`, by id, so that a plan shows people.",
			},
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}),
		},
	}
}
