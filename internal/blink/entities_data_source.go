package blink

import (
	"context"
	"slices"

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

type entitiesModel struct {
	framework.PeopleByEmail

	EntityType types.String      `tfsdk:"entity_type"`
	Entities   types.List        `tfsdk:"entities"`
	IDsByName  map[string]string `tfsdk:"ids_by_name"`
}

var entities = framework.Columns[membership.Person]{
	framework.TextColumn("entity_type", "`user`, `group`, or another type as Blink calls it, in lower case. Entities of other types are shown here only, and cannot be managed.",
		func(p membership.Person) string { return string(p.Kind) }),
	framework.TextColumn("entity_id", "The id.", func(p membership.Person) string { return p.ID }),
	framework.TextColumn("email", "The e-mail address, as Blink spells it; null for a group.", func(p membership.Person) string { return p.Email }),
	framework.TextColumn("name", "The name.", func(p membership.Person) string { return p.Name }),
	framework.TextColumn("status", "The status in the tenant, as Blink spells it; null where it tells none.", func(p membership.Person) string { return p.Status }),
	framework.BoolColumn("is_invite", "Whether the user has been invited to the tenant and has not accepted yet.", func(p membership.Person) bool { return p.Invite }),
	framework.NumberColumn("member_count", "The number of people in a group; 0 for a user.", func(p membership.Person) int { return p.MemberCount }),
}

// entitiesDataSource gives the data source of many users and groups of the tenant.
func entitiesDataSource() framework.DataReader {
	return framework.DataSource[entitiesModel]{
		TypeName: "roster_blink_entities",
		Description: "Lists the users and groups of the Blink tenant, or looks many people up by e-mail address at once.\n\n" +
			"With `emails` it tells who is not in the tenant (`missing_emails`) without failing, so that the others can be onboarded and a `check` can name those who are missing.",
		Attributes: framework.Attributes(framework.PeopleAttributes("ids", "entities", "in the tenant"), map[string]schema.Attribute{
			"entity_type": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "`user` or `group`, to list only those.",
				Validators:          []validator.String{kinds.Text()},
			},
			"entities": entities.List("The users and groups with one of `emails` where that is given, else all entities of the tenant."),
			"ids_by_name": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The ids by name. A name that several have is left out, since it does not tell who is meant.",
			},
		}),
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
	found, ds := m.Find(ctx, d)
	diags.Append(ds...)
	if diags.HasError() {
		return diags
	}
	m.Entities = entities.Rows(found)
	manageable := slices.DeleteFunc(found, func(p membership.Person) bool { return !p.Kind.Managed() })
	m.IDsByName = framework.IDsByName(manageable, func(p membership.Person) (name, id string) { return p.Name, p.ID })
	return diags
}
