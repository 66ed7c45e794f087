package roster

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// terraform plans and applies a configuration as Terraform does: each walk in
// a process of its own, a bounded number of slots, nodes in random order
// within their dependencies, and each request counted as the protocol server
// counts it.
type terraform struct {
	svc    *stage.Stage
	guard  Guard
	locker reconcile.Locker
	slots  int
	rng    *rand.Rand
	// noRefresh is -refresh=false.
	noRefresh bool
	// timeout is each resource's own; 0 for twenty minutes.
	timeout time.Duration
	book    *stage.Notebook
	// spread is how far apart nodes become ready; 0 for 20 ms.
	spread time.Duration
	// replaced is what the processes remember of replacements; nil for nothing.
	replaced Replaced
	// first names the nodes that are ready before all others.
	first []string
}

// block is one resource: what the state holds, what the configuration wants.
type block struct {
	addr        string
	prior, next *Binding
	// planned is what the plan knows of next; nil for all of it.
	planned *Binding
	exit    Exit
	adopt   bool
	// how is "" for what the change itself asks, else replace, replace-cbd,
	// taint, taint-cbd.
	how  string
	deps []string
	// private is the state's private data from earlier applies.
	private Private

	// key is the private data that the plan decided on.
	key Private
}

func (b *block) moves() bool {
	return b.prior != nil && b.next != nil && b.prior.Workspace != b.next.Workspace
}

func (b *block) replaced() bool {
	return b.next != nil && b.prior != nil && (b.how != "" || b.moves())
}
func (b *block) tainted() bool { return strings.HasPrefix(b.how, "taint") }
func (b *block) cbd() bool     { return strings.HasSuffix(b.how, "-cbd") }
func (b *block) unchanged() bool {
	return b.prior != nil && b.next != nil && *b.prior == *b.next && b.planned == nil
}

// process is one provider process in one walk.
type process struct {
	act *Activity
	run *Run
}

func (tf *terraform) start() process {
	act := NewActivity()
	act.Configured(false)
	book := tf.book
	if book == nil {
		book = &stage.Notebook{}
	}
	if tf.locker == nil {
		tf.locker = &stage.Locker{}
	}
	return process{act: act, run: NewRun(Config{
		Service: tf.svc.Service(), Guard: tf.guard, Walk: NewWalk(act, tf.guard, tf.replaced), Locker: tf.locker, Logger: book, MaxConcurrent: 16,
		Naming: testNaming(),
	})}
}

func testNaming() membership.Vocabulary {
	return membership.Vocabulary{
		Member: "roster_blink_workspace_role_binding", Members: "roster_blink_workspace_role_bindings", RoleMembers: "roster_blink_workspace_role_members",
		ImportID:      func(w string, p membership.Principal) string { return w + "/" + p.String() },
		RoleImportID:  func(w, role string) string { return w + "/" + role },
		AdoptExisting: "adopt_existing", OnDestroy: "on_destroy", ReassignRole: "reassign_role",
		Ignore: func(k membership.Kind) string { return "ignore_" + string(k) + "s" },
		Mode:   "last_owner_guard.mode", MinimumOwners: "last_owner_guard.minimum_owners", NotCounted: "not_counted",
		CountOwnerGroups: "count_owner_groups", ExemptWorkspaces: "last_owner_guard.exempt_workspace_ids", HandoverWait: "last_owner_guard.handover_wait",
		Tool: "Terraform", Forget: "terraform state rm", SkipPlan: "`terraform destroy -refresh=false` skips this.",
		ImportBlock: "import {\n  to = {type}.NAME\n  id = {id}\n}\n\nUse the address shown above",
		Enabled:     "enabled", Rename: "a `moved` block", Keyed: "`for_each` keyed by id", Release: "a `removed` block with `destroy = false`",
		ReleaseInPlace: "`destroy = false` in the resource", ApplyFirst: "-target",
		Order: []string{"`depends_on` to the successor", "`create_before_destroy`", "two runs at -parallelism=1"},
	}
}

// outcome is what a walk said, by address.
type outcome struct {
	mu       sync.Mutex
	findings map[string][]membership.Finding
	failed   map[string]bool
	took     time.Duration
}

