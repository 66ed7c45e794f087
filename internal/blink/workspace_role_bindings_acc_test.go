package blink_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
)

// roles writes a map of ids to roles as the configuration has it.
func roles(m map[string]string) string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	var b strings.Builder
	b.WriteString("{\n")
	for _, id := range ids {
		fmt.Fprintf(&b, "    %q = %q\n", id, m[id])
	}
	b.WriteString("  }")
	return b.String()
}

// everybody is the authoritative resource of a workspace; extra are more arguments.
func everybody(name, workspace string, users map[string]string, extra ...string) string {
	if users != nil {
		extra = append(extra, "users = "+roles(users))
	}
	return fmt.Sprintf("resource \"roster_blink_workspace_role_bindings\" %q {\n  workspace_id = %q\n  %s\n}\n", name, workspace, strings.Join(extra, "\n  "))
}

// inPayments is who is in the workspace Payments of the default seed.
func inPayments() map[string]string {
	return map[string]string{"u-alice": "owner", "u-bob": "contributor"}
}

const bindings = "roster_blink_workspace_role_bindings."

func TestAccRoleBindings_lifeOfAWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", everybody("w", payments, inPayments()))
	w.Shows(w.Apply(), "1 added")
	w.Clean()
	if n := len(w.svc.Writes()); n != 0 {
		t.Fatalf("%d writes were sent although everybody held what they shall hold", n)
	}

	// Somebody joins behind Terraform's back: the plan names the person.
	w.svc.Must(w.svc.Blink().SetRole(payments, "user", "u-dave", "viewer"))
	w.Shows(w.Plan(), `- "u-dave" = "viewer" -> null`, `- "u-dave" = "dave@example.com" -> null`, "1 to change")
	w.Apply()
	w.roleOf(t, payments, "user", "u-dave", "")

	// A handover in one change.
	users := map[string]string{"u-carol": "owner", "u-bob": "viewer"}
	w.Write("main.tf", everybody("w", payments, users))
	w.Shows(w.Plan(), `+ "u-carol" = "owner"`, `- "u-alice" = "owner" -> null`, `"u-bob" = "contributor" -> "viewer"`)
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-carol", "owner")
	w.roleOf(t, payments, "user", "u-alice", "")
	w.roleOf(t, payments, "user", "u-bob", "viewer")
	w.neverBelow(t, payments, 1)
	if emails, _ := w.State()[bindings+"w"]["user_emails"].(map[string]any); emails["u-carol"] != "carol@example.com" || len(emails) != 2 {
		t.Errorf("user_emails is %v", emails)
	}

	// Destroying touches nobody, and says so.
	before := len(w.svc.Writes())
	w.Shows(w.OK("destroy", "-auto-approve", "-no-color"), "Everybody in workspace "+payments+" keeps their access", "1 destroyed")
	if after := len(w.svc.Writes()); after != before {
		t.Errorf("destroy sent %d writes", after-before)
	}
}

func TestAccRoleBindings_creationOverPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", everybody("w", payments, map[string]string{"u-alice": "owner", "u-carol": "viewer"}))
	r := w.Fails([]string{"plan", "-no-color"}, "in workspace Payments", "bob@example.com (u-bob): has contributor, would be removed", "-refresh=false")
	block := r.Stdout + r.Stderr
	block = block[strings.Index(block, "import {"):]
	block = strings.NewReplacer("│", "", "ADDRESS", "w").Replace(block[:strings.Index(block, "}")+1])
	w.Write("import.tf", block)
	w.Shows(w.Plan(), `- "u-bob" = "contributor" -> null`, `+ "u-carol" = "viewer"`, "1 to import, 0 to add, 1 to change")
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-bob", "")
	w.roleOf(t, payments, "user", "u-carol", "viewer")
}

