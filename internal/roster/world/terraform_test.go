package world

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// session is one Terraform: a configuration and a state, on one machine. It
// plans and applies as Terraform does: each walk in a process of its own, a
// bounded number of slots, and nodes in random order within their dependencies.
type session struct {
	name      string
	machine   string
	machines  map[string]*machine
	service   *service
	driver    driver
	policy    policy
	endpoint  string
	resources []*resource

	options
	rng *rand.Rand
	// log has the findings of the walks of this session, the newest last.
	walks []*walk
}

// options are how Terraform is called.
type options struct {
	slots int
	// spread is how far apart nodes become ready.
	spread time.Duration
	// timeout is each resource's own.
	timeout time.Duration
	// noRefresh is -refresh=false, minimal is -minimal-refresh.
	noRefresh, minimal bool
	// orphansFirst: Terraform 1.11 plans what has left the configuration
	// before it is read.
	orphansFirst bool
	// destroy is terraform destroy.
	destroy bool
	// unknown is true where the provider's settings are known only after apply.
	unknown bool
	// forgets: a kill takes what this walk has recorded with it.
	forgets bool
	// seed decides the order of nodes; 0 is the order of the configuration.
	seed uint64
}

func (o options) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "-parallelism=%d spread %s timeout %s seed %d", o.slots, o.spread, o.timeout, o.seed)
	for text, is := range map[string]bool{" -refresh=false": o.noRefresh, " -minimal-refresh": o.minimal, " orphans planned first": o.orphansFirst, " destroy": o.destroy, " settings unknown at plan": o.unknown, " a kill loses the walk's state": o.forgets} {
		if is {
			b.WriteString(text)
		}
	}
	return b.String()
}

// how is what besides the configuration makes Terraform replace an object.
type how string

const (
	byItself  how = ""
	replaced  how = "-replace"
	isTainted how = "tainted"
)

// resource is one address.
type resource struct {
	addr string
	// config is what the configuration wants, nil for what has left it; known
	// is what a plan knows of that, nil for all of it.
	config, known *object
	how           how
	// cbd is create_before_destroy.
	cbd  bool
	deps []string
	// ready is how long after the beginning of a walk its turn comes.
	ready time.Duration

	state   *object
	private private
	deposed []deposed

	planned change
}

// deposed is an object that was replaced and is still to be destroyed.
type deposed struct {
	object  *object
	private private
}

// forgetGone drops the deposed objects that a refresh did not find any more.
func (r *resource) forgetGone() {
	r.deposed = slices.DeleteFunc(r.deposed, func(d deposed) bool { return d.object == nil })
}

// action is what Terraform is going to do with an instance.
type action string

const (
	nothing    action = ""
	creates    action = "create"
	updates    action = "update"
	deletes    action = "delete"
	deleteBack action = "delete then create"
	createBack action = "create then delete"
)

// change is what the plan decided about one resource.
type change struct {
	action  action
	prior   *object
	next    *object
	private private
	// refused is true where the plan did not pass.
	refused bool
}

func (r *resource) wanted(destroy bool) *object {
	switch {
	case destroy:
		return nil
	case r.known != nil:
		return r.known
	default:
		return r.config
	}
}

func (r *resource) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s -> %s", r.addr, r.state, r.config)
	if r.known != nil {
		fmt.Fprintf(&b, ", known at plan: %s", r.known)
	}
	if r.how != "" {
		fmt.Fprintf(&b, " %s", r.how)
	}
	if r.cbd {
		b.WriteString(" create_before_destroy")
	}
	if len(r.deps) > 0 {
		fmt.Fprintf(&b, " after %s", strings.Join(r.deps, ", "))
	}
	return b.String()
}

// walk is one walk of a session: its process, and what it said.
type walk struct {
	session *session
	record  *processRecord
	process process
	held    held
	apply   bool
	cancel  context.CancelFunc

	mu       sync.Mutex
	findings map[string][]finding
}

func (w *walk) all() []finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []finding
	for _, addr := range slices.Sorted(maps.Keys(w.findings)) {
		out = append(out, w.findings[addr]...)
	}
	return out
}

// start begins a walk, and gives the context that ends with it.
func (s *session) start(ctx context.Context, name string, setting setting) (*walk, context.Context) {
	w := &walk{session: s, apply: name == "apply", findings: map[string][]finding{}}
	w.record = &processRecord{name: s.name + " " + name, machine: s.machine, began: time.Now(), applies: w.apply}
	ctx, w.cancel = context.WithCancel(ctx)
	traits := s.service.traits
	traits.Endpoint = s.endpoint
	setting.service = (&conn{service: s.service, process: w.record, traits: traits}).port()
	setting.policy = s.policy
	setting.lock = s.machines[s.machine].lock(&w.held)
	setting.replaced = &s.machines[s.machine].replaced
	w.process = s.driver.start(setting)
	s.walks = append(s.walks, w)
	return w, ctx
}

