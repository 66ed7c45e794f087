# The same teams as with the modules workspace-team and blazemeter-workspace-team,
# in the authoritative form: anyone else in the workspace is removed (BlazeMeter:
# disabled). The import blocks make the first plan show every such change.

terraform {
  required_version = ">= 1.8"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

provider "roster" {}

locals {
  # The e-mail addresses by role.
  blink = {
    owner       = ["alice@example.com", "carol@example.com"]
    contributor = ["bob@example.com"]
  }

  blazemeter = {
    manager = ["alice@example.com"]
    tester  = ["bob@example.com"]
  }
}

data "roster_blink_entities" "team" {
  entity_type = "user"
  emails      = flatten(values(local.blink))
}

data "roster_blazemeter_account_users" "team" {
  account_id = 5001
  emails     = flatten(values(local.blazemeter))
}

import {
  to = roster_blink_workspace_role_bindings.payments
  id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
}

# An address that is not in the tenant is an error here, so a wrong address never
# removes the member.
resource "roster_blink_workspace_role_bindings" "payments" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"

  users = provider::roster::by_principal({
    for role, emails in local.blink : role => [for email in emails : data.roster_blink_entities.team.ids_by_email[email]]
  })
}

import {
  to = roster_blazemeter_workspace_users.checkout
  id = "70001"
}

resource "roster_blazemeter_workspace_users" "checkout" {
  workspace_id = 70001

  users = provider::roster::by_principal({
    for role, emails in local.blazemeter : role => [for email in emails : data.roster_blazemeter_account_users.team.ids_by_email[email]]
  })
}
