# The owners of a workspace are exactly these. Everybody with another role is
# left alone. The import comes first, so that the plan shows each change before
# it is made.
import {
  to = roster_blink_workspace_role_members.owners
  id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02/owner"
}

resource "roster_blink_workspace_role_members" "owners" {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
  role         = "owner"

  users = ["u-alice", "u-carol"]
}
