package roster

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// fill runs n operations in some slots, as Terraform does: each slot takes the
// next one, and Terraform's own work after each operation goes one by one.
func fill(n, slots int, own time.Duration, operation func(i int)) {
	terraform := make(chan struct{}, 1)
	var all sync.WaitGroup
	next := make(chan int)
	for range slots {
		all.Go(func() {
			for i := range next {
				operation(i)
				terraform <- struct{}{}
				time.Sleep(own)
				<-terraform
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

// fullHouse is a workspace with an owner, and as many who are known besides.
func fullHouse(tr membership.Traits, strangers int, members ...membership.Member) *stage.Stage {
	s := stage.New(tr).Workspace("w1", append([]membership.Member{stage.Person("ann", tr.OwnerRole)}, members...)...)
	for i := range strangers {
		s.Strangers(fmt.Sprintf("p%d", i))
	}
	return s
}

// people gives members p0 and on.
func people(n int, role string) []membership.Member {
	out := make([]membership.Member, n)
	for i := range out {
		out[i] = stage.Person(fmt.Sprintf("p%d", i), role)
	}
	return out
}

// N writes, and where they overlap half as many reads; and no more time than a
// write takes with the reading that was under way and the next one.
func TestReadBacksOfAdditionsAreShared(t *testing.T) {
	const slots = 10
	for _, latency := range []time.Duration{2 * time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond} {
		// What Terraform itself needs between two operations: much, in a large
		// state or on a busy machine.
		for _, own := range []time.Duration{0, 3 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond} {
			t.Run(fmt.Sprintf("%s, %s", latency, own), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const n = 300
					s := fullHouse(stage.BlinkTraits(), n)
					s.Latency = latency
					a := openSession(t, s, enforce())
					began := time.Now()
					fill(n, slots, own, func(i int) {
						if _, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "viewer"), false); len(fs) > 0 {
							t.Error(fs)
						}
					})
					took := time.Since(began)
					if w := len(s.Wrote()); w != n {
						t.Errorf("%d writes for %d people", w, n)
					}
					reads := len(s.Sent("read", "people", "self", "describe"))
					if overlap := own*slots < 4*latency; overlap && reads > n/2 || reads > n+2 {
						t.Errorf("%d reads for %d people", reads, n)
					}
					if floor := n * own; took > floor+3*n*latency/slots*5/4+250*time.Millisecond {
						t.Errorf("took %s: Terraform's own work %s, three round trips %s", took, floor, 3*n*latency/slots)
					}
				})
			})
		}
	}
}

// Where Terraform is told to do less at a time, nobody waits for those who cannot come.
func TestReadBacksInFewSlots(t *testing.T) {
	const n, latency = 60, 50 * time.Millisecond
	for slots := 1; slots <= 4; slots++ {
		synctest.Test(t, func(t *testing.T) {
			s := fullHouse(stage.BlinkTraits(), n)
			s.Latency = latency
			a := openSession(t, s, enforce())
			began := time.Now()
			fill(n, slots, time.Millisecond, func(i int) {
				if _, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "viewer"), false); len(fs) > 0 {
					t.Error(fs)
				}
			})
			each := 3*latency + time.Millisecond
			if took, floor := time.Since(began), n*each/time.Duration(slots); took > floor*5/4+250*time.Millisecond {
				t.Errorf("%d slots: took %s, three round trips take %s", slots, took, floor)
			}
		})
	}
}

func TestReadBacksOfRemovalsAndChangesAreShared(t *testing.T) {
	const n = 300
	for name, operation := range map[string]func(*session, string) []membership.Finding{
		"removals": func(a *session, id string) []membership.Finding {
			return a.delete(bind("w1", id, "viewer"), Exit{}, Private{})
		},
		"changes": func(a *session, id string) []membership.Finding {
			_, _, fs := a.update(bind("w1", id, "viewer"), bind("w1", id, "editor"), Exit{})
			return fs
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fullHouse(stage.BlinkTraits(), 0, people(n, "viewer")...)
				s.Latency = 50 * time.Millisecond
				a := openSession(t, s, enforce())
				fill(n, 10, 3*time.Millisecond, func(i int) {
					if fs := operation(a, fmt.Sprintf("p%d", i)); len(fs) > 0 {
						t.Error(fs)
					}
				})
				if reads := len(s.Sent("read")); reads > n/4+4 {
					t.Errorf("%d reads for %d people", reads, n)
				}
			})
		})
	}
}

// Nobody waits for others where there are none.
func TestASingleWriteDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(stage.BlinkTraits(), 1)
		s.Latency = 50 * time.Millisecond
		a := openSession(t, s, enforce())
		began := time.Now()
		_, fs := a.create(bind("w1", "p0", "viewer"), false)
		says(t, fs)
		// The listing to decide by, the write, the listing that proves it.
		if took := time.Since(began); took != 3*s.Latency {
			t.Errorf("took %s", took)
		}
	})
}

// Two who are changed together are proved together, without waiting for a third.
func TestTwoWritesDoNotWaitForAThird(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(stage.BlinkTraits(), 2)
		s.Latency = 50 * time.Millisecond
		a := openSession(t, s, enforce())
		began := time.Now()
		fill(2, 2, time.Millisecond, func(i int) {
			_, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "viewer"), false)
			says(t, fs)
		})
		if took := time.Since(began); took > 4*s.Latency+5*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

// A listing of many pages is not disturbed by the run's own writes: it would
// have to begin anew each time, and everybody would wait for it.
func TestWritesLetAListingEnd(t *testing.T) {
	for _, own := range []time.Duration{0, 3 * time.Millisecond, 20 * time.Millisecond} {
		t.Run(own.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n, latency = 200, 50 * time.Millisecond
				s := fullHouse(stage.BlazeTraits(), 0, people(n, "tester")...)
				s.Latency, s.Shifts = latency, true
				a := openSession(t, s, enforce())
				began := time.Now()
				fill(n, 10, own, func(i int) {
					if fs := a.delete(bind("w1", fmt.Sprintf("p%d", i), "tester"), Exit{}, Private{}); len(fs) > 0 {
						t.Error(summaries(fs))
					}
				})
				took := time.Since(began)
				if reads := len(s.Sent("read")); reads > n/4+4 {
					t.Errorf("%d listings for %d removals", reads, n)
				}
				if floor := n*own + 2*n*latency/10; took > floor*5/4+250*time.Millisecond {
					t.Errorf("took %s: Terraform's own work and two round trips are %s", took, floor)
				}
			})
		})
	}
}