func (o *outcome) add(addr string, fs ...membership.Finding) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.findings == nil {
		o.findings, o.failed = map[string][]membership.Finding{}, map[string]bool{}
	}
	o.findings[addr] = append(o.findings[addr], fs...)
	if membership.Failed(fs) {
		o.failed[addr] = true
	}
	return membership.Failed(fs)
}

func (o *outcome) errors() []membership.Finding {
	var out []membership.Finding
	for _, addr := range slices.Sorted(maps.Keys(o.findings)) {
		for _, f := range o.findings[addr] {
			if f.Severity == membership.SeverityError {
				out = append(out, f)
			}
		}
	}
	return out
}

func (o *outcome) warnings() []membership.Finding {
	var out []membership.Finding
	for _, addr := range slices.Sorted(maps.Keys(o.findings)) {
		for _, f := range o.findings[addr] {
			if f.Severity == membership.SeverityWarning {
				out = append(out, f)
			}
		}
	}
	return out
}

func (o *outcome) String() string {
	var b strings.Builder
	for _, addr := range slices.Sorted(maps.Keys(o.findings)) {
		for _, f := range o.findings[addr] {
			fmt.Fprintf(&b, "%s: [%d] %s\n    %s\n", addr, f.Severity, f.Summary, strings.ReplaceAll(f.Detail, "\n", "\n    "))
		}
	}
	return b.String()
}

// node is one step of a walk.
type node struct {
	name string
	// after are the names of the nodes that come before this one.
	after []string
	do    func(ctx context.Context) bool // false: failed
}

// walk runs the nodes. What depends on a failed node is skipped.
func (tf *terraform) walk(ctx context.Context, nodes []node) time.Duration {
	began := time.Now()
	slots := make(chan struct{}, tf.slots)
	spread := tf.spread
	if spread == 0 {
		spread = 20 * time.Millisecond
	}
	done, ok := map[string]chan struct{}{}, map[string]*bool{}
	for _, n := range nodes {
		done[n.name], ok[n.name] = make(chan struct{}), new(bool)
	}
	var wg sync.WaitGroup
	for _, n := range nodes {
		delay := time.Duration(tf.rng.Int64N(int64(spread))) + time.Millisecond
		if slices.Contains(tf.first, n.name) {
			delay = 0
		}
		wg.Go(func() {
			defer close(done[n.name])
			time.Sleep(delay)
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
			*ok[n.name] = n.do(ctx)
		})
	}
	wg.Wait()
	return time.Since(began)
}

// plan is one plan walk.
func (tf *terraform) plan(ctx context.Context, blocks []*block) *outcome {
	p, out := tf.start(), &outcome{}
	var nodes []node
	for _, b := range blocks {
		nodes = append(nodes, node{name: b.addr, after: b.deps, do: func(ctx context.Context) bool { return tf.planBlock(ctx, p, b, out) }})
	}
	out.took = tf.walk(ctx, nodes)
	return out
}

func (tf *terraform) planBlock(ctx context.Context, p process, b *block, out *outcome) bool {
	b.key = Private{}
	if b.prior != nil && b.private.Instance == "" {
		b.private = b.private.Applied()
	}
	ask := func(c BindingChange) bool {
		defer p.act.Begin()()
		got := p.run.PlanBinding(ctx, c)
		b.key = got.Private
		return !out.add(b.addr, got.Findings...)
	}
	if b.prior != nil && !tf.noRefresh {
		end := p.act.Begin()
		read := p.run.ReadBinding(ctx, *b.prior, "", b.private)
		end()
		if out.add(b.addr, read.Findings...) {
			return false
		}
	}
	next := b.next
	if b.planned != nil {
		next = b.planned
	}
	switch {
	case b.next == nil:
		return ask(BindingChange{Prior: b.prior, Exit: b.exit, Private: b.private})
	case b.tainted() || b.prior == nil:
		return ask(BindingChange{Next: next, Adopt: b.adopt})
	case b.replaced():
		return ask(BindingChange{Prior: b.prior, Next: next, Adopt: b.adopt, Exit: b.exit, Private: b.private, NoChange: b.unchanged()}) &&
			ask(BindingChange{Next: next, Adopt: b.adopt, Private: b.key})
	default:
		return ask(BindingChange{Prior: b.prior, Next: next, Adopt: b.adopt, Exit: b.exit, Private: b.private, NoChange: b.unchanged()})
	}
}

