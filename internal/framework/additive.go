package framework

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// Additive describes a resource that manages one principal in one workspace.
// M is the product's model of it.
type Additive[M any] struct {
	// TypeName is the whole resource type.
	TypeName string
	Schema   func(context.Context) schema.Schema
	Identity identityschema.Schema

	// Binding, Exit and Adopt say in the core's words what the model says.
	Binding func(*M) roster.Binding
	Exit    func(*M) roster.Exit
	Adopt   func(*M) bool
	// Computed gives the attributes that the provider fills in: the id, the
	// e-mail address and the name.
	Computed func(*M) (id, email, name *types.String)
	// Store copies what the service shows into the model, and fills in what an
	// import leaves open.
	Store func(*M, roster.Member)
	// Import gives the attributes that name a principal to be imported.
	Import func(workspace string, p roster.Principal) map[string]string
	// IdentityOf gives the identity's model.
	IdentityOf func(roster.Binding) any
	// PrincipalOf reads the identity of an import.
	PrincipalOf func(context.Context, *tfsdk.ResourceIdentity) (workspace string, p roster.Principal, diags diag.Diagnostics)
	// ID and ParseID write and read the id.
	ID       func(workspace string, p roster.Principal) string
	ParseID  func(string) (workspace string, p roster.Principal, err error)
	Timeouts func(*M) timeouts.Value
	Paths    Paths
	// Validators are what a schema cannot say about the configuration.
	Validators []resource.ConfigValidator
	// List describes the list resource; nil where there is none.
	List *List
}

// New gives the resource.
func (a Additive[M]) New(product string) resource.Resource { return a.of(product) }

func (a Additive[M]) of(product string) *additive[M] {
	return &additive[M]{Additive: a, product: product}
}

// Carried is about resources that hold everybody of a workspace.
func (a Additive[M]) Carried() (typeName string, attributes []string) { return a.TypeName, nil }

// Name is for messages that show how somebody is imported.
func (a Additive[M]) Name(n *roster.Naming) { n.Additive, n.ImportID = a.TypeName, a.ID }

type additive[M any] struct {
	Additive[M]
	product string
	conn    *Connection
}

// principalKey is where the private data says which principal an instance will
// hold once the plan has been applied. A replacement's Delete finds it there.
const principalKey = "principal"

func (r *additive[M]) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.TypeName
	resp.ResourceBehavior.MutableIdentity = true
}

func (r *additive[M]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.Additive.Schema(ctx)
}

func (r *additive[M]) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = r.Identity
}

func (r *additive[M]) ConfigValidators(context.Context) []resource.ConfigValidator {
	return r.Validators
}

func (r *additive[M]) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.conn, resp.Diagnostics = Of(req.ProviderData, r.product)
}

