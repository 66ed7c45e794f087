package blink

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type bindingsModel struct {
	WorkspaceID    types.String   `tfsdk:"workspace_id"`
	Users          types.Map      `tfsdk:"users"`
	Groups         types.Map      `tfsdk:"groups"`
	IgnoreUsers    types.Set      `tfsdk:"ignore_users"`
	IgnoreGroups   types.Set      `tfsdk:"ignore_groups"`
	IncludeInvites types.Bool     `tfsdk:"include_invites"`
	UserEmails     types.Map      `tfsdk:"user_emails"`
	GroupNames     types.Map      `tfsdk:"group_names"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

// workspaceRoleBindings is the authoritative resource: everybody in one workspace.
func workspaceRoleBindings() framework.Resource {
	return framework.Authoritative[bindingsModel]{
		TypeName:  bindingsType,
		Schema:    bindingsSchema,
		Workspace: func(m *bindingsModel) *types.String { return &m.WorkspaceID },
		Maps: func(m *bindingsModel) []framework.RoleMap {
			return []framework.RoleMap{
				{Kind: roster.User, Name: "users", IgnoreName: "ignore_users", Roles: &m.Users, Ignore: &m.IgnoreUsers, Texts: &m.UserEmails},
				{Kind: roster.Group, Name: "groups", IgnoreName: "ignore_groups", Roles: &m.Groups, Ignore: &m.IgnoreGroups, Texts: &m.GroupNames},
			}
		},
		Invites:   func(m *bindingsModel) *types.Bool { return &m.IncludeInvites },
		Timeouts:  func(m *bindingsModel) timeouts.Value { return m.Timeouts },
		CheckID:   client.CheckID,
		CheckRole: client.CheckRole,
	}
}

func bindingsSchema(ctx context.Context) schema.Schema {
	ids := []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(validID)}
	return schema.Schema{
		MarkdownDescription: "The authoritative list of the role bindings of one Blink workspace: whoever is not named loses access. " +
			"For one user or group, see `" + bindingType + "`; the two are not used for one workspace together, unless the principal is ignored here.\n\n" +
			"Promotions and additions are made first, then demotions, then removals, so that the workspace never has fewer owners than before or after. " +
			"A plan that would take the last owner out of the workspace fails; see the guide on the last-owner guard. " +
			"Only people whom the plan showed are demoted or removed: whoever joined since is left alone and named in a warning.\n\n" +
			"Creating the resource over people who would be removed, or whose role would change, fails and prints an import block. Destroying it touches nobody.",
		Attributes: map[string]schema.Attribute{
			"workspace_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The id of the workspace. Changing it replaces the resource; the people in the old workspace keep their access.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:          []validator.String{validID},
			},
			"users": schema.MapAttribute{
				ElementType: types.StringType,
				Optional:    true,
				MarkdownDescription: "Maps the ids of users to their roles: `{ \"u-1\" = \"owner\" }`. Roles are compared without regard to case. " +
					"Left out, users are not managed; empty, no user shall be there. At least one of `users` and `groups` is set.",
			},
			"groups": schema.MapAttribute{
				ElementType:         types.StringType,
				Optional:            true,
				MarkdownDescription: "Maps the ids of groups to their roles, as `users` does.",
			},
			"ignore_users": schema.SetAttribute{
				ElementType:         types.StringType,
				Optional:            true,
				MarkdownDescription: "Ids of users who are never shown, written or removed here. The last-owner guard still counts them.",
				Validators:          ids,
			},
			"ignore_groups": schema.SetAttribute{
				ElementType:         types.StringType,
				Optional:            true,
				MarkdownDescription: "Ids of groups that are never shown, written or removed here.",
				Validators:          ids,
			},
			"include_invites": schema.BoolAttribute{
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(false),
				MarkdownDescription: "Whether pending invitations that are not named are shown and removed like members. " +
					"Without it they are left alone. Defaults to `false`.",
			},
			"user_emails": schema.MapAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "The e-mail addresses of the `users`, by id, so that a plan shows people.",
			},
			"group_names": schema.MapAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "The names of the `groups`, by id.",
			},
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}),
		},
	}
}
