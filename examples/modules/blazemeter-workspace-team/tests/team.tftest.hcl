# Bob also manages the mock service's workspace Search Load Tests, and this file
# does not name him. So a manager remains when Terraform destroys what the file
# created, and the last-owner guard can stay on.

variables {
  account_id   = "5001"
  workspace_id = "70002"
}

run "adds_a_team" {
  variables {
    people = {
      manager = ["Carol@Example.com"]
      tester  = ["alice@example.com"]
    }
  }

  assert {
    condition     = tomap(output.roles) == tomap({ "alice@example.com" = "tester", "carol@example.com" = "manager" })
    error_message = "The roles are not as requested."
  }

  assert {
    condition     = output.user_ids["carol@example.com"] == "352751"
    error_message = "The address was not looked up."
  }
}

run "hands_over" {
  variables {
    people = {
      manager = ["alice@example.com"]
      viewer  = ["carol@example.com"]
    }
  }

  assert {
    condition     = output.managers == tolist(["alice@example.com"])
    error_message = "Alice does not manage the workspace."
  }
}
