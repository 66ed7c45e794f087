package blazemeter_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
)

// everybody is the authoritative resource of a workspace; extra are more arguments.
func everybody(name, workspace string, users map[string]string, extra ...string) string {
	ids := make([]string, 0, len(users))
	for id := range users {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, "    %s = %q\n", id, users[id])
	}
	return fmt.Sprintf("resource \"roster_blazemeter_workspace_users\" %q {\n  workspace_id = %s\n  users = {\n%s  }\n  %s\n}\n", name, workspace, b.String(), strings.Join(extra, "\n  "))
}

func TestAccWorkspaceUsers_lifeOfAWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", everybody("w", load, map[string]string{alice: "manager", bob: "tester"}))
	w.Apply()
	w.Clean() // the disabled one is not shown
	if n := len(w.svc.Writes()); n != 0 {
		t.Fatalf("%d writes were sent although everybody held what they shall hold", n)
	}

	// A user joins behind Terraform's back: the plan names the person.
	w.svc.Must(mockblazemeter.Of(w.svc).Set(load, carol, true, "viewer"))
	w.Shows(w.Plan(), `- "352751" = "viewer" -> null`, `- "352751" = "carol@example.com" -> null`, "1 to change")
	w.Apply()
	w.stands(t, carol, "viewer (disabled)")

	// A handover; the disabled one is enabled again, and says so.
	w.Write("main.tf", everybody("w", load, map[string]string{dave: "manager", bob: "viewer"}))
	w.Shows(w.Apply(), "dave@example.com is disabled in workspace Checkout Load Tests and will be enabled again")
	w.Clean()
	w.stands(t, dave, "manager")
	w.stands(t, alice, "manager (disabled)")
	w.stands(t, bob, "viewer")
	w.neverBelow(t, load, 1)
	w.updatesAreWhole(t)

	before := len(w.svc.Writes())
	w.Shows(w.OK("destroy", "-auto-approve", "-no-color"), "keeps their access")
	if after := len(w.svc.Writes()); after != before {
		t.Errorf("destroy sent %d writes", after-before)
	}
}

func TestAccWorkspaceUsers_creationOverPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", everybody("w", load, map[string]string{alice: "manager", bob: "viewer"}))
	r := w.Fails([]string{"plan", "-no-color"}, "bob@example.com (352750): would be changed from tester to viewer")
	block := r.Stdout + r.Stderr
	block = block[strings.Index(block, "import {"):]
	w.Write("import.tf", strings.NewReplacer("│", "", ".NAME", ".w").Replace(block[:strings.Index(block, "}")+1]))
	w.Shows(w.Plan(), `~ "352750" = "tester" -> "viewer"`, "1 to import, 0 to add, 1 to change")
	w.Apply()
	w.Clean()
}

func TestAccWorkspaceUsers_lastManager(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", quick+everybody("w", load, map[string]string{alice: "manager", bob: "tester"}))
	w.Apply()
	for _, users := range []map[string]string{{}, {bob: "tester"}, {alice: "tester", bob: "tester"}} {
		w.Write("main.tf", quick+everybody("w", load, users))
		w.Fails([]string{"plan", "-no-color"}, "Workspace would lose its last manager", "alice@example.com (352749)")
	}
}

func TestAccWorkspaceUsers_besideAnAdditiveOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", everybody("w", load, map[string]string{alice: "manager", bob: "tester"})+user("bob", bob, "tester"))
	w.Fails([]string{"plan", "-no-color"}, "Two forms of resource manage a principal")
}

// newcomers adds so many people to the account of the default seed.
func newcomers(n int) func(*mockservice.Seed) {
	return func(s *mockservice.Seed) {
		for i := range n {
			id := int64(900_000 + i)
			mockblazemeter.SeedOf(s).Users = append(mockblazemeter.SeedOf(s).Users, mockblazemeter.User{ID: id, Email: fmt.Sprintf("n%d@example.com", i)})
			mockblazemeter.SeedOf(s).Accounts[0].Users = append(mockblazemeter.SeedOf(s).Accounts[0].Users, mockblazemeter.AccountUser{ID: id})
		}
	}
}

func withNewcomers(n int) map[string]string {
	users := map[string]string{alice: "manager", bob: "tester"}
	for i := range n {
		users[fmt.Sprint(900_000+i)] = []string{"tester", "viewer"}[i%2]
	}
	return users
}

