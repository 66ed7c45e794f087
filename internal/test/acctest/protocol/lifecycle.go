package protocol

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Instance is one resource instance as a state holds it. A nil State is none.
type Instance struct {
	Type            string
	State, Identity Object
	Private         []byte
}

// Change is one planned change of an instance.
type Change struct {
	Prior  Instance
	Config Object // nil for a removal
	// Planned is what the provider planned; nil for a removal.
	Planned  Object
	Private  []byte
	Identity *tfprotov6.ResourceIdentityData
	// Replace is true where the provider wants a new instance.
	Replace bool
}

// Refresh reads what an instance is by now.
func (p *Provider) Refresh(ctx context.Context, i Instance) (Instance, Diagnostics, error) {
	typ := p.schemas.ResourceSchemas[i.Type].ValueType()
	resp, err := p.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: i.Type, CurrentState: p.encode(typ, i.State), CurrentIdentity: p.identity(i), Private: i.Private,
	})
	if err != nil {
		return i, nil, err
	}
	out := Instance{Type: i.Type, State: p.object(typ, resp.NewState), Private: resp.Private}
	out.Identity = p.identityOf(i.Type, resp.NewIdentity)
	return out, resp.Diagnostics, nil
}

// PlanChange plans from what an instance is to a configuration; nil for none.
func (p *Provider) PlanChange(ctx context.Context, prior Instance, config Object) (Change, Diagnostics, error) {
	schema := p.schemas.ResourceSchemas[prior.Type]
	typ := schema.ValueType()
	c := Change{Prior: prior, Config: config}
	req := &tfprotov6.PlanResourceChangeRequest{TypeName: prior.Type, PriorPrivate: prior.Private, PriorIdentity: p.identity(prior)}
	req.PriorState = p.nullable(prior.Type, prior.State)
	req.Config, req.ProposedNewState = p.nullable(prior.Type, config), p.nullable(prior.Type, nil)
	if config != nil {
		// What the configuration leaves to the provider is proposed as it was.
		proposed := maps.Clone(config)
		for _, a := range schema.Block.Attributes {
			if proposed[a.Name] == nil && a.Computed && prior.State != nil {
				proposed[a.Name] = prior.State[a.Name]
			}
		}
		req.ProposedNewState = p.encode(typ, proposed)
	}
	resp, err := p.server.PlanResourceChange(ctx, req)
	if err != nil {
		return c, nil, err
	}
	c.Planned, c.Private, c.Identity, c.Replace = p.object(typ, resp.PlannedState), resp.PlannedPrivate, resp.PlannedIdentity, len(resp.RequiresReplace) > 0
	return c, resp.Diagnostics, nil
}

// Apply makes a planned change and gives what the state has to hold then.
func (p *Provider) Apply(ctx context.Context, c Change) (Instance, Diagnostics, error) {
	resp, err := p.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: c.Prior.Type, PriorState: p.nullable(c.Prior.Type, c.Prior.State), PlannedState: p.nullable(c.Prior.Type, c.Planned),
		Config: p.nullable(c.Prior.Type, c.Config), PlannedPrivate: c.Private, PlannedIdentity: c.Identity,
	})
	if err != nil {
		return c.Prior, nil, err
	}
	out := Instance{Type: c.Prior.Type, State: p.object(p.schemas.ResourceSchemas[c.Prior.Type].ValueType(), resp.NewState), Private: resp.Private}
	out.Identity = p.identityOf(c.Prior.Type, resp.NewIdentity)
	return out, resp.Diagnostics, nil
}

// Validate checks the configuration of a resource.
func (p *Provider) Validate(name string, config Object) (Diagnostics, error) {
	resp, err := p.server.ValidateResourceConfig(p.t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: p.nullable(name, config)})
	if err != nil {
		return nil, err
	}
	return resp.Diagnostics, nil
}

// ValidateProvider checks a provider block.
func (p *Provider) ValidateProvider(config Object) (Diagnostics, error) {
	resp, err := p.server.ValidateProviderConfig(p.t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: p.encode(p.schemas.Provider.ValueType(), config)})
	if err != nil {
		return nil, err
	}
	return resp.Diagnostics, nil
}

// Stop cancels everything that runs, as Ctrl-C does.
func (p *Provider) Stop(ctx context.Context) error {
	_, err := p.server.StopProvider(ctx, &tfprotov6.StopProviderRequest{})
	return err
}

func (p *Provider) nullable(name string, o Object) *tfprotov6.DynamicValue {
	typ := p.schemas.ResourceSchemas[name].ValueType()
	if o == nil {
		return dynamic(p.t, typ, p.value(typ, nil))
	}
	return p.encode(typ, o)
}

func (p *Provider) identity(i Instance) *tfprotov6.ResourceIdentityData {
	if i.Identity == nil || p.identities[i.Type] == nil {
		return nil
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: p.encode(p.identities[i.Type].ValueType(), i.Identity)}
}

func (p *Provider) identityOf(name string, d *tfprotov6.ResourceIdentityData) Object {
	if d == nil || p.identities[name] == nil {
		return nil
	}
	return p.object(p.identities[name].ValueType(), d.IdentityData)
}
