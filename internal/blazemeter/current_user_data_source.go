package blazemeter

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// currentUserDataSource gives the data source of the key's own user.
func currentUserDataSource() framework.DataReader {
	return framework.Record[membership.Person]{
		TypeName:    "roster_blazemeter_current_user",
		Description: "Tells who the BlazeMeter API key belongs to: for `ignore_users` and `not_counted`, or to check that the right key is in use.",
		Columns: framework.Columns[membership.Person]{
			framework.TextColumn("user_id", "The id of the user.", func(p membership.Person) string { return p.ID }),
			framework.TextColumn("email", "The e-mail address.", func(p membership.Person) string { return p.Email }),
			framework.TextColumn("display_name", "The name.", func(p membership.Person) string { return p.Name }),
			framework.BoolColumn("enabled", "Whether the user is enabled.", func(p membership.Person) bool { return !p.Inactive }),
		},
		Read: func(ctx context.Context, run *roster.Run) (membership.Person, diag.Diagnostics) {
			p, err := run.Self(ctx)
			if err != nil {
				return p, framework.ReadFailed(run, err, "who the API key belongs to")
			}
			return p, nil
		},
	}
}
