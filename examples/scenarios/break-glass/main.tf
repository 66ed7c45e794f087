# No single point of failure: the workspace keeps two owners who are people. A
# break-glass account is an owner too, but does not count.

terraform {
  required_version = ">= 1.8"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

provider "roster" {
  last_owner_guard = {
    # A plan that leaves fewer than two owners fails.
    minimum_owners = 2

    # The break-glass account and the service user of Terraform may be owners, but
    # nobody uses them for daily work.
    not_counted = ["break-glass@example.com", "terraform@example.com"]
  }
}

data "roster_blink_entities" "break_glass" {
  entity_type = "user"
  emails      = ["break-glass@example.com"]
}

# If the break-glass account is removed outside of Terraform, the next apply adds it
# again.
resource "roster_blink_workspace_role_binding" "break_glass" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = data.roster_blink_entities.break_glass.ids_by_email["break-glass@example.com"]
  role         = "owner"

  # The account stays in the workspace if you delete this block.
  on_destroy = "keep"

  # The id comes from a data source, which may depend on something else that changes
  # in the same run. This adds the successor before it removes the predecessor.
  lifecycle {
    create_before_destroy = true
  }
}

# The people. Name a successor in the same change when an owner leaves: with two
# owners and a minimum of two, a removal alone fails.
module "team" {
  source = "../../modules/workspace-team"

  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  people = {
    owner       = ["alice@example.com", "carol@example.com"]
    contributor = ["bob@example.com"]
  }
}
