package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
)

// writes are the calls that change a user, by product.
var writes = map[string][]string{"blink": {"assign", "add", "remove"}, "blazemeter": {"add_users", "update_user"}}

// Whatever change gets no answer, or none but 503, the user has afterwards what they
// had before.
func TestRestoresAfterALostAnswerAndA503(t *testing.T) {
	t.Parallel()
	for product, calls := range writes {
		for _, user := range []string{"bob", "carol"} {
			for _, call := range calls {
				for _, kind := range []string{mockservice.FaultLost, mockservice.FaultReset, "503", "504"} {
					for after := range 3 {
						t.Run(fmt.Sprintf("%s/%s/%s/%s/%d", product, user, call, kind, after), func(t *testing.T) {
							t.Parallel()
							f := mockservice.Fault{Kind: kind, Product: product, Call: call, After: after, Times: 1}
							switch kind {
							case "503": // as often as a call is made, so that it is no success in the end
								f.Kind, f.Status, f.Times, f.RetryAfter = mockservice.FaultStatus, 503, 3, "0"
							case "504":
								f.Kind, f.Status = mockservice.FaultStatus, 504
							}
							restoresDespite(t, product, user, f)
						})
					}
				}
			}
		}
	}
}

func restoresDespite(t *testing.T, product, user string, faults ...mockservice.Fault) {
	t.Helper()
	w := newWorld(t, product)
	w.Must(w.SetFaults(mockservice.Faults{Rules: faults}))
	before := w.standing(user)
	got := w.doctor(w.onUser(user)...)
	if got.report.Restored == nil || !*got.report.Restored {
		t.Fatalf("not restored: %s\n%s", got.stderr, got.stdout)
	}
	after := w.standing(user)
	if after != before && !(before == "" && product == "blazemeter" && strings.HasSuffix(after, "(disabled)")) {
		t.Errorf("the user had %q before, and has %q:\n%s", before, after, got.stderr)
	}
	if n := w.notes(); n != 0 {
		t.Errorf("%d notes are left", n)
	}
	if want := map[bool]int{true: 0, false: 1}[got.report.Ended == ""]; got.code != want && got.code != 3 {
		t.Errorf("exit code %d, want %d; ended: %q", got.code, want, got.report.Ended)
	}
	if slices.ContainsFunc(got.report.Lines, func(l doctor.Line) bool { return l.Result == notHold }) != (got.code == 3) {
		t.Errorf("exit code %d does not fit the lines", got.code)
	}
}

// A service that refuses every change from some point on cannot be restored: the
// calls are told, the note stays, and the next run restores first.
func TestTheNextRunRestores(t *testing.T) {
	t.Parallel()
	for product, calls := range writes {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, product)
			w.timing.Restore = 2 * w.timing.Visible
			var rules []mockservice.Fault
			for _, call := range calls {
				rules = append(rules, mockservice.Fault{Kind: mockservice.FaultStatus, Status: 500, Product: product, Call: call, After: 1})
			}
			w.Must(w.SetFaults(mockservice.Faults{Rules: rules}))
			before := w.standing("bob")
			got := w.doctor(w.onUser("bob")...)
			if *got.report.Restored || got.code != 1 && got.code != 3 || w.standing("bob") == before || w.notes() != 1 {
				t.Fatalf("exit code %d, %q, %d notes\n%s", got.code, w.standing("bob"), w.notes(), got.stderr)
			}
			id := disposable[product]["bob"]
			last := got.stderr[strings.Index(got.stderr, "COULD NOT BE RESTORED"):]
			if !strings.Contains(last, "curl -X P") || !strings.Contains(last, id) {
				t.Errorf("the output does not say which call restores the user:\n%s", last)
			}

			w.Must(w.SetFaults(mockservice.Faults{}))
			changed := w.standing("bob")
			reminded := w.doctor()
			if !strings.Contains(reminded.stderr, "killed before it had restored user "+id) || !strings.Contains(reminded.stderr, "curl -X P") {
				t.Errorf("a run that reads does not remind of it:\n%s", reminded.stderr)
			}
			if w.standing("bob") != changed {
				t.Errorf("a run that reads has changed the user")
			}
			other := w.doctor(w.onUser("carol")...)
			if !strings.Contains(other.stderr, "killed before it had restored user "+id) || w.standing("bob") != changed {
				t.Errorf("a run on somebody else does not remind of it, or changes the user:\n%s", other.stderr)
			}

			again := w.doctor(w.onUser("bob")...)
			if w.standing("bob") != before || w.notes() != 0 || again.code != 0 {
				t.Errorf("exit code %d, %q, %d notes\n%s", again.code, w.standing("bob"), w.notes(), again.stderr)
			}
		})
	}
}

