// Package blazemeter is BlazeMeter as this provider serves it: the block of the
// provider configuration, resources, data sources and list resources. Its client
// is in the folder below.
package blazemeter

import (
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/checks"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Product is all that the provider has to know of BlazeMeter.
func Product() framework.Product {
	return framework.Product{
		Name:        "blazemeter",
		Title:       "BlazeMeter",
		Description: "Access to BlazeMeter. Needed by `roster_blazemeter_*` only.",
		Settings: []framework.Setting{
			{
				Attribute: "endpoint", Variable: "BLAZEMETER_ENDPOINT", Default: client.DefaultEndpoint, Parse: client.Endpoint,
				Description: "The base URL of the API; a bare host gets the path `/api/v4`.",
			},
			{
				Attribute: "api_key_id", Variable: "BLAZEMETER_API_KEY_ID", Required: true, Parse: client.APIKeyID,
				Description: "The id of an API key of an account admin or workspace manager.",
			},
			{
				Attribute: "api_key_secret", Variable: "BLAZEMETER_API_KEY_SECRET", Required: true, Sensitive: true, Parse: client.APIKeySecret,
				Description: "The secret of the API key.",
			},
		},
		Connect: func(v framework.Values) framework.Access {
			return framework.Access{
				Endpoint:     v["endpoint"],
				Authenticate: client.Authenticate(v["api_key_id"], v["api_key_secret"]),
				Open: func(h *http.Client) (membership.Service, error) {
					return client.New(client.Options{Endpoint: v["endpoint"], HTTP: h})
				},
			}
		},
		Resources: []framework.Resource{
			workspaceUser(),
			workspaceUsers(),
			workspaceRoleMembers(),
		},
		DataSources: []framework.DataReader{
			workspaceDataSource(),
			workspacesDataSource(),
			accountsDataSource(),
			accountUserDataSource(),
			accountUsersDataSource(),
			currentUserDataSource(),
		},
		Doctor: checks.Examination(),
	}
}
