# Bob and Carol manage the mock service's workspace Search Load Tests. At the end of
# a test file, Terraform destroys what the file created: a resource for one role
# then leaves everybody as they are, so the last-owner guard stays on.

variables {
  account_id   = "5001"
  workspace_id = "70002"
  exclusive    = true
}

run "names_everybody_who_has_the_role" {
  variables {
    people = { manager = ["bob@example.com", "carol@example.com"] }
  }

  assert {
    condition     = length(roster_blazemeter_workspace_role_members.role["manager"].users) == 2
    error_message = "The managers are not as requested."
  }
}

run "hands_over_and_keeps_the_predecessor" {
  variables {
    people = {
      manager = ["carol@example.com"]
      viewer  = ["bob@example.com"]
    }
  }

  assert {
    condition     = output.managers == tolist(["carol@example.com"]) && output.roles["bob@example.com"] == "viewer"
    error_message = "Carol does not manage the workspace, or Bob is no viewer."
  }
}

# The other files begin with both managers.
run "takes_the_predecessor_back" {
  variables {
    people = { manager = ["bob@example.com", "carol@example.com"] }
  }

  assert {
    condition     = length(output.managers) == 2
    error_message = "Bob and Carol do not manage the workspace."
  }
}
