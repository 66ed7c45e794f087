data "roster_blazemeter_account_user" "alice" {
  account_id = 5001
  email      = "alice@example.com"
}

output "alice" {
  value = data.roster_blazemeter_account_user.alice.user_id
}
