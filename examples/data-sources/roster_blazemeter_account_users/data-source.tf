# Many people at once: one listing of the account, however many people there are.
data "roster_blazemeter_account_users" "team" {
  account_id = 5001
  emails     = ["alice@example.com", "Bob@Example.com"]

  lifecycle {
    postcondition {
      condition     = length(self.missing_emails) == 0
      error_message = "Not in the BlazeMeter account: ${join(", ", self.missing_emails)}."
    }
  }
}

# The keys are spelled as in emails.
output "bob" {
  value = data.roster_blazemeter_account_users.team.ids_by_email["Bob@Example.com"]
}
