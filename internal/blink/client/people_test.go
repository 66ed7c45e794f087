package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// directory serves rows a page at a time, as the vendor documents it.
type directory struct {
	t *testing.T
	// rows gives the rows at the time of the n-th request, counted from one.
	rows func(n int) []object
	// most is the largest page that is served; 0 leaves it to the limit.
	most int
	// edit changes a page before it is sent.
	edit func(n int, page object)

	queries []blinkwire.Query
}

func (d *directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q blinkwire.Query
	// Nothing else is asked for, a filter least of all.
	dec := json.NewDecoder(strings.NewReader(r.URL.Query().Get("q")))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil {
		d.t.Errorf("q is %q: %v", r.URL.RawQuery, err)
	}
	d.queries = append(d.queries, q)
	rows := d.rows(len(d.queries))
	size := *q.Limit
	if d.most > 0 {
		size = min(size, d.most)
	}
	from := min(*q.Offset, len(rows))
	page := object{"limit": *q.Limit, "offset": *q.Offset, "total": len(rows), "results": rows[from:min(from+size, len(rows))]}
	if d.edit != nil {
		d.edit(len(d.queries), page)
	}
	answer(w, http.StatusOK, page)
}

func (d *directory) offsets() []int {
	var offsets []int
	for _, q := range d.queries {
		offsets = append(offsets, *q.Offset)
	}
	return offsets
}

// users gives n users, u-00000 and so on.
func users(n int) []object {
	rows := make([]object, n)
	for i := range rows {
		rows[i] = object{"entity_id": fmt.Sprintf("u-%05d", i), "entity_type": "user", "email": fmt.Sprintf("user-%d@example.com", i)}
	}
	return rows
}

func always(rows []object) func(int) []object { return func(int) []object { return rows } }

