data "roster_blink_workspaces" "all" {}

output "payments_id" {
  value = data.roster_blink_workspaces.all.ids_by_display_name["Payments"]
}

# The workspaces that the user of the API key owns.
output "owned" {
  value = [for w in data.roster_blink_workspaces.all.workspaces : w.display_name if try(lower(w.role), "") == "owner"]
}
