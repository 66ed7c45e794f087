# Look people up by e-mail address instead of writing ids down.
data "roster_blazemeter_account_users" "people" {
  account_id = 5001
  emails     = ["alice@example.com", "carol@example.com"]
}

resource "roster_blazemeter_workspace_user" "manager" {
  workspace_id = 70001
  user_id      = data.roster_blazemeter_account_users.people.ids_by_email["alice@example.com"]
  role         = "manager"

  # Who follows this manager may depend on something else that changes in the
  # same run. Then Terraform would disable the manager before it looks at the
  # successor, unless it is told to create first.
  lifecycle {
    create_before_destroy = true
  }
}

# A user who keeps the role when this block is removed.
resource "roster_blazemeter_workspace_user" "tester" {
  workspace_id = 70001
  user_id      = data.roster_blazemeter_account_users.people.ids_by_email["carol@example.com"]
  role         = "tester"
  on_destroy   = "keep"
}
