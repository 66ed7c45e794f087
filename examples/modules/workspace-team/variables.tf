variable "workspace_id" {
  description = "The id of the Blink workspace: the UUID in its URL."
  type        = string
  nullable    = false

  validation {
    condition     = length(trimspace(var.workspace_id)) > 0 && !strcontains(var.workspace_id, "/")
    error_message = "\"${var.workspace_id}\" is not the id of a workspace. Use the id alone, such as 3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01."
  }
}

variable "people" {
  description = "The e-mail addresses of the members by role: owner, contributor, viewer, or a custom role. Each member has one role. Letter case does not matter."
  type        = map(list(string))
  nullable    = false

  validation {
    condition     = alltrue([for email in flatten(values(var.people)) : can(regex("^[^@\\s]+@[^@\\s]+$", email))])
    error_message = "Not an e-mail address: ${join(", ", [for email in flatten(values(var.people)) : "\"${email}\"" if !can(regex("^[^@\\s]+@[^@\\s]+$", email))])}."
  }

  validation {
    condition = alltrue([
      for email in distinct([for e in flatten(values(var.people)) : lower(e)]) :
      length([for role, emails in var.people : role if contains([for e in emails : lower(e)], email)]) == 1
    ])
    error_message = "Each member has one role. Several roles for: ${join("; ", [
      for email in distinct([for e in flatten(values(var.people)) : lower(e)]) :
      "${email} (${join(", ", [for role, emails in var.people : role if contains([for e in emails : lower(e)], email)])})"
      if length([for role, emails in var.people : role if contains([for e in emails : lower(e)], email)]) > 1
    ])}."
  }

  validation {
    condition     = length([for role, emails in var.people : role if lower(role) == "owner" && length(emails) > 0]) > 0
    error_message = "Name at least one owner. The roles with members are: ${join(", ", [for role, emails in var.people : role if length(emails) > 0])}."
  }
}

variable "groups" {
  description = "The roles of groups of the tenant, by the name of the group. The last-owner guard does not count groups as owners."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for role in values(var.groups) : length(trimspace(role)) > 0])
    error_message = "Groups without a role: ${join(", ", [for name, role in var.groups : "\"${name}\"" if length(trimspace(role)) == 0])}."
  }
}

variable "exclusive" {
  description = "Whether nobody else may have the roles in people and groups: if true, other members who have one of these roles are removed. Members with another role are left alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "on_destroy" {
  description = "What happens to a member whom you delete from people or groups: remove, or keep. Apply a change of this value before you delete the member. With exclusive, the member is removed."
  type        = string
  default     = "remove"
  nullable    = false

  validation {
    condition     = contains(["remove", "keep"], var.on_destroy)
    error_message = "on_destroy is remove or keep, not \"${var.on_destroy}\"."
  }
}
