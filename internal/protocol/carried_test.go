package protocol

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
)

// The schema of everything here: a map and a set at the top, and a set in a block.
var (
	people = tftypes.Map{ElementType: tftypes.String}
	ids    = tftypes.Set{ElementType: tftypes.String}
	block  = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"ignore": ids}}
	typ    = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"users": people, "ignore": ids, "block": block}}
	served = &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
		{Name: "users", Type: people},
		{Name: "ignore", Type: ids},
		{Name: "block", NestedType: &tfprotov6.SchemaObject{Nesting: tfprotov6.SchemaObjectNestingModeSingle, Attributes: []*tfprotov6.SchemaAttribute{{Name: "ignore", Type: ids}}}},
	}}}
)

// value has n entries in each map and set.
func value(t *testing.T, n int) *tfprotov6.DynamicValue {
	t.Helper()
	entries, elements := map[string]tftypes.Value{}, []tftypes.Value{}
	for i := range n {
		entries[fmt.Sprint(i)] = tftypes.NewValue(tftypes.String, "owner")
		elements = append(elements, tftypes.NewValue(tftypes.String, fmt.Sprintf("%05d", i)))
	}
	set := tftypes.NewValue(ids, elements)
	d, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, map[string]tftypes.Value{
		"users": tftypes.NewValue(people, entries), "ignore": set, "block": tftypes.NewValue(block, map[string]tftypes.Value{"ignore": set}),
	}))
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// What inner is asked about has tickets for maps and sets; what Terraform gets
// has the maps and sets.
func TestLargeValuesAreCarried(t *testing.T) {
	whole, other := value(t, 1000), value(t, 999)
	seen := 0
	type ticket struct {
		ctx   context.Context //nolint:containedctx // as the framework keeps it
		users types.Map
	}
	var kept []ticket
	echo := &echo{fake: &fake{}, see: func(ctx context.Context, ds ...*tfprotov6.DynamicValue) {
		for _, d := range ds {
			seen++
			if d == nil || len(d.MsgPack) > 400 {
				t.Error("the framework got everything")
				continue
			}
			v, err := d.Unmarshal(typ)
			if err != nil {
				t.Fatal(err)
			}
			var attributes map[string]tftypes.Value
			if err := v.As(&attributes); err != nil {
				t.Fatal(err)
			}
			users := mapOf(ctx, t, attributes["users"])
			kept = append(kept, ticket{ctx, users})
			if users := bulk.Unpack(ctx, users); len(users.Elements()) < 999 {
				t.Error("users has no ticket that can be read in the request")
			}
		}
	}}
	count := &tally{}
	s := New(echo, count, nil)
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
	generated, err := s.GenerateResourceConfig(ctx, &tfprotov6.GenerateResourceConfigRequest{TypeName: "whole", State: whole})
	check("generate", err, generated.Config)
	valid, err := s.ValidateProviderConfig(ctx, &tfprotov6.ValidateProviderConfigRequest{Config: whole})
	check("validate the provider block", err, valid.PreparedConfig)
	if _, err := s.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: whole}); err != nil {
		t.Error(err)
	}
	if _, err := s.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: "data", Config: whole}); err != nil {
		t.Error(err)
	}
	data, err := s.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: "data", Config: whole})
	check("read a data source", err, data.State)
	if seen != 13 || count.validated != 1 || count.planned != 1 || count.applying != 1 || count.begun != 9 || count.ended != 9 {
		t.Errorf("%d values were seen, and noted %+v", seen, count)
	}

	for i, k := range kept {
		if users := bulk.Unpack(k.ctx, k.users); len(users.Elements()) != 1 {
			t.Errorf("the context of request %d, which the framework keeps, keeps %d users", i, len(users.Elements()))
		}
	}

	// Of a type that the schemas do not know, nothing is.
	echo.see = func(_ context.Context, ds ...*tfprotov6.DynamicValue) {
		if ds[0] != whole {
			t.Error("a resource of another type was changed on its way")
		}
	}
	read, err = s.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: "another", CurrentState: whole})
	check("another", err, read.NewState)
	if echo.schemas != 1 {
		t.Errorf("the schemas were asked for %d times", echo.schemas)
	}
}

// Terraform asks for the schemas as a rule, and then nobody else does.
func TestSchemasAreNotAskedForTwice(t *testing.T) {
	echo := &echo{fake: &fake{}, see: func(context.Context, ...*tfprotov6.DynamicValue) {}}
	s := New(echo, &tally{}, nil)
	if _, err := s.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "whole", CurrentState: value(t, 3)}); err != nil || echo.schemas != 1 {
		t.Errorf("the schemas were asked for %d times, %v", echo.schemas, err)
	}
}

