package framework

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// Columns describe what a data source shows of something: schema, types and values
// come of them. The framework would make the values from structs as well, and take
// several times as long over ten thousand of them: it compiles a regular expression
// for each field.
type Columns[T any] []Column[T]

// Column is one attribute.
type Column[T any] struct {
	name      string
	attribute schema.Attribute
	of        func(T) attr.Value
}

// TextColumn is a text; the empty one is null.
func TextColumn[T any](name, description string, of func(T) string) Column[T] {
	return Column[T]{name, schema.StringAttribute{Computed: true, MarkdownDescription: description}, func(v T) attr.Value { return text(of(v)) }}
}

// BoolColumn is true or false.
func BoolColumn[T any](name, description string, of func(T) bool) Column[T] {
	return Column[T]{name, schema.BoolAttribute{Computed: true, MarkdownDescription: description}, func(v T) attr.Value { return types.BoolValue(of(v)) }}
}

// NumberColumn is a whole number.
func NumberColumn[T any](name, description string, of func(T) int) Column[T] {
	return Column[T]{name, schema.Int64Attribute{Computed: true, MarkdownDescription: description}, func(v T) attr.Value { return types.Int64Value(int64(of(v))) }}
}

// TextsColumn is a list of texts.
func TextsColumn[T any](name, description string, of func(T) []string) Column[T] {
	return Column[T]{name, schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}, func(v T) attr.Value {
		elements := make([]attr.Value, 0, len(of(v)))
		for _, one := range of(v) {
			elements = append(elements, types.StringValue(one))
		}
		return types.ListValueMust(types.StringType, elements)
	}}
}

// Attributes gives the schema.
func (c Columns[T]) Attributes() map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(c))
	for _, column := range c {
		attributes[column.name] = column.attribute
	}
	return attributes
}

// List gives the attribute for a list of rows.
func (c Columns[T]) List(description string) schema.Attribute {
	return schema.ListNestedAttribute{Computed: true, MarkdownDescription: description, NestedObject: schema.NestedAttributeObject{Attributes: c.Attributes()}}
}

// Map gives the attribute for a map of rows by id.
func (c Columns[T]) Map(description string) schema.Attribute {
	return schema.MapNestedAttribute{Computed: true, MarkdownDescription: description, NestedObject: schema.NestedAttributeObject{Attributes: c.Attributes()}}
}

func (c Columns[T]) types() map[string]attr.Type {
	all := make(map[string]attr.Type, len(c))
	for _, column := range c {
		all[column.name] = column.attribute.GetType()
	}
	return all
}

// row gives one row; of are the types of the columns.
func (c Columns[T]) row(of map[string]attr.Type, one T) types.Object {
	values := make(map[string]attr.Value, len(c))
	for _, column := range c {
		values[column.name] = column.of(one)
	}
	return types.ObjectValueMust(of, values)
}

// Rows makes a list of rows.
func (c Columns[T]) Rows(all []T) types.List {
	of := c.types()
	elements := make([]attr.Value, 0, len(all))
	for _, one := range all {
		elements = append(elements, c.row(of, one))
	}
	return types.ListValueMust(types.ObjectType{AttrTypes: of}, elements)
}

// ByID makes a map of rows by id.
func (c Columns[T]) ByID(all []T, id func(T) string) types.Map {
	of := c.types()
	elements := make(map[string]attr.Value, len(all))
	for _, one := range all {
		elements[id(one)] = c.row(of, one)
	}
	return types.MapValueMust(types.ObjectType{AttrTypes: of}, elements)
}

// Record describes a data source that takes no argument and shows one thing.
type Record[T any] struct {
	// TypeName is the whole type of the data source.
	TypeName string
	// Description says in Markdown what it shows.
	Description string
	Columns     Columns[T]
	Read        func(context.Context, *roster.Run) (T, diag.Diagnostics)
}

// New gives the data source.
func (r Record[T]) New(product string) datasource.DataSource {
	return DataSource[types.Object]{
		TypeName: r.TypeName, Description: r.Description, Attributes: r.Columns.Attributes(),
		Read: func(ctx context.Context, run *roster.Run, m *types.Object) diag.Diagnostics {
			one, diags := r.Read(ctx, run)
			if !diags.HasError() {
				*m = r.Columns.row(r.Columns.types(), one)
			}
			return diags
		},
	}.New(product)
}

// Attributes joins attributes with others.
func Attributes(all ...map[string]schema.Attribute) map[string]schema.Attribute {
	joined := map[string]schema.Attribute{}
	for _, some := range all {
		maps.Copy(joined, some)
	}
	return joined
}

// Texts makes a set of texts, of which each is there once.
func Texts[T any](all []T, of func(T) string) types.Set {
	elements := make([]attr.Value, 0, len(all))
	for _, one := range all {
		elements = append(elements, types.StringValue(of(one)))
	}
	return types.SetValueMust(types.StringType, elements)
}
