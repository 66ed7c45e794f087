package framework

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Row is one object of a list or map, by the names of its attributes.
type Row = map[string]attr.Value

// Rows makes a list of objects. The framework would build one from structs as
// well, and take several times as long over ten thousand of them: it compiles a
// regular expression for each field.
func Rows[T any](attributes map[string]attr.Type, all []T, row func(T) Row) (types.List, diag.Diagnostics) {
	kind := types.ObjectType{AttrTypes: attributes}
	elements := make([]attr.Value, 0, len(all))
	for _, one := range all {
		object, diags := types.ObjectValue(attributes, row(one))
		if diags.HasError() {
			return types.ListNull(kind), diags
		}
		elements = append(elements, object)
	}
	return types.ListValue(kind, elements)
}

// RowsByID makes a map of objects by id.
func RowsByID[T any](attributes map[string]attr.Type, all []T, row func(T) (id string, r Row)) (types.Map, diag.Diagnostics) {
	kind := types.ObjectType{AttrTypes: attributes}
	elements := make(map[string]attr.Value, len(all))
	for _, one := range all {
		id, r := row(one)
		object, diags := types.ObjectValue(attributes, r)
		if diags.HasError() {
			return types.MapNull(kind), diags
		}
		elements[id] = object
	}
	return types.MapValue(kind, elements)
}

// Texts makes a set of texts, of which each is there once.
func Texts[T any](all []T, of func(T) string) types.Set {
	elements := make([]attr.Value, 0, len(all))
	for _, one := range all {
		elements = append(elements, types.StringValue(of(one)))
	}
	return types.SetValueMust(types.StringType, elements)
}
