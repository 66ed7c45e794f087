package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// address is where Terraform and OpenTofu alike know the provider.
const address = "registry.terraform.io/tf-roster/roster"

// product is one of the two services, with a workspace and people in it.
type product struct {
	name, label string
	// The types of the resources, by form.
	additive, authoritative, oneRole string
	workspace                        string
	// owner is the id of the key's own user, who owns the workspace and is managed by nobody but
	// the authoritative resource.
	owner, ownerRole string
	// role is what everybody else has; another is what some are changed to.
	role, another string
	id            func(i int) string
	// seed is the world with so many members besides the owner, and so many
	// people besides who are known and in no workspace.
	seed func(p product, members, strangers int) mockservice.Seed
	// instance gives the attributes of one person's resource in a state.
	instance func(p product, id string) map[string]any
	// principal are the arguments that name a person, in HCL.
	principal string
	// readsPerWrite is how many reads a first apply may make for each write, and
	// applyFactor how much longer than the floor it may take, before a second.
	readsPerWrite, applyFactor float64
}

// products are those that are measured.
func products() []product { return []product{blink, blazemeter} }

func productNamed(name string) (product, bool) {
	for _, p := range products() {
		if p.name == name {
			return p, true
		}
	}
	return product{}, false
}

var blink = product{
	name: "blink", label: "Blink",
	additive: "roster_blink_workspace_role_binding", authoritative: "roster_blink_workspace_role_bindings", oneRole: "roster_blink_workspace_role_members",
	workspace: "w-1", owner: "u-owner", ownerRole: "owner", role: "viewer", another: "contributor",
	id:        func(i int) string { return fmt.Sprintf("u-%06d", i) },
	principal: "entity_type  = \"user\"\n  entity_id    = each.key", readsPerWrite: 0.5, applyFactor: 1.2,
	seed: func(p product, members, strangers int) mockservice.Seed {
		s := mockblink.Seed{Users: []mockblink.User{{ID: p.owner, Email: "owner@example.com", Name: "Owner", Role: "Admin"}}}
		w := mockblink.Workspace{ID: p.workspace, DisplayName: "Bench", Users: map[string]string{p.owner: p.ownerRole}}
		for i := range members + strangers {
			s.Users = append(s.Users, mockblink.User{ID: p.id(i), Email: p.id(i) + "@example.com", Name: "Person " + p.id(i)})
			if i < members {
				w.Users[p.id(i)] = p.role
			}
		}
		s.Workspaces = []mockblink.Workspace{w}
		return s.Alone()
	},
	instance: func(p product, id string) map[string]any {
		return map[string]any{
			"workspace_id": p.workspace, "entity_type": "user", "entity_id": id, "role": p.role,
			"adopt_existing": false, "on_destroy": "remove", "reassign_role": nil,
			"id": p.workspace + "/user/" + id, "email": id + "@example.com", "name": "Person " + id, "timeouts": nil,
		}
	},
}

var blazemeter = product{
	name: "blazemeter", label: "BlazeMeter",
	additive: "roster_blazemeter_workspace_user", authoritative: "roster_blazemeter_workspace_users", oneRole: "roster_blazemeter_workspace_role_members",
	workspace: "70001", owner: "1", ownerRole: "manager", role: "viewer", another: "tester",
	id:        func(i int) string { return strconv.Itoa(100_000 + i) },
	principal: "user_id      = each.key", readsPerWrite: 1, applyFactor: 1.25,
	seed: func(p product, members, strangers int) mockservice.Seed {
		account := mockblazemeter.Account{ID: 5001, Name: "Bench", Users: []mockblazemeter.AccountUser{{ID: 1, Roles: []string{"admin"}}}}
		w := mockblazemeter.Workspace{ID: 70001, Name: "Bench", Account: 5001, Users: []mockblazemeter.WorkspaceUser{{ID: 1, Role: p.ownerRole}}}
		s := mockblazemeter.Seed{Users: []mockblazemeter.User{{ID: 1, Email: "owner@example.com", DisplayName: "Owner"}}}
		for i := range members + strangers {
			id := int64(100_000 + i)
			s.Users = append(s.Users, mockblazemeter.User{ID: id, Email: p.id(i) + "@example.com", DisplayName: "Person " + p.id(i)})
			account.Users = append(account.Users, mockblazemeter.AccountUser{ID: id})
			if i < members {
				w.Users = append(w.Users, mockblazemeter.WorkspaceUser{ID: id, Role: p.role})
			}
		}
		s.Accounts, s.Workspaces = []mockblazemeter.Account{account}, []mockblazemeter.Workspace{w}
		return s.Alone()
	},
	instance: func(p product, id string) map[string]any {
		return map[string]any{
			"workspace_id": p.workspace, "user_id": id, "role": p.role, "enabled": true,
			"adopt_existing": false, "on_destroy": "disable",
			"id": p.workspace + "/" + id, "email": id + "@example.com", "display_name": "Person " + id, "timeouts": nil,
		}
	},
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
		fmt.Fprintf(&text, "resource %q \"block%d\" {\n  for_each     = local.people[\"block%d\"]\n  workspace_id = %q\n  %s\n  role         = each.value\n}\n\n", p.additive, b, b, p.workspace, p.principal)
		people[fmt.Sprintf("block%d", b)] = map[string]string{}
	}
	for i := range n {
		people[fmt.Sprintf("block%d", i/perBlock)][p.id(i)] = p.roleOf(i, changed)
	}
	list, err := json.Marshal(people)
	return map[string][]byte{"main.tf": []byte(text.String()), "people.json": list}, err
}

func (p product) roleOf(i, changed int) string {
	if i < changed {
		return p.another
	}
	return p.role
}

// authoritativeFiles are the configuration with everybody in one resource, which
// ignores so many who are not there.
func (p product) authoritativeFiles(n, changed, ignored int) (map[string][]byte, error) {
	ignore := ""
	if ignored > 0 {
		ignore = "  ignore_users = jsondecode(file(\"${path.module}/ignored.json\"))\n"
	}
	text := header + fmt.Sprintf("resource %q \"all\" {\n  workspace_id = %q\n  users        = local.people\n%s}\n", p.authoritative, p.workspace, ignore)
	people := map[string]string{p.owner: p.ownerRole}
	for i := range n {
		people[p.id(i)] = p.roleOf(i, changed)
	}
	list, err := json.Marshal(people)
	if err != nil {
		return nil, err
	}
	var others []string
	for i := range ignored {
		others = append(others, p.id(n+i))
	}
	rest, err := json.Marshal(others)
	return map[string][]byte{"main.tf": []byte(text), "people.json": list, "ignored.json": rest}, err
}

// oneRoleFiles are the configuration with everybody who has the role in one
// resource. The first so many are no longer named there.
func (p product) oneRoleFiles(n, changed int) (map[string][]byte, error) {
	text := header + fmt.Sprintf("resource %q \"all\" {\n  workspace_id = %q\n  role         = %q\n  users        = local.people\n}\n", p.oneRole, p.workspace, p.role)
	people := []string{}
	for i := changed; i < n; i++ {
		people = append(people, p.id(i))
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
		r := resource{Mode: "managed", Type: p.additive, Name: fmt.Sprintf("block%d", b), Provider: fmt.Sprintf("provider[%q]", address)}
		for i := b * perBlock; i < min(n, (b+1)*perBlock); i++ {
			r.Instances = append(r.Instances, instance{Key: p.id(i), Attributes: p.instance(p, p.id(i)), Sensitive: []any{}})
		}
		all = append(all, r)
	}
	return json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "bench",
		"outputs": map[string]any{}, "resources": all, "check_results": nil,
	})
}
