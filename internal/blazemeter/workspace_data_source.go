package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type workspaceModel struct {
	ID        types.String `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	AccountID types.String `tfsdk:"account_id"`
	Enabled   types.Bool   `tfsdk:"enabled"`
	Users     types.Map    `tfsdk:"users"`
	Managers  types.Set    `tfsdk:"managers"`
}

var members = framework.Columns[membership.Member]{
	framework.TextColumn("email", "The e-mail address.", func(m membership.Member) string { return m.Email }),
	framework.TextColumn("display_name", "The name.", func(m membership.Member) string { return m.Name }),
	framework.TextColumn("role", "The role in the workspace: `manager`, `tester` or `viewer`. Null where there is none, and joined by commas where there are several.", membership.Member.Role),
	framework.BoolColumn("enabled", "Whether the user has access to the workspace.", func(m membership.Member) bool { return m.Enabled }),
}

// workspaceDataSource gives the data source of one workspace and everybody in it.
func workspaceDataSource() framework.DataReader {
	return framework.DataSource[workspaceModel]{
		TypeName: "roster_blazemeter_workspace",
		Description: "Reads one BlazeMeter workspace: who is in it, with which role, who is enabled, and who counts as a manager.\n\n" +
			"All resources and data sources of a run that need the same workspace share one listing.",
		Attributes: map[string]schema.Attribute{
			"id":         framework.LookUp("The id of the workspace, a number. Exactly one of `id` and `name` is given.", ids.Text()),
			"name":       framework.LookUp("The name, exactly as it is spelled. It is looked up in the account `account_id`; none and several are errors.", stringvalidator.LengthAtLeast(1)),
			"account_id": framework.LookUp("The id of the account that the workspace belongs to, a number. Given together with `name` only.", ids.Text()),
			"enabled":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the workspace itself is switched on."},
			"users": members.Map("The users in the workspace by user id, those who are disabled (`enabled = false`) among them. " +
				"BlazeMeter disables users of a workspace and does not remove them."),
			"managers": schema.SetAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The ids of the users who count as managers by the definition of the last-owner guard: enabled, with the role `manager`, not disabled in the account, and not in the provider's `not_counted`.",
			},
		},
		Validators: []datasource.ConfigValidator{
			datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name")),
			framework.Needs("name", "account_id", "Names of workspaces are looked up in one account"),
			framework.Excludes("id", "account_id", "The id alone says which workspace is meant"),
		},
		Read: readWorkspace,
	}
}

func readWorkspace(ctx context.Context, run *roster.Run, m *workspaceModel) diag.Diagnostics {
	var diags diag.Diagnostics
	if m.ID.IsNull() {
		all, ds := workspacesOf(ctx, run, m.AccountID.ValueString())
		diags.Append(ds...)
		if diags.HasError() {
			return diags
		}
		w, ds := workspaceNamed(all, m.AccountID.ValueString(), m.Name.ValueString())
		diags.Append(ds...)
		if diags.HasError() {
			return diags
		}
		m.ID, m.Enabled = types.StringValue(w.ID), types.BoolValue(w.Enabled)
	} else {
		d, err := run.Describe(ctx, m.ID.ValueString())
		if err != nil {
			diags.Append(framework.ReadFailed(run, err, "workspace "+m.ID.ValueString())...)
			return diags
		}
		m.Name, m.AccountID, m.Enabled = framework.Text(d.Name), framework.Text(d.Tenant), types.BoolValue(!d.Disabled)
	}
	id := m.ID.ValueString()
	listing, err := run.Listing(ctx, id)
	if err != nil {
		diags.Append(framework.ReadFailed(run, err, "the users of workspace "+id)...)
		return diags
	}
	managers, findings, err := run.Owners(ctx, id)
	if err != nil {
		diags.Append(framework.ReadFailed(run, err, "the users of workspace "+id)...)
		return diags
	}
	diags.Append(framework.Paths{}.Diagnostics(append(run.PartialListing(listing), findings...))...)

	idOf := func(m membership.Member) string { return m.ID }
	m.Users, m.Managers = members.ByID(listing.Members, idOf), framework.Texts(managers, idOf)
	return diags
}
