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
	Workspaces       types.List        `tfsdk:"workspaces"`
	IDsByDisplayName map[string]string `tfsdk:"ids_by_display_name"`
}

var visibleWorkspaces = framework.Columns[client.UserWorkspace]{
	framework.TextColumn("id", "The id of the workspace.", func(w client.UserWorkspace) string { return w.ID }),
	framework.TextColumn("display_name", "The name that people see.", client.UserWorkspace.Label),
	framework.TextColumn("description", "The description; null where there is none.", func(w client.UserWorkspace) string { return w.Description }),
	framework.TextColumn("role", "The role of the API key's own user in the workspace.", func(w client.UserWorkspace) string { return w.Role }),
}

// workspacesDataSource gives the data source of all workspaces that the key's user sees.
func workspacesDataSource() framework.DataReader {
	return framework.DataSource[workspacesModel]{
		TypeName:    "roster_blink_workspaces",
		Description: "Lists the Blink workspaces that the API key's user has access to. Whether a tenant Admin sees workspaces of which they are no member is up to Blink.",
		Attributes: map[string]schema.Attribute{
			"workspaces": visibleWorkspaces.List("The workspaces, sorted by display name."),
			"ids_by_display_name": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The ids by display name. A display name that several workspaces have is left out, since it does not tell which is meant.",
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
	m.Workspaces = visibleWorkspaces.Rows(all)
	m.IDsByDisplayName = framework.IDsByName(all, func(w client.UserWorkspace) (name, id string) { return w.Label(), w.ID })
	return diags
}
