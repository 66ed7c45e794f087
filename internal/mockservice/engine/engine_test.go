package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/wirecheck"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The engine serves a product that it has never seen: clubs whose chairs are
// their owners, and a bearer token.

type clubSeed struct {
	Token string              `json:"token,omitempty"`
	Clubs map[string][]string `json:"clubs,omitempty"` // the first is the chair
}

func (s *clubSeed) Problems(ps *engine.Problems) {
	for club, people := range s.Clubs {
		if len(people) == 0 {
			ps.Addf("clubs."+club, "nobody is in it")
		}
	}
}

type clubBehaviour struct {
	Shout string `json:"shout,omitempty" values:"no,yes" help:"names are as they are, or in upper case"`
}

type clubs struct {
	*engine.Workspaces
	token string
}

func newClubs(part engine.Part, ws *engine.Workspaces) engine.State {
	s := &clubs{Workspaces: ws}
	if seed, ok := part.(*clubSeed); ok {
		s.token = seed.Token
		for club, people := range seed.Clubs {
			var rows []engine.Row
			for i, p := range people {
				rows = append(rows, engine.Row{Key: engine.Key{Kind: "user", ID: p}, Standing: engine.Holds([]string{"chair", "member"}[min(i, 1)])})
			}
			s.Fill(s.Add(club, club), rows)
		}
	}
	return s
}

func (s *clubs) Authenticate(c *engine.Call) (engine.Answer, bool) {
	if c.Request.Header.Get("Authorization") != "Bearer "+s.token {
		return engine.JSON(http.StatusUnauthorized, map[string]string{"why": "token"}), false
	}
	return engine.Answer{}, true
}

func (s *clubs) CountsAsOwner(_ *engine.Workspace, r engine.Row) (users, groups int) {
	if r.HasRole("chair") {
		return 1, 0
	}
	return 0, 0
}

func (s *clubs) SetMember(club string, m engine.Member) error {
	w, err := s.Find(club)
	if err == nil {
		s.Set(w, engine.Key{Kind: m.Kind, ID: m.ID}, engine.Holds(m.Roles...))
	}
	return err
}

func (s *clubs) UnknownRoute(status int) engine.Answer { return engine.Text(status, "no such page") }

func (s *clubs) Failure(status int) engine.Answer {
	return engine.JSON(status, map[string]string{"why": "fault"})
}
func (s *clubs) Env(base string) []string { return []string{"CLUBS_URL=" + base} }

func (s *clubs) Part() engine.Part {
	out := &clubSeed{Token: s.token, Clubs: map[string][]string{}}
	for _, w := range s.All() {
		for _, r := range w.Members() {
			out.Clubs[w.ID] = append(out.Clubs[w.ID], r.ID)
		}
	}
	return out
}

func (s *clubs) list(c *engine.Call, how *clubBehaviour) engine.Answer {
	w, err := s.Find(c.Args["club"])
	if err != nil {
		return engine.JSON(http.StatusNotFound, map[string]string{"why": err.Error()})
	}
	rows, _ := s.Listing(c, w)
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.ID + ":" + r.String()
		if how.Shout == "yes" {
			names[i] = strings.ToUpper(names[i])
		}
	}
	return engine.JSON(http.StatusOK, names)
}

func (s *clubs) leave(c *engine.Call, _ *clubBehaviour) engine.Answer {
	w, err := s.Find(c.Args["club"])
	if err != nil {
		return engine.JSON(http.StatusNotFound, map[string]string{"why": err.Error()})
	}
	s.Write(c, w, engine.Row{Key: engine.Key{Kind: "user", ID: c.Args["user"]}})
	return engine.Answer{Status: http.StatusNoContent}
}

var table = engine.Table{{
	Name: "clubs", Title: "Clubs",
	API: wirecheck.NewAPI("/clubs/v1", []byte(`
openapi: 3.0.3
info: {title: Clubs, version: "1"}
security: [{T: []}]
components:
  securitySchemes: {T: {type: http, scheme: bearer}}
  parameters:
    club: {name: club, in: path, required: true, schema: {type: string}}
    user: {name: user, in: path, required: true, schema: {type: string}}
paths:
  /clubs/{club}:
    get:
      parameters: [{$ref: "#/components/parameters/club"}]
      responses:
        "200": {description: OK, content: {application/json: {schema: {type: array, items: {type: string}}}}}
        default: {description: no, content: {application/json: {schema: {type: object}}}}
  /clubs/{club}/{user}:
    delete:
      parameters: [{$ref: "#/components/parameters/club"}, {$ref: "#/components/parameters/user"}]
      responses: {"204": {description: OK}}
`)),
	Routes: []engine.Route{
		{Method: http.MethodGet, Path: "/clubs/{club}", Call: "list", Handle: engine.Handle((*clubs).list)},
		{Method: http.MethodDelete, Path: "/clubs/{club}/{user}", Call: "leave", Handle: engine.Handle((*clubs).leave)},
	},
	DefaultSeed:  []byte(`{"token": "t", "clubs": {"chess": ["ann", "ben"]}}`),
	NewPart:      func() engine.Part { return new(clubSeed) },
	NewBehaviour: func() any { return new(clubBehaviour) },
	NewState:     newClubs,
}}

