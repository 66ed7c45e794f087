package framework

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// List describes how the instances of an additive resource are listed.
type List struct {
	// Description says in Markdown what is listed.
	Description string
	// WorkspaceID checks the id of a workspace, Role the name of a role.
	WorkspaceID, Role validator.String
	// Listed tells who is listed; nil is everybody in the listing.
	Listed func(roster.Member) bool
}

// NewList gives the list resource for `terraform query` (Terraform 1.14).
func (a Additive[M]) NewList(product string) list.ListResource {
	if a.List == nil {
		return nil
	}
	return &lister[M]{additive: a.of(product), list: *a.List}
}

// lister is the additive resource from its other side: everybody there is.
type lister[M any] struct {
	additive *additive[M]
	list     List
}

type listModel struct {
	WorkspaceID types.String `tfsdk:"workspace_id"`
	Role        types.String `tfsdk:"role"`
}

func (l *lister[M]) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	l.additive.Metadata(ctx, req, resp)
}

func (l *lister[M]) Configure(ctx context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	l.additive.Configure(ctx, req, resp)
}

func (l *lister[M]) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: l.list.Description,
		Attributes: map[string]schema.Attribute{
			"workspace_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The id of the workspace.",
				Validators:          []validator.String{l.list.WorkspaceID},
			},
			"role": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Lists only those with this role, compared without regard to case.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1), l.list.Role},
			},
		},
	}
}

// List reads the workspace's shared listing and pushes everybody in it. The
// reading happens in the iterator, where an error can be pushed as a result.
func (l *lister[M]) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		for result := range l.results(ctx, req) {
			if !push(result) {
				return
			}
		}
	}
}

func (l *lister[M]) results(ctx context.Context, req list.ListRequest) iter.Seq[list.ListResult] {
	var config listModel
	diags := req.Config.Get(ctx, &config)
	run, ds := l.additive.conn.Usable()
	diags.Append(ds...)
	if run == nil && !diags.HasError() {
		diags.AddError("The provider's settings are not known",
			"The provider block depends on something that is not known, so nothing can be listed.")
	}
	if diags.HasError() {
		return list.ListResultsStreamDiagnostics(diags)
	}
	return l.members(ctx, req, run, config.WorkspaceID.ValueString(), config.Role.ValueString())
}

func (l *lister[M]) members(ctx context.Context, req list.ListRequest, run *roster.Run, workspace, role string) iter.Seq[list.ListResult] {
	readCtx, cancel := context.WithTimeout(ctx, DefaultTimeout)
	defer cancel()
	listing, err := run.Listing(readCtx, workspace)
	if err != nil {
		return list.ListResultsStreamDiagnostics(l.additive.Paths.Diagnostics([]roster.Finding{
			run.ReadError(err, "workspace "+workspace, roster.AtWorkspace),
		}))
	}
	members := slices.DeleteFunc(slices.Clone(listing.Members), func(m roster.Member) bool {
		return !m.Kind.Managed() || l.list.Listed != nil && !l.list.Listed(m) ||
			role != "" && !slices.ContainsFunc(m.Roles, func(r string) bool { return strings.EqualFold(r, role) })
	})
	// The services promise no order, and people look for names.
	slices.SortStableFunc(members, func(a, b roster.Member) int {
		return cmp.Or(-cmp.Compare(a.Kind, b.Kind), cmp.Compare(strings.ToLower(a.Label()), strings.ToLower(b.Label())), cmp.Compare(a.ID, b.ID))
	})
	// Terraform takes a result that is nothing but a warning for a fault of the
	// provider, so what is to be said about all goes with one of them.
	notes := l.additive.Paths.Diagnostics(run.PartialListing(listing))
	shown := int64(len(members))
	if req.Limit > 0 && shown > req.Limit {
		shown = req.Limit
		notes.AddWarning(fmt.Sprintf("Only %d of %d are listed of workspace %s", shown, len(members), workspace),
			fmt.Sprintf("The limit is %d (Terraform's own, where the list block sets none, is 100). Set limit = %d or more in the list block to get all.", req.Limit, len(members)))
	}
	return func(push func(list.ListResult) bool) {
		for i, m := range members[:shown] {
			result := l.result(ctx, req, workspace, m)
			if i == 0 {
				result.Diagnostics.Append(notes...)
			}
			if !push(result) {
				return
			}
		}
	}
}

func (l *lister[M]) result(ctx context.Context, req list.ListRequest, workspace string, m roster.Member) list.ListResult {
	b := roster.Binding{Workspace: workspace, Principal: m.Principal, Standing: m.Standing()}
	result := req.NewListResult(ctx)
	result.DisplayName = displayName(m)
	result.Diagnostics.Append(result.Identity.Set(ctx, l.additive.IdentityOf(b))...)
	if len(m.Roles) != 1 {
		result.Diagnostics.Append(diag.NewWarningDiagnostic(fmt.Sprintf("%s has no single role in workspace %s", m.Label(), workspace),
			fmt.Sprintf("The service shows %d roles for %s. Configuration that is generated for it needs a role to be filled in.", len(m.Roles), m.Principal)))
	}
	if !req.IncludeResource {
		return result
	}
	// As an import does it: the attributes that name the principal, and then
	// what a refresh fills in.
	for name, value := range l.additive.Import(workspace, m.Principal) {
		result.Diagnostics.Append(result.Resource.SetAttribute(ctx, path.Root(name), value)...)
	}
	model := new(M)
	result.Diagnostics.Append(result.Resource.Get(ctx, model)...)
	if result.Diagnostics.HasError() {
		return result
	}
	l.additive.store(model, b, m)
	result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
	return result
}

// displayName is "alice@example.com: owner".
func displayName(m roster.Member) string {
	role := m.Role()
	if role == "" {
		role = "no role"
	}
	name := fmt.Sprintf("%s: %s", m.Label(), role)
	var more []string
	if m.Kind == roster.Group {
		more = append(more, "group")
	}
	if m.Invite {
		more = append(more, "invited")
	}
	if !m.Enabled {
		more = append(more, "disabled")
	}
	if len(more) > 0 {
		name += " (" + strings.Join(more, ", ") + ")"
	}
	return name
}
