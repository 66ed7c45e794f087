data "roster_blazemeter_current_user" "me" {}

output "me" {
  value = data.roster_blazemeter_current_user.me.email
}
