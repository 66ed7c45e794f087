package mockservice_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
)

const (
	users  = "/workspaces/" + loadTests + "/users"
	roleOK = `{"roles":["tester"],"enabled":true}`
)

// updated tells the status of a write to the workspace 70001 and what a user is there afterwards.
func updated(method, path, body, who string) func(*testing.T, *mockservice.Running) string {
	return func(t *testing.T, run *mockservice.Running) string {
		r := bzm(t, run, method, path, body)
		return fmt.Sprintf("%d %s", r.status, mockblazemeter.Of(run).Standing(loadTests, who))
	}
}

// all joins what several looks see, one after the other.
func all(looks ...func(*testing.T, *mockservice.Running) string) func(*testing.T, *mockservice.Running) string {
	return func(t *testing.T, run *mockservice.Running) string {
		texts := make([]string, len(looks))
		for i, see := range looks {
			texts[i] = see(t, run)
		}
		return strings.Join(texts, ", ")
	}
}

// listed gives one field of the rows of a list.
func listed(path, name string) func(*testing.T, *mockservice.Running) string {
	return func(t *testing.T, run *mockservice.Running) string {
		return column(t, bzm(t, run, "GET", path, ""), "result", name)
	}
}

func membersCount(t *testing.T, run *mockservice.Running) string {
	t.Helper()
	return fmt.Sprint(bzm(t, run, "GET", "/workspaces/"+loadTests, "").json(t)["result"].(map[string]any)["membersCount"])
}

// envelope gives a field beside the result of a list.
func envelope(path, name string) func(*testing.T, *mockservice.Running) string {
	return func(t *testing.T, run *mockservice.Running) string {
		return fmt.Sprint(bzm(t, run, "GET", path, "").json(t)[name])
	}
}

