package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// folder is the example that these tests hold to what it promises.
var folder = filepath.Join("..", "..", "..", "examples", "pipeline")

type object = map[string]any

// change is one entry of a plan's resource_changes.
func change(kind string, actions []string, before, after, unknown object) object {
	return object{"address": "x", "mode": "managed", "type": kind, "change": object{
		"actions": actions, "before": before, "after": after, "after_unknown": unknown,
	}}
}

var (
	create = []string{"create"}
	update = []string{"update"}
	remove = []string{"delete"}
	forget = []string{"forget"}
	noop   = []string{"no-op"}
)

const (
	binding = "roster_blink_workspace_role_binding"
	user    = "roster_blazemeter_workspace_user"
	all     = "roster_blink_workspace_role_bindings"
	users   = "roster_blazemeter_workspace_users"
	role    = "roster_blink_workspace_role_members"
	testers = "roster_blazemeter_workspace_role_members"
)

// with gives a copy of an object with some attributes set.
func with(o object, pairs ...any) object {
	out := object{}
	maps.Copy(out, o)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

var (
	alice = object{"workspace_id": "w", "entity_type": "user", "entity_id": "u-alice", "email": "alice@example.com", "role": "owner", "on_destroy": "remove", "adopt_existing": false}
	bob   = object{"workspace_id": "70001", "user_id": "352750", "email": "bob@example.com", "role": "tester", "enabled": true, "on_destroy": "disable", "adopt_existing": false}
	team  = object{
		"workspace_id": "w", "users": object{"u-alice": "owner", "u-bob": "contributor"}, "groups": object{"g-platform": "Incident Commander"},
		"user_emails": object{"u-alice": "alice@example.com", "u-bob": "bob@example.com"}, "group_names": object{"g-platform": "Platform Engineers"},
	}
	owners = object{
		"workspace_id": "w", "role": "owner", "users": []any{"u-alice", "u-carol"}, "groups": nil, "on_removal": "remove",
		"users_by_email": object{"alice@example.com": "u-alice", "carol@example.com": "u-carol"},
	}
)

var cases = map[string]struct {
	change object
	lost   []string
	owners []string
}{
	"nothing":            {change(binding, noop, alice, alice, nil), nil, nil},
	"a data source":      {with(change(binding, remove, alice, nil, nil), "mode", "data"), nil, nil},
	"another provider's": {change("random_pet", remove, alice, nil, nil), nil, nil},

	// One member.
	"created":             {change(binding, create, nil, with(alice, "role", "viewer"), nil), nil, nil},
	"created as an owner": {change(binding, create, nil, alice, nil), nil, []string{"x: alice@example.com becomes owner"}},
	"created, and adopted whatever the role is": {
		change(binding, create, nil, with(alice, "role", "viewer", "adopt_existing", true), nil),
		[]string{"x: alice@example.com gets the role viewer and may have a higher one now"},
		nil,
	},
	"created as an owner, and adopted": {change(binding, create, nil, with(alice, "adopt_existing", true), nil), nil, []string{"x: alice@example.com becomes owner"}},
	"created with a role that is not known": {
		change(binding, create, nil, with(alice, "role", nil), object{"role": true}), nil, []string{"x: alice@example.com may become an owner: known only after the apply"},
	},
	"removed":                  {change(binding, remove, alice, nil, nil), []string{"x: alice@example.com loses the role owner"}, nil},
	"removed, without e-mail":  {change(binding, remove, with(alice, "email", nil), nil, nil), []string{"x: u-alice loses the role owner"}, nil},
	"removed, and kept":        {change(binding, remove, with(alice, "on_destroy", "keep"), nil, nil), nil, nil},
	"forgotten":                {change(binding, forget, alice, nil, nil), nil, nil},
	"removed, and lowered":     {change(binding, remove, with(alice, "on_destroy", "reassign", "reassign_role", "viewer"), nil, nil), []string{"x: alice@example.com goes from owner to viewer"}, nil},
	"removed, and left":        {change(binding, remove, with(alice, "on_destroy", "reassign", "reassign_role", "Owner"), nil, nil), nil, nil},
	"removed, and raised":      {change(binding, remove, with(alice, "role", "viewer", "on_destroy", "reassign", "reassign_role", "owner"), nil, nil), nil, []string{"x: alice@example.com becomes owner"}},
	"replaced":                 {change(binding, []string{"delete", "create"}, alice, with(alice, "workspace_id", "v"), nil), []string{"x: alice@example.com loses the role owner"}, []string{"x: alice@example.com becomes owner"}},
	"replaced, created first":  {change(binding, []string{"create", "delete"}, alice, alice, nil), []string{"x: alice@example.com loses the role owner"}, nil},
	"lowered":                  {change(binding, update, alice, with(alice, "role", "viewer"), nil), []string{"x: alice@example.com goes from owner to viewer"}, nil},
	"lowered, in another case": {change(binding, update, with(alice, "role", "Owner"), with(alice, "role", "CONTRIBUTOR"), nil), []string{"x: alice@example.com goes from Owner to CONTRIBUTOR"}, nil},
	"only the case":            {change(binding, update, with(alice, "role", "Owner"), alice, nil), nil, nil},
	"lowered to a custom role": {change(binding, update, alice, with(alice, "role", "Auditor"), nil), []string{"x: alice@example.com goes from owner to Auditor"}, nil},
	"another custom role":      {change(binding, update, with(alice, "role", "Auditor"), with(alice, "role", "Incident Commander"), nil), []string{"x: alice@example.com goes from Auditor to Incident Commander"}, nil},
	"raised":                   {change(binding, update, with(alice, "role", "Auditor"), alice, nil), nil, []string{"x: alice@example.com becomes owner"}},
	"a role that is not known": {change(binding, update, alice, with(alice, "role", nil), object{"role": true}), []string{"x: alice@example.com gets a role that is known only after the apply"}, []string{"x: alice@example.com may become an owner: known only after the apply"}},
	"handed over": {
		change(binding, update, alice, with(alice, "entity_id", "u-carol", "email", "carol@example.com"), nil),
		[]string{"x: alice@example.com loses the role owner"},
		[]string{"x: carol@example.com becomes owner"},
	},
	"handed over to an adopted viewer": {
		change(binding, update, with(alice, "role", "viewer"), with(alice, "entity_id", "u-carol", "email", "carol@example.com", "role", "viewer", "adopt_existing", true), nil),
		[]string{"x: alice@example.com loses the role viewer", "x: carol@example.com gets the role viewer and may have a higher one now"},
		nil,
	},
	"handed over to nobody known": {
		change(binding, update, alice, with(alice, "entity_id", nil, "email", nil), object{"entity_id": true, "email": true}),
		[]string{"x: alice@example.com loses the role owner"},
		[]string{"x: a member who is known only after the apply becomes owner"},
	},
	"a user for a group": {change(binding, update, alice, with(alice, "entity_type", "group"), nil), []string{"x: alice@example.com loses the role owner"}, []string{"x: alice@example.com becomes owner"}},
	"BlazeMeter: another user": {
		change(user, update, bob, with(bob, "user_id", "352751", "email", "carol@example.com"), nil), []string{"x: bob@example.com loses the role tester"}, nil,
	},
	"BlazeMeter: removed":  {change(user, remove, bob, nil, nil), []string{"x: bob@example.com loses the role tester"}, nil},
	"BlazeMeter: disabled": {change(user, update, bob, with(bob, "enabled", false), nil), []string{"x: bob@example.com loses the role tester"}, nil},
	"BlazeMeter: enabled as a manager": {
		change(user, update, with(bob, "role", "manager", "enabled", false), with(bob, "role", "manager"), nil), nil, []string{"x: bob@example.com becomes manager"},
	},
	"BlazeMeter: created disabled": {change(user, create, nil, with(bob, "role", "manager", "enabled", false), nil), nil, nil},

	// A whole workspace.
	"all: created":  {change(all, create, nil, team, nil), nil, []string{"x: alice@example.com becomes owner"}},
	"all: removed":  {change(all, remove, team, nil, nil), nil, nil},
	"all: replaced": {change(all, []string{"delete", "create"}, team, with(team, "workspace_id", "v"), nil), nil, []string{"x: alice@example.com becomes owner"}},
	"all: somebody is not named": {
		change(all, update, team, with(team, "users", object{"u-alice": "owner"}, "groups", object{}), nil),
		[]string{"x: Platform Engineers loses the role Incident Commander", "x: bob@example.com loses the role contributor"},
		nil,
	},
	"all: lowered and raised": {
		change(all, update, team, with(team, "users", object{"u-alice": "viewer", "u-bob": "owner"}), nil),
		[]string{"x: alice@example.com goes from owner to viewer"},
		[]string{"x: bob@example.com becomes owner"},
	},
	"all: only the case of an id and a role": {change(all, update, team, with(team, "users", object{"U-Alice": "Owner", "u-bob": "contributor"}), nil), nil, nil},
	"all: ignored by id":                     {change(all, update, team, with(team, "users", object{"u-alice": "owner"}, "ignore_users", []any{"U-BOB"}), nil), nil, nil},
	"all: ignored by e-mail":                 {change(all, update, team, with(team, "users", object{"u-alice": "owner"}, "ignore_users", []any{"Bob@Example.com"}), nil), nil, nil},
	"all: another one is ignored": {
		change(all, update, team, with(team, "users", object{"u-alice": "owner"}, "ignore_users", []any{"u-carol"}), nil),
		[]string{"x: bob@example.com loses the role contributor"},
		nil,
	},
	"all: a map is not managed any more": {change(all, update, team, with(team, "users", nil), nil), nil, nil},
	"all: a map is managed from now on":  {change(all, update, with(team, "users", nil), team, nil), nil, []string{"x: alice@example.com becomes owner"}},
	"all: a map that is not known": {
		change(all, update, team, with(team, "users", nil), object{"users": true}),
		[]string{"x: which users lose access is known only after the apply"},
		[]string{"x: one of the users may become an owner: known only after the apply"},
	},
	"all: a role that is not known": {
		change(all, update, team, with(team, "users", object{"u-alice": "owner"}), object{"users": object{"u-bob": true}}),
		[]string{"x: bob@example.com gets a role that is known only after the apply"},
		[]string{"x: bob@example.com may become an owner: known only after the apply"},
	},
	"BlazeMeter: somebody is not named": {
		change(users, update, object{"workspace_id": "70001", "users": object{"352749": "manager", "352750": "tester"}}, object{"workspace_id": "70001", "users": object{"352750": "manager"}}, nil),
		[]string{"x: 352749 loses the role manager"},
		[]string{"x: 352750 becomes manager"},
	},

	// One role.
	"role: owners are created": {change(role, create, nil, owners, nil), nil, []string{"x: alice@example.com becomes owner", "x: carol@example.com becomes owner"}},
	"role: viewers are created": {
		change(role, create, nil, with(owners, "role", "viewer", "users", []any{"u-alice"}), nil),
		[]string{"x: alice@example.com gets the role viewer and may have a higher one now"},
		nil,
	},
	"role: removed": {change(role, remove, owners, nil, nil), nil, nil},
	"role: somebody is not named": {
		change(role, update, owners, with(owners, "users", []any{"u-alice"}, "users_by_email", object{"alice@example.com": "u-alice"}), nil),
		[]string{"x: carol@example.com loses the role owner"},
		nil,
	},
	"role: somebody is lowered": {
		change(role, update, owners, with(owners, "users", []any{"U-ALICE"}, "on_removal", "reassign", "reassign_role", "viewer"), nil),
		[]string{"x: carol@example.com goes from owner to viewer"},
		nil,
	},
	"role: somebody is raised": {
		change(role, update, with(owners, "role", "viewer"), with(owners, "role", "viewer", "users", []any{"u-alice"}, "on_removal", "reassign", "reassign_role", "owner"), nil),
		nil,
		[]string{"x: carol@example.com becomes owner"},
	},
	"role: ignored by e-mail": {change(role, update, owners, with(owners, "users", []any{"u-alice"}, "ignore_users", []any{"CAROL@example.com"}), nil), nil, nil},
	"role: a new owner": {
		change(role, update, owners, with(owners, "users", []any{"u-alice", "u-carol", "u-dave"}), nil), nil, []string{"x: u-dave becomes owner"},
	},
	"role: a new group": {
		change(role, update, owners, with(owners, "groups", []any{"g-platform"}, "groups_by_name", object{"Platform Engineers": "g-platform"}), nil),
		nil,
		[]string{"x: Platform Engineers becomes owner"},
	},
	"role: another role": {
		change(role, []string{"delete", "create"}, owners, with(owners, "role", "viewer", "users", []any{"u-alice"}), nil),
		[]string{"x: alice@example.com gets the role viewer and may have a higher one now"},
		nil,
	},
	"role: a set that is not known": {
		change(role, update, owners, with(owners, "users", nil), object{"users": true}),
		[]string{"x: which users lose access is known only after the apply"},
		[]string{"x: one of the users may become an owner: known only after the apply"},
	},
	"role: a set that is not managed any more": {change(role, update, owners, with(owners, "users", nil, "groups", []any{}), nil), nil, nil},
	"BlazeMeter: a tester leaves": {
		change(testers, update, with(owners, "role", "tester", "on_removal", "disable"), with(owners, "role", "tester", "on_removal", "disable", "users", []any{"u-alice"}), nil),
		[]string{"x: carol@example.com loses the role tester"},
		nil,
	},
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	opa := buildOPA(t)
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := object{"resource_changes": []any{test.change}}
			for policy, want := range map[string][]string{"lost-access": test.lost, "new-owners": test.owners} {
				if got := jq(t, policy, plan); !slices.Equal(got, want) {
					t.Errorf("%s.jq found %q, want %q", policy, got, want)
				}
				if got := opa.deny(t, policy, plan); !slices.Equal(got, want) {
					t.Errorf("%s.rego found %q, want %q", policy, got, want)
				}
			}
		})
	}
}

