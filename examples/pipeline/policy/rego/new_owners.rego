# Every member who becomes an owner (Blink) or a manager (BlazeMeter) when the plan
# is applied.
package roster.new_owners

import data.roster.plan
import rego.v1

deny contains sprintf("%s: %s", [change.address, finding]) if {
	some change in plan.changes
	some finding in findings(change)
}

findings(change) := one_member(change) if change.form == "one member"

findings(change) := {finding | some kind in plan.kinds; some finding in whole_workspace(change, kind)} if change.form == "whole workspace"

findings(change) := {finding | some kind in plan.kinds; some finding in one_role(change, kind)} if change.form == "one role"

becomes(who, role) := sprintf("%s becomes %s", [who, role])

unknown(who) := sprintf("%s may become an owner: known only after the apply", [who])

touches(change) if plan.updated(change)

touches(change) if plan.created(change)

leaves(change) if plan.deleted(change)

leaves(change) if {
	plan.updated(change)
	plan.principal(change.before) != plan.principal(change.after)
}

one_member(change) := comes(change) | {becomes(plan.who(change.before), change.before.reassign_role) |
	leaves(change)
	change.before.on_destroy == "reassign"
	plan.highest(change.before.reassign_role)
	not plan.highest(change.before.role)
}

comes(change) := {finding |
	touches(change)
	object.get(change.after, "enabled", null) != false
	some finding in role(change)
}

role(change) := {unknown(plan.who(change.after))} if object.get(change.unknown, "role", false) == true

else := {becomes(plan.who(change.after), change.after.role) |
	plan.highest(change.after.role)
	not owner_already(change)
}

owner_already(change) if {
	plan.principal(change.before) == plan.principal(change.after)
	object.get(change.before, "enabled", null) == object.get(change.after, "enabled", null)
	plan.highest(change.before.role)
}

whole_workspace(change, kind) := {finding | touches(change); some finding in whole_kind(change, kind)}

whole_kind(change, kind) := {unknown(sprintf("one of the %s", [kind]))} if plan.unknown_set(change, kind)

else := {unknown(plan.text(change, kind, id)) |
	some id, true in plan.object_of(object.get(change.unknown, kind, null))
} | {becomes(plan.text(change, kind, id), is) |
	some id, is in plan.object_of(object.get(change.after, kind, null))
	plan.highest(is)
	not plan.highest(plan.role_before(change, kind, id))
}

one_role(change, kind) := {finding | touches(change); some finding in role_kind(change, kind)}

role_kind(change, kind) := {unknown(sprintf("one of the %s", [kind]))} if {
	plan.highest(change.after.role)
	plan.unknown_set(change, kind)
}

else := {becomes(plan.text(change, kind, id), change.after.role) |
	some id in plan.has(change, kind)
	not plan.among(id, plan.had(change, kind))
} if {
	plan.highest(change.after.role)
}

else := {becomes(plan.text(change, kind, id), change.after.reassign_role) |
	change.after.on_removal == "reassign"
	plan.highest(change.after.reassign_role)
	some id in plan.had(change, kind)
	not plan.among(id, plan.has(change, kind))
}
