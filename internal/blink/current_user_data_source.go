package blink

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type currentUserModel struct {
	EntityID   types.String `tfsdk:"entity_id"`
	Email      types.String `tfsdk:"email"`
	Name       types.String `tfsdk:"name"`
	Status     types.String `tfsdk:"status"`
	TenantID   types.String `tfsdk:"tenant_id"`
	TenantRole types.String `tfsdk:"tenant_role"`
}

// currentUserDataSource gives the data source of the key's own user.
func currentUserDataSource() framework.DataReader {
	return framework.DataSource[currentUserModel]{
		TypeName: "roster_blink_current_user",
		Schema: schema.Schema{
			MarkdownDescription: "Tells who the Blink API key belongs to: for `ignore_users` and `not_counted`, or to check that the right key is in use.",
			Attributes: map[string]schema.Attribute{
				"entity_id": schema.StringAttribute{
					Computed: true,
					MarkdownDescription: "The id under which workspaces list the user. It is looked up in the tenant by e-mail address, else by the ids of the sign-in, since Blink does not say which of a user's own ids it is; " +
						"null where the API key may not list the tenant, or where that does not lead to exactly one entity.",
				},
				"email":       schema.StringAttribute{Computed: true, MarkdownDescription: "The e-mail address."},
				"name":        schema.StringAttribute{Computed: true, MarkdownDescription: "The name."},
				"status":      schema.StringAttribute{Computed: true, MarkdownDescription: "The status in the tenant, as Blink spells it; null where it tells none."},
				"tenant_id":   schema.StringAttribute{Computed: true, MarkdownDescription: "The id of the tenant."},
				"tenant_role": schema.StringAttribute{Computed: true, MarkdownDescription: "The role in the tenant, such as `Admin`."},
			},
		},
		Read: readCurrentUser,
	}
}

func readCurrentUser(ctx context.Context, run *roster.Run, m *currentUserModel) diag.Diagnostics {
	blink, diags := discoveryOf(run)
	if diags.HasError() {
		return diags
	}
	u, err := roster.Once(ctx, run, "current-user", blink.CurrentUser)
	if err != nil {
		diags.Append(failed(run, err, "who the API key belongs to")...)
		return diags
	}
	m.Email, m.Name, m.Status = framework.Text(u.Email), framework.Text(u.Name), framework.Text(u.Status)
	m.TenantID, m.TenantRole = framework.Text(u.TenantID), framework.Text(u.TenantRole)
	t, err := run.Tenant(ctx, "")
	switch {
	case err == nil:
		if p, found := u.In(t.People); found {
			m.EntityID = types.StringValue(p.ID)
		}
	case roster.FailureOf(err) != roster.Forbidden:
		// A null that is due to a hiccup would take the user off ignore_users.
		diags.Append(failed(run, err, "the users and groups of the tenant")...)
	}
	return diags
}
