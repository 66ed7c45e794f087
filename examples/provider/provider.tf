terraform {
  required_version = ">= 1.8"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

# Set the keys in the environment: BLINK_API_KEY for Blink, BLAZEMETER_API_KEY_ID and
# BLAZEMETER_API_KEY_SECRET for BlazeMeter. You need keys only for the products that
# your configuration uses.
provider "roster" {
  last_owner_guard = {
    # Do not count the service user of Terraform as an owner.
    not_counted = ["terraform@example.com"]
  }
}

# Alice owns the Blink workspace "Payments".
resource "roster_blink_workspace_role_binding" "alice" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = "u-alice"
  role         = "owner"
}

# She also manages the BlazeMeter workspace "Checkout Load Tests".
resource "roster_blazemeter_workspace_user" "alice" {
  workspace_id = 70001
  user_id      = 352749
  role         = "manager"
}
