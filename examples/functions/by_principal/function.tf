terraform {
  required_providers {
    roster = {
      source = "tf-roster/roster"
    }
  }
}

locals {
  # The members by role, as they are easy to write.
  people = {
    owner       = ["u-alice", "u-carol"]
    contributor = ["u-bob"]
    viewer      = []
  }
}

# The roles by member, as the resources for whole workspaces need them:
# { "u-alice" = "owner", "u-bob" = "contributor", "u-carol" = "owner" }
output "users" {
  value = provider::roster::by_principal(local.people)
}
