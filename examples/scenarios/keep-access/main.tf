# Needs Terraform 1.16 or OpenTofu 1.12.
#
# Terraform manages the owners, and takes nobody's access away when the resource
# goes: if you delete the block or destroy everything, Terraform only forgets it.
# The last-owner guard has no objection, because the workspace loses nobody.

terraform {
  # For OpenTofu: one constraint cannot name a version of each program. Terraform 1.12 to
  # 1.15 meet it too, and refuse "destroy" below with "Unsupported argument".
  required_version = ">= 1.12"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

provider "roster" {}

resource "roster_blink_workspace_role_binding" "alice" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = "u-alice"
  role         = "owner"

  # In contrast to on_destroy = "keep", this needs no apply before it has an effect.
  lifecycle {
    destroy = false
  }
}
