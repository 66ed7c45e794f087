package protocol

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
)

// Of gives those of a product's types that are served, in the order of their names.
func Of[T any](product string, served map[string]T) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(served)), func(typ string) bool { return productOf(typ) != product })
}

// productOf gives the product of a type: "blink" of "roster_blink_workspace".
func productOf(typ string) string {
	product, _, _ := strings.Cut(strings.TrimPrefix(typ, "roster_"), "_")
	return product
}

// SampleOf gives what the mock service's default world has of the product of a type.
func SampleOf(typ string) mockservice.Sample { return mockservice.SampleOf(productOf(typ)) }

// Sample gives a valid configuration of a resource, in the default world of the
// mock service: a user who is not a member yet is to have a role. It is made
// from the schema, so that tests can use the resources of every product.
func (p *Provider) Sample(typ string) Object {
	p.t.Helper()
	sample := SampleOf(typ)
	config := p.key(typ, sample.Workspace)
	for _, a := range p.attributes(typ) {
		switch {
		case a.Name == "role":
			config[a.Name] = sample.Role
		case a.Name == "users" && a.Type.Is(tftypes.Set{}):
			config[a.Name] = []any{sample.Stranger}
		case a.Name == "users":
			config[a.Name] = Object{sample.Stranger: sample.Role}
		}
	}
	return config
}

// Read makes the provider call a product about one workspace: it imports a
// resource of the product, which reads the workspace.
func (p *Provider) Read(product, workspace string) Diagnostics {
	p.t.Helper()
	types := Of(product, p.schemas.ResourceSchemas)
	if len(types) == 0 {
		p.t.Fatalf("%s has no resource", product)
	}
	key := p.key(types[0], workspace)
	values := make([]string, 0, len(key))
	for _, name := range p.KeyNames(types[0]) {
		value, _ := key[name].(string)
		values = append(values, value)
	}
	_, diags := p.Import(types[0], strings.Join(values, "/"), nil)
	return diags
}

// KeyNames gives the attributes that the id of a resource is made of, in its
// order. The description of the id shows them: "`workspace_id/user_id`.".
func (p *Provider) KeyNames(typ string) []string {
	for _, a := range p.attributes(typ) {
		if a.Name == "id" {
			return strings.Split(strings.Trim(a.Description, "`."), "/")
		}
	}
	p.t.Fatalf("%s has no id", typ)
	return nil
}

// key gives the values of a key: a workspace, and where the key has more, the
// sample's role or a user who is no member.
func (p *Provider) key(typ, workspace string) Object {
	sample := SampleOf(typ)
	names := p.KeyNames(typ)
	key := Object{}
	for i, name := range names {
		switch {
		case i == 0:
			key[name] = workspace
		case name == "role":
			key[name] = sample.Role
		case i == len(names)-1:
			key[name] = sample.Stranger
		default:
			key[name] = mockservice.KindUser
		}
	}
	return key
}

func (p *Provider) attributes(typ string) []*tfprotov6.SchemaAttribute {
	p.t.Helper()
	schema := p.schemas.ResourceSchemas[typ]
	if schema == nil {
		p.t.Fatalf("there is no resource %s", typ)
	}
	return schema.Block.Attributes
}
