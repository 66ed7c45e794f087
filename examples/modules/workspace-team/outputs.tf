output "workspace_id" {
  description = "The id of the workspace, once everybody is in it."
  value       = var.workspace_id

  depends_on = [
    roster_blink_workspace_role_binding.person,
    roster_blink_workspace_role_binding.group,
  ]
}

output "roles" {
  description = "The role by e-mail address."
  value       = { for email, binding in roster_blink_workspace_role_binding.person : email => binding.role }
}

output "user_ids" {
  description = "The ids of the people by e-mail address."
  value       = { for email, binding in roster_blink_workspace_role_binding.person : email => binding.entity_id }
}

output "owners" {
  description = "The e-mail addresses of the owners that this module names. There may be others in the workspace."
  value       = sort([for email, binding in roster_blink_workspace_role_binding.person : email if lower(binding.role) == "owner"])
}
