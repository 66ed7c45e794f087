package chaos

import (
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// duel is two owners of one workspace, each in a configuration of its own, and
// two runs that take both out at the same time, or one a little later. It gives the fewest owners that
// the workspace had, and how many of the two runs were refused.
func duel(t *testing.T, p product, behave map[string]string, second func(), later time.Duration) (fewest, refused int) {
	t.Helper()
	w := newWorld(t, 1, newTally(), func(s *mockservice.Seed) {
		s.ClearBehaviour()
		for name, value := range behave {
			p.set(t, s, name, value)
		}
	})
	workspace := p.Workspace(0)
	var removals [2]protocol.Change
	var runs [2]*protocol.Provider
	w.promote(p, workspace)
	for n := range runs {
		attrs := p.Binding(workspace, p.Person(n), p.Owner())
		tf := &terraform{t: t, rng: w.rng, provider: w.tf.provider, config: map[string]resource{"one": {typ: p.Additive.TypeName, attrs: attrs}}, state: map[string]protocol.Instance{}}
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
	return w.svc.Access(p.Name).FewestOwners(workspace), refused
}

// promote makes the second person an owner, who is a viewer until then.
func (w *world) promote(p product, workspace string) {
	owner := mockservice.Member{Kind: mockservice.KindUser, ID: p.Person(1), Roles: []string{p.Owner()}, Enabled: true}
	w.svc.Must(w.svc.Access(p.Name).SetMember(workspace, owner))
}

var duels = flag.Int("duels", 2, "how often two runs remove two owners at the same time")

// set sets a switch of the product.
func (p product) set(t *testing.T, s *mockservice.Seed, name, value string) {
	t.Helper()
	if err := mockservice.SetSwitch(s, p.Name+"."+name, value); err != nil {
		t.Fatal(err)
	}
}

// lenient has no service protect the last owner.
func lenient(t *testing.T, s *mockservice.Seed) {
	t.Helper()
	for _, p := range played {
		for name, value := range p.Lenient {
			p.set(t, s, name, value)
		}
	}
}

// asDocumented leaves nothing to chance, and the last owner to the provider.
func asDocumented(t *testing.T) func(*mockservice.Seed) {
	t.Helper()
	return func(s *mockservice.Seed) {
		s.ClearBehaviour()
		lenient(t, s)
	}
}

// Two processes on one machine keep each other out: of two removals that are
// each harmless and together are not, exactly one is refused, whatever the
// service would let happen.
func TestTwoRunsOnOneMachine(t *testing.T) {
	for _, p := range played {
		t.Run(p.Name, func(t *testing.T) {
			for range *duels {
				if fewest, refused := duel(t, p, p.Lenient, func() {}, 0); fewest != 1 || refused != 1 {
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
	for _, p := range played {
		if p.Strict != nil {
			t.Run(p.Name+", which enforces", func(t *testing.T) {
				for range *duels {
					if fewest, refused := duel(t, p, p.Strict, elsewhere, 0); fewest != 1 || refused != 1 {
						t.Errorf("down to %d owners, %d of 2 runs refused", fewest, refused)
					}
				}
			})
			continue
		}
		t.Run(p.Name+", which does not", func(t *testing.T) {
			for _, later := range []time.Duration{0, 30 * time.Millisecond, 60 * time.Millisecond, 120 * time.Millisecond} {
				lost := 0
				for range *duels {
					fewest, refused := duel(t, p, p.Lenient, elsewhere, later)
					if fewest == 0 {
						lost++
					} else if refused != 1 {
						t.Errorf("down to %d owners, %d of 2 runs refused", fewest, refused)
					}
				}
				t.Logf("20 to 40 ms a call, the second run %s later: %d of %d workspaces without an owner", later, lost, *duels)
			}
		})
	}
}
