package blink_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
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

	// A user joins behind Terraform's back: the plan names the person.
	w.svc.Must(mockblink.Of(w.svc).SetRole(payments, "user", "u-dave", "viewer"))
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
	w.Shows(w.OK("destroy", "-auto-approve", "-no-color"), "Everyone in workspace Payments keeps their access", "1 destroyed")
	if after := len(w.svc.Writes()); after != before {
		t.Errorf("destroy sent %d writes", after-before)
	}
}

func TestAccRoleBindings_creationOverPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", everybody("w", payments, map[string]string{"u-alice": "owner", "u-carol": "viewer"}))
	r := w.Fails([]string{"plan", "-no-color"}, "of workspace Payments", "bob@example.com (u-bob): has contributor, would be removed", "-refresh=false")
	block := r.Stdout + r.Stderr
	block = block[strings.Index(block, "import {"):]
	block = strings.NewReplacer("│", "", ".NAME", ".w").Replace(block[:strings.Index(block, "}")+1])
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
	w.Fails([]string{"plan", "-no-color"}, "Two forms of resource manage a principal", "u-bob")
	// In the other order too, one after the other.
	w.Fails([]string{"plan", "-no-color", "-parallelism=1"}, "Two forms of resource manage a principal")
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
	w.svc.Must(mockblink.Of(w.svc).SetRole(payments, "user", "u-dave", "viewer"))
	w.svc.Must(mockblink.Of(w.svc).SetRole(payments, "user", "u-carol", "owner"))
	w.Shows(w.OK("apply", "-no-color", "plan"),
		"dave@example.com in workspace Payments is left alone", "carol@example.com in workspace Payments is left alone")
	w.roleOf(t, payments, "user", "u-dave", "viewer")
	w.roleOf(t, payments, "user", "u-carol", "owner")
	w.roleOf(t, payments, "user", "u-bob", "")
	w.Shows(w.Plan(), `- "u-dave" = "viewer" -> null`, `"u-carol" = "owner" -> "viewer"`)
	w.Apply()
	w.Clean()
}

func TestAccRoleBindings_valuesKnownAfterApply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// A role, and then all ids, come from another resource of the same run.
	later := func(input string) string {
		return "resource \"terraform_data\" \"later\" {\n  input = " + input + "\n}\n"
	}
	w.Write("main.tf", later(`"owner"`)+everybody("w", payments, nil, `users = { "u-alice" = "owner", "u-bob" = "contributor", "u-carol" = terraform_data.later.output }`))
	w.Shows(w.Plan(), `"u-carol" = (known after apply)`)
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-carol", "owner")

	w.Write("main.tf", later(`{ "u-alice" = "owner" }`)+everybody("w", payments, nil, "users = terraform_data.later.output"))
	w.Shows(w.Plan(), "Who loses access to workspace Payments is not known yet")
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-bob", "")
	w.roleOf(t, payments, "user", "u-carol", "")
}

// A plan that did not know who is named showed nobody's removal, so the apply
// gives what is missing and takes nothing away. The next plan shows it.
func TestAccRoleBindings_creationKnownAfterApply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", "resource \"terraform_data\" \"later\" {\n  input = { \"u-alice\" = \"owner\", \"u-carol\" = \"viewer\" }\n}\n"+everybody("w", payments, nil, "users = terraform_data.later.output"))
	w.Shows(w.Plan(), "users               = (known after apply)")
	w.Shows(w.Apply(), "bob@example.com in workspace Payments is left alone")
	w.roleOf(t, payments, "user", "u-bob", "contributor")
	w.roleOf(t, payments, "user", "u-carol", "viewer")
	w.Shows(w.Plan(), `- "u-bob"   = "contributor"`)
}

