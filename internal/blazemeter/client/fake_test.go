package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
)

const (
	testKeyID  = "0123456789abcdef01234567"
	testSecret = "do-not-show-this-secret-to-anybody"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeUser is a user of the fake workspace or account.
type fakeUser struct {
	id      int64
	enabled bool
	roles   []string
}

// fakeWorkspace is a workspace in an account's list.
type fakeWorkspace struct {
	id      int64
	name    string
	account int64
	enabled bool
}

// fakeCall is a request as the fake received it.
type fakeCall struct {
	method, path string
	query        url.Values
	body         string
}

func (c fakeCall) String() string {
	s := c.method + " " + c.path
	if len(c.query) > 0 {
		s += "?" + c.query.Encode()
	}
	return strings.TrimSpace(s + " " + c.body)
}

// fake is a small BlazeMeter with one workspace (number 7 in account 3). Every
// request, and every answer that is not made up by answer, has to fit the
// OpenAPI description.
type fake struct {
	t      testing.TB
	url    string
	router routers.Router
	http   *http.Client

	mu         sync.Mutex
	calls      []fakeCall
	users      []fakeUser
	people     []fakeUser
	workspaces []fakeWorkspace
	accounts   []int64
	members    int // membersCount of workspace 7

	// pageMax is the most rows on a page.
	pageMax int
	// ignoreFilter shows both states whatever the filter says.
	ignoreFilter bool
	// omitEnabled leaves `enabled` out of the rows of users.
	omitEnabled bool
	// asObject gives results as objects of rows.
	asObject bool
	// total rewrites the total of a list.
	total func(call fakeCall, n int) any
	// hidden is told in every list.
	hidden int
	// before runs before a request is answered, without the lock.
	before func(call fakeCall)
	// answer, where it handles a request, replaces the fake's own answer, which
	// then need not fit the description.
	answer func(call fakeCall) (status int, body string, handled bool)
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := bareFake(t)
	server := httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(server.Close)
	f.url = server.URL + "/api/v4"
	f.http = server.Client()
	f.http.Transport = asKey{f.http.Transport}
	f.router = described()
	return f
}

// described finds what the OpenAPI description says of a request to /api/v4 on
// any host.
var described = sync.OnceValue(func() routers.Router {
	doc, err := openapi3.NewLoader().LoadFromData(blazemeterwire.Spec)
	if err != nil {
		panic(err)
	}
	doc.Servers = openapi3.Servers{{URL: "/api/v4"}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return router
})

// inProcess answers requests without a network and without holding them against
// the description, for tests that send very many.
func (f *fake) inProcess() *Client {
	f.t.Helper()
	f.http = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		call := fakeCall{method: r.Method, path: strings.TrimPrefix(r.URL.Path, "/api/v4"), query: r.URL.Query()}
		if f.before != nil {
			f.before(call)
		}
		f.mu.Lock()
		status, out := f.own(call)
		f.mu.Unlock()
		text, err := json.Marshal(out)
		rec := httptest.NewRecorder()
		write(rec, status, string(text))
		return rec.Result(), err
	})}
	return f.client()
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// bareFake is a fake without a server.
func bareFake(t testing.TB) *fake {
	t.Helper()
	return &fake{
		t: t, url: "http://localhost/api/v4", pageMax: 50, accounts: []int64{3}, members: 1,
		workspaces: []fakeWorkspace{{id: 7, name: "Payments", account: 3, enabled: true}},
	}
}

// asKey puts the credentials on requests, as the transport does.
type asKey struct{ next http.RoundTripper }

func (a asKey) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	Authenticate(testKeyID, testSecret)(r)
	return a.next.RoundTrip(r)
}

func (a asKey) CloseIdleConnections() {
	if c, ok := a.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// client gives a client that does not wait between two readings of a list.
func (f *fake) client() *Client {
	f.t.Helper()
	c, err := New(Options{Endpoint: f.url, HTTP: f.http})
	if err != nil {
		f.t.Fatal(err)
	}
	c.pause = func(ctx context.Context, _ int) error { return ctx.Err() }
	return c
}

// sent gives the requests so far, sorted, and forgets them.
func (f *fake) sent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, c := range f.calls {
		all = append(all, c.String())
	}
	f.calls = nil
	slices.Sort(all)
	return all
}

