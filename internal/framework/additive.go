package framework

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// Additive describes a resource that manages one principal in one workspace.
type Additive struct {
	// TypeName is the whole resource type.
	TypeName string
	// Description says in Markdown what the resource does.
	Description string
	Key         Key
	Roles       RoleNames
	// Role describes the attribute of the role.
	Role string
	// Enabled describes the attribute that says whether the principal has access;
	// empty where the product has no such notion.
	Enabled string
	// Adopt describes adopt_existing.
	Adopt string
	Exit  Exit
	// Email describes the e-mail address, Name the attribute with the name.
	Email string
	Name  Attribute
	// List describes the list resource; nil where there is none.
	List *List
}

// New gives the resource.
func (a Additive) New(product string) resource.Resource { return a.of(product) }

func (a Additive) of(product string) *additive { return &additive{Additive: a, product: product} }

// Names tells how the resource is called, and how a user is imported.
func (a Additive) Names(n *membership.Vocabulary) {
	n.Member = a.TypeName
	n.ImportID = func(workspace string, p membership.Principal) string {
		return a.Key.ID(Subject{Workspace: workspace, Principal: p})
	}
}

type additive struct {
	Additive
	product string
	conn    *Connection
}

// bindingModel is the model of an additive resource.
type bindingModel struct {
	id, workspace, kind, principal, role types.String
	enabled                              types.Bool
	adopt                                types.Bool
	onDestroy, reassign                  types.String
	email, name                          types.String
	timeouts                             timeouts.Value
}

// fields gives the attributes of the resource, and where its model has them.
func (a Additive) fields(m *bindingModel) []field {
	fields := []field{
		{idAttribute, &m.id},
		{a.Key.Workspace.Attribute, &m.workspace},
		{a.Key.Principal.Attribute, &m.principal},
		{roleAttribute, &m.role},
		{adoptAttribute, &m.adopt},
		{exitAttribute, &m.onDestroy},
		{emailAttribute, &m.email},
		{a.Name.Name, &m.name},
		{timeoutsName, &m.timeouts},
	}
	if a.Key.Kind.Attribute != "" {
		fields = append(fields, field{a.Key.Kind.Attribute, &m.kind})
	}
	if a.Enabled != "" {
		fields = append(fields, field{enabledAttribute, &m.enabled})
	}
	if a.Exit.Reassigns {
		fields = append(fields, field{reassignAttribute, &m.reassign})
	}
	return fields
}

// binding says in the core's words what a model says.
func (a Additive) binding(m *bindingModel) roster.Binding {
	b := roster.Binding{
		Workspace:        m.workspace.ValueString(),
		WorkspaceUnknown: m.workspace.IsUnknown(),
		Principal:        membership.Principal{Kind: membership.User, ID: m.principal.ValueString()},
		PrincipalUnknown: m.principal.IsUnknown(),
		Standing:         membership.Standing{Role: a.Roles.Spelling(m.role.ValueString()), Enabled: true},
		StandingUnknown:  m.role.IsUnknown(),
	}
	if a.Key.Kind.Attribute != "" {
		b.Principal.Kind = membership.Kind(m.kind.ValueString())
		b.PrincipalUnknown = b.PrincipalUnknown || m.kind.IsUnknown()
	}
	if a.Enabled != "" {
		b.Standing.Enabled = m.enabled.ValueBool()
		b.StandingUnknown = b.StandingUnknown || m.enabled.IsUnknown()
	}
	return b
}

func subjectOf(b roster.Binding) Subject {
	return Subject{Workspace: b.Workspace, Principal: b.Principal}
}

func (r *additive) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.TypeName
	resp.ResourceBehavior.MutableIdentity = true
}

