# Every member who loses access, or may get a lower role, when the plan is applied.
package roster.lost_access

import data.roster.plan
import rego.v1

deny contains sprintf("%s: %s", [change.address, finding]) if {
	some change in plan.changes
	some finding in findings(change)
}

findings(change) := one_member(change) if change.form == "one member"

findings(change) := whole_workspace(change) if change.form == "whole workspace"

findings(change) := one_role(change) if change.form == "one role"

# Two custom roles cannot be compared, so a change from one to the other counts.
lowered(was, is) if plan.rank(is) < plan.rank(was)

lowered(was, is) if {
	plan.rank(was) == 2
	plan.rank(is) == 2
	plan.fold(was) != plan.fold(is)
}

loses(who, role) := sprintf("%s loses the role %s", [who, role])

falls(who, was, is) := sprintf("%s goes from %s to %s", [who, was, is])

may_fall(who, is) := sprintf("%s gets the role %s and may have a higher one now", [who, is])

unknown_role(who) := sprintf("%s gets a role that is known only after the apply", [who])

unknown_members(kind) := sprintf("which %s lose access is known only after the apply", [kind])

one_member(change) := (gone(change) | comes(change)) | changes(change)

gone(change) := removed(change.before) if plan.deleted(change)

else := removed(change.before) if other_principal(change)

else := set()

other_principal(change) if {
	plan.updated(change)
	plan.principal(change.before) != plan.principal(change.after)
}

removed(member) := {falls(plan.who(member), member.role, member.reassign_role) | lowered(member.role, member.reassign_role)} if member.on_destroy == "reassign"

else := set() if member.on_destroy == "keep"

else := {loses(plan.who(member), member.role)}

comes(change) := {may_fall(plan.who(change.after), role) |
	change.after.adopt_existing == true
	newcomer(change)
	not plan.highest(object.get(change.after, "role", null))
	role := known_role(change)
}

known_role(change) := "that is known only after the apply" if object.get(change.unknown, "role", false) == true

else := change.after.role

newcomer(change) if plan.created(change)

newcomer(change) if other_principal(change)

same_principal(change) if {
	plan.updated(change)
	not other_principal(change)
}

changes(change) := set() if not same_principal(change)

else := {unknown_role(plan.who(change.before))} if object.get(change.unknown, "role", false) == true

else := {falls(plan.who(change.before), change.before.role, change.after.role)} if lowered(change.before.role, change.after.role)

else := {loses(plan.who(change.before), change.before.role) |
	change.before.enabled == true
	object.get(change.after, "enabled", null) != true
}

# Whether the resource ignores a member from now on: they keep their access.
ignores(change, kind, id) if {
	some ignored in plan.list_of(object.get(change.after, concat("_", ["ignore", kind]), null))
	plan.fold(ignored) in {plan.fold(id), plan.fold(plan.text(change, kind, id))}
}

# Every member of a workspace. Creating and destroying it takes nothing from anyone.
whole_workspace(change) := {finding |
	plan.updated(change)
	some kind in plan.kinds
	object.get(change.before, kind, null) != null
	some finding in whole_kind(change, kind)
}

whole_kind(change, kind) := {unknown_members(kind)} if plan.unknown_set(change, kind)

whole_kind(change, kind) := {finding |
	plan.managed(change, kind)
	some id, was in change.before[kind]
	some finding in whole_entry(change, kind, id, was)
} if not plan.unknown_set(change, kind)

whole_entry(change, kind, id, was) := {unknown_role(plan.text(change, kind, id))} if plan.unknown_role(change, kind, id)

else := {falls(plan.text(change, kind, id), was, is) |
	some other, is in change.after[kind]
	plan.fold(other) == plan.fold(id)
	lowered(was, is)
} if {
	plan.among(id, plan.has(change, kind))
}

else := set() if ignores(change, kind, id)

else := {loses(plan.text(change, kind, id), was)}

# Everyone who has one role. Destroying it takes nothing from anyone.
one_role(change) := {finding |
	touches(change)
	some kind in plan.kinds
	some finding in role_kind(change, kind)
}

touches(change) if plan.updated(change)

touches(change) if plan.created(change)

role_kind(change, kind) := {unknown_members(kind)} if plan.unknown_set(change, kind)

role_kind(change, kind) := role_leavers(change, kind) | role_joiners(change, kind) if {
	plan.managed(change, kind)
	not plan.unknown_set(change, kind)
}

role_leavers(change, kind) := {finding |
	some id in plan.had(change, kind)
	not plan.among(id, plan.has(change, kind))
	not ignores(change, kind, id)
	some finding in role_leaver(change, kind, id)
}

role_leaver(change, kind, id) := {falls(plan.text(change, kind, id), change.before.role, change.after.reassign_role) |
	lowered(change.before.role, change.after.reassign_role)
} if change.after.on_removal == "reassign"

else := {loses(plan.text(change, kind, id), change.before.role)}

role_joiners(change, kind) := {may_fall(plan.text(change, kind, id), change.after.role) |
	not plan.highest(change.after.role)
	some id in plan.has(change, kind)
	not plan.among(id, plan.had(change, kind))
}
