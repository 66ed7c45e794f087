package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// slots is how many operations Terraform has under way at a time.
const slots = 10

// proof is how long the proof of a removed owner may go on after the end of the
// run was asked for, and what is given back where too few owners are left.
const proof = 10 * time.Second

// resource is one block of the configuration.
type resource struct {
	typ   string
	attrs protocol.Object
	// late names the attributes whose values are known only once the apply has
	// come to them.
	late []string
}

// atPlan gives the configuration as a plan knows it.
func (r resource) atPlan() protocol.Object {
	attrs := maps.Clone(r.attrs)
	for _, name := range r.late {
		attrs[name] = protocol.Unknown
	}
	return attrs
}

// terraform plays the part of the terraform program: it keeps a state, plans in
// one process and applies in another, takes what does not depend on each other
// in random order, and records what each operation gave.
type terraform struct {
	t        testing.TB
	rng      *rand.Rand
	provider protocol.Object
	served   *protocol.Provider
	config   map[string]resource
	state    map[string]protocol.Instance
	// losses, where it is set, counts the owners that were removed so far.
	losses func() int
}

// process starts a provider of its own, as each run of terraform does, or has
// the one that serves all of them begin anew.
func (tf *terraform) process() *protocol.Provider {
	if tf.served == nil {
		return protocol.Start(tf.t, tf.provider)
	}
	tf.served.Configure(tf.provider)
	return tf.served
}

// outcome is what came of a plan or an apply.
type outcome struct {
	mu       sync.Mutex
	problems []string
	warnings int
	// recorded are the addresses whose operation succeeded and whose state was
	// written.
	recorded []string
	// alone are the warnings about people who are left as they are, by address.
	alone map[string][]string
}

func (o *outcome) note(addr string, diags protocol.Diagnostics, err error) (failed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.problems = append(o.problems, addr+": "+err.Error())
		return true
	}
	for _, d := range diags {
		if d.Severity.String() == "ERROR" {
			o.problems = append(o.problems, fmt.Sprintf("%s: %s: %s", addr, d.Summary, d.Detail))
			failed = true
			continue
		}
		o.warnings++
		if strings.HasSuffix(d.Summary, " is left alone") {
			if o.alone == nil {
				o.alone = map[string][]string{}
			}
			o.alone[addr] = append(o.alone[addr], d.Detail)
		}
	}
	return failed
}

func (o *outcome) failed() bool { return len(o.problems) > 0 }

func (o *outcome) String() string { return strings.Join(o.problems, "\n") }

// each runs something for every address, in random order, in ten slots.
func (tf *terraform) each(addrs []string, do func(addr string)) {
	slices.Sort(addrs) // so that a seed gives the same order again
	tf.rng.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	free := make(chan struct{}, slots)
	var all sync.WaitGroup
	for _, addr := range addrs {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			do(addr)
		})
	}
	all.Wait()
}

// plan refreshes and plans. The changes are nil where the plan failed.
func (tf *terraform) plan(ctx context.Context) (map[string]protocol.Change, *outcome) {
	p := tf.process() //nolint:contextcheck // a process outlives the run that is killed in it
	o := &outcome{}
	var mu sync.Mutex
	changes := map[string]protocol.Change{}
	addrs := slices.Collect(maps.Keys(tf.config))
	for addr := range tf.state {
		if _, ok := tf.config[addr]; !ok {
			addrs = append(addrs, addr)
		}
	}
	refreshed := map[string]protocol.Instance{}
	tf.each(addrs, func(addr string) {
		mu.Lock()
		prior, held := tf.state[addr]
		want, wanted := tf.config[addr]
		mu.Unlock()
		if !held {
			prior = protocol.Instance{Type: want.typ}
		}
		if held {
			fresh, diags, err := p.Refresh(ctx, prior)
			if o.note(addr, diags, err) {
				return
			}
			fresh.Type = prior.Type
			prior = fresh
			mu.Lock()
			refreshed[addr] = prior
			mu.Unlock()
		}
		if !wanted && prior.State == nil {
			return
		}
		var config protocol.Object
		if wanted {
			config = want.atPlan()
		}
		c, diags, err := p.PlanChange(ctx, prior, config)
		if o.note(addr, diags, err) {
			return
		}
		if c.Replace {
			second, diags, err := p.PlanChange(ctx, protocol.Instance{Type: prior.Type, Private: c.Private}, config)
			if o.note(addr, diags, err) {
				return
			}
			c.Private = second.Private
			c.Planned = second.Planned
		}
		if !c.Replace && reflect.DeepEqual(c.Planned, prior.State) {
			return
		}
		mu.Lock()
		changes[addr] = c
		mu.Unlock()
	})
	if o.failed() {
		return nil, o
	}
	// A plan that is applied brings the refreshed state with it.
	for addr, i := range refreshed {
		if i.State == nil {
			delete(tf.state, addr)
		} else {
			tf.state[addr] = i
		}
	}
	return changes, o
}

// ending is how an apply comes to an early end.
type ending struct {
	// after is when, from its beginning.
	after time.Duration
	// once, where it is set, is what has to be true at that time, too.
	once func() bool
	// killed: the process is gone, and what is under way is not recorded.
	// Otherwise it is told to stop (Ctrl-C): nothing new begins, and what is
	// under way ends by itself and is recorded.
	killed bool
}

