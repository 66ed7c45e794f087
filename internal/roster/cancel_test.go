package roster

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// A run that was cancelled before a change was sent says that nothing was
// changed, rather than that it may have been.
func TestWhatWasCancelledBeforeItWasSentIsNotUnclear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("bob", "viewer")).Strangers("new")
		x := openSession(t, s, enforce())
		if _, err := x.run.Listing(t.Context(), "w1"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 { // which of a lock and the end of a context comes first is chance
			_, fs := x.createWithin(ctx, bind("w1", "new", "editor"), false)
			fs = append(fs, x.deleteWithin(ctx, bind("w1", "bob", "viewer"), Exit{}, Private{})...)
			if len(fs) != 2 {
				t.Fatalf("%+v", fs)
			}
			for _, f := range fs {
				if f.Severity != membership.SeverityError || !strings.Contains(f.Detail, "Nothing was ") || strings.Contains(f.Detail, "may or may not") {
					t.Errorf("%s: %s", f.Summary, f.Detail)
				}
			}
		}
		s.WantSent(t)
	})
}

// Planning that is cancelled fails, rather than going on without a look at who
// is there: the values would differ from those planned before.
func TestPlanningThatIsCancelledSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := openSession(t, town(), enforce())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		next := bind("w1", "new", "editor")
		says(t, x.run.PlanBinding(ctx, BindingChange{Next: next}).Findings, "! Planning was cancelled")
	})
}
