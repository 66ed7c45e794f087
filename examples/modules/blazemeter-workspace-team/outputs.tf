output "workspace_id" {
  description = "The id of the workspace, after all users have been added."
  value       = var.workspace_id

  depends_on = [roster_blazemeter_workspace_user.person]
}

output "roles" {
  description = "The roles by e-mail address, in lower case."
  value       = { for email, user in roster_blazemeter_workspace_user.person : email => user.role }
}

output "user_ids" {
  description = "The ids of the users by e-mail address, in lower case."
  value       = { for email, user in roster_blazemeter_workspace_user.person : email => user.user_id }
}

output "managers" {
  description = "The e-mail addresses of the managers in people. The workspace may have other managers."
  value       = sort([for email, user in roster_blazemeter_workspace_user.person : email if user.role == "manager"])
}
