# The workspace Payments of the mock service's own world, where Alice is the only
# owner. This file hands over to Carol and destroys at its end, as Terraform does
# with every test file: that takes the last owner out, which the guard would
# refuse. So it is off here, as it may be in a test and nowhere else.

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
      owner       = ["alice@example.com"]
      contributor = ["bob@example.com"]
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
      owner       = ["carol@example.com"]
      contributor = ["bob@example.com"]
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
