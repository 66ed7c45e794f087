# Every enabled user of a workspace, as a start for bringing it under Terraform:
# terraform query -generate-config-out=checkout.tf
list "roster_blazemeter_workspace_user" "checkout" {
  provider = roster

  # Terraform stops at 100 without it.
  limit = 1000

  # The whole resource, not its identity alone: needed for -generate-config-out.
  include_resource = true

  config {
    workspace_id = "70001"
  }
}

# The managers alone.
list "roster_blazemeter_workspace_user" "managers" {
  provider = roster

  config {
    workspace_id = "70001"
    role         = "manager"
  }
}