func TestAccRoleBindings_lastOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", quick+everybody("w", payments, inPayments()))
	w.Apply()
	for name, users := range map[string]map[string]string{
		"nobody":  {},
		"removed": {"u-bob": "contributor"},
		"demoted": {"u-alice": "viewer", "u-bob": "contributor"},
	} {
		w.Write("main.tf", quick+everybody("w", payments, users))
		w.Fails([]string{"plan", "-no-color"}, "Workspace would lose its last owner", "alice@example.com (u-alice)", `Workspace "Payments"`)
		t.Log(name, "is refused")
	}
	w.Write("main.tf", strings.Replace(quick, "{ handover", `{ mode = "warn", handover`, 1)+everybody("w", payments, map[string]string{"u-bob": "viewer"}))
	w.Shows(w.Apply(), "Warning: Workspace would lose its last owner")
	w.roleOf(t, payments, "user", "u-alice", "")
}

func TestAccRoleBindings_unknownToTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	users := inPayments()
	users["u-ghost"] = "viewer"
	w.Write("main.tf", everybody("w", payments, users))
	w.Fails([]string{"plan", "-no-color"}, "u-ghost is not known in the Blink tenant", `"u-ghost" = "viewer"`)
}

func TestAccRoleBindings_besideAnAdditiveOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	both := everybody("w", payments, inPayments()) + user("bob", "u-bob", "contributor")
	w.Write("main.tf", both)
	w.Fails([]string{"plan", "-no-color"}, "managed by an additive and an authoritative resource", "u-bob")
	// In the other order too, one after the other.
	w.Fails([]string{"plan", "-no-color", "-parallelism=1"}, "managed by an additive and an authoritative resource")
	// An ignored principal may have an additive resource.
	w.Write("main.tf", everybody("w", payments, map[string]string{"u-alice": "owner"}, `ignore_users = ["u-bob"]`)+user("bob", "u-bob", "contributor"))
	w.Apply()
	w.Clean()
}

func TestAccRoleBindings_joinedSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", everybody("w", payments, inPayments()))
	w.Apply()
	w.Write("main.tf", everybody("w", payments, map[string]string{"u-alice": "owner", "u-carol": "viewer"}))
	w.Plan("-out=plan")
	w.svc.Must(w.svc.Blink().SetRole(payments, "user", "u-dave", "viewer"))
	w.svc.Must(w.svc.Blink().SetRole(payments, "user", "u-carol", "owner"))
	w.Shows(w.OK("apply", "-no-color", "plan"),
		"dave@example.com in workspace Payments is left alone", "carol@example.com in workspace Payments is left alone")
	w.roleOf(t, payments, "user", "u-dave", "viewer")
	w.roleOf(t, payments, "user", "u-carol", "owner")
	w.roleOf(t, payments, "user", "u-bob", "")
	w.Shows(w.Plan(), `- "u-dave" = "viewer" -> null`, `"u-carol" = "owner" -> "viewer"`)
	w.Apply()
	w.Clean()
}

// fortyUsers is a workspace of forty, twenty of them owners.
func fortyUsers(s *mockservice.Seed) {
	ws := mockservice.BlinkWorkspace{ID: "w-forty", DisplayName: "Forty", Users: map[string]string{}}
	for i := range 60 {
		id := fmt.Sprintf("p-%02d", i)
		s.Blink.Users = append(s.Blink.Users, mockservice.BlinkUser{ID: id, Email: id + "@example.com"})
		if i < 40 {
			ws.Users[id] = fortyBefore(i)
		}
	}
	s.Blink.Workspaces = append(s.Blink.Workspaces, ws)
}

func fortyBefore(i int) string {
	if i < 20 {
		return "owner"
	}
	return []string{"contributor", "viewer"}[i%2]
}

// fortyAfter changes everybody's role: of the old owners half are demoted and
// half removed, the others become owners or leave, and twenty are new.
func fortyAfter(i int) string {
	switch {
	case i < 10:
		return "viewer"
	case i < 20:
		return ""
	case i < 30:
		return "owner"
	case i < 35:
		return "owner"
	case i < 40:
		return map[string]string{"contributor": "viewer", "viewer": "contributor"}[fortyBefore(i)]
	case i < 45:
		return "owner"
	default:
		return "contributor"
	}
}

