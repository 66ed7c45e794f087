package mockservice_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// look is what a client sees of a switch, over HTTP: one text for each value.
type look struct {
	see  func(t *testing.T, run *mockservice.Running) string
	want map[string]string
}

// Every switch is seen in every reading: each value shows what it says, and no two values show the same.
func TestEverySwitchInEveryReading(t *testing.T) {
	looks := map[string]look{}
	maps.Copy(looks, blinkLooks)
	maps.Copy(looks, blazeMeterLooks)
	for _, w := range mockservice.Switches() {
		l, known := looks[w.Name]
		if !known {
			t.Errorf("nobody looks at the switch %s", w.Name)
			continue
		}
		delete(looks, w.Name)
		values := w.Values
		if values == nil {
			values = slices.Sorted(maps.Keys(l.want))
			if _, has := l.want[w.Default]; !has || len(values) < 2 {
				t.Errorf("%s is not looked at with its default %s and another value", w.Name, w.Default)
			}
		}
		seen := map[string]string{}
		for _, value := range values {
			t.Run(w.Name+"="+value, func(t *testing.T) {
				run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // what is not documented need not fit
				wantStatus(t, control(t, run, "PUT", "switches/"+w.Name+"?value="+url.QueryEscape(value), ""), 204)
				got := l.see(t, run)
				if got != l.want[value] {
					t.Errorf("shows %q, want %q", got, l.want[value])
				}
				if other, same := seen[got]; same {
					t.Errorf("shows the same as %s: %q", other, got)
				}
				seen[got] = value
			})
		}
	}
	for name := range looks {
		t.Errorf("there is no switch %s", name)
	}
}

// shape tells an answer's status, and the names of its fields or the start of its text.
func shape(r reply) string {
	m := map[string]any{}
	if json.Unmarshal([]byte(r.body), &m) == nil {
		return fmt.Sprint(r.status, " ", strings.Join(slices.Sorted(maps.Keys(m)), " "))
	}
	first, _, _ := strings.Cut(r.body, "\n")
	return fmt.Sprint(r.status, " ", first)
}

// column gives one field of the rows in a field of an answer, "-" where a row lacks it.
func column(t *testing.T, r reply, rows, name string) string {
	t.Helper()
	texts := []string{}
	list, _ := r.json(t)[rows].([]any)
	for _, row := range list {
		if v, there := row.(map[string]any)[name]; there {
			texts = append(texts, fmt.Sprint(v))
		} else {
			texts = append(texts, "-")
		}
	}
	return strings.Join(texts, ",")
}

// find gives a field of the row whose id is given, "-" where the row lacks it, "nobody" without a row.
func find(t *testing.T, r reply, rows, id, name string) string {
	t.Helper()
	list, _ := r.json(t)[rows].([]any)
	for _, row := range list {
		m := row.(map[string]any)
		if fmt.Sprint(m["id"], m["entity_id"]) != fmt.Sprint(id, nil) && fmt.Sprint(m["id"], m["entity_id"]) != fmt.Sprint(nil, id) {
			continue
		}
		if v, there := m[name]; there {
			return fmt.Sprint(v)
		}
		return "-"
	}
	return "nobody"
}

func tenant(t *testing.T, run *mockservice.Running, q string) reply {
	t.Helper()
	return blink(t, run, "GET", "/tenant/entities?q="+url.QueryEscape(q), "")
}

// wrote tells the status of a write, what bob, carol or alice is in Payments afterwards, and the outcome in the trail.
func wrote(t *testing.T, run *mockservice.Running, method, path, body, who string) string {
	t.Helper()
	r := blink(t, run, method, "/workspaces/"+payments+path, body)
	text := fmt.Sprintf("%d %s", r.status, mockblink.Of(run).Role(payments, "user", who))
	if w := run.Writes(); len(w) > 0 {
		text += " " + w[len(w)-1].Outcome
	}
	return text
}

func write(method, path, body, who string) func(*testing.T, *mockservice.Running) string {
	return func(t *testing.T, run *mockservice.Running) string {
		return wrote(t, run, method, path, body, who)
	}
}

const (
	addBob   = `{"entities":[{"entity_id":"u-bob","entity_type":"user","role":"owner"}]}`
	addCarol = `{"entities":[{"entity_id":"u-carol","entity_type":"user","role":"owner"}]}`
)

