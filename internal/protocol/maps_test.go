package protocol

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
)

// What inner is asked about has tickets for its maps; what Terraform gets has the maps.
func TestMapsAreCarried(t *testing.T) {
	people := tftypes.Map{ElementType: tftypes.String}
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"users": people}}
	value := func(n int) *tfprotov6.DynamicValue {
		entries := map[string]tftypes.Value{}
		for i := range n {
			entries[fmt.Sprint(i)] = tftypes.NewValue(tftypes.String, "owner")
		}
		d, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, map[string]tftypes.Value{"users": tftypes.NewValue(people, entries)}))
		if err != nil {
			t.Fatal(err)
		}
		return &d
	}
	whole, other := value(1000), value(999)
	seen := 0
	echo := &fakeMaps{fake: &fake{}, see: func(ds ...*tfprotov6.DynamicValue) {
		for _, d := range ds {
			seen++
			if d == nil || len(d.MsgPack) > 200 {
				t.Error("the framework got the maps")
			}
		}
	}}
	count := &tally{}
	s := New(echo, count, bulk.Attributes{"whole": {"users"}})
	check := func(rpc string, err error, got *tfprotov6.DynamicValue) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", rpc, err)
		}
		is, errIs := got.Unmarshal(typ)
		was, errWas := whole.Unmarshal(typ)
		if errIs != nil || errWas != nil || !is.Equal(was) {
			t.Errorf("%s answered something else: %v, %v", rpc, errIs, errWas)
		}
	}
	ctx := t.Context()
	if _, err := s.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: "whole", Config: whole}); err != nil {
		t.Error(err)
	}
	read, err := s.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: "whole", CurrentState: whole})
	check("read", err, read.NewState)
	plan, err := s.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: "whole", PriorState: other, ProposedNewState: whole, Config: other})
	check("plan", err, plan.PlannedState)
	apply, err := s.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: "whole", PriorState: other, PlannedState: whole, Config: other})
	check("apply", err, apply.NewState)
	if seen != 8 || count.validated != 1 || count.planned != 1 || count.applying != 1 {
		t.Errorf("%d values were seen, and noted %+v", seen, count)
	}

	req := &tfprotov6.ReadResourceRequest{TypeName: "another", CurrentState: whole}
	echo.see = func(ds ...*tfprotov6.DynamicValue) {
		if ds[0] != whole {
			t.Error("a resource of another type was changed on its way")
		}
	}
	read, err = s.ReadResource(ctx, req)
	check("another", err, read.NewState)
}

// fakeMaps answers with what it was given.
type fakeMaps struct {
	*fake
	see func(...*tfprotov6.DynamicValue)
}

func (f *fakeMaps) ValidateResourceConfig(_ context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	f.see(r.Config)
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (f *fakeMaps) ReadResource(_ context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	f.see(r.CurrentState)
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState}, nil
}

func (f *fakeMaps) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	f.see(r.PriorState, r.ProposedNewState, r.Config)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: r.ProposedNewState}, nil
}

func (f *fakeMaps) ApplyResourceChange(_ context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	f.see(r.PriorState, r.PlannedState, r.Config)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: r.PlannedState}, nil
}
