// Package blink is Blink (BlinkOps) as this provider serves it: the block of the
// provider configuration, resources, data sources and list resources. Its client
// is in the folder below.
package blink

import (
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/checks"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Product is all that the provider has to know of Blink.
func Product() framework.Product {
	return framework.Product{
		Name:        "blink",
		Title:       "Blink",
		Description: "Access to Blink. Needed by `roster_blink_*` only.",
		Settings: []framework.Setting{
			{
				Attribute: "endpoint", Variable: "BLINK_ENDPOINT", Default: client.DefaultEndpoint, Parse: client.Endpoint,
				Description: "The base URL of the API; a bare host gets the path `/api/v1`.",
			},
			{
				Attribute: "api_key", Variable: "BLINK_API_KEY", Required: true, Sensitive: true, Parse: client.APIKey,
				Description: "An API key of a user who is Owner of the workspaces or Admin of the tenant.",
			},
		},
		Connect: func(v framework.Values) framework.Access {
			return framework.Access{
				Endpoint:     v["endpoint"],
				Authenticate: client.Authenticate(v["api_key"]),
				Open: func(h *http.Client) (membership.Service, error) {
					return client.New(client.Options{Endpoint: v["endpoint"], HTTP: h})
				},
			}
		},
		Resources: []framework.Resource{
			workspaceRoleBinding(),
			workspaceRoleBindings(),
			workspaceRoleMembers(),
		},
		DataSources: []framework.DataReader{
			workspaceDataSource(),
			workspacesDataSource(),
			entityDataSource(),
			entitiesDataSource(),
			currentUserDataSource(),
		},
		Doctor: checks.Examination(),
	}
}
