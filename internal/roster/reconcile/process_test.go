package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/activity"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/cache"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// process is one provider process in one walk, with a reconciler for each
// workspace.
type process struct {
	t      *testing.T
	svc    *stage.Stage
	policy guard.Policy
	locker Locker
	act    *activity.Activity
	book   *stage.Notebook
	ways   Ways
	spaces map[string]*Reconciler
}

func enforce() guard.Policy {
	return guard.Policy{Mode: guard.Enforce, MinimumOwners: 1, HandoverWait: 5 * time.Second}
}

func start(t *testing.T, s *stage.Stage, change ...func(*process)) *process {
	t.Helper()
	p := &process{t: t, svc: s, policy: enforce(), locker: &stage.Locker{}, act: activity.New(), book: &stage.Notebook{}, spaces: map[string]*Reconciler{}}
	for _, c := range change {
		c(p)
	}
	return p
}

// in gives the reconciler of a workspace. Call it before going to work
// concurrently.
func (p *process) in(id string) *Reconciler {
	if r := p.spaces[id]; r != nil {
		return r
	}
	svc := p.svc.Service()
	status := cache.New(func(ctx context.Context) (guard.Status, error) {
		people, err := svc.People(ctx, p.svc.Tenant())
		st := guard.Status{Unreadable: err != nil, Inactive: map[membership.Principal]bool{}}
		for _, who := range people {
			if who.Inactive {
				st.Inactive[who.Fold()] = true
			}
		}
		return st, nil
	})
	self := cache.New(svc.Self)
	r := New(Config{
		Workspace: id, Service: svc, Judge: guard.NewJudge(p.policy, p.svc.ProductTraits, membership.Vocabulary{}), Activity: p.act,
		Locker: p.locker, Logger: p.book, Ways: &p.ways, MaxConcurrent: 16, Self: self.Get,
		Listings: cache.New(func(ctx context.Context) (*membership.Listing, error) {
			w, err := svc.ReadWorkspace(ctx, id)
			if err != nil {
				return nil, err
			}
			return membership.NewListing(w, p.svc.ProductTraits), nil
		}),
		Status: func(ctx context.Context) guard.Status {
			if !p.svc.ProductTraits.StatusMatters {
				return guard.Status{}
			}
			st, _ := status.Get(ctx)
			return st
		},
	})
	p.spaces[id] = r
	return r
}

// apply is one request.
func (p *process) apply(workspace string, changes ...Change) []Outcome {
	return p.applyWithin(p.t.Context(), workspace, changes...)
}

func (p *process) applyWithin(ctx context.Context, workspace string, changes ...Change) []Outcome {
	defer p.act.Begin()()
	p.act.Applying()
	return p.in(workspace).Apply(ctx, changes...)
}

func standing(role string) *membership.Standing {
	return &membership.Standing{Role: role, Enabled: true}
}

// give is a creation, or an update where the state held something.
func give(id, role string, edit ...func(*Change)) Change {
	return edited(Change{Action: Give, Principal: stage.User(id), Want: standing(role), Token: "t-" + id}, edit)
}

// end is a delete of what the state held.
func end(id, held string, edit ...func(*Change)) Change {
	return edited(Change{Action: End, Principal: stage.User(id), Held: standing(held), Token: "t-" + id}, edit)
}

// drop is a removal by a resource that manages several.
func drop(id, held string, edit ...func(*Change)) Change {
	return edited(Change{Action: Drop, Principal: stage.User(id), Held: standing(held), Token: "all"}, edit)
}

func edited(c Change, edit []func(*Change)) Change {
	for _, e := range edit {
		e(&c)
	}
	return c
}

func held(role string) func(*Change) { return func(c *Change) { c.Held = standing(role) } }
func leaving(role string) func(*Change) {
	return func(c *Change) { c.Want = standing(role) }
}
func by(token string) func(*Change) { return func(c *Change) { c.Token = token } }

// creates makes a change the creation of a resource of its own.
func creates(c *Change)  { c.Creates = true }
func adopting(c *Change) { c.Adopt = true }

// names of results and reasons, for the tests.
func (o Outcome) String() string {
	s := []string{"done", "already so", "left alone", "refused", "failed", "unclear"}[o.Result]
	if o.Reason != NoReason {
		s += [...]string{
			"", ": held by another", ": not held", ": became owner", ": incomplete", ": unreadable", ": no such member",
			": too few owners", ": given back", ": not given back", ": not proved",
		}[o.Reason]
	}
	return s
}

// wantOutcomes wants exactly these results.
func wantOutcomes(t *testing.T, got []Outcome, want ...string) {
	t.Helper()
	var s, errs []string
	for _, o := range got {
		s = append(s, o.String())
		if o.Err != nil {
			errs = append(errs, o.Err.Error())
		}
	}
	if !slices.Equal(s, want) {
		t.Errorf("outcomes %q, want %q; %s", s, want, strings.Join(errs, "; "))
	}
}

// town is a workspace with two owners and a viewer, and strangers who are known.
func town() *stage.Stage {
	return stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("zoe", "owner"), stage.Person("vic", "viewer")).Strangers("new", "other")
}

// lonely is a workspace with one owner and a viewer.
func lonely() *stage.Stage {
	return stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("vic", "viewer")).Strangers("new", "other")
}

// many gives people p0 and on.
func many(n int, role string) []membership.Member {
	out := make([]membership.Member, n)
	for i := range out {
		out[i] = stage.Person(fmt.Sprintf("p%d", i), role)
	}
	return out
}