// apply is one apply walk. It brings the blocks' priors up to what the state
// would hold afterwards.
func (tf *terraform) apply(ctx context.Context, blocks []*block) *outcome {
	p, out := tf.start(), &outcome{}
	var nodes []node
	for _, b := range blocks {
		nodes = append(nodes, tf.applyNodes(p, b, out)...)
	}
	out.took = tf.walk(ctx, nodes)
	return out
}

func (tf *terraform) applyNodes(p process, b *block, out *outcome) []node {
	limit := tf.timeout
	if limit == 0 {
		limit = 20 * time.Minute
	}
	replan := func(ctx context.Context, c BindingChange) (BindingPlan, bool) {
		defer p.act.Begin()()
		got := p.run.PlanBinding(ctx, c)
		return got, !out.add(b.addr, got.Findings...)
	}
	request := func(ctx context.Context, do func(ctx context.Context) []membership.Finding) bool {
		defer p.act.Begin()()
		p.act.Applying()
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return !out.add(b.addr, do(ctx)...)
	}
	create := func(ctx context.Context) bool {
		// Terraform hands no private data to a creation's second planning.
		if _, ok := replan(ctx, BindingChange{Next: b.next, Adopt: b.adopt}); !ok {
			return false
		}
		return request(ctx, func(ctx context.Context) []membership.Finding {
			private := planning.Private{}.Applied()
			done := p.run.CreateBinding(ctx, BindingChange{Next: b.next, Adopt: b.adopt, Private: private})
			if !membership.Failed(done.Findings) {
				b.prior, b.private = b.next, private
			}
			return done.Findings
		})
	}
	prior, before := b.prior, b.private
	destroy := func(ctx context.Context, key Private) bool {
		return request(ctx, func(ctx context.Context) []membership.Finding {
			done := p.run.DeleteBinding(ctx, BindingChange{Prior: prior, Exit: b.exit, Private: key})
			if !membership.Failed(done.Findings) && b.prior == prior {
				b.prior = nil
			}
			return done.Findings
		})
	}
	switch {
	case b.unchanged() && !b.replaced():
		return nil
	case b.next == nil:
		return []node{{name: b.addr, do: func(ctx context.Context) bool { return destroy(ctx, b.key) }}}
	case b.prior == nil:
		return []node{{name: b.addr, after: b.deps, do: create}}
	case b.replaced() && b.cbd():
		return []node{
			{name: b.addr, after: b.deps, do: create},
			{name: b.addr + " (deposed)", after: []string{b.addr}, do: func(ctx context.Context) bool {
				got, ok := replan(ctx, BindingChange{Prior: prior, Exit: b.exit, Private: before})
				return ok && destroy(ctx, got.Private)
			}},
		}
	case b.replaced():
		return []node{
			{name: b.addr + " (destroy)", do: func(ctx context.Context) bool { return destroy(ctx, b.key) }},
			{name: b.addr, after: append([]string{b.addr + " (destroy)"}, b.deps...), do: create},
		}
	default:
		return []node{{name: b.addr, after: b.deps, do: func(ctx context.Context) bool {
			got, ok := replan(ctx, BindingChange{Prior: b.prior, Next: b.next, Adopt: b.adopt, Exit: b.exit, Private: b.private})
			return ok && request(ctx, func(ctx context.Context) []membership.Finding {
				done := p.run.UpdateBinding(ctx, BindingChange{Prior: b.prior, Next: b.next, Exit: b.exit, Adopt: b.adopt, Private: got.Private})
				// An update keeps what was planned; a failed one keeps the prior principal.
				b.private = done.Private
				if !membership.Failed(done.Findings) {
					b.prior = b.next
				}
				return done.Findings
			})
		}}}
	}
}

// bind gives a binding of a user.
func bind(workspace, id, role string) *Binding {
	return &Binding{Workspace: workspace, Principal: stage.User(id), Standing: membership.Standing{Role: role, Enabled: true}}
}

func enforce() Guard { return Guard{Mode: Enforce, MinimumOwners: 1, HandoverWait: 5 * time.Second} }

func newTerraform(svc *stage.Stage) *terraform {
	return &terraform{svc: svc, guard: enforce(), slots: 10, rng: rand.New(rand.NewPCG(1, 2)), locker: &stage.Locker{}}
}
