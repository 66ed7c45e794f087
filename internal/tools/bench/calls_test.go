package main

import (
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// inSlots does something for each of n people.
func inSlots(n int, each func(i int)) {
	var all sync.WaitGroup
	next := make(chan int)
	for range slots {
		all.Go(func() {
			for i := range next {
				each(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

// world serves n members, or as many who are known only, and gives the calls so far.
func world(t *testing.T, p product, members, strangers int) func() (reads, writes int) {
	t.Helper()
	seed := p.seed(members, strangers)
	seed.Faults.Latency = mockservice.Duration(20 * time.Millisecond)
	svc := mockservice.StartTest(t, seed, mockservice.WithWireCheck(false))
	svc.Setenv()
	return func() (int, int) { return (&service{Server: svc.Server}).calls() }
}

// each tests every product that is served.
func each(t *testing.T, test func(t *testing.T, p product)) {
	t.Helper()
	all, err := measured()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		t.Run(p.Title, func(t *testing.T) { test(t, p) })
	}
}

// oneListing is how many calls one listing of a workspace with so many members takes.
func oneListing(t *testing.T, p product, members int) int {
	t.Helper()
	svc, err := serve(t.Context(), p.seed(members, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer svc.close()
	l, err := svc.listing(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return l.calls
}

// lifecycle does for one person what Terraform does in one walk.
type lifecycle struct {
	t *testing.T
	p product
	*protocol.Provider
}

func (l lifecycle) config(i int, role string) protocol.Object {
	c := l.p.instance(i)
	for _, computed := range []string{"id", "email", l.p.Additive.Name.Name} {
		delete(c, computed)
	}
	c["role"] = role
	return c
}

func (l lifecycle) state(i int) protocol.Instance {
	return protocol.Instance{Type: l.p.Additive.TypeName, State: l.p.instance(i)}
}

func (l lifecycle) plan(prior protocol.Instance, config protocol.Object) protocol.Change {
	c, diags, err := l.PlanChange(l.t.Context(), prior, config)
	if err != nil || diags.Failed() {
		l.t.Errorf("plan: %v\n%s", err, diags)
	}
	return c
}

func (l lifecycle) apply(c protocol.Change) {
	if _, diags, err := l.Apply(l.t.Context(), c); err != nil || diags.Failed() {
		l.t.Errorf("apply: %v\n%s", err, diags)
	}
}

// A refresh and a plan cost one listing, however many resources there are.
func TestPlanCosts(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		const n = 300
		calls := world(t, p, n, 0)
		l := lifecycle{t, p, protocol.Start(t, nil)}
		inSlots(n, func(i int) {
			now, diags, err := l.Refresh(t.Context(), l.state(i))
			if err != nil || diags.Failed() {
				t.Errorf("refresh: %v\n%s", err, diags)
			}
			l.plan(now, l.config(i, p.role()))
		})
		most := oneListing(t, p, n)
		if reads, writes := calls(); reads > most || writes > 0 {
			t.Errorf("%d reads (at most %d) and %d writes", reads, most, writes)
		}
	})
}

// A first apply costs N writes and at most one listing for two of them, its plan
// included: nobody waits for others before a write is proved.
func TestFirstApplyCosts(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		const n = 300
		calls := world(t, p, 0, n)
		planning := lifecycle{t, p, protocol.Start(t, nil)}
		none := protocol.Instance{Type: p.Additive.TypeName}
		inSlots(n, func(i int) { planning.plan(none, planning.config(i, p.role())) })
		applying := lifecycle{t, p, protocol.Start(t, nil)}
		inSlots(n, func(i int) { applying.apply(applying.plan(none, applying.config(i, p.role()))) })
		most := n / 2
		if oneListing(t, p, n) > 1 { // pages
			most = n
		}
		if reads, writes := calls(); reads > most || writes != n {
			t.Errorf("%d reads (at most %d) and %d writes for %d people", reads, most, writes, n)
		}
	})
}

// Changes and removals are proved together too: a tenth of a listing each.
func TestChangesAndRemovalsCost(t *testing.T) {
	const n = 100
	each(t, func(t *testing.T, p product) {
		for name, role := range map[string]string{"changes": p.another(), "removals": ""} {
			t.Run(name, func(t *testing.T) {
				calls := world(t, p, n, 0)
				l := lifecycle{t, p, protocol.Start(t, nil)}
				inSlots(n, func(i int) {
					var config protocol.Object
					if role != "" {
						config = l.config(i, role)
					}
					c := l.plan(l.state(i), config)
					if role == "" {
						c = protocol.Change{Prior: l.state(i)} // the apply of a removal has no plan
					}
					l.apply(c)
				})
				listing := oneListing(t, p, n)
				if listing > 1 {
					listing++ // who is disabled by now fills a page more
				}
				if reads, writes := calls(); reads > (n/4+4)*listing || writes != n {
					t.Errorf("%d reads (at most %d) and %d writes for %d people", reads, (n/4+4)*listing, writes, n)
				}
			})
		}
	})
}
