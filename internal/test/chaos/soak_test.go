package chaos

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

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
	w := newWorld(t, 1, newTally(), asDocumented(t))
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
		for _, p := range played {
			for _, workspace := range p.shared() {
				for who := range 3 { // two owners stay, others come and go and change
					tf.config[p.additive(fmt.Sprintf("%s-%d", workspace, who))] = p.adopting(workspace, p.Person(who), map[bool]string{true: p.Owner(), false: p.Roles[n%2]}[who < 2])
				}
				turn := p.additive(workspace + "-turn")
				if n%3 == 0 {
					delete(tf.config, turn)
				} else {
					tf.config[turn] = p.adopting(workspace, p.Person(3+n%3), p.Roles[0])
				}
			}
			if p.Whole != nil {
				tf.config[p.wholeAddr()] = resource{typ: p.Whole.TypeName, attrs: protocol.Object{
					p.At(): p.whole(), "users": protocol.Object{p.Person(0): p.Owner(), p.Person(n % 3): p.Owner(), p.Person(3 + n%2): p.Roles[n%2]},
				}}
			}
		}
		changes, o := tf.plan(t.Context())
		if n == 0 && o.failed() { // the creation of what is there: it is taken over as it is
			for _, p := range played {
				if p.Whole != nil {
					tf.adopt(p.wholeAddr(), p.whole())
				}
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
