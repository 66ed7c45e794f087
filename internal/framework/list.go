package framework

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// List describes how the instances of an additive resource are listed.
type List struct {
	// Description says in Markdown what is listed.
	Description string
	// Listed tells who is listed; nil is everybody in the listing.
	Listed func(membership.Member) bool
}

// NewList gives the list resource for `terraform query` (Terraform 1.14).
func (a Additive) NewList(product string) list.ListResource {
	if a.List == nil {
		return nil
	}
	return &lister{additive: a.of(product), list: *a.List}
}

// lister is the additive resource from its other side: everybody there is.
type lister struct {
	additive *additive
	list     List
}

func (l *lister) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	l.additive.Metadata(ctx, req, resp)
}

func (l *lister) Configure(ctx context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	l.additive.Configure(ctx, req, resp)
}

func (l *lister) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: l.list.Description,
		Attributes: map[string]schema.Attribute{
			l.additive.Key.Workspace.Attribute: schema.StringAttribute{
				Required:            true,
				MarkdownDescription: l.additive.Key.Workspace.sentence(),
				Validators:          []validator.String{l.additive.Key.Workspace.Form.Text()},
			},
			roleAttribute: schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Lists only those with this role, compared without regard to case.",
				Validators:          []validator.String{l.additive.Roles.Form().Text()},
			},
		},
	}
}

// List reads the workspace's shared listing and pushes everybody in it. The
// reading happens in the iterator, where an error can be pushed as a result.
func (l *lister) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		for result := range l.results(ctx, req) {
			if !push(result) {
				return
			}
		}
	}
}

func (l *lister) results(ctx context.Context, req list.ListRequest) iter.Seq[list.ListResult] {
	var workspace, role types.String
	diags := read(ctx, req.Config, []field{{l.additive.Key.Workspace.Attribute, &workspace}, {roleAttribute, &role}})
	run := beginList(l.additive.conn, &diags)
	if run == nil {
		return list.ListResultsStreamDiagnostics(diags)
	}
	return l.members(ctx, req, run, workspace.ValueString(), role.ValueString())
}

func (l *lister) members(ctx context.Context, req list.ListRequest, run *roster.Run, workspace, role string) iter.Seq[list.ListResult] {
	readCtx, cancel := context.WithTimeout(ctx, DefaultTimeout)
	defer cancel()
	listing, err := run.Listing(readCtx, workspace)
	if err != nil {
		return list.ListResultsStreamDiagnostics(l.additive.diagnostics([]membership.Finding{
			run.ReadError(err, run.Traits().Workspace(workspace), membership.AtWorkspace),
		}))
	}
	members := slices.DeleteFunc(slices.Clone(listing.Members), func(m membership.Member) bool {
		return !m.Kind.Managed() || l.list.Listed != nil && !l.list.Listed(m) ||
			role != "" && !slices.ContainsFunc(m.Roles, func(r string) bool { return strings.EqualFold(r, role) })
	})
	// The services promise no order, and people look for names.
	slices.SortStableFunc(members, func(a, b membership.Member) int {
		return cmp.Or(-cmp.Compare(a.Kind, b.Kind), cmp.Compare(strings.ToLower(a.Label()), strings.ToLower(b.Label())), cmp.Compare(a.ID, b.ID))
	})
	// Terraform takes a result that is nothing but a warning for a fault of the
	// provider, so what is to be said about all goes with one of them.
	notes := l.additive.diagnostics(run.PartialListing(listing))
	shown := int64(len(members))
	if req.Limit > 0 && shown > req.Limit {
		shown = req.Limit
		notes.Append(cutOff(shown, len(members), "members of "+run.Traits().Workspace(workspace)))
	}
	return func(push func(list.ListResult) bool) {
		for i, m := range members[:shown] {
			result := l.result(ctx, req, workspace, m)
			if len(m.Roles) != 1 {
				result.Diagnostics.AddWarning(fmt.Sprintf("%s has no single role in %s", m.Label(), run.Traits().Workspace(workspace)),
					fmt.Sprintf("%s shows %d roles for %s. Fill in the role in generated configuration.", run.Traits().Product, len(m.Roles), m.Principal))
			}
			if i == 0 {
				result.Diagnostics.Append(notes...)
			}
			if !push(result) {
				return
			}
		}
	}
}

// cutOff warns that a list ends at its limit.
func cutOff(shown int64, all int, of string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Only %d of %d %s are listed", shown, all, of),
		fmt.Sprintf("The limit is %d. (Terraform's default is 100.) To list all, set limit = %d or more in the list block.", shown, all))
}

func (l *lister) result(ctx context.Context, req list.ListRequest, workspace string, member membership.Member) list.ListResult {
	b := roster.Binding{Workspace: workspace, Principal: member.Principal, Standing: member.Standing()}
	result := req.NewListResult(ctx)
	result.DisplayName = displayName(member)
	l.additive.Key.setIdentity(ctx, result.Identity, subjectOf(b), &result.Diagnostics)
	if !req.IncludeResource {
		return result
	}
	// As after an import: what names the principal, and what a refresh fills in.
	m := &bindingModel{
		workspace: types.StringValue(workspace), kind: types.StringValue(string(member.Kind)), principal: types.StringValue(member.ID),
		timeouts: noTimeouts(ctx),
	}
	l.additive.store(m, b, member)
	result.Diagnostics.Append(write(ctx, &result.Resource.Raw, result.Resource.Schema, l.additive.fields(m))...)
	return result
}

// displayName is "alice@example.com: owner".
func displayName(m membership.Member) string {
	role := m.Role()
	if role == "" {
		role = "no role"
	}
	name := fmt.Sprintf("%s: %s", m.Label(), role)
	var more []string
	if m.Kind == membership.Group {
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
