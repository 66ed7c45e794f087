package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

// address is where Terraform and OpenTofu alike know the provider.
const address = "registry.terraform.io/tf-roster/roster"

// product is a product with one workspace, which the key's own user owns. Nothing
// but the authoritative resource manages that user.
type product struct{ products.Product }

// measured are the products that are served.
func measured() ([]product, error) {
	served, err := products.All()
	var all []product
	for _, p := range served {
		all = append(all, product{p})
	}
	return all, err
}

// workspace is the one that is measured.
func (p product) workspace() string { return p.Workspace(0) }

// role is what everybody else has; another is what some are changed to.
func (p product) role() string    { return p.Roles[0] }
func (p product) another() string { return p.Roles[1] }

// seed is the world with so many members besides the owner, and so many people
// besides who are known and in no workspace.
func (p product) seed(members, strangers int) mockservice.Seed {
	in := map[string]string{p.Self: p.Owner()}
	for i := range members {
		in[p.Person(i)] = p.role()
	}
	var s mockservice.Seed
	mockservice.Populate(&s, p.Name, mockservice.Population{People: members + strangers, Members: []map[string]string{in}})
	return s
}

// instance gives the attributes of one person's resource in a state.
func (p product) instance(i int) map[string]any {
	return p.State(p.workspace(), p.Person(i), p.role())
}

// perBlock is how many people one additive resource block has: Terraform needs
// far longer for one block of 5 000 than for five of 1 000.
const perBlock = 1000

// blocks is how many additive resource blocks there are for n people.
func blocks(n int) int { return (n + perBlock - 1) / perBlock }

const requirement = "terraform {\n  required_providers {\n    roster = { source = \"" + address + "\" }\n  }\n}\n\n"

const header = requirement +
	"locals {\n  people = jsondecode(file(\"${path.module}/people.json\"))\n}\n\n"

// additiveFiles are the configuration with one resource a person. The first
// so many have another role than in the seed.
func (p product) additiveFiles(n, changed int) (map[string][]byte, error) {
	var text strings.Builder
	text.WriteString(header)
	people := map[string]map[string]string{}
	for b := range blocks(n) {
		fmt.Fprintf(&text, "resource %q \"block%d\" {\n  for_each     = local.people[\"block%d\"]\n  %s = %q\n  %s\n  role         = each.value\n}\n\n", p.Additive.TypeName, b, b, p.At(), p.workspace(), p.Arguments("each.key"))
		people[fmt.Sprintf("block%d", b)] = map[string]string{}
	}
	for i := range n {
		people[fmt.Sprintf("block%d", i/perBlock)][p.Person(i)] = p.roleOf(i, changed)
	}
	list, err := json.Marshal(people)
	return map[string][]byte{"main.tf": []byte(text.String()), "people.json": list}, err
}

func (p product) roleOf(i, changed int) string {
	if i < changed {
		return p.another()
	}
	return p.role()
}

// authoritativeFiles are the configuration with everybody in one resource, which
// ignores so many who are not there.
func (p product) authoritativeFiles(n, changed, ignored int) (map[string][]byte, error) {
	ignore := ""
	if ignored > 0 {
		ignore = "  ignore_users = jsondecode(file(\"${path.module}/ignored.json\"))\n"
	}
	text := header + fmt.Sprintf("resource %q \"all\" {\n  %s = %q\n  users        = local.people\n%s}\n", p.Whole.TypeName, p.At(), p.workspace(), ignore)
	people := map[string]string{p.Self: p.Owner()}
	for i := range n {
		people[p.Person(i)] = p.roleOf(i, changed)
	}
	list, err := json.Marshal(people)
	if err != nil {
		return nil, err
	}
	var others []string
	for i := range ignored {
		others = append(others, p.Person(n+i))
	}
	rest, err := json.Marshal(others)
	return map[string][]byte{"main.tf": []byte(text), "people.json": list, "ignored.json": rest}, err
}

// oneRoleFiles are the configuration with everybody who has the role in one
// resource. The first so many are no longer named there.
func (p product) oneRoleFiles(n, changed int) (map[string][]byte, error) {
	text := header + fmt.Sprintf("resource %q \"all\" {\n  %s = %q\n  role         = %q\n  users        = local.people\n}\n", p.OfRole.TypeName, p.At(), p.workspace(), p.role())
	people := []string{}
	for i := changed; i < n; i++ {
		people = append(people, p.Person(i))
	}
	list, err := json.Marshal(people)
	return map[string][]byte{"main.tf": []byte(text), "people.json": list}, err
}

// additiveState is the state in which n people are as the seed has them. It is
// written by hand: Terraform itself needs minutes to create thousands.
func (p product) additiveState(n int) ([]byte, error) {
	type instance struct {
		Key        string         `json:"index_key"`
		Schema     int            `json:"schema_version"`
		Attributes map[string]any `json:"attributes"`
		Sensitive  []any          `json:"sensitive_attributes"`
	}
	type resource struct {
		Mode      string     `json:"mode"`
		Type      string     `json:"type"`
		Name      string     `json:"name"`
		Provider  string     `json:"provider"`
		Instances []instance `json:"instances"`
	}
	var all []resource
	for b := range blocks(n) {
		r := resource{Mode: "managed", Type: p.Additive.TypeName, Name: fmt.Sprintf("block%d", b), Provider: fmt.Sprintf("provider[%q]", address)}
		for i := b * perBlock; i < min(n, (b+1)*perBlock); i++ {
			r.Instances = append(r.Instances, instance{Key: p.Person(i), Attributes: p.instance(i), Sensitive: []any{}})
		}
		all = append(all, r)
	}
	return json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "bench",
		"outputs": map[string]any{}, "resources": all, "check_results": nil,
	})
}
