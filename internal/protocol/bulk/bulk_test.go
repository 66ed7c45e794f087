package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	people = tftypes.Map{ElementType: tftypes.String}
	object = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"workspace_id": tftypes.String, "users": people, "labels": people, "texts": people, "count": tftypes.Number,
		"ignore": tftypes.Set{ElementType: tftypes.String},
	}}
	carried = Attributes{"whole": {"users", "texts"}}
)

func str(v any) tftypes.Value { return tftypes.NewValue(tftypes.String, v) }

// texts are strings of all lengths that are encoded differently, and null and unknown.
func texts() *rapid.Generator[tftypes.Value] {
	return rapid.Custom(func(t *rapid.T) tftypes.Value {
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			return str(nil)
		case 1:
			return str(tftypes.UnknownValue)
		case 2:
			return str(strings.Repeat("é", rapid.SampledFrom([]int{15, 16, 127, 128, 40_000}).Draw(t, "length")))
		}
		return str(rapid.String().Draw(t, "text"))
	})
}

func anyMap() *rapid.Generator[tftypes.Value] {
	return rapid.Custom(func(t *rapid.T) tftypes.Value {
		switch rapid.IntRange(0, 6).Draw(t, "what") {
		case 0:
			return tftypes.NewValue(people, nil)
		case 1:
			return tftypes.NewValue(people, tftypes.UnknownValue)
		}
		return tftypes.NewValue(people, rapid.MapOfN(rapid.String(), texts(), 0, rapid.SampledFrom([]int{1, 20}).Draw(t, "most")).Draw(t, "entries"))
	})
}

func objects() *rapid.Generator[tftypes.Value] {
	return rapid.Custom(func(t *rapid.T) tftypes.Value {
		return tftypes.NewValue(object, map[string]tftypes.Value{
			"workspace_id": texts().Draw(t, "workspace"),
			"users":        anyMap().Draw(t, "users"), "labels": anyMap().Draw(t, "labels"), "texts": anyMap().Draw(t, "texts"),
			"count":  tftypes.NewValue(tftypes.Number, rapid.Int64().Draw(t, "count")),
			"ignore": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{str("x")}),
		})
	})
}

type failer interface {
	Helper()
	Fatal(args ...any)
}

func encode(t failer, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	d, err := tfprotov6.NewDynamicValue(object, v)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

func decode(t failer, d *tfprotov6.DynamicValue) tftypes.Value {
	t.Helper()
	v, err := d.Unmarshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func attribute(t failer, v tftypes.Value, name string) tftypes.Value {
	t.Helper()
	var all map[string]tftypes.Value
	if err := v.As(&all); err != nil {
		t.Fatal(err)
	}
	return all[name]
}

// Whatever is in a value, it comes out as it went in; in between, a carried map
// that has entries has one.
func TestAValueComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was := objects().Draw(t, "value")
		ctx, h := carried.Open(context.Background(), "whole") //nolint:usetesting // rapid has no context
		stowed := h.Stow(encode(t, was))
		between := decode(t, stowed)
		for _, name := range []string{"users", "texts"} {
			from, to := attribute(t, was, name), attribute(t, between, name)
			var entries map[string]tftypes.Value
			if from.IsNull() || !from.IsKnown() || from.As(&entries) == nil && len(entries) == 0 {
				if !from.Equal(to) {
					t.Fatal(name, "was", from, "and is", to)
				}
				continue
			}
			m, ok := Unpack(ctx, to)
			if !ok {
				t.Fatal("there is no map for", to)
			}
			raw, err := m.ToTerraformValue(ctx)
			if err != nil || !raw.Equal(from) {
				t.Fatal("the map is", raw, "and not", from, err)
			}
			again, ok := Pack(ctx, name, m)
			if !ok || !again.Equal(to) {
				t.Fatal("the same map has two tickets:", again, to)
			}
		}
		if from, to := attribute(t, was, "labels"), attribute(t, between, "labels"); !from.Equal(to) {
			t.Fatal("a map that is not carried was", from, "and is", to)
		}
		out, err := h.Unload(stowed)
		if err != nil {
			t.Fatal(err)
		}
		if is := decode(t, out); !is.Equal(was) {
			t.Fatal("came back as", is)
		}
	})
}

// Two values are equal with tickets in them exactly if they are equal without.
func TestTicketsCompareAsTheirMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := objects().Draw(t, "one"), objects().Draw(t, "other")
		if rapid.Bool().Draw(t, "alike") {
			b = a.Copy()
		}
		_, h := carried.Open(context.Background(), "whole") //nolint:usetesting // rapid has no context
		x, y := decode(t, h.Stow(encode(t, a))), decode(t, h.Stow(encode(t, b)))
		if x.Equal(y) != a.Equal(b) {
			t.Fatal("equal before:", a.Equal(b), "and then:", x.Equal(y))
		}
	})
}

