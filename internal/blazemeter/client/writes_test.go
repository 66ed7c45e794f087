package client

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func user(id string) membership.Principal { return membership.Principal{Kind: membership.User, ID: id} }

func TestAssign(t *testing.T) {
	for _, c := range []struct {
		name, id, role string
		enabled        bool
		want           string
	}{
		{"a role", "11", RoleManager, true, `PUT /workspaces/7/users/11 {"enabled":true,"roles":["manager"]}`},
		{"a role, disabled", "11", RoleViewer, false, `PUT /workspaces/7/users/11 {"enabled":false,"roles":["viewer"]}`},
		{"an id above 2^31", "5000000001", RoleTester, true, `PUT /workspaces/7/users/5000000001 {"enabled":true,"roles":["tester"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.add(11, 1, true, RoleTester)
			f.add(5000000001, 1, false, RoleTester)
			receipt, err := f.client().Assign(t.Context(), "7", user(c.id), c.role, c.enabled)
			if err != nil {
				t.Fatal(err)
			}
			if receipt.RequestID != "5dc9ce0e3076d" {
				t.Errorf("the request id is %q", receipt.RequestID)
			}
			if got := f.sent(); !slices.Equal(got, []string{c.want}) {
				t.Errorf("sent %q, want %q", got, c.want)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	for _, c := range []struct {
		name  string
		roles []string
		want  string
	}{
		{"one role", []string{"tester"}, `{"enabled":false,"roles":["tester"]}`},
		{"several roles", []string{"viewer", "manager", "tester"}, `{"enabled":false,"roles":["manager"]}`},
		{"several, without manager", []string{"auditor", "viewer", "tester"}, `{"enabled":false,"roles":["tester"]}`},
		{"a role that no page names", []string{"auditor"}, `{"enabled":false,"roles":["auditor"]}`},
		{"no role", []string{}, `{"enabled":false}`},
		{"an empty role", []string{""}, `{"enabled":false}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.add(11, 1, true, c.roles...)
			if _, err := f.client().Remove(t.Context(), "7", membership.Member{Principal: user("11"), Roles: c.roles, Enabled: true}); err != nil {
				t.Fatal(err)
			}
			if got, want := f.sent(), "PUT /workspaces/7/users/11 "+c.want; !slices.Equal(got, []string{want}) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if f.users[0].enabled {
				t.Error("the user is still enabled")
			}
		})
	}
}

