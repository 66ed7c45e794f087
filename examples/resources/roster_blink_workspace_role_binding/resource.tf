# Look people up by e-mail address instead of writing ids down.
data "roster_blink_entities" "people" {
  entity_type = "user"
  emails      = ["alice@example.com", "carol@example.com"]
}

resource "roster_blink_workspace_role_binding" "owner" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = data.roster_blink_entities.people.ids_by_email["alice@example.com"]
  role         = "owner"

  # Who follows this owner may depend on something else that changes in the same
  # run. Then Terraform would take the owner out before it looks at the successor,
  # unless it is told to create first.
  lifecycle {
    create_before_destroy = true
  }
}

# A member who becomes a viewer when this block is removed.
resource "roster_blink_workspace_role_binding" "contributor" {
  workspace_id  = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type   = "user"
  entity_id     = data.roster_blink_entities.people.ids_by_email["carol@example.com"]
  role          = "contributor"
  on_destroy    = "reassign"
  reassign_role = "viewer"
}

# A group, with a custom role of the tenant.
resource "roster_blink_workspace_role_binding" "platform" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "group"
  entity_id    = "g-platform"
  role         = "Incident Commander"

  timeouts = {
    create = "2m"
  }
}
