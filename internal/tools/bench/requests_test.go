package main

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// requests are those that Terraform makes about one instance in a refresh and a plan.
type requests struct {
	validate *tfprotov6.ValidateResourceConfigRequest
	upgrade  *tfprotov6.UpgradeResourceStateRequest
	read     *tfprotov6.ReadResourceRequest
	plan     *tfprotov6.PlanResourceChangeRequest
}

// BenchmarkRequests is what the provider itself computes for one instance of
// which nothing has changed. Terraform's plan takes as much longer than the
// floor's as this does, times the instances, on as many cores as are idle.
func BenchmarkRequests(b *testing.B) {
	served, err := measured()
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range served {
		b.Run(p.Title, func(b *testing.B) {
			const n = 1000
			svc := mockservice.StartTest(b, p.seed(n, 0), mockservice.WithWireCheck(false))
			svc.Setenv()
			ctx := context.WithoutCancel(b.Context())
			server := provider.NewServer("bench")
			schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
			if err != nil {
				b.Fatal(err)
			}
			config, err := tfprotov6.NewDynamicValue(schemas.Provider.ValueType(), empty(schemas.Provider.ValueType()))
			if err != nil {
				b.Fatal(err)
			}
			// One walk plans an instance once: a second time, it would be another one's.
			walk := func(b *testing.B) {
				b.Helper()
				resp, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: &config})
				if said(b, resp.Diagnostics, err) != nil {
					b.Fatal(resp.Diagnostics[0].Summary)
				}
			}
			var all []requests
			for i := range n {
				all = append(all, requestsFor(b, p, schemas.ResourceSchemas[p.Additive.TypeName], i))
			}
			for name, call := range map[string]func(r requests) []*tfprotov6.Diagnostic{
				"validate": func(r requests) []*tfprotov6.Diagnostic {
					resp, err := server.ValidateResourceConfig(ctx, r.validate)
					return said(b, resp.Diagnostics, err)
				},
				"upgrade": func(r requests) []*tfprotov6.Diagnostic {
					resp, err := server.UpgradeResourceState(ctx, r.upgrade)
					return said(b, resp.Diagnostics, err)
				},
				"read": func(r requests) []*tfprotov6.Diagnostic {
					resp, err := server.ReadResource(ctx, r.read)
					return said(b, resp.Diagnostics, err)
				},
				"plan": func(r requests) []*tfprotov6.Diagnostic {
					resp, err := server.PlanResourceChange(ctx, r.plan)
					return said(b, resp.Diagnostics, err)
				},
			} {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						if i%n == 0 {
							walk(b)
						}
						if diags := call(all[i%n]); len(diags) > 0 {
							b.Fatal(diags[0].Summary, diags[0].Detail)
						}
					}
				})
			}
		})
	}
}

func said(b *testing.B, diags []*tfprotov6.Diagnostic, err error) []*tfprotov6.Diagnostic {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	return diags
}

func requestsFor(b *testing.B, p product, schema *tfprotov6.Schema, i int) requests {
	b.Helper()
	stored, err := json.Marshal(p.instance(i))
	if err != nil {
		b.Fatal(err)
	}
	typ := schema.ValueType()
	state, err := (&tfprotov6.RawState{JSON: stored}).Unmarshal(typ)
	if err != nil {
		b.Fatal(err)
	}
	full, err := tfprotov6.NewDynamicValue(typ, state)
	if err != nil {
		b.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := state.As(&attributes); err != nil {
		b.Fatal(err)
	}
	for _, a := range schema.Block.Attributes {
		if !a.Required && a.Name != "timeouts" {
			attributes[a.Name] = tftypes.NewValue(a.Type, nil)
		}
	}
	config, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, attributes))
	if err != nil {
		b.Fatal(err)
	}
	return requests{
		validate: &tfprotov6.ValidateResourceConfigRequest{TypeName: p.Additive.TypeName, Config: &config},
		upgrade:  &tfprotov6.UpgradeResourceStateRequest{TypeName: p.Additive.TypeName, RawState: &tfprotov6.RawState{JSON: stored}},
		read:     &tfprotov6.ReadResourceRequest{TypeName: p.Additive.TypeName, CurrentState: &full},
		plan:     &tfprotov6.PlanResourceChangeRequest{TypeName: p.Additive.TypeName, PriorState: &full, ProposedNewState: &full, Config: &config},
	}
}

// empty is an object with nothing set.
func empty(typ tftypes.Type) tftypes.Value {
	object, ok := typ.(tftypes.Object)
	if !ok {
		return tftypes.NewValue(typ, nil)
	}
	attributes := map[string]tftypes.Value{}
	for name, t := range object.AttributeTypes {
		attributes[name] = tftypes.NewValue(t, nil)
	}
	return tftypes.NewValue(typ, attributes)
}