// stop is Ctrl-C: requests are canceled, and no more nodes begin. It may be
// called in the middle of a call.
func (w *walk) stop() {
	if w.record.stopped.IsZero() {
		w.record.stopped = time.Now()
		w.session.service.record.note("%s is stopped", w.record)
	}
	w.cancel()
}

// kill is kill -9: nothing reaches the service or Terraform any more.
func (w *walk) kill() {
	w.session.service.record.note("%s is killed", w.record)
	w.record.killed.Store(true)
	w.held.die()
	w.cancel()
}

func (w *walk) end() {
	w.process.close()
	w.cancel()
	w.record.ended = time.Now()
}

// node is one step of a walk.
type node struct {
	name  string
	after []string
	ready time.Duration
	do    func(ctx context.Context) bool // false: failed
}

// run runs the nodes of a walk. What comes after one that failed is left out.
func (w *walk) run(ctx context.Context, nodes []node) {
	s := w.session
	slots := make(chan struct{}, s.slots)
	done, ok := map[string]chan struct{}{}, map[string]*bool{}
	for _, n := range nodes {
		done[n.name], ok[n.name] = make(chan struct{}), new(bool)
	}
	var wg sync.WaitGroup
	for i, n := range nodes {
		delay := n.ready + time.Duration(i+1)*time.Microsecond
		if s.seed != 0 {
			delay += time.Duration(s.rng.Int64N(int64(s.spread)))
		}
		wg.Go(func() {
			defer close(done[n.name])
			if pause(ctx, delay) != nil {
				return
			}
			for _, a := range n.after {
				if done[a] == nil {
					continue
				}
				<-done[a]
				if !*ok[a] {
					return
				}
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() == nil {
				*ok[n.name] = n.do(ctx)
			}
		})
	}
	wg.Wait()
}

// request makes one request to the process and notes it.
func (w *walk) request(ctx context.Context, q *request, do func(ctx context.Context) (*object, []finding)) bool {
	rec := w.session.service.record
	q.process, q.began, q.timeout = w.record, time.Now(), w.session.timeout
	rec.note("%s: %s %s: %s -> %s", w.record, q.what, q.addr, q.prior, q.next)
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	state, fs := do(ctx)
	cancel()
	q.ended = time.Now()
	if w.record.killed.Load() {
		return false
	}
	q.state, q.findings = state, fs
	rec.request(q)
	outcome := "done"
	if failed(fs) {
		outcome = "failed"
	}
	rec.note("%s: %s %s %s%s", w.record, q.what, q.addr, outcome, listed(fs))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record.requests = append(w.record.requests, q)
	w.findings[q.addr] = append(w.findings[q.addr], fs...)
	return !failed(fs)
}

// listed puts findings into the story.
type listed []finding

func (l listed) String() string {
	var b strings.Builder
	for _, f := range l {
		b.WriteString("\n             " + f.String())
	}
	return b.String()
}

// plan is what `terraform plan` does. It leaves what it decided with each
// resource. (A destroy plans the configuration first, in a process of its own.)
func (s *session) plan(ctx context.Context, mishaps func(*walk)) *walk {
	w := s.planWalk(ctx, false, mishaps)
	if !s.destroy {
		return w
	}
	if failed(w.all()) {
		for _, r := range s.resources {
			r.planned = change{}
		}
		return w
	}
	return s.planWalk(ctx, true, mishaps)
}

func (s *session) planWalk(ctx context.Context, destroy bool, mishaps func(*walk)) *walk {
	w, ctx := s.start(ctx, "plan", setting{unknown: s.unknown, plansTwice: s.minimal})
	mishaps(w)
	var nodes []node
	for _, r := range s.resources {
		r.planned = change{}
		r.forgetGone()
		nodes = append(nodes, node{name: r.addr, after: r.deps, ready: r.ready, do: func(ctx context.Context) bool { return w.planResource(ctx, r, destroy) }})
		for i := range r.deposed {
			d := &r.deposed[i]
			nodes = append(nodes, node{name: fmt.Sprintf("%s (deposed %d)", r.addr, i), do: func(ctx context.Context) bool {
				if !s.noRefresh && !destroy && !w.read(ctx, r, &d.object, &d.private) {
					return false
				}
				return d.object == nil || w.ask(ctx, r, d.object, nil, &d.private)
			}})
		}
	}
	w.run(ctx, nodes)
	w.end()
	return w
}

// read refreshes an object in place.
func (w *walk) read(ctx context.Context, r *resource, state **object, p *private) bool {
	q := &request{what: readRequest, addr: r.addr, prior: *state}
	return w.request(ctx, q, func(ctx context.Context) (*object, []finding) {
		now, then, fs := w.process.read(ctx, *state, *p)
		if !failed(fs) {
			*state, *p = now, then
		}
		return *state, fs
	})
}

// ask plans one change; p is the private data before and after.
func (w *walk) ask(ctx context.Context, r *resource, prior, next *object, p *private) bool {
	q := &request{what: planRequest, addr: r.addr, prior: prior, next: next}
	return w.request(ctx, q, func(ctx context.Context) (*object, []finding) {
		fs, then := w.process.plan(ctx, prior, next, *p)
		*p = then
		return nil, fs
	})
}

func (w *walk) planResource(ctx context.Context, r *resource, destroy bool) bool {
	s, next := w.session, r.wanted(destroy)
	refresh := !s.noRefresh && !destroy
	if r.state == nil {
		if next == nil {
			return true
		}
		r.private = ""
		return w.decide(ctx, r, creates, next)
	}
	if next == nil && s.orphansFirst && refresh {
		return w.decide(ctx, r, deletes, nil) && w.read(ctx, r, &r.state, &r.private)
	}
	if s.minimal && refresh && next != nil {
		carried, tainted := r.private, private("")
		if r.how == isTainted && !w.ask(ctx, r, nil, next, &tainted) || r.how != isTainted && !w.ask(ctx, r, r.state, next, &carried) {
			return false
		}
		if r.how == byItself && r.state.same(next) {
			return true // planned as it is, and so never read
		}
	}
	if refresh && !(next == nil && s.minimal) && !w.read(ctx, r, &r.state, &r.private) {
		return false
	}
	switch {
	case r.state == nil && next == nil:
		return true
	case r.state == nil:
		return w.decide(ctx, r, creates, next)
	case next == nil:
		return w.decide(ctx, r, deletes, nil)
	case r.how != byItself || r.state.moves(next):
		if s.createsFirst(r) {
			return w.decide(ctx, r, createBack, next)
		}
		return w.decide(ctx, r, deleteBack, next)
	case r.state.same(next):
		return w.decide(ctx, r, nothing, next)
	default:
		return w.decide(ctx, r, updates, next)
	}
}

// createsFirst tells whether a resource is replaced by create_before_destroy,
// which what depends on it hands on.
func (s *session) createsFirst(r *resource) bool {
	return r.cbd || slices.ContainsFunc(s.resources, func(other *resource) bool {
		return slices.Contains(other.deps, r.addr) && s.createsFirst(other)
	})
}

// decide asks the process about an action, as often as Terraform does.
func (w *walk) decide(ctx context.Context, r *resource, a action, next *object) bool {
	c := change{action: a, prior: r.state, next: next, private: r.private}
	var ok bool
	switch {
	case a == creates: // with the private data of a refresh in which the object left the state
		ok = w.ask(ctx, r, nil, next, &c.private)
	case (a == deleteBack || a == createBack) && r.how == isTainted:
		c.private = ""
		ok = w.ask(ctx, r, nil, next, &c.private)
	case a == deleteBack || a == createBack:
		ok = w.ask(ctx, r, r.state, next, &c.private) && w.ask(ctx, r, nil, next, &c.private)
	default:
		ok = w.ask(ctx, r, r.state, next, &c.private)
	}
	c.refused = !ok
	r.planned = c
	return ok
}

// apply is what `terraform apply` does with a plan.
func (s *session) apply(ctx context.Context, mishaps func(*walk)) *walk {
	var planned []finding
	if n := len(s.walks); n > 0 {
		planned = s.walks[n-1].all()
	}
	w, ctx := s.start(ctx, "apply", setting{created: s.created()})
	w.record.planned = planned
	w.permit()
	mishaps(w)
	before := make([]resource, len(s.resources))
	var nodes []node
	for i, r := range s.resources {
		r.forgetGone()
		before[i] = *r
		before[i].deposed = slices.Clone(r.deposed)
		for _, n := range w.applyNodes(r) {
			n.ready = r.ready
			nodes = append(nodes, n)
		}
	}
	w.run(ctx, nodes)
	w.end()
	for i, r := range s.resources {
		if w.record.forgotten = w.record.killed.Load() && s.forgets; w.record.forgotten {
			r.state, r.private, r.deposed = before[i].state, before[i].private, before[i].deposed
		}
		r.planned = change{}
		if r.how == replaced {
			r.how = byItself
		}
	}
	return w
}

// created gives the creations of the plan, as they are known by now. One that was refused
// and is applied regardless stands for one of which the plan could not know enough.
func (s *session) created() []*object {
	var out []*object
	for _, r := range s.resources {
		switch r.planned.action {
		case creates, deleteBack, createBack:
			out = append(out, r.config)
		}
	}
	return out
}

// do applies one change of a resource, and gives the state that is left of it.
func (w *walk) do(ctx context.Context, r *resource, prior deposed, next *object, planned private) (state deposed, ok bool) {
	state = prior
	q := &request{what: applyRequest, addr: r.addr, prior: prior.object, next: next}
	ok = w.request(ctx, q, func(ctx context.Context) (*object, []finding) {
		object, p, fs := w.process.apply(ctx, prior.object, next, planned)
		if !w.record.killed.Load() {
			state = deposed{object, p}
		}
		return object, fs
	})
	return state, ok
}

// keep records the state of a resource.
func (w *walk) keep(r *resource, state deposed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.state, r.private = state.object, state.private
}

func (w *walk) applyNodes(r *resource) []node {
	c := r.planned
	// create tells too whether it was tried: a creation that is refused while it is
	// planned leaves what it was to replace deposed.
	create := func(ctx context.Context) (tried, ok bool) {
		var p private
		if !w.ask(ctx, r, nil, r.config, &p) {
			return false, false
		}
		state, ok := w.do(ctx, r, deposed{}, r.config, p)
		if state.object == nil {
			return true, ok
		}
		w.keep(r, state)
		r.how = byItself
		if !ok {
			r.how = isTainted
		}
		return true, ok
	}
	justCreate := func(ctx context.Context) bool {
		_, ok := create(ctx)
		return ok
	}
	var nodes []node
	for i, d := range r.deposed {
		nodes = append(nodes, node{name: fmt.Sprintf("%s (deposed %d)", r.addr, i), do: func(ctx context.Context) bool { return w.destroyDeposed(ctx, r, d, d.private) }})
	}
	destroy := node{name: r.addr + " (destroy)", after: w.dependents(r), do: func(ctx context.Context) bool {
		state, ok := w.do(ctx, r, deposed{c.prior, r.private}, nil, c.private)
		w.keep(r, state)
		return ok
	}}
	switch c.action {
	case nothing:
	case creates:
		nodes = append(nodes, node{name: r.addr, after: r.deps, do: justCreate})
	case updates:
		nodes = append(nodes, node{name: r.addr, after: r.deps, do: func(ctx context.Context) bool {
			p := r.private
			if !w.ask(ctx, r, c.prior, r.config, &p) {
				return false
			}
			state, ok := w.do(ctx, r, deposed{c.prior, r.private}, r.config, p)
			w.keep(r, state)
			return ok
		}})
	case deletes:
		if r.state != nil {
			nodes = append(nodes, destroy)
		}
	case deleteBack:
		nodes = append(nodes, destroy, node{name: r.addr, after: append([]string{destroy.name}, r.deps...), do: justCreate})
	case createBack:
		prior := deposed{r.state, r.private}
		nodes = append(nodes,
			node{name: r.addr, after: r.deps, do: func(ctx context.Context) bool {
				w.keep(r, deposed{})
				tried, ok := create(ctx)
				w.mu.Lock()
				defer w.mu.Unlock()
				if r.state == nil && tried {
					r.state, r.private = prior.object, prior.private
				} else {
					r.deposed = append(r.deposed, prior)
				}
				return ok
			}},
			node{name: destroy.name, after: append(destroy.after, r.addr), do: func(ctx context.Context) bool {
				p := prior.private
				return w.ask(ctx, r, prior.object, nil, &p) && w.destroyDeposed(ctx, r, prior, p)
			}})
	}
	return nodes
}

// dependents gives the destructions that come before this one's.
func (w *walk) dependents(r *resource) []string {
	var out []string
	for _, other := range w.session.resources {
		if slices.Contains(other.deps, r.addr) {
			out = append(out, other.addr+" (destroy)")
		}
	}
	return out
}

func (w *walk) destroyDeposed(ctx context.Context, r *resource, d deposed, planned private) bool {
	state, ok := w.do(ctx, r, d, nil, planned)
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(r.deposed, func(x deposed) bool { return x.object == d.object })
	switch {
	case i < 0:
	case state.object == nil:
		r.deposed = slices.Delete(r.deposed, i, i+1)
	default:
		r.deposed[i] = state
	}
	return ok
}