// Schema is put together from what the product says of it.
func (r *additive) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		r.Key.Workspace.Attribute: keyAttribute(r.Key.Workspace, true),
		r.Key.Principal.Attribute: keyAttribute(r.Key.Principal, false),
		roleAttribute: schema.StringAttribute{
			Required:            true,
			MarkdownDescription: r.Role,
			Validators:          []validator.String{r.Roles.validator()},
		},
		adoptAttribute: defaulted(false, r.Adopt),
		idAttribute:    r.Key.idSchema(),
		emailAttribute: computedText(r.Email),
		r.Name.Name:    computedText(r.Name.Description),
		timeoutsName:   timeoutsAttribute(ctx),
	}
	if r.Key.Kind.Attribute != "" {
		attributes[r.Key.Kind.Attribute] = keyAttribute(r.Key.Kind, false)
	}
	if r.Enabled != "" {
		attributes[enabledAttribute] = defaulted(true, r.Enabled)
	}
	r.Exit.add(attributes, exitAttribute, r.Roles)
	resp.Schema = schema.Schema{MarkdownDescription: r.Description, Attributes: attributes}
}

func (r *additive) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = r.Key.IdentitySchema()
}

func (r *additive) ConfigValidators(context.Context) []resource.ConfigValidator {
	if !r.Exit.Reassigns {
		return nil
	}
	return []resource.ConfigValidator{reassignNeedsRole{exitAttribute}}
}

func (r *additive) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.conn, resp.Diagnostics = Of(req.ProviderData, r.product)
}

// diagnostics turns findings into diagnostics on the resource's attributes.
func (r *additive) diagnostics(findings []membership.Finding) diag.Diagnostics {
	paths := r.Key.Paths()
	paths[membership.AtRole] = path.Root(roleAttribute)
	if r.Enabled != "" {
		paths[membership.AtEnabled] = path.Root(enabledAttribute)
	}
	return paths.Diagnostics(findings)
}

func (r *additive) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	run, ok := beginPlan(r.conn, &resp.Diagnostics)
	if !ok {
		return
	}
	c := roster.BindingChange{Private: getPrivate(ctx, req.Private, &resp.Diagnostics)}
	var prior, next *bindingModel
	if !req.State.Raw.IsNull() {
		prior = new(bindingModel)
		resp.Diagnostics.Append(read(ctx, req.State, r.fields(prior))...)
	}
	if !req.Plan.Raw.IsNull() {
		next = new(bindingModel)
		resp.Diagnostics.Append(read(ctx, req.Plan, r.fields(next))...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if prior != nil {
		b := r.binding(prior)
		c.Prior, c.Exit = &b, r.Exit.of(prior.onDestroy, prior.reassign)
	}
	if next != nil {
		r.keepSpelling(prior, next)
		b := r.binding(next)
		c.Next, c.Adopt = &b, next.adopt.ValueBool()
		r.planComputed(prior, next, c, nil)
		resp.Diagnostics.Append(r.checkRole(prior, next)...)
		resp.Diagnostics.Append(write(ctx, &resp.Plan.Raw, resp.Plan.Schema, r.fields(next))...)
		c.NoChange = prior != nil && resp.Plan.Raw.Equal(req.State.Raw)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	planned := roster.BindingPlan{Private: c.PlanPrivate()}
	if run != nil {
		planned = run.PlanBinding(ctx, c)
		resp.Diagnostics.Append(r.diagnostics(planned.Findings)...)
	}
	setPrivate(ctx, resp.Private, planned.Private, &resp.Diagnostics)
	if next != nil && planned.Person != nil {
		r.planComputed(prior, next, c, planned.Person)
		resp.Diagnostics.Append(write(ctx, &resp.Plan.Raw, resp.Plan.Schema, r.fields(next))...)
	}
	if next == nil || c.NoChange || resp.Diagnostics.HasError() {
		return
	}
	if !c.Next.WorkspaceUnknown && !c.Next.PrincipalUnknown {
		r.Key.setIdentity(ctx, resp.Identity, subjectOf(*c.Next), &resp.Diagnostics)
	}
}

// keepSpelling keeps a role of the state that differs from the configuration's
// in case only: that is no change.
func (r *additive) keepSpelling(prior, next *bindingModel) {
	if prior != nil && !next.role.IsUnknown() && strings.EqualFold(prior.role.ValueString(), next.role.ValueString()) {
		next.role = prior.role
	}
}

// checkRole refuses what only the service can show of a user: no role, and
// several. It may stay as it is, so that what was imported plans clean.
func (r *additive) checkRole(prior, next *bindingModel) diag.Diagnostics {
	if next.role.IsUnknown() {
		return nil
	}
	same := prior != nil && prior.workspace.Equal(next.workspace) && prior.kind.Equal(next.kind) && prior.principal.Equal(next.principal)
	var was string
	if same {
		was = prior.role.ValueString()
	}
	if err := r.Roles.given(next.role.ValueString(), was, same); err != nil {
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root(roleAttribute), roleRefused(next.principal.ValueString()),
			membership.Capital(err.Error())+". "+nameARole)}
	}
	return nil
}

