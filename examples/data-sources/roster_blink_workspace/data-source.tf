data "roster_blink_workspace" "security" {
  display_name = "Security Operations"
}

# The e-mail addresses of the owners.
output "owners" {
  value = [for id in data.roster_blink_workspace.security.owners : data.roster_blink_workspace.security.users[id].email]
}

# Warns in the plan and in the apply if there is a single owner.
check "two_owners" {
  assert {
    condition     = length(data.roster_blink_workspace.security.owners) >= 2
    error_message = "The workspace ${data.roster_blink_workspace.security.display_name} has fewer than two owners."
  }
}