func TestAccRoleBindings_groupsInvitesAndThoseIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must := func(kind, id, role string) { w.svc.Must(mockblink.Of(w.svc).SetRole(security, kind, id, role)) }
	must("user", "u-frank", "viewer") // an invitation
	users := map[string]string{"u-alice": "Owner", "u-dave": "Viewer"}
	w.Write("main.tf", everybody("w", security, users, `ignore_users = ["u-carol"]`))
	w.Apply() // the groups are not managed, the invitation and carol are left alone
	w.Clean()
	if got := w.State()[bindings+"w"]; got["groups"] != nil || got["group_names"] != nil || len(got["users"].(map[string]any)) != 2 {
		t.Errorf("the state holds %v", got)
	}

	// Now the groups are managed: whom the state does not hold yet is left alone.
	withGroups := everybody("w", security, users, `ignore_users = ["u-carol"]`, `groups = { "g-empty" = "viewer" }`)
	w.Write("main.tf", withGroups)
	w.Shows(w.Apply(), "Platform Engineers in workspace Security Operations is left alone")
	w.roleOf(t, security, "group", "g-platform", "Incident Commander")
	w.roleOf(t, security, "group", "g-empty", "viewer")
	w.Shows(w.Plan(), `- "g-platform" = "Incident Commander" -> null`, `- "g-platform" = "Platform Engineers" -> null`)
	w.Apply()
	w.Clean()
	w.roleOf(t, security, "group", "g-platform", "")

	// Left out again: nobody is touched.
	before := len(w.svc.Writes())
	w.Write("main.tf", everybody("w", security, users, `ignore_users = ["u-carol"]`, "include_invites = true"))
	w.Shows(w.Apply(), "The groups of workspace Security Operations are no longer managed", "frank@example.com in workspace Security Operations is left alone")
	if after := len(w.svc.Writes()); after != before {
		t.Errorf("%d writes were sent", after-before)
	}
	// With include_invites the next plan shows the invitation, and takes it out.
	w.Shows(w.Plan(), `- "u-frank" = "viewer" -> null`)
	w.Apply()
	w.Clean()
	w.roleOf(t, security, "user", "u-frank", "")
	w.roleOf(t, security, "user", "u-carol", "owner")
}

func TestAccRoleBindings_spelling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *mockservice.Seed) { mockblink.BehaviourOf(s).RoleCase = "capitalised" })
	w.Write("main.tf", everybody("w", payments, map[string]string{"u-alice": "owner", "u-bob": "viewer"})+`
import {
  to = roster_blink_workspace_role_bindings.w
  id = "`+payments+`"
}
`)
	w.Apply()
	w.Clean()
	// Other spellings of the same are no change at all.
	w.Write("main.tf", everybody("w", payments, map[string]string{"U-ALICE": "OWNER", "u-bob": "Viewer"}))
	w.Clean()
	// Beside a real change they are shown with it, and not sent.
	before := len(w.svc.Writes())
	w.Write("main.tf", everybody("w", payments, map[string]string{"u-alice": "OWNER", "u-bob": "contributor"}))
	w.Apply()
	w.Clean()
	if n := len(w.svc.Writes()) - before; n != 1 {
		t.Errorf("%d writes were sent for one change", n)
	}
}

func TestAccRoleBindings_importOfTheWholeIsClean(t *testing.T) {
	t.Parallel()
	for _, workspace := range []string{payments, security} {
		t.Run(workspace, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			block := func(more string) string {
				return "import {\n  to = roster_blink_workspace_role_bindings.w\n  id = \"" + workspace + "\"\n" + more + "}\n"
			}
			generating := ""
			if tofu, version := w.Version(); !tofu && !acctest.Older(t, version, "1.16") {
				generating = "  provider = roster\n" // as the guide says: 1.16 does not find it otherwise
			}
			w.Write("main.tf", block(generating))
			w.Shows(w.Plan("-generate-config-out=generated.tf"), "1 to import, 0 to add, 0 to change, 0 to destroy")
			w.Write("main.tf", block(""))
			w.Apply()
			w.Clean()
			if n := len(w.svc.Writes()); n != 0 {
				t.Errorf("%d writes were sent", n)
			}
		})
	}
}

func TestAccRoleBindings_replacement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := everybody("w", payments, inPayments())
	w.Write("main.tf", config)
	w.Apply()
	w.Shows(w.Apply("-replace="+bindings+"w"), "1 added, 0 changed, 1 destroyed")
	w.OK("taint", bindings+"w")
	w.Apply()
	w.Clean()
	if n := len(w.svc.Writes()); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
	// Tainted, it goes on managing those whom it held.
	w.OK("taint", bindings+"w")
	w.Write("main.tf", everybody("w", payments, map[string]string{"u-alice": "owner"}))
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-bob", "")
	// Another workspace: nobody in the old one is touched, and the new one is a creation.
	w.Write("main.tf", everybody("w", security, map[string]string{"u-alice": "owner"}))
	w.Fails([]string{"plan", "-no-color"}, "carol@example.com (u-carol): has owner, would be removed", "terraform state rm")
	w.Write("main.tf", everybody("w", security, map[string]string{"u-alice": "owner", "u-carol": "owner", "u-dave": "viewer"}))
	w.Shows(w.Apply(), "Everyone in workspace Payments keeps their access")
	w.Clean()
	w.roleOf(t, payments, "user", "u-alice", "owner")
}

