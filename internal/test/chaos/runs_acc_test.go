package chaos

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

// pair is a service in which two people own a workspace of each product.
func pair(t *testing.T) *world {
	t.Helper()
	acctest.Needed(t)
	w := newWorld(t, 1, newTally(), asDocumented(t))
	for _, p := range played {
		w.promote(p, p.Workspace(0))
	}
	w.svc.ResetFewestOwners()
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Latency: mockservice.Duration(50 * time.Millisecond)}))
	return w
}

// ownerBlocks gives the resources of the n-th owner in every product.
func ownerBlocks(n int, extra string) string {
	var b strings.Builder
	for _, p := range played {
		fmt.Fprintf(&b, "resource %q \"o%d\" {\n  %s = %q\n  %s\n  role = %q\n  %s\n}\n", p.Additive.TypeName, n, p.At(), p.Workspace(0), p.Arguments(strconv.Quote(p.Person(n))), p.Owner(), extra)
	}
	return b.String()
}

// refusals says how often each product's guard speaks in a text.
func refusals(t *testing.T, text string) {
	t.Helper()
	for _, p := range played {
		if n := strings.Count(text, p.last()); n != 1 {
			t.Errorf("%s: %d of 2 removals were refused", p.Title, n)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// last is what the guard's message says of the workspace, whatever the product
// calls it and its owners.
func (p product) last() string { return "(" + p.Workspace(0) + ") would have 0 " }

const quickGuard = `last_owner_guard = { handover_wait = "500ms" }`

func (w *world) oneOwnerIsLeft(t *testing.T) {
	t.Helper()
	for _, p := range played {
		if o := w.svc.Access(p.Name).Owners(p.Workspace(0)); o.Now != 1 || o.Fewest != 1 {
			t.Errorf("%s: there is %d owner now, and the fewest were %d", p.Title, o.Now, o.Fewest)
		}
	}
}

// Two folders, two processes, one service: each run takes one of two owners
// out, and each plan is fine by itself.
func TestAccTwoRunsAtOnce(t *testing.T) {
	w := pair(t)
	var runs [2]*acctest.CLI
	for n := range runs {
		runs[n] = acctest.New(t, w.svc.Env())
		settings := "provider \"roster\" {\n  " + quickGuard + "\n}\n"
		runs[n].Write("main.tf", settings+ownerBlocks(n, ""))
		runs[n].Apply()
		runs[n].Write("main.tf", settings)
		runs[n].Plan("-out=removal")
	}
	var results [2]acctest.Result
	var both sync.WaitGroup
	for n, run := range runs {
		both.Go(func() { results[n] = run.Run("apply", "-no-color", "removal") })
	}
	both.Wait()
	refusals(t, results[0].Text()+results[1].Text())
	w.oneOwnerIsLeft(t)
}

// Two aliases in one configuration are two processes of the provider, which do
// not know of each other's plans.
func TestAccTwoAliasesAtOnce(t *testing.T) {
	w := pair(t)
	run := acctest.New(t, w.svc.Env())
	settings := "provider \"roster\" {\n  " + quickGuard + "\n}\nprovider \"roster\" {\n  alias = \"other\"\n  " + quickGuard + "\n}\n"
	run.Write("main.tf", settings+ownerBlocks(0, "")+ownerBlocks(1, "provider = roster.other"))
	run.Apply()
	run.Write("main.tf", settings)
	refusals(t, run.Fails([]string{"apply", "-auto-approve", "-no-color"}).Text())
	w.oneOwnerIsLeft(t)
	// The other half of what was planned is done: what is left is one owner of
	// each product.
	if n := len(run.State()); n != len(played) {
		t.Errorf("%d resources are in the state, want %d", n, len(played))
	}
}
