# What a caller can get wrong is refused before anything is asked or changed.

variables {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
  people       = { owner = ["carol@example.com"] }
}

run "workspace_by_address" {
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

run "named_twice" {
  command = plan

  variables {
    people = { owner = ["carol@example.com"], viewer = ["Carol@example.com"] }
  }

  expect_failures = [var.people]
}

run "an_id_for_an_address" {
  command = plan

  variables {
    people = { owner = ["u-carol"] }
  }

  expect_failures = [var.people]
}

run "a_group_without_a_role" {
  command = plan

  variables {
    groups = { "Platform Engineers" = "" }
  }

  expect_failures = [var.groups]
}

run "no_such_end" {
  command = plan

  variables {
    on_destroy = "delete"
  }

  expect_failures = [var.on_destroy]
}

run "nobody_of_that_address" {
  command = plan

  variables {
    people = { owner = ["carol@example.com", "nobody@example.com"] }
  }

  expect_failures = [data.roster_blink_entities.people]
}
