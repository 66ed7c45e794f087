// Package client is the client of Blink (BlinkOps) and its adapter to the
// core's port: [Client] implements [membership.Service]. The calls themselves are
// generated from an OpenAPI description, see the packages blinkwire (types) and
// blinkcalls (requests). Answers are read leniently where a field is missing
// and strictly where a missing piece could be taken for an absent member.
//
// A number such as (blink 5) is that of an assumption: what no source says, and
// what is done about it. The OpenAPI description has the same numbers.
package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkcalls"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

const (
	// DefaultEndpoint is the base URL of the host that customers share (the
	// vendor's page of the assign call).
	DefaultEndpoint = "https://app.blinkops.com" + apiPath

	// apiPath is where the API is on each host: users are told the bare host, and
	// the vendor's own client appends the path.
	apiPath = "/api/v1"

	// KeyHeader carries the API key (the vendor's page of the assign call).
	KeyHeader = "BLINK-API-KEY"

	// OwnerRole is the role that every workspace must have. Whether the service
	// spells it in lower case is not documented (blink 13): compare without regard
	// to case.
	OwnerRole = "owner"

	// productName is the product's name for people.
	productName = "Blink"

	// addBatch is how many entities one call adds. The vendor names no limit (blink 4);
	// this keeps a refused call, which says nothing about the single entity,
	// small enough to be told apart by hand.
	addBatch = 50
)

// Options describe a client.
type Options struct {
	// Endpoint is the base URL, such as [DefaultEndpoint]; see
	// [transport.CheckEndpoint] for what is accepted.
	Endpoint string
	// HTTP sends the requests, with the credentials ([Authenticate]).
	HTTP *http.Client
}

// Endpoint gives the base URL that a setting names; see [transport.Endpoint]. A
// bare host gets the path of the API.
func Endpoint(setting string) (string, error) { return transport.Endpoint(setting, apiPath) }

// APIKey gives the key that a setting has; see [transport.CheckCredential].
func APIKey(setting string) (string, error) { return setting, transport.CheckCredential(setting) }

// Authenticate gives the function that puts the key on a request, for
// [transport.Options].
func Authenticate(apiKey string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(KeyHeader, apiKey) }
}

// Client is a [membership.Service] for one Blink endpoint and key. It is safe for
// concurrent use.
type Client struct {
	endpoint string
	api      apiclient.API
	calls    *blinkcalls.Client

	// unsorted is true once the tenant's entities could be listed only without
	// asking for an order.
	unsorted atomic.Bool

	mu sync.Mutex
	// tenant is the first that an answer named.
	tenant string
	// people are those whom the tenant's latest listing showed.
	people []membership.Person
	// details are what the listings told besides the members, by workspace id,
	// so that describing a workspace costs no call of its own.
	details map[string]WorkspaceDetails
	// rows are how many members they had, by workspace id.
	rows map[string]int
}

var _ membership.Service = (*Client)(nil)

// New gives a client. It sends nothing.
func New(o Options) (*Client, error) {
	if err := transport.CheckEndpoint(o.Endpoint); err != nil {
		return nil, fmt.Errorf("blink: %w", err)
	}
	if o.HTTP == nil {
		return nil, errors.New("blink: no HTTP client was given")
	}
	endpoint := strings.TrimRight(o.Endpoint, "/")
	calls, err := blinkcalls.NewClient(endpoint, blinkcalls.WithHTTPClient(o.HTTP))
	if err != nil {
		return nil, fmt.Errorf("blink: %w", err)
	}
	return &Client{
		endpoint: endpoint,
		api:      apiclient.API{Product: productName, Mask: transport.MaskOf(o.HTTP), Explain: Explain, NotFound: membership.Gone},
		calls:    calls,
		details:  map[string]WorkspaceDetails{},
		rows:     map[string]int{},
	}, nil
}

// sameTenant fails where an answer names another tenant than one before. A user
// who belongs to several tenants can switch between them at any time, and the
// calls that name no workspace may follow (blink 31).
func (c *Client) sameTenant(op, tenant string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case tenant == "" || strings.EqualFold(tenant, c.tenant):
		return nil
	case c.tenant == "":
		c.tenant = tenant
		return nil
	}
	return &membership.Error{
		Failure: membership.Malformed, Op: op, Status: http.StatusOK,
		Err: fmt.Errorf("the answer is about tenant %q, and this run began in tenant %q: the API key's user has been switched to another tenant. Switch back in Blink, or use the key of a user who belongs to one tenant only", plainText(tenant), plainText(c.tenant)),
	}
}

// Traits gives the facts in which Blink differs from other products.
func (c *Client) Traits() membership.Traits {
	return membership.Traits{
		Product:       productName,
		Endpoint:      c.endpoint,
		OwnerRole:     OwnerRole,
		OwnerNoun:     "owner",
		OwnersNoun:    "owners",
		WorkspaceNoun: "workspace", CredentialNoun: "API key", TenantNoun: "tenant",
		OneTenant: true,
		// Built-in roles by their names on the vendor's pages, the older "member"
		// (view-only, as "viewer") among them (blink 13); custom ones exist besides.
		RolesAscending: []string{"viewer", "member", "contributor", OwnerRole},
		NeverOwnerless: true, // the page of the assign call; blink 18
		StatusMatters:  true, // blink 9
		AssignMayAdd:   true, // blink 3
		AddBatch:       addBatch,
		// blink 23
		ChangeRight: "The API key's user must be Owner of the workspace or Admin of the tenant.",
		AssignCall:  "POST /workspaces/{workspace}/{kind}/{id}/role/{role}",
	}
}
