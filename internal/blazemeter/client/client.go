// Package client is the client of BlazeMeter's API v4 and its adapter to
// the core's port: [Client] implements [membership.Service]. The calls themselves
// are generated from an OpenAPI description, see the packages blazemeterwire
// (types) and blazemetercalls (requests). Answers are read leniently where a
// field is missing (blazemeter 28), and strictly where a missing piece could be
// taken for an absent member.
//
// A number such as (blazemeter 17) is that of an assumption: what no source says,
// and what is done about it. The OpenAPI description has the same numbers.
package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemetercalls"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// DefaultEndpoint is the base URL of the service
// (https://api.blazemeter.com/performance/).
const DefaultEndpoint = "https://a.blazemeter.com" + apiPath

// apiPath is where the API is on each host.
const apiPath = "/api/v4"

// The roles in a workspace, as every page of the vendor names them. Manager is
// the highest, and the only one that controls membership.
const (
	RoleManager = "manager"
	RoleTester  = "tester"
	RoleViewer  = "viewer"
)

// rolesAscending: "Same access as a Tester, but can also ..." (the vendor's page
// on workspaces) puts the manager on top; a viewer only views reports.
var rolesAscending = []string{RoleViewer, RoleTester, RoleManager}

// productName is the product's name for people.
const productName = "BlazeMeter"

// addBatch is how many users one call adds. The vendor names no limit
// (blazemeter 9); this keeps a refused call, which says nothing about the
// single user, small enough to be told apart by hand.
const addBatch = 50

// Options describe a client.
type Options struct {
	// Endpoint is the base URL, such as [DefaultEndpoint]; see
	// [transport.CheckEndpoint] for what is accepted.
	Endpoint string
	// HTTP sends the requests, with the credentials ([Authenticate]). It must
	// not keep cookies: the service takes a session cookie for credentials
	// (https://guide.blazemeter.com/hc/en-us/articles/13329054710289-API-Authorization).
	HTTP *http.Client
}

// Endpoint gives the base URL that a setting names; see [transport.Endpoint]. A
// bare host gets the path of the API.
func Endpoint(setting string) (string, error) { return transport.Endpoint(setting, apiPath) }

// APIKeyID gives the id of an API key that a setting has. Basic authentication
// ends it at a colon.
func APIKeyID(setting string) (string, error) {
	if strings.Contains(setting, ":") {
		return "", errors.New("the value contains a colon, which no id of a key does: the secret has an attribute of its own")
	}
	return APIKeySecret(setting)
}

// APIKeySecret gives the secret of an API key that a setting has; see
// [transport.CheckCredential].
func APIKeySecret(setting string) (string, error) { return setting, transport.CheckCredential(setting) }

// Authenticate gives the function that puts an API key on a request as basic
// authentication, for [transport.Options].
func Authenticate(keyID, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(keyID, secret) }
}

// Client is a [membership.Service] for one BlazeMeter endpoint and key. It is safe
// for concurrent use.
type Client struct {
	endpoint string
	api      apiclient.API
	calls    *blazemetercalls.Client
	// limit is how many rows of a list are asked for at a time.
	limit atomic.Int64
	// orders tell where new users are likely to be listed.
	orders orders
	// pause waits before the n-th repetition of a listing, counted from zero.
	pause func(ctx context.Context, n int) error
}

var _ membership.Finder = (*Client)(nil)

// New gives a client. It sends nothing.
func New(o Options) (*Client, error) {
	if err := transport.CheckEndpoint(o.Endpoint); err != nil {
		return nil, fmt.Errorf("blazemeter: %w", err)
	}
	switch {
	case o.HTTP == nil:
		return nil, errors.New("blazemeter: no HTTP client was given")
	case o.HTTP.Jar != nil:
		return nil, errors.New("blazemeter: the HTTP client keeps cookies, which the service takes for credentials")
	}
	endpoint := strings.TrimRight(o.Endpoint, "/")
	calls, err := blazemetercalls.NewClient(endpoint, blazemetercalls.WithHTTPClient(o.HTTP))
	if err != nil {
		return nil, fmt.Errorf("blazemeter: %w", err)
	}
	c := &Client{
		endpoint: endpoint,
		api: apiclient.API{
			Product: productName, Mask: transport.MaskOf(o.HTTP), Explain: Explain,
			// What a 404 means is found out by further readings.
			NotFound: membership.Refused,
		},
		calls: calls,
		pause: pauseBetweenListings,
	}
	c.limit.Store(pageLimit)
	return c, nil
}

// Traits gives the facts in which BlazeMeter differs from other products.
func (c *Client) Traits() membership.Traits {
	return membership.Traits{
		Product:        productName,
		Endpoint:       c.endpoint,
		OwnerRole:      RoleManager,
		OwnerNoun:      "manager",
		OwnersNoun:     "managers",
		WorkspaceNoun:  "workspace",
		CredentialNoun: "API key",
		TenantNoun:     "account",
		RolesAscending: slices.Clone(rolesAscending),
		// "disabled in the account, enabled in the workspace" is no access
		// (blazemeter 18).
		StatusMatters:   true,
		RemovalDisables: true, // blazemeter 1
		ListingShifts:   true,
		AddBatch:        addBatch,
		// blazemeter 15
		ChangeRight: "The API key needs account admin access or the manager role in the workspace.",
		AssignCall:  `PUT /workspaces/{workspace}/users/{id} with {"roles":["{role}"],"enabled":true}`,
	}
}

// pauseBetweenListings waits about 0.25 s, 0.5 s, 1 s and so on.
func pauseBetweenListings(ctx context.Context, n int) error {
	d := 250 * time.Millisecond << min(n, 4)
	return transport.Wait(ctx, d/2+rand.N(d))
}