var blinkLooks = map[string]look{
	"blink.missing_workspace": {
		func(t *testing.T, run *mockservice.Running) string {
			return fmt.Sprint(blink(t, run, "GET", "/workspaces/none", "").status)
		},
		map[string]string{"404": "404", "400": "400", "403": "403"},
	},
	"blink.not_found_form": {
		func(t *testing.T, run *mockservice.Running) string {
			return shape(blink(t, run, "GET", "/workspaces/none", ""))
		},
		map[string]string{
			"documented": "404 details identifier message status", "status_only": "404 message status", "default_backend": "404 default backend - 404",
			"no_route": "404 message", "empty": "404 ", "html": "404 <!DOCTYPE html>",
		},
	},
	"blink.listing": {
		func(t *testing.T, run *mockservice.Running) string {
			return column(t, blink(t, run, "GET", "/workspaces/"+payments, ""), "entities", "id")
		},
		map[string]string{"all": "u-alice,u-bob", "no_owners": "u-bob"},
	},
	"blink.entities_shape": {
		func(t *testing.T, run *mockservice.Running) string {
			entities, there := blink(t, run, "GET", "/workspaces/"+payments, "").json(t)["entities"]
			return fmt.Sprintf("%T %v", entities, there)
		},
		map[string]string{"list": "[]interface {} true", "object": "map[string]interface {} true", "null": "<nil> true", "missing": "<nil> false"},
	},
	"blink.listing_ids": {
		func(t *testing.T, run *mockservice.Running) string {
			r := blink(t, run, "GET", "/workspaces/"+payments, "")
			id := r.json(t)["entities"].([]any)[1].(map[string]any)["id"].(string)
			return fmt.Sprint(id, " ", blink(t, run, "POST", "/workspaces/"+payments+"/user/"+id+"/role/viewer", "").status)
		},
		map[string]string{"entity_id": "u-bob 200", "inner_id": "inner-u-bob 400"},
	},
	"blink.role_spelling": {
		func(t *testing.T, run *mockservice.Running) string {
			run.Must(mockblink.Of(run).SetRole(security, "user", "u-dave", "viEwer"))
			return column(t, blink(t, run, "GET", "/workspaces/"+security, ""), "entities", "workspace_role")
		},
		map[string]string{
			"as_kept": "owner,owner,viEwer,Incident Commander", "lower": "owner,owner,viewer,incident commander",
			"title": "Owner,Owner,ViEwer,Incident Commander", "upper": "OWNER,OWNER,VIEWER,INCIDENT COMMANDER",
		},
	},
	"blink.type_spelling": {
		func(t *testing.T, run *mockservice.Running) string {
			r := blink(t, run, "GET", "/workspaces/"+security, "")
			return find(t, r, "entities", "u-dave", "type") + " " + find(t, tenant(t, run, `{}`), "results", "g-empty", "entity_type")
		},
		map[string]string{"lower": "user group", "title": "User Group", "upper": "USER GROUP"},
	},
	"blink.is_invite": {
		func(t *testing.T, run *mockservice.Running) string {
			run.Must(mockblink.Of(run).SetRole(payments, "user", "u-frank", "viewer"))
			all := tenant(t, run, `{}`)
			return find(t, blink(t, run, "GET", "/workspaces/"+payments, ""), "entities", "u-frank", "is_invite") +
				" in the workspace, " + find(t, all, "results", "u-frank", "is_invite") + " in the tenant, " + find(t, all, "results", "u-frank", "status")
		},
		map[string]string{
			"shown":   "true in the workspace, true in the tenant, invited",
			"false":   "false in the workspace, true in the tenant, invited",
			"missing": "- in the workspace, - in the tenant, invited",
		},
	},
	"blink.service_accounts": {
		func(t *testing.T, run *mockservice.Running) string {
			r := blink(t, run, "GET", "/workspaces/"+payments, "")
			return find(t, r, "entities", "sa-automation", "type") + " as " + find(t, r, "entities", "sa-automation", "workspace_role") +
				", in the tenant " + find(t, tenant(t, run, `{}`), "results", "sa-automation", "entity_type")
		},
		map[string]string{"none": "nobody as nobody, in the tenant nobody", "member": "service_account as viewer, in the tenant service_account", "owner": "service_account as owner, in the tenant service_account"},
	},
	"blink.empty_entities": {
		func(t *testing.T, run *mockservice.Running) string {
			return fmt.Sprint(tenant(t, run, `{"filter":{"email":"x"}}`).status)
		},
		map[string]string{"empty": "200", "404": "404"},
	},
	"blink.entities_sort": {
		func(t *testing.T, run *mockservice.Running) string {
			wantStatus(t, tenant(t, run, `{"filter":{"entity_type":"group"}}`), 200)
			r := tenant(t, run, `{"filter":{"entity_type":"group"},"sort":["+name"]}`)
			return fmt.Sprint(r.status, " ", column(t, r, "results", "entity_id"))
		},
		map[string]string{"heed": "200 g-empty,g-platform", "ignore": "200 g-platform,g-empty", "refuse": "400 ", "fail": "500 "},
	},
	"blink.max_page_size": {
		func(t *testing.T, run *mockservice.Running) string {
			wantStatus(t, tenant(t, run, `{"limit":1001}`), 400)
			m := tenant(t, run, `{"limit":3}`).json(t)
			return fmt.Sprintf("%v of %v, limit %v", len(m["results"].([]any)), m["total"], m["limit"])
		},
		map[string]string{"1000": "3 of 9, limit 3", "2": "2 of 9, limit 2"},
	},
	"blink.over_max_page_size": {
		func(t *testing.T, run *mockservice.Running) string {
			run.Must(run.SetSwitch("blink.max_page_size", "2"))
			wantStatus(t, tenant(t, run, `{"limit":2}`), 200)
			return fmt.Sprint(tenant(t, run, `{"limit":3}`).status)
		},
		map[string]string{"clamp": "200", "refuse": "400"},
	},
	"blink.user_route": {
		func(t *testing.T, run *mockservice.Running) string {
			return fmt.Sprint(blink(t, run, "GET", "/user", "").status)
		},
		map[string]string{"on": "200", "404": "404", "405": "405"},
	},
	"blink.user_email": {
		func(t *testing.T, run *mockservice.Running) string {
			email, there := blink(t, run, "GET", "/user", "").json(t)["email"]
			return fmt.Sprint(email, " ", there)
		},
		map[string]string{"shown": "terraform@example.com true", "empty": " true", "missing": "<nil> false"},
	},
	"blink.user_identity": {
		func(t *testing.T, run *mockservice.Running) string {
			self := blink(t, run, "GET", "/user", "").json(t)
			row := tenant(t, run, `{"filter":{"email":"terraform@example.com"}}`).json(t)["results"].([]any)[0].(map[string]any)
			return fmt.Sprintf("%v: auth_id %v, inner_id %v", len(self), slices.Contains(row["auth_ids"].([]any), self["auth_id"]), row["entity_id"] == self["inner_id"])
		},
		map[string]string{
			"auth_id": "12: auth_id true, inner_id false", "inner_id": "12: auth_id false, inner_id true",
			"neither": "12: auth_id false, inner_id false", "missing": "10: auth_id false, inner_id false",
		},
	},
	"blink.user_tenant": {
		func(t *testing.T, run *mockservice.Running) string {
			self := blink(t, run, "GET", "/user", "").json(t)
			wantStatus(t, blink(t, run, "GET", "/workspaces/"+payments, ""), 200)
			return fmt.Sprintf("%.4s: %d workspaces, %d listed, %v entities", self["tenant_id"], len(self["workspaces"].(map[string]any)),
				len(blink(t, run, "GET", "/user-workspaces", "").json(t)), tenant(t, run, `{}`).json(t)["total"])
		},
		map[string]string{
			"same": "0b5e: 2 workspaces, 2 listed, 9 entities", "other_id": "7d41: 2 workspaces, 2 listed, 9 entities",
			"other": "7d41: 0 workspaces, 0 listed, 1 entities",
		},
	},
	"blink.assign_non_member": {
		write("POST", "/user/u-carol/role/viewer", "", "u-carol"),
		map[string]string{"add": "200 viewer applied", "refuse": "400  refused", "ignore": "200  ignored"},
	},
	"blink.assign_same_role": {
		func(t *testing.T, run *mockservice.Running) string {
			wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
			return wrote(t, run, "POST", "/user/u-bob/role/Viewer", "", "u-bob")
		},
		map[string]string{"accept": "200 Viewer applied", "refuse": "400 viewer refused"},
	},
	"blink.assign_last_owner": {
		func(t *testing.T, run *mockservice.Running) string {
			text := wrote(t, run, "POST", "/user/u-alice/role/viewer", "", "u-alice")
			o := mockblink.Of(run).Owners(payments)
			return fmt.Sprint(text, " ", o.Fewest, " ", o.FewestAfterLoss)
		},
		map[string]string{"refuse": "400 owner refused 1 -1", "allow": "200 viewer applied 0 0"},
	},
	"blink.role_case": {
		func(t *testing.T, run *mockservice.Running) string {
			return wrote(t, run, "POST", "/user/u-bob/role/vieWER", "", "u-bob") + ", " +
				wrote(t, run, "POST", "/user/u-bob/role/incident%20commander", "", "u-bob") + ", " +
				wrote(t, run, "POST", "/user/u-bob/role/viewer", "", "u-bob")
		},
		map[string]string{
			"as_sent":     "200 vieWER applied, 200 incident commander applied, 200 viewer applied",
			"capitalised": "200 Viewer applied, 200 Incident Commander applied, 200 Viewer applied",
			"exact":       "400 contributor refused, 400 contributor refused, 200 viewer applied",
		},
	},
	"blink.unknown_role": {
		write("POST", "/user/u-bob/role/Anything", "", "u-bob"),
		map[string]string{"refuse": "400 contributor refused", "accept": "200 Anything applied"},
	},
	"blink.add_route": {
		write("POST", "/entities", addCarol, "u-carol"),
		map[string]string{"on": "200 owner applied", "404": "404 ", "405": "405 "},
	},
	"blink.add_existing": {
		write("POST", "/entities", addBob, "u-bob"),
		map[string]string{"keep": "200 contributor applied", "reset": "200 owner applied", "refuse": "400 contributor refused"},
	},
	"blink.add_with_role": {
		write("POST", "/entities", addCarol, "u-carol"),
		map[string]string{"heed": "200 owner applied", "ignore": "200 viewer applied"},
	},
	"blink.remove_route": {
		func(t *testing.T, run *mockservice.Running) string {
			r := blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-bob", "")
			if r.status != 200 && !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
				t.Error("a route that is not there answered with the product's wrapper")
			}
			return fmt.Sprint(r.status, " ", mockblink.Of(run).Role(payments, "user", "u-bob"))
		},
		map[string]string{"on": "200 ", "404": "404 contributor", "405": "405 contributor"},
	},
	"blink.remove_last_owner": {
		write("DELETE", "/user/u-alice", "", "u-alice"),
		map[string]string{"allow": "200  applied", "refuse": "400 owner refused"},
	},
	"blink.remove_non_member": {
		write("DELETE", "/user/u-carol", "", "u-carol"),
		map[string]string{"refuse": "400  refused", "404": "404  refused", "ok": "200  applied"},
	},
	"blink.write_delay": {
		func(t *testing.T, run *mockservice.Running) string {
			wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
			wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/entities", addCarol), 200)
			wantStatus(t, blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-alice", ""), 200)
			r := blink(t, run, "GET", "/workspaces/"+payments, "")
			return column(t, r, "entities", "id") + ": " + column(t, r, "entities", "workspace_role")
		},
		map[string]string{"0s": "u-bob,u-carol: viewer,owner", "1m": "u-bob,u-alice: contributor,owner"},
	},
}

