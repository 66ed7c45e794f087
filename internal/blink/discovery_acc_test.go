package blink_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

// factories serve the provider in this process to real terraform.
func factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"roster": func() (tfprotov6.ProviderServer, error) { return provider.NewServer("test"), nil },
	}
}

// providerBlock points the provider at a service.
func providerBlock(m *mockservice.Running) string {
	return fmt.Sprintf("provider \"roster\" {\n  blink = { endpoint = %q, api_key = %q }\n}\n", m.Endpoint(mockblink.Name), mockblink.DefaultKey)
}

func TestAccBlinkDataSources(t *testing.T) {
	t.Parallel()
	acctest.Needed(t)
	m := mockservice.StartDefault(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{
				Config:      providerBlock(m) + "data \"roster_blink_entity\" \"zoe\" {\n  entity_type = \"user\"\n  email = \"zoe@example.com\"\n}\n",
				ExpectError: regexp.MustCompile(`No user with the e-mail address "zoe@example.com"`),
			},
			{
				Config:      providerBlock(m) + "data \"roster_blink_entity\" \"group\" {\n  entity_type = \"group\"\n  email = \"zoe@example.com\"\n}\n",
				ExpectError: regexp.MustCompile(`Groups have no e-mail address`),
			},
			{
				Config: providerBlock(m) + `
data "roster_blink_workspace" "by_name" { display_name = "Security Operations" }
data "roster_blink_workspace" "by_id"   { id = data.roster_blink_workspace.by_name.id }
data "roster_blink_workspaces" "all" {}
data "roster_blink_entity" "alice" {
  entity_type = "user"
  email       = "ALICE@example.com"
}
data "roster_blink_entities" "team" {
  emails = ["Bob@example.com", "zoe@example.com"]
}
data "roster_blink_current_user" "me" {}
output "owners" { value = [for id in data.roster_blink_workspace.by_id.owners : data.roster_blink_workspace.by_id.users[id].email] }
output "bob"    { value = data.roster_blink_entities.team.ids_by_email["Bob@example.com"] }
output "id"     { value = data.roster_blink_workspaces.all.ids_by_display_name["Payments"] }
`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownOutputValue("owners", knownvalue.ListExact([]knownvalue.Check{
						knownvalue.StringExact("alice@example.com"), knownvalue.StringExact("carol@example.com"),
					})),
					statecheck.ExpectKnownOutputValue("bob", knownvalue.StringExact("u-bob")),
					statecheck.ExpectKnownOutputValue("id", knownvalue.StringExact(paymentsID)),
				},
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckResourceAttr("data.roster_blink_workspace.by_id", "groups.g-platform.role", "Incident Commander"),
					resource.TestCheckResourceAttr("data.roster_blink_workspace.by_id", "users.u-dave.role", "viewer"),
					resource.TestCheckResourceAttr("data.roster_blink_entity.alice", "entity_id", "u-alice"),
					resource.TestCheckResourceAttr("data.roster_blink_entities.team", "missing_emails.0", "zoe@example.com"),
					resource.TestCheckResourceAttr("data.roster_blink_current_user.me", "email", "terraform@example.com"),
				),
			},
		},
	})
}

func TestAccByPrincipal(t *testing.T) {
	t.Parallel()
	acctest.Needed(t)
	m := mockservice.StartDefault(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{
			tfversion.SkipBelow(tfversion.Version1_8_0), // functions of providers
		},
		Steps: []resource.TestStep{
			{
				Config: providerBlock(m) + `output "users" { value = provider::roster::by_principal({ owner = ["a", "b"], viewer = ["c"] }) }`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownOutputValue("users", knownvalue.MapExact(map[string]knownvalue.Check{
						"a": knownvalue.StringExact("owner"), "b": knownvalue.StringExact("owner"), "c": knownvalue.StringExact("viewer"),
					})),
				},
			},
			{
				Config:      providerBlock(m) + `output "users" { value = provider::roster::by_principal({ owner = ["a", "b"], viewer = ["b"] }) }`,
				ExpectError: regexp.MustCompile(`b\s+\(owner,\s+viewer\)`),
			},
		},
	})
}

