# Every workspace of an account, each with everybody who is enabled in it, as a
# start for bringing a whole account under Terraform:
# terraform query -generate-config-out=workspaces.tf
list "roster_blazemeter_workspace_users" "all" {
  provider = roster

  # Terraform stops at 100 without it.
  limit = 1000

  # The whole resource, not its identity alone: needed for -generate-config-out.
  include_resource = true

  config {
    account_id = "5001"
  }
}
