package roster

import (
	"context"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/roster/cache"
)

// Logger takes the few lines that the core writes.
type Logger interface {
	Info(ctx context.Context, msg string, fields map[string]any)
	Warn(ctx context.Context, msg string, fields map[string]any)
}

// Walk is what all products of one configured provider share: what Terraform
// does in this process, and the losses and gains that were planned in it.
type Walk struct {
	activity *Activity
	ledger   *ledger
}

// NewWalk begins a walk. Each configuration of the provider has its own: what
// was planned in one walk says nothing about the next.
func NewWalk(a *Activity, g Guard) *Walk {
	return &Walk{activity: a, ledger: newLedger(a, g)}
}

// Config is what a [Run] is made of.
type Config struct {
	Service Service
	Naming  Naming
	Guard   Guard
	Walk    *Walk
	Locker  Locker
	Logger  Logger
	// MaxConcurrent bounds the calls that one resource makes at a time.
	MaxConcurrent int
}

// Run is one product in one walk: its listings, its guard, its writes.
type Run struct {
	svc     Service
	traits  Traits
	naming  Naming
	guard   Guard
	walk    *Walk
	locker  Locker
	log     Logger
	maxConc int

	self   *cache.Value[Person]
	people keyed[string, *cache.Value[*Tenant]]
	descr  keyed[string, *cache.Value[Description]]
	spaces keyed[string, *space]
	// readings are what the faces share besides (Once).
	readings readings

	mu sync.Mutex
	// assignAdds is what was learned about Traits.AssignMayAdd: 0 nothing yet,
	// 1 it does, -1 it does not.
	assignAdds int
}

// NewRun makes a run. It makes no call.
func NewRun(c Config) *Run {
	r := &Run{
		svc: c.Service, traits: c.Service.Traits(), naming: c.Naming, guard: c.Guard, walk: c.Walk,
		locker: c.Locker, log: c.Logger, maxConc: max(1, c.MaxConcurrent),
	}
	r.self = cache.New(r.svc.Self)
	r.people.make = func(tenant string) *cache.Value[*Tenant] {
		return cache.New(func(ctx context.Context) (*Tenant, error) {
			people, err := r.svc.People(ctx, tenant)
			if err != nil {
				return nil, err
			}
			return newTenant(people), nil
		})
	}
	r.descr.make = func(id string) *cache.Value[Description] {
		return cache.New(func(ctx context.Context) (Description, error) { return r.svc.DescribeWorkspace(ctx, id) })
	}
	r.spaces.make = func(id string) *space { return newSpace(r, id) }
	return r
}

// Service gives the product behind the run.
func (r *Run) Service() Service { return r.svc }

// Traits gives the product's traits.
func (r *Run) Traits() Traits { return r.traits }

// keyed makes things on first use.
type keyed[K comparable, V any] struct {
	mu   sync.Mutex
	all  map[K]V
	make func(K) V
}

func (k *keyed[K, V]) get(key K) V {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.all[key]
	if !ok {
		if k.all == nil {
			k.all = map[K]V{}
		}
		v = k.make(key)
		k.all[key] = v
	}
	return v
}

// space is one workspace in one run.
type space struct {
	run      *Run
	id       string
	listings *cache.Value[*Listing]

	// principals is held around read, decide and write of one principal.
	principals keyedLock[Principal]
	// losses is held while an owner is taken out: one at a time.
	losses keyedLock[struct{}]
	// traffic is what is being done about single principals.
	traffic traffic
	// finds looks for those who have just been added.
	finds finds

	mu sync.Mutex
	// wrote is true from the first write of this run on; first is who held the
	// owner role in the first listing before it.
	wrote bool
	first []Member
	read  bool
	// gone are those whom this run has taken out or demoted, whatever a
	// listing that lags behind still shows.
	gone map[Principal]bool
	// held are those whom this run has created, adopted or kept; handed those
	// whose access a replaced object left to its successor.
	held, handed map[Principal]bool
	// deposed are those whom an authoritative resource held that this run ended.
	deposed map[Principal]bool
	// gained is closed and renewed whenever somebody gained a role.
	gained chan struct{}
}

