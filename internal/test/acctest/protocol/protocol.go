// Package protocol speaks the plugin protocol to the provider in process, as
// Terraform does. It is for what the terraform program at hand is too old for,
// and for what is asked thousands of times.
package protocol

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// Unknown stands for a value that is known after the apply.
var Unknown any = unknown{}

type unknown struct{}

// Object is an object or a map in Go's own types: strings, bools, numbers,
// slices, nil, Unknown and other objects.
type Object = map[string]any

// Provider is one configured provider.
type Provider struct {
	t          testing.TB
	server     tfprotov6.ProviderServer
	schemas    *tfprotov6.GetProviderSchemaResponse
	identities map[string]*tfprotov6.ResourceIdentitySchema
}

// Start makes a provider and configures it, from the configuration and the
// environment.
func Start(t testing.TB, config Object) *Provider {
	t.Helper()
	p := &Provider{t: t, server: provider.NewServer("test")}
	var err error
	if p.schemas, err = p.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	Diagnostics(p.schemas.Diagnostics).None(t)
	ids, err := p.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	Diagnostics(ids.Diagnostics).None(t)
	p.identities = ids.IdentitySchemas
	p.Configure(config)
	return p
}

// StartBesideService makes a mock service with the default seed, and a provider that
// its environment points there.
func StartBesideService(t testing.TB, config Object) (*mockservice.Running, *Provider) {
	t.Helper()
	svc := mockservice.StartDefault(t)
	svc.Setenv()
	return svc, Start(t, config)
}

// Equal fails the test where two values differ, and shows in what.
func Equal(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("not as it should be (-want +got):\n%s", d)
	}
}

// Configure begins another walk, as a server does that serves several (-debug).
func (p *Provider) Configure(config Object) {
	t := p.t
	t.Helper()
	configured, err := p.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.14.0", Config: p.encode(p.schemas.Provider.ValueType(), config),
	})
	if err != nil {
		t.Fatal(err)
	}
	Diagnostics(configured.Diagnostics).None(t)
}

// Data validates and reads a data source. The object is nil where it failed.
func (p *Provider) Data(name string, config Object) (Object, Diagnostics) {
	p.t.Helper()
	schema := p.schemas.DataSourceSchemas[name]
	if schema == nil {
		p.t.Fatalf("there is no data source %s", name)
	}
	encoded := p.encode(schema.ValueType(), config)
	valid, err := p.server.ValidateDataResourceConfig(p.t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: encoded})
	if err != nil {
		p.t.Fatal(err)
	}
	diags := Diagnostics(valid.Diagnostics)
	if diags.Failed() {
		return nil, diags
	}
	read, err := p.server.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: encoded})
	if err != nil {
		p.t.Fatal(err)
	}
	diags = append(diags, read.Diagnostics...)
	if diags.Failed() {
		return nil, diags
	}
	return p.object(schema.ValueType(), read.State), diags
}

// Listed is one result of a list.
type Listed struct {
	DisplayName string
	Identity    Object
	// Resource is nil where it was not asked for.
	Resource    Object
	Diagnostics Diagnostics
}

