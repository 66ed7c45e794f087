# Every workspace of the API key, each with everybody in it, as a start for
# bringing a whole tenant under Terraform:
# terraform query -generate-config-out=workspaces.tf
list "roster_blink_workspace_role_bindings" "all" {
  provider = roster

  # Terraform stops at 100 without it.
  limit = 1000

  # The whole resource, not its identity alone: needed for -generate-config-out.
  include_resource = true
}
