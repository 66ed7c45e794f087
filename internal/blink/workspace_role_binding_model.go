package blink

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// What happens to the access when a binding is destroyed.
const (
	onDestroyRemove   = "remove"
	onDestroyKeep     = "keep"
	onDestroyReassign = "reassign"
)

type bindingModel struct {
	ID            types.String   `tfsdk:"id"`
	WorkspaceID   types.String   `tfsdk:"workspace_id"`
	EntityType    types.String   `tfsdk:"entity_type"`
	EntityID      types.String   `tfsdk:"entity_id"`
	Role          types.String   `tfsdk:"role"`
	AdoptExisting types.Bool     `tfsdk:"adopt_existing"`
	OnDestroy     types.String   `tfsdk:"on_destroy"`
	ReassignRole  types.String   `tfsdk:"reassign_role"`
	Email         types.String   `tfsdk:"email"`
	Name          types.String   `tfsdk:"name"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

type bindingIdentity struct {
	WorkspaceID types.String `tfsdk:"workspace_id"`
	EntityType  types.String `tfsdk:"entity_type"`
	EntityID    types.String `tfsdk:"entity_id"`
}

func bindingOf(m *bindingModel) roster.Binding {
	return roster.Binding{
		Workspace:        m.WorkspaceID.ValueString(),
		WorkspaceUnknown: m.WorkspaceID.IsUnknown(),
		Principal:        roster.Principal{Kind: roster.Kind(m.EntityType.ValueString()), ID: m.EntityID.ValueString()},
		PrincipalUnknown: m.EntityType.IsUnknown() || m.EntityID.IsUnknown(),
		Standing:         roster.Standing{Role: m.Role.ValueString(), Enabled: true},
		StandingUnknown:  m.Role.IsUnknown(),
	}
}

func exitOf(m *bindingModel) roster.Exit {
	switch m.OnDestroy.ValueString() {
	case onDestroyKeep:
		return roster.Exit{Keep: true}
	case onDestroyReassign:
		return roster.Exit{Reassign: m.ReassignRole.ValueString()}
	default:
		return roster.Exit{}
	}
}

// storeMember keeps the user's spelling of a role that differs in case only,
// and shows every other difference as drift.
func storeMember(m *bindingModel, live roster.Member) {
	if !live.Holds(roster.Standing{Role: m.Role.ValueString(), Enabled: live.Enabled}) {
		m.Role = types.StringValue(live.Role())
	}
	if m.OnDestroy.IsNull() {
		m.OnDestroy = types.StringValue(onDestroyRemove)
	}
	if m.AdoptExisting.IsNull() {
		m.AdoptExisting = types.BoolValue(false)
	}
}

func bindingIdentityOf(b roster.Binding) any {
	return bindingIdentity{
		WorkspaceID: types.StringValue(b.Workspace),
		EntityType:  types.StringValue(string(b.Principal.Kind)),
		EntityID:    types.StringValue(b.Principal.ID),
	}
}

func principalOf(ctx context.Context, identity *tfsdk.ResourceIdentity) (string, roster.Principal, diag.Diagnostics) {
	var i bindingIdentity
	diags := identity.Get(ctx, &i)
	if diags.HasError() {
		return "", roster.Principal{}, diags
	}
	workspace, p, err := parseBindingID(bindingID(i.WorkspaceID.ValueString(),
		roster.Principal{Kind: roster.Kind(i.EntityType.ValueString()), ID: i.EntityID.ValueString()}))
	if err != nil {
		diags.AddError("Not an identity to import by", fmt.Sprintf("The identity does not name a binding: %s.", err))
	}
	return workspace, p, diags
}

// bindingID is workspace_id/entity_type/entity_id; none of the parts can hold
// a slash.
func bindingID(workspace string, p roster.Principal) string {
	return workspace + "/" + string(p.Kind) + "/" + p.ID
}

func parseBindingID(id string) (string, roster.Principal, error) {
	parts := strings.Split(id, "/")
	if len(parts) != 3 {
		return "", roster.Principal{}, fmt.Errorf("%q is not of the form workspace_id/entity_type/entity_id", id)
	}
	p := roster.Principal{Kind: roster.Kind(parts[1]), ID: parts[2]}
	if p.Kind != roster.User && p.Kind != roster.Group {
		return "", roster.Principal{}, fmt.Errorf("%q is not an entity_type in %q: it has to be user or group", parts[1], id)
	}
	for _, part := range []string{parts[0], p.ID} {
		if err := client.CheckID(part); err != nil {
			return "", roster.Principal{}, fmt.Errorf("in %q %w", id, err)
		}
	}
	return parts[0], p, nil
}