func fortyMap(role func(int) string, n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		if r := role(i); r != "" {
			m[fmt.Sprintf("p-%02d", i)] = r
		}
	}
	return m
}

func TestAccRoleBindings_fortyUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fortyUsers)
	w.Write("main.tf", everybody("w", "w-forty", fortyMap(fortyBefore, 40)))
	w.Apply()
	w.Write("main.tf", everybody("w", "w-forty", fortyMap(fortyAfter, 60)))
	w.Apply()
	w.Clean()
	for i := range 60 {
		w.roleOf(t, "w-forty", "user", fmt.Sprintf("p-%02d", i), fortyAfter(i))
	}
	w.neverBelow(t, "w-forty", 20)
}

func TestAccRoleBindings_fortyUsersOnBadDays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, fortyUsers)
			config := func(users map[string]string) string {
				return "provider \"roster\" {\n  http = { max_retries = 0, request_timeout = \"3s\" }\n}\n" + everybody("w", "w-forty", users)
			}
			w.Write("main.tf", config(fortyMap(fortyBefore, 40)))
			w.Apply()
			w.svc.Must(w.svc.SetFaults(mockservice.Faults{Seed: seed, Rules: []mockservice.Fault{
				{Kind: mockservice.FaultStatus, Status: 503, Probability: 0.06},
				{Kind: mockservice.FaultReset, Probability: 0.02},
				{Kind: mockservice.FaultLost, Probability: 0.02},
			}}))
			w.Write("main.tf", config(fortyMap(fortyAfter, 60)))
			runs, clean := 0, false
			for ; runs < 30 && !clean; runs++ {
				w.Run("apply", "-auto-approve", "-no-color")
				clean = w.Run("plan", "-no-color", "-detailed-exitcode").Code == 0
				w.neverBelow(t, "w-forty", 20)
			}
			if !clean {
				t.Fatal("the workspace did not become what it shall be in 30 runs")
			}
			t.Logf("clean after %d runs; faults: %v", runs, w.svc.Audit().Faults)
			for i := range 60 {
				w.roleOf(t, "w-forty", "user", fmt.Sprintf("p-%02d", i), fortyAfter(i))
			}
		})
	}
}

func TestAccRoleBindings_twoThousandUsers(t *testing.T) {
	t.Parallel()
	const n = 2000
	role := func(i int) string { return []string{"viewer", "contributor", "owner"}[i%3] }
	after := func(i int) string { return []string{"viewer", "contributor", "owner"}[(i+1)%3] }
	id := func(i int) string { return fmt.Sprintf("p-%05d", i) }
	w := newWorld(t, func(s *mockservice.Seed) {
		ws := mockservice.BlinkWorkspace{ID: "w-big", DisplayName: "Big", Users: map[string]string{}}
		for i := range n {
			s.Blink.Users = append(s.Blink.Users, mockservice.BlinkUser{ID: id(i), Email: id(i) + "@example.com"})
			ws.Users[id(i)] = role(i)
		}
		s.Blink.Workspaces = append(s.Blink.Workspaces, ws)
		s.Faults.Latency = mockservice.Duration(20 * time.Millisecond)
	})
	before, then := map[string]string{}, map[string]string{}
	for i := range n {
		before[id(i)], then[id(i)] = role(i), after(i)
	}
	w.Write("main.tf", everybody("w", "w-big", before))
	timed := func(what string, run func()) {
		w.svc.ResetAudit()
		began := time.Now()
		run()
		a := w.svc.Audit()
		t.Logf("%s: %s, requests %v", what, time.Since(began).Round(10*time.Millisecond), a.Requests)
	}
	timed("create over the same roles", func() { w.Apply() })
	timed("plan without a change", func() { w.Clean() })
	w.Write("main.tf", everybody("w", "w-big", then))
	timed("plan of 2 000 changed roles", func() { w.Plan("-out=plan") })
	timed("apply of 2 000 changed roles", func() { w.OK("apply", "-no-color", "plan") })
	w.Clean()
	w.neverBelow(t, "w-big", n/3)
}