// List validates and lists, as `terraform query` does, and takes no more than
// the limit, where there is one.
func (p *Provider) List(name string, config Object, limit int64, include bool) ([]Listed, Diagnostics) {
	p.t.Helper()
	server, ok := p.server.(tfprotov6.ProviderServerWithListResource)
	if !ok {
		p.t.Fatal("the provider lists nothing")
	}
	schema := p.schemas.ListResourceSchemas[name]
	if schema == nil {
		p.t.Fatalf("there is no list resource %s", name)
	}
	encoded := p.encode(schema.ValueType(), config)
	valid, err := server.ValidateListResourceConfig(p.t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
		TypeName: name, Config: encoded,
		IncludeResourceObject: dynamic(p.t, tftypes.Bool, tftypes.NewValue(tftypes.Bool, include)),
		Limit:                 dynamic(p.t, tftypes.Number, tftypes.NewValue(tftypes.Number, limit)),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	diags := Diagnostics(valid.Diagnostics)
	if diags.Failed() {
		return nil, diags
	}
	stream, err := server.ListResource(p.t.Context(), &tfprotov6.ListResourceRequest{TypeName: name, Config: encoded, IncludeResource: include, Limit: limit})
	if err != nil {
		p.t.Fatal(err)
	}
	out, more := p.collect(name, stream.Results, include)
	return out, append(diags, more...)
}

func (p *Provider) collect(name string, results iter.Seq[tfprotov6.ListResourceResult], include bool) ([]Listed, Diagnostics) {
	p.t.Helper()
	var out []Listed
	var diags Diagnostics
	for r := range results {
		diags = append(diags, r.Diagnostics...)
		if Diagnostics(r.Diagnostics).Failed() {
			continue
		}
		// Terraform takes a result without an identity for a fault.
		if r.Identity == nil || r.Identity.IdentityData == nil {
			p.t.Fatalf("a result of %s has no identity: %+v", name, r)
		}
		l := Listed{DisplayName: r.DisplayName, Identity: p.object(p.identities[name].ValueType(), r.Identity.IdentityData), Diagnostics: r.Diagnostics}
		if include {
			l.Resource = p.object(p.schemas.ResourceSchemas[name].ValueType(), r.Resource)
		}
		out = append(out, l)
	}
	return out, diags
}

// Imported is an instance that an import has brought into the state, refreshed.
type Imported struct {
	State, Identity Object
	private         []byte
}

// Instance gives what was imported as a state holds it.
func (i Imported) Instance(name string) Instance {
	return Instance{Type: name, State: i.State, Identity: i.Identity, Private: i.private}
}

// Import imports by an id or, where that is empty, by an identity, and
// refreshes what it gave.
func (p *Provider) Import(name, id string, identity Object) (Imported, Diagnostics) {
	p.t.Helper()
	req := &tfprotov6.ImportResourceStateRequest{TypeName: name, ID: id}
	identityType := p.identities[name].ValueType()
	if id == "" {
		req.Identity = &tfprotov6.ResourceIdentityData{IdentityData: p.encode(identityType, identity)}
	}
	resp, err := p.server.ImportResourceState(p.t.Context(), req)
	if err != nil {
		p.t.Fatal(err)
	}
	diags := Diagnostics(resp.Diagnostics)
	if diags.Failed() {
		return Imported{}, diags
	}
	if len(resp.ImportedResources) != 1 {
		p.t.Fatalf("one import gave %d resources", len(resp.ImportedResources))
	}
	one := resp.ImportedResources[0]
	read, err := p.server.ReadResource(p.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: name, CurrentState: one.State, CurrentIdentity: one.Identity, Private: one.Private,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	diags = append(diags, read.Diagnostics...)
	if diags.Failed() {
		return Imported{}, diags
	}
	got := Imported{State: p.object(p.schemas.ResourceSchemas[name].ValueType(), read.NewState), private: read.Private}
	if read.NewIdentity != nil {
		got.Identity = p.object(identityType, read.NewIdentity.IdentityData)
	}
	return got, diags
}

// Plan plans an instance that is in the state, and gives the names of the
// attributes that would change.
func (p *Provider) Plan(name string, prior Imported, config Object) ([]string, Diagnostics) {
	p.t.Helper()
	schema := p.schemas.ResourceSchemas[name]
	typ := schema.ValueType()
	encoded := p.encode(typ, config)
	valid, err := p.server.ValidateResourceConfig(p.t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: encoded})
	if err != nil {
		p.t.Fatal(err)
	}
	diags := Diagnostics(valid.Diagnostics)
	if diags.Failed() {
		return nil, diags
	}
	// What the configuration leaves to the provider is proposed as it was.
	proposed := maps.Clone(config)
	for _, a := range schema.Block.Attributes {
		if proposed[a.Name] == nil && a.Computed {
			proposed[a.Name] = prior.State[a.Name]
		}
	}
	req := &tfprotov6.PlanResourceChangeRequest{
		TypeName: name, Config: encoded, PriorState: p.encode(typ, prior.State), ProposedNewState: p.encode(typ, proposed), PriorPrivate: prior.private,
	}
	if prior.Identity != nil {
		req.PriorIdentity = &tfprotov6.ResourceIdentityData{IdentityData: p.encode(p.identities[name].ValueType(), prior.Identity)}
	}
	resp, err := p.server.PlanResourceChange(p.t.Context(), req)
	if err != nil {
		p.t.Fatal(err)
	}
	diags = append(diags, resp.Diagnostics...)
	if diags.Failed() {
		return nil, diags
	}
	planned := p.object(typ, resp.PlannedState)
	var changed []string
	for _, a := range slices.Sorted(maps.Keys(planned)) {
		if fmt.Sprint(planned[a]) != fmt.Sprint(prior.State[a]) {
			changed = append(changed, a)
		}
	}
	return changed, diags
}

// Configuration gives what -generate-config-out writes for a state: everything
// that may be set.
func (p *Provider) Configuration(name string, state Object) Object {
	config := Object{}
	for _, a := range p.schemas.ResourceSchemas[name].Block.Attributes {
		if a.Required || a.Optional {
			config[a.Name] = state[a.Name]
		}
	}
	return config
}

// TakeOver does with what a query listed what its user does: it imports each by its
// identity, and plans what was generated for it. Neither may change anything.
func (p *Provider) TakeOver(name string, listed []Listed) {
	p.t.Helper()
	for _, l := range listed {
		imported, diags := p.Import(name, "", l.Identity)
		diags.None(p.t)
		byID, diags := p.Import(name, fmt.Sprint(l.Resource["id"]), nil)
		diags.None(p.t)
		for _, same := range [][2]Object{{l.Identity, imported.Identity}, {l.Resource, imported.State}, {imported.State, byID.State}} {
			if d := cmp.Diff(same[0], same[1]); d != "" {
				p.t.Fatalf("%s: the import differs from the list, or one import from the other (-want +got):\n%s", l.DisplayName, d)
			}
		}
		changed, diags := p.Plan(name, imported, p.Configuration(name, l.Resource))
		diags.None(p.t)
		if len(changed) > 0 {
			p.t.Fatalf("%s: what was generated changes %s", l.DisplayName, strings.Join(changed, ", "))
		}
	}
}

// Call calls a function.
func (p *Provider) Call(name string, args ...any) (any, error) {
	p.t.Helper()
	f := p.schemas.Functions[name]
	if f == nil || len(f.Parameters) != len(args) {
		p.t.Fatalf("there is no function %s with %d parameters", name, len(args))
	}
	req := &tfprotov6.CallFunctionRequest{Name: name}
	for i, arg := range args {
		req.Arguments = append(req.Arguments, dynamic(p.t, f.Parameters[i].Type, p.value(f.Parameters[i].Type, arg)))
	}
	resp, err := p.server.CallFunction(p.t.Context(), req)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.Error != nil {
		return nil, errors.New(resp.Error.Text)
	}
	v, err := resp.Result.Unmarshal(f.Return.Type)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.plain(v), nil
}

// Schemas gives the provider's schemas, as Terraform sees them.
func (p *Provider) Schemas() *tfprotov6.GetProviderSchemaResponse { return p.schemas }

// Diagnostics are what the provider had to say.
type Diagnostics []*tfprotov6.Diagnostic

// Failed tells whether one of them is an error.
func (d Diagnostics) Failed() bool {
	return slices.ContainsFunc(d, func(one *tfprotov6.Diagnostic) bool { return one.Severity == tfprotov6.DiagnosticSeverityError })
}

// String is everything that they say.
func (d Diagnostics) String() string {
	var b strings.Builder
	for _, one := range d {
		fmt.Fprintf(&b, "%s: %s\n%s", one.Severity, one.Summary, one.Detail)
		if one.Attribute != nil {
			fmt.Fprintf(&b, " [%s]", one.Attribute)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// None fails the test if there is any.
func (d Diagnostics) None(t testing.TB) {
	t.Helper()
	if len(d) > 0 {
		t.Fatalf("there should be no diagnostics, and there are:\n%s", d)
	}
}

// Error fails the test unless there is an error, and all texts are in what the
// diagnostics say.
func (d Diagnostics) Error(t testing.TB, texts ...string) {
	t.Helper()
	if !d.Failed() {
		t.Fatalf("there should be an error, and there is none:\n%s", d)
	}
	d.say(t, texts)
}

// Warning fails the test unless there are warnings alone, and all texts are in
// what they say.
func (d Diagnostics) Warning(t testing.TB, texts ...string) {
	t.Helper()
	if d.Failed() || len(d) == 0 {
		t.Fatalf("there should be warnings and no error:\n%s", d)
	}
	d.say(t, texts)
}

func (d Diagnostics) say(t testing.TB, texts []string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.String(), text) {
			t.Fatalf("the diagnostics should say %q:\n%s", text, d)
		}
	}
}

func (p *Provider) encode(typ tftypes.Type, o Object) *tfprotov6.DynamicValue {
	p.t.Helper()
	if o == nil {
		o = Object{} // a block that sets nothing
	}
	return dynamic(p.t, typ, p.value(typ, o))
}

func dynamic(t testing.TB, typ tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	d, err := tfprotov6.NewDynamicValue(typ, v)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// value makes a value of a type. What an object leaves out is null.
func (p *Provider) value(typ tftypes.Type, v any) tftypes.Value {
	p.t.Helper()
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(typ, nil)
	case unknown:
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	case Object:
		if v == nil {
			return tftypes.NewValue(typ, nil)
		}
		return p.mapping(typ, v)
	case []any:
		elements := make([]tftypes.Value, 0, len(v))
		for _, e := range v {
			elements = append(elements, p.value(elementOf(typ), e))
		}
		return tftypes.NewValue(typ, elements)
	default:
		return tftypes.NewValue(typ, v)
	}
}

func (p *Provider) mapping(typ tftypes.Type, v Object) tftypes.Value {
	p.t.Helper()
	fields := map[string]tftypes.Value{}
	object, ok := typ.(tftypes.Object)
	if !ok {
		for k, e := range v {
			fields[k] = p.value(elementOf(typ), e)
		}
		return tftypes.NewValue(typ, fields)
	}
	for k, t := range object.AttributeTypes {
		fields[k] = p.value(t, v[k])
	}
	for k := range v {
		if _, there := object.AttributeTypes[k]; !there {
			p.t.Fatalf("there is no attribute %s in %s", k, typ)
		}
	}
	return tftypes.NewValue(typ, fields)
}

func elementOf(typ tftypes.Type) tftypes.Type {
	switch typ := typ.(type) {
	case tftypes.List:
		return typ.ElementType
	case tftypes.Set:
		return typ.ElementType
	case tftypes.Map:
		return typ.ElementType
	default:
		return tftypes.DynamicPseudoType
	}
}

func (p *Provider) object(typ tftypes.Type, d *tfprotov6.DynamicValue) Object {
	p.t.Helper()
	if d == nil {
		return nil
	}
	v, err := d.Unmarshal(typ)
	if err != nil {
		p.t.Fatal(err)
	}
	o, _ := p.plain(v).(Object)
	return o
}

// plain turns a value into Go's own types; numbers become int64.
func (p *Provider) plain(v tftypes.Value) any {
	p.t.Helper()
	fail := func(err error) {
		if err != nil {
			p.t.Fatal(err)
		}
	}
	switch {
	case !v.IsKnown():
		return Unknown
	case v.IsNull():
		return nil
	case v.Type().Is(tftypes.String):
		var s string
		fail(v.As(&s))
		return s
	case v.Type().Is(tftypes.Bool):
		var b bool
		fail(v.As(&b))
		return b
	case v.Type().Is(tftypes.Number):
		var n big.Float
		fail(v.As(&n))
		whole, _ := n.Int64()
		return whole
	case v.Type().Is(tftypes.List{}), v.Type().Is(tftypes.Set{}), v.Type().Is(tftypes.Tuple{}):
		var elements []tftypes.Value
		fail(v.As(&elements))
		out := make([]any, 0, len(elements))
		for _, e := range elements {
			out = append(out, p.plain(e))
		}
		return out
	default:
		var fields map[string]tftypes.Value
		fail(v.As(&fields))
		out := make(Object, len(fields))
		for k, e := range fields {
			out[k] = p.plain(e)
		}
		return out
	}
}
