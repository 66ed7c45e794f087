data "roster_blink_entity" "alice" {
  entity_type = "user"
  email       = "alice@example.com"
}

data "roster_blink_entity" "platform" {
  entity_type = "group"
  name        = "Platform Engineers"
}

output "ids" {
  value = [data.roster_blink_entity.alice.entity_id, data.roster_blink_entity.platform.entity_id]
}
