package blink

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type workspacesModel struct {
	Workspaces       []visibleWorkspaceModel `tfsdk:"workspaces"`
	IDsByDisplayName map[string]string       `tfsdk:"ids_by_display_name"`
}

type visibleWorkspaceModel struct {
	ID          string       `tfsdk:"id"`
	DisplayName types.String `tfsdk:"display_name"`
	Description types.String `tfsdk:"description"`
	Role        types.String `tfsdk:"role"`
}

// workspacesDataSource gives the data source of all workspaces that the key's user sees.
func workspacesDataSource() framework.DataReader {
	return framework.DataSource[workspacesModel]{
		TypeName: "roster_blink_workspaces",
		Schema: schema.Schema{
			MarkdownDescription: "Lists the Blink workspaces that the API key's user has access to. Whether a tenant Admin sees workspaces of which they are no member is up to Blink.",
			Attributes: map[string]schema.Attribute{
				"workspaces": schema.ListNestedAttribute{
					Computed:            true,
					MarkdownDescription: "The workspaces, sorted by display name.",
					NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
						"id":           schema.StringAttribute{Computed: true, MarkdownDescription: "The id of the workspace."},
						"display_name": schema.StringAttribute{Computed: true, MarkdownDescription: "The name that people see."},
						"description":  schema.StringAttribute{Computed: true, MarkdownDescription: "The description; null where there is none."},
						"role":         schema.StringAttribute{Computed: true, MarkdownDescription: "The role of the API key's own user in the workspace."},
					}},
				},
				"ids_by_display_name": schema.MapAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "The ids by display name. A display name that several workspaces have is left out, since it does not tell which is meant.",
				},
			},
		},
		Read: readWorkspaces,
	}
}

func readWorkspaces(ctx context.Context, run *roster.Run, m *workspacesModel) diag.Diagnostics {
	all, diags := userWorkspaces(ctx, run)
	if diags.HasError() {
		return diags
	}
	m.Workspaces = make([]visibleWorkspaceModel, 0, len(all))
	for _, w := range all {
		m.Workspaces = append(m.Workspaces, visibleWorkspaceModel{
			ID: w.ID, DisplayName: framework.Text(w.Label()), Description: framework.Text(w.Description), Role: framework.Text(w.Role),
		})
	}
	m.IDsByDisplayName = framework.IDsByName(all, func(w client.UserWorkspace) (name, id string) { return w.Label(), w.ID })
	return diags
}
