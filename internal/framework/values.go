package framework

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
)

// The models of this package name their attributes when they are used: what one
// product calls user_id is another's entity_id. So they are read and written here
// and not by the framework, whose reflection needs a struct for each product, and
// takes a third of the time of a plan in which nothing changes.

// field is one attribute of a model: its name, and a pointer to its value.
type field struct {
	name  string
	value any // *types.String, *types.Bool, *types.Map, *types.Set or *timeouts.Value
}

// source is a configuration, a plan or a state that is read.
type source interface {
	tfsdk.Config | tfsdk.Plan | tfsdk.State | tfsdk.Resource
}

// read fills the fields from a value.
func read[S source](ctx context.Context, from S, fields []field) diag.Diagnostics {
	raw := tfsdk.State(from).Raw
	var attributes map[string]tftypes.Value
	err := raw.As(&attributes)
	if err == nil && (raw.IsNull() || !raw.IsKnown()) {
		err = errors.New("there is no value")
	}
	for _, f := range fields {
		if err != nil {
			break
		}
		value, ok := attributes[f.name]
		if !ok {
			err = fmt.Errorf("there is no attribute %s", f.name)
			break
		}
		err = f.read(ctx, value)
	}
	return misfit(err)
}

// write sets a plan, a state or an identity to the values of the fields.
func write(ctx context.Context, to *tftypes.Value, schema interface{ Type() attr.Type }, fields []field) diag.Diagnostics {
	typ := to.Type()
	if typ == nil {
		typ = schema.Type().TerraformType(ctx)
	}
	attributes := make(map[string]tftypes.Value, len(fields))
	var err error
	for _, f := range fields {
		if attributes[f.name], err = f.raw(ctx); err != nil {
			break
		}
	}
	if err == nil {
		err = tftypes.ValidateValue(typ, attributes)
	}
	if err == nil {
		*to = tftypes.NewValue(typ, attributes)
	}
	return misfit(err)
}

func misfit(err error) diag.Diagnostics {
	var diags diag.Diagnostics
	if err != nil {
		diags.AddError("A resource does not fit its schema",
			fmt.Sprintf("They could not be read or written: %s. This is a fault of the provider: please report it.", err))
	}
	return diags
}

func (f field) read(ctx context.Context, raw tftypes.Value) error {
	var err error
	switch v := f.value.(type) {
	case *types.String:
		*v, err = textOf(raw)
	case *types.Bool:
		*v, err = boolOf(raw)
	case *types.Map:
		*v, err = mapOf(ctx, raw)
	case *types.Set:
		*v, err = setOf(ctx, raw)
	case *timeouts.Value:
		*v, err = timeoutsOf(ctx, raw)
	default:
		err = fmt.Errorf("no field can be a %T", f.value)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// raw gives the field's value. A large map or set goes as a ticket.
func (f field) raw(ctx context.Context) (tftypes.Value, error) {
	switch v := f.value.(type) {
	case *types.Map:
		return bulk.Pack(ctx, f.name, *v).ToTerraformValue(ctx)
	case *types.Set:
		return bulk.Pack(ctx, f.name, *v).ToTerraformValue(ctx)
	case attr.Value:
		return v.ToTerraformValue(ctx)
	default:
		return tftypes.Value{}, fmt.Errorf("%s: no field can be a %T", f.name, f.value)
	}
}

func textOf(raw tftypes.Value) (types.String, error) {
	if !raw.IsKnown() {
		return types.StringUnknown(), nil
	}
	var text *string
	err := raw.As(&text)
	return types.StringPointerValue(text), err
}

func boolOf(raw tftypes.Value) (types.Bool, error) {
	if !raw.IsKnown() {
		return types.BoolUnknown(), nil
	}
	var b *bool
	err := raw.As(&b)
	return types.BoolPointerValue(b), err
}

// mapOf reads a map of texts, or the ticket for one.
func mapOf(ctx context.Context, raw tftypes.Value) (types.Map, error) {
	switch {
	case !raw.IsKnown():
		return types.MapUnknown(types.StringType), nil
	case raw.IsNull():
		return types.MapNull(types.StringType), nil
	}
	var entries map[string]tftypes.Value
	if err := raw.As(&entries); err != nil {
		return types.MapNull(types.StringType), err
	}
	elements := make(map[string]attr.Value, len(entries))
	for key, entry := range entries {
		text, err := textOf(entry)
		if err != nil {
			return types.MapNull(types.StringType), fmt.Errorf("%q: %w", key, err)
		}
		elements[key] = text
	}
	return bulk.Unpack(ctx, types.MapValueMust(types.StringType, elements)), nil
}

// setOf reads a set of texts, or the ticket for one.
func setOf(ctx context.Context, raw tftypes.Value) (types.Set, error) {
	switch {
	case !raw.IsKnown():
		return types.SetUnknown(types.StringType), nil
	case raw.IsNull():
		return types.SetNull(types.StringType), nil
	}
	var entries []tftypes.Value
	if err := raw.As(&entries); err != nil {
		return types.SetNull(types.StringType), err
	}
	elements := make([]attr.Value, 0, len(entries))
	for _, entry := range entries {
		text, err := textOf(entry)
		if err != nil {
			return types.SetNull(types.StringType), err
		}
		elements = append(elements, text)
	}
	return bulk.Unpack(ctx, types.SetValueMust(types.StringType, elements)), nil
}

func timeoutsOf(ctx context.Context, raw tftypes.Value) (timeouts.Value, error) {
	v, err := timeoutsAttribute(ctx).GetType().ValueFromTerraform(ctx, raw)
	if err != nil {
		return timeouts.Value{}, err
	}
	t, ok := v.(timeouts.Value)
	if !ok {
		return timeouts.Value{}, fmt.Errorf("it is a %T", v)
	}
	return t, nil
}
