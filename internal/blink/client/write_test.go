package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// writes are the three calls that change something, each with its phrase.
var writes = []struct {
	name string
	op   string
	do   func(context.Context, *Client) (membership.Receipt, error)
}{
	{"assign", `assign the role "owner" to user u-1 in workspace w-1`, func(ctx context.Context, c *Client) (membership.Receipt, error) {
		return c.Assign(ctx, "w-1", principal(membership.User, "u-1"), "owner", true)
	}},
	{"add", `add user u-1, group g-1 to workspace w-1 with the role "viewer"`, func(ctx context.Context, c *Client) (membership.Receipt, error) {
		return c.Add(ctx, "w-1", "viewer", []membership.Principal{principal(membership.User, "u-1"), principal(membership.Group, "g-1")})
	}},
	{"remove", "remove group g-1 from workspace w-1", func(ctx context.Context, c *Client) (membership.Receipt, error) {
		return c.Remove(ctx, "w-1", membership.Member{Principal: principal(membership.Group, "g-1")})
	}},
}

func TestWritesOnTheWire(t *testing.T) {
	t.Parallel()
	var body blinkwire.AddEntities
	c, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 0 {
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
		}
		w.Header().Set("X-Request-Id", "r-1")
	})
	for _, write := range writes {
		got, err := write.do(t.Context(), c)
		if err != nil || got.RequestID != "r-1" {
			t.Errorf("%s: %+v, %v", write.name, got, err)
		}
	}
	want := []string{
		"POST /api/v1/workspaces/w-1/user/u-1/role/owner",
		"POST /api/v1/workspaces/w-1/entities",
		"DELETE /api/v1/workspaces/w-1/group/g-1",
	}
	if d := cmp.Diff(want, s.sent()); d != "" {
		t.Error(d)
	}
	wantBody := blinkwire.AddEntities{Entities: []blinkwire.EntityToAdd{
		{EntityID: "u-1", EntityType: blinkwire.EntityTypeUser, Role: "viewer"},
		{EntityID: "g-1", EntityType: blinkwire.EntityTypeGroup, Role: "viewer"},
	}}
	if d := cmp.Diff(wantBody, body); d != "" {
		t.Error(d)
	}
}

func TestEscapedRequestLines(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(http.ResponseWriter, *http.Request) {})
	for role, path := range map[string]string{
		"Incident Responder": "Incident%20Responder",
		"50%":                "50%25",
		"a/b":                "a%2Fb",
		"größer?":            "gr%C3%B6%C3%9Fer%3F",
		"C#":                 "C%23",
		"%2F":                "%252F",
	} {
		if _, err := c.Assign(t.Context(), "w 1", principal(membership.User, "u%1"), role, true); err != nil {
			t.Fatal(err)
		}
		if want := "POST /api/v1/workspaces/w%201/user/u%251/role/" + path; !slices.Contains(s.sent(), want) {
			t.Errorf("%q was sent as %v", role, s.sent())
		}
	}
}

// A success is a success whatever is in its body; it is verified by reading.
func TestWriteSuccessNeedsNoBody(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent} {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(uncheckedHeader, "1")
			w.WriteHeader(status)
		})
		for _, write := range writes {
			if _, err := write.do(t.Context(), c); err != nil {
				t.Errorf("%s, %d: %v", write.name, status, err)
			}
		}
	}
}

func TestAddingNobodySendsNothing(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := c.Add(t.Context(), "w-1", "viewer", nil); err != nil || len(s.sent()) != 0 {
		t.Errorf("%v, %v", err, s.sent())
	}
}

func TestWritesRefuseWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(http.ResponseWriter, *http.Request) {})
	alice := principal(membership.User, "u-1")
	for name, do := range map[string]func() error{
		"workspace": func() error { _, err := c.Assign(t.Context(), "a/b", alice, "owner", true); return err },
		"principal": func() error {
			_, err := c.Assign(t.Context(), "w-1", principal(membership.User, ".."), "owner", true)
			return err
		},
		"kind": func() error {
			_, err := c.Assign(t.Context(), "w-1", principal("robot", "u-1"), "owner", true)
			return err
		},
		"role": func() error { _, err := c.Assign(t.Context(), "w-1", alice, "../viewer", true); return err },
		"added": func() error {
			_, err := c.Add(t.Context(), "w-1", "viewer", []membership.Principal{alice, principal(membership.User, "")})
			return err
		},
		"added role": func() error { _, err := c.Add(t.Context(), "w-1", "", []membership.Principal{alice}); return err },
		"removed": func() error {
			_, err := c.Remove(t.Context(), "w-1", membership.Member{Principal: principal(membership.User, "a?b")})
			return err
		},
	} {
		e := failure(t, do(), membership.Refused)
		if e.MaybeApplied || e.Err == nil {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if len(s.sent()) != 0 {
		t.Errorf("sent %v", s.sent())
	}
}

// wrapper is the vendor's documented form of a failure.
func wrapper(status int) object {
	return object{
		"status": status, "message": "Invalid role, or ownership constraint violated",
		"details": "the last owner stays", "identifier": "WS-17", "data": object{}, "user_error": object{"code": 3},
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	type outcome struct {
		read, assign, add, remove membership.Failure
		maybe                     bool
	}
	same := func(f membership.Failure, maybe bool) outcome { return outcome{f, f, f, f, maybe} }
	// Whatever answers like this, it is not Blink: a read concludes nothing, and a
	// write was not understood.
	notOwn := outcome{membership.Malformed, membership.Unsupported, membership.Unsupported, membership.Unsupported, false}
	cases := map[string]struct {
		status      int
		contentType string
		body        string
		want        outcome
	}{
		"400":                       {400, "application/json", mustJSON(wrapper(400)), same(membership.Refused, false)},
		"400, by its body 404":      {400, "application/json", mustJSON(wrapper(404)), same(membership.Gone, false)},
		"400, empty":                {400, "", "", same(membership.Refused, false)},
		"401":                       {401, "application/json", mustJSON(wrapper(401)), same(membership.Unauthorized, false)},
		"401, by its body 404":      {401, "application/json", mustJSON(wrapper(404)), same(membership.Unauthorized, false)},
		"401, empty":                {401, "", "", same(membership.Unauthorized, false)},
		"402":                       {402, "text/plain", "pay", same(membership.Refused, false)},
		"403":                       {403, "application/json", mustJSON(wrapper(403)), same(membership.Forbidden, false)},
		"403, by its body 404":      {403, "application/json", mustJSON(wrapper(404)), same(membership.Forbidden, false)},
		"404":                       {404, "application/json", mustJSON(wrapper(404)), same(membership.Gone, false)},
		"404, the status alone":     {404, "application/json", `{"status":404}`, same(membership.Gone, false)},
		"404, status as text":       {404, "application/json", `{"status":"404"}`, same(membership.Gone, false)},
		"404, the identifier alone": {404, "application/json", `{"identifier":"WS-1"}`, same(membership.Gone, false)},
		"404, with a request id":    {404, "application/json", `{"status":404,"message":"no","request_id":"r-7"}`, same(membership.Gone, false)},
		"404, empty":                {404, "", "", notOwn},
		"404, plain text":           {404, "text/plain", "404 page not found", notOwn},
		"404, an ingress":           {404, "text/plain", "default backend - 404", notOwn},
		"404, a web page":           {404, "text/html", "<html><body>Not here</body></html>", notOwn},
		"404, the message alone":    {404, "application/json", `{"message":"no such workspace"}`, notOwn},
		"404, Kong":                 {404, "application/json", `{"message":"no Route matched with those values","request_id":"r-7"}`, notOwn},
		"404, AWS API Gateway":      {404, "application/json", `{"message":null}`, notOwn},
		"404, Spring":               {404, "application/json", `{"timestamp":"2026-11-26T10:00:00Z","status":404,"error":"Not Found","message":"No message available","path":"/workspaces/w-1"}`, notOwn},
		"404, problem details":      {404, "application/problem+json", `{"type":"about:blank","title":"Not Found","status":404,"traceId":"r-7"}`, notOwn},
		"404, Kubernetes":           {404, "application/json", `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"not found","code":404}`, notOwn},
		"404, FastAPI":              {404, "application/json", `{"detail":"Not Found"}`, notOwn},
		"404, an empty object":      {404, "application/json", `{}`, notOwn},
		"404, null":                 {404, "application/json", `null`, notOwn},
		"404, a list":               {404, "application/json", `[{"status":404}]`, notOwn},
		"404, null identifier":      {404, "application/json", `{"identifier":null,"message":"no","status":null}`, notOwn},
		"404, empty identifier":     {404, "application/json", `{"identifier":"","message":"no","status":0}`, notOwn},
		"404, cut":                  {404, "application/json", `{"status":404,"mess`, notOwn},
		"400, by a foreign 404":     {400, "application/json", `{"status":404,"error":"Not Found"}`, same(membership.Refused, false)},
		"410":                       {410, "application/json", mustJSON(wrapper(410)), same(membership.Refused, false)},
		"404, by its body 403":      {404, "application/json", mustJSON(wrapper(403)), same(membership.Forbidden, false)},
		"404, by its body 401":      {404, "application/json", mustJSON(wrapper(401)), same(membership.Unauthorized, false)},
		"404, by its body 400":      {404, "application/json", mustJSON(wrapper(400)), same(membership.Refused, false)},
		"404, by its body 500":      {404, "application/json", mustJSON(wrapper(500)), same(membership.Passing, true)},
		"405":                       {405, "text/plain", "method not allowed", same(membership.Unsupported, false)},
		"408":                       {408, "", "", same(membership.Passing, true)},
		"409":                       {409, "application/json", mustJSON(wrapper(409)), same(membership.Refused, false)},
		"422":                       {422, "application/json", mustJSON(wrapper(422)), same(membership.Refused, false)},
		"429":                       {429, "application/json", mustJSON(wrapper(429)), same(membership.Passing, false)},
		"500":                       {500, "application/json", mustJSON(wrapper(500)), same(membership.Passing, true)},
		"500, by its body 404":      {500, "application/json", mustJSON(wrapper(404)), same(membership.Passing, true)},
		"501":                       {501, "", "", same(membership.Unsupported, false)},
		"502, a web page":           {502, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>", same(membership.Passing, true)},
		"503":                       {503, "", "", same(membership.Passing, false)},
		"504":                       {504, "", "", same(membership.Passing, true)},
		"304, which nobody expects": {304, "", "", same(membership.Malformed, false)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "r-7")
				raw(w, tc.status, tc.contentType, tc.body)
			})
			_, err := c.ReadWorkspace(t.Context(), "w-1")
			if e := failure(t, err, tc.want.read); e.Status != tc.status || e.RequestID != "r-7" || e.MaybeApplied || e.Op != "read workspace w-1" {
				t.Errorf("%+v", e)
			}
			for i, want := range []membership.Failure{tc.want.assign, tc.want.add, tc.want.remove} {
				_, err := writes[i].do(t.Context(), c)
				e := failure(t, err, want)
				if e.Status != tc.status || e.RequestID != "r-7" || e.MaybeApplied != tc.want.maybe || e.Op != writes[i].op {
					t.Errorf("%s: %+v", writes[i].name, e)
				}
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	long := "<html><head><style>p { color: red }</style><script>alert('x')</script></head><body><p>Bad\n  &amp; <b>broken</b></p>" + strings.Repeat("x", 500) + "</body></html>"
	for name, tc := range map[string]struct {
		status     int
		body, want string
	}{
		"wrapper": {
			400, mustJSON(wrapper(400)),
			`assign the role "owner" to user u-1 in workspace w-1: HTTP 400: Invalid role, or ownership constraint violated: the last owner stays (identifier WS-17, request id r-7)`,
		},
		"id in the body": {400, `{"message":"no","request_id":"b-1"}`, `assign the role "owner" to user u-1 in workspace w-1: HTTP 400: no (request id b-1)`},
		"empty":          {502, "", `assign the role "owner" to user u-1 in workspace w-1: HTTP 502: the service gave no explanation (Bad Gateway) (request id r-7)`},
		"unknown status": {599, "", `assign the role "owner" to user u-1 in workspace w-1: HTTP 599: the service gave no explanation (request id r-7)`},
		"plain text":     {500, "oh\r\n\tno\x00", `assign the role "owner" to user u-1 in workspace w-1: HTTP 500: oh no (request id r-7)`},
		"web page": {
			403, long,
			`assign the role "owner" to user u-1 in workspace w-1: HTTP 403: a web page answered, not Blink's API: Bad & broken ` + strings.Repeat("x", 187) + `… (request id r-7)`,
		},
		"other JSON":  {400, `{"error":"nope"}`, `assign the role "owner" to user u-1 in workspace w-1: HTTP 400: nope (request id r-7)`},
		"user error":  {400, `{"user_error":{"message":"not for you"}}`, `assign the role "owner" to user u-1 in workspace w-1: HTTP 400: not for you (request id r-7)`},
		"odd types":   {400, `{"message":{"a":1},"details":["x"],"identifier":12,"status":"?"}`, `assign the role "owner" to user u-1 in workspace w-1: HTTP 400: {"a":1}: ["x"] (identifier 12, request id r-7)`},
		"odd wrapper": {400, `{"message":null,"status":400}`, `assign the role "owner" to user u-1 in workspace w-1: HTTP 400: the service gave no explanation (Bad Request) (request id r-7)`},
		"not found, by a proxy": {
			404, "default backend - 404",
			`assign the role "owner" to user u-1 in workspace w-1: HTTP 404: default backend - 404: this is not how Blink itself says that something is not there, so nothing is concluded from it: check the endpoint, and any proxy in between (request id r-7)`,
		},
		"a list": {400, `["no"]`, `assign the role "owner" to user u-1 in workspace w-1: HTTP 400: ["no"] (request id r-7)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "r-7")
				raw(w, tc.status, "application/json", tc.body)
			})
			_, err := writes[0].do(t.Context(), c)
			if err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestRequestIDFromTheBody(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusBadRequest, object{"message": "no", "request_id": "b-1"})
	})
	_, err := writes[0].do(t.Context(), c)
	if e := failure(t, err, membership.Refused); e.RequestID != "b-1" {
		t.Errorf("%+v", e)
	}
}

// The key stays out of messages even where the service repeats it.
func TestKeyIsNeverRepeated(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		body   string
		want   membership.Failure
	}{
		{http.StatusBadRequest, `{"message":"bad key ` + testKey + `","details":"` + testKey + `","identifier":"` + testKey + `"}`, membership.Refused},
		{http.StatusBadRequest, "<html>" + strings.Repeat("x", 190) + " " + testKey, membership.Refused},
		{http.StatusOK, `{"message":"` + testKey + `"}`, membership.Malformed},
		{http.StatusOK, "<html>" + testKey, membership.Malformed},
		{http.StatusOK, `{"id":"` + testKey + `","entities":[]}`, membership.Malformed},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", "id "+testKey)
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.body)
		}))
		_, err := clientFor(t, server.URL).ReadWorkspace(t.Context(), "w-1")
		failure(t, err, tc.want)
		if strings.Contains(err.Error(), testKey[:5]) {
			t.Errorf("a piece of the key is in %q", err)
		}
		server.Close()
	}
}

// A connection that is lost after the request was sent: nobody knows, and
// nothing is sent again.
func TestLostAnswerMayHaveBeenApplied(t *testing.T) {
	t.Parallel()
	for _, write := range writes {
		var calls atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			calls.Add(1)
			panic(http.ErrAbortHandler)
		}))
		c := clientFor(t, server.URL)
		_, err := write.do(t.Context(), c)
		if e := failure(t, err, membership.Passing); !e.MaybeApplied || e.Op != write.op {
			t.Errorf("%s: %+v", write.name, e)
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("%s was sent %d times", write.name, n)
		}
		server.Close()
	}
}

func TestUnreachableWasNotApplied(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := clientFor(t, endpoint)
	for _, write := range writes {
		_, err := write.do(t.Context(), c)
		if e := failure(t, err, membership.Passing); e.MaybeApplied {
			t.Errorf("%s: %+v", write.name, e)
		}
	}
	_, err = c.ReadWorkspace(t.Context(), "w-1")
	failure(t, err, membership.Passing)
}

func TestCancelledBeforeSending(t *testing.T) {
	t.Parallel()
	c, s := serve(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, write := range writes {
		_, err := write.do(ctx, c)
		if e := failure(t, err, membership.Passing); e.MaybeApplied || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %+v", write.name, e)
		}
	}
	if _, err := c.ReadWorkspace(ctx, "w-1"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if len(s.sent()) != 0 {
		t.Errorf("sent %v", s.sent())
	}
}

// A busy service has done nothing; the write is repeated and arrives once.
func TestBusyServiceIsAskedAgain(t *testing.T) {
	t.Parallel()
	for _, write := range writes {
		n := 0
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if n++; n == 1 {
				answer(w, http.StatusTooManyRequests, object{"message": "slow down"})
			}
		})
		if _, err := write.do(t.Context(), c); err != nil || n != 2 {
			t.Errorf("%s: sent %d times, %v", write.name, n, err)
		}
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func FuzzReadErrorBody(f *testing.F) {
	for _, s := range []string{"", "null", "{}", "[]", `{"message":null}`, mustJSON(wrapper(404)), `{"status":"404"}`, `{"status":1e99}`, "<html><script>", "<", "<!--", "\xff\xfe", `{"message":"<b>x</b>"}`, "404 page not found"} {
		f.Add([]byte(s))
	}
	api := apiclient.API{Product: productName, Mask: transport.NewMask(testKey), Explain: Explain, NotFound: membership.Gone}
	f.Fuzz(func(t *testing.T, body []byte) {
		rec := httptest.NewRecorder()
		rec.WriteHeader(http.StatusNotFound)
		rec.Body.Write(body)
		rec.Body.WriteString(testKey)
		resp := rec.Result()
		defer resp.Body.Close()
		for _, writes := range []bool{false, true} {
			resp.Body = rec.Result().Body
			_, err := api.Do(t.Context(), apiclient.Call{
				Op: "try", Writes: writes,
				Send: func(context.Context) (*http.Response, error) { return resp, nil },
			})
			if membership.FailureOf(err) == membership.Gone {
				t.Errorf("%q says that something is gone, and it ends with what is no JSON", body)
			}
			text := err.Error()
			if strings.ContainsAny(text, "\n\r\t\x00\x1b") || strings.Contains(text, testKey) {
				t.Errorf("%q", text)
			}
			if len([]rune(text)) > 4000 {
				t.Errorf("a message of %d characters", len([]rune(text)))
			}
		}
		if said := Explain(body); said.Own && !json.Valid(body) {
			t.Errorf("%q is taken for the error wrapper", body)
		}
	})
}
