package blink_test

import (
	"testing"

	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// cbd is an argument that lets Terraform create before it destroys.
const cbd = "lifecycle {\n    create_before_destroy = true\n  }"

// A replacement that also changes what a user holds ends as it was planned
// after at most two applies: nobody who stays loses access, nothing stays deposed.
func TestAccReplacement_withAnotherRole(t *testing.T) {
	t.Parallel()
	const one, all, some = "roster_blink_workspace_role_binding.r", "roster_blink_workspace_role_bindings.r", "roster_blink_workspace_role_members.r"
	alice := user("alice", "u-alice", "owner")
	for _, test := range []struct {
		name, address string
		before, after string
		// ends is what bob and carol hold in the end.
		bob, carol string
		taint      bool
		saved      bool
	}{
		{name: "raised", address: one, before: alice + user("r", "u-bob", "contributor", cbd), after: alice + user("r", "u-bob", "owner", cbd), bob: "owner"},
		{name: "lowered", address: one, before: alice + user("r", "u-bob", "contributor", cbd), after: alice + user("r", "u-bob", "viewer", cbd), bob: "viewer"},
		{name: "raised, tainted", address: one, before: alice + user("r", "u-bob", "contributor", cbd), after: alice + user("r", "u-bob", "owner", cbd), bob: "owner", taint: true},
		{name: "lowered, tainted", address: one, before: alice + user("r", "u-bob", "contributor", cbd), after: alice + user("r", "u-bob", "viewer", cbd), bob: "viewer", taint: true},
		{name: "lowered, a saved plan", address: one, before: alice + user("r", "u-bob", "contributor", cbd), after: alice + user("r", "u-bob", "viewer", cbd), bob: "viewer", saved: true},
		{
			name: "everybody, one raised", address: all, before: everybody("r", payments, inPayments(), cbd),
			after: everybody("r", payments, map[string]string{"u-alice": "owner", "u-bob": "owner"}, cbd), bob: "owner",
		},
		{
			name: "everybody, one lowered and one more", address: all, before: everybody("r", payments, inPayments(), cbd),
			after: everybody("r", payments, map[string]string{"u-alice": "owner", "u-bob": "viewer", "u-carol": "viewer"}, cbd), bob: "viewer", carol: "viewer",
		},
		{
			name: "everybody, one leaves", address: all, before: everybody("r", payments, inPayments(), cbd),
			after: everybody("r", payments, map[string]string{"u-alice": "owner"}, cbd), saved: true,
		},
		{
			name: "everybody, one leaves, tainted", address: all, before: everybody("r", payments, inPayments(), cbd),
			after: everybody("r", payments, map[string]string{"u-alice": "owner"}, cbd), taint: true,
		},
		{
			name: "one role, another leaves", address: some, before: holders("r", payments, "contributor", []string{"u-bob"}, cbd),
			after: holders("r", payments, "contributor", []string{"u-carol"}, cbd), carol: "contributor",
		},
		{
			name: "one role, another leaves, tainted", address: some, before: holders("r", payments, "contributor", []string{"u-bob"}, cbd),
			after: holders("r", payments, "contributor", []string{"u-carol"}, cbd), carol: "contributor", taint: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Write("main.tf", test.before)
			w.Apply()
			w.svc.ResetAudit()
			w.Write("main.tf", test.after)
			replace := "-replace=" + test.address
			if test.taint {
				w.OK("taint", test.address)
				replace = "-refresh=true"
			}
			if test.saved {
				w.Plan(replace, "-out=planned")
				w.OK("apply", "-no-color", "planned")
			} else {
				w.Apply(replace)
			}
			w.NothingDeposed()
			w.Apply()
			w.Clean()
			w.NothingDeposed()
			w.roleOf(t, payments, "user", "u-bob", test.bob)
			w.roleOf(t, payments, "user", "u-carol", test.carol)
			w.roleOf(t, payments, "user", "u-alice", "owner")
			w.neverBelow(t, payments, 1)
			if n := w.writes("remove"); test.bob != "" && n > 0 {
				t.Errorf("a member who stays was removed: %+v", w.svc.Writes())
			}
		})
	}
}

// Who has joined since the plan was made keeps what they have, or gets the higher role
// that was planned, also where the run has nothing else to do.
func TestAccCreation_ofWhoHasJoinedSince(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, now, wanted, ends, says string }{
		{"lower", "viewer", "contributor", "contributor", "carol@example.com in workspace Payments goes from viewer to contributor"},
		{"higher", "contributor", "viewer", "contributor", "carol@example.com in workspace Payments is left alone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Write("main.tf", user("carol", "u-carol", test.wanted))
			w.Plan("-out=planned")
			w.svc.Must(mockblink.Of(w.svc).SetRole(payments, "user", "u-carol", test.now))
			w.Shows(w.OK("apply", "-no-color", "planned"), test.says)
			w.roleOf(t, payments, "user", "u-carol", test.ends)
		})
	}
}
