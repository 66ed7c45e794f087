import {
  to = roster_blazemeter_workspace_role_members.managers
  identity = {
    workspace_id = "70002"
    role         = "manager"
  }
}
