package blink

import (
	"context"
	"maps"
	"slices"

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

var listedMember = map[string]attr.Type{
	"email":        types.StringType,
	"name":         types.StringType,
	"role":         types.StringType,
	"is_invite":    types.BoolType,
	"member_count": types.Int64Type,
}

var listedOther = func() map[string]attr.Type {
	all := maps.Clone(listedMember)
	all["entity_type"] = types.StringType
	return all
}()

// workspaceDataSource gives the data source of one workspace and everybody in it.
func workspaceDataSource() framework.DataReader {
	return framework.DataSource[workspaceModel]{
		TypeName: "roster_blink_workspace",
		Schema: schema.Schema{
			MarkdownDescription: "Reads one Blink workspace: who is in it, with which role, and who counts as an owner.\n\n" +
				"All resources and data sources of a run that need the same workspace share one call.",
			Attributes: map[string]schema.Attribute{
				"id": schema.StringAttribute{
					Optional: true, Computed: true,
					MarkdownDescription: "The id of the workspace. Exactly one of `id` and `display_name` is given.",
					Validators:          []validator.String{ids.Text()},
				},
				"display_name": schema.StringAttribute{
					Optional: true, Computed: true,
					MarkdownDescription: "The name that people see, exactly as it is spelled. It is looked up among the workspaces that the API key's user has access to; none and several are errors.",
					Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
				},
				"name":        schema.StringAttribute{Computed: true, MarkdownDescription: "The technical name."},
				"description": schema.StringAttribute{Computed: true, MarkdownDescription: "The description; null where there is none."},
				"type":        schema.StringAttribute{Computed: true, MarkdownDescription: "The type of the workspace, as Blink calls it."},
				"users": membersAttribute("The users who hold a role in the workspace themselves, by entity id, pending invitations (`is_invite`) among them. " +
					"Who has access through a group only is not among them."),
				"groups": membersAttribute("The groups that hold a role in the workspace, by entity id."),
				"others": othersAttribute(),
				"owners": schema.SetAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "The ids of the users who count as owners by the definition of the last-owner guard: with the role `owner` themselves, " +
						"no pending invitation, not inactive in the tenant, and not in the provider's `not_counted`.",
				},
			},
		},
		Validators: []datasource.ConfigValidator{
			datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("display_name")),
		},
		Read: readWorkspace,
	}
}

func membersAttribute(description string) schema.MapNestedAttribute {
	return schema.MapNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"email":        schema.StringAttribute{Computed: true, MarkdownDescription: "The e-mail address; null for a group."},
			"name":         schema.StringAttribute{Computed: true, MarkdownDescription: "The name."},
			"role":         schema.StringAttribute{Computed: true, MarkdownDescription: "The role in the workspace, as Blink spells it."},
			"is_invite":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether this is an invitation that is still pending."},
			"member_count": schema.Int64Attribute{Computed: true, MarkdownDescription: "The number of people in a group; 0 for a user."},
		}},
	}
}

func othersAttribute() schema.MapNestedAttribute {
	all := membersAttribute("Entities of other types that hold a role in the workspace, such as service accounts may be, by entity id. " +
		"They are shown here only: no resource manages them, and none of them counts as an owner.")
	all.NestedObject.Attributes["entity_type"] = schema.StringAttribute{Computed: true, MarkdownDescription: "The type, as Blink calls it, in lower case."}
	return all
}

func readWorkspace(ctx context.Context, run *roster.Run, m *workspaceModel) diag.Diagnostics {
	blink, diags := discoveryOf(run)
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
		diags.Append(failed(run, err, "workspace "+id)...)
		return diags
	}
	details, err := blink.WorkspaceDetails(ctx, id)
	if err != nil {
		diags.Append(failed(run, err, "workspace "+id)...)
		return diags
	}
	owners, findings, err := run.Owners(ctx, id)
	if err != nil {
		diags.Append(failed(run, err, "workspace "+id)...)
		return diags
	}
	diags.Append(noPaths.Diagnostics(append(run.PartialListing(listing), findings...))...)

	if m.DisplayName.IsNull() {
		m.DisplayName = framework.Text(details.Label())
	}
	m.ID, m.Name = types.StringValue(id), framework.Text(details.Name)
	m.Description, m.Type = framework.Text(details.Description), framework.Text(details.Type)
	var users, groups, others []roster.Member
	for _, member := range listing.Members {
		switch {
		case member.Kind == roster.User:
			users = append(users, member)
		case member.Kind == roster.Group:
			groups = append(groups, member)
		case member.ID != "":
			others = append(others, member)
		}
	}
	var ds diag.Diagnostics
	m.Users, ds = framework.RowsByID(listedMember, users, memberRow)
	diags.Append(ds...)
	m.Groups, ds = framework.RowsByID(listedMember, groups, memberRow)
	diags.Append(ds...)
	m.Others, ds = framework.RowsByID(listedOther, others, func(m roster.Member) (id string, row framework.Row) {
		id, row = memberRow(m)
		row["entity_type"] = types.StringValue(string(m.Kind))
		return id, row
	})
	diags.Append(ds...)
	owners = slices.DeleteFunc(owners, func(m roster.Member) bool { return m.Kind != roster.User })
	m.Owners = framework.Texts(owners, func(m roster.Member) string { return m.ID })
	return diags
}

func memberRow(m roster.Member) (id string, row framework.Row) {
	return m.ID, framework.Row{
		"email":        framework.Text(m.Email),
		"name":         framework.Text(m.Name),
		"role":         framework.Text(m.Role()),
		"is_invite":    types.BoolValue(m.Invite),
		"member_count": types.Int64Value(int64(m.MemberCount)),
	}
}
