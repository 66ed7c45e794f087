package main

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// server answers with the real provider's schemas and does nothing else: a plan
// is what was proposed, an apply is what was planned, a read is what is in the
// state. It keeps nothing between requests but the types of the schemas.
//
// What is embedded is the real provider; only calls that describe or compute
// (schemas, functions) reach it.
type server struct {
	tfprotov6.ProviderServer

	types func() (*types, error)
}

var (
	_ tfprotov6.ProviderServer                 = (*server)(nil)
	_ tfprotov6.ProviderServerWithListResource = (*server)(nil)
)

// types are the value types of what the real provider serves.
type types struct {
	provider   tftypes.Type
	resources  map[string]shape
	data       map[string]shape
	identities map[string]*tfprotov6.ResourceIdentitySchema
}

// shape is the type of a resource and the names of what the provider fills in.
type shape struct {
	typ      tftypes.Object
	computed map[string]bool
}

// newServer wraps the real provider. The schemas are asked for once, at the
// first request, and no longer than ctx allows.
func newServer(ctx context.Context, provider tfprotov6.ProviderServer) *server {
	return &server{
		ProviderServer: provider,
		types:          sync.OnceValues(func() (*types, error) { return typesOf(ctx, provider) }),
	}
}

func typesOf(ctx context.Context, provider tfprotov6.ProviderServer) (*types, error) {
	schemas, err := provider.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask the provider for its schema: %w", err)
	}
	identities, err := provider.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask the provider for its identity schemas: %w", err)
	}
	out := &types{
		provider:   schemas.Provider.ValueType(),
		resources:  make(map[string]shape, len(schemas.ResourceSchemas)),
		data:       make(map[string]shape, len(schemas.DataSourceSchemas)),
		identities: identities.IdentitySchemas,
	}
	for name, s := range schemas.ResourceSchemas {
		out.resources[name] = shapeOf(s)
	}
	for name, s := range schemas.DataSourceSchemas {
		out.data[name] = shapeOf(s)
	}
	return out, nil
}

func shapeOf(s *tfprotov6.Schema) shape {
	out := shape{computed: map[string]bool{}}
	if object, ok := s.ValueType().(tftypes.Object); ok {
		out.typ = object
	}
	for _, a := range s.Block.Attributes {
		if a.Computed {
			out.computed[a.Name] = true
		}
	}
	return out
}

func (s *server) resource(name string) (shape, *types, error) {
	t, err := s.types()
	if err != nil {
		return shape{}, nil, err
	}
	found, ok := t.resources[name]
	if !ok {
		return shape{}, nil, fmt.Errorf("the provider has no resource %s", name)
	}
	return found, t, nil
}

// ValidateProviderConfig accepts everything.
func (s *server) ValidateProviderConfig(_ context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: req.Config}, nil
}

// ConfigureProvider makes no client.
func (s *server) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

// StopProvider has nothing to stop.
func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// ValidateResourceConfig accepts everything.
func (s *server) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

// ValidateDataResourceConfig accepts everything.
func (s *server) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

// UpgradeResourceState turns the stored JSON into the schema's type.
func (s *server) UpgradeResourceState(_ context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	sh, _, err := s.resource(req.TypeName)
	if err != nil {
		return nil, err
	}
	value, err := req.RawState.UnmarshalWithOpts(sh.typ, tfprotov6.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
	})
	if err != nil {
		return nil, fmt.Errorf("read the stored state of %s: %w", req.TypeName, err)
	}
	upgraded, err := tfprotov6.NewDynamicValue(sh.typ, value)
	if err != nil {
		return nil, fmt.Errorf("write the state of %s: %w", req.TypeName, err)
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &upgraded}, nil
}

// UpgradeResourceIdentity turns the stored JSON into the schema's type.
func (s *server) UpgradeResourceIdentity(_ context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	_, t, err := s.resource(req.TypeName)
	if err != nil {
		return nil, err
	}
	typ := t.identities[req.TypeName].ValueType()
	value, err := req.RawIdentity.Unmarshal(typ)
	if err != nil {
		return nil, fmt.Errorf("read the stored identity of %s: %w", req.TypeName, err)
	}
	upgraded, err := tfprotov6.NewDynamicValue(typ, value)
	if err != nil {
		return nil, fmt.Errorf("write the identity of %s: %w", req.TypeName, err)
	}
	return &tfprotov6.UpgradeResourceIdentityResponse{
		UpgradedIdentity: &tfprotov6.ResourceIdentityData{IdentityData: &upgraded},
	}, nil
}

