# All enabled users of a workspace, to import them:
# terraform query -generate-config-out=checkout.tf
list "roster_blazemeter_workspace_user" "checkout" {
  provider = roster

  # The default is 100.
  limit = 1000

  # Needed for -generate-config-out.
  include_resource = true

  config {
    workspace_id = "70001"
  }
}

# Only the managers.
list "roster_blazemeter_workspace_user" "managers" {
  provider = roster

  config {
    workspace_id = "70001"
    role         = "manager"
  }
}
