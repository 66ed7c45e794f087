import {
  to = roster_blazemeter_workspace_user.manager
  identity = {
    workspace_id = "70001"
    user_id      = "352749"
  }
}
