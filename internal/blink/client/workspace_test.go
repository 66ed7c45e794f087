package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func principal(kind membership.Kind, id string) membership.Principal {
	return membership.Principal{Kind: kind, ID: id}
}

func TestReadWorkspace(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{
			"id": "w-1", "name": "payments", "display_name": "Payments", "description": "Money", "type": "shared",
			"enable_overview_page": true,
			"entities": []object{
				{"id": "u-1", "type": "user", "name": "Alice", "email": "alice@example.com", "workspace_role": "Owner", "is_invite": false},
				{"id": "u-2", "type": "USER", "email": "bob@example.com", "workspace_role": "viewer", "is_invite": true},
				{"id": "g-1", "type": "Group", "name": "Ops", "workspace_role": "owner", "member_count": 3, "members": []string{"u-1"}},
				{"id": "s-1", "type": "Service_Account", "name": "Robot", "workspace_role": "owner"},
				{"type": "something else", "workspace_role": "viewer"},
				{"id": "u-3", "type": "user", "email": nil, "workspace_role": nil, "is_invite": nil, "member_count": nil, "members": nil},
				{"id": "u-1", "type": "group", "workspace_role": "viewer"},
			},
		})
	})
	got, err := c.ReadWorkspace(t.Context(), "w-1")
	if err != nil {
		t.Fatal(err)
	}
	want := &membership.Workspace{ID: "w-1", Name: "Payments", Members: []membership.Member{
		{Principal: principal(membership.User, "u-1"), Email: "alice@example.com", Name: "Alice", Roles: []string{"Owner"}, Enabled: true},
		{Principal: principal(membership.User, "u-2"), Email: "bob@example.com", Roles: []string{"viewer"}, Enabled: true, Invite: true},
		{Principal: principal(membership.Group, "g-1"), Name: "Ops", Roles: []string{"owner"}, Enabled: true, MemberCount: 3},
		{Principal: principal("service_account", "s-1"), Name: "Robot", Roles: []string{"owner"}, Enabled: true},
		{Principal: principal("something else", ""), Roles: []string{"viewer"}, Enabled: true},
		{Principal: principal(membership.User, "u-3"), Enabled: true},
		{Principal: principal(membership.Group, "u-1"), Roles: []string{"viewer"}, Enabled: true},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}

	// What the listing told needs no other call.
	d, err := c.DescribeWorkspace(t.Context(), "w-1")
	if err != nil || d != (membership.Description{ID: "w-1", Name: "Payments"}) {
		t.Errorf("DescribeWorkspace: %+v, %v", d, err)
	}
	details, err := c.WorkspaceDetails(t.Context(), "w-1")
	if want := (WorkspaceDetails{ID: "w-1", Name: "payments", DisplayName: "Payments", Description: "Money", Type: "shared"}); err != nil || details != want {
		t.Errorf("WorkspaceDetails: %+v, %v", details, err)
	}
	if n := len(s.sent()); n != 1 {
		t.Errorf("%d calls instead of one: %v", n, s.sent())
	}
}

func TestDescribeWorkspaceReadsWhatIsUnknown(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"name": "payments", "entities": []object{}})
	})
	for range 2 {
		d, err := c.DescribeWorkspace(t.Context(), "w-1")
		if err != nil || d != (membership.Description{ID: "w-1", Name: "payments"}) {
			t.Errorf("%+v, %v", d, err)
		}
	}
	if n := len(s.sent()); n != 1 {
		t.Errorf("%d calls instead of one", n)
	}
}

// An owner row of any type shows that the listing is not a part only; none of
// them is a user who can be managed.
func TestOwnerOfAnotherType(t *testing.T) {
	t.Parallel()
	for entityType, complete := range map[string]bool{"user": true, "GROUP": true, "service_account": true, "Service User": true, "": false} {
		rows := []object{{"id": "u-1", "type": "user", "workspace_role": "viewer"}}
		if entityType != "" {
			rows = append(rows, object{"id": "x-1", "type": entityType, "workspace_role": "OWNER"})
		}
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, object{"entities": rows}) })
		ws, err := c.ReadWorkspace(t.Context(), "w-1")
		if err != nil {
			t.Fatal(err)
		}
		l := membership.NewListing(ws, c.Traits())
		if l.Complete() != complete {
			t.Errorf("%q: complete is %v (%s)", entityType, l.Complete(), l.Incomplete)
		}
		for _, m := range l.Members {
			if m.ID == "x-1" && m.Kind.Managed() != (strings.EqualFold(entityType, "user") || strings.EqualFold(entityType, "group")) {
				t.Errorf("%q became %q", entityType, m.Kind)
			}
		}
	}
}

