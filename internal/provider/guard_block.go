package provider

import (
	"context"
	"math"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

const defaultHandoverWait = 5 * time.Second

type guardModel struct {
	Mode               types.String `tfsdk:"mode"`
	MinimumOwners      types.Number `tfsdk:"minimum_owners"`
	NotCounted         types.Set    `tfsdk:"not_counted"`
	CountOwnerGroups   types.Bool   `tfsdk:"count_owner_groups"`
	ExemptWorkspaceIDs types.Set    `tfsdk:"exempt_workspace_ids"`
	HandoverWait       types.String `tfsdk:"handover_wait"`
}

func guardSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "What happens when a change would leave a workspace without an owner (Blink) or an enabled manager (BlazeMeter).",
		Attributes: map[string]schema.Attribute{
			"mode": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "What the guard does about such a change: `enforce` (default) refuses it, `warn` warns and goes on, `off` says nothing and leaves it to the service.",
				Validators:          []validator.String{stringvalidator.OneOf(string(roster.Enforce), string(roster.Warn), string(roster.Off))},
			},
			"minimum_owners": schema.NumberAttribute{
				Optional:            true,
				MarkdownDescription: "How many owners a workspace has to keep; 1 by default. A workspace that has fewer already must not lose any.",
				Validators:          []validator.Number{framework.Whole(1, math.MaxInt32)},
			},
			"not_counted": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Ids or e-mail addresses that never count as owners: the automation's own user, break-glass accounts. Compared without regard to case.",
				Validators:          []validator.Set{framework.Filled("an entry that can be used").Each()},
			},
			"count_owner_groups": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Blink: whether a group that has members and the owner role counts as one owner. `false` by default, since the vendor does not say that it does.",
			},
			"exempt_workspace_ids": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Ids of workspaces that the guard leaves alone, such as those that are being closed.",
				Validators:          []validator.Set{framework.Filled("an entry that can be used").Each()},
			},
			"handover_wait": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "How long nothing must have moved in this provider before a removal that waits for its successor is refused; `5s` by default.",
				Validators:          []validator.String{framework.Duration(0).Text()},
			},
		},
	}
}

// guardOf reads the policy. While a part of it is not known yet the guard only
// warns: values that are unknown at plan never fail a plan, and the apply knows them.
func guardOf(ctx context.Context, o types.Object, diags *diag.Diagnostics) roster.Guard {
	g := roster.Guard{Mode: roster.Enforce, MinimumOwners: 1, HandoverWait: defaultHandoverWait}
	var m guardModel
	as(ctx, o, &m, diags)
	if diags.HasError() {
		return g
	}
	if !m.Mode.IsNull() {
		g.Mode = roster.Mode(m.Mode.ValueString())
	}
	g.MinimumOwners = whole(m.MinimumOwners, 1)
	g.CountOwnerGroups = m.CountOwnerGroups.ValueBool()
	g.HandoverWait = duration(m.HandoverWait, defaultHandoverWait)
	unknown := o.IsUnknown() || m.Mode.IsUnknown() || m.MinimumOwners.IsUnknown() || m.CountOwnerGroups.IsUnknown()
	for set, target := range map[*types.Set]*[]string{&m.NotCounted: &g.NotCounted, &m.ExemptWorkspaceIDs: &g.ExemptWorkspaces} {
		for _, e := range bulk.Unpack(ctx, *set).Elements() {
			text, ok := e.(types.String)
			unknown = unknown || !ok || text.IsUnknown()
			if ok && !text.IsUnknown() {
				*target = append(*target, text.ValueString())
			}
		}
		unknown = unknown || set.IsUnknown()
	}
	if unknown && g.Mode != roster.Off {
		g.Mode = roster.Warn
	}
	return g
}
