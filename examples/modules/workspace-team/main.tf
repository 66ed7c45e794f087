locals {
  # { "alice@example.com" = "owner", ... }
  roles = provider::roster::by_principal(var.people)
}

# One listing of the tenant, however many people there are.
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

# Keyed by the person, never by a position in a list: a list that shifts would
# give everybody the neighbour's instance.
resource "roster_blink_workspace_role_binding" "person" {
  for_each = local.roles

  workspace_id = var.workspace_id
  entity_type  = "user"
  entity_id    = data.roster_blink_entities.people.ids_by_email[each.key]
  role         = each.value
  on_destroy   = var.on_destroy

  # The caller may make the people depend on something else that changes in the
  # same run. With this, who follows comes in before who leaves goes.
  lifecycle {
    create_before_destroy = true
  }
}

resource "roster_blink_workspace_role_binding" "group" {
  for_each = var.groups

  workspace_id = var.workspace_id
  entity_type  = "group"
  entity_id    = data.roster_blink_entity.group[each.key].entity_id
  role         = each.value
  on_destroy   = var.on_destroy

  lifecycle {
    create_before_destroy = true
  }
}
