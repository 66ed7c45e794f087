import {
  to = roster_blazemeter_workspace_users.search
  identity = {
    workspace_id = "70002"
  }
}
