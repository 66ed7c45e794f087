package client

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func TestUserWorkspaces(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{
			"x": object{"id": "w-2", "name": "zeta", "display_name": "Payments", "description": "Money", "role": "owner", "user_count": 3},
			"y": object{"id": "w-1", "name": "Payments", "role": nil},
			"z": object{"id": "w-3", "display_name": "Audit"},
			// Under two keys, it is one workspace.
			"a": object{"id": "w-3", "display_name": "Audit"},
		})
	})
	got, err := c.UserWorkspaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []UserWorkspace{
		{ID: "w-3", DisplayName: "Audit"},
		{ID: "w-1", Name: "Payments"},
		{ID: "w-2", Name: "zeta", DisplayName: "Payments", Description: "Money", Role: "owner"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"GET /api/v1/user-workspaces"}, s.sent()); d != "" {
		t.Error(d)
	}
}

func TestUserWorkspacesNone(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, object{}) })
	if got, err := c.UserWorkspaces(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestUserWorkspacesMalformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `null`, `[]`, `{"w-1":{"name":"the key is not the id"}}`, `{"w-1":null}`, `{"w-1":{"id":""}}`, `{"message":"no","status":400}`, `{"w-1":{"id":1}}`} {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { raw(w, http.StatusOK, "application/json", body) })
		got, err := c.UserWorkspaces(t.Context())
		failure(t, err, membership.Malformed)
		if got != nil {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

func TestCurrentUser(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{
			"auth_id": "auth|1", "inner_id": "in-1", "email": "alice@example.com", "name": "Alice", "status": "active",
			"tenant_id": "t-1", "tenant_role": "Admin", "user_role": "admin", "default_workspace": "w-1", "selected_workspace": "w-2",
			"permissions": []string{"b", "a"},
			"workspaces":  object{"k": object{"id": "w-1", "display_name": "Payments", "role": "owner"}, "l": object{"name": "without id"}},
		})
	})
	got, err := c.CurrentUser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := CurrentUser{
		AuthID: "auth|1", InnerID: "in-1", Email: "alice@example.com", Name: "Alice", Status: "active",
		TenantID: "t-1", TenantRole: "Admin",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	self, err := c.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSelf := membership.Person{Principal: membership.Principal{Kind: membership.User}, Email: "alice@example.com", Name: "Alice", Status: "active", Roles: []string{"Admin"}}
	if d := cmp.Diff(wantSelf, self); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"GET /api/v1/user", "GET /api/v1/user"}, s.sent()); d != "" {
		t.Error(d)
	}
}

// The key's own user is found by e-mail, else by an id of the sign-in; where it
// cannot be, that is said.
func TestSelfInTheTenant(t *testing.T) {
	t.Parallel()
	rows := []object{
		{"entity_id": "u-1", "entity_type": "user", "email": "alice@example.com", "auth_ids": []string{"auth|1", "auth|2"}},
		{"entity_id": "u-2", "entity_type": "user", "email": "bob@example.com"},
		{"entity_id": "u-3", "entity_type": "user", "email": "BOB@example.com", "auth_ids": []string{"auth|3"}},
		{"entity_id": "s-1", "entity_type": "service_account", "auth_ids": []string{"auth|4", "auth|5"}},
		{"entity_id": "s-2", "entity_type": "user", "auth_ids": []string{"auth|5"}},
	}
	for name, tc := range map[string]struct {
		user object
		// alone is what is known without a listing of the tenant, listed with one.
		alone, listed membership.Principal
		unidentified  string
		// calls is how often the tenant is listed for it.
		calls int
	}{
		"by e-mail": {user: object{"email": "Alice@example.com"}, alone: principal(membership.User, ""), listed: principal(membership.User, "u-1")},
		"by e-mail, several, then by the sign-in": {
			user: object{"email": "bob@example.com", "auth_id": "auth|3"}, alone: principal(membership.User, ""), listed: principal(membership.User, "u-3"),
		},
		"by e-mail, several": {user: object{"email": "bob@example.com"}, alone: principal(membership.User, ""), listed: principal(membership.User, "")},
		"by e-mail, nobody":  {user: object{"email": "eve@example.com"}, alone: principal(membership.User, ""), listed: principal(membership.User, "")},
		"by e-mail, nobody, then by the inner id": {
			user: object{"email": "eve@example.com", "inner_id": "u-2"}, alone: principal(membership.User, ""), listed: principal(membership.User, "u-2"),
		},
		"by the sign-in":  {user: object{"auth_id": "auth|2"}, alone: principal(membership.User, "u-1"), listed: principal(membership.User, "u-1"), calls: 1},
		"by the inner id": {user: object{"inner_id": "u-2"}, alone: principal(membership.User, "u-2"), listed: principal(membership.User, "u-2"), calls: 1},
		"by the auth id as entity id": {
			user: object{"auth_id": "u-2"}, alone: principal(membership.User, "u-2"), listed: principal(membership.User, "u-2"), calls: 1,
		},
		"a service account": {user: object{"auth_id": "auth|4"}, alone: principal("service_account", "s-1"), listed: principal("service_account", "s-1"), calls: 1},
		"several by the sign-in": {
			user: object{"auth_id": "auth|5"}, alone: principal(membership.User, ""), listed: principal(membership.User, ""), calls: 1, unidentified: "no single entity of the tenant has one of its ids",
		},
		"nobody by the sign-in": {
			user: object{"name": "Robot", "auth_id": "auth|9", "inner_id": "in-9"}, alone: principal(membership.User, ""), listed: principal(membership.User, ""), calls: 1, unidentified: "tells no e-mail address",
		},
		"by nothing": {user: object{"name": "Robot"}, alone: principal(membership.User, ""), listed: principal(membership.User, ""), calls: 1, unidentified: "tells no e-mail address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, listed := range []bool{false, true} {
				d := &directory{t: t, rows: always(rows)}
				c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/api/v1/user" {
						answer(w, http.StatusOK, tc.user)
						return
					}
					d.ServeHTTP(w, r)
				})
				want, calls := tc.alone, tc.calls
				if listed {
					if _, err := c.People(t.Context(), ""); err != nil {
						t.Fatal(err)
					}
					want, calls = tc.listed, 1
				}
				got, err := c.Self(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got.Principal != want || len(d.queries) != calls {
					t.Errorf("listed before %v: %v after %d listings, want %v after %d", listed, got.Principal, len(d.queries), want, calls)
				}
				if (got.Unidentified != "") != (tc.unidentified != "") || !strings.Contains(got.Unidentified, tc.unidentified) {
					t.Errorf("unidentified: %q", got.Unidentified)
				}
			}
		})
	}
}

