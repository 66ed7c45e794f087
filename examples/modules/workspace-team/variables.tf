variable "workspace_id" {
  description = "The id of the Blink workspace: the part after /workspaces/ in its address."
  type        = string
  nullable    = false

  validation {
    condition     = length(trimspace(var.workspace_id)) > 0 && !strcontains(var.workspace_id, "/")
    error_message = "The workspace_id is the id alone, such as 3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01."
  }
}

variable "people" {
  description = "The e-mail addresses of the people by their role in the workspace: owner, contributor, viewer or a custom role. Everybody stands under one role."
  type        = map(list(string))
  nullable    = false

  validation {
    condition     = alltrue([for email in flatten(values(var.people)) : can(regex("^[^@\\s]+@[^@\\s]+$", email))])
    error_message = "Everybody in people is named by an e-mail address."
  }

  validation {
    condition     = length(flatten(values(var.people))) == length(distinct([for email in flatten(values(var.people)) : lower(email)]))
    error_message = "Somebody in people is named twice: everybody stands under one role, and once."
  }

  validation {
    condition     = length([for role, emails in var.people : role if lower(role) == "owner" && length(emails) > 0]) > 0
    error_message = "A team names at least one owner, so that somebody is there to hand over to."
  }
}

variable "groups" {
  description = "The names of groups of the tenant, each with its role in the workspace. A group with the role owner is no owner in the eyes of the last-owner guard."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for role in values(var.groups) : length(trimspace(role)) > 0])
    error_message = "Every group needs a role."
  }
}

variable "on_destroy" {
  description = "What becomes of somebody's access who is taken out of people or groups: remove or keep. It has to be applied before it has an effect."
  type        = string
  default     = "remove"
  nullable    = false

  validation {
    condition     = contains(["remove", "keep"], var.on_destroy)
    error_message = "The value of on_destroy is remove or keep."
  }
}
