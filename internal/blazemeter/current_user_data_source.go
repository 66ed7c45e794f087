package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

type currentUserModel struct {
	UserID      types.String `tfsdk:"user_id"`
	Email       types.String `tfsdk:"email"`
	DisplayName types.String `tfsdk:"display_name"`
	Enabled     types.Bool   `tfsdk:"enabled"`
}

// currentUserDataSource gives the data source of the key's own user.
func currentUserDataSource() framework.DataReader {
	return framework.DataSource[currentUserModel]{
		TypeName: "roster_blazemeter_current_user",
		Schema: schema.Schema{
			MarkdownDescription: "Tells who the BlazeMeter API key belongs to: for `ignore_users` and `not_counted`, or to check that the right key is in use.",
			Attributes: map[string]schema.Attribute{
				"user_id":      schema.StringAttribute{Computed: true, MarkdownDescription: "The id of the user."},
				"email":        schema.StringAttribute{Computed: true, MarkdownDescription: "The e-mail address."},
				"display_name": schema.StringAttribute{Computed: true, MarkdownDescription: "The name."},
				"enabled":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the user is enabled."},
			},
		},
		Read: readCurrentUser,
	}
}

func readCurrentUser(ctx context.Context, run *roster.Run, m *currentUserModel) diag.Diagnostics {
	p, err := run.Self(ctx)
	if err != nil {
		return failed(run, err, "who the API key belongs to")
	}
	m.UserID, m.Email, m.DisplayName = framework.Text(p.ID), framework.Text(p.Email), framework.Text(p.Name)
	m.Enabled = types.BoolValue(!p.Inactive)
	return nil
}
