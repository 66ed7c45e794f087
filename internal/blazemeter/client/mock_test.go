package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// standIn serves workspace 70001 with a manager, so many testers and so many
// disabled viewers on the mock service, which shares the OpenAPI file with the
// client and no code.
func standIn(t *testing.T, enabled, disabled int, behaviour string) *client.Client {
	t.Helper()
	type object = map[string]any
	users := []object{{"id": 1, "email": "alice@example.com"}}
	inAccount := []object{{"id": 1, "roles": []string{"admin"}}}
	inWorkspace := []object{{"id": 1, "role": "manager"}}
	for i := range enabled + disabled {
		id := 1000 + i
		users = append(users, object{"id": id, "email": fmt.Sprintf("user%d@example.com", id)})
		inAccount = append(inAccount, object{"id": id})
		if i < enabled {
			inWorkspace = append(inWorkspace, object{"id": id, "role": "tester"})
		} else {
			inWorkspace = append(inWorkspace, object{"id": id, "role": "viewer", "disabled": true})
		}
	}
	users = append(users, object{"id": 9000000001, "email": "bob@example.com"})
	inAccount = append(inAccount, object{"id": 9000000001})
	raw, err := json.Marshal(object{
		"blazemeter": object{
			"keys":       []object{{"id": "mock-key-id", "secret": "mock-key-secret", "user": 1}},
			"users":      users,
			"accounts":   []object{{"id": 5001, "name": "Example", "users": inAccount}},
			"workspaces": []object{{"id": 70001, "name": "Load Tests", "account": 5001, "users": inWorkspace}},
		},
		"behaviour": object{"blazemeter": json.RawMessage(behaviour)},
	})
	if err != nil {
		t.Fatal(err)
	}
	seed, err := mockservice.ParseSeed(raw)
	if err != nil {
		t.Fatal(err)
	}
	run := mockservice.StartTest(t, seed)
	endpoint := run.Endpoint(mockblazemeter.Name)
	stack, err := transport.New(transport.Options{
		Product: "BlazeMeter", Endpoint: endpoint, Authenticate: client.Authenticate("mock-key-id", "mock-key-secret"),
		Secrets: []string{"mock-key-id", "mock-key-secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.CloseIdleConnections)
	c, err := client.New(client.Options{Endpoint: endpoint, HTTP: stack})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAgainstTheStandIn(t *testing.T) {
	for _, behaviour := range []string{
		`{}`, `{"list_result":"object"}`, `{"total":"string","max_page_size":7}`, `{"total":"n/a"}`, `{"total":"none","row_enabled":"no"}`,
		`{"max_page_size":1}`, `{"max_page_size":10,"over_max_page_size":"refuse"}`, `{"enabled_default":"enabled","disabled_roles":"clear"}`,
		`{"update_partial":"refuse"}`, `{"add_several":"partial"}`,
	} {
		t.Run(behaviour, func(t *testing.T) {
			c := standIn(t, 120, 60, behaviour)
			ctx := t.Context()
			count := func() (enabled, disabled int) {
				t.Helper()
				w, err := c.ReadWorkspace(ctx, "70001")
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range w.Members {
					if m.Enabled {
						enabled++
					} else {
						disabled++
					}
				}
				return enabled, disabled
			}
			if on, off := count(); on != 121 || off != 60 {
				t.Errorf("%d enabled and %d disabled, want 121 and 60", on, off)
			}
			bob := membership.Principal{Kind: membership.User, ID: "9000000001"}
			if _, err := c.Add(ctx, "70001", "manager", []membership.Principal{bob}); err != nil {
				t.Fatal(err)
			}
			found, err := c.FindMembers(ctx, "70001", []string{bob.ID}, 122)
			if err != nil || found[bob.ID].Role() != "manager" || found[bob.ID].Email != "bob@example.com" {
				t.Errorf("after adding: %+v, %v", found, err)
			}
			if _, err := c.Assign(ctx, "70001", bob, "tester", true); err != nil {
				t.Error(err)
			}
			if _, err := c.Remove(ctx, "70001", membership.Member{Principal: bob, Roles: []string{"tester"}, Enabled: true}); err != nil {
				t.Error(err)
			}
			if on, off := count(); on != 121 || off != 61 {
				t.Errorf("%d enabled and %d disabled, want 121 and 61", on, off)
			}
			d, err := c.DescribeWorkspace(ctx, "70001")
			if want := (membership.Description{ID: "70001", Name: "Load Tests", Tenant: "5001"}); err != nil || d != want {
				t.Errorf("%+v, %v, want %+v", d, err, want)
			}
			people, err := c.People(ctx, d.Tenant)
			if err != nil || len(people) != 182 {
				t.Errorf("%d people, %v, want 182", len(people), err)
			}
			if self, err := c.Self(ctx); err != nil || self.ID != "1" || self.Email != "alice@example.com" {
				t.Errorf("self: %+v, %v", self, err)
			}
			accounts, err := c.Accounts(ctx)
			if err != nil || len(accounts) != 1 || accounts[0] != (client.Account{ID: "5001", Name: "Example"}) {
				t.Errorf("accounts: %+v, %v", accounts, err)
			}
			if ws, err := c.Workspaces(ctx, "5001"); err != nil || len(ws) != 1 || ws[0].ID != "70001" {
				t.Errorf("workspaces: %+v, %v", ws, err)
			}
			if _, err := c.ReadWorkspace(ctx, "70099"); membership.FailureOf(err) != membership.Gone {
				t.Errorf("a workspace that is not there: %v", err)
			}
			_, err = c.Assign(ctx, "70001", membership.Principal{Kind: membership.User, ID: "4242"}, "tester", true)
			if e, ok := errors.AsType[*membership.Error](err); !ok || e.Failure != membership.Refused || e.Status != http.StatusNotFound || e.MaybeApplied {
				t.Errorf("somebody who is not there: %v", err)
			}
		})
	}
}

func TestHiddenOnTheStandIn(t *testing.T) {
	c := standIn(t, 10, 0, `{"hidden":2}`)
	w, err := c.ReadWorkspace(t.Context(), "70001")
	if err != nil || len(w.Members) != 9 || w.Incomplete != "" || len(w.Notes) != 1 {
		t.Errorf("%+v, %v", w, err)
	}
}
