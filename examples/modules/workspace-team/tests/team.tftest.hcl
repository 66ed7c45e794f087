# The workspace Security Operations of the mock service's own world. Alice owns it
# too and is not named here, so an owner survives the destroy at the end of this
# file, and the last-owner guard can stay on.

variables {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
}

run "a_team" {
  variables {
    people = {
      owner  = ["carol@example.com"]
      viewer = ["dave@example.com"]
    }
    groups = {
      "Platform Engineers" = "Incident Commander"
    }
  }

  assert {
    condition     = tomap(output.roles) == tomap({ "carol@example.com" = "owner", "dave@example.com" = "viewer" })
    error_message = "The roles are not those that were asked for."
  }

  assert {
    condition     = output.user_ids["carol@example.com"] == "u-carol"
    error_message = "The address was not looked up."
  }

  assert {
    condition     = roster_blink_workspace_role_binding.group["Platform Engineers"].entity_id == "g-platform"
    error_message = "The group was not looked up."
  }
}

run "somebody_joins_and_somebody_rises" {
  variables {
    people = {
      owner       = ["carol@example.com", "dave@example.com"]
      contributor = ["Bob@Example.com"]
    }
  }

  assert {
    condition     = join(" ", output.owners) == "carol@example.com dave@example.com"
    error_message = "The owners are not those that were asked for."
  }

  assert {
    condition     = roster_blink_workspace_role_binding.person["Bob@Example.com"].email == "bob@example.com"
    error_message = "An address that is spelled otherwise was not found."
  }

  assert {
    condition     = length(roster_blink_workspace_role_binding.group) == 0
    error_message = "The group is still there."
  }
}
