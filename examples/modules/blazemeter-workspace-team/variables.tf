variable "account_id" {
  description = "The id of the BlazeMeter account that the workspace belongs to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.account_id))
    error_message = "\"${var.account_id}\" is not the id of an account: it has digits only."
  }
}

variable "workspace_id" {
  description = "The id of the BlazeMeter workspace."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.workspace_id))
    error_message = "\"${var.workspace_id}\" is not the id of a workspace: it has digits only."
  }
}

variable "people" {
  description = "The e-mail addresses of the users by role: manager, tester, or viewer. Each user has one role. Letter case does not matter."
  type        = map(list(string))
  nullable    = false

  validation {
    condition     = alltrue([for role in keys(var.people) : contains(["manager", "tester", "viewer"], role)])
    error_message = "The roles are manager, tester and viewer, not: ${join(", ", [for role in keys(var.people) : role if !contains(["manager", "tester", "viewer"], role)])}."
  }

  validation {
    condition     = alltrue([for email in flatten(values(var.people)) : can(regex("^[^@\\s]+@[^@\\s]+$", email))])
    error_message = "Not an e-mail address: ${join(", ", [for email in flatten(values(var.people)) : "\"${email}\"" if !can(regex("^[^@\\s]+@[^@\\s]+$", email))])}."
  }

  validation {
    condition = alltrue([
      for email in distinct([for e in flatten(values(var.people)) : lower(e)]) :
      length([for role, emails in var.people : role if contains([for e in emails : lower(e)], email)]) == 1
    ])
    error_message = "Each user has one role. Several roles for: ${join("; ", [
      for email in distinct([for e in flatten(values(var.people)) : lower(e)]) :
      "${email} (${join(", ", [for role, emails in var.people : role if contains([for e in emails : lower(e)], email)])})"
      if length([for role, emails in var.people : role if contains([for e in emails : lower(e)], email)]) > 1
    ])}."
  }

  validation {
    condition     = length(lookup(var.people, "manager", [])) > 0
    error_message = "Name at least one manager. The roles with users are: ${join(", ", [for role, emails in var.people : role if length(emails) > 0])}."
  }
}

variable "exclusive" {
  description = "Whether nobody else may have the roles in people: if true, other users who have one of these roles are disabled. Users with another role are left alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "on_destroy" {
  description = "What happens to a user whom you delete from people: disable, or keep. Apply a change of this value before you delete the user. With exclusive, the user is disabled."
  type        = string
  default     = "disable"
  nullable    = false

  validation {
    condition     = contains(["disable", "keep"], var.on_destroy)
    error_message = "on_destroy is disable or keep, not \"${var.on_destroy}\"."
  }
}