func TestAStoredStateComesBackAsItWas(t *testing.T) {
	stored := `{"workspace_id":"w-1","users":{"u-1":"owner","u-2":null,"<&>":"é\u0000"},"labels":{"u-1":"owner"},"texts":{},"count":12345678901234567890,"ignore":["x"],"gone":1.50}`
	ctx, h := carried.Open(t.Context(), "whole")
	stowed := h.StowState(&tfprotov6.RawState{JSON: []byte(stored)})
	var between map[string]json.RawMessage
	if err := json.Unmarshal(stowed.JSON, &between); err != nil {
		t.Fatal(err)
	}
	if string(between["count"]) != "12345678901234567890" || string(between["gone"]) != "1.50" || string(between["labels"]) != `{"u-1":"owner"}` {
		t.Errorf("what is not carried was changed: %s", stowed.JSON)
	}
	options := tfprotov6.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}}
	was, err := (&tfprotov6.RawState{JSON: []byte(stored)}).UnmarshalWithOpts(object, options)
	if err != nil {
		t.Fatal(err)
	}
	is, err := stowed.UnmarshalWithOpts(object, options)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := Unpack(ctx, attribute(t, is, "users")); !ok || len(m.Elements()) != 3 {
		t.Errorf("users are %v, %v", m, ok)
	}
	out, err := h.Unload(encode(t, is))
	if err != nil {
		t.Fatal(err)
	}
	if got := decode(t, out); !got.Equal(was) {
		t.Errorf("came back as %s and not %s", got, was)
	}
	for _, other := range []string{"", "null", "[]", "{", `{"users":5}`, `{"users":{"u-1":5}}`} {
		if got := h.StowState(&tfprotov6.RawState{JSON: []byte(other)}); other != "" && !strings.HasPrefix(string(got.JSON), other[:1]) {
			t.Errorf("%s became %s", other, got.JSON)
		}
	}
}

// Whoever looks like a ticket and is none is somebody's map.
func TestWhatIsNoTicket(t *testing.T) {
	ctx, h := carried.Open(t.Context(), "whole")
	forged := tftypes.NewValue(people, map[string]tftypes.Value{ticketPrefix + strings.Repeat("0", 64): str("")})
	for name, v := range map[string]tftypes.Value{
		"forged": forged, "null": tftypes.NewValue(people, nil), "unknown": tftypes.NewValue(people, tftypes.UnknownValue), "no map": str("x"),
		"empty": tftypes.NewValue(people, map[string]tftypes.Value{}), "nothing": {},
	} {
		if m, ok := Unpack(ctx, v); ok {
			t.Errorf("%s: got %v", name, m)
		}
	}
	all := map[string]tftypes.Value{}
	for name, typ := range object.AttributeTypes {
		all[name] = tftypes.NewValue(typ, nil)
	}
	all["users"] = forged
	was := tftypes.NewValue(object, all)
	out, err := h.Unload(encode(t, was))
	if err != nil {
		t.Fatal(err)
	}
	if got := decode(t, out); !got.Equal(was) {
		t.Errorf("%s became %s", was, got)
	}
}

func TestWhatIsNotCarried(t *testing.T) {
	ctx, h := carried.Open(t.Context(), "another")
	if h != nil {
		t.Fatal("a hold was opened for a type of which nothing is carried")
	}
	v := &tfprotov6.DynamicValue{MsgPack: []byte{0x80}}
	out, err := h.Unload(h.Stow(v))
	if out != v || err != nil {
		t.Errorf("%v, %v", out, err)
	}
	state := &tfprotov6.RawState{JSON: []byte("{}")}
	if h.StowState(state) != state {
		t.Error("a state was changed")
	}
	m := types.MapValueMust(types.StringType, map[string]attr.Value{"u-1": types.StringValue("owner")})
	if _, ok := Pack(ctx, "users", m); ok {
		t.Error("a map was packed without a hold")
	}
	ctx, _ = carried.Open(t.Context(), "whole")
	for name, m := range map[string]types.Map{
		"labels": m, "users": types.MapNull(types.StringType), "texts": types.MapUnknown(types.StringType),
	} {
		if _, ok := Pack(ctx, name, m); ok {
			t.Errorf("%s was packed: %v", name, m)
		}
	}
	numbers := types.MapValueMust(types.Int64Type, map[string]attr.Value{"n": types.Int64Value(1)})
	if _, ok := Pack(ctx, "users", numbers); ok {
		t.Error("a map of numbers was packed")
	}
}

// FuzzStow feeds what Terraform would never send.
func FuzzStow(f *testing.F) {
	for _, v := range []tftypes.Value{
		tftypes.NewValue(object, nil),
		tftypes.NewValue(object, map[string]tftypes.Value{
			"workspace_id": str("w"), "users": tftypes.NewValue(people, map[string]tftypes.Value{"u": str("owner"), "v": str(nil)}),
			"labels": tftypes.NewValue(people, nil), "texts": tftypes.NewValue(people, tftypes.UnknownValue),
			"count": tftypes.NewValue(tftypes.Number, 1), "ignore": tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, nil),
		}),
	} {
		f.Add(encode(f, v).MsgPack)
	}
	f.Add([]byte("\x81\xa5users\xdf\xff\xff\xff\xff\xa1u"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, h := carried.Open(t.Context(), "whole")
		stowed := h.Stow(&tfprotov6.DynamicValue{MsgPack: raw})
		out, err := h.Unload(stowed)
		was, errWas := (&tfprotov6.DynamicValue{MsgPack: raw}).Unmarshal(object)
		if errWas != nil {
			return // the framework says so
		}
		if err != nil {
			t.Fatal(err)
		}
		if is := decode(t, out); !is.Equal(was) {
			t.Fatalf("%s came back as %s", was, is)
		}
	})
}

func BenchmarkStow(b *testing.B) {
	entries := map[string]tftypes.Value{}
	for i := range 10_000 {
		entries[fmt.Sprintf("p-%05d", i)] = str("contributor")
	}
	all := map[string]tftypes.Value{}
	for name, typ := range object.AttributeTypes {
		all[name] = tftypes.NewValue(typ, nil)
	}
	all["users"] = tftypes.NewValue(people, entries)
	v := encode(b, tftypes.NewValue(object, all))
	b.ReportAllocs()
	for b.Loop() {
		_, h := carried.Open(b.Context(), "whole")
		if _, err := h.Unload(h.Stow(v)); err != nil {
			b.Fatal(err)
		}
	}
}