// Who must not be changed is refused before anything is changed.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		product, user, says string
		set                 []string
		confirm             string
		fault               *mockservice.Fault
	}{
		{product: "blink", user: "alice", says: "is an owner"},
		{product: "blink", user: "terraform", says: "own user"},
		{product: "blink", user: "frank", says: "pending invitation"},
		{product: "blink", user: "bob", confirm: "carol@example.com", says: "name two people"},
		{product: "blink", user: "nobody", confirm: "carol@example.com", says: "names nobody"},
		{product: "blink", user: "a/b", confirm: "carol@example.com", says: "-user: the id"},
		{product: "blink", user: "bob", set: []string{"listing=no_owners"}, says: "shows no owner"},
		{product: "blink", user: "bob", set: []string{"user_route=404"}, says: "whose the API key is"},
		{product: "blink", user: "bob", set: []string{"user_email=missing", "user_identity=neither"}, says: "whose the API key is"},
		{product: "blink", user: "bob", set: []string{"user_tenant=other"}, says: "names nobody"},
		{product: "blink", user: "bob", fault: &mockservice.Fault{Kind: mockservice.FaultStatus, Status: 403, Product: "blink", Call: "tenant_entities"}, says: "cannot be read"},
		{product: "blazemeter", user: "alice", says: "is a manager"},
		{product: "blazemeter", user: "terraform", says: "own user"},
		{product: "blazemeter", user: "erin", says: "disabled in the account"},
		{product: "blazemeter", user: "bob", confirm: "carol@example.com", says: "name two people"},
		{product: "blazemeter", user: "1", confirm: "carol@example.com", says: "names nobody"},
		{product: "blazemeter", user: "x", confirm: "carol@example.com", says: "-user: the id"},
		{product: "blazemeter", user: "carol", set: []string{"hidden=1"}, says: "may be incomplete"},
		{product: "blazemeter", user: "carol", set: []string{"total_off=1"}, says: "may be incomplete"},
		{product: "blazemeter", user: "bob", set: []string{"roles_shape=several"}, says: "is a manager"},
		{product: "blazemeter", user: "bob", set: []string{"roles_shape=empty"}, says: "one of the roles"},
		{product: "blazemeter", user: "bob", fault: &mockservice.Fault{Kind: mockservice.FaultStatus, Status: 403, Product: "blazemeter", Call: "account_users"}, says: "cannot be read"},
		{product: "blazemeter", user: "bob", fault: &mockservice.Fault{Kind: mockservice.FaultStatus, Status: 404, Product: "blazemeter", Call: "user"}, says: "whose the API key is"},
	} {
		t.Run(c.product+"/"+c.says+"/"+c.user, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.product)
			for _, s := range c.set {
				name, value, _ := strings.Cut(s, "=")
				w.Must(w.SetSwitch(c.product+"."+name, value))
			}
			if c.fault != nil {
				w.Must(w.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{*c.fault}}))
			}
			id, confirm := disposable[c.product][c.user], c.user+"@example.com"
			if id == "" {
				id = c.user
			}
			if c.confirm != "" {
				confirm = c.confirm
			}
			got := w.doctor("-write", "-user", id, "-confirm", confirm)
			if got.code != 1 || !strings.Contains(got.stderr, "nothing was changed") || !strings.Contains(got.stderr, c.says) {
				t.Errorf("exit code %d, and says %q", got.code, got.stderr)
			}
			if n := len(w.Audit().Writes); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// A run without -write changes nothing, and sends nothing but GET.
func TestReadsOnly(t *testing.T) {
	t.Parallel()
	for product := range writes {
		w := newWorld(t, product)
		got := w.doctor()
		if got.code != 0 || len(w.Audit().Writes) != 0 {
			t.Errorf("%s: exit code %d, %d writes", product, got.code, len(w.Audit().Writes))
		}
		for route := range w.Audit().Requests {
			if !strings.Contains(route, "GET") {
				t.Errorf("%s was called", route)
			}
		}
	}
}
