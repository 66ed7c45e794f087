# Alice also owns the mock service's workspace Security Operations, and this file
# does not manage her. So an owner remains when Terraform destroys what the file
# created, and the last-owner guard can stay on.

variables {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
}

run "adds_a_team" {
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
    error_message = "The roles are not as requested."
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

run "adds_and_promotes_members" {
  variables {
    people = {
      owner       = ["carol@example.com", "Dave@Example.com"]
      contributor = ["Bob@Example.com", "bob@example.com"]
    }
  }

  assert {
    condition     = join(" ", output.owners) == "carol@example.com dave@example.com"
    error_message = "The owners are not as requested."
  }

  assert {
    condition     = roster_blink_workspace_role_binding.person["bob@example.com"].email == "bob@example.com"
    error_message = "An address in another letter case was not found."
  }

  assert {
    condition     = length(roster_blink_workspace_role_binding.group) == 0
    error_message = "The group is still a member."
  }
}
