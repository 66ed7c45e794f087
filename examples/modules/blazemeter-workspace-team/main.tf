locals {
  # { "alice@example.com" = "manager", ... }: addresses compare without regard to case.
  roles = provider::roster::by_principal({
    for role, emails in var.people : role => distinct([for email in emails : lower(email)])
  })
}

# One listing of the account, however many users there are.
data "roster_blazemeter_account_users" "people" {
  account_id = var.account_id
  emails     = keys(local.roles)

  lifecycle {
    postcondition {
      condition     = length(self.missing_emails) == 0
      error_message = "Not in the BlazeMeter account: ${join(", ", self.missing_emails)}. Invite them first, or correct the addresses."
    }
  }
}

# Keyed by the user, not by a position in a list: if an entry of a list is deleted,
# every instance after it would get the next user.
resource "roster_blazemeter_workspace_user" "person" {
  for_each = var.exclusive ? {} : local.roles

  workspace_id = var.workspace_id
  user_id      = data.roster_blazemeter_account_users.people.ids_by_email[each.key]
  role         = each.value
  on_destroy   = var.on_destroy

  # The caller may make the users depend on something else that changes in the same
  # run. This adds the successor before it disables the predecessor.
  lifecycle {
    create_before_destroy = true
  }
}

# With exclusive, each role has exactly the users that are named. A user who changes
# the role is changed once, although two resources have a part in it.
resource "roster_blazemeter_workspace_role_members" "role" {
  for_each = toset(var.exclusive ? keys(var.people) : [])

  workspace_id = var.workspace_id
  role         = each.key
  users        = [for email, role in local.roles : data.roster_blazemeter_account_users.people.ids_by_email[email] if role == each.key]
}
