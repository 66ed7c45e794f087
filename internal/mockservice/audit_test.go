package mockservice_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

func TestAuditTellsEveryWrite(t *testing.T) {
	run := mockservice.StartDefault(t)
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	wantStatus(t, bzm(t, run, "PUT", "/workspaces/"+loadTests+"/users/352749", `{"roles":["manager"],"enabled":false}`), 200)
	ws := run.Writes()
	if len(ws) != 2 {
		t.Fatalf("writes %+v", ws)
	}
	first, second := ws[0], ws[1]
	if first.Seq != 1 || first.Product != "blink" || first.Call != "assign" || first.Workspace != payments || first.Principal != "u-bob" ||
		first.Kind != "user" || first.From != "contributor" || first.To != "viewer" || first.Outcome != "applied" || first.Status != 200 ||
		first.Method != "POST" || first.Path != "/api/v1"+assignBob || first.By != "u-terraform" || first.OwnersBefore != 1 || first.OwnersAfter != 1 {
		t.Errorf("first %+v", first)
	}
	if second.From != "manager" || second.To != "manager (disabled)" || second.OwnersBefore != 1 || second.OwnersAfter != 0 ||
		second.Body != `{"roles":["manager"],"enabled":false}` || second.At.Before(first.At) {
		t.Errorf("second %+v", second)
	}
}

func TestUndocumentedCalls(t *testing.T) {
	run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // wrong requests are sent on purpose
	wantStatus(t, blink(t, run, "GET", "/workspaces/"+payments+"/user/u-bob", ""), 405)
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-bob", ""), 405) // lists shared resources, removes nobody
	wantStatus(t, blink(t, run, "GET", "/nothing", ""), 404)
	wantStatus(t, blink(t, run, "GET", "/workspaces/..", ""), 404)
	wantStatus(t, bzm(t, run, "DELETE", "/workspaces/70001/users/352749", ""), 405)
	wantStatus(t, bzm(t, run, "GET", "/workspaces/70001/users/352749/", ""), 404)
	got := run.Undocumented()
	if len(got) != 6 || got[2] != "GET /api/v1/nothing" {
		t.Errorf("undocumented %q", got)
	}
	if n := run.RequestCount("", ""); n != 6 {
		t.Errorf("%d requests counted", n)
	}
}

func TestWireViolationsAreKept(t *testing.T) {
	server, err := mockservice.New(mustSeed(t), mockservice.WithWireCheck(true))
	if err != nil {
		t.Fatal(err)
	}
	run := serve(t, server)
	r, err := do(t, run.client, "GET", run.url+"/api/v1/user?nonsense=1", "x", blinkKey(mockblink.DefaultKey))
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, r, 200)
	if v := server.WireViolations(); len(v) != 2 {
		t.Errorf("violations %q, want one for the parameter and one for the body", v)
	}
}

// Each answer of the service itself fits the OpenAPI files whatever the switches say, as far as they can describe it.
func TestAnswersFitTheDescriptions(t *testing.T) {
	for _, object := range []string{"array", "object"} {
		for _, total := range []string{"number", "string", "n/a", "none"} {
			run := mockservice.StartDefault(t) // fails on what does not fit
			run.Must(run.SetSwitch("blazemeter.list_result", object))
			run.Must(run.SetSwitch("blazemeter.total", total))
			for _, path := range []string{
				"/user", "/accounts", "/accounts/5001/users?enabled=true", "/workspaces?accountId=5001&limit=10&skip=0",
				"/workspaces/70001", "/workspaces/70001/users?enabled=false&limit=50&skip=0", "/workspaces/9",
			} {
				bzm(t, run, "GET", path, "")
			}
			for _, path := range []string{"/user", "/user-workspaces", "/workspaces/" + payments, "/tenant/entities?q=%7B%22limit%22%3A5%7D", "/workspaces/none"} {
				blink(t, run, "GET", path, "")
			}
		}
	}
}

