# Both products in one configuration: the people who work on Payments are members of
# its Blink workspace and of the BlazeMeter workspace that tests it.

terraform {
  required_version = ">= 1.8"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

# The keys come from the environment: BLINK_API_KEY, BLAZEMETER_API_KEY_ID and
# BLAZEMETER_API_KEY_SECRET.
provider "roster" {}

locals {
  people = {
    "alice@example.com" = { blink = "owner", blazemeter = "manager" }
    "bob@example.com"   = { blink = "contributor", blazemeter = "tester" }
    "carol@example.com" = { blink = "owner", blazemeter = "manager" }
  }
}

data "roster_blink_workspace" "payments" {
  display_name = "Payments"
}

data "roster_blazemeter_workspace" "checkout" {
  account_id = 5001
  name       = "Checkout Load Tests"
}

# A person has a different id in each product.
data "roster_blink_entities" "people" {
  entity_type = "user"
  emails      = keys(local.people)
}

data "roster_blazemeter_account_users" "people" {
  account_id = 5001
  emails     = keys(local.people)
}

resource "roster_blink_workspace_role_binding" "person" {
  for_each = local.people

  workspace_id = data.roster_blink_workspace.payments.id
  entity_type  = "user"
  entity_id    = data.roster_blink_entities.people.ids_by_email[each.key]
  role         = each.value.blink

  # The ids come from data sources, which may depend on something else that changes
  # in the same run. This adds the successor before it removes the predecessor.
  lifecycle {
    create_before_destroy = true
  }
}

resource "roster_blazemeter_workspace_user" "person" {
  for_each = local.people

  workspace_id = data.roster_blazemeter_workspace.checkout.id
  user_id      = data.roster_blazemeter_account_users.people.ids_by_email[each.key]
  role         = each.value.blazemeter

  lifecycle {
    create_before_destroy = true
  }
}
