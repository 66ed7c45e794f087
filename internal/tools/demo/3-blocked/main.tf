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

# Blink: Carol, the only owner by now, has no block any more, and nobody follows.
resource "roster_blink_workspace_role_binding" "platform" {
  workspace_id = local.payments
  entity_type  = "group"
  entity_id    = "g-platform"
  role         = "Incident Commander"
}

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

# BlazeMeter: Carol, the only manager by now, becomes a viewer, and nobody follows.
resource "roster_blazemeter_workspace_user" "carol" {
  workspace_id = local.checkout
  user_id      = "352751"
  role         = "viewer"
}
