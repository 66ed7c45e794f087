// Package framework is what products share on Terraform's side: schemas, models and
// life cycles of the forms of resource, keys, and how the core's findings become
// diagnostics. A product describes its resources ([Additive], [Authoritative]); only
// its data sources have models of its own.
package framework

import (
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// Data is what the provider hands to each resource and data source.
type Data struct {
	// Connections are the products, by the name of their block in the provider
	// configuration.
	Connections map[string]*Connection
}

// Connection is one product as the provider block configured it.
type Connection struct {
	// Run is nil where the product cannot be used: because of the faults, or because a
	// value of the provider block is not known yet.
	Run *roster.Run
	// Faults says what the settings lack, on whatever needs the product.
	Faults diag.Diagnostics

	// reported is true once a plan has been told of the faults.
	reported atomic.Bool
}

// Of finds a product's connection in what Configure was given. It is nil, with
// no diagnostic, as long as the provider has not been configured.
func Of(providerData any, product string) (*Connection, diag.Diagnostics) {
	if providerData == nil {
		return nil, nil
	}
	d, ok := providerData.(*Data)
	if !ok || d.Connections[product] == nil {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("The provider has foreign settings",
			fmt.Sprintf("The provider data has the type %T and knows no product %q. This is a fault of the provider: please report it.", providerData, product))}
	}
	return d.Connections[product], nil
}

// Usable gives the product's run, or says what the settings lack. The run is nil
// without an error where the provider's settings are not known yet.
func (c *Connection) Usable() (*roster.Run, diag.Diagnostics) {
	if c == nil {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("The provider is not configured",
			"This was asked of a provider that has not been configured. This is a fault of the provider: please report it.")}
	}
	if c.Faults.HasError() {
		return nil, c.Faults
	}
	return c.Run, nil
}

// UsableInPlan is [Connection.Usable] for the requests of a plan about managed
// resources, which fails as a whole: what the settings lack is said once. ok is
// false where the request has to end, whether or not it has to say why.
func (c *Connection) UsableInPlan() (run *roster.Run, ok bool, diags diag.Diagnostics) {
	run, diags = c.Usable()
	if !diags.HasError() {
		return run, true, diags
	}
	if c != nil && c.reported.Swap(true) {
		return nil, false, nil
	}
	return nil, false, diags
}
