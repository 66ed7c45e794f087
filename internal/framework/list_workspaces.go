package framework

import (
	"cmp"
	"context"
	"fmt"
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

// WorkspaceList describes how all workspaces are listed that a key sees.
type WorkspaceList struct {
	// Description says in Markdown what is listed.
	Description string
	// Account is the attribute that says of which account; the zero value is none.
	Account KeyPart
	// All gives the workspaces.
	All func(ctx context.Context, run *roster.Run, account string) ([]ListedWorkspace, diag.Diagnostics)
}

// ListedWorkspace is one workspace in a [WorkspaceList].
type ListedWorkspace struct{ ID, Name string }

// NewList gives the list resource for `terraform query` (Terraform 1.14).
func (a Authoritative) NewList(product string) list.ListResource {
	if a.List == nil {
		return nil
	}
	return &workspaceLister{authoritative: &authoritative{Authoritative: a, product: product}, list: *a.List}
}

// workspaceLister is the resource of a whole workspace from its other side: all
// workspaces that there are.
type workspaceLister struct {
	authoritative *authoritative
	list          WorkspaceList
}

func (l *workspaceLister) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	l.authoritative.Metadata(ctx, req, resp)
}

func (l *workspaceLister) Configure(ctx context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	l.authoritative.Configure(ctx, req, resp)
}

func (l *workspaceLister) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	attributes := map[string]schema.Attribute{}
	if name := l.list.Account.Attribute; name != "" {
		attributes[name] = schema.StringAttribute{
			Required: true, MarkdownDescription: l.list.Account.Description, Validators: []validator.String{l.list.Account.Form.Text()},
		}
	}
	resp.Schema = schema.Schema{MarkdownDescription: l.list.Description, Attributes: attributes}
}

// List pushes the workspaces. The reading happens in the iterator, where an
// error can be pushed as a result.
func (l *workspaceLister) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		run, all, diags := l.all(ctx, req)
		if diags.HasError() {
			for result := range list.ListResultsStreamDiagnostics(diags) {
				push(result)
			}
			return
		}
		for i, w := range all {
			if req.Limit > 0 && int64(i) >= req.Limit {
				return
			}
			result := l.result(ctx, req, run, w)
			if i == 0 && req.Limit > 0 && int64(len(all)) > req.Limit {
				result.Diagnostics.Append(cutOff(req.Limit, len(all), run.Traits().WorkspaceNoun+"s"))
			}
			if !push(result) {
				return
			}
		}
	}
}

func (l *workspaceLister) all(ctx context.Context, req list.ListRequest) (*roster.Run, []ListedWorkspace, diag.Diagnostics) {
	var account types.String
	var diags diag.Diagnostics
	if name := l.list.Account.Attribute; name != "" {
		diags.Append(read(ctx, req.Config, []field{{name, &account}})...)
	}
	run := beginList(l.authoritative.conn, &diags)
	if run == nil {
		return nil, nil, diags
	}
	ctx, cancel := context.WithTimeout(ctx, DefaultTimeout)
	defer cancel()
	all, ds := l.list.All(ctx, run, account.ValueString())
	diags.Append(ds...)
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b ListedWorkspace) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return run, all, diags
}

func (l *workspaceLister) result(ctx context.Context, req list.ListRequest, run *roster.Run, w ListedWorkspace) list.ListResult {
	m := l.authoritative.model()
	m.workspace, m.timeouts = types.StringValue(w.ID), noTimeouts(ctx)
	result := req.NewListResult(ctx)
	result.DisplayName = w.ID
	if w.Name != "" {
		result.DisplayName = w.Name
	}
	l.authoritative.Key.setIdentity(ctx, result.Identity, subject(m), &result.Diagnostics)
	if !req.IncludeResource {
		return result
	}
	// As after an import: configuration that is generated of it names everybody.
	ctx, cancel := context.WithTimeout(ctx, DefaultTimeout)
	defer cancel()
	for i := range m.maps {
		m.maps[i].ignore = types.SetNull(types.StringType)
		m.maps[i].roles = types.MapNull(types.StringType)
	}
	l.authoritative.takeEverything(m)
	listing, err := run.Listing(ctx, w.ID)
	if err != nil {
		result.Diagnostics.Append(l.authoritative.diagnostics(nil, []membership.Finding{run.ReadError(err, run.Traits().Workspace(w.ID), membership.AtNone)})...)
		return result
	}
	if !listing.Complete() {
		result.Diagnostics.AddError(fmt.Sprintf("The listing of %s is not complete", run.Traits().Workspace(w.ID)),
			fmt.Sprintf("It cannot be imported as a whole: %s. %s", listing.Incomplete, run.Traits().ChangeRight))
		return result
	}
	l.authoritative.store(m, l.authoritative.rolesOf(m).Shown(listing), listing)
	l.authoritative.leaveEmpty(m)
	if l.authoritative.Invites != "" {
		m.invites = types.BoolValue(false)
	}
	result.Diagnostics.Append(write(ctx, &result.Resource.Raw, result.Resource.Schema, l.authoritative.fields(m))...)
	return result
}
