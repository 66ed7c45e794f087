# Every configuration of the provider that does not enforce the last-owner guard in
# every workspace.
package roster.guard

import rego.v1

guards[name] := config.expressions.last_owner_guard if {
	some name, config in input.configuration.provider_config
	endswith(config.full_name, "/tf-roster/roster")
}

deny contains sprintf("%s: %s", [name, finding]) if {
	some name, guard in guards
	some finding in judged(guard.constant_value)
}

deny contains sprintf("%s: %s", [name, finding]) if {
	some name, guard in guards
	some reference in guard.references
	startswith(reference, "var.")
	some finding in from_variable(input.variables[trim_prefix(reference, "var.")].value)
}

deny contains sprintf("%s: the guard depends on %s, which this policy cannot judge", [name, reference]) if {
	some name, guard in guards
	some reference in guard.references
	not startswith(reference, "var.")
}

judged(guard) := {sprintf("the guard's mode is %s", [guard.mode]) | guard.mode != "enforce"} | {sprintf("the workspace %s is exempt from the guard", [id]) | some id in guard.exempt_workspace_ids}

from_variable(value) := judged(value) if is_object(value)

from_variable(value) := {"the guard takes a list from a variable, which this policy cannot judge"} if {
	is_array(value)
	count(value) > 0
}

from_variable(value) := judged({"mode": value}) if value in {"warn", "off"}
