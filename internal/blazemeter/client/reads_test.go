package client

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

func TestNew(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"no endpoint":    {HTTP: http.DefaultClient},
		"no client":      {Endpoint: DefaultEndpoint},
		"plain http":     {Endpoint: "http://a.blazemeter.com/api/v4", HTTP: http.DefaultClient},
		"a cookie jar":   {Endpoint: DefaultEndpoint, HTTP: &http.Client{Jar: jar}},
		"a query":        {Endpoint: DefaultEndpoint + "?x=1", HTTP: http.DefaultClient},
		"a relative URL": {Endpoint: "/api/v4", HTTP: http.DefaultClient},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	c, err := New(Options{Endpoint: DefaultEndpoint + "/", HTTP: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	want := membership.Traits{
		Product: "BlazeMeter", Endpoint: DefaultEndpoint, OwnerRole: "manager", OwnerNoun: "manager", OwnersNoun: "managers",
		WorkspaceNoun: "workspace", CredentialNoun: "API key", TenantNoun: "account", RolesAscending: []string{"viewer", "tester", "manager"}, StatusMatters: true, RemovalDisables: true, ListingShifts: true, AddBatch: 50,
		ChangeRight: "The API key needs account admin access or the manager role in the workspace.",
		AssignCall:  `PUT /workspaces/{workspace}/users/{id} with {"roles":["{role}"],"enabled":true}`,
	}
	if diff := cmp.Diff(want, c.Traits()); diff != "" {
		t.Errorf("traits (-want +got):\n%s", diff)
	}
}

func TestCheckID(t *testing.T) {
	for _, id := range []string{"1", "352749", "2147483648", "9223372036854775807"} {
		if err := CheckID(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	for id, says := range map[string]string{
		"": "empty", "0": "begins with a zero", "01": "begins with a zero", "-1": "not a number", "1.0": "not a number", "1e3": "not a number", " 1": "not a number",
		"abc": "not a number", "٣": "not a number", "9223372036854775808": "larger than", strings.Repeat("9", 1000): "larger than",
	} {
		if err := CheckID(id); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v, want %q", id, err, says)
		}
	}
}

// TestRows: what may be in a row, and what it becomes.
func TestRows(t *testing.T) {
	for _, c := range []struct {
		name, row string
		want      membership.Member
	}{
		{"id as text", `{"id":"352749"}`, membership.Member{Principal: user("352749"), Enabled: true}},
		{"id above 2^31", `{"id":5000000001,"roles":[]}`, membership.Member{Principal: user("5000000001"), Roles: []string{}, Enabled: true}},
		{"largest id", `{"id":9223372036854775807}`, membership.Member{Principal: user("9223372036854775807"), Enabled: true}},
		{"no roles", `{"id":1,"roles":null}`, membership.Member{Principal: user("1"), Enabled: true}},
		{"several roles", `{"id":1,"roles":["tester","manager"]}`, membership.Member{Principal: user("1"), Roles: []string{"tester", "manager"}, Enabled: true}},
		{"roles as an object", `{"id":1,"roles":{"10":"viewer","2":"tester","1":"manager"}}`, membership.Member{Principal: user("1"), Roles: []string{"manager", "tester", "viewer"}, Enabled: true}},
		{"one role as an object", `{"id":1,"roles":{"1":"manager"}}`, membership.Member{Principal: user("1"), Roles: []string{"manager"}, Enabled: true}},
		{"no roles as an object", `{"id":1,"roles":{}}`, membership.Member{Principal: user("1"), Roles: []string{}, Enabled: true}},
		{"unknown role", `{"id":1,"roles":["Auditor"]}`, membership.Member{Principal: user("1"), Roles: []string{"Auditor"}, Enabled: true}},
		{"own state", `{"id":1,"enabled":false}`, membership.Member{Principal: user("1")}},
		{"state null", `{"id":1,"enabled":null,"email":null,"displayName":null}`, membership.Member{Principal: user("1"), Enabled: true}},
		{"first and last name", `{"id":1,"firstName":"Standard","lastName":"Manager"}`, membership.Member{Principal: user("1"), Name: "Standard Manager", Enabled: true}},
		{"last name", `{"id":1,"lastName":"Manager"}`, membership.Member{Principal: user("1"), Name: "Manager", Enabled: true}},
		{"fields that say nothing here", `{"id":1,"login":null,"memberId":{"$oid":"x"},"workspaces":[{"id":2}]}`, membership.Member{Principal: user("1"), Enabled: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(call fakeCall) (int, string, bool) {
				if call.query.Get("enabled") == "true" {
					return 200, `{"result":[` + c.row + `],"total":"1","hidden":"0","error":null,"something":{"new":[1]}}`, true
				}
				return 200, `{"result":{},"total":0,"error":null}`, true
			}
			w, err := f.client().ReadWorkspace(t.Context(), "7")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]membership.Member{c.want}, w.Members); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMalformed: an answer of another shape is an error, never an empty listing.
func TestMalformed(t *testing.T) {
	for name, c := range map[string]struct{ body, says string }{
		"nothing":              {"", "the answer is empty"},
		"white space":          {" \n ", "the answer is empty"},
		"a page":               {"<!doctype html><html><head><style>p{}</style><script>x()</script></head><body><p>Please\nsign&nbsp;in</p></body></html>", "a web page answered, not BlazeMeter's API: Please sign in"},
		"text":                 {"gateway says hello", `it begins with "gateway says hello"`},
		"a bare array":         {`[{"id":1}]`, "not an object"},
		"null":                 {`null`, "not an object"},
		"a number":             {`17`, "not an object"},
		"empty object":         {`{}`, "no result"},
		"no result":            {`{"error":null,"total":0}`, "no result"},
		"result null":          {`{"error":null,"total":0,"result":null}`, "neither an array nor an object of rows"},
		"result text":          {`{"error":null,"total":0,"result":"none"}`, "neither an array nor an object of rows"},
		"result number":        {`{"error":null,"total":0,"result":0}`, "neither an array nor an object of rows"},
		"result false":         {`{"error":null,"total":0,"result":false}`, "neither an array nor an object of rows"},
		"result is one row":    {`{"error":null,"total":1,"result":{"id":1,"roles":["manager"]}}`, "JSON type number"},
		"two results":          {`{"error":null,"total":0,"result":[],"result":[]}`, "two results"},
		"row null":             {`{"error":null,"total":1,"result":[null]}`, "a row has no id"},
		"row number":           {`{"error":null,"total":1,"result":[1]}`, "JSON type number"},
		"row array":            {`{"error":null,"total":1,"result":[[{"id":1}]]}`, "JSON type array"},
		"row without id":       {`{"error":null,"total":1,"result":[{"email":"alice@example.com"}]}`, "a row has no id"},
		"id null":              {`{"error":null,"total":1,"result":[{"id":null}]}`, "a row has no id"},
		"id zero":              {`{"error":null,"total":1,"result":[{"id":0}]}`, "an id is 0"},
		"id negative":          {`{"error":null,"total":1,"result":[{"id":-1}]}`, "an id is -1"},
		"id too large":         {`{"error":null,"total":1,"result":[{"id":9223372036854775808}]}`, "an id is 9223372036854775808"},
		"id with a fraction":   {`{"error":null,"total":1,"result":[{"id":1.5}]}`, "an id is 1.5"},
		"id an object":         {`{"error":null,"total":1,"result":[{"id":{"$oid":"5dc9"}}]}`, "an id is"},
		"roles text":           {`{"error":null,"total":1,"result":[{"id":1,"roles":"manager"}]}`, "roles is of the JSON type string"},
		"roles number":         {`{"error":null,"total":1,"result":[{"id":1,"roles":1}]}`, "roles is of the JSON type number"},
		"roles of objects":     {`{"error":null,"total":1,"result":[{"id":1,"roles":{"1":{"name":"manager"}}}]}`, "roles is of the JSON type object"},
		"roles of numbers":     {`{"error":null,"total":1,"result":[{"id":1,"roles":[1]}]}`, "roles is of the JSON type number"},
		"enabled text":         {`{"error":null,"total":1,"result":[{"id":1,"enabled":"yes"}]}`, "enabled is of the JSON type string"},
		"negative total":       {`{"error":null,"total":-1,"result":[]}`, "total is negative"},
		"hidden unreadable":    {`{"error":null,"total":0,"hidden":"some","result":[]}`, "hidden rows"},
		"hidden negative":      {`{"error":null,"total":0,"hidden":-1,"result":[]}`, "hidden rows"},
		"something follows":    {`{"error":null,"total":0,"result":[]}{}`, "more follows"},
		"text follows":         {`{"error":null,"total":0,"result":[]} oops`, "not valid JSON"},
		"syntax":               {`{"error":null,"total":0,"result":[}`, "not valid JSON"},
		"a malformed row only": {`{"error":null,"total":2,"result":[{"id":1},{"id":"x"}]}`, "an id is"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(fakeCall) (int, string, bool) { return 200, c.body, true }
			w, err := f.client().ReadWorkspace(t.Context(), "7")
			if w != nil {
				t.Errorf("a listing of %d members", len(w.Members))
			}
			e := asRosterError(t, err, membership.Malformed)
			if !strings.Contains(e.Error(), c.says) {
				t.Errorf("the error does not say %q: %v", c.says, e)
			}
			if n := len(f.sent()); n > 2 {
				t.Errorf("%d calls: it was read again", n)
			}
		})
	}
}

// TestCutShort: an answer that ends too early may be whole the next time.
func TestCutShort(t *testing.T) {
	const whole = `{"error":null,"total":1,"result":[{"id":1,"enabled":true}]}`
	for cut := 1; cut < len(whole); cut++ {
		f := newFake(t)
		var asked atomic.Int64
		f.answer = func(call fakeCall) (int, string, bool) {
			if call.query.Get("enabled") != "true" {
				return 0, "", false
			}
			if asked.Add(1) == 1 {
				return 200, whole[:cut], true
			}
			return 200, whole, true
		}
		w, err := f.client().ReadWorkspace(t.Context(), "7")
		if err != nil || len(w.Members) != 1 || asked.Load() != 2 {
			t.Fatalf("cut after %d bytes, asked %d times: %+v, %v", cut, asked.Load(), w, err)
		}
	}
	f := newFake(t)
	f.answer = func(fakeCall) (int, string, bool) { return 200, whole[:len(whole)-1], true }
	_, err := f.client().ReadWorkspace(t.Context(), "7")
	asRosterError(t, err, membership.Passing)
}

// TestLostInTheMiddle: the connection is lost while the rows are read.
func TestLostInTheMiddle(t *testing.T) {
	lost := errors.New("the cable is out")
	for _, begun := range []string{`{"result":[{"id":1},`, `{"result":[`, `{"result":{"1":{"id":1},`, `{"result":[{"id":"x"},`, `{"error":nul`, `{"total":1,"result":[]`} {
		f := bareFake(t)
		f.http = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(begun), iotest.ErrReader(lost))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body)}, nil
		})}
		_, err := f.client().ReadWorkspace(t.Context(), "7")
		if asRosterError(t, err, membership.Passing); !errors.Is(err, lost) {
			t.Errorf("%s: %v", begun, err)
		}
	}
}

