package mockservice_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// The listing, the counts and the lag agree with a plain model whatever happens.
func TestMembershipAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const people = 5
		var seed mockservice.Seed
		mockblink.SeedOf(&seed).Users = []mockblink.User{{ID: "root", Email: "root@example.com", Role: "Admin"}}
		for i := range people {
			mockblink.SeedOf(&seed).Users = append(mockblink.SeedOf(&seed).Users, mockblink.User{ID: fmt.Sprint(i), Email: fmt.Sprintf("u%d@example.com", i)})
		}
		mockblink.SeedOf(&seed).Workspaces = []mockblink.Workspace{{ID: "w", DisplayName: "W", Users: map[string]string{"0": "owner"}}}
		lag := rapid.IntRange(0, 3).Draw(t, "lag")
		if lag > 0 {
			seed.Faults.Rules = []mockservice.Fault{{Kind: "lag", Reads: lag}}
		}
		mockblink.BehaviourOf(&seed).AssignLastOwner = "allow"
		s, err := mockservice.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(method, path string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "/api/v1/workspaces/w"+path, nil)
			r.Header.Set("BLINK-API-KEY", mockblink.DefaultKey)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		now := map[string]string{"0": "owner"}
		atRead := []map[string]string{} // the true state at each read
		fewest := 1
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			who := fmt.Sprint(rapid.IntRange(0, people-1).Draw(t, "who"))
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				role := rapid.SampledFrom([]string{"owner", "viewer"}).Draw(t, "role")
				if w := ask("POST", "/user/"+who+"/role/"+role); w.Code != 200 {
					t.Fatalf("assign: %d", w.Code)
				}
				now[who] = role
			case 2:
				_, there := now[who]
				if w := ask("DELETE", "/user/"+who); (w.Code == 200) != there {
					t.Fatalf("remove: %d, there: %v", w.Code, there)
				}
				delete(now, who)
			case 3:
				w := ask("GET", "")
				var body struct {
					Entities []struct {
						ID   string `json:"id"`
						Role string `json:"workspace_role"`
					} `json:"entities"`
				}
				if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
					t.Fatal(err)
				}
				got := map[string]string{}
				for _, e := range body.Entities {
					got[e.ID] = e.Role
				}
				if len(got) != len(body.Entities) {
					t.Fatalf("somebody is listed twice: %s", w.Body)
				}
				// A write stays unseen for the next lag reads: the state just before
				// the read that is lag reads ago is what shows.
				atRead = append(atRead, maps.Clone(now))
				want := map[string]string{"0": "owner"}
				if i := len(atRead) - 1 - lag; i >= 0 {
					want = atRead[i]
				}
				if !maps.Equal(got, want) {
					t.Fatalf("read %d shows %v, want %v", len(atRead), got, want)
				}
			}
			owners := 0
			for _, role := range now {
				if role == "owner" {
					owners++
				}
			}
			fewest = min(fewest, owners)
			if o := mockblink.Of(s).Owners("w"); o.Now != owners || o.Fewest != fewest {
				t.Fatalf("owners %+v, want %d now and %d at the fewest", o, owners, fewest)
			}
		}
	})
}