func TestAdd(t *testing.T) {
	f := newFake(t)
	ps := []membership.Principal{user("352749"), user("5000000001"), user("352749")}
	if _, err := f.client().Add(t.Context(), "7", RoleManager, ps); err != nil {
		t.Fatal(err)
	}
	want := `POST /workspaces/7/users {"roles":["manager"],"usersIds":[352749,5000000001]}`
	if got := f.sent(); !slices.Equal(got, []string{want}) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// TestNothingIsSent: what cannot be right is refused before anything is sent.
func TestNothingIsSent(t *testing.T) {
	f := newFake(t)
	c := f.client()
	ctx := t.Context()
	var errs []error
	keep := func(_ any, err error) { errs = append(errs, err) }
	for _, id := range []string{"", "0", "007", "-1", "+1", "1 ", "a", "1/2", "..", "9223372036854775808", "٣"} {
		keep(c.ReadWorkspace(ctx, id))
		keep(c.DescribeWorkspace(ctx, id))
		keep(c.Assign(ctx, id, user("1"), RoleTester, true))
		keep(c.Assign(ctx, "7", user(id), RoleTester, true))
		keep(c.Add(ctx, id, RoleTester, []membership.Principal{user("1")}))
		keep(c.Add(ctx, "7", RoleTester, []membership.Principal{user("1"), user(id)}))
		keep(c.Remove(ctx, "7", membership.Member{Principal: user(id)}))
		keep(c.People(ctx, id))
		keep(c.Workspaces(ctx, id))
		keep(c.FindMembers(ctx, "7", []string{id}, 0))
		keep(c.FindMembers(ctx, id, []string{"1"}, 0))
	}
	keep(c.Assign(ctx, "7", user("1"), " ", true))
	keep(c.Assign(ctx, "7", membership.Principal{Kind: membership.Group, ID: "1"}, RoleTester, true))
	keep(c.Add(ctx, "7", "owner", []membership.Principal{user("1")}))
	keep(c.Add(ctx, "7", RoleTester, nil))
	keep(c.Add(ctx, "7", RoleTester, []membership.Principal{{Kind: membership.Group, ID: "1"}}))
	for _, err := range errs {
		if e := asRosterError(t, err, membership.Refused); e.MaybeApplied {
			t.Errorf("%v may have been applied", err)
		}
	}
	if sent := f.sent(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
}

// TestWriteThatIsNotCertain: after an answer that does not say what happened, the
// caller has to look.
func TestWriteThatIsNotCertain(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   membership.Failure
		maybe  bool
		says   string
	}{
		{"bad gateway", 502, "<html><body><h1>502 Bad Gateway</h1></body></html>", membership.Passing, true, "HTTP 502: a web page answered, not BlazeMeter's API: 502 Bad Gateway"},
		{"gateway timeout, empty", 504, "", membership.Passing, true, "Gateway Timeout"},
		{"internal error", 500, `{"error":{"code":500,"message":"Internal Server Error: boom"},"result":null,"request_id":"r-1"}`, membership.Passing, true, "boom (request id r-1)"},
		{"unavailable", 503, "", membership.Passing, false, "Service Unavailable"},
		{"too many requests", 429, `{"error":{"code":429,"message":"Too Many Requests"},"result":null}`, membership.Passing, false, "Too Many Requests"},
		{"error 500 with HTTP 200", 200, `{"error":{"code":500,"message":"boom"},"result":null}`, membership.Passing, true, "HTTP 200: boom: the error in the answer has the code 500"},
		{"a page with HTTP 200", 200, "<html><title>Sign in</title></html>", membership.Malformed, true, "a web page answered, not BlazeMeter's API: Sign in"},
		{"nothing with HTTP 200", 200, "", membership.Malformed, true, "the answer is empty"},
		{"breaks off", 200, `{"error":null,"result":{"id":11,`, membership.Passing, true, "cut short"},
		{"somebody else", 200, `{"error":null,"result":{"id":12,"enabled":true,"roles":["manager"]}}`, membership.Passing, true, "about user 12"},
		{"still disabled", 200, `{"error":null,"result":{"id":11,"enabled":false,"roles":["manager"]}}`, membership.Passing, true, "is disabled all the same"},
		{"another role", 200, `{"error":null,"result":{"id":11,"enabled":true,"roles":["viewer"]},"request_id":"r-2"}`, membership.Passing, true, "has the roles [viewer] all the same"},
		{"redirect", 304, "", membership.Malformed, false, "HTTP 304"},
		{"refused", 400, `{"error":{"code":400,"message":"Bad Request: User is already a member on this account"},"result":null,"request_id":"r-3"}`, membership.Refused, false, "already a member on this account (request id r-3)"},
		{"not found", 404, `{"error":{"code":404,"message":"Not Found: User not found"},"result":null}`, membership.Refused, false, "User not found"},
		{"conflict", 409, `{"error":{"code":409,"message":"Conflict"},"result":null}`, membership.Refused, false, "Conflict"},
		{"request failed", 402, `{"error":{"code":402,"message":"Request Failed"},"result":null}`, membership.Refused, false, "Request Failed"},
		{"method not allowed", 405, "", membership.Unsupported, false, "Method Not Allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(fakeCall) (int, string, bool) { return c.status, c.body, true }
			_, err := f.client().Assign(t.Context(), "7", user("11"), RoleManager, true)
			e := asRosterError(t, err, c.want)
			if e.MaybeApplied != c.maybe {
				t.Errorf("maybe applied is %v, want %v: %v", e.MaybeApplied, c.maybe, e)
			}
			if !strings.HasPrefix(e.Error(), "give user 11 the role manager in BlazeMeter workspace 7: ") || !strings.Contains(e.Error(), c.says) {
				t.Errorf("the error does not say %q: %v", c.says, e)
			}
			if n := len(f.sent()); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	}
}

// TestWriteAnswersThatSayEnough: a missing piece contradicts nothing.
func TestWriteAnswersThatSayEnough(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"no content":         {http.StatusNoContent, ""},
		"id alone":           {200, `{"error":null,"result":{"id":11}}`},
		"id as text":         {200, `{"error":null,"result":{"id":"11","roles":null}}`},
		"without error":      {200, `{"result":{"id":11,"enabled":true}}`},
		"role in other case": {201, `{"error":null,"result":{"id":11,"enabled":true,"roles":["Manager"]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(fakeCall) (int, string, bool) { return c.status, c.body, true }
			if _, err := f.client().Assign(t.Context(), "7", user("11"), RoleManager, true); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLostConnection: the answer to a write does not arrive.
func TestLostConnection(t *testing.T) {
	f := newFake(t)
	f.before = func(fakeCall) { panic(http.ErrAbortHandler) }
	_, err := f.client().Add(t.Context(), "7", RoleTester, []membership.Principal{user("11")})
	if e := asRosterError(t, err, membership.Passing); !e.MaybeApplied {
		t.Errorf("a write whose answer was lost may have been applied: %v", e)
	}
	_, err = f.client().ReadWorkspace(t.Context(), "7")
	if e := asRosterError(t, err, membership.Passing); e.MaybeApplied {
		t.Errorf("a reading was applied: %v", e)
	}
}

func TestPeopleNamed(t *testing.T) {
	var ps []membership.Principal
	for _, c := range []struct{ id, want string }{
		{"1", "user 1"}, {"2", "users 1, 2"}, {"3", "users 1, 2, 3"}, {"4", "users 1, 2, 3, 4"}, {"5", "users 1, 2, 3, 4, 5"}, {"6", "users 1, 2, 3, 4, 5 and 1 more"},
	} {
		ps = append(ps, user(c.id))
		if got := people(ps); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := people(nil); got == "" {
		t.Error("nobody has no name")
	}
}
