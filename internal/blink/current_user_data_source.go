package blink

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// currentUser is the key's own user. entity is empty where the tenant does not tell.
type currentUser struct {
	client.CurrentUser

	entity string
}

// currentUserDataSource gives the data source of the key's own user.
func currentUserDataSource() framework.DataReader {
	return framework.Record[currentUser]{
		TypeName:    "roster_blink_current_user",
		Description: "Tells who the Blink API key belongs to: for `ignore_users` and `not_counted`, or to check that the right key is in use.",
		Columns: framework.Columns[currentUser]{
			framework.TextColumn("entity_id", "The id under which workspaces list the user. It is looked up in the tenant by e-mail address, else by the ids of the sign-in, since Blink does not say which of a user's own ids it is; "+
				"null where the API key may not list the tenant, or where that does not lead to exactly one entity.", func(u currentUser) string { return u.entity }),
			framework.TextColumn("email", "The e-mail address.", func(u currentUser) string { return u.Email }),
			framework.TextColumn("name", "The name.", func(u currentUser) string { return u.Name }),
			framework.TextColumn("status", "The status in the tenant, as Blink spells it; null where it tells none.", func(u currentUser) string { return u.Status }),
			framework.TextColumn("tenant_id", "The id of the tenant.", func(u currentUser) string { return u.TenantID }),
			framework.TextColumn("tenant_role", "The role in the tenant, such as `Admin`.", func(u currentUser) string { return u.TenantRole }),
		},
		Read: readCurrentUser,
	}
}

func readCurrentUser(ctx context.Context, run *roster.Run) (currentUser, diag.Diagnostics) {
	u, diags := framework.ReadOnce(ctx, run, "current-user", "who the API key belongs to", discovery.CurrentUser)
	if diags.HasError() {
		return currentUser{}, diags
	}
	me := currentUser{CurrentUser: u}
	t, err := run.Tenant(ctx, "")
	switch {
	case err == nil:
		if p, found := u.In(t.People); found {
			me.entity = p.ID
		}
	case membership.FailureOf(err) != membership.Forbidden:
		// A null that is due to a hiccup would take the user off ignore_users.
		diags.Append(framework.ReadFailed(run, err, "the users and groups of the tenant")...)
	}
	return me, diags
}