func TestGuardPolicy(t *testing.T) {
	t.Parallel()
	opa := buildOPA(t)
	config := func(guard object) object {
		return object{"provider_config": object{
			"roster":        object{"name": "roster", "full_name": "registry.terraform.io/tf-roster/roster", "expressions": object{"last_owner_guard": guard}},
			"roster.plain":  object{"name": "roster", "full_name": "registry.opentofu.org/tf-roster/roster"},
			"random":        object{"name": "random", "full_name": "registry.terraform.io/hashicorp/random"},
			"random.second": object{"name": "random"},
		}}
	}
	variable := func(value any) object { return object{"mode": object{"value": value}} }
	reference := object{"references": []any{"var.mode"}}
	for name, test := range map[string]struct {
		guard, variables object
		want             []string
	}{
		"defaults":                   {object{"constant_value": object{"minimum_owners": 2}}, nil, nil},
		"enforced":                   {object{"constant_value": object{"mode": "enforce", "exempt_workspace_ids": []any{}}}, nil, nil},
		"off":                        {object{"constant_value": object{"mode": "off"}}, nil, []string{"roster: the guard's mode is off"}},
		"exempt":                     {object{"constant_value": object{"exempt_workspace_ids": []any{"w"}}}, nil, []string{"roster: the workspace w is exempt from the guard"}},
		"a variable that enforces":   {reference, variable("enforce"), nil},
		"a variable that warns":      {reference, variable("warn"), []string{"roster: the guard's mode is warn"}},
		"a whole guard":              {reference, variable(object{"mode": "off"}), []string{"roster: the guard's mode is off"}},
		"a list":                     {reference, variable([]any{"w"}), []string{"roster: the guard takes a list from a variable, which this policy cannot judge"}},
		"an empty list":              {reference, variable([]any{}), nil},
		"something else than either": {object{"references": []any{"local.mode"}}, nil, []string{"roster: the guard depends on local.mode, which this policy cannot judge"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := object{"configuration": config(test.guard), "variables": test.variables}
			if got := jq(t, "guard", plan); !slices.Equal(got, test.want) {
				t.Errorf("guard.jq found %q, want %q", got, test.want)
			}
			if got := opa.deny(t, "guard", plan); !slices.Equal(got, test.want) {
				t.Errorf("guard.rego found %q, want %q", got, test.want)
			}
		})
	}
}

