package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type workspacesModel struct {
	AccountID  types.String      `tfsdk:"account_id"`
	Workspaces types.List        `tfsdk:"workspaces"`
	IDsByName  map[string]string `tfsdk:"ids_by_name"`
}

var listedWorkspaces = framework.Columns[client.Workspace]{
	framework.TextColumn("id", "The id of the workspace.", func(w client.Workspace) string { return w.ID }),
	framework.TextColumn("name", "The name.", func(w client.Workspace) string { return w.Name }),
	framework.BoolColumn("enabled", "Whether the workspace is switched on.", func(w client.Workspace) bool { return w.Enabled }),
}

// workspacesDataSource gives the data source of an account's workspaces.
func workspacesDataSource() framework.DataReader {
	return framework.DataSource[workspacesModel]{
		TypeName:    "roster_blazemeter_workspaces",
		Description: "Lists the workspaces of a BlazeMeter account, those that are switched off (`enabled = false`) among them.",
		Attributes: map[string]schema.Attribute{
			"account_id": accountIDAttribute(),
			"workspaces": listedWorkspaces.List("The workspaces."),
			"ids_by_name": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The ids by name. A name that several workspaces have is left out, since it does not tell which is meant.",
			},
		},
		Read: readWorkspaces,
	}
}

func accountIDAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		Required:            true,
		MarkdownDescription: "The id of the account, a number; `roster_blazemeter_accounts` lists them.",
		Validators:          []validator.String{ids.Text()},
	}
}

func readWorkspaces(ctx context.Context, run *roster.Run, m *workspacesModel) diag.Diagnostics {
	all, diags := workspacesOf(ctx, run, m.AccountID.ValueString())
	if diags.HasError() {
		return diags
	}
	m.Workspaces = listedWorkspaces.Rows(all)
	m.IDsByName = framework.IDsByName(all, func(w client.Workspace) (name, id string) { return w.Name, w.ID })
	return diags
}
