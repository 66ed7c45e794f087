import {
  to = roster_blazemeter_workspace_user.manager
  id = "70001/352749"
}
