package main

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m) }

// The floor provider takes the real one's place in a real Terraform: it creates
// many instances, and the plan after that is clean.
func TestAccFloorInTerraform(t *testing.T) {
	acctest.Needed(t)
	c := acctest.With(t, acctest.Build(t, "./internal/tools/floor"), nil)
	c.Write("main.tf", `
resource "roster_blink_workspace_role_binding" "this" {
  count        = 30
  workspace_id = "w-1"
  entity_type  = "user"
  entity_id    = "u-${count.index}"
  role         = "viewer"
}

resource "roster_blazemeter_workspace_user" "this" {
  count        = 30
  workspace_id = "1"
  user_id      = tostring(count.index)
  role         = "tester"
}
`)
	c.Shows(c.Apply(), "60 added")
	c.Clean()
	c.Shows(c.OK("destroy", "-auto-approve", "-no-color"), "60 destroyed")
}
