// Package provider is the provider block: its schema, the environment, the
// wiring of the clients, and the list of what is served.
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
	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// NewServer gives the protocol server of the provider, with everything around
// it that Terraform talks to.
func NewServer(version string) tfprotov6.ProviderServer {
	activity := roster.NewActivity()
	return protocol.New(providerserver.NewProtocol6(New(version, activity))(), activity, carried())
}

// carried gives the attributes that hold everybody of a workspace.
func carried() bulk.Attributes {
	out := bulk.Attributes{}
	for _, r := range resources() {
		if r, ok := r().(interface{ Carried() (string, []string) }); ok {
			typeName, attributes := r.Carried()
			out[typeName] = attributes
		}
	}
	return out
}

// New gives the provider. The activity is what the requests of this process
// are counted in.
func New(version string, activity *roster.Activity) provider.Provider {
	return &rosterProvider{version: version, activity: activity, limiter: transport.NewLimiter(defaultMaxConcurrent)}
}

type rosterProvider struct {
	version  string
	activity *roster.Activity
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

func (p *rosterProvider) Resources(context.Context) []func() resource.Resource { return resources() }

func resources() []func() resource.Resource {
	return []func() resource.Resource{
		blink.NewWorkspaceRoleBinding,
		blink.NewWorkspaceRoleBindings,
		blazemeter.NewWorkspaceUser,
		blazemeter.NewWorkspaceUsers,
	}
}

func (p *rosterProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		blink.NewWorkspaceDataSource,
		blink.NewWorkspacesDataSource,
		blink.NewEntityDataSource,
		blink.NewEntitiesDataSource,
		blink.NewCurrentUserDataSource,
		blazemeter.NewWorkspaceDataSource,
		blazemeter.NewWorkspacesDataSource,
		blazemeter.NewAccountsDataSource,
		blazemeter.NewAccountUserDataSource,
		blazemeter.NewAccountUsersDataSource,
		blazemeter.NewCurrentUserDataSource,
	}
}

func (p *rosterProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		blink.NewWorkspaceRoleBindingList,
		blazemeter.NewWorkspaceUserList,
	}
}

func (p *rosterProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		framework.NewByPrincipal,
	}
}
