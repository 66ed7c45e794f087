package roster

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// What a resource that manages many has to say of each change that failed costs the
// same for each, however many there are in the workspace.
func TestFailedChangesCostTheSameForEach(t *testing.T) {
	bytesFor := func(n int) uint64 {
		s := crowded(n)
		s.Trouble = func(c stage.Call) stage.Trouble {
			if c.Writes() {
				return stage.Trouble{Err: &membership.Error{Failure: membership.Forbidden, Op: "assign", Status: 403, Message: "no."}}
			}
			return stage.Trouble{}
		}
		held, named := map[string]string{}, map[string]string{}
		for i := range n {
			held[fmt.Sprintf("u-%06d", i)] = "owner"
			named[fmt.Sprintf("u-%06d", i)] = "owner"
			named[fmt.Sprintf("n-%06d", i)] = "viewer"
		}
		p := (&terraform{svc: s, guard: enforce(), locker: &stage.Locker{}}).start()
		prior, next := whole("w1", held, nil), whole("w1", named, nil)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out := p.applySet(t.Context(), prior, *next)
		runtime.ReadMemStats(&after)
		if !membership.Failed(out.Findings) {
			t.Fatal(summaries(out.Findings))
		}
		return (after.TotalAlloc - before.TotalAlloc) / uint64(n)
	}
	few, many := bytesFor(200), bytesFor(2000)
	t.Logf("%d bytes for each of 200, %d for each of 2 000", few, many)
	if many > 2*few {
		t.Errorf("%d bytes for each of 200 failures, and %d for each of 2 000", few, many)
	}
}
