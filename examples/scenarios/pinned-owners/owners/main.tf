# The security team pins the owners of a workspace. The members are managed in
# another state, see ../members. Neither state touches what the other one manages.

terraform {
  required_version = ">= 1.8"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

# Two owners at least, so that nobody is the only one.
provider "roster" {
  last_owner_guard = {
    minimum_owners = 2
  }
}

data "roster_blink_entities" "owners" {
  entity_type = "user"
  emails      = ["alice@example.com", "carol@example.com"]
}

# Exactly these are owners. An owner who is added by hand becomes a contributor
# with the next apply, and stays a member.
resource "roster_blink_workspace_role_members" "owners" {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
  role         = "owner"
  users        = values(data.roster_blink_entities.owners.ids_by_email)

  on_removal    = "reassign"
  reassign_role = "contributor"
}
