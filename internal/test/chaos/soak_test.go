package chaos

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

var soakFlag = flag.Int("soak", 40, "how many plans and applies to make with one server")

const (
	// warmUp is how many cycles fill what is filled once: pools, caches, stacks.
	warmUp = 10
	// mostGrowth bounds what the heap may grow by after that, in bytes.
	mostGrowth = 2 << 20
)

// One server that serves plan after plan and apply after apply, as one that is
// attached to a debugger does, keeps nothing of those that are over.
func TestSoak(t *testing.T) {
	w := newWorld(t, 1, newTally(), func(s *mockservice.Seed) { s.ClearBehaviour(); lenient(s) })
	settings := w.tf.provider
	server := protocol.Start(t, settings)
	tf := &terraform{t: t, rng: w.rng, served: server, provider: settings, config: map[string]resource{}, state: map[string]protocol.Instance{}}
	for addr, r := range w.tf.config {
		if _, additive := r.attrs["role"]; !additive {
			tf.config[addr] = r
		}
	}
	measure := func() (heap uint64, goroutines int) {
		w.svc.ResetAudit()
		for range 3 {
			runtime.GC()
			time.Sleep(20 * time.Millisecond)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	var heapBefore uint64
	var goroutinesBefore int
	began := time.Now()
	for n := range max(*soakFlag, warmUp+10) {
		if n == warmUp {
			heapBefore, goroutinesBefore = measure()
		}
		for _, p := range products {
			for _, workspace := range p.workspaces[:len(p.workspaces)-1] {
				for who := range 3 { // two owners stay, others come and go and change
					tf.config[fmt.Sprintf("%s.%s-%d", p.additive, workspace, who)] = soaked(p, workspace, p.person(who), map[bool]string{true: p.owner(), false: p.roles[n%2]}[who < 2])
				}
				turn := fmt.Sprintf("%s.%s-turn", p.additive, workspace)
				if n%3 == 0 {
					delete(tf.config, turn)
				} else {
					tf.config[turn] = soaked(p, workspace, p.person(3+n%3), p.roles[0])
				}
			}
			tf.config[p.wholeAddr()] = resource{typ: p.whole, attrs: protocol.Object{
				"workspace_id": p.wholeWorkspace(), "users": protocol.Object{p.person(0): p.owner(), p.person(n % 3): p.owner(), p.person(3 + n%2): p.roles[n%2]},
			}}
		}
		changes, o := tf.plan(t.Context())
		if n == 0 && o.failed() { // the creation of what is there: it is taken over as it is
			for _, p := range products {
				tf.adopt(p.wholeAddr(), p.wholeWorkspace())
			}
			changes, o = tf.plan(t.Context())
		}
		if o.failed() {
			t.Fatalf("plan %d: %s", n, o)
		}
		if o := tf.apply(t.Context(), changes, nil); o.failed() {
			t.Fatalf("apply %d: %s", n, o)
		}
	}
	took := time.Since(began)
	heap, goroutines := measure()
	t.Logf("%d cycles in %s: heap %d KiB after %d cycles, %d KiB at the end; goroutines %d and %d",
		max(*soakFlag, warmUp+10), took.Round(time.Second), heapBefore>>10, warmUp, heap>>10, goroutinesBefore, goroutines)
	if heap > heapBefore+mostGrowth {
		t.Errorf("the heap grew by %d KiB", (heap-heapBefore)>>10)
	}
	// The connections of the last walk may be open still.
	if goroutines > goroutinesBefore+16 {
		t.Errorf("%d goroutines more than before", goroutines-goroutinesBefore)
	}
}

func soaked(p product, workspace, id, role string) resource {
	attrs := protocol.Object{"workspace_id": workspace, "role": role, "adopt_existing": true}
	if p.name == mockblink.Name {
		attrs["entity_type"], attrs["entity_id"] = mockservice.KindUser, id
	} else {
		attrs["user_id"] = id
	}
	return resource{typ: p.additive, attrs: attrs}
}
