# Invalid input fails before the provider reads or changes anything.

variables {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
  people       = { owner = ["carol@example.com"] }
}

run "workspace_by_path" {
  command = plan

  variables {
    workspace_id = "workspaces/8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
  }

  expect_failures = [var.workspace_id]
}

run "no_owner" {
  command = plan

  variables {
    people = { owner = [], viewer = ["dave@example.com"] }
  }

  expect_failures = [var.people]
}

run "two_roles_in_different_letter_case" {
  command = plan

  variables {
    people = { owner = ["carol@example.com"], viewer = ["Carol@example.com"] }
  }

  expect_failures = [var.people]
}

run "id_instead_of_address" {
  command = plan

  variables {
    people = { owner = ["u-carol"] }
  }

  expect_failures = [var.people]
}

run "group_without_role" {
  command = plan

  variables {
    groups = { "Platform Engineers" = "" }
  }

  expect_failures = [var.groups]
}

run "unknown_on_destroy" {
  command = plan

  variables {
    on_destroy = "delete"
  }

  expect_failures = [var.on_destroy]
}

run "address_not_in_the_tenant" {
  command = plan

  variables {
    people = { owner = ["carol@example.com", "nobody@example.com"] }
  }

  expect_failures = [data.roster_blink_entities.people]
}
