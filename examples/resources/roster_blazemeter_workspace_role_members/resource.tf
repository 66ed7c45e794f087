# The managers of a workspace are exactly these. Everybody with another role is
# left alone. The import comes first, so that the plan shows each change before
# it is made.
import {
  to = roster_blazemeter_workspace_role_members.managers
  id = "70002/manager"
}

resource "roster_blazemeter_workspace_role_members" "managers" {
  workspace_id = 70002
  role         = "manager"

  users = ["352750", "352751"]
}
