# One module for several workspaces, with the teams in one place.

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
  teams = {
    "Payments" = {
      people = {
        owner       = ["alice@example.com", "carol@example.com"]
        contributor = ["bob@example.com"]
      }
      groups = {}
    }

    "Security Operations" = {
      people = {
        owner  = ["carol@example.com"]
        viewer = ["dave@example.com"]
      }
      groups = {
        "Platform Engineers" = "Incident Commander"
      }
    }
  }
}

# The workspaces by name. One call, however many there are.
data "roster_blink_workspaces" "all" {}

# Use a map for for_each, not a list. To hand over ownership, edit a team above:
# the successor and the predecessor can be in the same change.
module "team" {
  source   = "../../modules/workspace-team"
  for_each = local.teams

  workspace_id = data.roster_blink_workspaces.all.ids_by_display_name[each.key]
  people       = each.value.people
  groups       = each.value.groups
}

output "owners" {
  value = { for name, team in module.team : name => team.owners }
}