// planComputed fills in what is known about the principal: from the prior
// state where it is the same one, else from the tenant.
func (r *additive) planComputed(prior, next *bindingModel, c roster.BindingChange, person *membership.Person) {
	next.id, next.email, next.name = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	if c.Next.PrincipalUnknown {
		return
	}
	if !c.Next.WorkspaceUnknown {
		next.id = types.StringValue(r.Key.ID(subjectOf(*c.Next)))
	}
	switch {
	case prior != nil && c.Prior.Principal.Fold() == c.Next.Principal.Fold():
		next.email, next.name = prior.email, prior.name
	case person == nil || person.Invite:
	case person.Kind == membership.Group:
		next.email, next.name = types.StringNull(), plannedText(person.Name)
	default:
		next.email, next.name = plannedText(person.Email), plannedText(person.Name)
	}
}

// plannedText is a text that the tenant knows; one that it does not tell may be told
// by the workspace.
func plannedText(text string) types.String {
	if text == "" {
		return types.StringUnknown()
	}
	return types.StringValue(text)
}

func (r *additive) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	run, next, ctx, cancel := r.begin(ctx, tfsdk.State(req.Plan), createTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	b := r.binding(next)
	done := run.CreateBinding(ctx, roster.BindingChange{Next: &b, Adopt: next.adopt.ValueBool(), Private: roster.Private{}.Applied()})
	resp.Diagnostics.Append(r.diagnostics(done.Findings)...)
	if resp.Diagnostics.HasError() {
		return
	}
	setPrivate(ctx, resp.Private, done.Private, &resp.Diagnostics)
	r.fill(next, b, done.Member)
	resp.Diagnostics.Append(write(ctx, &resp.State.Raw, resp.State.Schema, r.fields(next))...)
	r.Key.setIdentity(ctx, resp.Identity, subjectOf(b), &resp.Diagnostics)
}

func (r *additive) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	m := new(bindingModel)
	resp.Diagnostics.Append(read(ctx, req.State, r.fields(m))...)
	if resp.Diagnostics.HasError() {
		return
	}
	b := r.binding(m)
	// The identity goes first: before 1.12 Terraform takes one that is missing
	// after a Read for a fault, even where the resource is gone.
	r.Key.setIdentity(ctx, resp.Identity, subjectOf(b), &resp.Diagnostics)
	run, ctx, cancel := beginRead(ctx, r.conn, m.timeouts, r.Key.ID(subjectOf(b)), &resp.Diagnostics)
	if run == nil {
		return
	}
	defer cancel()
	private := getPrivate(ctx, req.Private, &resp.Diagnostics)
	private.Imported = m.role.IsNull() // an import gives the id alone
	got := run.ReadBinding(ctx, b, m.label(), private)
	resp.Diagnostics.Append(r.diagnostics(got.Findings)...)
	setPrivate(ctx, resp.Private, got.Private, &resp.Diagnostics)
	if got.Presence == membership.Absent && !resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
	}
	if got.Presence != membership.There || resp.Diagnostics.HasError() {
		return // where nothing certain can be said, the state stays as it is
	}
	r.store(m, b, got.Member)
	resp.Diagnostics.Append(write(ctx, &resp.State.Raw, resp.State.Schema, r.fields(m))...)
}

