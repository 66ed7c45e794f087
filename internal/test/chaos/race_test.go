package chaos

import (
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// duel is two owners of one workspace, each in a configuration of its own, and
// two runs that take both out at the same time, or one a little later. It gives the fewest owners that
// the workspace had, and how many of the two runs were refused.
func duel(t *testing.T, p product, behave func(*mockservice.Seed), second func(), later time.Duration) (fewest, refused int) {
	t.Helper()
	w := newWorld(t, 1, newTally(), func(s *mockservice.Seed) { s.ClearBehaviour(); behave(s) })
	workspace := p.workspaces[0]
	var removals [2]protocol.Change
	var runs [2]*protocol.Provider
	if p.name == mockblink.Name {
		w.svc.Must(mockblink.Of(w.svc).SetRole(workspace, mockservice.KindUser, p.person(1), p.owner()))
	} else {
		w.svc.Must(mockblazemeter.Of(w.svc).Set(workspace, p.person(1), true, p.owner()))
	}
	for n := range runs {
		attrs := protocol.Object{"workspace_id": workspace, "role": p.owner()}
		if p.name == mockblink.Name {
			attrs["entity_type"], attrs["entity_id"] = mockservice.KindUser, p.person(n)
		} else {
			attrs["user_id"] = p.person(n)
		}
		tf := &terraform{t: t, rng: w.rng, provider: w.tf.provider, config: map[string]resource{"one": {typ: p.additive, attrs: attrs}}, state: map[string]protocol.Instance{}}
		if left, o := tf.converge(t.Context(), 1); len(left) > 0 || o.failed() {
			t.Fatalf("%d changes are left: %s", len(left), o)
		}
		clear(tf.config)
		changes, o := tf.plan(t.Context())
		if o.failed() {
			t.Fatalf("each of the two plans passes by itself: %s", o)
		}
		removals[n] = changes["one"]
	}
	runs[0] = w.tf.process()
	second()
	runs[1] = w.tf.process()
	w.svc.ResetFewestOwners()
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Latency: mockservice.Duration(20 * time.Millisecond), LatencyMax: mockservice.Duration(40 * time.Millisecond)}))
	var mu sync.Mutex
	var both sync.WaitGroup
	for n, run := range runs {
		both.Go(func() {
			if n == 1 {
				time.Sleep(later)
			}
			_, diags, err := run.Apply(t.Context(), removals[n])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if diags.Failed() {
				refused++
			}
		})
	}
	both.Wait()
	if p.name == mockblink.Name {
		return mockblink.Of(w.svc).FewestOwners(workspace), refused
	}
	return mockblazemeter.Of(w.svc).FewestOwners(workspace), refused
}

var duels = flag.Int("duels", 2, "how often two runs remove two owners at the same time")

func lenient(s *mockservice.Seed) {
	how := mockblink.BehaviourOf(s)
	how.AssignLastOwner, how.RemoveLastOwner = "allow", "allow"
}

// Two processes on one machine keep each other out: of two removals that are
// each harmless and together are not, exactly one is refused, whatever the
// service would let happen.
func TestTwoRunsOnOneMachine(t *testing.T) {
	for _, p := range products {
		t.Run(p.name, func(t *testing.T) {
			for range *duels {
				if fewest, refused := duel(t, p, lenient, func() {}, 0); fewest != 1 || refused != 1 {
					t.Errorf("down to %d owners, %d of 2 runs refused", fewest, refused)
				}
			}
		})
	}
}

// Two machines share no lock. Where the service itself keeps its last owner, as
// Blink documents it, the workspace is safe; where it does not, the race
// between two machines cannot be closed from here, and this measures it.
func TestTwoRunsOnTwoMachines(t *testing.T) {
	elsewhere := func() { t.Setenv("TMPDIR", t.TempDir()) }
	t.Run("blink, which enforces", func(t *testing.T) {
		for range *duels {
			strict := func(s *mockservice.Seed) {
				how := mockblink.BehaviourOf(s)
				how.AssignLastOwner, how.RemoveLastOwner = "refuse", "refuse"
			}
			if fewest, refused := duel(t, products[0], strict, elsewhere, 0); fewest != 1 || refused != 1 {
				t.Errorf("down to %d owners, %d of 2 runs refused", fewest, refused)
			}
		}
	})
	t.Run("blazemeter, which does not", func(t *testing.T) {
		for _, later := range []time.Duration{0, 30 * time.Millisecond, 60 * time.Millisecond, 120 * time.Millisecond} {
			lost := 0
			for range *duels {
				fewest, refused := duel(t, products[1], lenient, elsewhere, later)
				if fewest == 0 {
					lost++
				} else if refused != 1 {
					t.Errorf("down to %d managers, %d of 2 runs refused", fewest, refused)
				}
			}
			t.Logf("20 to 40 ms a call, the second run %s later: %d of %d workspaces without a manager", later, lost, *duels)
		}
	})
}
