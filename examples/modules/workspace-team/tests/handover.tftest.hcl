# Alice is the only owner of the mock service's workspace Payments. This file hands
# over to Carol. At the end of a test file, Terraform destroys what the file
# created, which would remove the last owner. So the guard is off in this file.
# Do not turn it off anywhere else.

provider "roster" {
  last_owner_guard = {
    mode = "off"
  }
}

variables {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
}

run "alice_owns" {
  variables {
    people = {
      owner = ["alice@example.com"]
    }
  }

  assert {
    condition     = output.owners == tolist(["alice@example.com"])
    error_message = "Alice does not own the workspace."
  }
}

run "carol_takes_over" {
  variables {
    people = {
      owner = ["carol@example.com"]
    }
  }

  assert {
    condition     = output.owners == tolist(["carol@example.com"])
    error_message = "Carol does not own the workspace."
  }

  assert {
    condition     = output.user_ids["carol@example.com"] == "u-carol"
    error_message = "The address was not looked up."
  }
}
