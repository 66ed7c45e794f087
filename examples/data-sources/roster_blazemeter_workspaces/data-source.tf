data "roster_blazemeter_workspaces" "all" {
  account_id = 5001
}

output "checkout_id" {
  value = data.roster_blazemeter_workspaces.all.ids_by_name["Checkout Load Tests"]
}
