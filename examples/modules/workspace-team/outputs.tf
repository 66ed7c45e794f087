output "workspace_id" {
  description = "The id of the workspace, after all members have been added."
  value       = var.workspace_id

  depends_on = [
    roster_blink_workspace_role_binding.person,
    roster_blink_workspace_role_binding.group,
  ]
}

output "roles" {
  description = "The roles by e-mail address, in lower case."
  value       = { for email, binding in roster_blink_workspace_role_binding.person : email => binding.role }
}

output "user_ids" {
  description = "The ids of the members by e-mail address, in lower case."
  value       = { for email, binding in roster_blink_workspace_role_binding.person : email => binding.entity_id }
}

output "owners" {
  description = "The e-mail addresses of the owners in people. The workspace may have other owners."
  value       = sort([for email, binding in roster_blink_workspace_role_binding.person : email if lower(binding.role) == "owner"])
}