func TestAccRoleBindings_importWithoutGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	imported := "import {\n  to = roster_blink_workspace_role_bindings.w\n  id = \"" + security + "\"\n}\n"
	users := map[string]string{"u-alice": "owner", "u-carol": "owner", "u-dave": "viewer"}
	w.Write("main.tf", imported+everybody("w", security, users))
	quiet := func(r acctest.Result) {
		t.Helper()
		if strings.Contains(r.Text(), "-> null") {
			t.Errorf("something is shown to be given up:\n%s", r.Stdout)
		}
	}
	quiet(w.Plan())
	w.Shows(w.Apply(), "1 imported, 0 added, 0 changed, 0 destroyed")
	w.Clean()
	users["u-dave"] = "contributor"
	w.Write("main.tf", everybody("w", security, users))
	quiet(w.Plan())
	w.Apply()
	w.Clean()
	w.roleOf(t, security, "group", "g-platform", "Incident Commander")
}

func TestAccRoleBindings_theKeysOwnUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.svc.Must(mockblink.Of(w.svc).SetRole(payments, "user", "u-terraform", "owner"))
	users := inPayments()
	users["u-terraform"] = "owner"
	w.Write("main.tf", everybody("w", payments, users))
	w.Apply()
	w.svc.ResetAudit()
	users["u-terraform"], users["u-carol"], users["u-bob"] = "viewer", "owner", "viewer"
	w.Write("main.tf", everybody("w", payments, users))
	w.Shows(w.Apply(), "The API key's own user terraform@example.com goes from owner to viewer in workspace Payments")
	writes := w.svc.Writes()
	if last := writes[len(writes)-1]; last.Principal != "u-terraform" {
		t.Errorf("the last write was about %s", last.Principal)
	}
}

func TestAccRoleBindings_validation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for config, text := range map[string]string{
		`ignore_users = ["u-1"]`: "Set at least one of users, groups",
		`users = { "u-1" = "owner" }` + "\n  ignore_users = [\"U-1\"]": "named and ignored",
		`users = { "u-1" = "owner", "U-1" = "viewer" }`:                "named twice",
		`users = { "a/b" = "owner" }`:                                  "Not the id of a user",
		`users = { "../x" = "owner" }`:                                 "Not the id of a user",
		`users = { "" = "owner" }`:                                     "Not the id of a user",
		`users = { "u-1" = "a/.." }`:                                   "The role of user \"u-1\" cannot be used",
		`users = { "u-1" = null }`:                                     "is null",
		`users = { 17 = "viewer " }`:                                   "white space",
		`groups = { "g?1" = "owner" }`:                                 "Not the id of a group",
		`users = {}` + "\n  ignore_users = [\"a/b\"]":                  "Not a Blink id",
	} {
		w.Write("main.tf", everybody("w", payments, nil, config))
		w.Fails([]string{"validate", "-no-color"}, text)
	}
	// The service may show a user without a role; nobody can be given none.
	for _, config := range []string{`users = { "u-1" = "" }`, `users = { 17 = "" }`} {
		w.Write("main.tf", everybody("w", payments, nil, config))
		w.OK("validate", "-no-color")
		w.Fails([]string{"plan", "-no-color"}, "cannot be used", "role is empty")
	}
}

// fortyUsers is a workspace of forty, twenty of them owners.
func fortyUsers(s *mockservice.Seed) {
	ws := mockblink.Workspace{ID: "w-forty", DisplayName: "Forty", Users: map[string]string{}}
	for i := range 60 {
		id := fmt.Sprintf("p-%02d", i)
		mockblink.SeedOf(s).Users = append(mockblink.SeedOf(s).Users, mockblink.User{ID: id, Email: id + "@example.com"})
		if i < 40 {
			ws.Users[id] = fortyBefore(i)
		}
	}
	mockblink.SeedOf(s).Workspaces = append(mockblink.SeedOf(s).Workspaces, ws)
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
				w.neverBelow(t, "w-forty", 1) // the guard alone counts where a successor fails to come in
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
		ws := mockblink.Workspace{ID: "w-big", DisplayName: "Big", Users: map[string]string{}}
		for i := range n {
			mockblink.SeedOf(s).Users = append(mockblink.SeedOf(s).Users, mockblink.User{ID: id(i), Email: id(i) + "@example.com"})
			ws.Users[id(i)] = role(i)
		}
		mockblink.SeedOf(s).Workspaces = append(mockblink.SeedOf(s).Workspaces, ws)
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
