# Needs Terraform 1.16.
#
# The members of a workspace that exists already. The module imports them, so this
# configuration needs no import blocks of its own, and the first apply changes
# nothing.

terraform {
  required_version = ">= 1.16"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

provider "roster" {}

module "payments" {
  source = "../../modules/existing-team"

  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  users = {
    "u-alice" = "owner"
    "u-bob"   = "contributor"
  }
}