// ReadResource finds everything as the state has it.
func (s *server) ReadResource(_ context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp := &tfprotov6.ReadResourceResponse{
		NewState:    req.CurrentState,
		NewIdentity: req.CurrentIdentity,
		Private:     req.Private,
	}
	if resp.NewIdentity != nil && resp.NewIdentity.IdentityData != nil {
		return resp, nil
	}
	sh, t, err := s.resource(req.TypeName)
	if err != nil {
		return nil, err
	}
	value, err := req.CurrentState.Unmarshal(sh.typ)
	if err != nil {
		return nil, fmt.Errorf("read the state of %s: %w", req.TypeName, err)
	}
	resp.NewIdentity, err = t.identity(req.TypeName, value)
	return resp, err
}

// PlanResourceChange plans what was proposed, with every computed value known.
func (s *server) PlanResourceChange(_ context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp := &tfprotov6.PlanResourceChangeResponse{PlannedPrivate: req.PriorPrivate}
	state, identity, err := s.settle(req.TypeName, req.ProposedNewState, false)
	if err != nil {
		return nil, err
	}
	resp.PlannedState, resp.PlannedIdentity = state, identity
	if identity == nil {
		resp.PlannedIdentity = req.PriorIdentity
	}
	return resp, nil
}

// ApplyResourceChange makes what was planned.
func (s *server) ApplyResourceChange(_ context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	state, identity, err := s.settle(req.TypeName, req.PlannedState, true)
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ApplyResourceChangeResponse{
		NewState:    state,
		NewIdentity: identity,
		Private:     req.PlannedPrivate,
	}, nil
}

// ImportResourceState refuses: there is nothing to import from.
func (s *server) ImportResourceState(_ context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return &tfprotov6.ImportResourceStateResponse{Diagnostics: refuse("import " + req.TypeName)}, nil
}

// MoveResourceState refuses: there is nothing to move from.
func (s *server) MoveResourceState(_ context.Context, req *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return &tfprotov6.MoveResourceStateResponse{Diagnostics: refuse("move a state to " + req.TargetTypeName)}, nil
}

// GenerateResourceConfig gives the state back as configuration.
func (s *server) GenerateResourceConfig(_ context.Context, req *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return &tfprotov6.GenerateResourceConfigResponse{Config: req.State}, nil
}

// ReadDataSource fills in what the provider would have read with empty values.
func (s *server) ReadDataSource(_ context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	t, err := s.types()
	if err != nil {
		return nil, err
	}
	sh, ok := t.data[req.TypeName]
	if !ok {
		return nil, fmt.Errorf("the provider has no data source %s", req.TypeName)
	}
	value, err := req.Config.Unmarshal(sh.typ)
	if err != nil {
		return nil, fmt.Errorf("read the configuration of %s: %w", req.TypeName, err)
	}
	filled, err := sh.fill(value, true)
	if err != nil {
		return nil, fmt.Errorf("fill in %s: %w", req.TypeName, err)
	}
	state, err := tfprotov6.NewDynamicValue(sh.typ, filled)
	if err != nil {
		return nil, fmt.Errorf("write the state of %s: %w", req.TypeName, err)
	}
	return &tfprotov6.ReadDataSourceResponse{State: &state}, nil
}

// ValidateListResourceConfig accepts everything.
func (s *server) ValidateListResourceConfig(context.Context, *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	return &tfprotov6.ValidateListResourceConfigResponse{}, nil
}

// ListResource finds nothing.
func (s *server) ListResource(context.Context, *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	return &tfprotov6.ListResourceServerStream{Results: tfprotov6.NoListResults}, nil
}

