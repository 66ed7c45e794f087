package roster

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
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
func fullHouse(tr Traits, strangers int, members ...Member) *stage {
	s := newStage(tr).workspace("w1", append([]Member{person("ann", tr.OwnerRole)}, members...)...)
	for i := range strangers {
		s.strangers(fmt.Sprintf("p%d", i))
	}
	return s
}

// people gives members p0 and on.
func people(n int, role string) []Member {
	out := make([]Member, n)
	for i := range out {
		out[i] = person(fmt.Sprintf("p%d", i), role)
	}
	return out
}

// The goal of the product: N writes, and at most N/4 + 4 reads; and hardly more
// time than two round trips in ten slots and Terraform's own work.
func TestReadBacksOfAdditionsAreShared(t *testing.T) {
	const slots = 10
	for _, latency := range []time.Duration{2 * time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond} {
		// What Terraform itself needs between two operations: much, in a large
		// state or on a busy machine.
		for _, own := range []time.Duration{0, 3 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond} {
			t.Run(fmt.Sprintf("%s, %s", latency, own), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const n = 300
					s := fullHouse(blinkTraits(), n)
					s.latency = latency
					a := openSession(t, s, enforce())
					began := time.Now()
					fill(n, slots, own, func(i int) {
						if _, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "viewer"), false); len(fs) > 0 {
							t.Error(fs)
						}
					})
					took := time.Since(began)
					if w := len(s.wrote()); w != n {
						t.Errorf("%d writes for %d people", w, n)
					}
					reads := len(s.sent("read", "people", "self", "describe"))
					if reads > n/4+4 {
						t.Errorf("%d reads for %d people", reads, n)
					}
					if floor := n * own; took > (floor+2*n*latency/slots)*5/4+gatherFor {
						t.Errorf("took %s: Terraform's own work %s, two round trips %s", took, floor, 2*n*latency/slots)
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
			s := fullHouse(blinkTraits(), n)
			s.latency = latency
			a := openSession(t, s, enforce())
			began := time.Now()
			fill(n, slots, time.Millisecond, func(i int) {
				if _, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "viewer"), false); len(fs) > 0 {
					t.Error(fs)
				}
			})
			each := 2*latency + time.Millisecond
			if took, floor := time.Since(began), n*each/time.Duration(slots); took > floor*5/4+gatherFor {
				t.Errorf("%d slots: took %s, two round trips take %s", slots, took, floor)
			}
		})
	}
}

func TestReadBacksOfRemovalsAndChangesAreShared(t *testing.T) {
	const n = 300
	for name, operation := range map[string]func(*session, string) []Finding{
		"removals": func(a *session, id string) []Finding { return a.delete(bind("w1", id, "viewer"), Exit{}, "") },
		"changes": func(a *session, id string) []Finding {
			_, _, fs := a.update(bind("w1", id, "viewer"), bind("w1", id, "editor"), Exit{})
			return fs
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fullHouse(blinkTraits(), 0, people(n, "viewer")...)
				s.latency = 50 * time.Millisecond
				a := openSession(t, s, enforce())
				fill(n, 10, 3*time.Millisecond, func(i int) {
					if fs := operation(a, fmt.Sprintf("p%d", i)); len(fs) > 0 {
						t.Error(fs)
					}
				})
				if reads := len(s.sent("read")); reads > n/4+4 {
					t.Errorf("%d reads for %d people", reads, n)
				}
			})
		})
	}
}

// Nobody waits for others where there are none.
func TestASingleWriteDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(blinkTraits(), 1)
		s.latency = 50 * time.Millisecond
		a := openSession(t, s, enforce())
		began := time.Now()
		_, fs := a.create(bind("w1", "p0", "viewer"), false)
		says(t, fs)
		// The listing to decide by, the write, the listing that proves it.
		if took := time.Since(began); took != 3*s.latency {
			t.Errorf("took %s", took)
		}
	})
}

