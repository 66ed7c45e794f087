package protocol

import (
	"context"
	"iter"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
)

// GetMetadata forwards the request.
func (s *server) GetMetadata(ctx context.Context, req *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return forward(ctx, s, s.inner.GetMetadata, req)
}

// GetProviderSchema forwards the request, and notes what is carried by the answer.
func (s *server) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := forward(ctx, s, s.inner.GetProviderSchema, req)
	if err == nil {
		s.known.Store(layoutsOf(resp))
	}
	return resp, err
}

// GetResourceIdentitySchemas forwards the request.
func (s *server) GetResourceIdentitySchemas(ctx context.Context, req *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return forward(ctx, s, s.inner.GetResourceIdentitySchemas, req)
}

// ValidateProviderConfig forwards the request without what is carried.
func (s *server) ValidateProviderConfig(ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return forward(ctx, s, carried(s, ofProvider, s.inner.ValidateProviderConfig,
		func(hold *bulk.Hold, r *tfprotov6.ValidateProviderConfigRequest) { r.Config = hold.Stow(r.Config) },
		func(r *tfprotov6.ValidateProviderConfigResponse) **tfprotov6.DynamicValue { return &r.PreparedConfig }), req)
}

// ConfigureProvider begins a new walk, and forwards the request without what is
// carried.
func (s *server) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	configure := carried(s, ofProvider, s.inner.ConfigureProvider,
		func(hold *bulk.Hold, r *tfprotov6.ConfigureProviderRequest) { r.Config = hold.Stow(r.Config) }, nil)
	return forward(ctx, s, func(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
		s.configured(req.Config)
		s.activity.Configured(plansTwice(req.TerraformVersion))
		return configure(ctx, req)
	}, req)
}

// StopProvider cancels what runs, and then lets the inner server do the same.
func (s *server) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	s.stop()
	return forward(ctx, s, s.inner.StopProvider, req)
}

// ValidateResourceConfig notes the request, and forwards it without what is
// carried.
func (s *server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	s.activity.Validated()
	s.history.Validated()
	return forward(ctx, s, carried(s, ofResource(req.TypeName), s.inner.ValidateResourceConfig,
		func(hold *bulk.Hold, r *tfprotov6.ValidateResourceConfigRequest) { r.Config = hold.Stow(r.Config) }, nil), req)
}

// UpgradeResourceState forwards the request without what is carried.
func (s *server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return forward(ctx, s, carried(s, ofResource(req.TypeName), s.inner.UpgradeResourceState,
		func(hold *bulk.Hold, r *tfprotov6.UpgradeResourceStateRequest) {
			r.RawState = hold.StowState(r.RawState)
		},
		func(r *tfprotov6.UpgradeResourceStateResponse) **tfprotov6.DynamicValue { return &r.UpgradedState }), req)
}

// ReadResource forwards the request without what is carried.
func (s *server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return forward(ctx, s, carried(s, ofResource(req.TypeName), s.inner.ReadResource,
		func(hold *bulk.Hold, r *tfprotov6.ReadResourceRequest) { r.CurrentState = hold.Stow(r.CurrentState) },
		func(r *tfprotov6.ReadResourceResponse) **tfprotov6.DynamicValue { return &r.NewState }), req)
}

// PlanResourceChange notes the request, and forwards it without what is carried.
func (s *server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	s.activity.Planned()
	creation := s.creation(req.TypeName, req.PriorState, req.Config)
	resumed := s.history.Applies(creation)
	if resumed {
		s.activity.Resumed()
	}
	plan := carried(s, ofResource(req.TypeName), s.inner.PlanResourceChange,
		func(hold *bulk.Hold, r *tfprotov6.PlanResourceChangeRequest) {
			r.PriorState, r.ProposedNewState, r.Config = hold.Stow(r.PriorState), hold.Stow(r.ProposedNewState), hold.Stow(r.Config)
		},
		func(r *tfprotov6.PlanResourceChangeResponse) **tfprotov6.DynamicValue { return &r.PlannedState })
	return forwardUnlessStopped(ctx, s, func(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
		resp, err := plan(ctx, req)
		if err == nil && !resumed && passed(resp.Diagnostics) {
			s.history.Planned(creation)
		}
		return resp, err
	}, req)
}

// ApplyResourceChange tells that this process applies, and forwards the request
// without what is carried.
func (s *server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	apply := carried(s, ofResource(req.TypeName), s.inner.ApplyResourceChange,
		func(hold *bulk.Hold, r *tfprotov6.ApplyResourceChangeRequest) {
			r.PriorState, r.PlannedState, r.Config = hold.Stow(r.PriorState), hold.Stow(r.PlannedState), hold.Stow(r.Config)
		},
		func(r *tfprotov6.ApplyResourceChangeResponse) **tfprotov6.DynamicValue { return &r.NewState })
	return forwardUnlessStopped(ctx, s, func(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
		s.activity.Applying()
		resp, err := apply(ctx, req)
		if err == nil && passed(resp.Diagnostics) {
			s.history.Applied(s.creation(req.TypeName, req.PriorState, req.Config))
		}
		return resp, err
	}, req)
}

