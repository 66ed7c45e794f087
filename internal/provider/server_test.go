package provider_test

import (
	"testing"

	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// What the provider has, its server serves. Otherwise Terraform would be told of an
// action that it cannot call.
func TestTheServerHasWhatTheProviderHas(t *testing.T) {
	p, s := provider.New("test", roster.NewActivity(), nil), provider.NewServer("test")
	_, acts := p.(frameworkprovider.ProviderWithActions)
	_, servesActions := s.(tfprotov6.ActionServer)
	_, stores := p.(frameworkprovider.ProviderWithStateStores)
	_, servesStores := s.(tfprotov6.StateStoreServer)
	if acts != servesActions || stores != servesStores {
		t.Errorf("actions: %t and %t; state stores: %t and %t", acts, servesActions, stores, servesStores)
	}
}
