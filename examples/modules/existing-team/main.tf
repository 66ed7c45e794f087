# Needs Terraform 1.16.

terraform {
  required_version = ">= 1.16"

  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = ">= 0.1.0"
    }
  }
}

variable "workspace_id" {
  type        = string
  description = "The id of the Blink workspace."
}

variable "users" {
  type        = map(string)
  description = "The roles of the users by id, as they are in the workspace today."
}

import {
  for_each = var.users

  to = roster_blink_workspace_role_binding.user[each.key]
  id = "${var.workspace_id}/user/${each.key}"
}

resource "roster_blink_workspace_role_binding" "user" {
  for_each = var.users

  workspace_id = var.workspace_id
  entity_type  = "user"
  entity_id    = each.key
  role         = each.value

  # The id may come from something else that changes in the same run. This adds the
  # successor before it removes the predecessor.
  lifecycle {
    create_before_destroy = true
  }
}