func (r *additive[M]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.conn == nil {
		return // not configured: nothing can be said about people
	}
	run, diags := r.conn.Usable()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	c := roster.BindingPlan{Carried: carried(ctx, req.Private, &resp.Diagnostics)}
	var prior, next *M
	if !req.State.Raw.IsNull() {
		prior = new(M)
		resp.Diagnostics.Append(get(ctx, req.State, prior)...)
	}
	if !req.Plan.Raw.IsNull() {
		next = new(M)
		resp.Diagnostics.Append(get(ctx, req.Plan, next)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if prior != nil {
		b := r.Binding(prior)
		c.Prior, c.Exit, c.Label = &b, r.Exit(prior), r.label(prior)
	}
	if next != nil {
		b := r.Binding(next)
		c.Next, c.Adopt = &b, r.Adopt(next)
		c.NoChange = prior != nil && req.Plan.Raw.Equal(req.State.Raw)
	}

	planned := roster.BindingPlanned{}
	if run != nil {
		planned = run.PlanBinding(ctx, c)
		resp.Diagnostics.Append(r.Paths.Diagnostics(planned.Findings)...)
		setCarried(ctx, resp.Private, planned.Key, &resp.Diagnostics)
	}
	if next == nil || c.NoChange || resp.Diagnostics.HasError() {
		return
	}
	r.planComputed(prior, next, c, planned.Live)
	resp.Diagnostics.Append(set(ctx, &resp.Plan, next)...)
	if resp.Identity != nil && !c.Next.WorkspaceUnknown && !c.Next.PrincipalUnknown {
		setIdentity(ctx, resp.Identity, r.IdentityOf(*c.Next), &resp.Diagnostics)
	}
}

// planComputed fills in what is known about the principal: from the prior
// state where it is the same one, else from the listing.
func (r *additive[M]) planComputed(prior, next *M, c roster.BindingPlan, live *roster.Member) {
	id, email, name := r.Computed(next)
	*id, *email, *name = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	if c.Next.WorkspaceUnknown || c.Next.PrincipalUnknown {
		return
	}
	*id = types.StringValue(r.ID(c.Next.Workspace, c.Next.Principal))
	if prior != nil && c.Prior.Workspace == c.Next.Workspace && c.Prior.Principal == c.Next.Principal {
		_, priorEmail, priorName := r.Computed(prior)
		*email, *name = *priorEmail, *priorName
		return
	}
	if live != nil {
		*email, *name = text(live.Email), text(live.Name)
	}
}

func (r *additive[M]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	run, next, ctx, cancel := r.begin(ctx, req.Plan, createTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	b := r.Binding(next)
	m, findings := run.CreateBinding(ctx, b, r.Adopt(next))
	resp.Diagnostics.Append(r.Paths.Diagnostics(findings)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.fill(next, b, m)
	resp.Diagnostics.Append(set(ctx, &resp.State, next)...)
	setIdentity(ctx, resp.Identity, r.IdentityOf(b), &resp.Diagnostics)
}

func (r *additive[M]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	run, diags := r.conn.Usable()
	resp.Diagnostics.Append(diags...)
	m := new(M)
	resp.Diagnostics.Append(get(ctx, req.State, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	b := r.Binding(m)
	// The identity goes first: before 1.12 Terraform takes one that is missing
	// after a Read for a fault, even where the resource is gone.
	setIdentity(ctx, resp.Identity, r.IdentityOf(b), &resp.Diagnostics)
	if run == nil {
		resp.Diagnostics.AddWarning(r.ID(b.Workspace, b.Principal)+" was not refreshed",
			"The provider's settings are not known yet, so the state is shown as it was. The apply reads what is there.")
		return
	}
	ctx, cancel := r.within(ctx, m, readTimeout, &resp.Diagnostics)
	defer cancel()
	live, found, findings := run.ReadBinding(ctx, b.Workspace, b.Principal, r.label(m))
	resp.Diagnostics.Append(r.Paths.Diagnostics(findings)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !found {
		resp.State.RemoveResource(ctx)
		return
	}
	r.store(m, b, live)
	resp.Diagnostics.Append(set(ctx, &resp.State, m)...)
}

func (r *additive[M]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	// What the plan wrote there is of use to a replacement only. Left in the
	// state it would make a later removal look like one half of a replacement.
	setCarried(ctx, resp.Private, "", &resp.Diagnostics)

	prior := new(M)
	resp.Diagnostics.Append(get(ctx, req.State, prior)...)
	run, next, ctx, cancel := r.begin(ctx, req.Plan, updateTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	was, b := r.Binding(prior), r.Binding(next)
	m, kept, findings := run.UpdateBinding(ctx, was, b, r.Exit(prior), r.Adopt(next))
	resp.Diagnostics.Append(r.Paths.Diagnostics(findings)...)
	if kept || resp.Diagnostics.HasError() {
		setIdentity(ctx, resp.Identity, r.IdentityOf(was), &resp.Diagnostics)
		return
	}
	r.fill(next, b, m)
	resp.Diagnostics.Append(set(ctx, &resp.State, next)...)
	setIdentity(ctx, resp.Identity, r.IdentityOf(b), &resp.Diagnostics)
}

func (r *additive[M]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	run, m, ctx, cancel := r.begin(ctx, req.State, deleteTimeout, &resp.Diagnostics)
	if m == nil {
		return
	}
	defer cancel()
	key := carried(ctx, req.Private, &resp.Diagnostics)
	resp.Diagnostics.Append(r.Paths.Diagnostics(run.DeleteBinding(ctx, r.Binding(m), r.Exit(m), key))...)
}

func (r *additive[M]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	var workspace string
	var p roster.Principal
	if req.ID != "" {
		var err error
		if workspace, p, err = r.ParseID(req.ID); err != nil {
			resp.Diagnostics.AddError("Not an id to import by", capital(err.Error())+".")
			return
		}
	} else {
		var diags diag.Diagnostics
		workspace, p, diags = r.PrincipalOf(ctx, req.Identity)
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	for name, value := range r.Import(workspace, p) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	setIdentity(ctx, resp.Identity, r.IdentityOf(roster.Binding{Workspace: workspace, Principal: p}), &resp.Diagnostics)
}

func (r *additive[M]) begin(ctx context.Context, from getter, timeout timeoutOf, diags *diag.Diagnostics) (*roster.Run, *M, context.Context, context.CancelFunc) {
	return begin(ctx, r.conn, from, r.Timeouts, timeout, diags)
}

func (r *additive[M]) within(ctx context.Context, m *M, timeout timeoutOf, diags *diag.Diagnostics) (context.Context, context.CancelFunc) {
	return within(ctx, r.Timeouts(m), timeout, diags)
}

// fill sets what the plan left open from the row that the write was proved by.
func (r *additive[M]) fill(m *M, b roster.Binding, live roster.Member) {
	id, email, name := r.Computed(m)
	*id = types.StringValue(r.ID(b.Workspace, b.Principal))
	if email.IsUnknown() {
		*email = text(live.Email)
	}
	if name.IsUnknown() {
		*name = text(live.Name)
	}
}

// store sets everything that the service shows.
func (r *additive[M]) store(m *M, b roster.Binding, live roster.Member) {
	id, email, name := r.Computed(m)
	*id, *email, *name = types.StringValue(r.ID(b.Workspace, b.Principal)), text(live.Email), text(live.Name)
	r.Store(m, live)
}

func (r *additive[M]) label(m *M) string {
	_, email, name := r.Computed(m)
	if email.ValueString() != "" {
		return email.ValueString()
	}
	return name.ValueString()
}

// text is null for the empty string: the services leave out what they do not know.
func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, model any, diags *diag.Diagnostics) {
	if identity != nil {
		diags.Append(set(ctx, identity, model)...)
	}
}

// privateData is the part of the framework's private data that is used here.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func carried(ctx context.Context, private privateData, diags *diag.Diagnostics) string {
	return getText(ctx, private, principalKey, diags)
}

func setCarried(ctx context.Context, private privateData, key string, diags *diag.Diagnostics) {
	setText(ctx, private, principalKey, key, diags)
}

// getText reads a text from the private data; "" where there is none.
func getText(ctx context.Context, private privateData, name string, diags *diag.Diagnostics) string {
	raw, ds := private.GetKey(ctx, name)
	diags.Append(ds...)
	var text string
	if len(raw) > 0 && json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// setText writes a text into the private data; "" takes it out.
func setText(ctx context.Context, private privateData, name, text string, diags *diag.Diagnostics) {
	if text == "" {
		diags.Append(private.SetKey(ctx, name, nil)...)
		return
	}
	raw, err := json.Marshal(text)
	if err != nil {
		diags.AddError("A text of the private data cannot be written", fmt.Sprintf("It could not be encoded: %s. This is a fault of the provider: please report it.", err))
		return
	}
	diags.Append(private.SetKey(ctx, name, raw)...)
}
