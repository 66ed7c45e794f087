# A workspace that has grown by hand comes under Terraform in one plan: who is in
# it is imported, wrong roles are corrected, who is missing gets access. Who is
# in the workspace and not in people.yaml keeps it, and is shown as an output.
#
# For Terraform 1.8 and later and OpenTofu 1.8 and later. From Terraform 1.14 on,
# `terraform query -generate-config-out` writes such configuration by itself.

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

# Who is in the workspace now.
data "roster_blink_workspace" "this" {
  display_name = local.file.workspace
}

# The ids of the people: one listing of the tenant, however many they are.
data "roster_blink_entities" "people" {
  entity_type = "user"
  emails      = keys(local.file.people)
}

locals {
  # Only people who are in the tenant, so that one who is missing does not hold up
  # the others.
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

  # The ids come from a data source, which may have to wait for something else of
  # the run: then who follows has to come in before who leaves goes.
  lifecycle {
    create_before_destroy = true
  }
}

# Who is there already is taken into the state instead of being created. The
# block may stay: it does nothing for those who are in the state.
import {
  for_each = {
    for email, person in local.people :
    email => person.id if contains(keys(data.roster_blink_workspace.this.users), person.id)
  }

  to = roster_blink_workspace_role_binding.person[each.key]
  id = "${data.roster_blink_workspace.this.id}/user/${each.value}"
}

# A warning in a plan and in an apply, which goes on for everybody else.
check "everybody_is_in_the_tenant" {
  assert {
    condition     = length(data.roster_blink_entities.people.missing_emails) == 0
    error_message = "Not in the Blink tenant, so without access to ${local.file.workspace}: ${join(", ", data.roster_blink_entities.people.missing_emails)}. Invite them to the tenant, or correct people.yaml."
  }
}

# Who has access without being named in people.yaml, with the role.
output "not_in_the_file" {
  value = {
    for id, user in data.roster_blink_workspace.this.users :
    coalesce(user.email, id) => user.role if !contains([for person in local.people : person.id], id)
  }
}
