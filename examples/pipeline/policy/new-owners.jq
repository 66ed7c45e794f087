# Lists every member who becomes an owner (Blink) or a manager (BlazeMeter) when a
# Terraform plan is applied. Fails (exit code 1) if there is one.
#
#   terraform show -json tfplan | jq -r -f new-owners.jq
#
# A member who is an owner already, and comes under Terraform now, is listed too:
# the plan does not show the role that they have. So is a role, or a set of
# members, that is known only after the apply.

def fold: (. // "") | ascii_downcase;
def highest: fold | . == "owner" or . == "manager";
def becomes($who; $role): "\($who) becomes \($role)";
def unknown($who): "\($who) may become an owner: known only after the apply";

def one_member($before; $after; $unknown; $actions):
  def principal: [.workspace_id, (.entity_type | fold), ((.entity_id // .user_id) | fold), .enabled];
  def who: .email // .name // .entity_id // .user_id // "a member who is known only after the apply";
  (if ($actions == ["create"] or $actions == ["update"] or ($actions | index("delete") and index("create"))) and $after.enabled != false then
     if $unknown.role == true then unknown($after | who)
     elif ($after.role | highest | not) then empty
     elif ($before | principal) == ($after | principal) and ($before.role | highest) then empty
     else becomes($after | who; $after.role) end
   else empty end),
  (if $before.on_destroy == "reassign" and ($before.reassign_role | highest) and ($before.role | highest | not)
      and (($actions | index("delete")) or ($actions == ["update"] and ($before | principal) != ($after | principal)))
   then becomes($before | who; $before.reassign_role) else empty end);

def whole_workspace($before; $after; $unknown; $actions; $kind; $texts):
  if ($actions | index("create") or . == ["update"]) | not then empty
  elif $unknown[$kind] == true then unknown("one of the \($kind)")
  elif $after[$kind] == null then empty
  else
    (if $actions == ["update"] then $before[$kind] // {} else {} end | with_entries(.key |= fold)) as $had
    | ($unknown[$kind] | if type == "object" then keys else [] end) as $later
    | ( $later[] | unknown($texts[.] // .) ),
      ( $after[$kind] | to_entries[] | select((.value | highest) and ($had[.key | fold] | highest | not))
        | becomes($texts[.key] // .key; .value) )
  end;

def one_role($before; $after; $unknown; $actions; $kind; $texts):
  (if $actions == ["update"] then $before[$kind] // [] else [] end) as $had
  | ($after[$kind] // []) as $has
  | if ($actions | index("create") or . == ["update"]) | not then empty
    elif $after.role | highest then
      if $unknown[$kind] | . == true or (type == "array" and any(. == true)) then unknown("one of the \($kind)")
      else $has[] | select(fold as $id | $had | map(fold) | index($id) | not) | becomes($texts[.] // .; $after.role) end
    elif $after.on_removal == "reassign" and ($after.reassign_role | highest) then
      $had[] | select(fold as $id | $has | map(fold) | index($id) | not) | becomes($texts[.] // .; $after.reassign_role)
    else empty end;

def turned: (. // {}) | with_entries({ key: (.value // "" | tostring), value: .key });

[ .resource_changes[]?
  | select(.mode == "managed" and (.type | startswith("roster_")))
  | .address as $address | .type as $type
  | (.change.before // {}) as $before | (.change.after // {}) as $after
  | (.change.after_unknown // {}) as $unknown | .change.actions as $actions
  | (if $type | test("_role_members$") then
       one_role($before; $after; $unknown; $actions; "users"; ($before.users_by_email | turned) + ($after.users_by_email | turned)),
       one_role($before; $after; $unknown; $actions; "groups"; ($before.groups_by_name | turned) + ($after.groups_by_name | turned))
     elif $type | test("_(role_bindings|workspace_users)$") then
       whole_workspace($before; $after; $unknown; $actions; "users"; ($before.user_emails // {}) + ($after.user_emails // {})),
       whole_workspace($before; $after; $unknown; $actions; "groups"; ($before.group_names // {}) + ($after.group_names // {}))
     else
       one_member($before; $after; $unknown; $actions)
     end)
  | "\($address): \(.)" ]
| unique
| if . == [] then empty else (join("\n") + "\n" | halt_error(1)) end
