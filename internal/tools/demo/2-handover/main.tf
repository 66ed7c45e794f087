terraform {
  required_providers {
    roster = { source = "tf-roster/roster" }
  }
}

# The keys come from the environment.
provider "roster" {}

locals {
  payments = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01" # a Blink workspace
  checkout = "70001"                                # a BlazeMeter workspace
}

# Blink: Alice's block is gone, and Carol's says owner. There is no depends_on.
resource "roster_blink_workspace_role_binding" "carol" {
  workspace_id = local.payments
  entity_type  = "user"
  entity_id    = "u-carol"
  role         = "owner"
}

resource "roster_blink_workspace_role_binding" "platform" {
  workspace_id = local.payments
  entity_type  = "group"
  entity_id    = "g-platform"
  role         = "Incident Commander"
}

# BlazeMeter: Alice becomes a tester, and Carol joins as the new manager.
resource "roster_blazemeter_workspace_user" "alice" {
  workspace_id = local.checkout
  user_id      = "352749"
  role         = "tester"
}

resource "roster_blazemeter_workspace_user" "bob" {
  workspace_id = local.checkout
  user_id      = "352750"
  role         = "tester"
}

resource "roster_blazemeter_workspace_user" "carol" {
  workspace_id = local.checkout
  user_id      = "352751"
  role         = "manager"
}
