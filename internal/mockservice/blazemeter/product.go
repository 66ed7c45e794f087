// Package blazemeter is what the mock service does in place of BlazeMeter: its
// calls, its state, its seed and its switches.
//
// The wire shapes are written down here from the vendor's pages, apart from
// those of the client. What the two share is the OpenAPI file: the client's
// types are generated from it, and the wire check judges both sides by it.
package blazemeter

import (
	_ "embed"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/wirecheck"
)

// Name is the product in seeds, faults, counts and control endpoints.
const Name = "blazemeter"

//go:embed seed.json
var defaultSeed []byte

// Product is BlazeMeter in the table of products.
var Product = &engine.Product{
	Name:        Name,
	Title:       "BlazeMeter",
	API:         wirecheck.NewAPI("/api/v4", blazemeterwire.Spec),
	DefaultSeed: defaultSeed,
	Sample:      engine.Sample{Workspace: DefaultWorkspace, Stranger: "352751", Role: "viewer"},
	World:       world,
	Routes: []engine.Route{
		{Method: http.MethodGet, Path: "/user", Call: "user", Handle: engine.Handle((*state).user)},
		{Method: http.MethodGet, Path: "/accounts", Call: "accounts", Handle: engine.Handle((*state).listAccounts)},
		{Method: http.MethodGet, Path: "/accounts/{accountId}/users", Call: "account_users", Handle: engine.Handle((*state).listAccountUsers)},
		{Method: http.MethodGet, Path: "/workspaces", Call: "workspaces", Handle: engine.Handle((*state).listWorkspaces)},
		{Method: http.MethodGet, Path: "/workspaces/{workspaceId}", Call: "get_workspace", Handle: engine.Handle((*state).getWorkspace)},
		{Method: http.MethodGet, Path: "/workspaces/{workspaceId}/users", Call: "workspace_users", Handle: engine.Handle((*state).listUsers)},
		{Method: http.MethodPost, Path: "/workspaces/{workspaceId}/users", Call: "add_users", Handle: engine.Handle((*state).addUsers)},
		{Method: http.MethodPut, Path: "/workspaces/{workspaceId}/users/{userId}", Call: "update_user", Handle: engine.Handle((*state).updateUser)},
	},
	NewPart:      func() engine.Part { return new(Seed) },
	NewBehaviour: func() any { return new(Behaviour) },
	NewState:     newState,
	EndlessStart: `{"api_version":4,"error":null,"limit":50,"skip":0,"total":1,"hidden":0,"result":[`,
	EndlessRow:   `{"id":1,"roles":["viewer"],"enabled":true},`,
	Control: []engine.ControlRoute{{
		Method: http.MethodPut, Path: "/tenant/user/{id}", Handle: controlPerson,
		Usage: "/tenant/user/ID?name=NAME&email=EMAIL",
	}},
}