func TestFewestOwnersUnderConcurrency(t *testing.T) {
	seed := mustSeed(t)
	users := map[string]string{}
	for i := range 40 {
		id := fmt.Sprintf("u-%d", i)
		mockblink.SeedOf(&seed).Users = append(mockblink.SeedOf(&seed).Users, mockblink.User{ID: id, Email: id + "@example.com"})
		users[id] = "owner"
	}
	mockblink.SeedOf(&seed).Workspaces = append(mockblink.SeedOf(&seed).Workspaces, mockblink.Workspace{ID: "crowd", DisplayName: "Crowd", Users: users})
	run := mockservice.StartTest(t, seed)
	var wg sync.WaitGroup
	refused := make(chan int, 40)
	for i := range 40 {
		wg.Go(func() {
			r := blink(t, run, "POST", fmt.Sprintf("/workspaces/crowd/user/u-%d/role/viewer", i), "")
			if r.status == 400 {
				refused <- i
			}
		})
	}
	wg.Wait()
	close(refused)
	var stayed []int
	for i := range refused {
		stayed = append(stayed, i)
	}
	o := mockblink.Of(run).Owners("crowd")
	if len(stayed) != 1 || o.Now != 1 || o.Fewest != 1 || o.FewestAfterLoss != 1 {
		t.Errorf("refused %v, owners %+v", stayed, o)
	}
	// The trail agrees with the counts at each step.
	left := 40
	for _, w := range run.Writes() {
		if w.Outcome == "applied" {
			left--
		}
		if w.OwnersAfter != left {
			t.Fatalf("write %d: %d owners after it, the trail says %d", w.Seq, left, w.OwnersAfter)
		}
	}
}

func TestOwnersByTheContract(t *testing.T) {
	run := mockservice.StartDefault(t)
	b := mockblink.Of(run)
	owners := func() mockservice.OwnerCounts { return b.Owners(payments) }
	run.Must(b.SetRole(payments, "user", "u-carol", "OWNER"))
	if owners().Now != 2 {
		t.Errorf("a role in capitals does not count: %+v", owners())
	}
	run.Must(b.SetRole(payments, "user", "u-erin", "owner"))  // inactive
	run.Must(b.SetRole(payments, "user", "u-frank", "owner")) // invited
	run.Must(b.SetRole(payments, "group", "g-empty", "owner"))
	run.Must(b.SetRole(payments, "group", "g-platform", "owner"))
	if o := owners(); o.Now != 2 || o.Groups != 1 {
		t.Errorf("owners %+v", o)
	}
	run.Must(b.SetStatus("u-erin", "active"))
	run.Must(b.SetStatus("u-carol", "inactive"))
	run.Must(b.SetGroupMembers("g-platform"))
	if o := owners(); o.Now != 2 || o.Groups != 0 {
		t.Errorf("owners %+v", o)
	}
	run.Must(b.RemoveUser("u-alice"))
	run.Must(b.RemoveUser("u-erin"))
	if o := owners(); o.Now != 0 || o.Fewest != 0 || o.FewestAfterLoss != -1 {
		t.Errorf("owners %+v", o)
	}
	run.ResetAudit()
	run.Must(b.SetStatus("u-carol", "active"))
	if o := owners(); o.Now != 1 || o.Fewest != 0 {
		t.Errorf("owners %+v", o)
	}
	run.ResetFewestOwners()
	if o := owners(); o.Fewest != 1 {
		t.Errorf("owners %+v", o)
	}
	z := mockblazemeter.Of(run)
	run.Must(z.Set(loadTests, "352751", false, "manager"))
	run.Must(z.Set(loadTests, "352750", true, "manager", "viewer"))
	if o := z.Owners(loadTests); o.Now != 2 {
		t.Errorf("managers %+v", o)
	}
}

func TestResetGoesBackToTheSeed(t *testing.T) {
	run := mockservice.StartDefault(t)
	before := run.State()
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	run.Must(mockblink.Of(run).DeleteWorkspace(mockblink.DefaultOtherWorkspace))
	run.Must(mockblazemeter.Of(run).SetWorkspaceDisabled(loadTests, true))
	run.Must(run.SetFaults(mockservice.Faults{Latency: mockservice.Duration(time.Hour)}))
	run.Reset()
	if got, want := toJSON(t, run.State()), toJSON(t, before); got != want {
		t.Errorf("state\n%s\nwant\n%s", got, want)
	}
	if a := run.Audit(); a.Total != 0 || len(a.Writes) != 0 {
		t.Errorf("audit %+v", a)
	}
}

