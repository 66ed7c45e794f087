package provider

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// The names of the blocks that are no product's.
const (
	guardBlock = "last_owner_guard"
	httpBlock  = "http"
)

func (p *rosterProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	attributes := map[string]schema.Attribute{guardBlock: guardSchema(), httpBlock: httpSchema()}
	titles := ""
	for i, product := range Products() {
		attributes[product.Name] = product.Block()
		switch {
		case i == 0:
			titles = product.Title
		case i == len(Products())-1:
			titles += " and " + product.Title
		default:
			titles += ", " + product.Title
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages who holds which role in which workspace of " + titles + ". " +
			"A plan that would take the last owner out of a workspace fails, and an apply never passes through a state without one.",
		Attributes: attributes,
	}
}

// Configure reads the provider block and the environment. It makes no call,
// and asks for no credentials: a resource that needs them does.
func (p *rosterProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	block := func(name string) types.Object {
		var o types.Object
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(name), &o)...)
		return o
	}
	w := walk{
		guard: guardOf(ctx, block(guardBlock), &resp.Diagnostics),
		calls: callsOf(ctx, block(httpBlock), &resp.Diagnostics),
	}
	if resp.Diagnostics.HasError() {
		return
	}
	p.closeIdle()
	p.limiter.Limit(w.calls.maxConcurrent)
	w.calls.UserAgent, w.calls.Limiter = transport.UserAgent(p.version, req.TerraformVersion), p.limiter
	w.walk = roster.NewWalk(p.activity, w.guard, p.replaced)
	data := &framework.Data{Connections: map[string]*framework.Connection{}}
	for _, product := range Products() {
		c, client, diags := w.connect(product, block(product.Name))
		data.Connections[product.Name] = c
		p.opened(client)
		resp.Diagnostics.Append(diags...)
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
}

// opened notes a client, whose connections are closed when the next walk begins.
func (p *rosterProvider) opened(client *http.Client) {
	if client == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients = append(p.clients, client)
}

// closeIdle closes what earlier walks of this process have left open. One that
// serves walk after walk would otherwise collect connections.
func (p *rosterProvider) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.clients {
		h.CloseIdleConnections()
	}
	p.clients = nil
}

// walk is what the products of one walk have in common.
type walk struct {
	guard roster.Guard
	walk  *roster.Walk
	calls calls
}

// connect makes a product's run, where its settings allow one. The client is nil
// where there is none.
func (w walk) connect(product framework.Product, block types.Object) (*framework.Connection, *http.Client, diag.Diagnostics) {
	values, unknown, faults, diags := product.Read(block)
	c := &framework.Connection{Faults: faults}
	if unknown || faults.HasError() || diags.HasError() {
		return c, nil, diags
	}
	access := product.Connect(values)
	options := w.calls.Options
	options.Product, options.Endpoint, options.Authenticate, options.Secrets = product.Title, access.Endpoint, access.Authenticate, product.Secrets(values)
	client, err := transport.New(options)
	if err == nil {
		var service membership.Service
		if service, err = access.Open(client); err == nil {
			c.Run = roster.NewRun(roster.Config{
				Service: service, Naming: product.Naming(), Guard: w.guard, Walk: w.walk,
				Logger: tfLogger{}, MaxConcurrent: w.calls.maxConcurrent,
			})
			return c, client, diags
		}
	}
	diags.AddAttributeError(path.Root(product.Name), fmt.Sprintf("%s cannot be called with these settings", product.Title),
		fmt.Sprintf("No client can be made of them: %s. Check the endpoint and the keys of that product, in the provider block or the environment.", err))
	return c, client, diags
}

// as decodes a nested block; one that is null or not known leaves the model as it is.
func as(ctx context.Context, o types.Object, target any, diags *diag.Diagnostics) {
	if o.IsNull() || o.IsUnknown() {
		return
	}
	diags.Append(o.As(ctx, target, basetypes.ObjectAsOptions{})...)
}
