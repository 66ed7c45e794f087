# Everybody in a workspace, as a start for bringing it under Terraform:
# terraform query -generate-config-out=payments.tf
list "roster_blink_workspace_role_binding" "payments" {
  provider = roster

  # Terraform stops at 100 without it.
  limit = 1000

  # The whole resource, not its identity alone: needed for -generate-config-out.
  include_resource = true

  config {
    workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  }
}

# The owners alone.
list "roster_blink_workspace_role_binding" "owners" {
  provider = roster

  config {
    workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
    role         = "owner"
  }
}
