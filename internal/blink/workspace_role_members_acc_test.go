package blink_test

import (
	"fmt"
	"strings"
	"testing"
)

// holders is a resource for one role.
func holders(name, workspace, role string, users []string, extra ...string) string {
	return fmt.Sprintf("resource \"roster_blink_workspace_role_members\" %q {\n  workspace_id = %q\n  role = %q\n  users = [%s]\n  %s\n}\n",
		name, workspace, role, quoted(users), strings.Join(extra, "\n  "))
}

func quoted(ids []string) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = fmt.Sprintf("%q", id)
	}
	return strings.Join(out, ", ")
}

func TestAccRoleMembers_lifeOfARole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Over a holder who is not named: refused, with an import block that works.
	w.Write("main.tf", holders("c", payments, "contributor", nil))
	r := w.Fails([]string{"plan", "-no-color"}, "bob@example.com (u-bob): has contributor, would be removed", "/contributor\"")
	block := r.Stdout + r.Stderr
	block = block[strings.Index(block, "import {"):]
	w.Write("import.tf", strings.NewReplacer("│", "", ".NAME", ".c").Replace(block[:strings.Index(block, "}")+1]))
	w.Shows(w.Plan(), `- "u-bob"`, `- "bob@example.com" = "u-bob" -> null`, "1 to import, 0 to add, 1 to change")
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-bob", "")
	w.roleOf(t, payments, "user", "u-alice", "owner")

	// Who is named with another role is changed; the letter case of the role is none.
	w.Write("import.tf", "")
	w.Write("main.tf", holders("c", payments, "Contributor", []string{"u-bob", "u-carol"}))
	w.Shows(w.Plan(), `+ "carol@example.com" = "u-carol"`, "0 to add, 1 to change, 0 to destroy")
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-carol", "contributor")

	// A member who is not named any more is reassigned.
	w.Write("main.tf", holders("c", payments, "contributor", []string{"u-bob"}, `on_removal = "reassign"`, `reassign_role = "viewer"`))
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-carol", "viewer")

	w.svc.ResetAudit()
	w.Shows(w.OK("destroy", "-auto-approve", "-no-color"), `Everyone with the role "contributor" in workspace Payments keeps their access`, "1 destroyed")
	if n := len(w.svc.Writes()); n != 0 {
		t.Errorf("%d writes reached the service", n)
	}
}

func TestAccRoleMembers_handoverAndMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	both := func(owners, contributors []string) string {
		return holders("owners", payments, "owner", owners) + holders("contributors", payments, "contributor", contributors)
	}
	w.Write("main.tf", both([]string{"u-alice"}, []string{"u-bob"}))
	w.Apply()
	w.Clean()
	w.svc.ResetAudit()
	// Bob becomes the owner and Alice a contributor: each is changed once, and nobody
	// leaves the workspace in between.
	w.Write("main.tf", both([]string{"u-bob"}, []string{"u-alice"}))
	w.Apply()
	w.Clean()
	w.roleOf(t, payments, "user", "u-bob", "owner")
	w.roleOf(t, payments, "user", "u-alice", "contributor")
	if n := len(w.svc.Writes()); n != 2 {
		t.Errorf("%d writes for two changes: %+v", n, w.svc.Writes())
	}
	w.Write("main.tf", both(nil, []string{"u-alice"}))
	w.Fails([]string{"plan", "-no-color"}, "Workspace would lose its last owner", "bob@example.com (u-bob)", "ignore_users")
}

func TestAccRoleMembers_clashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for text, config := range map[string]string{
		"Two resources manage the same members":    holders("a", payments, "owner", []string{"u-alice"}) + holders("b", payments, "OWNER", []string{"u-alice"}),
		"Two resources manage the same principal":  holders("a", payments, "owner", []string{"u-alice"}) + holders("b", payments, "contributor", []string{"u-bob", "u-alice"}),
		"Two forms of resource manage a principal": holders("a", payments, "owner", []string{"u-alice"}) + user("alice", "u-alice", "owner"),
	} {
		w.Write("main.tf", config)
		w.Fails([]string{"plan", "-no-color"}, text)
	}
	// Ignored by e-mail address, and with another role: no clash.
	w.Write("main.tf", holders("a", payments, "owner", nil, `ignore_users = ["ALICE@example.com"]`)+user("alice", "u-alice", "owner")+user("bob", "u-bob", "contributor"))
	w.Apply()
	w.Clean()
}