// What a list puts into one result is let go of before the next one.
func TestListedResourcesAreCarried(t *testing.T) {
	var tickets []types.Map
	inner := &listing{echo: &echo{fake: &fake{}}, results: func(ctx context.Context) iter.Seq[tfprotov6.ListResourceResult] {
		return func(yield func(tfprotov6.ListResourceResult) bool) {
			for n := range 3 {
				for _, before := range tickets {
					if !bulk.Unpack(ctx, before).Equal(before) {
						t.Error("what an earlier result held is still there")
					}
				}
				d, ticket := packed(ctx, t, 1000+n)
				tickets = append(tickets, ticket)
				if !yield(tfprotov6.ListResourceResult{Resource: d}) {
					return
				}
			}
		}
	}}
	stream, err := New(inner, &tally{}, nil).ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: "whole"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for result := range stream.Results {
		got, err := result.Resource.Unmarshal(typ)
		if err != nil {
			t.Fatal(err)
		}
		want, err := value(t, 1000+n).Unmarshal(typ)
		if err != nil || !got.Equal(want) {
			t.Errorf("result %d is something else (%v)", n, err)
		}
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d results", n)
	}
}

// packed is value, as a resource writes it: with tickets.
func packed(ctx context.Context, t *testing.T, n int) (d *tfprotov6.DynamicValue, ticket types.Map) {
	t.Helper()
	v, err := value(t, n).Unmarshal(typ)
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := v.As(&attributes); err != nil {
		t.Fatal(err)
	}
	ticket = bulk.Pack(ctx, "users", mapOf(ctx, t, attributes["users"]))
	if len(ticket.Elements()) != 1 {
		t.Fatal("nothing was packed")
	}
	if attributes["users"], err = ticket.ToTerraformValue(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, attributes))
	if err != nil {
		t.Fatal(err)
	}
	return &out, ticket
}

func mapOf(ctx context.Context, t *testing.T, raw tftypes.Value) types.Map {
	t.Helper()
	v, err := types.MapType{ElemType: types.StringType}.ValueFromTerraform(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	m, ok := v.(types.Map)
	if !ok {
		t.Fatalf("it is a %T", v)
	}
	return m
}

// echo answers with what it was given.
type echo struct {
	*fake
	see func(context.Context, ...*tfprotov6.DynamicValue)
	// schemas counts how often the schemas were asked for.
	schemas int
}

func (f *echo) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	f.schemas++
	return &tfprotov6.GetProviderSchemaResponse{
		Provider: served, ResourceSchemas: map[string]*tfprotov6.Schema{"whole": served}, DataSourceSchemas: map[string]*tfprotov6.Schema{"data": served},
	}, nil
}

func (f *echo) ValidateProviderConfig(ctx context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	f.see(ctx, r.Config)
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (f *echo) ConfigureProvider(ctx context.Context, r *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	f.see(ctx, r.Config)
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (f *echo) ValidateResourceConfig(ctx context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	f.see(ctx, r.Config)
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (f *echo) ReadResource(ctx context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	f.see(ctx, r.CurrentState)
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState}, nil
}

func (f *echo) PlanResourceChange(ctx context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	f.see(ctx, r.PriorState, r.ProposedNewState, r.Config)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: r.ProposedNewState}, nil
}

func (f *echo) ApplyResourceChange(ctx context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	f.see(ctx, r.PriorState, r.PlannedState, r.Config)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: r.PlannedState}, nil
}

func (f *echo) GenerateResourceConfig(ctx context.Context, r *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	f.see(ctx, r.State)
	return &tfprotov6.GenerateResourceConfigResponse{Config: r.State}, nil
}

func (f *echo) ValidateDataResourceConfig(ctx context.Context, r *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	f.see(ctx, r.Config)
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (f *echo) ReadDataSource(ctx context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	f.see(ctx, r.Config)
	return &tfprotov6.ReadDataSourceResponse{State: r.Config}, nil
}

// listing lists what it was given.
type listing struct {
	*echo
	results func(context.Context) iter.Seq[tfprotov6.ListResourceResult]
}

func (f *listing) ListResource(ctx context.Context, _ *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	return &tfprotov6.ListResourceServerStream{Results: f.results(ctx)}, nil
}
