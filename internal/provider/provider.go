// Package provider is the provider block: its schema, how it is configured, and
// the list of the products that are served.
package provider

import (
	"context"
	"net/http"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter"
	"github.com/tf-roster/terraform-provider-roster/internal/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/protocol"
	"github.com/tf-roster/terraform-provider-roster/internal/protocol/history"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// Products are the products that are served, in the order in which people read
// of them.
func Products() []framework.Product {
	return []framework.Product{
		blink.Product(),
		blazemeter.Product(),
	}
}

// Variables are the environment variables that the provider reads.
func Variables() []string {
	var names []string
	for _, p := range Products() {
		for _, s := range p.Settings {
			names = append(names, s.Variable)
		}
	}
	return names
}

// NewServer gives the protocol server of the provider, with everything around
// it that Terraform talks to. It may serve several walks.
func NewServer(version string) tfprotov6.ProviderServer { return newServer(version, nil, nil) }

// NewProcess gives the same for a process that Terraform has started, and that
// serves one walk. logs is false where nothing is logged.
func NewProcess(version string, logs bool) tfprotov6.ProviderServer {
	var options []protocol.Option
	if !logs {
		options = append(options, protocol.WithoutLogs())
	}
	return newServer(version, history.OfParent(), history.OfReplaced(), options...)
}

func newServer(version string, h *history.History, r roster.Replaced, options ...protocol.Option) tfprotov6.ProviderServer {
	activity := roster.NewActivity()
	return protocol.New(providerserver.NewProtocol6(New(version, activity, r))(), activity, h, options...)
}

// New gives the provider. The activity is what the requests of this process
// are counted in; r remembers which instances were being replaced, and may be nil.
func New(version string, activity *roster.Activity, r roster.Replaced) provider.Provider {
	return &rosterProvider{version: version, activity: activity, replaced: r, limiter: transport.NewLimiter(defaultMaxConcurrent)}
}

type rosterProvider struct {
	version  string
	activity *roster.Activity
	replaced roster.Replaced
	// limiter bounds the calls of the process, whatever products and however many
	// walks they are for.
	limiter *transport.Limiter

	mu sync.Mutex
	// clients are those of the walk that is under way.
	clients []*http.Client
}

var (
	_ provider.ProviderWithFunctions     = (*rosterProvider)(nil)
	_ provider.ProviderWithListResources = (*rosterProvider)(nil)
)

func (p *rosterProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "roster"
	resp.Version = p.version
}

func (p *rosterProvider) Resources(context.Context) []func() resource.Resource {
	var out []func() resource.Resource
	for _, product := range Products() {
		for _, r := range product.Resources {
			out = append(out, func() resource.Resource { return r.New(product.Name) })
		}
	}
	return out
}

func (p *rosterProvider) DataSources(context.Context) []func() datasource.DataSource {
	var out []func() datasource.DataSource
	for _, product := range Products() {
		for _, d := range product.DataSources {
			out = append(out, func() datasource.DataSource { return d.New(product.Name) })
		}
	}
	return out
}

func (p *rosterProvider) ListResources(context.Context) []func() list.ListResource {
	var out []func() list.ListResource
	for _, product := range Products() {
		for _, r := range product.Resources {
			if r.NewList(product.Name) != nil {
				out = append(out, func() list.ListResource { return r.NewList(product.Name) })
			}
		}
	}
	return out
}

func (p *rosterProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		framework.NewByPrincipal,
	}
}