// TestLimitThatIsRefused: the largest page that the service takes is not
// documented. The limit of the vendor's samples is taken where 50 is refused.
func TestLimitThatIsRefused(t *testing.T) {
	f := newFake(t)
	f.pageMax = 10
	f.add(1, 30, true, RoleTester)
	f.answer = func(call fakeCall) (int, string, bool) {
		return 400, `{"error":{"code":400,"message":"Bad Request: limit"},"result":null}`, call.query.Get("limit") == "50"
	}
	c := f.client()
	for round, calls := range []int{2 + 1 + pagesOf(30, 10), 1 + pagesOf(30, 10)} {
		w, err := c.ReadWorkspace(t.Context(), "7")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f.states(), states(w)); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
		if n := len(f.sent()); n != calls {
			t.Errorf("round %d: %d calls, want %d", round, n, calls)
		}
	}
	if found, err := c.FindMembers(t.Context(), "7", []string{"30"}, 30); err != nil || len(only(found, "30")) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestRefusedListing: a failure keeps its kind, whatever status carries it, and
// says all that the service said.
func TestRefusedListing(t *testing.T) {
	envelope := func(code int, message string) string {
		return fmt.Sprintf(`{"error":{"code":%d,"message":%q},"api_version":4,"result":null,"request_id":"5dc9"}`, code, message)
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   membership.Failure
		says   string
	}{
		"401":                      {401, envelope(401, "Unauthorized"), membership.Unauthorized, "HTTP 401: Unauthorized (request id 5dc9)"},
		"403":                      {403, envelope(403, "Forbidden: no"), membership.Forbidden, "HTTP 403: Forbidden: no (request id 5dc9)"},
		"402":                      {402, envelope(402, "Request Failed"), membership.Refused, "HTTP 402: Request Failed"},
		"400":                      {400, envelope(400, "Bad Request: limit"), membership.Refused, "HTTP 400: Bad Request: limit"},
		"409":                      {409, envelope(409, "Conflict"), membership.Refused, "HTTP 409"},
		"429":                      {429, envelope(429, "Too Many Requests"), membership.Passing, "HTTP 429"},
		"500":                      {500, envelope(500, "Internal Server Error"), membership.Passing, "HTTP 500"},
		"501":                      {501, "", membership.Unsupported, "Not Implemented"},
		"502 page":                 {502, "<html>\n<head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>", membership.Passing, "HTTP 502: a web page answered, not BlazeMeter's API: 502 Bad Gateway"},
		"503 empty":                {503, "", membership.Passing, "HTTP 503: the service gave no explanation (Service Unavailable)"},
		"599 empty":                {599, "", membership.Passing, "HTTP 599: the service gave no explanation"},
		"403 of something between": {403, `{"message":"Missing Authentication Token"}`, membership.Forbidden, "HTTP 403: Missing Authentication Token"},
		"403 long text":            {403, strings.Repeat("very ", 1000), membership.Forbidden, "…"},
		"403 without words":        {403, `{"error":{},"request_id":"5dc9"}`, membership.Forbidden, "request id 5dc9"},
		"401 with 200":             {200, envelope(401, "Unauthorized"), membership.Unauthorized, "HTTP 200: Unauthorized: the error in the answer has the code 401"},
		"403 with 200":             {200, envelope(403, "Forbidden"), membership.Forbidden, "the code 403"},
		"402 with 200":             {200, envelope(402, "Request Failed"), membership.Refused, "the code 402"},
		"429 with 200":             {200, envelope(429, "Too Many Requests"), membership.Passing, "the code 429"},
		"503 with 200":             {200, envelope(503, "Service Unavailable"), membership.Passing, "the code 503"},
		"own code with 200":        {200, envelope(1001, "Quota"), membership.Refused, "HTTP 200: Quota: the error in the answer has the code 1001"},
		"403 with 404":             {404, envelope(403, "Forbidden"), membership.Forbidden, "the code 403"},
		"text as error with 200":   {200, `{"error":"broken","result":[]}`, membership.Refused, "HTTP 200: broken"},
		"true as error with 200":   {200, `{"error":true,"result":[]}`, membership.Refused, "HTTP 200: true"},
		"error beside rows":        {200, `{"total":1,"result":[{"id":1}],"error":{"code":403,"message":"Forbidden"}}`, membership.Forbidden, "Forbidden"},
		"error beside a bad row":   {200, `{"total":1,"result":["x"],"error":{"code":403,"message":"Forbidden"}}`, membership.Forbidden, "Forbidden"},
		"error, then null":         {200, `{"error":{"code":403,"message":"Forbidden"},"error":null,"result":[]}`, membership.Forbidden, "Forbidden"},
		"error code as text":       {200, `{"error":{"code":"403","message":["no"]},"result":null}`, membership.Forbidden, `["no"]`},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(fakeCall) (int, string, bool) { return c.status, c.body, true }
			_, err := f.client().ReadWorkspace(t.Context(), "7")
			e := asRosterError(t, err, c.want)
			if !strings.HasPrefix(e.Error(), "list the users of BlazeMeter workspace 7: HTTP ") || !strings.Contains(e.Error(), c.says) {
				t.Errorf("the error does not say %q: %v", c.says, e)
			}
			if e.Status != c.status {
				t.Errorf("the status is %d, want %d", e.Status, c.status)
			}
			if len(e.Error()) > 600 {
				t.Errorf("the error is %d bytes long", len(e.Error()))
			}
		})
	}
}

