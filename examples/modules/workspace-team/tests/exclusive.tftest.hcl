# The owners of the mock service's workspace Security Operations are Alice and Carol.
# At the end of a test file, Terraform destroys what the file created: a resource
# for one role then leaves everybody as they are, so the last-owner guard stays on.

variables {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
  exclusive    = true
}

run "names_everybody_who_has_the_role" {
  variables {
    people = { owner = ["alice@example.com", "carol@example.com"] }
  }

  assert {
    condition     = tomap(roster_blink_workspace_role_members.role["owner"].users_by_email) == tomap({ "alice@example.com" = "u-alice", "carol@example.com" = "u-carol" })
    error_message = "The owners are not as requested."
  }

  assert {
    condition     = length(roster_blink_workspace_role_binding.person) == 0
    error_message = "A member has a resource of their own besides."
  }
}

run "adds_a_role_and_moves_a_member_to_it" {
  variables {
    people = {
      owner       = ["alice@example.com"]
      contributor = ["carol@example.com"]
    }
  }

  assert {
    condition     = output.owners == tolist(["alice@example.com"]) && output.user_ids["carol@example.com"] == "u-carol"
    error_message = "Carol is not a contributor."
  }
}

# The other files begin with both owners.
run "makes_the_member_an_owner_again" {
  variables {
    people = { owner = ["alice@example.com", "carol@example.com"] }
  }

  assert {
    condition     = length(output.owners) == 2
    error_message = "Alice and Carol do not own the workspace."
  }
}
