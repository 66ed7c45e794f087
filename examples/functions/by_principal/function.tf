terraform {
  required_providers {
    roster = {
      source = "tf-roster/roster"
    }
  }
}

locals {
  # Written the way people think of it: who holds a role.
  people = {
    owner       = ["u-alice", "u-carol"]
    contributor = ["u-bob"]
    viewer      = []
  }
}

# Given the way the authoritative resources take it:
# { "u-alice" = "owner", "u-bob" = "contributor", "u-carol" = "owner" }
output "users" {
  value = provider::roster::by_principal(local.people)
}
