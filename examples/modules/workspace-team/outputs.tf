output "workspace_id" {
  description = "The id of the workspace, after all members have been added."
  value       = var.workspace_id

  depends_on = [
    roster_blink_workspace_role_binding.person,
    roster_blink_workspace_role_binding.group,
    roster_blink_workspace_role_members.role,
  ]
}

output "roles" {
  description = "The roles by e-mail address, in lower case."
  value       = local.roles
}

output "user_ids" {
  description = "The ids of the members by e-mail address, in lower case."
  value       = { for email in keys(local.roles) : email => data.roster_blink_entities.people.ids_by_email[email] }
}

output "owners" {
  description = "The e-mail addresses of the owners in people. Unless exclusive is true, the workspace may have other owners."
  value       = sort([for email, role in local.roles : email if lower(role) == "owner"])
}
