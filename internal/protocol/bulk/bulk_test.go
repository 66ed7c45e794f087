package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
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
	ids    = tftypes.Set{ElementType: tftypes.String}
	counts = tftypes.Map{ElementType: tftypes.Number}
	guard  = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"mode": tftypes.String, "not_counted": ids}}
	object = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"workspace_id": tftypes.String, "users": people, "texts": people, "count": tftypes.Number,
		"ignore": ids, "counts": counts, "guard": guard,
	}}
	layout = LayoutOf(object)
)

func TestLayoutFollowsTheTypes(t *testing.T) {
	want := &Layout{
		carried: map[string]bool{"users": true, "texts": true, "ignore": true},
		nested:  map[string]*Layout{"guard": {carried: map[string]bool{"not_counted": true}, nested: map[string]*Layout{}}},
	}
	if !reflect.DeepEqual(layout, want) {
		t.Errorf("the layout is %+v and not %+v", layout, want)
	}
	for _, none := range []tftypes.Type{
		nil, tftypes.String, people,
		tftypes.Object{},
		tftypes.Object{AttributeTypes: map[string]tftypes.Type{"timeouts": tftypes.Object{AttributeTypes: map[string]tftypes.Type{"read": tftypes.String}}, "counts": counts}},
	} {
		if l := LayoutOf(none); l != nil {
			t.Errorf("%s has the layout %+v", none, l)
		}
	}
}

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

// anySet has each known text once, as a set does.
func anySet() *rapid.Generator[tftypes.Value] {
	return rapid.Custom(func(t *rapid.T) tftypes.Value {
		switch rapid.IntRange(0, 6).Draw(t, "what") {
		case 0:
			return tftypes.NewValue(ids, nil)
		case 1:
			return tftypes.NewValue(ids, tftypes.UnknownValue)
		}
		most := rapid.SampledFrom([]int{1, 20}).Draw(t, "most")
		return tftypes.NewValue(ids, rapid.SliceOfNDistinct(texts(), 0, most, tftypes.Value.String).Draw(t, "elements"))
	})
}