// A tenant that cannot be listed is no reason to fail: it is said that the user
// could not be told.
func TestSelfWithoutTheTenant(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/user" {
			answer(w, http.StatusOK, object{"auth_id": "auth|1"})
			return
		}
		answer(w, http.StatusForbidden, object{"message": "not for you", "status": 403})
	})
	got, err := c.Self(t.Context())
	if err != nil || got.ID != "" || !strings.Contains(got.Unidentified, "not for you") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A user who belongs to several tenants can be switched in the middle of a run:
// from then on, what is read is about something else.
func TestTenantThatChanges(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"user", "page", "row", "workspace", "nowhere"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			tenant := "t-1"
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				at := func(place string) any {
					if place == where || place == "user" && tenant == "t-1" {
						return tenant
					}
					return nil
				}
				switch r.URL.Path {
				case "/api/v1/user":
					answer(w, http.StatusOK, object{"email": "alice@example.com", "tenant_id": at("user")})
				case "/api/v1/tenant/entities":
					answer(w, http.StatusOK, object{"total": 1, "tenant_id": at("page"), "results": []object{
						{"entity_id": "u-1", "entity_type": "user", "email": "alice@example.com", "tenant_id": at("row")},
					}})
				default:
					answer(w, http.StatusOK, object{"id": "w-1", "tenant_id": at("workspace"), "entities": []object{}})
				}
			})
			read := map[string]func() error{
				"user": func() error { _, err := c.Self(t.Context()); return err },
				"page": func() error { _, err := c.People(t.Context(), ""); return err },
				"row":  func() error { _, err := c.People(t.Context(), ""); return err },
				"workspace": func() error {
					_, err := c.ReadWorkspace(t.Context(), "w-1")
					return err
				},
			}
			for _, again := range []string{"T-1", "t-1"} {
				tenant = again
				for name, do := range read {
					if err := do(); err != nil {
						t.Fatalf("%s of %s: %v", name, again, err)
					}
				}
			}
			tenant = "t-2"
			for name, do := range read {
				err := do()
				if name != where && (where != "row" || name != "page") && (where != "page" || name != "row") {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				if e := failure(t, err, membership.Malformed); !strings.Contains(e.Error(), `tenant "t-2"`) || !strings.Contains(e.Error(), "switched to another tenant") {
					t.Errorf("%s: %v", name, e)
				}
			}
		})
	}
}

func TestSelfMalformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `null`, `[]`, `{}`, `{"message":"no","status":401}`, `{"email":1}`, `{"email":"a@example.com","workspaces":[]}`} {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { raw(w, http.StatusOK, "application/json", body) })
		_, err := c.Self(t.Context())
		failure(t, err, membership.Malformed)
	}
}

func TestSelfStatuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]membership.Failure{401: membership.Unauthorized, 403: membership.Forbidden, 500: membership.Passing, 400: membership.Refused} {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			answer(w, status, object{"message": "no", "status": status})
		})
		_, err := c.Self(t.Context())
		failure(t, err, want)
		_, err = c.UserWorkspaces(t.Context())
		failure(t, err, want)
	}
}

func TestSelfOfSomebodyBlocked(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"email": "a@example.com", "status": "Inactive", "permissions": nil, "workspaces": nil})
	})
	if got, err := c.Self(t.Context()); err != nil || !got.Inactive {
		t.Errorf("%+v, %v", got, err)
	}
}