func serve(t *testing.T) (run *engine.Running, ask func(method, path string) string) {
	t.Helper()
	seed, err := table.DefaultSeed()
	if err != nil {
		t.Fatal(err)
	}
	run = table.StartTest(t, seed)
	return run, func(method, path string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, run.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer t")
		resp, err := run.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(resp.StatusCode, " ", string(text))
	}
}

func TestAnyProductIsServed(t *testing.T) {
	run, ask := serve(t)
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	want(ask("GET", "/clubs/v1/clubs/chess"), `200 ["ann:chair","ben:member"]`)
	want(ask("PUT", "/_mock/switches/clubs.shout?value=yes"), "204 ")
	want(ask("GET", "/clubs/v1/clubs/chess"), `200 ["ANN:CHAIR","BEN:MEMBER"]`)
	run.Must(run.SetSwitch("clubs.shout", "no"))
	run.Must(run.SetFaults(engine.Faults{Rules: []engine.Fault{
		{Kind: "status", Status: 503, Product: "clubs", Call: "list", Times: 1},
		{Kind: "behaviour", Set: "clubs.shout=yes", Product: "clubs", Call: "list", Times: 1},
		{Kind: "change", Product: "clubs", Method: "DELETE", Workspace: "chess", Principal: "user/cat", Role: "chair"},
	}}))
	want(ask("GET", "/clubs/v1/clubs/chess"), `503 {"why":"fault"}`)
	want(ask("DELETE", "/clubs/v1/clubs/chess/ann"), "204 ")
	want(ask("GET", "/clubs/v1/clubs/chess"), `200 ["ben:member","cat:chair"]`)
	if w := run.Writes(); len(w) != 1 || w[0].From != "chair" || w[0].OwnersBefore != 2 || w[0].OwnersAfter != 1 {
		t.Errorf("writes %+v", w)
	}
	if o := run.Access("clubs").Owners("chess"); o.Now != 1 || o.Fewest != 1 || o.FewestAfterLoss != 1 {
		t.Errorf("owners %+v", o)
	}
	want(strings.Join(run.Env(), " "), "CLUBS_URL="+run.URL+"/clubs/v1")
	want(run.Endpoint("clubs"), run.URL+"/clubs/v1")
	if n := run.RequestCount("clubs", "list"); n != 4 {
		t.Errorf("%d listings counted", n)
	}
	run.Reset()
	want(ask("GET", "/clubs/v1/clubs/chess"), `200 ["ann:chair","ben:member"]`)
}

func TestWhatBelongsToNoProduct(t *testing.T) {
	run, _ := serve(t)
	none := run.Access("golf")
	for what, err := range map[string]error{
		"a change":     none.SetMember("x", engine.Member{}),
		"a removal":    none.Remove("x", "user", "ann"),
		"a deletion":   none.DeleteWorkspace("x"),
		"a switch":     run.SetSwitch("golf.shout", "yes"),
		"another type": engine.Do(run.Access("clubs"), func(otherState) error { return nil }),
	} {
		if err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
	if none.Members("x") != nil || none.Owners("x").FewestAfterLoss != -1 || none.Standing("x", "user", "ann").Present || none.Reads("x") != 0 {
		t.Error("there is something in a product that is not served")
	}
}

type otherState struct{ engine.State }

// A handler that is in the wrong product's routes says so.
func TestAHandlerOfAnotherProduct(t *testing.T) {
	wrong := *table[0]
	wrong.Routes = slices.Clone(wrong.Routes)
	wrong.Routes[0].Handle = engine.Handle(func(otherState, *engine.Call, *clubBehaviour) engine.Answer { return engine.Answer{} })
	other := engine.Table{&wrong}
	seed, err := other.DefaultSeed()
	if err != nil {
		t.Fatal(err)
	}
	run := other.StartTest(t, seed)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, run.URL+"/clubs/v1/clubs/chess", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer t")
	resp, err := run.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestSeedsOfAnyProduct(t *testing.T) {
	for text, want := range map[string]string{
		`{"clubs": {"clubs": {"golf": []}}}`:           "line 1, clubs.clubs.golf: nobody is in it",
		`{"golf": {}}`:                                 "here may stand behaviour, clubs, faults",
		`{"behaviour": {"clubs": {"shout": "maybe"}}}`: `behaviour.clubs.shout: "maybe" is not one of "no", "yes"`,
	} {
		if _, err := table.ParseSeed([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}
