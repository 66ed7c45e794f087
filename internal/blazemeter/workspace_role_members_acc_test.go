package blazemeter_test

import (
	"fmt"
	"strings"
	"testing"
)

// holders is a resource for one role.
func holders(name, role string, users ...string) string {
	return fmt.Sprintf("resource \"roster_blazemeter_workspace_role_members\" %q {\n  workspace_id = %s\n  role = %q\n  users = [%s]\n}\n",
		name, load, role, strings.Join(users, ", "))
}

func TestAccRoleMembers_lifeOfARole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("main.tf", holders("m", "Manager", alice)+holders("t", "tester", bob))
	w.Apply()
	w.Clean()
	if n := len(w.svc.Writes()); n != 0 {
		t.Fatalf("%d writes were sent although everybody held what they shall hold", n)
	}

	// A handover, and a user who moves from one role to the other: nobody is
	// disabled in between. A disabled user is enabled again, and says so.
	w.Write("main.tf", holders("m", "manager", bob, dave)+holders("t", "tester", alice))
	w.Shows(w.Apply(), "dave@example.com is disabled in workspace Checkout Load Tests and will be enabled again")
	w.Clean()
	w.stands(t, bob, "manager")
	w.stands(t, dave, "manager")
	w.stands(t, alice, "tester")
	w.neverBelow(t, load, 1)
	if n := len(w.svc.Writes()); n != 3 {
		t.Errorf("%d writes for three changes: %+v", n, w.svc.Writes())
	}

	// Who is not named any more is disabled.
	w.Write("main.tf", holders("m", "manager", bob, dave)+holders("t", "tester"))
	w.Shows(w.Plan(), `- "alice@example.com" = "352749" -> null`)
	w.Apply()
	w.Clean()
	w.stands(t, alice, "tester (disabled)")
	w.Write("main.tf", holders("m", "manager"))
	w.Fails([]string{"plan", "-no-color"}, "Workspace would lose its last manager", "ignore_users")
}
