data "roster_blazemeter_accounts" "all" {}

output "account_ids" {
  value = { for a in data.roster_blazemeter_accounts.all.accounts : a.name => a.id }
}
