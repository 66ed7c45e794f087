import {
  to = roster_blink_workspace_role_members.owners
  identity = {
    workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
    role         = "owner"
  }
}
