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
	AccountID  types.String           `tfsdk:"account_id"`
	Workspaces []listedWorkspaceModel `tfsdk:"workspaces"`
	IDsByName  map[string]string      `tfsdk:"ids_by_name"`
}

type listedWorkspaceModel struct {
	ID      string       `tfsdk:"id"`
	Name    types.String `tfsdk:"name"`
	Enabled bool         `tfsdk:"enabled"`
}

// workspacesDataSource gives the data source of an account's workspaces.
func workspacesDataSource() framework.DataReader {
	return framework.DataSource[workspacesModel]{
		TypeName: "roster_blazemeter_workspaces",
		Schema: schema.Schema{
			MarkdownDescription: "Lists the workspaces of a BlazeMeter account, those that are switched off (`enabled = false`) among them.",
			Attributes: map[string]schema.Attribute{
				"account_id": accountIDAttribute(),
				"workspaces": schema.ListNestedAttribute{
					Computed:            true,
					MarkdownDescription: "The workspaces.",
					NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
						"id":      schema.StringAttribute{Computed: true, MarkdownDescription: "The id of the workspace."},
						"name":    schema.StringAttribute{Computed: true, MarkdownDescription: "The name."},
						"enabled": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the workspace is switched on."},
					}},
				},
				"ids_by_name": schema.MapAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "The ids by name. A name that several workspaces have is left out, since it does not tell which is meant.",
				},
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
	m.Workspaces = make([]listedWorkspaceModel, 0, len(all))
	for _, w := range all {
		m.Workspaces = append(m.Workspaces, listedWorkspaceModel{ID: w.ID, Name: framework.Text(w.Name), Enabled: w.Enabled})
	}
	m.IDsByName = framework.IDsByName(all, func(w client.Workspace) (name, id string) { return w.Name, w.ID })
	return diags
}
