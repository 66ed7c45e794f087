package provider

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter"
	blazemeterapi "github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/blink"
	blinkapi "github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

type providerModel struct {
	Blink          types.Object `tfsdk:"blink"`
	BlazeMeter     types.Object `tfsdk:"blazemeter"`
	LastOwnerGuard types.Object `tfsdk:"last_owner_guard"`
	HTTP           types.Object `tfsdk:"http"`
}

type blinkModel struct {
	Endpoint types.String `tfsdk:"endpoint"`
	APIKey   types.String `tfsdk:"api_key"`
}

type blazemeterModel struct {
	Endpoint     types.String `tfsdk:"endpoint"`
	APIKeyID     types.String `tfsdk:"api_key_id"`
	APIKeySecret types.String `tfsdk:"api_key_secret"`
}

type guardModel struct {
	Mode               types.String `tfsdk:"mode"`
	MinimumOwners      types.Int64  `tfsdk:"minimum_owners"`
	NotCounted         types.Set    `tfsdk:"not_counted"`
	CountOwnerGroups   types.Bool   `tfsdk:"count_owner_groups"`
	ExemptWorkspaceIDs types.Set    `tfsdk:"exempt_workspace_ids"`
	HandoverWait       types.String `tfsdk:"handover_wait"`
}

type httpModel struct {
	RequestTimeout        types.String `tfsdk:"request_timeout"`
	MaxRetries            types.Int64  `tfsdk:"max_retries"`
	MaxConcurrentRequests types.Int64  `tfsdk:"max_concurrent_requests"`
}

// Configure reads the provider block and the environment. It makes no call,
// and asks for no credentials: a resource that needs them does.
func (p *rosterProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var m providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	guard := guardOf(ctx, m.LastOwnerGuard, &resp.Diagnostics)
	calls, concurrent := httpOf(ctx, m.HTTP, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	calls.UserAgent = transport.UserAgent(p.version, req.TerraformVersion)
	p.limiter.Limit(concurrent)
	calls.Limiter = p.limiter
	p.closeIdle()
	w := wiring{guard: guard, walk: roster.NewWalk(p.activity, guard), calls: calls, concurrent: concurrent, opened: p.opened}
	data := &framework.Data{Connections: map[string]*framework.Connection{
		blink.Product:      w.blink(ctx, m.Blink, &resp.Diagnostics),
		blazemeter.Product: w.blazemeter(ctx, m.BlazeMeter, &resp.Diagnostics),
	}}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
}

// wiring is what the products have in common.
type wiring struct {
	guard roster.Guard
	walk  *roster.Walk
	calls transport.Options
	// concurrent is how many calls one resource makes at a time.
	concurrent int
	// opened is told of every client.
	opened func(*http.Client)
}

// opened notes a client, whose connections are closed when the next walk begins.
func (p *rosterProvider) opened(h *http.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients = append(p.clients, h)
}

// closeIdle closes what earlier walks of this process have left open. One that
// serves walk after walk would otherwise gather connections.
func (p *rosterProvider) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.clients {
		h.CloseIdleConnections()
	}
	p.clients = nil
}

func (w wiring) blink(ctx context.Context, o types.Object, diags *diag.Diagnostics) *framework.Connection {
	var m blinkModel
	as(ctx, o, &m, diags)
	var s settings
	endpoint := s.endpoint(m.Endpoint, "blink.endpoint", "BLINK_ENDPOINT", blinkapi.DefaultEndpoint)
	key := s.required(m.APIKey, "blink.api_key", "BLINK_API_KEY")
	return w.connect(o, s, naming{"Blink", blink.Naming}, endpoint, []string{key}, blinkapi.Authenticate(key), func(h *http.Client) (roster.Service, error) {
		return blinkapi.New(blinkapi.Options{Endpoint: endpoint, HTTP: h})
	}, diags)
}

func (w wiring) blazemeter(ctx context.Context, o types.Object, diags *diag.Diagnostics) *framework.Connection {
	var m blazemeterModel
	as(ctx, o, &m, diags)
	var s settings
	endpoint := s.endpoint(m.Endpoint, "blazemeter.endpoint", "BLAZEMETER_ENDPOINT", blazemeterapi.DefaultEndpoint)
	id := s.required(m.APIKeyID, "blazemeter.api_key_id", "BLAZEMETER_API_KEY_ID")
	secret := s.required(m.APIKeySecret, "blazemeter.api_key_secret", "BLAZEMETER_API_KEY_SECRET")
	return w.connect(o, s, naming{"BlazeMeter", blazemeter.Naming}, endpoint, []string{secret}, blazemeterapi.Authenticate(id, secret), func(h *http.Client) (roster.Service, error) {
		return blazemeterapi.New(blazemeterapi.Options{Endpoint: endpoint, HTTP: h})
	}, diags)
}

type naming struct {
	product string
	roster.Naming
}

