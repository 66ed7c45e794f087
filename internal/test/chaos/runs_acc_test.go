package chaos

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

// pair is a service in which two people own a workspace of each product.
func pair(t *testing.T) *world {
	t.Helper()
	acctest.Needed(t)
	w := newWorld(t, 1, newTally(), func(s *mockservice.Seed) { s.ClearBehaviour(); lenient(s) })
	w.svc.Must(mockblink.Of(w.svc).SetRole("w-1", mockservice.KindUser, "u-1", "owner"))
	w.svc.Must(mockblazemeter.Of(w.svc).Set("901", "5001", true, "manager"))
	w.svc.ResetFewestOwners()
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Latency: mockservice.Duration(50 * time.Millisecond)}))
	return w
}

// ownerBlocks gives the resources of the n-th owner in both products.
func ownerBlocks(n int, extra string) string {
	return fmt.Sprintf("resource \"roster_blink_workspace_role_binding\" \"o%d\" {\n  workspace_id = \"w-1\"\n  entity_type = \"user\"\n  entity_id = \"u-%d\"\n  role = \"owner\"\n  %s\n}\n", n, n, extra) +
		fmt.Sprintf("resource \"roster_blazemeter_workspace_user\" \"o%d\" {\n  workspace_id = \"901\"\n  user_id = \"%d\"\n  role = \"manager\"\n  %s\n}\n", n, 5000+n, extra)
}

const quickGuard = `last_owner_guard = { handover_wait = "500ms" }`

func (w *world) oneOwnerIsLeft(t *testing.T) {
	t.Helper()
	for what, o := range map[string]mockservice.OwnerCounts{"Blink": mockblink.Of(w.svc).Owners("w-1"), "BlazeMeter": mockblazemeter.Of(w.svc).Owners("901")} {
		if o.Now != 1 || o.Fewest != 1 {
			t.Errorf("%s: there is %d owner now, and the fewest were %d", what, o.Now, o.Fewest)
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
	text := results[0].Text() + results[1].Text()
	if n := strings.Count(text, "Workspace would lose its last owner"); n != 1 {
		t.Errorf("Blink: %d of 2 removals were refused", n)
	}
	if n := strings.Count(text, "Workspace would lose its last manager"); n != 1 {
		t.Errorf("BlazeMeter: %d of 2 removals were refused", n)
	}
	if t.Failed() {
		t.Log(text)
	}
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
	r := run.Fails([]string{"apply", "-auto-approve", "-no-color"}, "Workspace would lose its last owner", "Workspace would lose its last manager")
	if n := strings.Count(r.Text(), "Workspace would lose its last"); n != 2 {
		t.Errorf("%d of 4 removals were refused", n)
	}
	w.oneOwnerIsLeft(t)
	// The other half of what was planned is done: what is left is one owner of
	// each product.
	if n := len(run.State()); n != 2 {
		t.Errorf("%d resources are in the state, want 2", n)
	}
}
