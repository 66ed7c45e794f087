package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

const (
	userType  = "roster_blazemeter_workspace_user"
	usersType = "roster_blazemeter_workspace_users"
)

// workspaceUser is the additive resource: one user in one workspace.
func workspaceUser() framework.Additive[userModel] {
	return framework.Additive[userModel]{
		TypeName: userType,
		Schema:   userSchema,
		Identity: identityschema.Schema{
			Attributes: map[string]identityschema.Attribute{
				"workspace_id": identityschema.StringAttribute{RequiredForImport: true, Description: "The workspace's id."},
				"user_id":      identityschema.StringAttribute{RequiredForImport: true, Description: "The user's id."},
			},
		},
		Binding:     bindingOf,
		Exit:        exitOf,
		Adopt:       func(m *userModel) bool { return m.AdoptExisting.ValueBool() },
		Computed:    func(m *userModel) (id, email, name *types.String) { return &m.ID, &m.Email, &m.DisplayName },
		Store:       storeMember,
		IdentityOf:  userIdentityOf,
		PrincipalOf: principalOf,
		ID:          userID,
		ParseID:     parseUserID,
		Import: func(workspace string, p roster.Principal) map[string]string {
			return map[string]string{"workspace_id": workspace, "user_id": p.ID}
		},
		Timeouts: func(m *userModel) timeouts.Value { return m.Timeouts },
		Paths: framework.Paths{
			roster.AtWorkspace: path.Root("workspace_id"),
			roster.AtPrincipal: path.Root("user_id"),
			roster.AtRole:      path.Root("role"),
			roster.AtEnabled:   path.Root("enabled"),
			roster.AtOnDestroy: path.Root("on_destroy"),
		},
		List: &framework.List{
			Description: "Lists the enabled users of a BlazeMeter workspace for `terraform query`, by e-mail address. " +
				"With `-generate-config-out` it writes the import blocks and the configuration for an existing workspace. Needs Terraform 1.14 or later.\n\n" +
				"Users who are disabled in the workspace have no access to it, which is BlazeMeter's way of removing somebody, and are not listed. " +
				"Terraform stops at 100 results unless `limit` is set in the list block; a warning tells when there are more.",
			WorkspaceID: validID,
			Role:        stringvalidator.OneOf(client.RoleTester, client.RoleManager, client.RoleViewer),
			Listed:      func(m roster.Member) bool { return m.Enabled },
		},
	}
}

func userSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Manages the role of **one** user in one BlazeMeter workspace, and leaves everybody else in the workspace alone. " +
			"For a whole workspace in one resource, see `" + usersType + "`.\n\n" +
			"A plan that would take the last enabled manager out of the workspace fails; see the guide on the last-owner guard. " +
			"BlazeMeter has no call that removes a user from a workspace: destroying the resource disables the user there.",
		Attributes: map[string]schema.Attribute{
			"workspace_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The id of the workspace, a number. Changing it replaces the resource.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:          []validator.String{validID},
			},
			"user_id": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "The id of the user, a number. Changing it hands the role over in place: the new user gets it first, " +
					"and then the old one loses it as the `on_destroy` of the state says.",
				Validators: []validator.String{validID},
			},
			"role": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "`manager`, `tester` or `viewer`. Changed in place.",
				Validators:          []validator.String{stringvalidator.OneOf(client.RoleTester, client.RoleManager, client.RoleViewer)},
			},
			"enabled": schema.BoolAttribute{
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(true),
				MarkdownDescription: "Whether the user has access to the workspace. Somebody who is not in the workspace cannot be created disabled. Defaults to `true`.",
			},
			"adopt_existing": schema.BoolAttribute{
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(false),
				MarkdownDescription: "Whether creating may change the role of a user who is in the workspace already. Without it such a plan fails and prints an import block. " +
					"A user who has the wanted role already is always adopted, and one who is disabled is enabled again. Defaults to `false`.",
			},
			"on_destroy": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(onDestroyDisable),
				MarkdownDescription: "What becomes of the access when the resource is destroyed: `disable` (default; the role is kept in the disabled row) or `keep` (it is left as it is). " +
					"The value in the state counts, so a change has to be applied before it has an effect.",
				Validators: []validator.String{stringvalidator.OneOf(onDestroyDisable, onDestroyKeep)},
			},
			"id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "`workspace_id/user_id`.",
			},
			"email": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The e-mail address of the user.",
			},
			"display_name": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The name of the user.",
			},
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}),
		},
	}
}

var validID = framework.Checked("a BlazeMeter id", client.CheckID)
