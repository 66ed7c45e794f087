# Many people at once: one listing of the tenant, however many people there are.
data "roster_blink_entities" "team" {
  entity_type = "user"
  emails      = ["alice@example.com", "Bob@Example.com"]

  lifecycle {
    postcondition {
      condition     = length(self.missing_emails) == 0
      error_message = "Not in the Blink tenant: ${join(", ", self.missing_emails)}."
    }
  }
}

# The keys are spelled as in emails.
output "bob" {
  value = data.roster_blink_entities.team.ids_by_email["Bob@Example.com"]
}
