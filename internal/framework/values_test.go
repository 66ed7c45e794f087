package framework

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
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

func (m *wholeModel) fields() []field {
	return []field{{"text", &m.Text}, {"yes", &m.Yes}, {"roles", &m.Roles}, {"ids", &m.IDs}, {"timeouts", &m.Timeouts}}
}

// samples are states with everything set, nothing set, and nothing known.
func samples(t *testing.T) map[string]tfsdk.State {
	t.Helper()
	s := schema.Schema{Attributes: map[string]schema.Attribute{
		"text":     schema.StringAttribute{Optional: true},
		"yes":      schema.BoolAttribute{Optional: true},
		"roles":    schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"ids":      schema.SetAttribute{Optional: true, ElementType: types.StringType},
		"timeouts": timeoutsAttribute(t.Context()),
	}}
	typ, _ := s.Type().TerraformType(t.Context()).(tftypes.Object)
	str := func(v any) tftypes.Value { return tftypes.NewValue(tftypes.String, v) }
	times := typ.AttributeTypes["timeouts"]
	whole := map[string]tftypes.Value{
		"text":     str("a text"),
		"yes":      tftypes.NewValue(tftypes.Bool, true),
		"roles":    tftypes.NewValue(typ.AttributeTypes["roles"], map[string]tftypes.Value{"a": str("owner"), "b": str(tftypes.UnknownValue), "c": str(nil)}),
		"ids":      tftypes.NewValue(typ.AttributeTypes["ids"], []tftypes.Value{str("x"), str(tftypes.UnknownValue), str(nil)}),
		"timeouts": tftypes.NewValue(times, map[string]tftypes.Value{"create": str("2m"), "read": str(nil), "update": str(tftypes.UnknownValue), "delete": str(nil)}),
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

// Values are read and written as the framework itself reads and writes them.
func TestValuesAsTheFrameworkDoes(t *testing.T) {
	for name, state := range samples(t) {
		t.Run(name, func(t *testing.T) {
			var mine, theirs wholeModel
			noErrors(t, read(t.Context(), state, mine.fields()))
			noErrors(t, state.Get(t.Context(), &theirs))
			if !equal(mine, theirs) {
				t.Errorf("read %+v and not %+v", mine, theirs)
			}
			for _, raw := range []tftypes.Value{{}, tftypes.NewValue(state.Raw.Type(), nil)} {
				to := tfsdk.State{Schema: state.Schema, Raw: raw}
				noErrors(t, write(t.Context(), &to.Raw, to.Schema, mine.fields()))
				if !to.Raw.Equal(state.Raw) {
					t.Errorf("wrote %s and not %s", to.Raw, state.Raw)
				}
			}
		})
	}
}

// A map or a set that is carried past the framework is read and written by its
// ticket.
func TestValuesWithTickets(t *testing.T) {
	state := samples(t)["whole"]
	ctx, _ := bulk.LayoutOf(state.Raw.Type()).Open(t.Context())
	var was, is wholeModel
	noErrors(t, read(ctx, state, was.fields()))
	to := tfsdk.State{Schema: state.Schema}
	noErrors(t, write(ctx, &to.Raw, to.Schema, was.fields()))
	var attributes, entries map[string]tftypes.Value
	if err := to.Raw.As(&attributes); err != nil {
		t.Fatal(err)
	}
	if err := attributes["roles"].As(&entries); err != nil || len(entries) != 1 {
		t.Errorf("roles were written as %s (%v)", attributes["roles"], err)
	}
	var elements []tftypes.Value
	if err := attributes["ids"].As(&elements); err != nil || len(elements) != 1 {
		t.Errorf("ids were written as %s (%v)", attributes["ids"], err)
	}
	noErrors(t, read(ctx, to, is.fields()))
	if !equal(was, is) {
		t.Errorf("read %+v and not %+v", is, was)
	}
}

func equal(a, b wholeModel) bool {
	return cmp.Equal(a, b, cmp.Comparer(func(x, y attr.Value) bool { return x.Equal(y) }))
}

// What does not fit the schema is an error that says what.
func TestValuesThatDoNotFit(t *testing.T) {
	ctx := t.Context()
	state := samples(t)["whole"]
	fails := func(diags diag.Diagnostics, what string) {
		t.Helper()
		if !diags.HasError() {
			t.Errorf("%s: no error", what)
		}
	}
	var m wholeModel
	fails(read(ctx, tfsdk.State{Schema: state.Schema, Raw: tftypes.NewValue(state.Raw.Type(), nil)}, m.fields()), "a null state")
	fails(read(ctx, tfsdk.State{Schema: state.Schema, Raw: tftypes.NewValue(state.Raw.Type(), tftypes.UnknownValue)}, m.fields()), "an unknown state")
	fails(read(ctx, tfsdk.State{Raw: tftypes.NewValue(tftypes.Object{}, map[string]tftypes.Value{})}, m.fields()), "a state of another type")
	fails(read(ctx, state, []field{{"yes", &m.Text}}), "a field of another type")
	fails(read(ctx, state, []field{{"text", new(int)}}), "a field of no type")
	noErrors(t, read(ctx, state, m.fields()))
	to := tfsdk.State{Schema: state.Schema}
	fails(write(ctx, &to.Raw, to.Schema, m.fields()[1:]), "an attribute that is left out")
	fails(write(ctx, &to.Raw, to.Schema, append(m.fields(), field{"more", &m.Text})), "an attribute too many")
	fails(write(ctx, &to.Raw, to.Schema, append(m.fields()[1:], field{"text", &m.Yes})), "an attribute of another type")
}

func noErrors(t *testing.T, diags diag.Diagnostics) {
	t.Helper()
	if diags.HasError() {
		t.Fatal(diags)
	}
}
