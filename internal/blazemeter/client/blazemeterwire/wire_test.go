package blazemeterwire_test

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(blazemeterwire.Spec)
	if err != nil {
		t.Fatalf("load the description: %v", err)
	}
	return doc
}

func TestSpecIsValid(t *testing.T) {
	doc := load(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatalf("the description is not valid OpenAPI: %v", err)
	}
	want := map[string][]string{
		"/workspaces/{workspaceId}/users":          {"GET", "POST"},
		"/workspaces/{workspaceId}/users/{userId}": {"PUT"},
		"/workspaces":                 {"GET"},
		"/workspaces/{workspaceId}":   {"GET"},
		"/accounts":                   {"GET"},
		"/accounts/{accountId}/users": {"GET"},
		"/user":                       {"GET"},
	}
	for path, methods := range want {
		item := doc.Paths.Find(path)
		if item == nil {
			t.Errorf("no path %s", path)
			continue
		}
		for _, m := range methods {
			if item.GetOperation(m) == nil {
				t.Errorf("no operation %s %s", m, path)
			}
		}
		if got := len(item.Operations()); got != len(methods) {
			t.Errorf("%s has %d operations, want %v", path, got, methods)
		}
	}
	if doc.Paths.Len() != len(want) {
		t.Errorf("%d paths, want %d", doc.Paths.Len(), len(want))
	}
}

// TestBodies holds the vendor's own samples, and the quirks that clients have
// seen, against the schemas; and a few bodies that must not fit.
func TestBodies(t *testing.T) {
	doc := load(t)
	for _, c := range []struct {
		name, schema, body string
		fits               bool
	}{
		{"update as the page shows it", "UpdateWorkspaceUserRequest", `{"roles":["viewer"],"enabled": false}`, true},
		{"disable alone", "UpdateWorkspaceUserRequest", `{"enabled":false}`, true},
		{"roles alone", "UpdateWorkspaceUserRequest", `{"roles":["viewer"]}`, false},
		{"two roles", "UpdateWorkspaceUserRequest", `{"roles":["viewer","tester"],"enabled":true}`, false},
		{"no role in the list", "UpdateWorkspaceUserRequest", `{"roles":[],"enabled":true}`, false},
		{"update with another field", "UpdateWorkspaceUserRequest", `{"enabled":false,"role":"viewer"}`, false},
		{"add as the page shows it", "AddWorkspaceUsersRequest", `{"usersIds":[352749],"roles": ["manager"]}`, true},
		{"add with an id as text", "AddWorkspaceUsersRequest", `{"usersIds":["352749"],"roles":["manager"]}`, false},
		{"add with a role that no page names", "AddWorkspaceUsersRequest", `{"usersIds":[352749],"roles":["owner"]}`, false},
		{"add nobody", "AddWorkspaceUsersRequest", `{"usersIds":[],"roles":["manager"]}`, false},
		{
			"update's answer as the page shows it", "UpdateWorkspaceUserAnswer",
			`{"api_version":4,"error":null,"result":{"id":123456,"roles":["viewer"],"enabled":false,"lastAccess":1573506574,"type":"workspace","displayName":"Viewer User","login":1562944843,"email":"viewer@example.com"},"request_id":"5dc9ce0e3076d"}`, true,
		},
		{"error at 200", "UpdateWorkspaceUserAnswer", `{"api_version":4,"error":{"code":404,"message":"Not Found: User not found"},"result":null}`, true},
		{
			"add's answer", "AddWorkspaceUsersAnswer",
			`{"api_version":4,"error":null,"result":[{"id":123456,"roles":["manager"],"enabled":true,"memberId":{"$oid":"5dc9c2be4b5cab1c82345bb3"}}],"request_id":"5dc9c2be0ae5a"}`, true,
		},
		{"list of rows", "WorkspaceUserList", `{"limit":10,"skip":0,"total":2,"hidden":0,"api_version":4,"error":null,"result":[{"id":1},{"id":5000000000,"roles":[]}]}`, true},
		{"object of rows", "AccountUserList", `{"limit":10,"skip":0,"total":"2","hidden":0,"error":null,"result":{"0":{"id":1,"roles":["admin","owner"]},"7":{"id":2,"roles":null}}}`, true},
		{"error instead of a list", "WorkspaceUserList", `{"error":{"code":403,"message":"Forbidden"},"result":null}`, true},
		{"a list without a result", "WorkspaceUserList", `{"error":null}`, false},
		{"a row without an id", "WorkspaceUserList", `{"error":null,"result":[{"email":"alice@example.com"}]}`, false},
		{"failure", "Failure", `{"error":{"code":401,"message":"Unauthorized"},"api_version":4,"result":null}`, true},
		{"workspace", "WorkspaceAnswer", `{"error":null,"result":{"id":275924,"name":"Default workspace","accountId":12,"enabled":true,"owner":null,"allowance":{"amount":0,"type":"credits"}}}`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ref, ok := doc.Components.Schemas[c.schema]
			if !ok {
				t.Fatalf("no schema %s", c.schema)
			}
			var v any
			if err := json.Unmarshal([]byte(c.body), &v); err != nil {
				t.Fatal(err)
			}
			err := ref.Value.VisitJSON(v)
			if c.fits && err != nil {
				t.Errorf("does not fit %s: %v", c.schema, err)
			}
			if !c.fits && err == nil {
				t.Errorf("fits %s, should not", c.schema)
			}
		})
	}
}
