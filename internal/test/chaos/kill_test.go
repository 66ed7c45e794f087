package chaos

import (
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// A run that is killed between a write and its answer has recorded nothing of
// it. The next one takes over what is there, and sends nothing again.
func TestKilledBetweenAWriteAndItsAnswer(t *testing.T) {
	for _, p := range played {
		for name, step := range map[string]struct{ before, after string }{
			"creation": {"", p.Roles[0]}, "role change": {p.Roles[0], p.Roles[1]}, "promotion": {p.Roles[0], p.Owner()}, "removal": {p.Roles[0], ""},
		} {
			t.Run(p.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, 1, newTally(), asDocumented(t))
				tf := &terraform{t: t, rng: w.rng, provider: w.tf.provider, config: map[string]resource{}, state: map[string]protocol.Instance{}}
				want := func(role string) {
					clear(tf.config)
					if role == "" {
						return
					}
					r := p.adopting(p.Workspace(0), p.Person(5), role)
					r.attrs["adopt_existing"] = false
					tf.config["one"] = r
				}
				want(step.before)
				if left, o := tf.converge(t.Context(), 1); len(left) > 0 || o != nil && o.failed() {
					t.Fatalf("%d changes are left: %s", len(left), o)
				}
				want(step.after)
				changes, o := tf.plan(t.Context())
				if o.failed() {
					t.Fatal(o)
				}
				w.svc.ResetAudit()
				w.svc.Must(w.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{
					{Kind: mockservice.FaultLateAnswer, Delay: mockservice.Duration(3 * time.Second), Method: "POST"},
					{Kind: mockservice.FaultLateAnswer, Delay: mockservice.Duration(3 * time.Second), Method: "PUT"},
					{Kind: mockservice.FaultLateAnswer, Delay: mockservice.Duration(3 * time.Second), Method: "DELETE"},
				}}))
				tf.apply(t.Context(), changes, &ending{killed: true, once: func() bool { return len(w.svc.Writes()) > 0 }})
				w.calm()
				if n := len(w.svc.Writes()); n != 1 {
					t.Fatalf("%d writes", n)
				}
				if left, o := tf.converge(t.Context(), 1); len(left) > 0 || o != nil && o.failed() {
					t.Errorf("%d changes are left: %s", len(left), o)
				}
				if n := len(w.svc.Writes()); n != 1 {
					t.Errorf("%d writes, and one was enough: %+v", n, w.svc.Writes())
				}
				if step.after != "" {
					w.truthful(tf, []string{"one"}, nil)
				}
				if got := len(tf.state) > 0; got != (step.after != "") {
					t.Errorf("the state: %v", tf.state)
				}
			})
		}
	}
}
