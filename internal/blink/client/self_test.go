package client

import (
	"net/http"
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
		{ID: "w-2", Name: "zeta", DisplayName: "Payments", Description: "Money", Role: "owner", UserCount: 3},
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
		TenantID: "t-1", TenantRole: "Admin", UserRole: "admin", DefaultWorkspace: "w-1", SelectedWorkspace: "w-2",
		Permissions: []string{"b", "a"}, Workspaces: []UserWorkspace{{ID: "w-1", DisplayName: "Payments", Role: "owner"}},
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
