output "workspace_id" {
  description = "The id of the workspace, after all users have been added."
  value       = var.workspace_id

  depends_on = [
    roster_blazemeter_workspace_user.person,
    roster_blazemeter_workspace_role_members.role,
  ]
}

output "roles" {
  description = "The roles by e-mail address, in lower case."
  value       = local.roles
}

output "user_ids" {
  description = "The ids of the users by e-mail address, in lower case."
  value       = { for email in keys(local.roles) : email => data.roster_blazemeter_account_users.people.ids_by_email[email] }
}

output "managers" {
  description = "The e-mail addresses of the managers in people. Unless exclusive is true, the workspace may have other managers."
  value       = sort([for email, role in local.roles : email if role == "manager"])
}
