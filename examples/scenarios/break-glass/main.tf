# Never a single point of failure: every workspace keeps two owners who are
# people, and a break-glass account beside them that counts for nothing.

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
    # A plan that leaves fewer than two owners is refused.
    minimum_owners = 2

    # The account in the safe and the one that Terraform runs as are owners, but
    # nobody uses them day to day.
    not_counted = ["break-glass@example.com", "terraform@example.com"]
  }
}

data "roster_blink_entities" "break_glass" {
  entity_type = "user"
  emails      = ["break-glass@example.com"]
}

# If somebody takes the break-glass account out of the workspace by hand, the next
# plan notices, and its apply brings it back.
resource "roster_blink_workspace_role_binding" "break_glass" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = data.roster_blink_entities.break_glass.ids_by_email["break-glass@example.com"]
  role         = "owner"

  # Removing this block leaves the account where it is.
  on_destroy = "keep"

  # The id comes from a data source, which may have to wait for something else of
  # the run: then who follows has to come in before who leaves goes.
  lifecycle {
    create_before_destroy = true
  }
}

# The people. Who leaves is replaced in the same change: with two owners and a
# minimum of two, a removal alone is refused.
module "team" {
  source = "../../modules/workspace-team"

  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  people = {
    owner       = ["alice@example.com", "carol@example.com"]
    contributor = ["bob@example.com"]
  }
}
