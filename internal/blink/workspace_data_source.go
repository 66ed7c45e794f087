package blink

import (
	"context"
	"slices"

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

var displayNamePath = path.Root("display_name")

type workspaceModel struct {
	ID          types.String `tfsdk:"id"`
	DisplayName types.String `tfsdk:"display_name"`
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Type        types.String `tfsdk:"type"`
	Users       types.Map    `tfsdk:"users"`
	Groups      types.Map    `tfsdk:"groups"`
	Others      types.Map    `tfsdk:"others"`
	Owners      types.Set    `tfsdk:"owners"`
}

var members = framework.Columns[membership.Member]{
	framework.TextColumn("email", "The e-mail address; null for a group.", func(m membership.Member) string { return m.Email }),
	framework.TextColumn("name", "The name.", func(m membership.Member) string { return m.Name }),
	framework.TextColumn("role", "The role in the workspace, as Blink spells it.", membership.Member.Role),
	framework.BoolColumn("is_invite", "Whether this is an invitation that is still pending.", func(m membership.Member) bool { return m.Invite }),
	framework.NumberColumn("member_count", "The number of people in a group; 0 for a user.", func(m membership.Member) int { return m.MemberCount }),
}

var otherMembers = append(slices.Clone(members),
	framework.TextColumn("entity_type", "The type, as Blink calls it, in lower case.", func(m membership.Member) string { return string(m.Kind) }))

// workspaceDataSource gives the data source of one workspace and everybody in it.
func workspaceDataSource() framework.DataReader {
	return framework.DataSource[workspaceModel]{
		TypeName: "roster_blink_workspace",
		Description: "Reads one Blink workspace: who is in it, with which role, and who counts as an owner.\n\n" +
			"All resources and data sources of a run that need the same workspace share one call.",
		Attributes: map[string]schema.Attribute{
			"id":           framework.LookUp("The id of the workspace. Exactly one of `id` and `display_name` is given.", ids.Text()),
			"display_name": framework.LookUp("The name that people see, exactly as it is spelled. It is looked up among the workspaces that the API key's user has access to; none and several are errors.", stringvalidator.LengthAtLeast(1)),
			"name":         schema.StringAttribute{Computed: true, MarkdownDescription: "The technical name."},
			"description":  schema.StringAttribute{Computed: true, MarkdownDescription: "The description; null where there is none."},
			"type":         schema.StringAttribute{Computed: true, MarkdownDescription: "The type of the workspace, as Blink calls it."},
			"users": members.Map("The users who hold a role in the workspace themselves, by entity id, pending invitations (`is_invite`) among them. " +
				"Who has access through a group only is not among them."),
			"groups": members.Map("The groups that hold a role in the workspace, by entity id."),
			"others": otherMembers.Map("Entities of other types that hold a role in the workspace, such as service accounts may be, by entity id. " +
				"They are shown here only: no resource manages them, and none of them counts as an owner."),
			"owners": schema.SetAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The ids of the users who count as owners by the definition of the last-owner guard: with the role `owner` themselves, " +
					"no pending invitation, not inactive in the tenant, and not in the provider's `not_counted`.",
			},
		},
		Validators: []datasource.ConfigValidator{
			datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("display_name")),
		},
		Read: readWorkspace,
	}
}

func readWorkspace(ctx context.Context, run *roster.Run, m *workspaceModel) diag.Diagnostics {
	blink, diags := framework.Offers[discovery](run)
	if diags.HasError() {
		return diags
	}
	id := m.ID.ValueString()
	if m.ID.IsNull() {
		all, ds := userWorkspaces(ctx, run)
		diags.Append(ds...)
		if diags.HasError() {
			return diags
		}
		w, ds := workspaceNamed(all, m.DisplayName.ValueString())
		diags.Append(ds...)
		if diags.HasError() {
			return diags
		}
		id = w.ID
	}
	listing, err := run.Listing(ctx, id)
	if err != nil {
		diags.Append(framework.ReadFailed(run, err, "workspace "+id)...)
		return diags
	}
	details, err := blink.WorkspaceDetails(ctx, id)
	if err != nil {
		diags.Append(framework.ReadFailed(run, err, "workspace "+id)...)
		return diags
	}
	owners, findings, err := run.Owners(ctx, id)
	if err != nil {
		diags.Append(framework.ReadFailed(run, err, "workspace "+id)...)
		return diags
	}
	diags.Append(framework.Paths{}.Diagnostics(append(run.PartialListing(listing), findings...))...)

	if m.DisplayName.IsNull() {
		m.DisplayName = framework.Text(details.Label())
	}
	m.ID, m.Name = types.StringValue(id), framework.Text(details.Name)
	m.Description, m.Type = framework.Text(details.Description), framework.Text(details.Type)
	var users, groups, others []membership.Member
	for _, member := range listing.Members {
		switch {
		case member.Kind == membership.User:
			users = append(users, member)
		case member.Kind == membership.Group:
			groups = append(groups, member)
		case member.ID != "":
			others = append(others, member)
		}
	}
	idOf := func(m membership.Member) string { return m.ID }
	m.Users, m.Groups, m.Others = members.ByID(users, idOf), members.ByID(groups, idOf), otherMembers.ByID(others, idOf)
	owners = slices.DeleteFunc(owners, func(m membership.Member) bool { return m.Kind != membership.User })
	m.Owners = framework.Texts(owners, idOf)
	return diags
}