// passed tells whether a request ended without an error.
func passed(diags []*tfprotov6.Diagnostic) bool {
	return !slices.ContainsFunc(diags, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
}

// ImportResourceState forwards the request. Nothing is carried: what is imported
// is named by ids, and the Read that follows fills in the rest.
func (s *server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return forward(ctx, s, s.inner.ImportResourceState, req)
}

// MoveResourceState forwards the request. Nothing is carried: no resource here
// takes over the state of another type, and what a state of another provider
// holds is not known.
func (s *server) MoveResourceState(ctx context.Context, req *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return forward(ctx, s, s.inner.MoveResourceState, req)
}

// UpgradeResourceIdentity forwards the request.
func (s *server) UpgradeResourceIdentity(ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return forward(ctx, s, s.inner.UpgradeResourceIdentity, req)
}

// GenerateResourceConfig forwards the request without what is carried.
func (s *server) GenerateResourceConfig(ctx context.Context, req *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return forward(ctx, s, carried(s, ofResource(req.TypeName), s.inner.GenerateResourceConfig,
		func(hold *bulk.Hold, r *tfprotov6.GenerateResourceConfigRequest) { r.State = hold.Stow(r.State) },
		func(r *tfprotov6.GenerateResourceConfigResponse) **tfprotov6.DynamicValue { return &r.Config }), req)
}

// ValidateDataResourceConfig forwards the request without what is carried.
func (s *server) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return forward(ctx, s, carried(s, ofDataSource(req.TypeName), s.inner.ValidateDataResourceConfig,
		func(hold *bulk.Hold, r *tfprotov6.ValidateDataResourceConfigRequest) { r.Config = hold.Stow(r.Config) }, nil), req)
}

// ReadDataSource forwards the request without what is carried.
func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return forward(ctx, s, carried(s, ofDataSource(req.TypeName), s.inner.ReadDataSource,
		func(hold *bulk.Hold, r *tfprotov6.ReadDataSourceRequest) { r.Config = hold.Stow(r.Config) },
		func(r *tfprotov6.ReadDataSourceResponse) **tfprotov6.DynamicValue { return &r.State }), req)
}

// CallFunction forwards the request.
func (s *server) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return forward(ctx, s, s.inner.CallFunction, req)
}

// GetFunctions forwards the request.
func (s *server) GetFunctions(ctx context.Context, req *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return forward(ctx, s, s.inner.GetFunctions, req)
}

// ValidateEphemeralResourceConfig forwards the request.
func (s *server) ValidateEphemeralResourceConfig(ctx context.Context, req *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return forward(ctx, s, s.inner.ValidateEphemeralResourceConfig, req)
}

// OpenEphemeralResource forwards the request.
func (s *server) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return forward(ctx, s, s.inner.OpenEphemeralResource, req)
}

// RenewEphemeralResource forwards the request.
func (s *server) RenewEphemeralResource(ctx context.Context, req *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return forward(ctx, s, s.inner.RenewEphemeralResource, req)
}

// CloseEphemeralResource forwards the request.
func (s *server) CloseEphemeralResource(ctx context.Context, req *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return forward(ctx, s, s.inner.CloseEphemeralResource, req)
}

// ValidateListResourceConfig forwards the request.
func (s *server) ValidateListResourceConfig(ctx context.Context, req *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	return forward(ctx, s, s.inner.ValidateListResourceConfig, req)
}

// ListResource forwards the request, which lasts until its results have been read, or
// until nobody can read them any more. What is carried is put back into each result,
// and let go of.
func (s *server) ListResource(ctx context.Context, req *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	scope, end := s.begin(ctx)
	answered := false
	defer func() {
		if !answered {
			end()
		}
	}()
	ctx, hold := s.layouts(scope).resources[req.TypeName].Open(scope)
	resp, err := s.inner.ListResource(ctx, req)
	if err != nil || resp == nil || resp.Results == nil {
		return resp, err
	}
	if hold != nil {
		resp.Results = unloaded(resp.Results, hold)
	}
	answered = true
	resp.Results = lasting(scope, resp.Results, end)
	return resp, nil
}

// unloaded puts what is carried back into the results.
func unloaded(results iter.Seq[tfprotov6.ListResourceResult], hold *bulk.Hold) iter.Seq[tfprotov6.ListResourceResult] {
	return func(yield func(tfprotov6.ListResourceResult) bool) {
		for result := range results {
			var err error
			if result.Resource, err = hold.Unload(result.Resource); err != nil {
				result.Resource = nil
				result.Diagnostics = append(result.Diagnostics, &tfprotov6.Diagnostic{
					Severity: tfprotov6.DiagnosticSeverityError, Summary: "A result cannot be written",
					Detail: "The provider could not " + err.Error() + ". This is a fault of the provider: please report it.",
				})
			}
			hold.Empty()
			if !yield(result) {
				return
			}
		}
	}
}