// connect makes a product's run, where its settings allow one.
func (w wiring) connect(o types.Object, s settings, n naming, endpoint string, secrets []string, auth func(*http.Request), client func(*http.Client) (roster.Service, error), diags *diag.Diagnostics) *framework.Connection {
	if o.IsUnknown() || s.unknown {
		return &framework.Connection{Unknown: true}
	}
	c := &framework.Connection{Missing: s.missing, Invalid: s.invalid}
	if len(c.Missing)+len(c.Invalid) > 0 {
		return c
	}
	calls := w.calls
	calls.Product, calls.Endpoint, calls.Secrets, calls.Authenticate = n.product, endpoint, secrets, auth
	h, err := transport.New(calls)
	if err != nil {
		diags.AddError(fmt.Sprintf("%s cannot be called with these settings", n.product),
			fmt.Sprintf("No client can be made of them: %s. Check the endpoint and the keys of that product, in the provider block or the environment.", err))
		return c
	}
	w.opened(h)
	svc, err := client(h)
	if err != nil {
		diags.AddError(fmt.Sprintf("%s cannot be called with these settings", n.product),
			fmt.Sprintf("No client can be made of them: %s. Check the endpoint and the keys of that product, in the provider block or the environment.", err))
		return c
	}
	c.Run = roster.NewRun(roster.Config{
		Service: svc, Naming: n.Naming, Guard: w.guard, Walk: w.walk,
		Locker: roster.NewFileLocker(), Logger: tfLogger{}, MaxConcurrent: w.concurrent,
	})
	return c
}

// settings collects what a product's block and its environment say.
type settings struct {
	unknown bool
	missing []framework.Setting
	invalid []string
}

// required gives a setting from the block, else from the environment.
func (s *settings) required(v types.String, attribute, variable string) string {
	text := s.optional(v, variable)
	if text == "" && !v.IsUnknown() {
		s.missing = append(s.missing, framework.Setting{Attribute: attribute, Variable: variable})
	}
	return text
}

func (s *settings) optional(v types.String, variable string) string {
	if v.IsUnknown() {
		s.unknown = true
	}
	if v.IsNull() {
		return strings.TrimSpace(os.Getenv(variable))
	}
	return v.ValueString()
}

// endpoint gives the base URL. One from the block was validated with the
// block; one from the environment is validated here.
func (s *settings) endpoint(v types.String, attribute, variable, standard string) string {
	url := s.optional(v, variable)
	if url == "" {
		return standard
	}
	if err := transport.CheckEndpoint(url); err != nil && !v.IsUnknown() {
		s.invalid = append(s.invalid, fmt.Sprintf("The environment variable %s, which %s falls back to, cannot be used: %s.", variable, attribute, err))
	}
	return url
}

// as decodes a nested block; one that is null or not known leaves the model as it is.
func as(ctx context.Context, o types.Object, target any, diags *diag.Diagnostics) {
	if o.IsNull() || o.IsUnknown() {
		return
	}
	diags.Append(o.As(ctx, target, basetypes.ObjectAsOptions{})...)
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
	if !m.MinimumOwners.IsNull() {
		g.MinimumOwners = int(m.MinimumOwners.ValueInt64())
	}
	g.CountOwnerGroups = m.CountOwnerGroups.ValueBool()
	g.HandoverWait = duration(m.HandoverWait, defaultHandoverWait)
	unknown := o.IsUnknown() || m.Mode.IsUnknown() || m.MinimumOwners.IsUnknown() || m.CountOwnerGroups.IsUnknown()
	for set, target := range map[*types.Set]*[]string{&m.NotCounted: &g.NotCounted, &m.ExemptWorkspaceIDs: &g.ExemptWorkspaces} {
		for _, e := range set.Elements() {
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
		g.MinimumOwners = max(1, g.MinimumOwners)
	}
	return g
}

func httpOf(ctx context.Context, o types.Object, diags *diag.Diagnostics) (calls transport.Options, concurrent int) {
	var m httpModel
	as(ctx, o, &m, diags)
	t := transport.Options{
		RequestTimeout: duration(m.RequestTimeout, defaultRequestTimeout),
		MaxRetries:     defaultMaxRetries,
	}
	concurrent = defaultMaxConcurrent
	if !m.MaxRetries.IsNull() && !m.MaxRetries.IsUnknown() {
		t.MaxRetries = int(m.MaxRetries.ValueInt64())
	}
	if !m.MaxConcurrentRequests.IsNull() && !m.MaxConcurrentRequests.IsUnknown() {
		concurrent = int(m.MaxConcurrentRequests.ValueInt64())
	}
	return t, concurrent
}

// duration gives a validated duration, or the standard one.
func duration(v types.String, standard time.Duration) time.Duration {
	if d, err := time.ParseDuration(v.ValueString()); err == nil {
		return d
	}
	return standard
}
