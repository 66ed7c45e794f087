# A whole workspace that exists already: every enabled user is named here, and a
# user who is not named is disabled. The import comes first, so that the plan shows
# each change before it is made.
import {
  to = roster_blazemeter_workspace_users.search
  id = "70002"
}

resource "roster_blazemeter_workspace_users" "search" {
  workspace_id = 70002

  users = provider::roster::by_principal({
    manager = ["352750", "352751"]
    tester  = ["352749"]
  })

  # Users who are managed elsewhere: never shown, changed or disabled by this resource.
  ignore_users = ["100001"]
}