// jq runs one of the jq programs, and gives the lines that it fails with.
func jq(t *testing.T, policy string, plan object) []string {
	t.Helper()
	program, err := os.ReadFile(filepath.Join(folder, "policy", policy+".jq"))
	if err != nil {
		t.Fatal(err)
	}
	query, err := gojq.Parse(string(program))
	if err != nil {
		t.Fatalf("%s.jq: %s", policy, err)
	}
	results := query.Run(decoded(t, plan))
	value, found := results.Next()
	if !found {
		return nil
	}
	var halt *gojq.HaltError
	if err, ok := value.(error); !ok || !errors.As(err, &halt) || halt.ExitCode() != 1 {
		t.Fatalf("%s.jq ended with %v", policy, value)
	}
	text, ok := halt.Value().(string)
	if !ok || !strings.HasSuffix(text, "\n") {
		t.Fatalf("%s.jq failed with %v", policy, halt.Value())
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// decoded is a value as JSON has it.
func decoded(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// opa is the program of that name.
type opa string

// buildOPA builds it from its pin.
func buildOPA(t *testing.T) opa {
	t.Helper()
	path := filepath.Join(t.TempDir(), "opa.exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-modfile=internal/tools/pinned/policy/go.mod", "-o", path, "github.com/open-policy-agent/opa")
	cmd.Dir = filepath.Join(folder, "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build opa: %s\n%s", err, out)
	}
	return opa(path)
}

// deny gives what one of the Rego policies denies.
func (o opa) deny(t *testing.T, policy string, plan object) []string {
	t.Helper()
	input, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	var out, failure bytes.Buffer
	query := "data.roster." + strings.ReplaceAll(policy, "-", "_") + ".deny"
	cmd := exec.CommandContext(t.Context(), string(o), "eval", "--format=json", "--data="+filepath.Join(folder, "policy", "rego"), "--stdin-input", query)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &failure
	if err := cmd.Run(); err != nil {
		t.Fatalf("opa eval %s: %s\n%s%s", query, err, out.String(), failure.String())
	}
	var result struct {
		Result []struct {
			Expressions []struct {
				Value []string `json:"value"`
			} `json:"expressions"`
		} `json:"result"`
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil || len(result.Result) != 1 {
		t.Fatalf("opa eval %s: %v\n%s", query, err, out.String())
	}
	found := result.Result[0].Expressions[0].Value
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	return found
}