// TestAccThousandLookUps counts the calls of a plan with a thousand look-ups.
func TestAccThousandLookUps(t *testing.T) {
	t.Parallel()
	const people = 1000
	w := newWorld(t, func(s *mockservice.Seed) {
		for i := range people {
			mockblink.SeedOf(s).Users = append(mockblink.SeedOf(s).Users, mockblink.User{ID: fmt.Sprintf("p-%d", i), Email: fmt.Sprintf("person-%d@example.com", i)})
		}
	})
	w.Write("main.tf", "data \"roster_blink_entities\" \"all\" {}\n")
	w.Plan()
	listing := w.svc.RequestCount(mockblink.Name, "tenant_entities")
	if listing == 0 {
		t.Fatal("a listing took no call, so nothing would be shown here")
	}
	w.svc.ResetAudit()
	w.Write("main.tf", fmt.Sprintf(`
data "roster_blink_entity" "person" {
  count       = %d
  entity_type = "user"
  email       = "Person-${count.index}@example.com"
}
output "right" { value = alltrue([for i, p in data.roster_blink_entity.person : p.entity_id == "p-${i}"]) }
`, people))
	w.Shows(w.Plan(), "+ right = true")
	if n := w.svc.Audit().Total; n != listing {
		t.Errorf("%d look-ups took %d calls, one listing takes %d", people, n, listing)
	}
}

// TestAccDataSourceReadInTheApply gives the key only in the apply: a depends_on
// lets the data source wait for it.
func TestAccDataSourceReadInTheApply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const config = `
resource "terraform_data" "key" { input = "mock-blink-key" }
provider "roster" {
  blink = { api_key = terraform_data.key.output }
}
data "roster_blink_workspaces" "all" {
  %s
}
output "id" { value = data.roster_blink_workspaces.all.ids_by_display_name["Payments"] }
`
	w.Write("main.tf", fmt.Sprintf(config, ""))
	w.Fails([]string{"plan", "-no-color"}, "roster_blink_workspaces cannot be read yet", "depends_on")
	w.Write("main.tf", fmt.Sprintf(config, "depends_on = [terraform_data.key]"))
	w.Shows(w.Apply(), payments)
}

func TestAccListBindings(t *testing.T) {
	acctest.Needed(t)
	m := mockservice.StartDefault(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{
			tfversion.SkipBelow(tfversion.Version1_14_0), // terraform query and list blocks
		},
		Steps: []resource.TestStep{
			{Config: providerBlock(m) + "data \"roster_blink_workspaces\" \"all\" {}\n"},
			{
				// The provider block of the step before stays where it is.
				Query: true,
				Config: fmt.Sprintf(`
list "roster_blink_workspace_role_binding" "security" {
  provider         = roster
  include_resource = true
  config {
    workspace_id = %q
  }
}
`, securityID),
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength("roster_blink_workspace_role_binding.security", 4),
					querycheck.ExpectIdentity("roster_blink_workspace_role_binding.security", map[string]knownvalue.Check{
						"workspace_id": knownvalue.StringExact(securityID), "entity_type": knownvalue.StringExact("group"), "entity_id": knownvalue.StringExact("g-platform"),
					}),
					querycheck.ExpectResourceDisplayName("roster_blink_workspace_role_binding.security",
						queryfilter.ByResourceIdentity(map[string]knownvalue.Check{
							"workspace_id": knownvalue.StringExact(securityID), "entity_type": knownvalue.StringExact("user"), "entity_id": knownvalue.StringExact("u-dave"),
						}), knownvalue.StringExact("dave@example.com: viewer")),
				},
			},
		},
	})
}