// Rows that come twice: the same thing is one member; roles that contradict each
// other all show; in doubt a row is an invitation.
func TestReadWorkspaceJoinsRows(t *testing.T) {
	t.Parallel()
	row := func(id, role string, invite bool) object {
		return object{"id": id, "type": "user", "workspace_role": role, "is_invite": invite}
	}
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"entities": []object{
			row("same", "owner", false), row("same", "Owner", false),
			row("two", "owner", false), row("two", "viewer", false), row("two", "viewer", false),
			row("other", "owner", false),
			row("invited", "owner", false), row("invited", "owner", true),
			{"id": "late", "type": "user"},
			{"id": "late", "type": "user", "email": "late@example.com", "name": "Late", "workspace_role": "viewer", "member_count": 2},
		}})
	})
	got, err := c.ReadWorkspace(t.Context(), "w-1")
	if err != nil {
		t.Fatal(err)
	}
	want := []membership.Member{
		{Principal: principal(membership.User, "same"), Roles: []string{"owner"}, Enabled: true},
		{Principal: principal(membership.User, "two"), Roles: []string{"owner", "viewer"}, Enabled: true},
		{Principal: principal(membership.User, "other"), Roles: []string{"owner"}, Enabled: true},
		{Principal: principal(membership.User, "invited"), Roles: []string{"owner"}, Enabled: true, Invite: true},
		{Principal: principal(membership.User, "late"), Email: "late@example.com", Name: "Late", Roles: []string{"viewer"}, Enabled: true, MemberCount: 2},
	}
	if d := cmp.Diff(want, got.Members); d != "" {
		t.Error(d)
	}
}

// Members share the slices of their roles; appending to one must not show in
// another.
func TestRolesAreNotSharedForWriting(t *testing.T) {
	t.Parallel()
	l, err := decodeListing(json.NewDecoder(strings.NewReader(
		`{"entities":[{"id":"a","type":"user","workspace_role":"owner"},{"id":"b","type":"user","workspace_role":"owner"}]}`)), "w-1", 0)
	if err != nil {
		t.Fatal(err)
	}
	first := append(l.members[0].Roles, "viewer")
	second := append(l.members[1].Roles, "editor")
	if !slices.Equal(first, []string{"owner", "viewer"}) || !slices.Equal(second, []string{"owner", "editor"}) {
		t.Errorf("%v, %v", first, second)
	}
}

func TestReadWorkspaceMalformed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, says string }{
		"empty":              {"", "the answer is empty"},
		"null":               {"null", "not an object"},
		"list":               {"[]", "not an object"},
		"text":               {`"w-1"`, "not an object"},
		"no JSON":            {"ok", "not that of Blink's API (check the endpoint): it begins with"},
		"web page":           {"<!DOCTYPE html><html><head><title>Sign in</title></head></html>", "a web page answered, not Blink's API: Sign in (check the endpoint)"},
		"no entities":        {`{"id":"w-1"}`, "no list of entities"},
		"error wrapper":      {`{"message":"not today","status":404}`, `no list of entities (it says "not today")`},
		"null entities":      {`{"id":"w-1","entities":null}`, `"entities" is not a list`},
		"entities an object": {`{"id":"w-1","entities":{}}`, `"entities" is not a list`},
		"entities twice":     {`{"entities":[],"entities":[]}`, `"entities" twice`},
		"null row":           {`{"entities":[null]}`, "entity 1 is null"},
		"row a text":         {`{"entities":["u-1"]}`, "of the JSON type string"},
		"user without id":    {`{"entities":[{"id":"u-1","type":"user"},{"type":"User","email":"a@example.com"}]}`, "entity 2, a user, has no id"},
		"group, id null":     {`{"entities":[{"type":"group","id":null}]}`, "entity 1, a group, has no id"},
		"row without type":   {`{"entities":[{"id":"u-1","workspace_role":"owner"}]}`, "entity 1 has no type"},
		"id a number":        {`{"entities":[{"id":7,"type":"user"}]}`, "id is of the JSON type number"},
		"role a list":        {`{"entities":[{"id":"u","type":"user","workspace_role":["owner"]}]}`, "workspace_role is of the JSON type array"},
		"invite a text":      {`{"entities":[{"id":"u","type":"user","is_invite":"no"}]}`, "is_invite is of the JSON type string"},
		"count a fraction":   {`{"entities":[{"id":"g","type":"group","member_count":1.5}]}`, "member_count is of the JSON type number 1.5"},
		"name a number":      {`{"name":1,"entities":[]}`, "name is of the JSON type number"},
		"another workspace":  {`{"id":"w-2","entities":[]}`, `about workspace "w-2"`},
		"more behind":        {`{"id":"w-1","entities":[]}{}`, "more follows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "r-9")
				raw(w, http.StatusOK, "application/json", tc.body)
			})
			ws, err := c.ReadWorkspace(t.Context(), "w-1")
			if ws != nil {
				t.Errorf("a listing came of it: %+v", ws)
			}
			e := failure(t, err, membership.Malformed)
			if e.Status != http.StatusOK || e.RequestID != "r-9" {
				t.Errorf("status %d, request id %q", e.Status, e.RequestID)
			}
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%q does not say %q", err, tc.says)
			}
			if n := len(s.sent()); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestReadWorkspaceTakesAnyLetterCaseOfItsID(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"id": "3f2a-bc", "entities": []object{}})
	})
	ws, err := c.ReadWorkspace(t.Context(), "3F2A-BC")
	if err != nil || ws.ID != "3F2A-BC" {
		t.Errorf("%+v, %v", ws, err)
	}
}

