# Needs OpenTofu 1.12.
#
# Two things that OpenTofu adds beside the last-owner guard: a resource that is
# switched on and off by a variable, and a protection that depends on one.

terraform {
  # For OpenTofu: a constraint cannot name the program. Terraform 1.12 and later meet it
  # too, and refuse "enabled" below with "Unsupported argument".
  required_version = ">= 1.12"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

provider "roster" {}

variable "production" {
  type        = bool
  description = "Whether every plan that would destroy the binding of Alice fails, no matter who else is an owner."
  default     = true
}

variable "alice" {
  type        = bool
  description = "Whether Alice is an owner."
  default     = true
}

variable "on_call" {
  type        = bool
  description = "Whether Carol is on call, and an owner as long as she is."
  default     = true
}

resource "roster_blink_workspace_role_binding" "alice" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = "u-alice"
  role         = "owner"

  lifecycle {
    enabled         = var.alice
    prevent_destroy = var.production
  }
}

# When Carol's shift ends, she loses the role. A plan that leaves no owner fails.
resource "roster_blink_workspace_role_binding" "carol" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = "u-carol"
  role         = "owner"

  lifecycle {
    enabled = var.on_call
  }
}
