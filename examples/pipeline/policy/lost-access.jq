# Lists every member who loses access, or may get a lower role, when a Terraform
# plan is applied. Fails (exit code 1) if there is one.
#
#   terraform show -json tfplan | jq -r -f lost-access.jq
#
# What the plan cannot show is listed too: values that are known only after the
# apply, and members who are given a role while the plan does not show the role
# that they have now.

def fold: (. // "") | ascii_downcase;

# Blink: viewer, contributor, custom roles, owner. BlazeMeter: viewer, tester, manager.
def rank: fold as $role | { "": -1, viewer: 0, contributor: 1, tester: 1, owner: 3, manager: 3 }[$role] // 2;
def highest: rank == 3;

# Two custom roles cannot be compared, so a change from one to the other counts.
def lowered($was; $is): ($was | fold) != ($is | fold)
  and (($is | rank) < ($was | rank) or (($is | rank) == 2 and ($was | rank) == 2));

def loses($who; $role): "\($who) loses the role \($role)";
def falls($who; $was; $is): "\($who) goes from \($was) to \($is)";
def may_fall($who; $is): "\($who) gets the role \($is) and may have a higher one now";
def unknown_role($who): "\($who) gets a role that is known only after the apply";
def unknown_members($kind): "which \($kind) lose access is known only after the apply";

# One member in one workspace.
def one_member($before; $after; $unknown; $actions):
  def principal: [.workspace_id, (.entity_type | fold), ((.entity_id // .user_id) | fold)];
  def who: .email // .name // .entity_id // .user_id // "a member who is known only after the apply";
  def gone: $before
    | if .on_destroy == "keep" then empty
      elif .on_destroy == "reassign" then
        if lowered(.role; .reassign_role) then falls(who; .role; .reassign_role) else empty end
      else loses(who; .role) end;
  def comes: $after
    | if .adopt_existing == true and ($unknown.role == true or (.role | highest | not))
      then may_fall(who; .role // "that is known only after the apply") else empty end;
  if $actions == ["update"] then
    if ($before | principal) != ($after | principal) then gone, comes
    elif $unknown.role == true then unknown_role($before | who)
    elif lowered($before.role; $after.role) then falls($before | who; $before.role; $after.role)
    elif $before.enabled == true and $after.enabled != true then loses($before | who; $before.role)
    else empty end
  else
    (if $actions | index("delete") then gone else empty end),
    (if $actions | index("create") then comes else empty end)
  end;

# Whether the resource ignores a member from now on: they keep their access.
def ignores($after; $kind; $id; $text):
  ($after["ignore_\($kind)"] // []) | map(fold) | (index($id | fold) // index($text | fold)) != null;

# Every member of a workspace. Creating and destroying it takes nothing from anyone.
def whole_workspace($before; $after; $unknown; $actions; $kind; $texts):
  if $actions != ["update"] or $before[$kind] == null then empty
  elif $unknown[$kind] == true then unknown_members($kind)
  elif $after[$kind] == null then empty
  else
    ($after[$kind] | with_entries(.key |= fold)) as $next
    | ($unknown[$kind] | if type == "object" then with_entries(.key |= fold) else {} end) as $later
    | $before[$kind] | to_entries[] | .value as $was | ($texts[.key] // .key) as $who | (.key | fold) as $id
    | if $later[$id] == true then unknown_role($who)
      elif $next | has($id) then
        if lowered($was; $next[$id]) then falls($who; $was; $next[$id]) else empty end
      elif ignores($after; $kind; $id; $who) then empty
      else loses($who; $was) end
  end;

# Everyone who has one role. Destroying it takes nothing from anyone.
def one_role($before; $after; $unknown; $actions; $kind; $texts):
  if ($actions == ["update"] or ($actions | index("create"))) | not then empty
  elif ($unknown[$kind] | . == true or (type == "array" and any(. == true))) then unknown_members($kind)
  elif $after[$kind] == null then empty
  else
    (if $actions == ["update"] then $before[$kind] // [] else [] end) as $had
    | ($had | map(fold)) as $old | ($after[$kind] | map(fold)) as $new
    | ( $had[] | select(fold as $id | $new | index($id) | not) | . as $id | ($texts[$id] // $id) as $who
        | if $before[$kind] == null or ignores($after; $kind; $id; $who) then empty
          elif $after.on_removal == "reassign" then
            if lowered($before.role; $after.reassign_role) then falls($who; $before.role; $after.reassign_role) else empty end
          else loses($who; $before.role) end ),
      ( $after[$kind][] | select(fold as $id | $old | index($id) | not) | ($texts[.] // .) as $who
        | if $after.role | highest then empty else may_fall($who; $after.role) end )
  end;

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
       whole_workspace($before; $after; $unknown; $actions; "users"; $before.user_emails // {}),
       whole_workspace($before; $after; $unknown; $actions; "groups"; $before.group_names // {})
     else
       one_member($before; $after; $unknown; $actions)
     end)
  | "\($address): \(.)" ]
| unique
| if . == [] then empty else (join("\n") + "\n" | halt_error(1)) end