func TestStateIsASeed(t *testing.T) {
	run := mockservice.StartDefault(t)
	run.Must(mockblazemeter.Of(run).Set(loadTests, "352751", true))
	run.Must(mockblazemeter.Of(run).Set(loadTests, "352750", true, "viewer", "manager"))
	run.Must(mockblink.Of(run).AddUser(mockblink.User{ID: "u-new", Email: "new@example.com"}))
	text := toJSON(t, run.State())
	seed, err := mockservice.ParseSeed([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	again := mockservice.StartTest(t, seed)
	if got := toJSON(t, again.State()); got != text {
		t.Errorf("state\n%s\nwant\n%s", got, text)
	}
}

func TestPeakInFlight(t *testing.T) {
	run := mockservice.StartDefault(t)
	run.Must(run.SetFaults(mockservice.Faults{Latency: mockservice.Duration(50 * time.Millisecond)}))
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { blink(t, run, "GET", "/user", "") })
	}
	wg.Wait()
	if got := run.Audit().PeakInFlight["blink"]; got < 2 || got > 5 {
		t.Errorf("peak %d", got)
	}
}

// Ten thousand members are listed, changed and removed without quadratic work.
func TestTenThousandMembers(t *testing.T) {
	seed := mustSeed(t)
	users, rows := map[string]string{"u-alice": "owner"}, []mockblazemeter.WorkspaceUser{{ID: 352749, Role: "manager"}}
	for i := range 10_000 {
		id := fmt.Sprintf("u-%05d", i)
		mockblink.SeedOf(&seed).Users = append(mockblink.SeedOf(&seed).Users, mockblink.User{ID: id, Email: id + "@example.com"})
		users[id] = "viewer"
		n := int64(1_000_000 + i)
		mockblazemeter.SeedOf(&seed).Users = append(mockblazemeter.SeedOf(&seed).Users, mockblazemeter.User{ID: n, Email: id + "@example.com"})
		mockblazemeter.SeedOf(&seed).Accounts[0].Users = append(mockblazemeter.SeedOf(&seed).Accounts[0].Users, mockblazemeter.AccountUser{ID: n})
		rows = append(rows, mockblazemeter.WorkspaceUser{ID: n, Role: "tester"})
	}
	mockblink.SeedOf(&seed).Workspaces = append(mockblink.SeedOf(&seed).Workspaces, mockblink.Workspace{ID: "big", DisplayName: "Big", Users: users})
	mockblazemeter.SeedOf(&seed).Workspaces = append(mockblazemeter.SeedOf(&seed).Workspaces, mockblazemeter.Workspace{ID: 80000, Name: "Big", Account: 5001, Users: rows})
	run := mockservice.StartTest(t, seed, mockservice.WithWireCheck(false))

	start := time.Now()
	if seen := rolesSeen(t, blink(t, run, "GET", "/workspaces/big", "")); len(seen) != 10_001 {
		t.Fatalf("%d members", len(seen))
	}
	for skip := 0; skip < 10_001; skip += 50 {
		wantStatus(t, bzm(t, run, "GET", fmt.Sprintf("/workspaces/80000/users?enabled=true&limit=50&skip=%d", skip), ""), 200)
		wantStatus(t, bzm(t, run, "GET", fmt.Sprintf("/accounts/5001/users?limit=50&skip=%d", skip), ""), 200)
	}
	for i := range 6_000 {
		wantStatus(t, blink(t, run, "DELETE", fmt.Sprintf("/workspaces/big/user/u-%05d", i), ""), 200)
	}
	if n := len(mockblink.Of(run).Members("big")); n != 4_001 {
		t.Errorf("%d members are left", n)
	}
	// About a second here; quadratic work would take minutes.
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}
