package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type accountUserModel struct {
	AccountID   types.String `tfsdk:"account_id"`
	UserID      types.String `tfsdk:"user_id"`
	Email       types.String `tfsdk:"email"`
	DisplayName types.String `tfsdk:"display_name"`
	Roles       []string     `tfsdk:"roles"`
	Enabled     types.Bool   `tfsdk:"enabled"`
}

// accountUserDataSource gives the data source of one user of an account.
func accountUserDataSource() framework.DataReader {
	return framework.DataSource[accountUserModel]{
		TypeName: "roster_blazemeter_account_user",
		Description: "Looks up one user of a BlazeMeter account by e-mail address or id. No match and several matches are errors.\n\n" +
			"All look-ups of a run share one listing of the account, so a thousand of them cost no more calls than one. " +
			"For many people at once, and to learn who is missing without an error, see `roster_blazemeter_account_users`.",
		Attributes: map[string]schema.Attribute{
			"account_id":   accountIDAttribute(),
			"user_id":      framework.LookUp("The id of the user, a number. Exactly one of `email` and `user_id` is given.", ids.Text()),
			"email":        framework.LookUp("The e-mail address, compared without regard to case.", framework.Email.Text()),
			"display_name": schema.StringAttribute{Computed: true, MarkdownDescription: "The name."},
			"roles": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The roles in the account, not in a workspace: `standard`, `admin`, `billing`, `user_manager`, `owner`.",
			},
			"enabled": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the user is enabled in the account."},
		},
		Validators: []datasource.ConfigValidator{
			datasourcevalidator.ExactlyOneOf(path.MatchRoot("email"), path.MatchRoot("user_id")),
		},
		Read: readAccountUser,
	}
}

func readAccountUser(ctx context.Context, run *roster.Run, m *accountUserModel) diag.Diagnostics {
	d, diags := directory(ctx, run, m.AccountID.ValueString())
	if diags.HasError() {
		return diags
	}
	var p membership.Person
	var ds diag.Diagnostics
	if m.Email.IsNull() {
		p, ds = d.ID(m.UserID.ValueString(), "user_id")
	} else {
		p, ds = d.Email(m.Email.ValueString())
	}
	diags.Append(ds...)
	if diags.HasError() {
		return diags
	}
	m.UserID = types.StringValue(p.ID)
	// An address that was given stays as it was written.
	if m.Email.IsNull() {
		m.Email = framework.Text(p.Email)
	}
	m.DisplayName, m.Roles, m.Enabled = framework.Text(p.Name), append([]string{}, p.Roles...), types.BoolValue(!p.Inactive)
	return diags
}