// TestGone: only when nothing that could show the workspace does is it gone.
func TestGone(t *testing.T) {
	none := func(f *fake) { f.workspaces = nil }
	for _, c := range []struct {
		name   string
		upset  func(f *fake)
		answer map[string]struct {
			status int
			body   string
		}
		want membership.Failure
		says string
	}{
		{name: "everything agrees", upset: none, want: membership.Gone, says: "the workspace is gone: no list of workspaces that the API key sees has it either (accounts: 3)"},
		{name: "several accounts agree", upset: func(f *fake) {
			f.accounts = []int64{3, 4, 5}
			f.workspaces = []fakeWorkspace{{id: 8, account: 4, enabled: true}, {id: 9, account: 5}}
		}, want: membership.Gone, says: "(accounts: 3, 4, 5)"},
		{name: "many accounts agree", upset: func(f *fake) {
			f.workspaces, f.accounts = nil, []int64{3, 4, 5, 6, 7, 8, 9}
		}, want: membership.Gone, says: "(accounts: 3, 4, 5, 6, 7, and 2 more)"},
		{name: "the workspace is there", upset: func(*fake) {}, want: membership.Forbidden, says: "the workspace itself is there"},
		{name: "a list has it", upset: func(f *fake) {
			f.accounts = []int64{3, 4}
			f.workspaces = []fakeWorkspace{{id: 7, account: 4, enabled: true}}
		}, answer: notThere("/workspaces/7"), want: membership.Forbidden, says: "list of workspaces still has it"},
		{name: "a list has it, disabled", upset: func(f *fake) {
			f.workspaces = []fakeWorkspace{{id: 7, account: 3}}
		}, answer: notThere("/workspaces/7"), want: membership.Forbidden, says: "list of workspaces still has it"},
		{name: "no accounts", upset: func(f *fake) { f.workspaces, f.accounts = nil, nil }, want: membership.Forbidden, says: "sees no account"},
		{name: "the workspace is forbidden", upset: none, answer: answers("/workspaces/7", 403, ""), want: membership.Forbidden, says: "could not be found out"},
		{name: "the workspace cannot be read now", upset: none, answer: answers("/workspaces/7", 502, ""), want: membership.Passing, says: "could not be found out"},
		{name: "the workspace is another one", upset: none, answer: answers("/workspaces/7", 200, `{"error":null,"result":{"id":8}}`), want: membership.Malformed, says: "about workspace 8"},
		{name: "the accounts are forbidden", upset: none, answer: answers("/accounts", 403, ""), want: membership.Forbidden, says: "could not be found out"},
		{name: "the accounts are not found", upset: none, answer: answers("/accounts", 404, ""), want: membership.Malformed, says: "could not be found out"},
		{name: "the accounts cannot be read now", upset: none, answer: answers("/accounts", 503, ""), want: membership.Passing, says: "could not be found out"},
		{name: "the key is not accepted any more", upset: none, answer: answers("/accounts", 401, ""), want: membership.Unauthorized, says: "could not be found out"},
		{name: "a list is forbidden", upset: none, answer: answers("/workspaces", 403, ""), want: membership.Forbidden, says: "could not be found out"},
		{name: "a list hides something", upset: none, answer: answers("/workspaces", 200, `{"error":null,"total":0,"hidden":1,"result":[]}`), want: membership.Forbidden, says: "hides workspaces"},
		{name: "a list counts what it hides", upset: none, answer: answers("/workspaces", 200, `{"error":null,"total":1,"hidden":1,"result":[]}`), want: membership.Passing, says: "could not be found out"},
		{name: "accounts are hidden", upset: none, answer: answers("/accounts", 200, `{"error":null,"total":1,"hidden":1,"result":[{"id":3}]}`), want: membership.Forbidden, says: "hides 1 of the accounts"},
		{name: "a list is malformed", upset: none, answer: answers("/workspaces", 200, `{"error":null,"result":null}`), want: membership.Malformed, says: "could not be found out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			c.upset(f)
			f.answer = func(call fakeCall) (int, string, bool) {
				if a, ok := c.answer[call.path]; ok {
					return a.status, a.body, true
				}
				if call.path == "/workspaces/7/users" {
					return 404, `{"error":{"code":404,"message":"Not Found: Workspace not found"},"result":null,"request_id":"404-1"}`, true
				}
				return 0, "", false
			}
			_, err := f.client().ReadWorkspace(t.Context(), "7")
			e := asRosterError(t, err, c.want)
			for _, want := range []string{"list the users of BlazeMeter workspace 7: HTTP 404: Not Found: Workspace not found: ", c.says, "(request id 404-1)"} {
				if !strings.Contains(e.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, e)
				}
			}
		})
	}
}

