data "roster_blink_workspace" "security" {
  display_name = "Security Operations"
}

# Who has the workspace, by e-mail address.
output "owners" {
  value = [for id in data.roster_blink_workspace.security.owners : data.roster_blink_workspace.security.users[id].email]
}

# A warning in a plan and in an apply: one owner is a single point of failure.
check "two_owners" {
  assert {
    condition     = length(data.roster_blink_workspace.security.owners) >= 2
    error_message = "The workspace ${data.roster_blink_workspace.security.display_name} has fewer than two owners."
  }
}
