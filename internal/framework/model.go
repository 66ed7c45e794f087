package framework

import (
	"context"
	"reflect"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
)

// The framework reads and writes a model by reflection that starts from scratch
// each time, and compiles a regular expression for each field of it: of what the
// provider computes for a resource of which nothing has changed, that was a good
// third. Models here are structs of framework values, one for each attribute, so
// that their fields need to be found once. Whatever does not fit is left to the
// framework, which says what is wrong with it.

// shape is how a model's fields stand to the attributes of its schema.
type shape struct {
	object tftypes.Object
	fields []field
}

type field struct {
	name  string
	index int
	typ   attr.Type
}

// shapes are the known ones, by the model's type. A model has one schema.
var shapes sync.Map // of reflect.Type to *shape, which is nil for a model that does not fit

// shapeOf gives the shape of a model, a struct.
func shapeOf(ctx context.Context, model reflect.Type, schema func() attr.Type) *shape {
	if known, ok := shapes.Load(model); ok {
		s, _ := known.(*shape)
		return s
	}
	s := newShape(ctx, model, schema())
	shapes.Store(model, s)
	return s
}

func newShape(ctx context.Context, model reflect.Type, schema attr.Type) *shape {
	object, ok := schema.TerraformType(ctx).(tftypes.Object)
	typed, hasTypes := schema.(attr.TypeWithAttributeTypes)
	if !ok || !hasTypes || model.Kind() != reflect.Struct {
		return nil
	}
	attributes := typed.AttributeTypes()
	s := &shape{object: object}
	for i := range model.NumField() {
		f := model.Field(i)
		name := f.Tag.Get("tfsdk")
		typ, ok := attributes[name]
		if !ok || !f.IsExported() || f.Anonymous || reflect.TypeOf(typ.ValueType(ctx)) != f.Type {
			return nil
		}
		s.fields = append(s.fields, field{name: name, index: i, typ: typ})
	}
	if len(s.fields) != len(attributes) {
		return nil
	}
	return s
}

// read fills the model, a pointer to a struct. It is false where that cannot be done.
func (s *shape) read(ctx context.Context, raw tftypes.Value, model any) bool {
	var attributes map[string]tftypes.Value
	if raw.IsNull() || !raw.IsKnown() || raw.As(&attributes) != nil {
		return false
	}
	to := reflect.ValueOf(model).Elem()
	for _, f := range s.fields {
		raw, ok := attributes[f.name]
		if !ok {
			return false
		}
		v, err := valueOf(ctx, f.typ, raw)
		if err != nil {
			return false
		}
		value := reflect.ValueOf(v)
		if !value.IsValid() || value.Type() != to.Field(f.index).Type() {
			return false
		}
		to.Field(f.index).Set(value)
	}
	return true
}

// write gives the value of a model, a struct or a pointer to one. It is false
// where there is none.
func (s *shape) write(ctx context.Context, model any) (tftypes.Value, bool) {
	from := reflect.Indirect(reflect.ValueOf(model))
	attributes := make(map[string]tftypes.Value, len(s.fields))
	for _, f := range s.fields {
		v, ok := reflect.TypeAssert[attr.Value](from.Field(f.index))
		if !ok || !f.typ.Equal(v.Type(ctx)) {
			return tftypes.Value{}, false
		}
		raw, err := rawOf(ctx, f.name, v)
		if err != nil {
			return tftypes.Value{}, false
		}
		attributes[f.name] = raw
	}
	if tftypes.ValidateValue(s.object, attributes) != nil {
		return tftypes.Value{}, false
	}
	return tftypes.NewValue(s.object, attributes), true
}

// valueOf and rawOf convert one attribute. Large maps come and go as tickets.
func valueOf(ctx context.Context, typ attr.Type, raw tftypes.Value) (attr.Value, error) {
	if m, ok := bulk.Unpack(ctx, raw); ok {
		return m, nil
	}
	return typ.ValueFromTerraform(ctx, raw)
}

func rawOf(ctx context.Context, name string, v attr.Value) (tftypes.Value, error) {
	if m, ok := v.(types.Map); ok {
		if ticket, ok := bulk.Pack(ctx, name, m); ok {
			return ticket, nil
		}
	}
	return v.ToTerraformValue(ctx)
}

// typed is the part of the framework's schemas that is used here.
type typed interface{ Type() attr.Type }

// getter is a configuration, a plan or a state.
type getter interface {
	Get(ctx context.Context, target any) diag.Diagnostics
}

// get reads a model.
func get[M any](ctx context.Context, from getter, m *M) diag.Diagnostics {
	var raw tftypes.Value
	var schema typed
	switch f := from.(type) {
	case tfsdk.Config:
		raw, schema = f.Raw, f.Schema
	case tfsdk.Plan:
		raw, schema = f.Raw, f.Schema
	case tfsdk.State:
		raw, schema = f.Raw, f.Schema
	}
	if schema != nil {
		if s := shapeOf(ctx, reflect.TypeFor[M](), schema.Type); s != nil && s.read(ctx, raw, m) {
			return nil
		}
	}
	return from.Get(ctx, m)
}

// setter is a plan, a state or an identity.
type setter interface {
	Set(ctx context.Context, model any) diag.Diagnostics
}

// set writes a model.
func set(ctx context.Context, to setter, model any) diag.Diagnostics {
	var raw *tftypes.Value
	var schema typed
	switch t := to.(type) {
	case *tfsdk.Plan:
		raw, schema = &t.Raw, t.Schema
	case *tfsdk.State:
		raw, schema = &t.Raw, t.Schema
	case *tfsdk.ResourceIdentity:
		raw, schema = &t.Raw, t.Schema
	}
	if schema != nil {
		if s := shapeOf(ctx, reflect.Indirect(reflect.ValueOf(model)).Type(), schema.Type); s != nil {
			if v, ok := s.write(ctx, model); ok {
				*raw = v
				return nil
			}
		}
	}
	return to.Set(ctx, model)
}