// add puts n users in the workspace, with ids from first on.
func (f *fake) add(first int64, n int, enabled bool, roles ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range int64(n) {
		f.users = append(f.users, fakeUser{id: first + i, enabled: enabled, roles: roles})
	}
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Errorf("read the body of a request: %v", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	call := fakeCall{method: r.Method, path: strings.TrimPrefix(r.URL.Path, "/api/v4"), query: r.URL.Query(), body: string(body)}
	f.mu.Lock()
	f.calls = append(f.calls, call)
	f.mu.Unlock()

	in := f.checkRequest(r)
	if f.before != nil {
		f.before(call)
	}
	if f.answer != nil {
		if status, text, handled := f.answer(call); handled {
			write(w, status, text)
			return
		}
	}
	f.mu.Lock()
	status, out := f.own(call)
	f.mu.Unlock()
	text, err := json.Marshal(out)
	if err != nil {
		f.t.Errorf("encode an answer: %v", err)
	}
	f.checkAnswer(r.Context(), in, status, string(text))
	write(w, status, string(text))
}

// write sends a body whose type is guessed from how it begins.
func write(w http.ResponseWriter, status int, body string) {
	kind := "text/html; charset=utf-8"
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		kind = "application/json; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (f *fake) checkRequest(r *http.Request) *openapi3filter.RequestValidationInput {
	if id, secret, ok := r.BasicAuth(); !ok || id != testKeyID || secret != testSecret {
		f.t.Errorf("%s %s: not authenticated", r.Method, r.URL)
	}
	abs := r.Clone(r.Context())
	abs.URL.Scheme, abs.URL.Host = "http", r.Host
	route, params, err := f.router.FindRoute(abs)
	if err != nil {
		f.t.Errorf("%s %s is not described: %v", r.Method, r.URL, err)
		return nil
	}
	for name := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			f.t.Errorf("%s %s: the parameter %s is not described", r.Method, r.URL, name)
		}
	}
	in := &openapi3filter.RequestValidationInput{
		Request: abs, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		f.t.Errorf("%s %s does not fit the description: %v", r.Method, r.URL, err)
	}
	return in
}

func (f *fake) checkAnswer(ctx context.Context, in *openapi3filter.RequestValidationInput, status int, body string) {
	if in == nil {
		return
	}
	err := openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body:   io.NopCloser(strings.NewReader(body)),
	})
	if err != nil {
		f.t.Errorf("the answer %d %s does not fit the description: %v", status, body, err)
	}
}

// own answers like the documented service.
func (f *fake) own(c fakeCall) (int, any) {
	switch {
	case c.path == "/user":
		return ok(map[string]any{"id": 42, "email": "robot@example.com", "firstName": "Robot", "lastName": "One", "roles": []string{"user"}})
	case c.path == "/accounts":
		var rows []any
		for _, id := range f.accounts {
			rows = append(rows, map[string]any{"id": id, "name": "Account " + strconv.FormatInt(id, 10)})
		}
		return f.page(c, rows)
	case c.path == "/workspaces":
		return f.listWorkspaces(c)
	case strings.HasPrefix(c.path, "/accounts/") && strings.HasSuffix(c.path, "/users"):
		return f.page(c, f.rows(c, f.people))
	case c.path == "/workspaces/7/users" && c.method == http.MethodGet:
		return f.page(c, f.rows(c, f.users))
	case c.path == "/workspaces/7/users" && c.method == http.MethodPost:
		return f.addUsers(c)
	case strings.HasPrefix(c.path, "/workspaces/7/users/"):
		return f.update(c)
	case strings.Count(c.path, "/") == 2:
		for _, w := range f.workspaces {
			if c.path == fmt.Sprintf("/workspaces/%d", w.id) {
				return ok(map[string]any{"id": w.id, "name": w.name, "accountId": w.account, "enabled": w.enabled, "membersCount": f.members})
			}
		}
	}
	return notFound()
}

