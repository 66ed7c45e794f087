package blink

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

const (
	bindingType  = "roster_blink_workspace_role_binding"
	bindingsType = "roster_blink_workspace_role_bindings"
)

// workspaceRoleBinding is the additive resource: one principal in one workspace.
func workspaceRoleBinding() framework.Additive[bindingModel] {
	return framework.Additive[bindingModel]{
		TypeName: bindingType,
		Schema:   bindingSchema,
		Identity: identityschema.Schema{
			Attributes: map[string]identityschema.Attribute{
				"workspace_id": identityschema.StringAttribute{RequiredForImport: true, Description: "The workspace's id."},
				"entity_type":  identityschema.StringAttribute{RequiredForImport: true, Description: "user or group."},
				"entity_id":    identityschema.StringAttribute{RequiredForImport: true, Description: "The user's or group's id."},
			},
		},
		Binding:     bindingOf,
		Exit:        exitOf,
		Adopt:       func(m *bindingModel) bool { return m.AdoptExisting.ValueBool() },
		Computed:    func(m *bindingModel) (id, email, name *types.String) { return &m.ID, &m.Email, &m.Name },
		Store:       storeMember,
		IdentityOf:  bindingIdentityOf,
		PrincipalOf: principalOf,
		ID:          bindingID,
		ParseID:     parseBindingID,
		Import: func(workspace string, p roster.Principal) map[string]string {
			return map[string]string{"workspace_id": workspace, "entity_type": string(p.Kind), "entity_id": p.ID}
		},
		Timeouts: func(m *bindingModel) timeouts.Value { return m.Timeouts },
		Paths: framework.Paths{
			roster.AtWorkspace: path.Root("workspace_id"),
			roster.AtPrincipal: path.Root("entity_id"),
			roster.AtRole:      path.Root("role"),
			roster.AtOnDestroy: path.Root("on_destroy"),
		},
		Validators: []resource.ConfigValidator{reassignNeedsRole{}},
		List: &framework.List{
			Description: "Lists the role bindings of a Blink workspace for `terraform query`, users before groups and by e-mail address or name, pending invitations among them. " +
				"With `-generate-config-out` it writes the import blocks and the configuration for an existing workspace. Needs Terraform 1.14 or later.\n\n" +
				"Terraform stops at 100 results unless `limit` is set in the list block; a warning tells when there are more.",
			WorkspaceID: validID,
			Role:        validRole,
		},
	}
}

func bindingSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Manages the role of **one** user or group in one Blink workspace, and leaves everybody else in the workspace alone. " +
			"For a whole workspace in one resource, see `" + bindingsType + "`.\n\n" +
			"A plan that would take the last owner out of the workspace fails; see the guide on the last-owner guard.",
		Attributes: map[string]schema.Attribute{
			"workspace_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The id of the workspace. Changing it replaces the resource.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:          []validator.String{validID},
			},
			"entity_type": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "`user` or `group`. Changed in place, together with `entity_id`.",
				Validators:          []validator.String{stringvalidator.OneOf(string(roster.User), string(roster.Group))},
			},
			"entity_id": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "The id of the user or group. Changing it hands the role over in place: the new principal gets it first, " +
					"and then the old one loses it as the `on_destroy` of the state says.",
				Validators: []validator.String{validID},
			},
			"role": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The name of the role: `owner`, `contributor`, `viewer` or a custom role. Compared without regard to case. Changed in place.",
				Validators:          []validator.String{validRole},
			},
			"adopt_existing": schema.BoolAttribute{
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(false),
				MarkdownDescription: "Whether creating may change the role of a principal that is in the workspace already. Without it such a plan fails and prints an import block. " +
					"A principal that has the wanted role already is always adopted. Defaults to `false`.",
			},
			"on_destroy": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(onDestroyRemove),
				MarkdownDescription: "What becomes of the access when the resource is destroyed: `remove` (default), `keep` (it is left as it is) or `reassign` (it becomes `reassign_role`). " +
					"The value in the state counts, so a change has to be applied before it has an effect.",
				Validators: []validator.String{stringvalidator.OneOf(onDestroyRemove, onDestroyKeep, onDestroyReassign)},
			},
			"reassign_role": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "The role that is left behind with `on_destroy = \"reassign\"`.",
				Validators:          []validator.String{validRole},
			},
			"id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "`workspace_id/entity_type/entity_id`.",
			},
			"email": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The e-mail address of the user; null for a group.",
			},
			"name": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The name of the user or group.",
			},
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true, Update: true, Delete: true}),
		},
	}
}

var (
	validID   = framework.Checked("a Blink id", client.CheckID)
	validRole = framework.Checked("a Blink role", client.CheckRole)
)

// reassignNeedsRole ties reassign_role to on_destroy = "reassign".
type reassignNeedsRole struct{}

func (reassignNeedsRole) Description(context.Context) string {
	return `reassign_role is set if, and only if, on_destroy is "reassign"`
}

func (v reassignNeedsRole) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (reassignNeedsRole) ValidateResource(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var onDestroy, role types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("on_destroy"), &onDestroy)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("reassign_role"), &role)...)
	if resp.Diagnostics.HasError() || onDestroy.IsUnknown() || role.IsUnknown() {
		return
	}
	reassigns := onDestroy.ValueString() == onDestroyReassign
	switch {
	case reassigns && role.IsNull():
		resp.Diagnostics.Append(diag.NewAttributeErrorDiagnostic(path.Root("reassign_role"), "Missing reassign_role",
			`With on_destroy = "reassign" the role that is left behind has to be named: set reassign_role.`))
	case !reassigns && !role.IsNull():
		resp.Diagnostics.Append(diag.NewAttributeErrorDiagnostic(path.Root("reassign_role"), "reassign_role has no effect",
			`reassign_role is used with on_destroy = "reassign" only. Set on_destroy, or remove reassign_role.`))
	}
}