// TestForeign404: a 404 that does not come from the service itself says nothing,
// even where nothing else knows the workspace.
func TestForeign404(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                   "",
		"an ingress":              "default backend - 404",
		"text":                    "404 page not found",
		"a web page":              "<html><body>Not here</body></html>",
		"Kong":                    `{"message":"no Route matched with those values"}`,
		"Kubernetes":              `{"kind":"Status","apiVersion":"v1","status":"Failure","code":404}`,
		"Google":                  `{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}`,
		"Spring":                  `{"timestamp":"2026-11-26T10:00:00Z","status":404,"error":"Not Found","path":"/api/v4"}`,
		"an envelope, no error":   `{"api_version":4,"error":null,"result":null}`,
		"an envelope without any": `{"api_version":4,"result":null}`,
		"an envelope, cut":        `{"api_version":4,"error":{"code":404,"message":"Not Found"},"resu`,
		"null":                    "null",
	} {
		t.Run(name, func(t *testing.T) {
			for _, everywhere := range []bool{true, false} {
				f := newFake(t)
				f.workspaces = nil
				f.answer = func(call fakeCall) (int, string, bool) {
					return 404, body, everywhere || call.path == "/workspaces/7/users"
				}
				w, err := f.client().ReadWorkspace(t.Context(), "7")
				if e := asRosterError(t, err, membership.Malformed); w != nil || !strings.Contains(e.Error(), "check the endpoint") {
					t.Errorf("everywhere %v: %v, %v", everywhere, w, e)
				}
			}
			f := newFake(t)
			f.workspaces = nil
			f.answer = func(call fakeCall) (int, string, bool) { return 404, body, call.path == "/workspaces/7" }
			f.users = nil
			_, err := f.client().DescribeWorkspace(t.Context(), "7")
			asRosterError(t, err, membership.Malformed)
			_, err = f.client().ReadWorkspace(t.Context(), "7")
			asRosterError(t, err, membership.Malformed)
			f.answer = func(fakeCall) (int, string, bool) { return 404, body, true }
			_, err = f.client().Assign(t.Context(), "7", user("11"), RoleManager, true)
			if e := asRosterError(t, err, membership.Unsupported); e.MaybeApplied {
				t.Errorf("%v", e)
			}
		})
	}
}