func TestPeople(t *testing.T) {
	t.Parallel()
	d := &directory{t: t, rows: always([]object{
		{"entity_id": "u-2", "entity_type": "User", "email": "bob@example.com", "status": "Invited"},
		{"entity_id": "u-1", "entity_type": "user", "email": "alice@example.com", "name": "Alice", "role": "Admin", "status": "Active", "is_invite": false, "auth_ids": []string{"a"}, "description": "d"},
		{"entity_id": "u-3", "entity_type": "user", "status": "INACTIVE"},
		{"entity_id": "u-4", "entity_type": "user", "is_invite": true, "name": nil, "email": nil, "role": nil, "status": nil, "member_count": nil, "auth_ids": nil},
		{"entity_id": "g-1", "entity_type": "group", "name": "Ops", "member_count": 4},
		{"entity_id": "s-1", "entity_type": "service_account"},
		{"entity_type": "service_account"},
		{"entity_id": "u-5", "entity_type": "user", "status": "Invitation Expired"},
	})}
	c, s := serve(t, d.ServeHTTP)
	got, err := c.People(t.Context(), "any tenant")
	if err != nil {
		t.Fatal(err)
	}
	want := []membership.Person{
		{Principal: principal(membership.Group, "g-1"), Name: "Ops", MemberCount: 4},
		{Principal: principal("service_account", "s-1")},
		{Principal: principal(membership.User, "u-1"), Email: "alice@example.com", Name: "Alice", Roles: []string{"Admin"}, Status: "Active", Aliases: []string{"a"}},
		{Principal: principal(membership.User, "u-2"), Email: "bob@example.com", Status: "Invited", Invite: true},
		{Principal: principal(membership.User, "u-3"), Status: "INACTIVE", Inactive: true},
		{Principal: principal(membership.User, "u-4"), Invite: true},
		{Principal: principal(membership.User, "u-5"), Status: "Invitation Expired", Invite: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantLine := "GET /api/v1/tenant/entities?q=" + url.QueryEscape(`{"limit":1000,"offset":0,"sort":["+entity_id"]}`)
	if diff := cmp.Diff([]string{wantLine}, s.sent()); diff != "" {
		t.Error(diff)
	}
}

func TestPeoplePages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		n, most int
		edit    func(int, object)
		offsets []int
	}{
		"nobody":                   {n: 0, offsets: []int{0}},
		"nobody, as null":          {n: 0, edit: func(_ int, p object) { p["results"] = nil }, offsets: []int{0}},
		"nobody, no list":          {n: 0, edit: func(_ int, p object) { delete(p, "results") }, offsets: []int{0}},
		"one full page":            {n: 1000, offsets: []int{0}},
		"three pages":              {n: 2500, offsets: []int{0, 1000, 2000}},
		"pages smaller than asked": {n: 250, most: 100, offsets: []int{0, 100, 200}},
		"no totals":                {n: 250, most: 100, edit: func(_ int, p object) { delete(p, "total") }, offsets: []int{0, 100, 200, 250}},
		"no offsets":               {n: 250, most: 100, edit: func(_ int, p object) { delete(p, "offset"); delete(p, "limit") }, offsets: []int{0, 100, 200}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &directory{t: t, rows: always(users(tc.n)), most: tc.most, edit: tc.edit}
			c, _ := serve(t, d.ServeHTTP)
			got, err := c.People(t.Context(), "")
			if err != nil || len(got) != tc.n {
				t.Fatalf("%d people, %v", len(got), err)
			}
			if diff := cmp.Diff(tc.offsets, d.offsets()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Rows that move between pages while they are read could hide a user.
func TestPeopleShifting(t *testing.T) {
	t.Parallel()
	all := users(250)
	for name, rows := range map[string]func(int) []object{
		"one leaves":  func(n int) []object { return all[min(n-1, 1):] },
		"one comes":   func(n int) []object { return all[1-min(n-1, 1):] },
		"one for one": func(n int) []object { return all[min(n-1, 1) : 249+min(n-1, 1)] },
		"order turns": func(n int) []object {
			if n == 1 {
				r := slices.Clone(all)
				slices.Reverse(r)
				return r
			}
			return all
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &directory{t: t, rows: rows, most: 100}
			if name == "one for one" {
				// A page that slid shows by a row that comes twice, or not at all;
				// a departure that the total hides is beyond what can be seen.
				d.rows = func(n int) []object {
					if n == 1 {
						return all[:249]
					}
					return slices.Concat(all[249:], all[:248])
				}
			}
			c, _ := serve(t, d.ServeHTTP)
			got, err := c.People(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if want := len(d.rows(99)); len(got) != want {
				t.Errorf("%d people instead of %d", len(got), want)
			}
			if o := d.offsets(); len(o) < 5 || o[len(o)-3] != 0 {
				t.Errorf("not read again: %v", o)
			}
		})
	}
}

func TestPeopleThatNeverAddUp(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(int, object){
		"total grows":       func(n int, p object) { p["total"] = 250 + n },
		"total too large":   func(_ int, p object) { p["total"] = 300 },
		"total too small":   func(_ int, p object) { p["total"] = 50 },
		"same page always":  func(_ int, p object) { p["results"] = users(100); delete(p, "offset"); p["total"] = 250 },
		"offset not obeyed": func(_ int, p object) { p["offset"] = 7 },
		"no total, repeats": func(_ int, p object) { p["results"] = users(100); delete(p, "offset"); delete(p, "total") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &directory{t: t, rows: always(users(250)), most: 100, edit: edit}
			c, _ := serve(t, d.ServeHTTP)
			got, err := c.People(t.Context(), "")
			e := failure(t, err, membership.Passing)
			if got != nil || e.Status != 0 {
				t.Errorf("%d people, %+v", len(got), e)
			}
			first := 0
			for _, o := range d.offsets() {
				if o == 0 {
					first++
				}
			}
			if first != listingAttempts {
				t.Errorf("begun %d times", first)
			}
		})
	}
}

func TestPeopleTwiceOnOnePage(t *testing.T) {
	t.Parallel()
	rows := slices.Concat(users(3), users(1))
	d := &directory{t: t, rows: always(rows)}
	c, _ := serve(t, d.ServeHTTP)
	got, err := c.People(t.Context(), "")
	if err != nil || len(got) != 3 || len(d.queries) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPeopleMalformed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"null":         `null`,
		"a list":       `[]`,
		"nothing":      `{}`,
		"wrapper":      `{"message":"no","status":404}`,
		"rows a text":  `{"total":1,"results":"x"}`,
		"negative":     `{"total":-1,"results":[]}`,
		"no id":        `{"total":1,"results":[{"entity_type":"user","email":"a@example.com"}]}`,
		"no type":      `{"total":1,"results":[{"entity_id":"u-1"}]}`,
		"null row":     `{"total":1,"results":[null]}`,
		"id a number":  `{"total":1,"results":[{"entity_type":"user","entity_id":1}]}`,
		"more behind":  `{"total":0,"results":[]}]`,
		"no JSON":      `no`,
		"total a text": `{"total":"0","results":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { raw(w, http.StatusOK, "application/json", body) })
			got, err := c.People(t.Context(), "")
			failure(t, err, membership.Malformed)
			if got != nil {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestPeopleStatuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		want   membership.Failure
	}{
		"404 of the route": {404, "404 page not found", membership.Malformed},
		"404 without body": {404, "", membership.Malformed},
		"400":              {400, mustJSON(wrapper(400)), membership.Refused},
		"401":              {401, "", membership.Unauthorized},
		"403":              {403, "", membership.Forbidden},
		"500":              {500, "", membership.Passing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { raw(w, tc.status, "application/json", tc.body) })
			_, err := c.People(t.Context(), "")
			if e := failure(t, err, tc.want); e.Status != tc.status || e.MaybeApplied {
				t.Errorf("%+v", e)
			}
		})
	}
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, object{"message": "Entity not found", "status": 404})
	})
	if got, err := c.People(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("the documented 404 for nobody: %+v, %v", got, err)
	}
}

// A 404 in the middle is no end: the pages before it promised more.
func TestPeopleNotFoundInTheMiddle(t *testing.T) {
	t.Parallel()
	d := &directory{t: t, rows: always(users(250)), most: 100}
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Query().Get("q"), `"offset":100`) {
			answer(w, http.StatusNotFound, object{"message": "Entity not found", "status": 404})
			return
		}
		d.ServeHTTP(w, r)
	})
	_, err := c.People(t.Context(), "")
	failure(t, err, membership.Passing)
}

// Whether entity_id can be sorted by, and how a service says that it cannot, is
// not documented: the vendor's own client never asks for an order.
func TestPeopleWithoutAnOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		// again is whether the listing is asked for once more, without an order.
		again bool
	}{
		"400":                  {400, mustJSON(wrapper(400)), true},
		"400, not the wrapper": {400, `{"error":"unknown sort field"}`, true},
		"404, nobody":          {404, mustJSON(object{"message": "Entity not found", "status": 404}), true},
		"404, a proxy":         {404, "", true},
		"405":                  {405, "", true},
		"422":                  {422, "", true},
		"500":                  {500, "", true},
		"501":                  {501, "", true},
		"502":                  {502, "", true},
		"503":                  {503, "", true},
		"200, a web page":      {200, "<html></html>", true},
		"200, no rows at all":  {200, `{"message":"no"}`, true},
		"lost":                 {0, "", true},
		"401":                  {401, "", false},
		"403":                  {403, "", false},
		"404, by its body 403": {404, mustJSON(wrapper(403)), false},
		"429":                  {429, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &directory{t: t, rows: always(users(250)), most: 100}
			c, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case !strings.Contains(r.URL.Query().Get("q"), `"sort"`):
					d.ServeHTTP(w, r)
				case tc.status == 0:
					panic(http.ErrAbortHandler)
				default:
					raw(w, tc.status, "application/json", tc.body)
				}
			})
			sorted := func() (n int) {
				for _, line := range s.sent() {
					if strings.Contains(line, "sort") {
						n++
					}
				}
				return n
			}
			got, err := c.People(t.Context(), "")
			if !tc.again {
				if err == nil || len(d.queries) != 0 {
					t.Errorf("%d people, asked without an order %d times, %v", len(got), len(d.queries), err)
				}
				return
			}
			before := sorted()
			if err != nil || len(got) != 250 || before == 0 {
				t.Fatalf("%d people, asked for an order %d times, %v", len(got), before, err)
			}
			// What was learned holds as long as the client lives.
			if got, err := c.People(t.Context(), ""); err != nil || len(got) != 250 || sorted() != before {
				t.Errorf("%d people, asked for an order %d times, %v", len(got), sorted(), err)
			}
		})
	}
}

// Where neither way works, it was not the order: the next time it is asked for again.
func TestPeopleThatFailEitherWay(t *testing.T) {
	t.Parallel()
	d := &directory{t: t, rows: always(users(3))}
	failing := true
	c, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if failing {
			raw(w, 500, "", "")
			return
		}
		d.ServeHTTP(w, r)
	})
	_, err := c.People(t.Context(), "")
	failure(t, err, membership.Passing)
	if n := len(s.sent()); n != 2 {
		t.Errorf("asked %d times", n)
	}
	failing = false
	if got, err := c.People(t.Context(), ""); err != nil || len(got) != 3 || len(d.queries) != 1 || d.queries[0].Sort == nil {
		t.Errorf("%d people, %v, %v", len(got), d.queries, err)
	}
}

// A page is asked for by one parameter, whose signs and quotes stay in place.
func FuzzQuery(f *testing.F) {
	f.Add(0, true, sortField)
	f.Add(1000, false, "")
	f.Add(-1, true, `"}`)
	f.Add(1<<40, true, "a&q=b#%22;+ ")
	f.Add(7, true, "\x00日本\xff")
	f.Fuzz(func(t *testing.T, offset int, sorted bool, field string) {
		query := pageQuery(offset, sorted)
		want := map[string]any{"limit": float64(pageSize), "offset": float64(offset)}
		if sorted {
			query.Sort = &[]string{field}
			want["sort"] = []any{field}
		}
		line := requestLine(t, &query)
		u, err := url.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		values, err := url.ParseQuery(u.RawQuery)
		if err != nil || len(values) != 1 || len(values["q"]) != 1 || u.Fragment != "" {
			t.Fatalf("%q: %v, %v", line, values, err)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(values.Get("q")), &got); err != nil {
			t.Fatalf("%q: %v", values.Get("q"), err)
		}
		if !utf8.ValidString(field) {
			// encoding/json replaces each byte, and not each run of them.
			delete(want, "sort")
			delete(got, "sort")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// requestLine gives the URL that a query is sent to.
func requestLine(t *testing.T, q *blinkwire.Query) string {
	t.Helper()
	var line string
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		line = r.URL.String()
		rec := httptest.NewRecorder()
		return rec.Result(), nil
	})}
	c, err := New(Options{Endpoint: DefaultEndpoint, HTTP: hc})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.calls.ListTenantEntities(t.Context(), &blinkwire.ListTenantEntitiesParams{Q: q})
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return line
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
