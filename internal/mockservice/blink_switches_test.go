package mockservice_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

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

var _ = lookAt(map[string]look{
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
})
