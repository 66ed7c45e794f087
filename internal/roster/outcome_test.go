package roster

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// A give-back that failed names the person, the role, and the call to make.
func TestFailedGiveBackSaysTheCall(t *testing.T) {
	for name, c := range map[string]struct {
		traits membership.Traits
		role   string
		call   string
	}{
		"Blink":      {stage.BlinkTraits(), "owner", "POST /workspaces/w%201/user/u-1/role/owner"},
		"BlazeMeter": {stage.BlazeTraits(), "manager", `PUT /workspaces/w%201/users/u-1 with {"roles":["manager"],"enabled":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			before := membership.Member{Principal: membership.Principal{Kind: membership.User, ID: "u-1"}, Email: "u1@example.com", Roles: []string{c.role}, Enabled: true}
			s := openSession(t, stage.New(c.traits), enforce()).run.spaces.get("w 1")
			f := s.failureOf(t.Context(), plannedChange{Change: reconcile.Change{Principal: before.Principal}},
				reconcile.Outcome{Result: reconcile.Failed, Reason: reconcile.NotGivenBack, Before: before, WasThere: true, Err: errors.New("HTTP 500")})
			for _, want := range []string{"u1@example.com (u-1)", `"` + c.role + `"`, c.call, "HTTP 500"} {
				if !strings.Contains(f.Detail, want) {
					t.Errorf("%q is missing in:\n%s", want, f.Detail)
				}
			}
		})
	}
}

// A request that was stopped asks for no name any more, and gives the one that
// is known.
func TestStoppedRequestAsksForNoName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(stage.BlazeTraits()).Workspace("w1", stage.Person("ann", "manager"))
		x := openSession(t, s, enforce())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := x.run.WorkspaceName(ctx, "w1"); got != "w1" {
			t.Errorf("named %q", got)
		}
		if sent := s.Sent("describe"); len(sent) > 0 {
			t.Errorf("sent %v", sent)
		}
		name := x.run.WorkspaceName(t.Context(), "w1")
		if name == "w1" || x.run.WorkspaceName(ctx, "w1") != name {
			t.Errorf("named %q", name)
		}
	})
}
