// Package blink is what the mock service does in place of Blink: its calls, its
// state, its seed and its switches.
//
// The wire shapes are written down here from the vendor's pages, apart from
// those of the client. What the two share is the OpenAPI file: the client's
// types are generated from it, and the wire check judges both sides by it.
package blink

import (
	_ "embed"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/wirecheck"
)

// Name is the product in seeds, faults, counts and control endpoints.
const Name = "blink"

//go:embed seed.json
var defaultSeed []byte

// Product is Blink in the table of products.
var Product = &engine.Product{
	Name:        Name,
	Title:       "Blink",
	API:         wirecheck.NewAPI("/api/v1", blinkwire.Spec),
	DefaultSeed: defaultSeed,
	Sample:      engine.Sample{Workspace: DefaultWorkspace, Stranger: "u-carol", Role: "viewer"},
	World:       world,
	Routes: []engine.Route{
		{Method: http.MethodPost, Path: "/workspaces/{ws_id}/{entity_type}/{entity_id}/role/{role}", Call: "assign", Handle: engine.Handle((*state).assign)},
		{Method: http.MethodGet, Path: "/workspaces/{ws_id}", Call: "get_workspace", Handle: engine.Handle((*state).getWorkspace)},
		{Method: http.MethodGet, Path: "/user-workspaces", Call: "user_workspaces", Handle: engine.Handle((*state).userWorkspaces)},
		{Method: http.MethodGet, Path: "/tenant/entities", Call: "tenant_entities", Handle: engine.Handle((*state).tenantEntities)},
		{Method: http.MethodPost, Path: "/workspaces/{ws_id}/entities", Call: "add", Handle: engine.Handle((*state).add)},
		{Method: http.MethodDelete, Path: "/workspaces/{id}/{entity_type}/{entity_id}", Call: "remove", Handle: engine.Handle((*state).remove)},
		{Method: http.MethodGet, Path: "/user", Call: "user", Handle: engine.Handle((*state).user)},
	},
	NewPart:      func() engine.Part { return new(Seed) },
	NewBehaviour: func() any { return new(Behaviour) },
	NewState:     newState,
	EndlessStart: `{"id":"endless","display_name":"Endless","entities":[`,
	EndlessRow:   `{"id":"u-endless","type":"user","workspace_role":"viewer"},`,
	Control: []engine.ControlRoute{
		{
			Method: http.MethodPut, Path: "/tenant/{kind}/{id}", Handle: controlPerson,
			Usage: "/tenant/KIND/ID?status=STATUS&name=NAME&email=EMAIL&role=TENANT_ROLE", Help: "change who is named",
		},
		{
			Method: http.MethodDelete, Path: "/tenant/user/{id}", Handle: controlRemoveUser,
			Usage: "/tenant/user/ID", Help: "delete the user everywhere",
		},
	},
}
