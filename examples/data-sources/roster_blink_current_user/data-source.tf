data "roster_blink_current_user" "me" {}

# Warn if the key belongs to another user.
check "right_key" {
  assert {
    condition     = lower(data.roster_blink_current_user.me.email) == "terraform@example.com"
    error_message = "This key belongs to ${data.roster_blink_current_user.me.email}."
  }
}
