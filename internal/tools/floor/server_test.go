package main

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// silent is a provider that describes itself and fails the test when anything
// else reaches it.
type silent struct {
	tfprotov6.ProviderServer
	t *testing.T
}

func (s silent) fail(call string) { s.t.Errorf("%s reached the real provider", call) }

func (s silent) ValidateProviderConfig(context.Context, *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	s.fail("ValidateProviderConfig")
	return nil, nil
}

func (s silent) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	s.fail("ConfigureProvider")
	return nil, nil
}

func (s silent) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	s.fail("ValidateResourceConfig")
	return nil, nil
}

func (s silent) UpgradeResourceState(context.Context, *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	s.fail("UpgradeResourceState")
	return nil, nil
}

func (s silent) ReadResource(context.Context, *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	s.fail("ReadResource")
	return nil, nil
}

func (s silent) PlanResourceChange(context.Context, *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	s.fail("PlanResourceChange")
	return nil, nil
}

func (s silent) ApplyResourceChange(context.Context, *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	s.fail("ApplyResourceChange")
	return nil, nil
}

// configured gives a configuration of a resource with a text for each required
// string, a text in each required map and set, and nothing else.
func configured(t *testing.T, s *tfprotov6.Schema) tftypes.Value {
	t.Helper()
	values := map[string]tftypes.Value{}
	for _, a := range s.Block.Attributes {
		typ := a.ValueType()
		switch {
		case a.Required && typ.Is(tftypes.String):
			values[a.Name] = tftypes.NewValue(typ, "a-"+a.Name)
		case a.Required && typ.Is(tftypes.Map{ElementType: tftypes.String}):
			values[a.Name] = tftypes.NewValue(typ, map[string]tftypes.Value{"an-id": tftypes.NewValue(tftypes.String, "a-role")})
		case a.Required && typ.Is(tftypes.Set{ElementType: tftypes.String}):
			values[a.Name] = tftypes.NewValue(typ, []tftypes.Value{tftypes.NewValue(tftypes.String, "an-id")})
		case a.Required:
			t.Fatalf("the attribute %s has the type %s: teach this test that type", a.Name, typ)
		default:
			values[a.Name] = tftypes.NewValue(typ, nil)
		}
	}
	return tftypes.NewValue(s.ValueType(), values)
}

func dynamic(t *testing.T, typ tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	out, err := tfprotov6.NewDynamicValue(typ, v)
	if err != nil {
		t.Fatal(err)
	}
	return &out
}

