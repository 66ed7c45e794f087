package blazemeter

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// What happens to the access when a user's resource is destroyed.
const (
	onDestroyDisable = "disable"
	onDestroyKeep    = "keep"
)

type userModel struct {
	ID            types.String   `tfsdk:"id"`
	WorkspaceID   types.String   `tfsdk:"workspace_id"`
	UserID        types.String   `tfsdk:"user_id"`
	Role          types.String   `tfsdk:"role"`
	Enabled       types.Bool     `tfsdk:"enabled"`
	AdoptExisting types.Bool     `tfsdk:"adopt_existing"`
	OnDestroy     types.String   `tfsdk:"on_destroy"`
	Email         types.String   `tfsdk:"email"`
	DisplayName   types.String   `tfsdk:"display_name"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

type userIdentity struct {
	WorkspaceID types.String `tfsdk:"workspace_id"`
	UserID      types.String `tfsdk:"user_id"`
}

func bindingOf(m *userModel) roster.Binding {
	return roster.Binding{
		Workspace:        m.WorkspaceID.ValueString(),
		WorkspaceUnknown: m.WorkspaceID.IsUnknown(),
		Principal:        roster.Principal{Kind: roster.User, ID: m.UserID.ValueString()},
		PrincipalUnknown: m.UserID.IsUnknown(),
		Standing:         roster.Standing{Role: m.Role.ValueString(), Enabled: m.Enabled.ValueBool()},
		StandingUnknown:  m.Role.IsUnknown() || m.Enabled.IsUnknown(),
	}
}

func exitOf(m *userModel) roster.Exit {
	return roster.Exit{Keep: m.OnDestroy.ValueString() == onDestroyKeep}
}

// storeMember shows the role and whether the user is enabled as they are; no
// role and several roles are drift like any other.
func storeMember(m *userModel, live roster.Member) {
	if !live.Holds(roster.Standing{Role: m.Role.ValueString(), Enabled: live.Enabled}) {
		m.Role = types.StringValue(live.Role())
	}
	m.Enabled = types.BoolValue(live.Enabled)
	if m.OnDestroy.IsNull() {
		m.OnDestroy = types.StringValue(onDestroyDisable)
	}
	if m.AdoptExisting.IsNull() {
		m.AdoptExisting = types.BoolValue(false)
	}
}

func userIdentityOf(b roster.Binding) any {
	return userIdentity{WorkspaceID: types.StringValue(b.Workspace), UserID: types.StringValue(b.Principal.ID)}
}

func principalOf(ctx context.Context, identity *tfsdk.ResourceIdentity) (string, roster.Principal, diag.Diagnostics) {
	var i userIdentity
	diags := identity.Get(ctx, &i)
	if diags.HasError() {
		return "", roster.Principal{}, diags
	}
	workspace, p, err := parseUserID(userID(i.WorkspaceID.ValueString(), roster.Principal{Kind: roster.User, ID: i.UserID.ValueString()}))
	if err != nil {
		diags.AddError("Not an identity to import by", fmt.Sprintf("The identity does not name a workspace user: %s.", err))
	}
	return workspace, p, diags
}

// userID is workspace_id/user_id.
func userID(workspace string, p roster.Principal) string { return workspace + "/" + p.ID }

func parseUserID(id string) (string, roster.Principal, error) {
	workspace, user, ok := strings.Cut(id, "/")
	if !ok || strings.Contains(user, "/") {
		return "", roster.Principal{}, fmt.Errorf("%q is not of the form workspace_id/user_id", id)
	}
	for _, part := range []string{workspace, user} {
		if err := client.CheckID(part); err != nil {
			return "", roster.Principal{}, fmt.Errorf("in %q %w", id, err)
		}
	}
	return workspace, roster.Principal{Kind: roster.User, ID: user}, nil
}