func (r *additive) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	prior := new(bindingModel)
	resp.Diagnostics.Append(read(ctx, req.State, r.fields(prior))...)
	run, next, ctx, cancel := r.begin(ctx, tfsdk.State(req.Plan), updateTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	was, b := r.binding(prior), r.binding(next)
	private := getPrivate(ctx, req.Private, &resp.Diagnostics)
	done := run.UpdateBinding(ctx, roster.BindingChange{
		Prior: &was, Next: &b, Exit: r.Exit.of(prior.onDestroy, prior.reassign), Adopt: next.adopt.ValueBool(), Private: private,
	})
	setPrivate(ctx, resp.Private, done.Private, &resp.Diagnostics)
	resp.Diagnostics.Append(r.diagnostics(done.Findings)...)
	if resp.Diagnostics.HasError() {
		r.Key.setIdentity(ctx, resp.Identity, subjectOf(was), &resp.Diagnostics)
		return
	}
	r.fill(next, b, done.Member)
	resp.Diagnostics.Append(write(ctx, &resp.State.Raw, resp.State.Schema, r.fields(next))...)
	r.Key.setIdentity(ctx, resp.Identity, subjectOf(b), &resp.Diagnostics)
}

func (r *additive) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	run, m, ctx, cancel := r.begin(ctx, req.State, deleteTimeout, &resp.Diagnostics)
	if m == nil {
		return
	}
	defer cancel()
	b := r.binding(m)
	done := run.DeleteBinding(ctx, roster.BindingChange{Prior: &b, Exit: r.Exit.of(m.onDestroy, m.reassign), Private: getPrivate(ctx, req.Private, &resp.Diagnostics)})
	resp.Diagnostics.Append(r.diagnostics(done.Findings)...)
}

func (r *additive) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.Key.importState(ctx, req, resp)
}

func (r *additive) begin(ctx context.Context, raw tfsdk.State, timeout timeoutOf, diags *diag.Diagnostics) (*roster.Run, *bindingModel, context.Context, context.CancelFunc) {
	m := new(bindingModel)
	diags.Append(read(ctx, raw, r.fields(m))...)
	run, ctx, cancel := begin(ctx, r.conn, m.timeouts, timeout, diags)
	if run == nil {
		return nil, nil, ctx, nil
	}
	return run, m, ctx, cancel
}

// fill sets what the plan left open from the row that the write was proved by.
func (r *additive) fill(m *bindingModel, b roster.Binding, live membership.Member) {
	m.id = types.StringValue(r.Key.ID(subjectOf(b)))
	if m.email.IsUnknown() {
		m.email = text(live.Email)
	}
	if m.name.IsUnknown() {
		m.name = text(live.Name)
	}
}

// store sets everything that the service shows. The spelling of a role that
// differs in case only stays; no role, and several, are drift like any other. What
// an import leaves open gets its default.
func (r *additive) store(m *bindingModel, b roster.Binding, live membership.Member) {
	m.id, m.email, m.name = types.StringValue(r.Key.ID(subjectOf(b))), text(live.Email), text(live.Name)
	if m.role.IsNull() || !live.Holds(membership.Standing{Role: m.role.ValueString(), Enabled: live.Enabled}) {
		m.role = types.StringValue(live.Role())
	}
	if r.Enabled != "" {
		m.enabled = types.BoolValue(live.Enabled)
	}
	if m.onDestroy.IsNull() {
		m.onDestroy = types.StringValue(r.Exit.Remove)
	}
	if m.adopt.IsNull() {
		m.adopt = types.BoolValue(false)
	}
}

// label is what people call the principal of a state.
func (m *bindingModel) label() string {
	if email := m.email.ValueString(); email != "" {
		return email
	}
	return m.name.ValueString()
}

// text is null for the empty string: the services leave out what they do not know.
func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
