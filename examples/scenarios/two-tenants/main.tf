# Two Blink tenants with a key each: one provider configuration per tenant. The
# last-owner guard checks each configuration separately, so you cannot hand over
# ownership from a resource of one alias to a resource of the other in the same run.

terraform {
  required_version = ">= 1.8"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

variable "tenants" {
  description = "The endpoint and the key of each tenant. In Terraform 1.10 and OpenTofu 1.11, or later, add ephemeral = true to keep the keys out of saved plans."
  type = object({
    europe  = object({ endpoint = string, api_key = string })
    america = object({ endpoint = string, api_key = string })
  })
  sensitive = true
}

provider "roster" {
  alias = "europe"
  blink = var.tenants.europe
}

provider "roster" {
  alias = "america"
  blink = var.tenants.america
}

module "europe" {
  source    = "../../modules/workspace-team"
  providers = { roster = roster.europe }

  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  people       = { owner = ["alice@example.com"], contributor = ["bob@example.com"] }
}

module "america" {
  source    = "../../modules/workspace-team"
  providers = { roster = roster.america }

  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
  people       = { owner = ["alice@example.com", "carol@example.com"] }
}
