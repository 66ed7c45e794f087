package roster

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// crowded is a workspace of n owners, served without any time passing.
func crowded(n int) *stage.Stage {
	ms := make([]membership.Member, n)
	for i := range ms {
		ms[i] = stage.Person(fmt.Sprintf("u-%06d", i), "owner")
	}
	s := stage.New(stage.BlinkTraits())
	s.Spaces["w1"] = &stage.Space{Name: "Space w1", Members: ms, History: []stage.Snapshot{{Members: ms}}}
	for _, m := range ms {
		s.Known[""] = append(s.Known[""], membership.Person{Principal: m.Principal, Email: m.Email})
	}
	for i := range n {
		id := fmt.Sprintf("n-%06d", i)
		s.Known[""] = append(s.Known[""], membership.Person{Principal: stage.User(id), Email: id + "@example.com"})
	}
	return s
}

// planHandovers plans that half of n owners go and others come: n bindings.
func planHandovers(tb testing.TB, s *stage.Stage, n int) {
	tb.Helper()
	g := enforce()
	g.MinimumOwners = n // each loss has to be covered
	p := (&terraform{svc: s, guard: g, locker: &stage.Locker{}}).start()
	ctx := context.WithoutCancel(tb.Context())
	for i := range n / 2 {
		come := p.run.PlanBinding(ctx, BindingChange{Next: bind("w1", fmt.Sprintf("n-%06d", i), "owner")})
		leave := p.run.PlanBinding(ctx, BindingChange{Prior: bind("w1", fmt.Sprintf("u-%06d", i), "owner")})
		if len(come.Findings)+len(leave.Findings) > 0 {
			tb.Fatal(summaries(come.Findings), summaries(leave.Findings))
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		s := crowded(n)
		b.Run(fmt.Sprintf("handovers=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				planHandovers(b, s, n)
			}
		})
	}
}

func BenchmarkPlanNothing(b *testing.B) {
	const n = 10_000
	s := crowded(n)
	b.ReportAllocs()
	for b.Loop() {
		p := (&terraform{svc: s, guard: enforce(), locker: &stage.Locker{}}).start()
		for i := range n {
			x := bind("w1", fmt.Sprintf("u-%06d", i), "owner")
			if got := p.run.ReadBinding(b.Context(), *x, "", Private{}); got.Presence != membership.There {
				b.Fatal("not found")
			}
			p.run.PlanBinding(b.Context(), BindingChange{Prior: x, Next: x, NoChange: true})
		}
	}
}

func BenchmarkNewListing(b *testing.B) {
	s := crowded(10_000)
	w := &membership.Workspace{ID: "w1", Members: s.Spaces["w1"].Members}
	b.ReportAllocs()
	for b.Loop() {
		membership.NewListing(w, s.ProductTraits)
	}
}

// Ten times the losses cost ten times as much, and not a hundred times. The
// two are measured side by side, and more than once, on a machine that has
// other things to do as well.
func TestPlanningIsNotQuadratic(t *testing.T) {
	small, large := crowded(1000), crowded(10_000)
	var ratios []float64
	for range 6 {
		began := time.Now()
		for range 10 {
			planHandovers(t, small, 1000)
		}
		tenSmall := time.Since(began)
		began = time.Now()
		planHandovers(t, large, 10_000)
		ratios = append(ratios, float64(time.Since(began))/float64(tenSmall))
		if ratios[len(ratios)-1] < 4 {
			return
		}
	}
	t.Errorf("one plan of 10 000 took so many times what ten of 1 000 took: %.1f", ratios)
}