func newSpace(r *Run, id string) *space {
	s := &space{run: r, id: id, gone: map[Principal]bool{}, held: map[Principal]bool{}, handed: map[Principal]bool{}, gained: make(chan struct{})}
	s.listings = cache.New(func(ctx context.Context) (*Listing, error) {
		w, err := r.svc.ReadWorkspace(ctx, id)
		if err != nil {
			return nil, err
		}
		return NewListing(w, r.traits), nil
	})
	s.listings.OnRead = s.remember
	s.finds.space = s
	s.finds.finder, _ = r.svc.(Finder)
	return s
}

// remember keeps the owners of the first listing before the first write. One
// that shows a part says nothing about how many there are.
func (s *space) remember(l *Listing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read || s.wrote || !l.Complete() {
		return
	}
	s.read = true
	s.first = l.Holders()
}

// floor is the number of owners below which this run must not take the
// workspace: the policy's minimum, or the number there was if that is smaller.
func (s *space) floor(inactive map[Principal]bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.first {
		if s.run.counts(m, inactive) {
			n++
		}
	}
	return min(n, s.run.guard.MinimumOwners)
}

// writing notes that this run is about to write in the workspace.
func (s *space) writing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote = true
}

// lost notes that the principal has (or may have) been taken out.
func (s *space) lost(p Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[fold(p)] = true
}

// got notes that the principal has a role now, and wakes who waits for a successor.
func (s *space) got(p Principal, now Standing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run.isOwner(now) {
		delete(s.gone, fold(p))
	}
	close(s.gained)
	s.gained = make(chan struct{})
}

// keeps notes that this run has created, adopted or kept the principal.
func (s *space) keeps(p Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[fold(p)] = true
}

// holds tells whether this run has created, adopted or kept the principal.
func (s *space) holds(p Principal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[fold(p)]
}

// handOver notes that a replaced object leaves the principal to its successor.
func (s *space) handOver(p Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handed[fold(p)] = true
}

func (s *space) handedOver(p Principal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handed[fold(p)]
}

// nextGain gives a channel that is closed when somebody gains a role.
func (s *space) nextGain() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gained
}

// Listing gives the workspace's listing of this run.
func (r *Run) Listing(ctx context.Context, workspace string) (*Listing, error) {
	return r.spaces.get(workspace).listings.Get(ctx)
}

// Tenant gives everybody in a tenant, read once.
func (r *Run) Tenant(ctx context.Context, tenant string) (*Tenant, error) {
	return r.people.get(tenant).Get(ctx)
}

// Self tells who the credentials belong to, asked once.
func (r *Run) Self(ctx context.Context) (Person, error) { return r.self.Get(ctx) }

// Describe tells what the listing of a workspace does not, asked once.
func (r *Run) Describe(ctx context.Context, workspace string) (Description, error) {
	return r.descr.get(workspace).Get(ctx)
}

// tenantOf gives everybody in the tenant that the workspace belongs to.
func (r *Run) tenantOf(ctx context.Context, workspace string) (*Tenant, error) {
	if r.traits.OneTenant {
		return r.Tenant(ctx, "")
	}
	d, err := r.Describe(ctx, workspace)
	if err != nil {
		return nil, err
	}
	return r.Tenant(ctx, d.Tenant)
}

// workspaceName gives a name for people: the display name where it can be had, else the id.
func (r *Run) workspaceName(ctx context.Context, l *Listing, id string) string {
	if l != nil && l.Name != "" {
		return l.Name
	}
	if d, err := r.Describe(ctx, id); err == nil && d.Name != "" {
		return d.Name
	}
	return id
}

// inactive gives those who are blocked in the tenant. Where it cannot be read,
// nobody is taken to be, and known is false.
func (r *Run) inactive(ctx context.Context, workspace string) (set map[Principal]bool, known bool) {
	if !r.traits.StatusMatters {
		return nil, true
	}
	t, err := r.tenantOf(ctx, workspace)
	if err != nil {
		return nil, false
	}
	return t.inactive, true
}

// verifyFor bounds how long a write may take to become visible.
const verifyFor = 6 * time.Second
