package protocol

import (
	"context"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tally is an Activity that counts.
type tally struct {
	mu                            sync.Mutex
	begun, ended                  int
	applying, configured, atATime int
	validated, planned, resumed   int
}

func (a *tally) Begin() func() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun++
	a.atATime = max(a.atATime, a.begun-a.ended)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.ended++
	}
}

func (a *tally) Applying() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.applying++
}

func (a *tally) Validated() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.validated++
}

func (a *tally) Planned() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.planned++
}

func (a *tally) Resumed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resumed++
}

func (a *tally) Configured(bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.configured++
}

func (a *tally) counts() (begun, ended int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.begun, a.ended
}

// fake is a server that remembers what it was asked.
type fake struct {
	err    error
	before func(ctx context.Context, rpc string)

	// stream is called before each result of a stream.
	stream func(ctx context.Context)

	mu sync.Mutex
	// forgot counts how often it was told to forget the contexts that it has.
	forgot int
	rpc    string
	ctx    context.Context
	req    any
	// resp is what it answered.
	resp any
}

func record[Req, Resp any](ctx context.Context, f *fake, rpc string, resp *Resp, req Req) (*Resp, error) {
	if f.before != nil {
		f.before(ctx, rpc)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rpc, f.ctx, f.req, f.resp = rpc, ctx, req, resp
	if f.err != nil {
		return nil, f.err
	}
	return resp, nil
}

var _ Server = (*fake)(nil)

func (f *fake) GetMetadata(ctx context.Context, r *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return record(ctx, f, "GetMetadata", &tfprotov6.GetMetadataResponse{}, r)
}

func (f *fake) GetProviderSchema(ctx context.Context, r *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return record(ctx, f, "GetProviderSchema", &tfprotov6.GetProviderSchemaResponse{}, r)
}

func (f *fake) GetResourceIdentitySchemas(ctx context.Context, r *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return record(ctx, f, "GetResourceIdentitySchemas", &tfprotov6.GetResourceIdentitySchemasResponse{}, r)
}

func (f *fake) ValidateProviderConfig(ctx context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return record(ctx, f, "ValidateProviderConfig", &tfprotov6.ValidateProviderConfigResponse{}, r)
}

func (f *fake) ConfigureProvider(ctx context.Context, r *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return record(ctx, f, "ConfigureProvider", &tfprotov6.ConfigureProviderResponse{}, r)
}

func (f *fake) StopProvider(ctx context.Context, r *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	if s, ok := ctx.(*scope); ok && s.parent.Load() == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forgot++
		return &tfprotov6.StopProviderResponse{}, nil
	}
	return record(ctx, f, "StopProvider", &tfprotov6.StopProviderResponse{}, r)
}

func (f *fake) ValidateResourceConfig(ctx context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return record(ctx, f, "ValidateResourceConfig", &tfprotov6.ValidateResourceConfigResponse{}, r)
}

func (f *fake) UpgradeResourceState(ctx context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return record(ctx, f, "UpgradeResourceState", &tfprotov6.UpgradeResourceStateResponse{}, r)
}

func (f *fake) ReadResource(ctx context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return record(ctx, f, "ReadResource", &tfprotov6.ReadResourceResponse{}, r)
}

func (f *fake) PlanResourceChange(ctx context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return record(ctx, f, "PlanResourceChange", &tfprotov6.PlanResourceChangeResponse{}, r)
}

func (f *fake) ApplyResourceChange(ctx context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return record(ctx, f, "ApplyResourceChange", &tfprotov6.ApplyResourceChangeResponse{}, r)
}

func (f *fake) ImportResourceState(ctx context.Context, r *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return record(ctx, f, "ImportResourceState", &tfprotov6.ImportResourceStateResponse{}, r)
}

func (f *fake) MoveResourceState(ctx context.Context, r *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return record(ctx, f, "MoveResourceState", &tfprotov6.MoveResourceStateResponse{}, r)
}

func (f *fake) UpgradeResourceIdentity(ctx context.Context, r *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return record(ctx, f, "UpgradeResourceIdentity", &tfprotov6.UpgradeResourceIdentityResponse{}, r)
}

func (f *fake) GenerateResourceConfig(ctx context.Context, r *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return record(ctx, f, "GenerateResourceConfig", &tfprotov6.GenerateResourceConfigResponse{}, r)
}

func (f *fake) ValidateDataResourceConfig(ctx context.Context, r *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return record(ctx, f, "ValidateDataResourceConfig", &tfprotov6.ValidateDataResourceConfigResponse{}, r)
}

func (f *fake) ReadDataSource(ctx context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return record(ctx, f, "ReadDataSource", &tfprotov6.ReadDataSourceResponse{}, r)
}

func (f *fake) CallFunction(ctx context.Context, r *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return record(ctx, f, "CallFunction", &tfprotov6.CallFunctionResponse{}, r)
}

func (f *fake) GetFunctions(ctx context.Context, r *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return record(ctx, f, "GetFunctions", &tfprotov6.GetFunctionsResponse{}, r)
}

func (f *fake) ValidateEphemeralResourceConfig(ctx context.Context, r *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return record(ctx, f, "ValidateEphemeralResourceConfig", &tfprotov6.ValidateEphemeralResourceConfigResponse{}, r)
}

func (f *fake) OpenEphemeralResource(ctx context.Context, r *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return record(ctx, f, "OpenEphemeralResource", &tfprotov6.OpenEphemeralResourceResponse{}, r)
}

func (f *fake) RenewEphemeralResource(ctx context.Context, r *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return record(ctx, f, "RenewEphemeralResource", &tfprotov6.RenewEphemeralResourceResponse{}, r)
}

func (f *fake) CloseEphemeralResource(ctx context.Context, r *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return record(ctx, f, "CloseEphemeralResource", &tfprotov6.CloseEphemeralResourceResponse{}, r)
}

func (f *fake) ValidateListResourceConfig(ctx context.Context, r *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	return record(ctx, f, "ValidateListResourceConfig", &tfprotov6.ValidateListResourceConfigResponse{}, r)
}

func (f *fake) ListResource(ctx context.Context, r *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	return record(ctx, f, "ListResource", &tfprotov6.ListResourceServerStream{Results: f.results}, r)
}

// results gives three results, as long as its request is not over.
func (f *fake) results(yield func(tfprotov6.ListResourceResult) bool) {
	for range 3 {
		if f.stream != nil {
			f.stream(f.ctx)
		}
		if !yield(tfprotov6.ListResourceResult{}) {
			return
		}
	}
}
