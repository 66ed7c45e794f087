package blink

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type entityModel struct {
	EntityType types.String `tfsdk:"entity_type"`
	EntityID   types.String `tfsdk:"entity_id"`
	Email      types.String `tfsdk:"email"`
	Name       types.String `tfsdk:"name"`
	Status     types.String `tfsdk:"status"`
	IsInvite   types.Bool   `tfsdk:"is_invite"`
}

// entityDataSource gives the data source of one user or group of the tenant.
func entityDataSource() framework.DataReader {
	return framework.DataSource[entityModel]{
		TypeName: "roster_blink_entity",
		Description: "Looks up one user or group of the Blink tenant by e-mail address, name or id. No match and several matches are errors.\n\n" +
			"All look-ups of a run share one listing of the tenant, so a thousand of them cost no more calls than one. " +
			"For many people at once, and to learn who is missing without an error, see `roster_blink_entities`.",
		Attributes: map[string]schema.Attribute{
			"entity_type": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "`user` or `group`.",
				Validators:          []validator.String{kinds.Text()},
			},
			"entity_id": framework.LookUp("The id. Exactly one of `email`, `name` and `entity_id` is given.", ids.Text()),
			"email":     framework.LookUp("The e-mail address of a user, compared without regard to case. Groups have none.", framework.Email.Text()),
			"name":      framework.LookUp("The name, exactly as it is spelled.", stringvalidator.LengthAtLeast(1)),
			"status":    schema.StringAttribute{Computed: true, MarkdownDescription: "The status in the tenant, as Blink spells it, such as `active`, `inactive` or `invited`; null where Blink tells none."},
			"is_invite": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the user has been invited to the tenant and has not accepted yet."},
		},
		Validators: []datasource.ConfigValidator{
			datasourcevalidator.ExactlyOneOf(path.MatchRoot("email"), path.MatchRoot("name"), path.MatchRoot("entity_id")),
			groupsHaveNoEmail{attribute: path.Root("email")},
		},
		Read: readEntity,
	}
}

func readEntity(ctx context.Context, run *roster.Run, m *entityModel) diag.Diagnostics {
	d, diags := directory(ctx, run, m.EntityType.ValueString())
	if diags.HasError() {
		return diags
	}
	var p membership.Person
	var ds diag.Diagnostics
	switch {
	case !m.Email.IsNull():
		p, ds = d.Email(m.Email.ValueString())
	case !m.Name.IsNull():
		p, ds = d.Name(m.Name.ValueString())
	default:
		p, ds = d.ID(m.EntityID.ValueString(), "entity_id")
	}
	diags.Append(ds...)
	if diags.HasError() {
		return diags
	}
	// What was given stays as it was written.
	if m.EntityID.IsNull() {
		m.EntityID = types.StringValue(p.ID)
	}
	if m.Email.IsNull() {
		m.Email = framework.Text(p.Email)
	}
	if m.Name.IsNull() {
		m.Name = framework.Text(p.Name)
	}
	m.Status, m.IsInvite = framework.Text(p.Status), types.BoolValue(p.Invite)
	return diags
}

// groupsHaveNoEmail refuses to look groups up by e-mail address.
type groupsHaveNoEmail struct{ attribute path.Path }

func (groupsHaveNoEmail) Description(context.Context) string {
	return "groups are not looked up by e-mail address"
}

func (v groupsHaveNoEmail) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v groupsHaveNoEmail) ValidateDataSource(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var kind types.String
	var emails attr.Value
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("entity_type"), &kind)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, v.attribute, &emails)...)
	if resp.Diagnostics.HasError() || kind.ValueString() != string(membership.Group) || emails.IsNull() {
		return
	}
	resp.Diagnostics.AddAttributeError(v.attribute, "Groups have no e-mail address",
		`With entity_type = "group" nothing can be found by e-mail address. Look the group up by its name or id, or set entity_type = "user".`)
}