// settle gives a planned or new state with its computed values filled in, and
// the identity that goes with it.
func (s *server) settle(name string, in *tfprotov6.DynamicValue, applied bool) (*tfprotov6.DynamicValue, *tfprotov6.ResourceIdentityData, error) {
	sh, t, err := s.resource(name)
	if err != nil {
		return nil, nil, err
	}
	value, err := in.Unmarshal(sh.typ)
	if err != nil {
		return nil, nil, fmt.Errorf("read the proposed state of %s: %w", name, err)
	}
	if value.IsNull() {
		return in, nil, nil
	}
	filled, err := sh.fill(value, applied)
	if err != nil {
		return nil, nil, fmt.Errorf("fill in %s: %w", name, err)
	}
	out, err := tfprotov6.NewDynamicValue(sh.typ, filled)
	if err != nil {
		return nil, nil, fmt.Errorf("write the state of %s: %w", name, err)
	}
	identity, err := t.identity(name, filled)
	return &out, identity, err
}

// fill gives every computed attribute that is null (or, once applied, unknown)
// a known value, so that a floor plan shows as much as a real one.
func (sh shape) fill(in tftypes.Value, applied bool) (tftypes.Value, error) {
	var attributes map[string]tftypes.Value
	if err := in.As(&attributes); err != nil {
		return tftypes.Value{}, err
	}
	out := make(map[string]tftypes.Value, len(attributes))
	for name, value := range attributes {
		if sh.computed[name] && (value.IsKnown() && value.IsNull() || !value.IsKnown() && applied) {
			value = empty(sh.typ.AttributeTypes[name], name)
		}
		out[name] = value
	}
	if id, ok := joined(out); ok && sh.computed["id"] {
		out["id"] = id
	}
	return tftypes.NewValue(sh.typ, out), nil
}

// empty gives a known value of a type: no elements, zero, or the attribute's name.
func empty(typ tftypes.Type, name string) tftypes.Value {
	switch {
	case typ.Is(tftypes.String):
		return tftypes.NewValue(typ, name)
	case typ.Is(tftypes.Bool):
		return tftypes.NewValue(typ, false)
	case typ.Is(tftypes.Number):
		return tftypes.NewValue(typ, 0)
	case typ.Is(tftypes.Map{}):
		return tftypes.NewValue(typ, map[string]tftypes.Value{})
	case typ.Is(tftypes.List{}), typ.Is(tftypes.Set{}):
		return tftypes.NewValue(typ, []tftypes.Value{})
	default:
		return tftypes.NewValue(typ, nil)
	}
}

// joined gives the id of a membership in the provider's own form, where its
// parts are known.
func joined(attributes map[string]tftypes.Value) (tftypes.Value, bool) {
	var parts []string
	for _, name := range []string{"workspace_id", "entity_type", "entity_id", "user_id"} {
		value, ok := attributes[name]
		if !ok {
			continue
		}
		var part string
		if !value.IsKnown() || value.IsNull() || value.As(&part) != nil {
			return tftypes.Value{}, false
		}
		parts = append(parts, part)
	}
	return tftypes.NewValue(tftypes.String, strings.Join(parts, "/")), len(parts) > 0
}

// identity takes a resource's identity from the attributes of the same names.
// It is nil for a resource without one and while a part is not known.
func (t *types) identity(name string, state tftypes.Value) (*tfprotov6.ResourceIdentityData, error) {
	s, ok := t.identities[name]
	if !ok || state.IsNull() {
		return nil, nil
	}
	var attributes map[string]tftypes.Value
	if err := state.As(&attributes); err != nil {
		return nil, fmt.Errorf("read the state of %s: %w", name, err)
	}
	parts := make(map[string]tftypes.Value, len(s.IdentityAttributes))
	for _, a := range s.IdentityAttributes {
		value, ok := attributes[a.Name]
		if !ok || !value.IsFullyKnown() {
			return nil, nil
		}
		parts[a.Name] = value
	}
	typ := s.ValueType()
	data, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, parts))
	if err != nil {
		return nil, fmt.Errorf("write the identity of %s: %w", name, err)
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: &data}, nil
}

func refuse(what string) []*tfprotov6.Diagnostic {
	return []*tfprotov6.Diagnostic{{
		Severity: tfprotov6.DiagnosticSeverityError,
		Summary:  "The floor provider does nothing",
		Detail:   "The floor provider measures Terraform's own cost and cannot " + what + ". Use the real provider for that.",
	}}
}
