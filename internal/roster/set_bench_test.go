package roster

import (
	"context"
	"fmt"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// BenchmarkPlanSet compares a whole workspace with a configuration in which
// every role is another, the owners' losses under the guard among them.
func BenchmarkPlanRoles(b *testing.B) {
	roles := []string{"viewer", "editor", "owner"}
	for _, n := range []int{1000, 10_000} {
		prior, next := map[string]string{}, map[string]string{}
		var ms []membership.Member
		for i := range n {
			id := fmt.Sprintf("u-%06d", i)
			prior[id], next[id] = roles[i%3], roles[(i+1)%3]
			ms = append(ms, stage.Person(id, roles[i%3]))
		}
		s := stage.New(stage.BlinkTraits())
		s.Spaces["w1"] = &stage.Space{Name: "Space w1", Members: ms, History: []stage.Snapshot{{Members: ms}}}
		was, will := whole("w1", prior, nil), whole("w1", next, nil)
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.WithoutCancel(b.Context())
			for b.Loop() {
				p := (&terraform{svc: s, guard: enforce(), locker: &stage.Locker{}}).start()
				if out := p.run.PlanRoles(ctx, RolesChange{Prior: was, Next: will}); membership.Failed(out.Findings) {
					b.Fatal(summaries(out.Findings))
				}
			}
		})
	}
}

// BenchmarkCompare is the comparison alone.
func BenchmarkCompare(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		same := map[string]string{}
		for i := range n {
			same[fmt.Sprintf("u-%06d", i)] = "owner"
		}
		s := crowded(n)
		set := whole("w1", same, nil)
		l := membership.NewListing(&membership.Workspace{ID: "w1", Members: s.Spaces["w1"].Members}, s.ProductTraits)
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := planning.Compare(l, s.ProductTraits, *set, set.Held()); len(d.Add)+len(d.Lower)+len(d.Remove)+len(d.LeftAlone) > 0 {
					b.Fatalf("%d would change", len(d.Add)+len(d.Lower)+len(d.Remove)+len(d.LeftAlone))
				}
			}
		})
	}
}
