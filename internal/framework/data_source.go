package framework

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// DataSource describes a data source. M is the product's model of it.
type DataSource[M any] struct {
	// TypeName is the whole type of the data source.
	TypeName string
	// Description says in Markdown what it is for.
	Description string
	Attributes  map[string]schema.Attribute
	// Validators are what a schema cannot say about the configuration.
	Validators []datasource.ConfigValidator
	// Read fills the model, which holds the configuration. What it gives is
	// kept unless one of its diagnostics is an error.
	Read func(context.Context, *roster.Run, *M) diag.Diagnostics
	// Misses tells whether something that was asked for was not found, where that
	// is no error; nil where it always is one.
	Misses func(*M) bool
}

// New gives the data source.
func (s DataSource[M]) New(product string) datasource.DataSource {
	return &dataSource[M]{DataSource: s, product: product}
}

type dataSource[M any] struct {
	DataSource[M]
	product string
	conn    *Connection
}

func (s *dataSource[M]) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = s.TypeName
}

func (s *dataSource[M]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{MarkdownDescription: s.Description, Attributes: s.Attributes}
}

func (s *dataSource[M]) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return s.Validators
}

func (s *dataSource[M]) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	s.conn, resp.Diagnostics = Of(req.ProviderData, s.product)
}

func (s *dataSource[M]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	run, diags := s.conn.Usable()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if run == nil {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
			return
		}
		resp.Diagnostics.AddError(fmt.Sprintf("%s cannot be read yet", s.TypeName),
			"A setting of the provider block is known only after the apply, and a data source is read in the plan. "+
				"Apply what the setting depends on first (-target), or give this data source a depends_on on it: then it is read in the apply.")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, DefaultTimeout)
	defer cancel()
	came := time.Now()
	m, diags := s.read(ctx, run, req)
	if diags.HasError() || s.Misses != nil && s.Misses(m) {
		// What is missing may have been made in this run, after the reading that
		// answered: a reading that is older than the request is made once more.
		m, diags = s.read(roster.NotBefore(ctx, came), run, req)
	}
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	pack(ctx, m)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// read fills a model from the configuration and the service.
func (s *dataSource[M]) read(ctx context.Context, run *roster.Run, req datasource.ReadRequest) (*M, diag.Diagnostics) {
	m := new(M)
	diags := req.Config.Get(ctx, m)
	if diags.HasError() {
		return m, diags
	}
	unpack(ctx, m)
	diags.Append(s.DataSource.Read(ctx, run, m)...)
	return m, diags
}

// unpack puts maps and sets into a model in place of their tickets.
func unpack(ctx context.Context, model any) {
	for _, field := range large(model) {
		switch v := field.(type) {
		case *types.Map:
			*v = bulk.Unpack(ctx, *v)
		case *types.Set:
			*v = bulk.Unpack(ctx, *v)
		}
	}
}

// pack puts tickets into a model in place of maps and sets.
func pack(ctx context.Context, model any) {
	for attribute, field := range large(model) {
		switch v := field.(type) {
		case *types.Map:
			*v = bulk.Pack(ctx, attribute, *v)
		case *types.Set:
			*v = bulk.Pack(ctx, attribute, *v)
		}
	}
}

// large gives pointers to the maps and sets of a model, a pointer to a struct, by
// the names of their attributes.
func large(model any) map[string]any {
	fields := map[string]any{}
	for f, v := range reflect.ValueOf(model).Elem().Fields() {
		if f.Type == reflect.TypeFor[types.Map]() || f.Type == reflect.TypeFor[types.Set]() {
			fields[f.Tag.Get("tfsdk")] = v.Addr().Interface()
		}
	}
	return fields
}

// attributeRule refuses a configuration that gives one attribute without another,
// or together with one that it does not go with.
type attributeRule struct {
	attribute, other string
	// together is true where the attribute needs the other one, false where it
	// excludes it.
	together bool
	why      string
}

// Needs is a rule of a data source: who gives attribute gives other as well.
func Needs(attribute, other, why string) datasource.ConfigValidator {
	return attributeRule{attribute: attribute, other: other, together: true, why: why}
}

// Excludes is a rule of a data source: who gives attribute does not give other.
func Excludes(attribute, other, why string) datasource.ConfigValidator {
	return attributeRule{attribute: attribute, other: other, why: why}
}

func (r attributeRule) Description(context.Context) string {
	if r.together {
		return fmt.Sprintf("%s is given together with %s", r.attribute, r.other)
	}
	return fmt.Sprintf("%s is not given together with %s", r.attribute, r.other)
}

func (r attributeRule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

func (r attributeRule) ValidateDataSource(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var attribute, other types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(r.attribute), &attribute)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(r.other), &other)...)
	if resp.Diagnostics.HasError() || attribute.IsNull() || attribute.IsUnknown() || other.IsUnknown() {
		return
	}
	switch {
	case r.together && other.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root(r.attribute), fmt.Sprintf("Missing %s", r.other),
			fmt.Sprintf("%s. Set %s as well.", r.why, r.other))
	case !r.together && !other.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root(r.other), fmt.Sprintf("%s does not go with %s", r.other, r.attribute),
			fmt.Sprintf("%s. Remove one of them.", r.why))
	}
}

// ReadFailed says what could not be read. It is about no attribute.
func ReadFailed(run *roster.Run, err error, what string) diag.Diagnostics {
	return Paths{}.Diagnostics([]membership.Finding{run.ReadError(err, what, membership.AtNone)})
}

// Offers gives what a product's client offers besides the core's port.
func Offers[D any](run *roster.Run) (D, diag.Diagnostics) {
	d, ok := run.Service().(D)
	if !ok {
		return d, diag.Diagnostics{diag.NewErrorDiagnostic(fmt.Sprintf("%s cannot be asked for this", run.Service().Traits().Product),
			fmt.Sprintf("The client %T does not have the call. This is a fault of the provider: please report it.", run.Service()))}
	}
	return d, nil
}

// ReadOnce reads what a product's client offers besides the core's port, once in a
// run. key tells it from all others, what names it in a failure.
func ReadOnce[D, T any](ctx context.Context, run *roster.Run, key, what string, read func(D, context.Context) (T, error)) (T, diag.Diagnostics) {
	var none T
	d, diags := Offers[D](run)
	if diags.HasError() {
		return none, diags
	}
	v, err := roster.Once(ctx, run, key, func(ctx context.Context) (T, error) { return read(d, ctx) })
	if err != nil {
		return none, ReadFailed(run, err, what)
	}
	return v, nil
}
