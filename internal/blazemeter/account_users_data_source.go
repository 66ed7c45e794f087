package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type accountUsersModel struct {
	AccountID     types.String      `tfsdk:"account_id"`
	Emails        types.List        `tfsdk:"emails"`
	Users         types.List        `tfsdk:"users"`
	IDsByEmail    map[string]string `tfsdk:"ids_by_email"`
	MissingEmails []string          `tfsdk:"missing_emails"`
}

var listedAccountUser = map[string]attr.Type{
	"user_id":      types.StringType,
	"email":        types.StringType,
	"display_name": types.StringType,
	"roles":        types.ListType{ElemType: types.StringType},
	"enabled":      types.BoolType,
}

// accountUsersDataSource gives the data source of many users of an account.
func accountUsersDataSource() framework.DataReader {
	return framework.DataSource[accountUsersModel]{
		TypeName: "roster_blazemeter_account_users",
		Schema: schema.Schema{
			MarkdownDescription: "Lists the users of a BlazeMeter account, or looks many people up by e-mail address at once.\n\n" +
				"With `emails` it tells who is not in the account (`missing_emails`) without failing, so that the others can be onboarded and a `check` can name those who are missing.",
			Attributes: map[string]schema.Attribute{
				"account_id": accountIDAttribute(),
				"emails": schema.ListAttribute{
					Optional: true, ElementType: types.StringType,
					MarkdownDescription: "The e-mail addresses to look up, compared without regard to case. If it is not set, all are listed.",
					Validators:          []validator.List{listvalidator.NoNullValues(), listvalidator.ValueStringsAre(framework.Email.Text())},
				},
				"users": schema.ListNestedAttribute{
					Computed:            true,
					MarkdownDescription: "The users: those with one of `emails` where that is given, else all, those who are disabled in the account among them.",
					NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
						"user_id":      schema.StringAttribute{Computed: true, MarkdownDescription: "The id of the user."},
						"email":        schema.StringAttribute{Computed: true, MarkdownDescription: "The e-mail address, as BlazeMeter spells it."},
						"display_name": schema.StringAttribute{Computed: true, MarkdownDescription: "The name."},
						"roles":        schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The roles in the account, not in a workspace."},
						"enabled":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the user is enabled in the account."},
					}},
				},
				"ids_by_email": schema.MapAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "The user ids by e-mail address: with `emails` as they are written there, without it in lower case. " +
						"Several users with one e-mail address are an error that names their ids.",
				},
				"missing_emails": schema.ListAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "Those of `emails` that no user of the account has, as they are written there. Empty without `emails`.",
				},
			},
		},
		Read:   readAccountUsers,
		Misses: func(m *accountUsersModel) bool { return len(m.MissingEmails) > 0 },
	}
}

func readAccountUsers(ctx context.Context, run *roster.Run, m *accountUsersModel) diag.Diagnostics {
	d, diags := directory(ctx, run, m.AccountID.ValueString())
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
	m.Users, ds = framework.Rows(listedAccountUser, found.People, func(p roster.Person) framework.Row {
		roles := make([]attr.Value, 0, len(p.Roles))
		for _, role := range p.Roles {
			roles = append(roles, types.StringValue(role))
		}
		return framework.Row{
			"user_id":      types.StringValue(p.ID),
			"email":        framework.Text(p.Email),
			"display_name": framework.Text(p.Name),
			"roles":        types.ListValueMust(types.StringType, roles),
			"enabled":      types.BoolValue(!p.Inactive),
		}
	})
	diags.Append(ds...)
	m.IDsByEmail, m.MissingEmails = found.IDs, found.Missing
	return diags
}