func TestAccWorkspaceUsers_additionsGoOutInChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newcomers(120))
	w.Write("main.tf", everybody("w", load, withNewcomers(120)))
	w.Apply()
	w.Clean()
	// Sixty of each of two roles, fifty in one call.
	if n := w.svc.RequestCount(mockblazemeter.Name, "add_users"); n != 4 {
		t.Errorf("120 additions of two roles took %d calls, want 4", n)
	}
}

func TestAccWorkspaceUsers_aRefusedChunkIsTriedOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newcomers(12))
	w.Write("main.tf", everybody("w", load, withNewcomers(12)))
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{
		{Kind: mockservice.FaultStatus, Status: 400, Call: "add_users", Times: 1},
		{Kind: mockservice.FaultLost, Call: "add_users", After: 1, Times: 1},
	}}))
	w.Apply()
	w.Clean()
	for id, role := range withNewcomers(12) {
		w.stands(t, id, role)
	}
	if n := w.svc.Audit().Repeated; n != 0 {
		t.Errorf("%d writes were repeated that had been applied", n)
	}
	if n := w.svc.RequestCount(mockblazemeter.Name, "add_users"); n != 2+6 {
		t.Errorf("the additions took %d calls, want two chunks and six single ones", n)
	}
}

// TestAccWorkspaceUsers_onBadDays replaces every manager and changes every role
// while one call in ten fails, on a service that enforces nothing.
func TestAccWorkspaceUsers_onBadDays(t *testing.T) {
	t.Parallel()
	const workspace = "70009"
	before := func(i int) string { return []string{"manager", "tester", "viewer", ""}[i%4] }
	after := func(i int) string { return []string{"viewer", "manager", "", "manager"}[i%4] }
	id := func(i int) int64 { return int64(800_000 + i) }
	w := newWorld(t, func(s *mockservice.Seed) {
		ws := mockblazemeter.Workspace{ID: 70009, Name: "Forty", Account: mockblazemeter.SeedOf(s).Accounts[0].ID}
		for i := range 40 {
			mockblazemeter.SeedOf(s).Users = append(mockblazemeter.SeedOf(s).Users, mockblazemeter.User{ID: id(i), Email: fmt.Sprintf("f%d@example.com", i)})
			mockblazemeter.SeedOf(s).Accounts[0].Users = append(mockblazemeter.SeedOf(s).Accounts[0].Users, mockblazemeter.AccountUser{ID: id(i)})
			if before(i) != "" {
				ws.Users = append(ws.Users, mockblazemeter.WorkspaceUser{ID: id(i), Role: before(i)})
			}
		}
		mockblazemeter.SeedOf(s).Workspaces = append(mockblazemeter.SeedOf(s).Workspaces, ws)
		mockblazemeter.BehaviourOf(s).AddSeveral = "partial"
	})
	config := func(role func(int) string) string {
		users := map[string]string{}
		for i := range 40 {
			if role(i) != "" {
				users[fmt.Sprint(id(i))] = role(i)
			}
		}
		return "provider \"roster\" {\n  http = { max_retries = 0, request_timeout = \"3s\" }\n}\n" + everybody("w", workspace, users)
	}
	w.Write("main.tf", config(before))
	w.Apply()
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Seed: 5, Rules: []mockservice.Fault{
		{Kind: mockservice.FaultStatus, Status: 503, Probability: 0.06},
		{Kind: mockservice.FaultReset, Probability: 0.02},
		{Kind: mockservice.FaultLost, Probability: 0.02},
	}}))
	w.Write("main.tf", config(after))
	runs, clean := 0, false
	for ; runs < 30 && !clean; runs++ {
		w.Run("apply", "-auto-approve", "-no-color")
		clean = w.Run("plan", "-no-color", "-detailed-exitcode").Code == 0
		w.neverBelow(t, workspace, 10)
	}
	if !clean {
		t.Fatal("the workspace did not become what it shall be in 30 runs")
	}
	t.Logf("clean after %d runs; faults: %v", runs, w.svc.Audit().Faults)
	for i := range 40 {
		want := after(i)
		if want == "" {
			want = before(i) + " (disabled)"
		}
		if got := mockblazemeter.Of(w.svc).Standing(workspace, fmt.Sprint(id(i))); got != want {
			t.Errorf("%d stands as %q, want %q", id(i), got, want)
		}
	}
}
