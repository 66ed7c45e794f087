// Package products has what tests and benchmarks over whole worlds need to know
// of each product that is served: its resources by form, from its registration,
// and its worlds, from the mock service. A product to come takes part by itself.
package products

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// Product is one product with its worlds.
type Product struct {
	framework.Product
	mockservice.World
	// Additive is the resource for one principal in one workspace.
	Additive framework.Additive
	// Whole is the resource for everybody in one workspace, OfRole the one for
	// everybody with one role there; nil where the product has none.
	Whole, OfRole *framework.Authoritative
}

// All gives the products that are served. The error names everything that keeps
// one of them from taking part.
func All() ([]Product, error) {
	var all []Product
	var problems []error
	for _, served := range provider.Products() {
		p, err := of(served)
		all, problems = append(all, p), append(problems, err)
	}
	return all, errors.Join(problems...)
}

func of(served framework.Product) (Product, error) {
	p := Product{Product: served}
	var problems []error
	missing := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(served.Title+": "+format, args...))
	}
	var made bool
	if p.World, made = mockservice.WorldOf(served.Name); !made {
		missing("the mock service has no World of it: set one in internal/mockservice/%s, and list the product in mockservice.go", served.Name)
	}
	for _, r := range served.Resources {
		switch r := r.(type) {
		case framework.Additive:
			if p.Additive.TypeName != "" {
				missing("%s is a second resource for one principal, and nothing plays it", r.TypeName)
			}
			p.Additive = r
		case framework.Authoritative:
			form := &p.Whole
			if r.Key.Role.Attribute != "" {
				form = &p.OfRole
			}
			if *form != nil {
				missing("%s has the form of %s, and nothing plays it", r.TypeName, (*form).TypeName)
			}
			for _, k := range r.Kinds {
				if kind := string(k.Kind) + "s"; k.Roles.Name != kind || k.Ignore.Name != "ignore_"+kind {
					missing("%s has %s and %s, and the worlds call them %s and ignore_%[4]s", r.TypeName, k.Roles.Name, k.Ignore.Name, kind)
				}
			}
			*form = &r
		default:
			missing("nothing plays a resource that is a %T", r)
		}
	}
	if p.Additive.TypeName == "" {
		missing("it has no resource for one principal, with which every world begins")
	}
	for _, other := range []*framework.Authoritative{p.Whole, p.OfRole} {
		if other != nil && other.Key.Workspace.Attribute != p.At() {
			missing("%s names a workspace by %s, and %s by %s", p.Additive.TypeName, p.At(), other.TypeName, other.Key.Workspace.Attribute)
		}
	}
	return p, errors.Join(problems...)
}

// SettingsFrom gives the product's block for an environment, as the mock service
// gives one: NAME=value.
func (p Product) SettingsFrom(env []string) map[string]any {
	block := map[string]any{}
	for _, s := range p.Settings {
		for _, line := range env {
			if value, found := strings.CutPrefix(line, s.Variable+"="); found {
				block[s.Attribute] = value
			}
		}
	}
	return block
}

// At is the attribute that names the workspace in every resource.
func (p Product) At() string { return p.Additive.Key.Workspace.Attribute }

// Principal gives the attributes of the additive resource that name a principal.
func (p Product) Principal(kind, id string) map[string]any {
	attrs := map[string]any{p.Additive.Key.Principal.Attribute: id}
	if name := p.Additive.Key.Kind.Attribute; name != "" {
		attrs[name] = kind
	}
	return attrs
}

// Binding gives a minimal configuration of the additive resource for a user.
func (p Product) Binding(workspace, user, role string) map[string]any {
	attrs := p.Principal(mockservice.KindUser, user)
	attrs[p.At()], attrs["role"] = workspace, role
	return attrs
}

// Arguments gives the same in HCL, with an expression for the user's id.
func (p Product) Arguments(id string) string {
	text := p.Additive.Key.Principal.Attribute + " = " + id
	if name := p.Additive.Key.Kind.Attribute; name != "" {
		text = fmt.Sprintf("%s = %q\n  ", name, mockservice.KindUser) + text
	}
	return text
}

// Named gives the principal that attributes of the additive resource name.
func (p Product) Named(attrs map[string]any) (kind, id string) {
	kind = mockservice.KindUser
	if given, ok := attrs[p.Additive.Key.Kind.Attribute].(string); ok {
		kind = given
	}
	id, _ = attrs[p.Additive.Key.Principal.Attribute].(string)
	return kind, id
}

// State gives the attributes of the additive resource for a user of a
// [mockservice.Population], as a state holds them.
func (p Product) State(workspace, user, role string) map[string]any {
	a := p.Additive
	state := p.Binding(workspace, user, role)
	maps.Copy(state, map[string]any{
		"id":             a.Key.ID(framework.Subject{Workspace: workspace, Principal: membership.Principal{Kind: membership.User, ID: user}}),
		"adopt_existing": false, "on_destroy": a.Exit.Remove, "email": mockservice.EmailOf(user), a.Name.Name: mockservice.NameOf(user), "timeouts": nil,
	})
	if a.Exit.Reassigns {
		state["reassign_role"] = nil
	}
	if a.Enabled != "" {
		state["enabled"] = true
	}
	return state
}

// OfRoleID is the id of the resource of one role.
func (p Product) OfRoleID(workspace, role string) string {
	return p.OfRole.Key.ID(framework.Subject{Workspace: workspace, Role: role})
}
