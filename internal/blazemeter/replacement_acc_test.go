package blazemeter_test

import (
	"strings"
	"testing"
)

// createdFirst lets Terraform create a resource before it destroys its predecessor.
func createdFirst(block string) string {
	return strings.TrimSuffix(block, "}\n") + "  lifecycle {\n    create_before_destroy = true\n  }\n}\n"
}

// A replacement that also changes what a user holds ends as it was planned
// after at most two applies: nobody who stays is disabled, nothing stays deposed.
func TestAccReplacement_withAnotherRole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, address, before, after string
		// bob and carol are what they are in the end.
		bob, carol string
		taint      bool
	}{
		{
			name: "raised", address: "roster_blazemeter_workspace_user.r", before: createdFirst(user("r", bob, "tester")),
			after: createdFirst(user("r", bob, "manager")), bob: "manager",
		},
		{
			name: "lowered, tainted", address: "roster_blazemeter_workspace_user.r", before: createdFirst(user("r", bob, "tester")),
			after: createdFirst(user("r", bob, "viewer")), bob: "viewer", taint: true,
		},
		{
			name: "everybody, one lowered and one more", address: "roster_blazemeter_workspace_users.r",
			before: createdFirst(everybody("r", load, map[string]string{alice: "manager", bob: "tester"})),
			after:  createdFirst(everybody("r", load, map[string]string{alice: "manager", bob: "viewer", carol: "viewer"})), bob: "viewer", carol: "viewer",
		},
		{
			name: "one role, another leaves", address: "roster_blazemeter_workspace_role_members.r",
			before: createdFirst(holders("r", "tester", bob)), after: createdFirst(holders("r", "tester", carol)), bob: "tester (disabled)", carol: "tester", taint: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Write("main.tf", test.before)
			w.Apply()
			w.svc.ResetAudit()
			w.Write("main.tf", test.after)
			if test.taint {
				w.OK("taint", test.address)
				w.Apply()
			} else {
				w.Apply("-replace=" + test.address)
			}
			if test.bob != "tester (disabled)" {
				for _, wr := range w.svc.Writes() {
					if strings.Contains(wr.Body, `"enabled":false`) {
						t.Errorf("a member who stays was disabled: %+v", wr)
					}
				}
			}
			w.Apply()
			w.Clean()
			w.NothingDeposed()
			w.stands(t, bob, test.bob)
			w.stands(t, carol, test.carol)
			w.stands(t, alice, "manager")
			w.neverBelow(t, load, 1)
		})
	}
}