func unmarshal(t *testing.T, typ tftypes.Type, v *tfprotov6.DynamicValue) tftypes.Value {
	t.Helper()
	out, err := v.Unmarshal(typ)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every resource of the provider goes through a life of its own: created, read,
// planned again without a change, destroyed.
func TestEveryResourceLives(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newServer(ctx, silent{ProviderServer: provider.NewServer("test"), t: t})
	schemas, err := s.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(schemas.ResourceSchemas) == 0 {
		t.Fatal("the provider serves no resource")
	}
	for name, schema := range schemas.ResourceSchemas {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			typ := schema.ValueType()
			nothing := tftypes.NewValue(typ, nil)
			config := configured(t, schema)

			if _, err := s.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: dynamic(t, typ, config)}); err != nil {
				t.Fatal(err)
			}
			created, err := s.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
				TypeName: name, PriorState: dynamic(t, typ, nothing), ProposedNewState: dynamic(t, typ, config), Config: dynamic(t, typ, config), PriorPrivate: []byte("mine"),
			})
			if err != nil {
				t.Fatal(err)
			}
			planned := unmarshal(t, typ, created.PlannedState)
			if !planned.IsFullyKnown() {
				t.Errorf("the plan has unknown values: %s", planned)
			}
			for _, a := range schema.Block.Attributes {
				if !a.Computed {
					continue
				}
				var got map[string]tftypes.Value
				if err := planned.As(&got); err != nil {
					t.Fatal(err)
				}
				if _, isObject := a.ValueType().(tftypes.Object); got[a.Name].IsNull() && !isObject {
					t.Errorf("the plan leaves the computed attribute %s null", a.Name)
				}
			}

			applied, err := s.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
				TypeName: name, PriorState: dynamic(t, typ, nothing), PlannedState: created.PlannedState, Config: dynamic(t, typ, config), PlannedPrivate: created.PlannedPrivate, PlannedIdentity: created.PlannedIdentity,
			})
			if err != nil {
				t.Fatal(err)
			}
			state := unmarshal(t, typ, applied.NewState)
			if !state.Equal(planned) {
				t.Errorf("applied is %s, planned was %s", state, planned)
			}
			if string(applied.Private) != "mine" {
				t.Errorf("the private data became %q", applied.Private)
			}

			read, err := s.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: applied.NewState, CurrentIdentity: applied.NewIdentity})
			if err != nil {
				t.Fatal(err)
			}
			if !unmarshal(t, typ, read.NewState).Equal(state) {
				t.Errorf("read is another state than applied")
			}
			again, err := s.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
				TypeName: name, PriorState: read.NewState, ProposedNewState: read.NewState, Config: dynamic(t, typ, config),
			})
			if err != nil {
				t.Fatal(err)
			}
			if !unmarshal(t, typ, again.PlannedState).Equal(state) || len(again.RequiresReplace) > 0 {
				t.Errorf("the second plan shows a change")
			}

			gone, err := s.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
				TypeName: name, PriorState: read.NewState, ProposedNewState: dynamic(t, typ, nothing), Config: dynamic(t, typ, nothing),
			})
			if err != nil {
				t.Fatal(err)
			}
			if !unmarshal(t, typ, gone.PlannedState).IsNull() {
				t.Error("the plan of a destruction is not null")
			}
			destroyed, err := s.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
				TypeName: name, PriorState: read.NewState, PlannedState: gone.PlannedState, Config: dynamic(t, typ, nothing),
			})
			if err != nil {
				t.Fatal(err)
			}
			if !unmarshal(t, typ, destroyed.NewState).IsNull() {
				t.Error("something is left after the destruction")
			}
		})
	}
}

func TestUnknownValuesStayUnknownUntilApplied(t *testing.T) {
	t.Parallel()
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String, "workspace_id": tftypes.String, "email": tftypes.String, "role": tftypes.String}}
	sh := shape{typ: typ, computed: map[string]bool{"id": true, "email": true}}
	in := tftypes.NewValue(typ, map[string]tftypes.Value{
		"id":           tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
		"workspace_id": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
		"email":        tftypes.NewValue(tftypes.String, nil),
		"role":         tftypes.NewValue(tftypes.String, "owner"),
	})
	for applied, want := range map[bool]string{false: "unknown", true: "id"} {
		out, err := sh.fill(in, applied)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]tftypes.Value
		if err := out.As(&got); err != nil {
			t.Fatal(err)
		}
		id := "unknown"
		if got["id"].IsKnown() {
			if err := got["id"].As(&id); err != nil {
				t.Fatal(err)
			}
		}
		if id != want {
			t.Errorf("applied=%v: the id is %q, want %q", applied, id, want)
		}
		if got["workspace_id"].IsKnown() {
			t.Errorf("applied=%v: an attribute that is not the provider's own was filled in", applied)
		}
		if !got["email"].IsKnown() || got["email"].IsNull() {
			t.Errorf("applied=%v: the computed e-mail address was not filled in", applied)
		}
	}
}

func TestStoredStateIsUpgraded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newServer(ctx, provider.NewServer("test"))
	const name = "roster_blink_workspace_role_binding"
	schemas, err := s.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	typ := schemas.ResourceSchemas[name].ValueType()
	resp, err := s.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: name,
		RawState: &tfprotov6.RawState{JSON: []byte(`{"workspace_id":"w-1","entity_type":"user","entity_id":"u-1","role":"owner","gone":1}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	value := unmarshal(t, typ, resp.UpgradedState)
	identity, err := s.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: dynamic(t, typ, value)})
	if err != nil {
		t.Fatal(err)
	}
	if identity.NewIdentity == nil || identity.NewIdentity.IdentityData == nil {
		t.Fatal("a state without an identity is read without one too")
	}
	if _, err := s.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: "roster_nothing", CurrentState: dynamic(t, typ, value)}); err == nil {
		t.Error("an unknown resource was read")
	}
}