var _ = lookAt(map[string]look{
	"blazemeter.not_found_form": {
		func(t *testing.T, run *mockservice.Running) string {
			return shape(bzm(t, run, "GET", "/workspaces/9/users", ""))
		},
		map[string]string{
			"documented": "404 api_version error request_id result", "default_backend": "404 default backend - 404",
			"no_route": "404 message", "empty": "404 ", "html": "404 <!DOCTYPE html>",
		},
	},
	"blazemeter.max_page_size": {
		all(listed(users+"?limit=60", "id"), envelope(users+"?limit=60", "limit")),
		map[string]string{"50": "352749,352750,352752, 50", "2": "352749,352750, 2", "-1": "352749,352750,352752, 60"},
	},
	"blazemeter.over_max_page_size": {
		func(t *testing.T, run *mockservice.Running) string {
			return fmt.Sprint(bzm(t, run, "GET", users+"?limit=51", "").status)
		},
		map[string]string{"clamp": "200", "refuse": "400"},
	},
	"blazemeter.list_result": {
		func(t *testing.T, run *mockservice.Running) string {
			switch rows := bzm(t, run, "GET", users, "").json(t)["result"].(type) {
			case []any:
				return fmt.Sprint("array ", len(rows))
			case map[string]any:
				return "object " + strings.Join(slices.Sorted(maps.Keys(rows)), " ")
			default:
				return fmt.Sprintf("%T", rows)
			}
		},
		map[string]string{"array": "array 3", "object": "object 352749 352750 352752"},
	},
	"blazemeter.total": {
		func(t *testing.T, run *mockservice.Running) string {
			total := bzm(t, run, "GET", users, "").json(t)["total"]
			return fmt.Sprintf("%T %v", total, total)
		},
		map[string]string{"number": "float64 3", "string": "string 3", "n/a": "string n/a", "none": "<nil> <nil>"},
	},
	"blazemeter.total_off": {
		all(envelope(users, "total"), envelope("/accounts/5001/users", "total")),
		map[string]string{"0": "3, 6", "2": "5, 8", "-1": "2, 5"},
	},
	"blazemeter.hidden": {
		all(listed(users, "id"), envelope(users, "hidden"), envelope(users, "total")),
		map[string]string{"0": "352749,352750,352752, 0, 3", "1": "352749,352750, 1, 2"},
	},
	"blazemeter.hidden_total": {
		func(t *testing.T, run *mockservice.Running) string {
			run.Must(run.SetSwitch("blazemeter.hidden", "1"))
			return all(listed(users, "id"), envelope(users, "total"), envelope(users+"?enabled=true", "total"))(t, run)
		},
		map[string]string{"visible": "352749,352750, 2, 2", "all": "352749,352750, 3, 2"},
	},
	"blazemeter.order": {
		all(listed(users, "id"), listed(users, "id"), listed(users+"?skip=0&limit=2", "id"), listed(users+"?skip=2&limit=2", "id")),
		map[string]string{
			"stable":  "352749,352750,352752, 352749,352750,352752, 352749,352750, 352752",
			"reading": "352750,352752,352749, 352752,352749,352750, 352749,352750, 352752",
			"page":    "352750,352752,352749, 352752,352749,352750, 352749,352750, 352749",
		},
	},
	"blazemeter.enabled_default": {
		listed(users, "id"),
		map[string]string{"both": "352749,352750,352752", "enabled": "352749,352750"},
	},
	"blazemeter.row_enabled": {
		listed(users, "enabled"),
		map[string]string{"yes": "true,true,false", "no": "-,-,-"},
	},
	"blazemeter.roles_shape": {
		listed(users, "roles"),
		map[string]string{
			"array": "[manager],[tester],[viewer]", "object": "map[1:manager],map[1:tester],map[1:viewer]", "null": "<nil>,<nil>,<nil>",
			"missing": "-,-,-", "empty": "[],[],[]", "several": "[manager tester],[tester manager],[viewer tester]",
		},
	},
	"blazemeter.listing": {
		all(listed(users, "id"), envelope(users, "total"), membersCount),
		map[string]string{"all": "352749,352750,352752, 3, 3", "no_managers": "352750,352752, 2, 3", "none": ", 0, 3"},
	},
	"blazemeter.members_count": {
		membersCount,
		map[string]string{"members": "3", "enabled": "2", "zero": "0", "missing": "<nil>"},
	},
	"blazemeter.account_disabled": {
		func(t *testing.T, run *mockservice.Running) string {
			z := mockblazemeter.Of(run)
			run.Must(z.Set(loadTests, "352753", true, "manager")) // the account has disabled erin
			if n := z.Owners(loadTests).Now; n != 1 {
				t.Errorf("%d managers: one whom the account has disabled counts", n)
			}
			return all(listed(users+"?enabled=true", "id"), listed(users+"?enabled=false", "id"))(t, run)
		},
		map[string]string{
			"as_workspace": "352749,352750,352753, 352752", "disabled": "352749,352750, 352752,352753", "left_out": "352749,352750, 352752",
		},
	},
	"blazemeter.add_existing": {
		updated("POST", users, `{"usersIds":[352750],"roles":["viewer"]}`, "352750"),
		map[string]string{"refuse": "400 tester", "overwrite": "201 viewer", "ignore": "201 tester"},
	},
	"blazemeter.add_disabled": {
		updated("POST", users, `{"usersIds":[352752],"roles":["tester"]}`, "352752"),
		map[string]string{"refuse": "400 viewer (disabled)", "enable": "201 tester", "ignore": "201 viewer (disabled)"},
	},
	"blazemeter.add_several": {
		updated("POST", users, `{"usersIds":[352751,999],"roles":["tester"]}`, "352751"),
		map[string]string{"atomic": "400 ", "partial": "201 tester"},
	},
	"blazemeter.update_non_member": {
		updated("PUT", users+"/352751", roleOK, "352751"),
		map[string]string{"404": "404 ", "create": "200 tester"},
	},
	"blazemeter.update_disabled": {
		updated("PUT", users+"/352752", roleOK, "352752"),
		map[string]string{"accept": "200 tester", "refuse": "400 viewer (disabled)", "404": "404 viewer (disabled)"},
	},
	"blazemeter.update_last_manager": {
		all(updated("PUT", users+"/352749", `{"roles":["manager"],"enabled":false}`, "352749"), updated("PUT", users+"/352749", roleOK, "352749")),
		map[string]string{"allow": "200 manager (disabled), 200 tester", "refuse": "400 manager, 400 manager"},
	},
	"blazemeter.update_partial": {
		all(updated("PUT", users+"/352750", `{"enabled":false}`, "352750"), updated("PUT", users+"/352752", `{"roles":["tester"]}`, "352752")),
		map[string]string{
			"keep": "200 tester (disabled), 200 tester (disabled)", "reset": "200 no role (disabled), 200 tester",
			"refuse": "400 tester, 400 viewer (disabled)",
		},
	},
	"blazemeter.enabled_scope": {
		func(t *testing.T, run *mockservice.Running) string {
			account := "/accounts/5001/users?textFilter=bob@example.com"
			before := listed(account, "enabled")(t, run)
			off := updated("PUT", users+"/352750", `{"roles":["tester"],"enabled":false}`, "352750")(t, run)
			after := listed(account, "enabled")(t, run)
			on := updated("PUT", users+"/352750", roleOK, "352750")(t, run)
			return strings.Join([]string{before, off, after, on, listed(account, "enabled")(t, run)}, ", ")
		},
		map[string]string{
			"workspace": "true, 200 tester (disabled), true, 200 tester, true",
			"account":   "true, 200 tester (disabled), false, 200 tester, true",
		},
	},
	"blazemeter.disabled_roles": {
		updated("PUT", users+"/352750", `{"roles":["tester"],"enabled":false}`, "352750"),
		map[string]string{"keep": "200 tester (disabled)", "clear": "200 no role (disabled)"},
	},
	"blazemeter.write_delay": {
		all(
			updated("PUT", users+"/352750", `{"roles":["tester"],"enabled":false}`, "352750"),
			updated("POST", users, `{"usersIds":[352751],"roles":["viewer"]}`, "352751"),
			listed(users+"?enabled=true", "id"),
		),
		map[string]string{
			"0s": "200 tester (disabled), 201 viewer, 352749,352751",
			"1m": "200 tester (disabled), 201 viewer, 352749,352750",
		},
	},
})