type answerTo = map[string]struct {
	status int
	body   string
}

func answers(path string, status int, body string) answerTo {
	return answerTo{path: {status, body}}
}

func notThere(path string) answerTo {
	return answers(path, 404, `{"error":{"code":404,"message":"Not Found: Workspace not found"},"result":null,"request_id":"404-1"}`)
}

// TestGoneAt200: the documented error may come with HTTP 200 too.
func TestGoneAt200(t *testing.T) {
	f := newFake(t)
	f.workspaces = nil
	f.answer = func(call fakeCall) (int, string, bool) {
		if strings.HasPrefix(call.path, "/workspaces/7") {
			return 200, `{"error":{"code":404,"message":"Not Found"},"result":null}`, true
		}
		return 0, "", false
	}
	_, err := f.client().ReadWorkspace(t.Context(), "7")
	asRosterError(t, err, membership.Gone)
}

// TestEmptyListing: a workspace without anybody is believed only where the
// workspace itself does not count members.
func TestEmptyListing(t *testing.T) {
	f := newFake(t)
	w, err := f.client().ReadWorkspace(t.Context(), "7")
	if err != nil || len(w.Members) != 0 || !strings.Contains(w.Incomplete, "counts 1 members") {
		t.Errorf("%+v, %v", w, err)
	}
	f.members = 0
	w, err = f.client().ReadWorkspace(t.Context(), "7")
	if err != nil || len(w.Members) != 0 || w.Incomplete != "" {
		t.Errorf("%v, %v", w, err)
	}
	f.workspaces = nil
	_, err = f.client().ReadWorkspace(t.Context(), "7")
	asRosterError(t, err, membership.Gone)
	f.answer = func(c fakeCall) (int, string, bool) { return 403, "", c.path == "/workspaces/7" }
	_, err = f.client().ReadWorkspace(t.Context(), "7")
	asRosterError(t, err, membership.Forbidden)
}

