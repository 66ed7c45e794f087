package blazemeter_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
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
	return fmt.Sprintf("provider \"roster\" {\n  blazemeter = { endpoint = %q, api_key_id = %q, api_key_secret = %q }\n}\n",
		m.Endpoint(mockblazemeter.Name), mockblazemeter.DefaultKeyID, mockblazemeter.DefaultKeySecret)
}

func TestAccBlazeMeterDataSources(t *testing.T) {
	t.Parallel()
	acctest.Needed(t)
	m := mockservice.StartDefault(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps: []resource.TestStep{
			{
				Config:      providerBlock(m) + "data \"roster_blazemeter_account_user\" \"zoe\" {\n  account_id = 5001\n  email = \"zoe@example.com\"\n}\n",
				ExpectError: regexp.MustCompile(`No user with the e-mail address "zoe@example.com"`),
			},
			{
				Config:      providerBlock(m) + "data \"roster_blazemeter_workspace\" \"x\" {\n  name = \"x\"\n}\n",
				ExpectError: regexp.MustCompile(`Missing account_id`),
			},
			{
				Config: providerBlock(m) + `
data "roster_blazemeter_accounts" "all" {}
data "roster_blazemeter_workspaces" "all" { account_id = data.roster_blazemeter_accounts.all.accounts[0].id }
data "roster_blazemeter_workspace" "by_name" {
  account_id = 5001
  name       = "Checkout Load Tests"
}
data "roster_blazemeter_workspace" "by_id" { id = data.roster_blazemeter_workspaces.all.ids_by_name["Checkout Load Tests"] }
data "roster_blazemeter_account_user" "alice" {
  account_id = 5001
  email      = "ALICE@example.com"
}
data "roster_blazemeter_account_users" "team" {
  account_id = 5001
  emails     = ["Bob@example.com", "zoe@example.com"]
}
data "roster_blazemeter_current_user" "me" {}
output "managers" { value = [for id in data.roster_blazemeter_workspace.by_id.managers : data.roster_blazemeter_workspace.by_id.users[id].email] }
output "bob"      { value = data.roster_blazemeter_account_users.team.ids_by_email["Bob@example.com"] }
`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownOutputValue("managers", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("alice@example.com")})),
					statecheck.ExpectKnownOutputValue("bob", knownvalue.StringExact("352750")),
				},
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckResourceAttr("data.roster_blazemeter_workspace.by_name", "id", checkoutID),
					resource.TestCheckResourceAttr("data.roster_blazemeter_workspace.by_name", "users.352752.enabled", "false"),
					resource.TestCheckResourceAttr("data.roster_blazemeter_account_user.alice", "user_id", "352749"),
					resource.TestCheckResourceAttr("data.roster_blazemeter_account_users.team", "missing_emails.0", "zoe@example.com"),
					resource.TestCheckResourceAttr("data.roster_blazemeter_current_user.me", "email", "terraform@example.com"),
				),
			},
		},
	})
}

func TestAccListUsers(t *testing.T) {
	acctest.Needed(t)
	m := mockservice.StartDefault(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{
			tfversion.SkipBelow(tfversion.Version1_14_0), // terraform query and list blocks
		},
		Steps: []resource.TestStep{
			{Config: providerBlock(m) + "data \"roster_blazemeter_accounts\" \"all\" {}\n"},
			{
				// The provider block of the step before stays where it is.
				Query: true,
				Config: fmt.Sprintf(`
list "roster_blazemeter_workspace_user" "checkout" {
  provider = roster
  config {
    workspace_id = %q
  }
}
`, checkoutID),
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength("roster_blazemeter_workspace_user.checkout", 2),
					querycheck.ExpectIdentity("roster_blazemeter_workspace_user.checkout", map[string]knownvalue.Check{
						"workspace_id": knownvalue.StringExact(checkoutID), "user_id": knownvalue.StringExact("352750"),
					}),
				},
			},
		},
	})
}
