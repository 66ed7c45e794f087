package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type accountUsersModel struct {
	framework.PeopleByEmail

	AccountID types.String `tfsdk:"account_id"`
	Users     types.List   `tfsdk:"users"`
}

var accountUsers = framework.Columns[membership.Person]{
	framework.TextColumn("user_id", "The id of the user.", func(p membership.Person) string { return p.ID }),
	framework.TextColumn("email", "The e-mail address, as BlazeMeter spells it.", func(p membership.Person) string { return p.Email }),
	framework.TextColumn("display_name", "The name.", func(p membership.Person) string { return p.Name }),
	framework.TextsColumn("roles", "The roles in the account, not in a workspace.", func(p membership.Person) []string { return p.Roles }),
	framework.BoolColumn("enabled", "Whether the user is enabled in the account.", func(p membership.Person) bool { return !p.Inactive }),
}

// accountUsersDataSource gives the data source of many users of an account.
func accountUsersDataSource() framework.DataReader {
	return framework.DataSource[accountUsersModel]{
		TypeName: "roster_blazemeter_account_users",
		Description: "Lists the users of a BlazeMeter account, or looks many people up by e-mail address at once.\n\n" +
			"With `emails` it tells who is not in the account (`missing_emails`) without failing, so that the others can be onboarded and a `check` can name those who are missing.",
		Attributes: framework.Attributes(framework.PeopleAttributes("user ids", "users", "of the account"), map[string]schema.Attribute{
			"account_id": accountIDAttribute(),
			"users":      accountUsers.List("The users: those with one of `emails` where that is given, else all, those who are disabled in the account among them."),
		}),
		Read:   readAccountUsers,
		Misses: func(m *accountUsersModel) bool { return len(m.MissingEmails) > 0 },
	}
}

func readAccountUsers(ctx context.Context, run *roster.Run, m *accountUsersModel) diag.Diagnostics {
	d, diags := directory(ctx, run, m.AccountID.ValueString())
	if diags.HasError() {
		return diags
	}
	found, ds := m.Find(ctx, d)
	m.Users = accountUsers.Rows(found)
	return append(diags, ds...)
}
