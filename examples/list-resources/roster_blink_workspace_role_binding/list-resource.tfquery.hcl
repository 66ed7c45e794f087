# All members of a workspace, to import them:
# terraform query -generate-config-out=payments.tf
list "roster_blink_workspace_role_binding" "payments" {
  provider = roster

  # The default is 100.
  limit = 1000

  # Needed for -generate-config-out.
  include_resource = true

  config {
    workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  }
}

# Only the owners.
list "roster_blink_workspace_role_binding" "owners" {
  provider = roster

  config {
    workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
    role         = "owner"
  }
}
