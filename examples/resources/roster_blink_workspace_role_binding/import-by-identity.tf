import {
  to = roster_blink_workspace_role_binding.owner
  identity = {
    workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
    entity_type  = "user"
    entity_id    = "u-alice"
  }
}
