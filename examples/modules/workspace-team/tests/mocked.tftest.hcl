# Tests the logic of the module with a mock of the provider: no service, no keys.

mock_provider "roster" {
  mock_data "roster_blink_entities" {
    defaults = {
      ids_by_email   = { "alice@example.com" = "u-1", "bob@example.com" = "u-2" }
      missing_emails = []
    }
  }

  mock_data "roster_blink_entity" {
    defaults = {
      entity_id = "g-1"
    }
  }
}

variables {
  workspace_id = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02"
}

run "one_binding_per_member" {
  command = plan

  variables {
    people = { owner = ["Alice@Example.com"], viewer = ["bob@example.com"] }
    groups = { "Platform Engineers" = "contributor" }
  }

  assert {
    condition     = roster_blink_workspace_role_binding.person["alice@example.com"].entity_id == "u-1"
    error_message = "Alice's address was not looked up."
  }

  assert {
    condition     = roster_blink_workspace_role_binding.person["bob@example.com"].role == "viewer"
    error_message = "Bob is not a viewer."
  }

  assert {
    condition     = roster_blink_workspace_role_binding.group["Platform Engineers"].entity_id == "g-1"
    error_message = "The group was not looked up."
  }
}

run "missing_addresses_are_an_error" {
  command = plan

  variables {
    people = { owner = ["alice@example.com"] }
  }

  override_data {
    target = data.roster_blink_entities.people
    values = {
      missing_emails = ["alice@example.com"]
    }
  }

  expect_failures = [data.roster_blink_entities.people]
}
