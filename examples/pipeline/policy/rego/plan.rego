# What the policies in this folder share. They give the same findings as the jq
# programs beside it.
#
#   terraform show -json tfplan > plan.json
#   conftest test --policy policy/rego --all-namespaces plan.json
package roster.plan

import rego.v1

fold(text) := lower(text) if is_string(text)

fold(text) := "" if not is_string(text)

object_of(value) := value if is_object(value)

object_of(value) := {} if not is_object(value)

list_of(value) := value if is_array(value)

list_of(value) := [] if not is_array(value)

# Blink: viewer, contributor, custom roles, owner. BlazeMeter: viewer, tester, manager.
rank(role) := object.get({"": -1, "viewer": 0, "contributor": 1, "tester": 1, "owner": 3, "manager": 3}, fold(role), 2)

highest(role) if rank(role) == 3

changes contains change if {
	some resource in input.resource_changes
	resource.mode == "managed"
	startswith(resource.type, "roster_")
	change := {
		"address": resource.address,
		"form": form(resource.type),
		"actions": resource.change.actions,
		"before": object_of(object.get(resource.change, "before", null)),
		"after": object_of(object.get(resource.change, "after", null)),
		"unknown": object_of(object.get(resource.change, "after_unknown", null)),
	}
}

form(type) := "one role" if endswith(type, "_role_members")

form(type) := "whole workspace" if regex.match(`_(role_bindings|workspace_users)$`, type)

form(type) := "one member" if not regex.match(`_(role_members|role_bindings|workspace_users)$`, type)

updated(change) if change.actions == ["update"]

created(change) if "create" in change.actions

deleted(change) if "delete" in change.actions

# The kinds of principals that a resource has members of.
kinds := {"users", "groups"}

# The member of a resource for one member, by e-mail address, name or id.
who(member) := names(member)[0] if count(names(member)) > 0

else := "a member who is known only after the apply"

names(member) := [name | some attribute in ["email", "name", "entity_id", "user_id"]; name := member[attribute]; name != null]

principal(member) := [
	object.get(member, "workspace_id", null),
	fold(object.get(member, "entity_type", null)),
	fold(object.get(member, "entity_id", object.get(member, "user_id", null))),
]

# The member of a set, by e-mail address or name where the plan shows one.
text(change, kind, id) := texts(change, kind, id)[0] if count(texts(change, kind, id)) > 0

else := id

texts(change, kind, id) := array.concat(
	[found |
		some side in [change.before, change.after]
		found := object_of(object.get(side, by_id[kind], null))[id]
	],
	[found |
		some side in [change.before, change.after]
		some found, other in object_of(object.get(side, by_text[kind], null))
		other == id
	],
)

by_id := {"users": "user_emails", "groups": "group_names"}

by_text := {"users": "users_by_email", "groups": "groups_by_name"}

# Members before the change, after it, and those that are known only after the apply.
had(change, kind) := {id | some id, _ in object_of(object.get(change.before, kind, null))} | {id | some id in list_of(object.get(change.before, kind, null))} if updated(change)

else := set()

has(change, kind) := {id | some id, _ in object_of(object.get(change.after, kind, null))} | {id | some id in list_of(object.get(change.after, kind, null))}

managed(change, kind) if object.get(change.after, kind, null) != null

# An id, in any letter case, among others.
among(id, ids) if {
	some other in ids
	fold(other) == fold(id)
}

unknown_set(change, kind) if object.get(change.unknown, kind, false) == true

unknown_set(change, kind) if true in list_of(object.get(change.unknown, kind, null))

unknown_role(change, kind, id) if {
	some other, true in object_of(object.get(change.unknown, kind, null))
	fold(other) == fold(id)
}

role_before(change, kind, id) := role if {
	some other, role in object_of(object.get(change.before, kind, null))
	fold(other) == fold(id)
	updated(change)
}

else := ""