// apply makes the changes in another process.
func (tf *terraform) apply(ctx context.Context, changes map[string]protocol.Change, end *ending) *outcome {
	p := tf.process() //nolint:contextcheck // a process outlives the run that is killed in it
	o := &outcome{}
	var over atomic.Bool
	var told time.Time
	if end != nil {
		lossesBefore := 0
		if tf.losses != nil {
			lossesBefore = tf.losses()
		}
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		done := make(chan struct{})
		timer := time.AfterFunc(end.after, func() {
			defer close(done)
			for end.once != nil && !end.once() && ctx.Err() == nil {
				time.Sleep(2 * time.Millisecond)
			}
			told = time.Now()
			over.Store(true)
			if end.killed {
				stop()
			} else if err := p.Stop(context.WithoutCancel(ctx)); err != nil {
				tf.t.Errorf("stop the provider: %v", err)
			}
		})
		defer func() {
			if timer.Stop() {
				return
			}
			<-done
			// Every wait and every repetition ends at once, but for the proof that
			// enough owners are left. (The allowance is for machines that are busy
			// with other tests.)
			most := 5 * time.Second
			if tf.losses != nil && tf.losses() > lossesBefore {
				most += proof
			}
			if d := time.Since(told); d > most {
				tf.t.Errorf("after the end of the run was asked for (killed: %v), the provider went on for %s", end.killed, d)
			}
		}()
	}
	var mu sync.Mutex
	record := func(addr string, i protocol.Instance, failed bool) {
		mu.Lock()
		defer mu.Unlock()
		if end != nil && end.killed && over.Load() {
			return
		}
		if i.State == nil {
			delete(tf.state, addr)
			return
		}
		tf.state[addr] = i
		if !failed {
			o.recorded = append(o.recorded, addr)
		}
	}
	tf.each(slices.Collect(maps.Keys(changes)), func(addr string) {
		if over.Load() {
			return
		}
		c := changes[addr]
		if c.Config == nil || c.Replace {
			// Removals, and the first half of a replacement, are not planned again.
			gone, diags, err := p.Apply(ctx, protocol.Change{Prior: c.Prior, Private: c.Private})
			failed := o.note(addr, diags, err)
			if err == nil {
				record(addr, protocol.Instance{Type: c.Prior.Type, State: gone.State, Identity: gone.Identity, Private: gone.Private}, failed)
			}
			if failed || c.Config == nil {
				return
			}
			c.Prior = protocol.Instance{Type: c.Prior.Type}
		}
		again, diags, err := p.PlanChange(ctx, c.Prior, tf.config[addr].attrs)
		if o.note(addr, diags, err) {
			return
		}
		if !tf.consistent(addr, c.Planned, again.Planned) {
			o.note(addr, nil, errInconsistent)
			return
		}
		if c.Prior.State != nil && reflect.DeepEqual(again.Planned, c.Prior.State) {
			return // what was unknown is what it was before
		}
		made, diags, err := p.Apply(ctx, again)
		failed := o.note(addr, diags, err)
		if err == nil && (made.State != nil || c.Prior.State != nil) {
			record(addr, made, failed)
		}
	})
	return o
}

var errInconsistent = errors.New("provider produced inconsistent final plan")

// consistent is Terraform's own check: what was planned known stays as planned.
// What a user is may have changed since, when that person has gone meanwhile;
// anything else is a fault of the provider.
func (tf *terraform) consistent(addr string, planned, again protocol.Object) bool {
	same := true
	for name, v := range planned {
		if v == protocol.Unknown || reflect.DeepEqual(v, again[name]) || holdsUnknown(v) {
			continue
		}
		same = false
		if !slices.Contains([]string{"email", "name", "display_name", "user_emails", "group_names", "users_by_email", "groups_by_name"}, name) {
			tf.t.Errorf("%s: %s: %s was %v and is %v", addr, errInconsistent, name, v, again[name])
		}
	}
	return same
}

func holdsUnknown(v any) bool {
	o, ok := v.(protocol.Object)
	if !ok {
		return v == protocol.Unknown
	}
	for _, e := range o {
		if holdsUnknown(e) {
			return true
		}
	}
	return false
}

// converge plans and applies until a plan is clean, at most so many times.
func (tf *terraform) converge(ctx context.Context, applies int) (left map[string]protocol.Change, last *outcome) {
	for range applies {
		changes, o := tf.plan(ctx)
		if o.failed() || len(changes) == 0 {
			return changes, o
		}
		last = tf.apply(ctx, changes, nil)
		tf.knowAll()
	}
	changes, o := tf.plan(ctx)
	if o.failed() {
		return changes, o
	}
	return changes, last
}

// adopt brings what is managed as a whole into a state that was lost, as an
// import block does.
func (tf *terraform) adopt(addr, workspace string) {
	i, diags := tf.process().Import(tf.config[addr].typ, workspace, nil)
	if diags.Failed() {
		tf.t.Fatalf("import %s: %s", addr, diags)
	}
	tf.state[addr] = i.Instance(tf.config[addr].typ)
}