func ok(result any) (int, any) {
	return http.StatusOK, map[string]any{"api_version": 4, "error": nil, "result": result, "request_id": "5dc9ce0e3076d"}
}

func notFound() (int, any) {
	return http.StatusNotFound, map[string]any{"api_version": 4, "error": map[string]any{"code": 404, "message": "Not Found: Workspace not found"}, "result": nil, "request_id": "404-1"}
}

func (f *fake) rows(c fakeCall, users []fakeUser) []any {
	var rows []any
	for _, u := range users {
		if want := c.query.Get("enabled"); want != "" && !f.ignoreFilter && want != strconv.FormatBool(u.enabled) {
			continue
		}
		row := map[string]any{
			"id": u.id, "email": fmt.Sprintf("user%d@example.com", u.id), "displayName": fmt.Sprintf("User %d", u.id),
			"roles": u.roles, "lastAccess": 1573506574, "type": "workspace",
		}
		if !f.omitEnabled {
			row["enabled"] = u.enabled
		}
		rows = append(rows, row)
	}
	return rows
}

func (f *fake) listWorkspaces(c fakeCall) (int, any) {
	var rows []any
	for _, w := range f.workspaces {
		if c.query.Get("accountId") == strconv.FormatInt(w.account, 10) && (f.ignoreFilter || c.query.Get("enabled") == strconv.FormatBool(w.enabled)) {
			rows = append(rows, map[string]any{"id": w.id, "name": w.name, "accountId": w.account, "enabled": w.enabled})
		}
	}
	return f.page(c, rows)
}

// page cuts a page out of the rows.
func (f *fake) page(c fakeCall, rows []any) (int, any) {
	limit, _ := strconv.Atoi(cmp.Or(c.query.Get("limit"), "10"))
	skip, _ := strconv.Atoi(c.query.Get("skip"))
	limit = min(limit, f.pageMax)
	var total any = len(rows)
	if f.total != nil {
		total = f.total(c, len(rows))
	}
	part := append([]any{}, rows[min(skip, len(rows)):min(skip+limit, len(rows))]...)
	var result any = part
	if f.asObject {
		object := map[string]any{}
		for i, r := range part {
			object[strconv.Itoa(skip+i)] = r
		}
		result = object
	}
	_, envelope := ok(result)
	out, _ := envelope.(map[string]any)
	out["limit"], out["skip"], out["hidden"] = limit, skip, f.hidden
	if total != nil {
		out["total"] = total
	}
	return http.StatusOK, out
}

func (f *fake) addUsers(c fakeCall) (int, any) {
	var body blazemeterwire.AddWorkspaceUsersRequest
	if err := json.Unmarshal([]byte(c.body), &body); err != nil {
		f.t.Errorf("decode %s: %v", c.body, err)
	}
	var rows []any
	for _, id := range body.UsersIDs {
		f.users = append(f.users, fakeUser{id: id, enabled: true, roles: body.Roles})
		rows = append(rows, map[string]any{"id": id, "roles": body.Roles, "enabled": true})
	}
	_, out := ok(rows)
	return http.StatusCreated, out
}

func (f *fake) update(c fakeCall) (int, any) {
	var body blazemeterwire.UpdateWorkspaceUserRequest
	if err := json.Unmarshal([]byte(c.body), &body); err != nil {
		f.t.Errorf("decode %s: %v", c.body, err)
	}
	for i := range f.users {
		u := &f.users[i]
		if c.path != fmt.Sprintf("/workspaces/7/users/%d", u.id) {
			continue
		}
		u.enabled = body.Enabled
		if body.Roles != nil {
			u.roles = body.Roles
		}
		return ok(map[string]any{"id": u.id, "roles": u.roles, "enabled": u.enabled, "type": "workspace"})
	}
	return notFound()
}
