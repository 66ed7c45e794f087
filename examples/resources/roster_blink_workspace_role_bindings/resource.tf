# A whole workspace that exists already: all members are named here, and a member
# who is not named is removed. The import comes first, so that the plan shows each
# change before it is made.
import {
  to = roster_blink_workspace_role_bindings.security
  id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
}

resource "roster_blink_workspace_role_bindings" "security" {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"

  users = provider::roster::by_principal({
    owner       = ["u-alice", "u-carol"]
    contributor = ["u-bob"]
  })

  groups = {
    "g-platform" = "Incident Commander"
  }

  # Users who are managed elsewhere: never shown, changed or removed by this resource.
  ignore_users = ["u-dave"]
}