// An answer that ends too early may be whole the next time.
func TestReadWorkspaceCutShort(t *testing.T) {
	t.Parallel()
	const whole = `{"id":"w-1","entities":[{"id":"u-1","type":"user","workspace_role":"owner"}]}`
	for cut := 1; cut < len(whole); cut++ {
		n := 0
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if n++; n == 1 {
				raw(w, http.StatusOK, "application/json", whole[:cut])
				return
			}
			raw(w, http.StatusOK, "application/json", whole)
		})
		ws, err := c.ReadWorkspace(t.Context(), "w-1")
		if err != nil || len(ws.Members) != 1 || n != 2 {
			t.Fatalf("cut after %d bytes, asked %d times: %+v, %v", cut, n, ws, err)
		}
	}
	c, s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		raw(w, http.StatusOK, "application/json", whole[:len(whole)-1])
	})
	_, err := c.ReadWorkspace(t.Context(), "w-1")
	failure(t, err, membership.Passing)
	if n := len(s.sent()); n != 3 {
		t.Errorf("asked %d times", n)
	}
}

func TestReadWorkspaceRefusesIDs(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, id := range []string{"", "a/b", "..", "a?b", "a#b"} {
		_, err := c.ReadWorkspace(t.Context(), id)
		failure(t, err, membership.Refused)
		_, err = c.DescribeWorkspace(t.Context(), id)
		failure(t, err, membership.Refused)
	}
	if len(s.sent()) != 0 {
		t.Errorf("sent %v", s.sent())
	}
}

// failure asserts the kind of an error.
func failure(t *testing.T, err error, want membership.Failure) *membership.Error {
	t.Helper()
	var e *membership.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v (%T) is no membership.Error", err, err)
	}
	if e.Failure != want {
		t.Errorf("failure %d instead of %d: %v", e.Failure, want, err)
	}
	if e.Op == "" {
		t.Error("the error does not say what was attempted")
	}
	if strings.Contains(err.Error(), testKey) {
		t.Errorf("the key is in %q", err)
	}
	if strings.ContainsAny(err.Error(), "\n\r\t") {
		t.Errorf("%q is not one line", err)
	}
	return e
}

// listingOf is the answer for a workspace with n users.
func listingOf(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"id":"w-1","name":"big","display_name":"Big","entities":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		role := []string{"owner", "contributor", "viewer"}[i%3]
		fmt.Fprintf(&b, `{"email":"user-%d@example.com","id":"7d3c9e4a-0000-4000-8000-%012d","is_invite":false,"member_count":0,"members":[],"name":"User %d","type":"user","workspace_role":%q}`, i, i, i, role)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func BenchmarkDecodeListing(b *testing.B) {
	const n = 10_000
	body := listingOf(n)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		l, err := decodeListing(json.NewDecoder(bytes.NewReader(body)), "w-1", n)
		if err != nil || len(l.members) != n {
			b.Fatalf("%d members, %v", len(l.members), err)
		}
	}
}

// A listing of ten thousand costs little more than what is kept of it.
func TestDecodeListingAllocations(t *testing.T) {
	const n = 2_000
	body := listingOf(n)
	allocs := testing.AllocsPerRun(3, func() {
		if _, err := decodeListing(json.NewDecoder(bytes.NewReader(body)), "w-1", 0); err != nil {
			t.Fatal(err)
		}
	})
	if most := 12.0 * n; allocs > most {
		t.Errorf("%.0f allocations for %d rows, more than %.0f", allocs, n, most)
	}
}

func FuzzDecodeListing(f *testing.F) {
	f.Add(listingOf(3))
	for _, s := range []string{``, `{}`, `null`, `{"entities":null}`, `{"entities":[{"id":"u","type":"user"},{"id":"u","type":"USER","workspace_role":"x"}]}`, `{"entities":[`, `{"id":"w-2","entities":[]}`, `{"a":{"entities":[]}}`, `{"entities":[],"entities":[]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l, err := decodeListing(json.NewDecoder(bytes.NewReader(body)), "w-1", 0)
		if err != nil {
			if l != nil {
				t.Error("a listing and an error")
			}
			return
		}
		// Whatever passes is an object with a list, and every member can be told apart.
		var whole struct {
			Entities []struct {
				Type string `json:"type"`
			} `json:"entities"`
		}
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&whole); err != nil {
			t.Fatalf("taken for a listing, but %v", err)
		}
		seen := map[membership.Principal]bool{}
		for _, m := range l.members {
			if m.Kind == "" || m.ID == "" && m.Kind.Managed() || seen[m.Principal] {
				t.Errorf("member %+v", m)
			}
			seen[m.Principal] = true
		}
	})
}