const (
	users  = "/workspaces/" + loadTests + "/users"
	roleOK = `{"roles":["tester"],"enabled":true}`
)

// updated tells the status of a write to the workspace 70001 and what somebody is there afterwards.
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

var blazeMeterLooks = map[string]look{
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
}

// clocked serves the default seed by a clock that the test sets.
func clocked(t *testing.T) (run *mockservice.Running, pass func(time.Duration)) {
	t.Helper()
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	run = mockservice.StartDefault(t, mockservice.WithClock(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}))
	return run, func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}
}

// Each write becomes visible when its own delay is over; of one principal the newest that is visible shows.
func TestWriteDelay(t *testing.T) {
	run, pass := clocked(t)
	bob := func() string {
		return find(t, blink(t, run, "GET", "/workspaces/"+payments, ""), "entities", "u-bob", "workspace_role")
	}
	run.Must(run.SetSwitch("blink.write_delay", "3s"))
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-bob/role/viewer", ""), 200)
	pass(time.Second)
	run.Must(run.SetSwitch("blink.write_delay", "1s"))
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-bob/role/owner", ""), 200)
	for i, want := range []string{"contributor", "owner", "owner", "owner"} {
		if got := bob(); got != want {
			t.Errorf("after %d s bob is shown as %s, want %s", i+1, got, want)
		}
		pass(time.Second)
	}
	run.Must(run.SetSwitch("blink.write_delay", "2s"))
	wantStatus(t, blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-bob", ""), 200)
	if got := bob(); got != "owner" {
		t.Errorf("bob is shown as %s just after the removal", got)
	}
	// What others do shows at once.
	run.Must(mockblink.Of(run).SetRole(payments, "user", "u-carol", "viewer"))
	if ids := column(t, blink(t, run, "GET", "/workspaces/"+payments, ""), "entities", "id"); ids != "u-alice,u-carol,u-bob" {
		t.Errorf("listing %s", ids)
	}
	pass(2 * time.Second)
	if got := bob(); got != "nobody" {
		t.Errorf("bob is shown as %s two seconds after the removal", got)
	}
}

func TestControlSwitches(t *testing.T) {
	run := mockservice.StartDefault(t)
	r := control(t, run, "GET", "switches", "")
	for _, w := range mockservice.Switches() {
		if !strings.Contains(r.body, `"name": "`+w.Name+`"`) {
			t.Errorf("%s is not listed", w.Name)
		}
	}
	wantStatus(t, control(t, run, "PUT", "switches/blink.listing?value=no_owners", ""), 204)
	if got := mockblink.Of(run).Behaviour().Listing; got != "no_owners" {
		t.Errorf("listing=%s", got)
	}
	for _, path := range []string{"switches/blink.listing?value=x", "switches/blink.listing", "switches/nope.listing?value=all", "switches/listing?value=all"} {
		wantStatus(t, control(t, run, "PUT", path, ""), 400)
	}
}

func TestWrongSwitches(t *testing.T) {
	run := mockservice.StartDefault(t)
	var seed mockservice.Seed
	for path, value := range map[string]string{
		"blink.nope": "x", "nope.role_case": "exact", "blink.role_case": "x", "blazemeter.hidden": "x", "blink.write_delay": "soon",
		"blink.missing_workspace": "500", "blazemeter.max_page_size": "-2", "blink.max_page_size": "0",
	} {
		if err := mockservice.SetSwitch(&seed, path, value); err == nil {
			t.Errorf("%s=%s was accepted in a seed", path, value)
		}
		if err := run.SetSwitch(path, value); err == nil {
			t.Errorf("%s=%s was accepted", path, value)
		}
	}
	for _, err := range []error{
		mockblink.Of(run).SetBehaviour(mockblink.Behaviour{RoleCase: "x"}),
		mockblink.Of(run).SetBehaviour(mockblink.Behaviour{MissingWorkspace: 500}),
		mockblink.Of(run).SetBehaviour(mockblink.Behaviour{WriteDelay: -1}),
		mockblazemeter.Of(run).SetBehaviour(mockblazemeter.Behaviour{MaxPageSize: -2}),
		mockblazemeter.Of(run).SetBehaviour(mockblazemeter.Behaviour{Hidden: -1}),
	} {
		if err == nil {
			t.Error("a wrong behaviour was accepted")
		}
	}
}

// Every default can be set, is the first value, and holds in a new service.
func TestDefaultsOfSwitches(t *testing.T) {
	run := mockservice.StartDefault(t)
	before := toJSON(t, run.Behaviour())
	for _, w := range mockservice.Switches() {
		if w.Help == "" || w.Default == "" {
			t.Errorf("%s has no help or no default", w.Name)
		}
		run.Must(run.SetSwitch(w.Name, w.Default))
	}
	if after := toJSON(t, run.Behaviour()); after != before {
		t.Errorf("behaviour\n%s\nwant\n%s", after, before)
	}
}