// Two who are changed together are proved together, without waiting for a third.
func TestTwoWritesDoNotWaitForAThird(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(blinkTraits(), 2)
		s.latency = 50 * time.Millisecond
		a := openSession(t, s, enforce())
		began := time.Now()
		fill(2, 2, time.Millisecond, func(i int) {
			_, fs := a.create(bind("w1", fmt.Sprintf("p%d", i), "viewer"), false)
			says(t, fs)
		})
		if took := time.Since(began); took > 3*s.latency+5*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

func TestGathering(t *testing.T) {
	const took = 10 * time.Millisecond
	never := func() (bool, <-chan struct{}) { return false, nil }
	for name, c := range map[string]struct {
		// open, writing and gathered are others than the one who waits.
		open, writing, gathered, vain int
		took                          time.Duration
		want                          time.Duration
	}{
		"alone":                              {took: took, want: 0},
		"enough, and none on its way":        {open: 9, gathered: 4, took: took, want: 0},
		"enough, and others on their way":    {open: 9, gathered: 4, writing: 5, took: took, want: took},
		"a slow one on its way":              {open: 1, writing: 1, took: time.Minute, want: gatherFor},
		"too few":                            {open: 9, gathered: 1, took: took, want: gatherFor},
		"too few, as often before":           {open: 9, gathered: 1, vain: patience, took: took, want: 0},
		"too few, as before, but on the way": {open: 9, gathered: 1, writing: 1, vain: patience, took: took, want: gatherFor},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sp := newSpace(&Run{}, "w1")
				tr := &sp.traffic
				tr.add(&tr.open, c.open+1)
				tr.add(&tr.writing, c.writing)
				tr.add(&tr.gathered, c.gathered)
				tr.vain = c.vain
				began := time.Now()
				sp.gather(t.Context(), patienceOf{took: c.took}, never)()
				if waited := time.Since(began); waited != c.want {
					t.Errorf("waited %s, not %s", waited, c.want)
				}
				if tr.gathered != c.gathered {
					t.Errorf("%d are said to wait", tr.gathered)
				}
			})
		})
	}
}

func TestGatheringEndsWhenAReadingHasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sp := newSpace(&Run{}, "w1")
		sp.traffic.add(&sp.traffic.open, 9)
		for name, c := range map[string]struct{ serves, done, want time.Duration }{
			"before":      {serves: 0, want: 0},
			"meanwhile":   {serves: 20 * time.Millisecond, want: 20 * time.Millisecond},
			"or a cancel": {serves: time.Hour, done: 5 * time.Millisecond, want: 5 * time.Millisecond},
		} {
			began, launched := time.Now(), make(chan struct{})
			time.AfterFunc(c.serves, func() { close(launched) })
			ctx := t.Context()
			if c.done > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.done)
				defer cancel()
			}
			sp.gather(ctx, patienceOf{took: time.Minute}, func() (bool, <-chan struct{}) { return time.Since(began) >= c.serves, launched })()
			if waited := time.Since(began); waited != c.want {
				t.Errorf("%s: waited %s, not %s", name, waited, c.want)
			}
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
				s := fullHouse(blazeTraits(), 0, people(n, "tester")...)
				s.latency, s.shifts = latency, true
				a := openSession(t, s, enforce())
				began := time.Now()
				fill(n, 10, own, func(i int) {
					if fs := a.delete(bind("w1", fmt.Sprintf("p%d", i), "tester"), Exit{}, ""); len(fs) > 0 {
						t.Error(summaries(fs))
					}
				})
				took := time.Since(began)
				if reads := len(s.sent("read")); reads > n/4+4 {
					t.Errorf("%d listings for %d removals", reads, n)
				}
				if floor := n*own + 2*n*latency/10; took > floor*5/4+gatherFor {
					t.Errorf("took %s: Terraform's own work and two round trips are %s", took, floor)
				}
			})
		})
	}
}

func TestAWriteWaitsForAListingForSoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fullHouse(blazeTraits(), 0)
		a := openSession(t, s, enforce())
		sp := a.run.spaces.get("w1")
		began := time.Now()
		sp.letRead(t.Context())
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %s for nothing", waited)
		}
		s.latency = time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _, _ = sp.listings.Get(ctx) }()
		synctest.Wait()
		began = time.Now()
		sp.letRead(t.Context())
		if waited := time.Since(began); waited != letReadFor {
			t.Errorf("waited %s", waited)
		}
		short, end := context.WithTimeout(t.Context(), time.Millisecond)
		defer end()
		began = time.Now()
		sp.letRead(short)
		if waited := time.Since(began); waited != time.Millisecond {
			t.Errorf("waited %s beyond the context", waited)
		}
		cancel()
		<-done
	})
}