// inOneOrder sorts the elements of all sets, so that equal values are alike.
func inOneOrder(t failer, v tftypes.Value) tftypes.Value {
	t.Helper()
	sorted, err := tftypes.Transform(v, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		var elements []tftypes.Value
		if v.Type() == nil || !v.Type().Is(ids) || !v.IsKnown() || v.IsNull() {
			return v, nil
		}
		if err := v.As(&elements); err != nil {
			return v, err
		}
		slices.SortFunc(elements, func(a, b tftypes.Value) int { return strings.Compare(a.String(), b.String()) })
		return tftypes.NewValue(v.Type(), elements), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sorted
}

func alike(t failer, a, b tftypes.Value) bool {
	t.Helper()
	return inOneOrder(t, a).Equal(inOneOrder(t, b))
}

func objects() *rapid.Generator[tftypes.Value] {
	return rapid.Custom(func(t *rapid.T) tftypes.Value {
		return tftypes.NewValue(object, map[string]tftypes.Value{
			"workspace_id": texts().Draw(t, "workspace"),
			"users":        anyMap().Draw(t, "users"), "texts": anyMap().Draw(t, "texts"),
			"count":  tftypes.NewValue(tftypes.Number, rapid.Int64().Draw(t, "count")),
			"ignore": anySet().Draw(t, "ignore"),
			"counts": tftypes.NewValue(counts, map[string]tftypes.Value{"a": tftypes.NewValue(tftypes.Number, 1), "b": tftypes.NewValue(tftypes.Number, 2)}),
			"guard":  rapid.OneOf(rapid.Just(tftypes.NewValue(guard, nil)), rapid.Just(tftypes.NewValue(guard, tftypes.UnknownValue)), guards()).Draw(t, "guard"),
		})
	})
}

func guards() *rapid.Generator[tftypes.Value] {
	return rapid.Custom(func(t *rapid.T) tftypes.Value {
		return tftypes.NewValue(guard, map[string]tftypes.Value{"mode": texts().Draw(t, "mode"), "not_counted": anySet().Draw(t, "not counted")})
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
// or set that has elements has one.
func TestAValueComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was := objects().Draw(t, "value")
		ctx, h := layout.Open(context.Background()) //nolint:usetesting // rapid has no context
		stowed := h.Stow(encode(t, was))
		between := decode(t, stowed)
		for _, name := range []string{"users", "texts", "ignore"} {
			from, to := attribute(t, was, name), attribute(t, between, name)
			if elements(from) == 0 {
				if !from.Equal(to) {
					t.Fatal(name, "was", from, "and is", to)
				}
				continue
			}
			if elements(to) != 1 {
				t.Fatal("in place of", from, "is", to)
			}
			whole, again := unpacked(ctx, t, name, to)
			if !alike(t, whole, from) {
				t.Fatal("it is", whole, "and not", from)
			}
			if !again.Equal(to) {
				t.Fatal("the same has two tickets:", again, to)
			}
		}
		if from, to := attribute(t, was, "guard"), attribute(t, between, "guard"); !from.IsNull() && from.IsKnown() {
			nested := attribute(t, to, "not_counted")
			if want := attribute(t, from, "not_counted"); elements(want) > 0 {
				if whole, _ := unpacked(ctx, t, "not_counted", nested); !alike(t, whole, want) || elements(nested) != 1 {
					t.Fatal("the nested set is", whole, "and not", want)
				}
			}
		}
		if from, to := attribute(t, was, "counts"), attribute(t, between, "counts"); !from.Equal(to) {
			t.Fatal("a map that is not carried was", from, "and is", to)
		}
		out, err := h.Unload(stowed)
		if err != nil {
			t.Fatal(err)
		}
		if is := decode(t, out); !alike(t, is, was) {
			t.Fatal("came back as", is)
		}
	})
}

// unpacked gives the value for a ticket, and its ticket again.
func unpacked(ctx context.Context, t failer, attribute string, ticket tftypes.Value) (whole, again tftypes.Value) {
	t.Helper()
	raw := func(v attr.Value) tftypes.Value {
		out, err := v.ToTerraformValue(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	switch v := value(ctx, t, ticket).(type) {
	case types.Map:
		m := Unpack(ctx, v)
		return raw(m), raw(Pack(ctx, attribute, m))
	case types.Set:
		s := Unpack(ctx, v)
		return raw(s), raw(Pack(ctx, attribute, s))
	}
	return tftypes.Value{}, tftypes.Value{}
}

// value is the framework's value for a map or a set.
func value(ctx context.Context, t failer, raw tftypes.Value) attr.Value {
	t.Helper()
	var typ attr.Type = types.MapType{ElemType: types.StringType}
	if raw.Type().Is(ids) {
		typ = types.SetType{ElemType: types.StringType}
	}
	v, err := typ.ValueFromTerraform(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// elements counts those of a map or a set; null and unknown have none.
func elements(v tftypes.Value) int {
	if v.IsNull() || !v.IsKnown() {
		return 0
	}
	var entries map[string]tftypes.Value
	if v.As(&entries) == nil {
		return len(entries)
	}
	var all []tftypes.Value
	_ = v.As(&all)
	return len(all)
}

// Two values are equal with tickets in them exactly if they are equal without.
func TestTicketsCompareAsTheirMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := objects().Draw(t, "one"), objects().Draw(t, "other")
		if rapid.Bool().Draw(t, "alike") {
			b = a.Copy()
		}
		_, h := layout.Open(context.Background()) //nolint:usetesting // rapid has no context
		x, y := decode(t, h.Stow(encode(t, a))), decode(t, h.Stow(encode(t, b)))
		if x.Equal(y) != alike(t, a, b) {
			t.Fatal("equal before:", alike(t, a, b), "and then:", x.Equal(y))
		}
	})
}

func TestAStoredStateComesBackAsItWas(t *testing.T) {
	stored := `{"workspace_id":"w-1","users":{"u-1":"owner","u-2":null,"<&>":"é\u0000"},"counts":{"u-1":1},"texts":{},"count":12345678901234567890,` +
		`"ignore":["x","<&>"],"guard":{"mode":"off","not_counted":["b","a"]},"gone":1.50}`
	ctx, h := layout.Open(t.Context())
	stowed := h.StowState(&tfprotov6.RawState{JSON: []byte(stored)})
	var between map[string]json.RawMessage
	if err := json.Unmarshal(stowed.JSON, &between); err != nil {
		t.Fatal(err)
	}
	if string(between["count"]) != "12345678901234567890" || string(between["gone"]) != "1.50" || string(between["counts"]) != `{"u-1":1}` {
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
	for name, v := range map[string]tftypes.Value{"users": attribute(t, is, "users"), "ignore": attribute(t, is, "ignore"), "not_counted": attribute(t, attribute(t, is, "guard"), "not_counted")} {
		want := map[string]int{"users": 3, "ignore": 2, "not_counted": 2}[name]
		if whole, _ := unpacked(ctx, t, name, v); elements(whole) != want || elements(v) != 1 {
			t.Errorf("%s is %s, for the ticket %s", name, whole, v)
		}
	}
	out, err := h.Unload(encode(t, is))
	if err != nil {
		t.Fatal(err)
	}
	if got := decode(t, out); !alike(t, got, was) {
		t.Errorf("came back as %s and not %s", got, was)
	}
	for _, other := range []string{"", "null", "[]", "{", `{"users":5}`, `{"users":{"u-1":5}}`, `{"ignore":[5]}`, `{"guard":5}`} {
		if got := h.StowState(&tfprotov6.RawState{JSON: []byte(other)}); other != "" && !strings.HasPrefix(string(got.JSON), other[:1]) {
			t.Errorf("%s became %s", other, got.JSON)
		}
	}
}

// A value that looks like a ticket and is none is part of a user's map.
func TestWhatIsNoTicket(t *testing.T) {
	ctx, h := layout.Open(t.Context())
	forgedSet := tftypes.NewValue(ids, []tftypes.Value{str(ticketPrefix + strings.Repeat("0", 64))})
	forged := tftypes.NewValue(people, map[string]tftypes.Value{ticketPrefix + strings.Repeat("0", 64): str("")})
	for name, v := range map[string]tftypes.Value{
		"forged": forged, "null": tftypes.NewValue(people, nil), "unknown": tftypes.NewValue(people, tftypes.UnknownValue),
		"empty":      tftypes.NewValue(people, map[string]tftypes.Value{}),
		"forged set": forgedSet, "null set": tftypes.NewValue(ids, nil), "unknown set": tftypes.NewValue(ids, tftypes.UnknownValue),
		"empty set": tftypes.NewValue(ids, []tftypes.Value{}), "set of unknown": tftypes.NewValue(ids, []tftypes.Value{str(tftypes.UnknownValue)}),
		"set of null": tftypes.NewValue(ids, []tftypes.Value{str(nil)}),
	} {
		if is, _ := unpacked(ctx, t, "none", v); !is.Equal(v) {
			t.Errorf("%s: %s became %s", name, v, is)
		}
	}
	all := map[string]tftypes.Value{}
	for name, typ := range object.AttributeTypes {
		all[name] = tftypes.NewValue(typ, nil)
	}
	all["users"], all["ignore"] = forged, forgedSet
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
	_, h := LayoutOf(tftypes.Object{}).Open(t.Context())
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
	h.Empty()

	m := types.MapValueMust(types.StringType, map[string]attr.Value{"u-1": types.StringValue("owner")})
	s := types.SetValueMust(types.StringType, []attr.Value{types.StringValue("u-1")})
	if !Pack(t.Context(), "users", m).Equal(m) || !Unpack(t.Context(), m).Equal(m) || !Pack(t.Context(), "ignore", s).Equal(s) || !Unpack(t.Context(), s).Equal(s) {
		t.Error("a value was changed without a hold")
	}
	ctx, h := layout.Open(t.Context())
	for name, v := range map[string]types.Map{
		"counts": m, "users": types.MapNull(types.StringType), "texts": types.MapUnknown(types.StringType), "guard": m,
	} {
		if !Pack(ctx, name, v).Equal(v) || !Unpack(ctx, v).Equal(v) {
			t.Errorf("%s was packed: %v", name, v)
		}
	}
	for _, v := range []types.Map{types.MapValueMust(types.Int64Type, map[string]attr.Value{"n": types.Int64Value(1)}), types.MapValueMust(types.StringType, nil)} {
		if !Pack(ctx, "users", v).Equal(v) {
			t.Errorf("%v was packed", v)
		}
	}
	for _, v := range []types.Set{types.SetNull(types.StringType), types.SetUnknown(types.StringType), types.SetValueMust(types.Int64Type, []attr.Value{types.Int64Value(1)})} {
		if !Pack(ctx, "ignore", v).Equal(v) || !Unpack(ctx, v).Equal(v) {
			t.Errorf("%v was packed", v)
		}
	}
	ticket := Pack(ctx, "users", m)
	if ticket.Equal(m) || !Unpack(ctx, ticket).Equal(m) {
		t.Fatal("a map was not packed")
	}
	h.Empty()
	if !Unpack(ctx, ticket).Equal(ticket) {
		t.Error("what was let go of is still there")
	}
}

// A set in which a text stands twice is the set in which it stands once.
func TestSetsHaveEachTextOnce(t *testing.T) {
	ctx, _ := layout.Open(t.Context())
	of := func(values ...attr.Value) types.Set { return types.SetValueMust(types.StringType, values) }
	a, b, unknown := types.StringValue("a"), types.StringValue("b"), types.StringUnknown()
	if once, twice := Pack(ctx, "ignore", of(a, b)), Pack(ctx, "ignore", of(b, a, b)); !once.Equal(twice) {
		t.Error("the same set has two tickets")
	}
	// Two that are not known may be two different ones.
	if Pack(ctx, "ignore", of(unknown)).Equal(Pack(ctx, "ignore", of(unknown, unknown))) {
		t.Error("two unknown elements became one")
	}
}

// A map that comes as it would be sent is kept as it came. That has to be told of
// no other: equal maps would have two tickets.
func TestWhatIsWrittenLikeThisAlready(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyMap().Filter(func(v tftypes.Value) bool { return elements(v) > 0 }).Draw(t, "map")
		came, err := tfprotov6.NewDynamicValue(people, v)
		if err != nil {
			t.Fatal(err)
		}
		decoded, asWritten, err := decodeMap(came.MsgPack)
		if err != nil {
			t.Fatal(err)
		}
		again, err := encodeMap(decoded)
		if err != nil {
			t.Fatal(err)
		}
		unknown := false
		for _, text := range decoded {
			unknown = unknown || text.IsUnknown()
		}
		if same := bytes.Equal(again, came.MsgPack); asWritten != (same && !unknown) {
			t.Fatalf("%x would be written %x, and it is %v that this is the same", came.MsgPack, again, asWritten)
		}
		if _, asWritten, err := decodeMap(again); err != nil || asWritten == unknown {
			t.Fatalf("what was written is not taken as it is: %v", err)
		}
	})
	for name, raw := range map[string]string{
		"key twice": "\x82\xa1a\xa1x\xa1a\xa1y", "long length of a text": "\x81\xd9\x01a\xa1x", "long length of the map": "\xde\x00\x01\xa1a\xa1x",
		"another order": "\x82\xa1b\xa1x\xa1a\xa1y",
	} {
		if _, asWritten, err := decodeMap([]byte(raw)); err != nil || asWritten {
			t.Errorf("%s: %v, %v", name, asWritten, err)
		}
	}
}

// FuzzStow feeds what Terraform would never send.
func FuzzStow(f *testing.F) {
	for _, v := range []tftypes.Value{
		tftypes.NewValue(object, nil),
		tftypes.NewValue(object, map[string]tftypes.Value{
			"workspace_id": str("w"), "users": tftypes.NewValue(people, map[string]tftypes.Value{"u": str("owner"), "v": str(nil)}),
			"counts": tftypes.NewValue(counts, nil), "texts": tftypes.NewValue(people, tftypes.UnknownValue),
			"count": tftypes.NewValue(tftypes.Number, 1), "ignore": tftypes.NewValue(ids, []tftypes.Value{str("x"), str(tftypes.UnknownValue)}),
			"guard": tftypes.NewValue(guard, map[string]tftypes.Value{"mode": str("off"), "not_counted": tftypes.NewValue(ids, []tftypes.Value{str("y")})}),
		}),
	} {
		f.Add(encode(f, v).MsgPack)
	}
	f.Add([]byte("\x81\xa5users\xdf\xff\xff\xff\xff\xa1u"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, h := layout.Open(t.Context())
		stowed := h.Stow(&tfprotov6.DynamicValue{MsgPack: raw})
		out, err := h.Unload(stowed)
		was, errWas := (&tfprotov6.DynamicValue{MsgPack: raw}).Unmarshal(object)
		if errWas != nil {
			return // the framework says so
		}
		if err != nil {
			t.Fatal(err)
		}
		if is := decode(t, out); !alike(t, is, was) {
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
	// As Terraform writes it, in the order of its keys.
	_, h := layout.Open(b.Context())
	v, err := h.Unload(h.Stow(encode(b, tftypes.NewValue(object, all))))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, h := layout.Open(b.Context())
		if _, err := h.Unload(h.Stow(v)); err != nil {
			b.Fatal(err)
		}
	}
}
