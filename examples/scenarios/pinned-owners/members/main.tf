# The team manages its contributors and viewers. The owners are pinned in another
# state, see ../owners: this configuration cannot add or remove one.

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
  members = {
    contributor = ["bob@example.com"]
    viewer      = ["dave@example.com"]
  }
}

data "roster_blink_entities" "members" {
  entity_type = "user"
  emails      = flatten(values(local.members))
}

# A member who moves from one role to the other is changed once.
resource "roster_blink_workspace_role_members" "members" {
  for_each = local.members

  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
  role         = each.key
  users        = [for email in each.value : data.roster_blink_entities.members.ids_by_email[email]]
}
