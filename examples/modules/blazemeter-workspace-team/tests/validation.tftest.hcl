# Invalid input fails before the provider reads or changes anything.

variables {
  account_id   = "5001"
  workspace_id = "70002"
  people       = { manager = ["carol@example.com"] }
}

run "workspace_by_name" {
  command = plan

  variables {
    workspace_id = "Search Load Tests"
  }

  expect_failures = [var.workspace_id]
}

run "account_by_name" {
  command = plan

  variables {
    account_id = "Example Corp"
  }

  expect_failures = [var.account_id]
}

run "unknown_role" {
  command = plan

  variables {
    people = { manager = ["carol@example.com"], owner = ["alice@example.com"] }
  }

  expect_failures = [var.people]
}

run "no_manager" {
  command = plan

  variables {
    people = { manager = [], viewer = ["dave@example.com"] }
  }

  expect_failures = [var.people]
}

run "two_roles_in_different_letter_case" {
  command = plan

  variables {
    people = { manager = ["carol@example.com"], viewer = ["Carol@example.com"] }
  }

  expect_failures = [var.people]
}

run "id_instead_of_address" {
  command = plan

  variables {
    people = { manager = ["352751"] }
  }

  expect_failures = [var.people]
}

run "unknown_on_destroy" {
  command = plan

  variables {
    on_destroy = "remove"
  }

  expect_failures = [var.on_destroy]
}

run "address_not_in_the_account" {
  command = plan

  variables {
    people = { manager = ["carol@example.com", "nobody@example.com"] }
  }

  expect_failures = [data.roster_blazemeter_account_users.people]
}