func TestDescribeWorkspace(t *testing.T) {
	f := newFake(t)
	c := f.client()
	d, err := c.DescribeWorkspace(t.Context(), "7")
	if err != nil {
		t.Fatal(err)
	}
	if want := (membership.Description{ID: "7", Name: "Payments", Tenant: "3"}); d != want {
		t.Errorf("%+v, want %+v", d, want)
	}
	f.workspaces[0].enabled = false
	if d, err = c.DescribeWorkspace(t.Context(), "7"); err != nil || !d.Disabled {
		t.Errorf("%+v, %v", d, err)
	}
	f.workspaces = nil
	_, err = c.DescribeWorkspace(t.Context(), "7")
	asRosterError(t, err, membership.Gone)
	f.accounts = nil
	_, err = c.DescribeWorkspace(t.Context(), "7")
	asRosterError(t, err, membership.Forbidden)
	// Fields that are missing.
	f.answer = func(fakeCall) (int, string, bool) { return 200, `{"error":null,"result":{"id":"7"}}`, true }
	if d, err = c.DescribeWorkspace(t.Context(), "7"); err != nil || d != (membership.Description{ID: "7"}) {
		t.Errorf("%+v, %v", d, err)
	}
	f.answer = func(fakeCall) (int, string, bool) { return 200, `{"error":null,"result":null}`, true }
	_, err = c.DescribeWorkspace(t.Context(), "7")
	asRosterError(t, err, membership.Malformed)
}

func TestAccountsAndWorkspaces(t *testing.T) {
	f := newFake(t)
	f.pageMax = 7
	f.accounts = nil
	f.workspaces = nil
	var wantAccounts []Account
	var wantWorkspaces []Workspace
	for i := range int64(30) {
		id := strconv.FormatInt(100+i, 10)
		f.accounts = append(f.accounts, 100+i)
		wantAccounts = append(wantAccounts, Account{ID: id, Name: "Account " + id})
		f.workspaces = append(f.workspaces, fakeWorkspace{id: 1000 + i, name: "W" + id, account: 100, enabled: i%3 > 0})
		wantWorkspaces = append(wantWorkspaces, Workspace{ID: strconv.FormatInt(1000+i, 10), Name: "W" + id, AccountID: "100", Enabled: i%3 > 0})
	}
	c := f.client()
	accounts, err := c.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantAccounts, accounts); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
	workspaces, err := c.Workspaces(t.Context(), "100")
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(workspaces, func(a, b Workspace) int { return strings.Compare(a.ID, b.ID) })
	if diff := cmp.Diff(wantWorkspaces, workspaces); diff != "" {
		t.Errorf("workspaces (-want +got):\n%s", diff)
	}
	// A row that does not tell its account is in the account that was asked for.
	f.answer = func(fakeCall) (int, string, bool) {
		return 200, `{"error":null,"total":1,"result":{"k":{"id":9,"enabled":true}}}`, true
	}
	if workspaces, err = c.Workspaces(t.Context(), "100"); err != nil || !slices.Equal(workspaces, []Workspace{{ID: "9", AccountID: "100", Enabled: true}}) {
		t.Errorf("%+v, %v", workspaces, err)
	}
}

func TestPeople(t *testing.T) {
	for _, asObject := range []bool{false, true} {
		f := newFake(t)
		f.asObject = asObject
		f.pageMax = 7
		for i := range int64(60) {
			f.people = append(f.people, fakeUser{id: 1 + i, enabled: i%2 == 0, roles: []string{"admin", "owner"}})
		}
		people, err := f.client().People(t.Context(), "3")
		if err != nil {
			t.Fatal(err)
		}
		if len(people) != 60 {
			t.Fatalf("%d people, want 60", len(people))
		}
		want := membership.Person{Principal: user("2"), Email: "user2@example.com", Name: "User 2", Status: "disabled", Roles: []string{"admin", "owner"}, Inactive: true}
		i := slices.IndexFunc(people, func(p membership.Person) bool { return p.ID == "2" })
		if diff := cmp.Diff(want, people[max(i, 0)]); diff != "" {
			t.Errorf("a disabled user (-want +got):\n%s", diff)
		}
		for _, call := range f.sent() {
			if strings.Contains(call, "enabled=") {
				t.Errorf("%s asks for one state", call)
			}
		}
	}
	f := newFake(t)
	f.answer = func(fakeCall) (int, string, bool) { return 404, "", true }
	_, err := f.client().People(t.Context(), "3")
	asRosterError(t, err, membership.Malformed)
}

