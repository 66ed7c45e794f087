package framework

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// Key says which attributes together name what a resource manages. The resource's
// id, its identity, imports by either, and where diagnostics stand follow from it.
// The id is the values in the order of the fields, joined by slashes.
type Key struct {
	// Workspace is part of every key.
	Workspace KeyPart
	// Kind and Principal name one principal. A key with a principal and no kind
	// is one of users.
	Kind, Principal KeyPart
	// Role names one role. It may contain slashes, so it comes last.
	Role KeyPart
}

// KeyPart is one attribute of a [Key]; the zero value is none.
type KeyPart struct {
	// Attribute is its name.
	Attribute string
	// Description says in Markdown what it is. Its first sentence alone describes
	// the part of the identity.
	Description string
	// Form is what its values are like.
	Form Form
}

// sentence is the first one of the description.
func (p KeyPart) sentence() string {
	first, _, _ := strings.Cut(p.Description, ". ")
	return strings.TrimSuffix(first, ".") + "."
}

// Subject is what a [Key] names.
type Subject struct {
	Workspace string
	Principal membership.Principal
	Role      string
}

// keyed is one part of a key with its place in a subject.
type keyed struct {
	KeyPart
	value *string
}

// parts gives the parts of a key, and where a subject has their values.
func (k Key) parts(s *Subject) []keyed {
	parts := make([]keyed, 0, 4)
	for _, p := range []keyed{{k.Workspace, &s.Workspace}, {k.Kind, (*string)(&s.Principal.Kind)}, {k.Principal, &s.Principal.ID}, {k.Role, &s.Role}} {
		if p.Attribute != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

// ID gives the id of what a subject names.
func (k Key) ID(s Subject) string {
	parts := k.parts(&s)
	values := make([]string, len(parts))
	for i, p := range parts {
		values[i] = *p.value
	}
	return strings.Join(values, "/")
}

// Parse reads an id.
func (k Key) Parse(id string) (Subject, error) {
	var s Subject
	parts := k.parts(&s)
	values := strings.SplitN(id, "/", len(parts))
	if len(values) < len(parts) || k.Role.Attribute == "" && strings.Count(id, "/") >= len(parts) {
		return Subject{}, fmt.Errorf("%q is not of the form %s", id, k.Form())
	}
	for i, p := range parts {
		*p.value = values[i]
	}
	return k.checked(s)
}

// Form is what an id looks like: "workspace_id/user_id".
func (k Key) Form() string {
	var names []string
	for _, p := range k.parts(&Subject{}) {
		names = append(names, p.Attribute)
	}
	return strings.Join(names, "/")
}

// checked tells whether every value of a subject can be one.
func (k Key) checked(s Subject) (Subject, error) {
	for _, p := range k.parts(&s) {
		if err := p.Form.check(*p.value); err != nil {
			return Subject{}, fmt.Errorf("as %s %w", p.Attribute, err)
		}
	}
	if k.Principal.Attribute != "" && k.Kind.Attribute == "" {
		s.Principal.Kind = membership.User
	}
	return s, nil
}

// Paths says where a schema has what the core's findings are about.
func (k Key) Paths() Paths {
	p := Paths{membership.AtWorkspace: path.Root(k.Workspace.Attribute)}
	if k.Principal.Attribute != "" {
		p[membership.AtPrincipal] = path.Root(k.Principal.Attribute)
	}
	if k.Role.Attribute != "" {
		p[membership.AtRole] = path.Root(k.Role.Attribute)
	}
	return p
}

// IdentitySchema gives the schema of the identity.
func (k Key) IdentitySchema() identityschema.Schema {
	attributes := map[string]identityschema.Attribute{}
	for _, p := range k.parts(&Subject{}) {
		attributes[p.Attribute] = identityschema.StringAttribute{RequiredForImport: true, Description: strings.ReplaceAll(p.sentence(), "`", "")}
	}
	return identityschema.Schema{Attributes: attributes}
}

// setIdentity writes a subject into an identity; nil is a Terraform that knows none.
func (k Key) setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, s Subject, diags *diag.Diagnostics) {
	if identity == nil {
		return
	}
	var fields []field
	for _, p := range k.parts(&s) {
		v := types.StringValue(*p.value)
		fields = append(fields, field{p.Attribute, &v})
	}
	diags.Append(write(ctx, &identity.Raw, identity.Schema, fields)...)
}

// fromIdentity reads an identity.
func (k Key) fromIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity) (Subject, diag.Diagnostics) {
	var s Subject
	var diags diag.Diagnostics
	for _, p := range k.parts(&s) {
		var v types.String
		diags.Append(identity.GetAttribute(ctx, path.Root(p.Attribute), &v)...)
		*p.value = v.ValueString()
	}
	if diags.HasError() {
		return s, diags
	}
	s, err := k.checked(s)
	if err != nil {
		diags.AddError("Not an identity to import by", fmt.Sprintf("The identity names nothing that can be managed: %s.", err))
	}
	return s, diags
}

// importState is how every resource is imported: by its id, or by its identity.
func (k Key) importState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	s, diags := k.imported(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	for _, p := range k.parts(&s) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(p.Attribute), *p.value)...)
	}
	k.setIdentity(ctx, resp.Identity, s, &resp.Diagnostics)
	setPrivate(ctx, resp.Private, roster.Private{}.Applied(), &resp.Diagnostics)
}

func (k Key) imported(ctx context.Context, req resource.ImportStateRequest) (Subject, diag.Diagnostics) {
	if req.ID == "" && req.Identity != nil {
		return k.fromIdentity(ctx, req.Identity)
	}
	s, err := k.Parse(req.ID)
	var diags diag.Diagnostics
	if err != nil {
		diags.AddError("Not an id to import by", fmt.Sprintf("The id has the form %s: %s.", k.Form(), err))
	}
	return s, diags
}
