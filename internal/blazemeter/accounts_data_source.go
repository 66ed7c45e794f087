package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type accountsModel struct {
	Accounts types.List `tfsdk:"accounts"`
}

// accountsDataSource gives the data source of the accounts that the key sees.
func accountsDataSource() framework.DataReader {
	accounts := framework.Columns[client.Account]{
		framework.TextColumn("id", "The id of the account.", func(a client.Account) string { return a.ID }),
		framework.TextColumn("name", "The name.", func(a client.Account) string { return a.Name }),
	}
	return framework.DataSource[accountsModel]{
		TypeName:    "roster_blazemeter_accounts",
		Description: "Lists the BlazeMeter accounts that the API key sees.",
		Attributes:  map[string]schema.Attribute{"accounts": accounts.List("The accounts.")},
		Read: func(ctx context.Context, run *roster.Run, m *accountsModel) diag.Diagnostics {
			all, diags := framework.ReadOnce(ctx, run, "accounts", "the accounts", discovery.Accounts)
			m.Accounts = accounts.Rows(all)
			return diags
		},
	}
}
