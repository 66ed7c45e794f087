package framework

import (
	"context"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
)

type wholeModel struct {
	Text     types.String   `tfsdk:"text"`
	Yes      types.Bool     `tfsdk:"yes"`
	Roles    types.Map      `tfsdk:"roles"`
	IDs      types.Set      `tfsdk:"ids"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

func wholeSchema(ctx context.Context) schema.Schema {
	return schema.Schema{Attributes: map[string]schema.Attribute{
		"text":     schema.StringAttribute{Optional: true},
		"yes":      schema.BoolAttribute{Optional: true},
		"roles":    schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"ids":      schema.SetAttribute{Optional: true, ElementType: types.StringType},
		"timeouts": timeouts.Attributes(ctx, timeouts.Opts{Create: true, Read: true}),
	}}
}

// samples are states with everything set, nothing set, and nothing known.
func samples(t *testing.T) map[string]tfsdk.State {
	t.Helper()
	s := wholeSchema(t.Context())
	typ, _ := s.Type().TerraformType(t.Context()).(tftypes.Object)
	str := func(v any) tftypes.Value { return tftypes.NewValue(tftypes.String, v) }
	times := typ.AttributeTypes["timeouts"]
	whole := map[string]tftypes.Value{
		"text":     str("a text"),
		"yes":      tftypes.NewValue(tftypes.Bool, true),
		"roles":    tftypes.NewValue(typ.AttributeTypes["roles"], map[string]tftypes.Value{"a": str("owner"), "b": str(tftypes.UnknownValue), "c": str(nil)}),
		"ids":      tftypes.NewValue(typ.AttributeTypes["ids"], []tftypes.Value{str("x"), str("y")}),
		"timeouts": tftypes.NewValue(times, map[string]tftypes.Value{"create": str("2m"), "read": str(nil)}),
	}
	out := map[string]tfsdk.State{"whole": {Schema: s, Raw: tftypes.NewValue(typ, whole)}}
	for name, v := range map[string]any{"null": nil, "unknown": tftypes.UnknownValue} {
		attributes := map[string]tftypes.Value{}
		for attribute, t := range typ.AttributeTypes {
			attributes[attribute] = tftypes.NewValue(t, v)
		}
		out[name] = tfsdk.State{Schema: s, Raw: tftypes.NewValue(typ, attributes)}
	}
	return out
}

// Models are read and written as the framework itself reads and writes them.
func TestModelsAsTheFrameworkDoes(t *testing.T) {
	for name, state := range samples(t) {
		t.Run(name, func(t *testing.T) {
			var mine, theirs wholeModel
			s := shapeOf(t.Context(), reflect.TypeOf(mine), state.Schema.Type)
			if s == nil || !s.read(t.Context(), state.Raw, &mine) {
				t.Fatal("the model does not fit its schema")
			}
			noErrors(t, state.Get(t.Context(), &theirs))
			if !equal(mine, theirs) {
				t.Errorf("read %+v and not %+v", mine, theirs)
			}
			v, ok := s.write(t.Context(), mine)
			if !ok {
				t.Fatal("the model was not written")
			}
			to := tfsdk.State{Schema: state.Schema}
			noErrors(t, to.Set(t.Context(), theirs))
			if !v.Equal(to.Raw) || !v.Equal(state.Raw) {
				t.Errorf("wrote %s and not %s", v, to.Raw)
			}

			var again wholeModel
			noErrors(t, get(t.Context(), state, &again))
			to.Raw = tftypes.Value{}
			noErrors(t, set(t.Context(), &to, &again))
			if !equal(again, theirs) || !to.Raw.Equal(state.Raw) {
				t.Errorf("read and written: %+v, %s", again, to.Raw)
			}
		})
	}
}

// A map that is carried past the framework is read and written by its ticket.
func TestModelsWithTickets(t *testing.T) {
	ctx, _ := bulk.Attributes{"whole": {"roles"}}.Open(t.Context(), "whole")
	state := samples(t)["whole"]
	var was, is wholeModel
	noErrors(t, get(ctx, state, &was))
	to := tfsdk.State{Schema: state.Schema}
	noErrors(t, set(ctx, &to, was))
	var attributes, entries map[string]tftypes.Value
	if err := to.Raw.As(&attributes); err != nil {
		t.Fatal(err)
	}
	if err := attributes["roles"].As(&entries); err != nil || len(entries) != 1 {
		t.Errorf("roles were written as %s (%v)", attributes["roles"], err)
	}
	noErrors(t, get(ctx, to, &is))
	if !equal(was, is) {
		t.Errorf("read %+v and not %+v", is, was)
	}
}

func equal(a, b wholeModel) bool {
	return cmp.Equal(a, b, cmp.Comparer(func(x, y attr.Value) bool { return x.Equal(y) }))
}

// What does not fit is left to the framework, and so are its errors.
func TestModelsThatDoNotFit(t *testing.T) {
	ctx := t.Context()
	state := samples(t)["whole"]
	type short struct {
		Text types.String `tfsdk:"text"`
	}
	type native struct {
		Text     *string        `tfsdk:"text"`
		Yes      types.Bool     `tfsdk:"yes"`
		Roles    types.Map      `tfsdk:"roles"`
		IDs      types.Set      `tfsdk:"ids"`
		Timeouts timeouts.Value `tfsdk:"timeouts"`
	}
	if diags := get(ctx, state, new(short)); !diags.HasError() {
		t.Error("a model without a field for each attribute was read")
	}
	if diags := set(ctx, &tfsdk.State{Schema: state.Schema}, new(short)); !diags.HasError() {
		t.Error("a model without a field for each attribute was written")
	}
	var n native
	noErrors(t, get(ctx, state, &n))
	if n.Text == nil || *n.Text != "a text" {
		t.Errorf("read %v", n.Text)
	}
	none := tfsdk.State{Schema: state.Schema, Raw: tftypes.NewValue(state.Raw.Type(), nil)}
	if diags := get(ctx, none, new(wholeModel)); !diags.HasError() {
		t.Error("a null state was read")
	}
	other := tfsdk.State{Schema: state.Schema, Raw: tftypes.NewValue(tftypes.Object{}, map[string]tftypes.Value{})}
	if diags := get(ctx, other, new(wholeModel)); !diags.HasError() {
		t.Error("a state of another type was read")
	}
	// A model that was never read has fields without a type: the framework's to judge.
	to := tfsdk.State{Schema: state.Schema}
	mine, theirs := set(ctx, &to, new(wholeModel)), to.Set(ctx, new(wholeModel))
	if mine.HasError() != theirs.HasError() {
		t.Errorf("said %v and not %v", mine, theirs)
	}
}

func TestIdentityAsTheFrameworkDoes(t *testing.T) {
	type identity struct {
		Workspace types.String `tfsdk:"workspace_id"`
		User      types.String `tfsdk:"user_id"`
	}
	s := identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"workspace_id": identityschema.StringAttribute{RequiredForImport: true},
		"user_id":      identityschema.StringAttribute{RequiredForImport: true},
	}}
	model := identity{Workspace: types.StringValue("1"), User: types.StringValue("2")}
	mine, theirs := &tfsdk.ResourceIdentity{Schema: s}, &tfsdk.ResourceIdentity{Schema: s}
	var diags diag.Diagnostics
	setIdentity(t.Context(), mine, model, &diags)
	noErrors(t, diags)
	noErrors(t, theirs.Set(t.Context(), model))
	if !mine.Raw.Equal(theirs.Raw) {
		t.Errorf("wrote %s and not %s", mine.Raw, theirs.Raw)
	}
	setIdentity(t.Context(), nil, model, &diags) // a Terraform that knows no identities
}

func noErrors(t *testing.T, diags diag.Diagnostics) {
	t.Helper()
	if diags.HasError() {
		t.Fatal(diags)
	}
}