func TestSelf(t *testing.T) {
	f := newFake(t)
	self, err := f.client().Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(membership.Person{Principal: user("42"), Email: "robot@example.com", Name: "Robot One"}, self); diff != "" {
		t.Errorf("self (-want +got):\n%s", diff)
	}
	f.answer = func(fakeCall) (int, string, bool) {
		return 200, `{"error":null,"result":{"id":"42","mail":"robot@example.com","displayName":"Robot","enabled":true}}`, true
	}
	if self, err = f.client().Self(t.Context()); err != nil || self.Email != "robot@example.com" || self.Name != "Robot" || self.Inactive {
		t.Errorf("%+v, %v", self, err)
	}
}

// only gives those who were looked for: what was read shows others, too.
func only(found map[string]membership.Member, ids ...string) map[string]membership.Member {
	found = maps.Clone(found)
	maps.DeleteFunc(found, func(id string, _ membership.Member) bool { return !slices.Contains(ids, id) })
	return found
}

// TestFindMembersGivesItsPages: everyone whom it has read is there.
func TestFindMembersGivesItsPages(t *testing.T) {
	f := newFake(t)
	f.add(1, 500, true, RoleTester)
	members, err := f.client().FindMembers(t.Context(), "7", []string{"500"}, 500)
	if err != nil || len(members) != 50 || members["451"].ID != "451" {
		t.Errorf("%d members, %v", len(members), err)
	}
}

func TestFindMembers(t *testing.T) {
	for _, c := range []struct {
		name             string
		pageMax, members int
		ids              []string
		hint             int
		want             []string
		calls            int
	}{
		{"nobody is wanted", 50, 10, nil, 10, nil, 0},
		{"all on one page", 50, 10, []string{"1", "10"}, 0, []string{"1", "10"}, 1},
		{"at the end, with a hint", 50, 500, []string{"460", "500"}, 500, []string{"460", "500"}, 1},
		{"at the end, with the hint of before", 50, 500, []string{"499", "500"}, 490, []string{"499", "500"}, 2},
		{"at the end, with far too low a hint", 50, 500, []string{"499", "500"}, 50, []string{"499", "500"}, 2},
		{"at the end, with too high a hint", 50, 500, []string{"499", "500"}, 520, []string{"499", "500"}, 1},
		{"at the end, with far too high a hint", 50, 500, []string{"499", "500"}, 5000, []string{"499", "500"}, 2},
		{"at the end, with a hint that cannot be", 50, 500, []string{"499"}, -7, []string{"499"}, 2},
		{"at the end, without a hint", 50, 500, []string{"499", "500"}, 0, []string{"499", "500"}, 2},
		{"smaller pages", 7, 500, []string{"499", "500"}, 500, []string{"499", "500"}, 2},
		{"in the middle", 50, 500, []string{"200", "500"}, 500, []string{"500"}, 1},
		{"nobody there", 50, 0, []string{"1"}, 0, nil, 1},
		{"nobody there, with a hint", 50, 0, []string{"1"}, 60, nil, 2},
		{"not there", 50, 500, []string{"9999"}, 500, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.pageMax = c.pageMax
			f.add(1, c.members, true, RoleTester)
			members, err := f.client().FindMembers(t.Context(), "7", c.ids, c.hint)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for id, m := range only(members, c.ids...) {
				if m.ID != id || !m.Enabled || m.Role() != RoleTester {
					t.Errorf("%s is %+v", id, m)
				}
				got = append(got, id)
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
			if n := len(f.sent()); n != c.calls {
				t.Errorf("%d calls, want %d", n, c.calls)
			}
		})
	}
}

// TestFindMembersByID: where the rows come in the order of the ids, new ones are
// looked for where their ids belong, and where they do not, at the end alone.
func TestFindMembersByID(t *testing.T) {
	f := newFake(t)
	for n := range int64(500) {
		f.add(10*n+10, 1, true, RoleTester)
	}
	c := f.client()
	join := func(ids ...int64) {
		for _, id := range ids {
			f.users = append(f.users, fakeUser{id: id, enabled: true, roles: []string{RoleTester}})
		}
	}
	sorted := func() {
		slices.SortFunc(f.users, func(a, b fakeUser) int { return int(a.id - b.id) })
	}
	finds := func(calls int, ids ...string) {
		t.Helper()
		f.sent()
		members, err := c.FindMembers(t.Context(), "7", ids, len(f.users))
		if members = only(members, ids...); err != nil || len(members) != len(ids) {
			t.Errorf("found %d of %v: %v", len(members), ids, err)
		}
		if n := len(f.sent()); n != calls {
			t.Errorf("%d calls for %v, want %d", n, ids, calls)
		}
	}
	if _, err := c.ReadWorkspace(t.Context(), "7"); err != nil {
		t.Fatal(err)
	}
	join(1005, 4995)
	sorted()
	finds(2, "1005", "4995") // the end has one of them, a page before it the other
	join(15, 1015, 1025, 2005, 4985)
	sorted()
	finds(4, "4985", "15", "2005", "1025", "1015")
	// Ten more than are known do not move anybody out of sight.
	for n := range int64(10) {
		join(n + 1)
	}
	join(3005)
	sorted()
	finds(1, "3005")

	// A list in the order of joining is not taken for one by id.
	join(5, 7005, 16)
	finds(1, "7005")
	if members, err := c.FindMembers(t.Context(), "7", []string{"16", "17"}, len(f.users)); err != nil || len(only(members, "16", "17")) != 1 {
		t.Errorf("found %v, %v", members, err)
	}
	f.sent()
	finds(1, "16", "5")
}

