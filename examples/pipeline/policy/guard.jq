# Fails (exit code 1) unless every configuration of the provider enforces the
# last-owner guard in every workspace.
#
#   terraform show -json tfplan | jq -r -f guard.jq
#
# A guard that comes from variables is judged by the values of the variables in
# this plan. One that comes from anything else cannot be judged, and fails.

def judged($name; $guard):
  (if ($guard.mode // "enforce") != "enforce" then "\($name): the guard's mode is \($guard.mode)" else empty end),
  (($guard.exempt_workspace_ids // [])[] | "\($name): the workspace \(.) is exempt from the guard");

. as $plan
| [ .configuration.provider_config // {} | to_entries[]
    | select(.value.full_name // "" | endswith("/tf-roster/roster"))
    | .key as $name
    | .value.expressions.last_owner_guard // {}
    | if has("constant_value") then judged($name; .constant_value)
      elif has("references") then
        .references[]
        | if startswith("var.") then
            ($plan.variables[ltrimstr("var.")] // {}).value
            | if type == "object" then judged($name; .)
              elif type == "array" and . != [] then "\($name): the guard takes a list from a variable, which this policy cannot judge"
              elif type == "string" and (. == "warn" or . == "off") then judged($name; { mode: . })
              else empty end
          else "\($name): the guard depends on \(.), which this policy cannot judge" end
      else empty end ]
| unique
| if . == [] then empty else (join("\n") + "\n" | halt_error(1)) end
