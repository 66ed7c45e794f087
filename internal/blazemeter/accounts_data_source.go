package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type accountsModel struct {
	Accounts []accountModel `tfsdk:"accounts"`
}

type accountModel struct {
	ID   string       `tfsdk:"id"`
	Name types.String `tfsdk:"name"`
}

// accountsDataSource gives the data source of the accounts that the key sees.
func accountsDataSource() framework.DataReader {
	return framework.DataSource[accountsModel]{
		TypeName: "roster_blazemeter_accounts",
		Schema: schema.Schema{
			MarkdownDescription: "Lists the BlazeMeter accounts that the API key sees.",
			Attributes: map[string]schema.Attribute{
				"accounts": schema.ListNestedAttribute{
					Computed:            true,
					MarkdownDescription: "The accounts.",
					NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
						"id":   schema.StringAttribute{Computed: true, MarkdownDescription: "The id of the account."},
						"name": schema.StringAttribute{Computed: true, MarkdownDescription: "The name."},
					}},
				},
			},
		},
		Read: readAccounts,
	}
}

func readAccounts(ctx context.Context, run *roster.Run, m *accountsModel) diag.Diagnostics {
	all, diags := accounts(ctx, run)
	if diags.HasError() {
		return diags
	}
	m.Accounts = make([]accountModel, 0, len(all))
	for _, a := range all {
		m.Accounts = append(m.Accounts, accountModel{ID: a.ID, Name: framework.Text(a.Name)})
	}
	return diags
}