// TestFindMembersStops: it never asks on and on, whatever the totals do.
func TestFindMembersStops(t *testing.T) {
	f := newFake(t)
	f.add(1, 200, true, RoleTester)
	n := 0
	f.total = func(_ fakeCall, rows int) any { n += 100; return rows + n }
	if _, err := f.client().FindMembers(t.Context(), "7", []string{"9999"}, 10); err != nil {
		t.Fatal(err)
	}
	if n := len(f.sent()); n > findCalls {
		t.Errorf("%d calls", n)
	}
	f.total = nil
	f.hidden = 1
	if found, err := f.client().FindMembers(t.Context(), "7", []string{"1"}, 10); err != nil || len(only(found, "1")) != 1 {
		t.Errorf("beside hidden rows: %v, %v", found, err)
	}
	f.answer = func(fakeCall) (int, string, bool) { return 403, "", true }
	_, err := f.client().FindMembers(t.Context(), "7", []string{"1"}, 10)
	asRosterError(t, err, membership.Forbidden)
	f.answer = func(fakeCall) (int, string, bool) { return 200, `{"error":null,"result":[{"id":5}]}`, true }
	if found, err := f.client().FindMembers(t.Context(), "7", []string{"1", "5"}, 10); err != nil || len(only(found, "1", "5")) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestThroughTheTransport: with the real HTTP stack, readings are repeated and
// writes are not, and the secret that a service echoes is not shown.
func TestThroughTheTransport(t *testing.T) {
	f := newFake(t)
	f.add(11, 1, true, RoleTester)
	stack, err := transport.New(transport.Options{
		Product: "BlazeMeter", Endpoint: f.url, MaxRetries: 3, Backoff: transport.Backoff{Base: 1, Max: 1},
		Authenticate: Authenticate(testKeyID, testSecret), Secrets: []string{testKeyID, testSecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.CloseIdleConnections)
	f.http = stack
	c := f.client()
	failures := 2
	f.answer = func(fakeCall) (int, string, bool) {
		f.mu.Lock()
		defer f.mu.Unlock()
		failures--
		return 502, "the key was " + testSecret, failures >= 0
	}
	if _, err := c.ReadWorkspace(t.Context(), "7"); err != nil {
		t.Errorf("a reading was not repeated: %v", err)
	}
	f.sent()
	failures = 1
	_, err = c.Assign(t.Context(), "7", user("11"), RoleManager, true)
	if e := asRosterError(t, err, membership.Passing); !e.MaybeApplied || e.Status != 502 {
		t.Errorf("a write after a 502: %+v", e)
	}
	if n := len(f.sent()); n != 1 {
		t.Errorf("the write was sent %d times", n)
	}
	f.before = func(fakeCall) { panic(http.ErrAbortHandler) }
	_, err = c.Add(t.Context(), "7", RoleTester, []membership.Principal{user("12")})
	if e := asRosterError(t, err, membership.Passing); !e.MaybeApplied {
		t.Errorf("a write whose answer was lost: %+v", e)
	}
	if n := len(f.sent()); n != 1 {
		t.Errorf("the write was sent %d times", n)
	}

	// Nothing listens there: nothing can have been applied.
	away, err := transport.New(transport.Options{Endpoint: "http://127.0.0.1:1/api/v4"})
	if err != nil {
		t.Fatal(err)
	}
	c, err = New(Options{Endpoint: "http://127.0.0.1:1/api/v4", HTTP: away})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Add(t.Context(), "7", RoleTester, []membership.Principal{user("12")})
	if e := asRosterError(t, err, membership.Passing); e.MaybeApplied {
		t.Errorf("a write that was not sent: %+v", e)
	}
}

// Basic authentication would take what follows a colon for the secret.
func TestAnAPIKeyIDHasNoColon(t *testing.T) {
	for setting, fits := range map[string]bool{"0123abc": true, "id:secret": false, "two\nlines": false} {
		if _, err := APIKeyID(setting); (err == nil) != fits {
			t.Errorf("%q: %v", setting, err)
		}
	}
	if key, err := APIKeySecret("a:b"); key != "a:b" || err != nil {
		t.Errorf("a secret with a colon: %q, %v", key, err)
	}
}
