package blink

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
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

type entitiesModel struct {
	EntityType    types.String      `tfsdk:"entity_type"`
	Emails        types.List        `tfsdk:"emails"`
	Entities      types.List        `tfsdk:"entities"`
	IDsByEmail    map[string]string `tfsdk:"ids_by_email"`
	IDsByName     map[string]string `tfsdk:"ids_by_name"`
	MissingEmails []string          `tfsdk:"missing_emails"`
}

var listedEntity = map[string]attr.Type{
	"entity_type":  types.StringType,
	"entity_id":    types.StringType,
	"email":        types.StringType,
	"name":         types.StringType,
	"status":       types.StringType,
	"is_invite":    types.BoolType,
	"member_count": types.Int64Type,
}

// entitiesDataSource gives the data source of many users and groups of the tenant.
func entitiesDataSource() framework.DataReader {
	return framework.DataSource[entitiesModel]{
		TypeName: "roster_blink_entities",
		Schema: schema.Schema{
			MarkdownDescription: "Lists the users and groups of the Blink tenant, or looks many people up by e-mail address at once.\n\n" +
				"With `emails` it tells who is not in the tenant (`missing_emails`) without failing, so that the others can be onboarded and a `check` can name those who are missing.",
			Attributes: map[string]schema.Attribute{
				"entity_type": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "`user` or `group`, to list only those.",
					Validators:          []validator.String{kinds.Text()},
				},
				"emails": schema.ListAttribute{
					Optional: true, ElementType: types.StringType,
					MarkdownDescription: "The e-mail addresses to look up, compared without regard to case. If it is not set, all are listed.",
					Validators:          []validator.List{listvalidator.NoNullValues(), listvalidator.ValueStringsAre(framework.Email.Text())},
				},
				"entities": schema.ListNestedAttribute{
					Computed:            true,
					MarkdownDescription: "The users and groups with one of `emails` where that is given, else all entities of the tenant.",
					NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
						"entity_type":  schema.StringAttribute{Computed: true, MarkdownDescription: "`user`, `group`, or another type as Blink calls it, in lower case. Entities of other types are shown here only, and cannot be managed."},
						"entity_id":    schema.StringAttribute{Computed: true, MarkdownDescription: "The id."},
						"email":        schema.StringAttribute{Computed: true, MarkdownDescription: "The e-mail address, as Blink spells it; null for a group."},
						"name":         schema.StringAttribute{Computed: true, MarkdownDescription: "The name."},
						"status":       schema.StringAttribute{Computed: true, MarkdownDescription: "The status in the tenant, as Blink spells it; null where it tells none."},
						"is_invite":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the user has been invited to the tenant and has not accepted yet."},
						"member_count": schema.Int64Attribute{Computed: true, MarkdownDescription: "The number of people in a group; 0 for a user."},
					}},
				},
				"ids_by_email": schema.MapAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "The ids by e-mail address: with `emails` as they are written there, without it in lower case. " +
						"Several entities with one e-mail address are an error that names their ids.",
				},
				"ids_by_name": schema.MapAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "The ids by name. A name that several have is left out, since it does not tell who is meant.",
				},
				"missing_emails": schema.ListAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "Those of `emails` that no user in the tenant has, as they are written there. Empty without `emails`.",
				},
			},
		},
		Validators: []datasource.ConfigValidator{groupsHaveNoEmail{attribute: path.Root("emails")}},
		Read:       readEntities,
		Misses:     func(m *entitiesModel) bool { return len(m.MissingEmails) > 0 },
	}
}

func readEntities(ctx context.Context, run *roster.Run, m *entitiesModel) diag.Diagnostics {
	d, diags := directory(ctx, run, m.EntityType.ValueString())
	if diags.HasError() {
		return diags
	}
	var emails []string
	diags.Append(m.Emails.ElementsAs(ctx, &emails, false)...)
	found, ds := d.Emails(emails, m.Emails.IsNull())
	diags.Append(ds...)
	if diags.HasError() {
		return diags
	}
	m.Entities, ds = framework.Rows(listedEntity, found.People, func(p roster.Person) framework.Row {
		return framework.Row{
			"entity_type":  types.StringValue(string(p.Kind)),
			"entity_id":    types.StringValue(p.ID),
			"email":        framework.Text(p.Email),
			"name":         framework.Text(p.Name),
			"status":       framework.Text(p.Status),
			"is_invite":    types.BoolValue(p.Invite),
			"member_count": types.Int64Value(int64(p.MemberCount)),
		}
	})
	diags.Append(ds...)
	m.IDsByEmail, m.MissingEmails = found.IDs, found.Missing
	manageable := slices.DeleteFunc(slices.Clone(found.People), func(p roster.Person) bool { return !p.Kind.Managed() })
	m.IDsByName = framework.IDsByName(manageable, func(p roster.Person) (name, id string) { return p.Name, p.ID })
	return diags
}
