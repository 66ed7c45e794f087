package roster

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/cache"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// Config is what a [Run] is made of.
type Config struct {
	Service membership.Service
	Naming  membership.Vocabulary
	Guard   Guard
	Walk    *Walk
	// Locker excludes other processes; nil for locks on files.
	Locker reconcile.Locker
	Logger reconcile.Logger
	// MaxConcurrent bounds the calls that one resource makes at a time.
	MaxConcurrent int
}

// Run is one product in one walk: its listings, its guard, its writes.
type Run struct {
	*planning.Planner

	config Config
	svc    membership.Service
	traits membership.Traits
	naming membership.Vocabulary

	self   *cache.Value[membership.Person]
	people keyed[*cache.Value[*membership.Tenant]]
	descr  keyed[*cache.Value[membership.Description]]
	spaces keyed[*space]
	// readings are what resources and data sources share besides (Once).
	readings readings
	judge    *guard.Judge
	ways     reconcile.Ways
}

// NewRun makes a run. It makes no call.
func NewRun(c Config) *Run {
	if c.Locker == nil {
		c.Locker = reconcile.NewFileLocker()
	}
	r := &Run{config: c, svc: c.Service, traits: c.Service.Traits(), naming: c.Naming}
	r.judge = guard.NewJudge(c.Guard, r.traits, c.Naming)
	r.Planner = planning.NewPlanner(planReadings{r}, r.traits, c.Naming, r.judge, c.Walk)
	r.self = cache.New(r.svc.Self)
	r.people.make = func(tenant string) *cache.Value[*membership.Tenant] {
		return cache.New(func(ctx context.Context) (*membership.Tenant, error) {
			people, err := r.svc.People(ctx, tenant)
			if err != nil {
				return nil, err
			}
			return membership.NewTenant(people), nil
		})
	}
	r.descr.make = func(id string) *cache.Value[membership.Description] {
		return cache.New(func(ctx context.Context) (membership.Description, error) { return r.svc.DescribeWorkspace(ctx, id) })
	}
	r.spaces.make = func(id string) *space { return newSpace(r, id) }
	r.spaces.canonical = func(id string) string { return membership.WorkspaceKey(r.traits.Endpoint, id) }
	r.descr.canonical = r.spaces.canonical
	return r
}

// Service gives the product behind the run.
func (r *Run) Service() membership.Service { return r.svc }

// Traits gives the product's traits.
func (r *Run) Traits() membership.Traits { return r.traits }

// keyed makes things on first use.
type keyed[V any] struct {
	mu   sync.Mutex
	all  map[string]V
	make func(id string) V
	// canonical gives ids that name the same thing one spelling; nil leaves them
	// as they are.
	canonical func(id string) string
}

func (k *keyed[V]) get(id string) V {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := id
	if k.canonical != nil {
		key = k.canonical(id)
	}
	v, ok := k.all[key]
	if !ok {
		if k.all == nil {
			k.all = map[string]V{}
		}
		v = k.make(id)
		k.all[key] = v
	}
	return v
}

// space is one workspace in one run.
type space struct {
	run      *Run
	id       string
	listings *cache.Value[*membership.Listing]

	// reconciler applies what is changed in it.
	reconciler *reconcile.Reconciler

	mu sync.Mutex
	// floor is taken from the first complete listing.
	floor guard.Floor
	// replaced is what objects held that this run replaces and has destroyed, by
	// [planning.RolesKey].
	replaced map[string]planning.Held
}

func newSpace(r *Run, id string) *space {
	s := &space{run: r, id: id, replaced: map[string]planning.Held{}}
	s.listings = cache.New(func(ctx context.Context) (*membership.Listing, error) {
		w, err := r.svc.ReadWorkspace(ctx, id)
		if err != nil {
			return nil, err
		}
		l := membership.NewListing(w, r.traits)
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.floor.Known() {
			s.floor = guard.NewFloor(l)
		}
		return l, nil
	})
	s.reconciler = reconcile.New(reconcile.Config{
		Workspace: id, Service: r.svc, Judge: r.judge, Activity: r.config.Walk.Activity(), Locker: r.config.Locker, Logger: r.config.Logger,
		Listings: s.listings, Self: r.Self, Ways: &r.ways, MaxConcurrent: max(1, r.config.MaxConcurrent),
		Status: func(ctx context.Context) guard.Status { return r.status(ctx, id) },
	})
	return s
}

// Listing gives the workspace's listing of this run, which shows what the run has
// changed so far.
func (r *Run) Listing(ctx context.Context, workspace string) (*membership.Listing, error) {
	return r.spaces.get(workspace).reconciler.Current(ctx)
}

// Tenant gives everybody in a tenant, read once, or again where [NotBefore] asks for that.
func (r *Run) Tenant(ctx context.Context, tenant string) (*membership.Tenant, error) {
	return recent(ctx, r.people.get(tenant))
}

// Self tells who the credentials belong to, asked once.
func (r *Run) Self(ctx context.Context) (membership.Person, error) { return r.self.Get(ctx) }

// Describe tells what the listing of a workspace does not, asked once.
func (r *Run) Describe(ctx context.Context, workspace string) (membership.Description, error) {
	return r.descr.get(workspace).Get(ctx)
}

// WorkspaceName gives a name for people: the display name where it can be had,
// else the id. Once the context is over it asks nobody.
func (r *Run) WorkspaceName(ctx context.Context, id string) string {
	if name := r.listedName(id); name != "" {
		return name
	}
	if _, known := r.descr.get(id).Peek(); !known && ctx.Err() == nil {
		_, _ = r.Describe(ctx, id) // a name is worth no failure
	}
	return r.knownName(id)
}

// knownName is the same without a call.
func (r *Run) knownName(id string) string {
	d, _ := r.descr.get(id).Peek()
	return cmp.Or(r.listedName(id), d.Value.Name, id)
}

// listedName is the name that the workspace's listing gives; "" for none.
func (r *Run) listedName(id string) string {
	if l, read := r.spaces.get(id).listings.Peek(); read {
		return l.Value.Name
	}
	return ""
}

// status tells who is inactive in the tenant, or invited to it.
func (r *Run) status(ctx context.Context, workspace string) guard.Status {
	if !r.traits.StatusMatters {
		return guard.Status{}
	}
	t, err := planReadings{r}.Tenant(ctx, workspace, time.Time{})
	if err != nil {
		return guard.StatusOf(nil)
	}
	return guard.StatusOf(t)
}
