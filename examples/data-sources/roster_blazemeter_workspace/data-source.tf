data "roster_blazemeter_workspace" "checkout" {
  account_id = 5001
  name       = "Checkout Load Tests"
}

# The e-mail addresses of the managers.
output "managers" {
  value = [for id in data.roster_blazemeter_workspace.checkout.managers : data.roster_blazemeter_workspace.checkout.users[id].email]
}
