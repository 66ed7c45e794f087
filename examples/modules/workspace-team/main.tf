locals {
  # { "alice@example.com" = "owner", ... }: addresses compare without regard to case.
  roles = provider::roster::by_principal({
    for role, emails in var.people : role => distinct([for email in emails : lower(email)])
  })
}

# One listing of the tenant, however many members there are.
data "roster_blink_entities" "people" {
  entity_type = "user"
  emails      = keys(local.roles)

  lifecycle {
    postcondition {
      condition     = length(self.missing_emails) == 0
      error_message = "Not in the Blink tenant: ${join(", ", self.missing_emails)}. Invite them first, or correct the addresses."
    }
  }
}

data "roster_blink_entity" "group" {
  for_each = var.groups

  entity_type = "group"
  name        = each.key
}

# Keyed by the member, not by a position in a list: if an entry of a list is
# deleted, every instance after it would get the next member.
resource "roster_blink_workspace_role_binding" "person" {
  for_each = var.exclusive ? {} : local.roles

  workspace_id = var.workspace_id
  entity_type  = "user"
  entity_id    = data.roster_blink_entities.people.ids_by_email[each.key]
  role         = each.value
  on_destroy   = var.on_destroy

  # The caller may make the members depend on something else that changes in the
  # same run. This adds the successor before it removes the predecessor.
  lifecycle {
    create_before_destroy = true
  }
}

resource "roster_blink_workspace_role_binding" "group" {
  for_each = var.exclusive ? {} : var.groups

  workspace_id = var.workspace_id
  entity_type  = "group"
  entity_id    = data.roster_blink_entity.group[each.key].entity_id
  role         = each.value
  on_destroy   = var.on_destroy

  lifecycle {
    create_before_destroy = true
  }
}

# With exclusive, each role has exactly the members that are named. A member who
# changes the role is changed once, although two resources have a part in it.
resource "roster_blink_workspace_role_members" "role" {
  for_each = toset(var.exclusive ? concat(keys(var.people), values(var.groups)) : [])

  workspace_id = var.workspace_id
  role         = each.key
  users        = [for email, role in local.roles : data.roster_blink_entities.people.ids_by_email[email] if role == each.key]
  groups       = [for name, role in var.groups : data.roster_blink_entity.group[name].entity_id if role == each.key]
}
