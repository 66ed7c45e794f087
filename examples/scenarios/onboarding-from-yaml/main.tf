# Brings an existing workspace under Terraform in one plan. It imports members,
# corrects wrong roles, and adds missing members. Members who are not in people.yaml
# keep their access, and an output lists them.
#
# Careful: an address that is not in the tenant is skipped with a warning. If it is
# the mistyped address of a member whom Terraform manages already, the plan removes
# that member. Read the plan before you apply.
#
# Works with Terraform 1.8 and OpenTofu 1.8, and later. From Terraform 1.14 on,
# `terraform query -generate-config-out` can write such configuration.

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
  file = yamldecode(file("${path.module}/people.yaml"))
}

# The current members of the workspace.
data "roster_blink_workspace" "this" {
  display_name = local.file.workspace
}

# The ids of the people. One listing of the tenant, however many there are.
data "roster_blink_entities" "people" {
  entity_type = "user"
  emails      = keys(local.file.people)
}

locals {
  # Only people who are in the tenant, so that a missing one does not block the others.
  people = {
    for email, id in data.roster_blink_entities.people.ids_by_email :
    lower(email) => { id = id, role = local.file.people[email] }
  }
}

resource "roster_blink_workspace_role_binding" "person" {
  for_each = local.people

  workspace_id = data.roster_blink_workspace.this.id
  entity_type  = "user"
  entity_id    = each.value.id
  role         = each.value.role

  # The ids come from a data source, which may depend on something else that changes
  # in the same run. This adds the successor before it removes the predecessor.
  lifecycle {
    create_before_destroy = true
  }
}

# Imports members who are in the workspace already. You can keep the block: it does
# nothing for members who are in the state.
import {
  for_each = {
    for email, person in local.people :
    email => person.id if contains(keys(data.roster_blink_workspace.this.users), person.id)
  }

  to = roster_blink_workspace_role_binding.person[each.key]
  id = "${data.roster_blink_workspace.this.id}/user/${each.value}"
}

# A warning in the plan and in the apply, which continue.
check "everyone_is_in_the_tenant" {
  assert {
    condition     = length(data.roster_blink_entities.people.missing_emails) == 0
    error_message = "Not in the Blink tenant: ${join(", ", data.roster_blink_entities.people.missing_emails)}. Invite them, or correct people.yaml. If Terraform manages one of them already, this plan REMOVES that member from ${local.file.workspace}."
  }
}

# Members who are not in people.yaml, and their roles.
output "not_in_the_file" {
  value = {
    for id, user in data.roster_blink_workspace.this.users :
    coalesce(user.email, id) => user.role if !contains([for person in local.people : person.id], id)
  }
}