func TestAddingToTheWorlds(t *testing.T) {
	run := mockservice.StartDefault(t)
	b, z := mockblink.Of(run), mockblazemeter.Of(run)
	run.Must(b.AddUser(mockblink.User{ID: "u-new", Email: "new.person@example.com"}))
	run.Must(b.AddGroup(mockblink.Group{ID: "g-new", Name: "New", Members: []string{"u-new"}}))
	run.Must(b.AddWorkspace(mockblink.Workspace{ID: "w-new", DisplayName: "New", Users: map[string]string{"u-new": "owner"}, Groups: map[string]string{"g-new": "viewer"}}))
	run.Must(z.AddUser(mockblazemeter.User{ID: 9, Email: "new@example.com", FirstName: "New", LastName: "Person"}))
	run.Must(z.SetAccountUser(5001, mockblazemeter.AccountUser{ID: 9, Roles: []string{"billing"}}))
	run.Must(z.AddWorkspace(mockblazemeter.Workspace{ID: 70009, Name: "New", Account: 5001, Users: []mockblazemeter.WorkspaceUser{{ID: 9, Role: "manager"}}}))
	if b.FewestOwners("w-new") != 1 || z.FewestOwners("70009") != 1 {
		t.Errorf("owners %+v %+v", b.Owners("w-new"), z.Owners("70009"))
	}
	if ms := b.Members("w-new"); len(ms) != 2 || ms[0].Role() != "owner" {
		t.Errorf("members %+v", ms)
	}
	if seen := rolesSeen(t, blink(t, run, "GET", "/workspaces/w-new", "")); seen["g-new"] != "viewer" || b.Reads("w-new") != 1 {
		t.Errorf("listing %v after %d reads", seen, b.Reads("w-new"))
	}
	wantIDs(t, bzm(t, run, "GET", "/accounts/5001/users?roles[]=billing", ""), 9)
	run.Must(z.SetAccountUser(5001, mockblazemeter.AccountUser{ID: 9, Roles: []string{"standard"}}))
	wantIDs(t, bzm(t, run, "GET", "/accounts/5001/users?roles[]=billing", ""))
	wantIDs(t, bzm(t, run, "GET", "/workspaces/70009/users?textFilter=new@", ""), 9)
	run.Must(z.Rename("9", "", "other@example.com"))
	wantIDs(t, bzm(t, run, "GET", "/workspaces/70009/users?textFilter=new@", ""))

	for what, err := range map[string]error{
		"a taken user":            b.AddUser(mockblink.User{ID: "u-new"}),
		"a taken group":           b.AddGroup(mockblink.Group{ID: "g-new"}),
		"a ghost in a group":      b.AddGroup(mockblink.Group{ID: "g-2", Members: []string{"x"}}),
		"a ghost set in a group":  b.SetGroupMembers("g-new", "x"),
		"a ghost group":           b.SetGroupMembers("x"),
		"a taken workspace":       b.AddWorkspace(mockblink.Workspace{ID: "w-new"}),
		"a ghost user":            b.AddWorkspace(mockblink.Workspace{ID: "w-2", Users: map[string]string{"x": "owner"}}),
		"a ghost group's role":    b.AddWorkspace(mockblink.Workspace{ID: "w-2", Groups: map[string]string{"x": "owner"}}),
		"a ghost's tenant role":   b.SetTenantRole("x", "Admin"),
		"a ghost's name":          b.Rename("user", "x", "X", ""),
		"a ghost's removal":       b.RemoveUser("x"),
		"a ghost workspace":       b.Remove("x", "user", "u-new"),
		"a ghost workspace name":  b.RenameWorkspace("x", "X"),
		"a taken person":          z.AddUser(mockblazemeter.User{ID: 9}),
		"a ghost in an account":   z.SetAccountUser(5001, mockblazemeter.AccountUser{ID: 8}),
		"a ghost account":         z.SetAccountUser(1, mockblazemeter.AccountUser{ID: 9}),
		"a ghost member":          z.Set("70009", "8", true, "viewer"),
		"a ghost person's name":   z.Rename("8", "X", ""),
		"a taken number":          z.AddWorkspace(mockblazemeter.Workspace{ID: 70009}),
		"a ghost account's":       z.AddWorkspace(mockblazemeter.Workspace{ID: 70010, Account: 1}),
		"an outsider":             z.AddWorkspace(mockblazemeter.Workspace{ID: 70010, Account: 5001, Users: []mockblazemeter.WorkspaceUser{{ID: 8}}}),
		"a ghost switched off":    z.SetWorkspaceDisabled("1", true),
		"a ghost workspace's end": z.DeleteWorkspace("1"),
	} {
		if err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

func TestKeysByDefault(t *testing.T) {
	seed := mustSeed(t)
	mockblink.SeedOf(&seed).Keys, mockblazemeter.SeedOf(&seed).Keys = nil, nil
	run := mockservice.StartTest(t, seed)
	if m := blink(t, run, "GET", "/user", "").json(t); m["email"] != "terraform@example.com" {
		t.Errorf("self %v", m)
	}
	if m := bzm(t, run, "GET", "/user", "").json(t)["result"].(map[string]any); m["email"] != "terraform@example.com" {
		t.Errorf("self %v", m)
	}
	if env := (mockservice.Seed{}); len(mockservice.StartTest(t, env).Env()) != 0 {
		t.Error("a world without keys has environment lines")
	}
}

func TestSetenv(t *testing.T) {
	run := mockservice.StartDefault(t)
	run.Setenv()
	if got := os.Getenv("BLINK_ENDPOINT"); got != run.Endpoint(mockblink.Name) {
		t.Errorf("BLINK_ENDPOINT=%q", got)
	}
}

func TestShellLines(t *testing.T) {
	if got := mockservice.ShellLines([]string{"A=it's", "B=$x y"}); got != "export A='it'\\''s'\nexport B='$x y'\n" {
		t.Errorf("lines %q", got)
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:0": true, "localhost:80": true, "[::1]:80": true, ":80": false, "0.0.0.0:80": false, "example.com:80": false, "127.0.0.1": false,
	} {
		if got := mockservice.IsLoopback(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// Each route is described, so that a name in a fault or a count can be looked up.
func TestRoutesAreDescribed(t *testing.T) {
	for _, r := range mockservice.Routes() {
		if !strings.Contains(described(t, r.Product), "`"+r.Call+"`") {
			t.Errorf("%s/SEED.md does not name the call %s", r.Product, r.Call)
		}
	}
}
