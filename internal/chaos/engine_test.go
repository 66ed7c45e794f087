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
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/acctest/protocol"
)

// slots is how many operations Terraform has under way at a time.
const slots = 10

// resource is one block of the configuration.
type resource struct {
	typ   string
	attrs protocol.Object
}

// terraform plays the part of the terraform program: it keeps a state, plans in
// one process and applies in another, takes what does not depend on each other
// in random order, and records what each operation gave.
type terraform struct {
	t      testing.TB
	rng    *rand.Rand
	guard  protocol.Object
	config map[string]resource
	state  map[string]protocol.Instance
}

// process starts a provider of its own, as each run of terraform does.
func (tf *terraform) process() *protocol.Provider {
	return protocol.Start(tf.t, protocol.Object{
		"last_owner_guard": tf.guard,
		"http":             protocol.Object{"max_retries": int64(3), "request_timeout": "5s"},
	})
}

// outcome is what came of a plan or an apply.
type outcome struct {
	mu       sync.Mutex
	problems []string
	warnings int
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
		} else {
			o.warnings++
		}
	}
	return failed
}

func (o *outcome) failed() bool { return len(o.problems) > 0 }

func (o *outcome) String() string { return strings.Join(o.problems, "\n") }

// each runs something for every address, in random order, in ten slots.
func (tf *terraform) each(addrs []string, do func(addr string)) {
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
	p := tf.process()
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
			prior = fresh
			prior.Type = tf.state[addr].Type
			mu.Lock()
			refreshed[addr] = prior
			mu.Unlock()
		}
		if !wanted && prior.State == nil {
			return
		}
		var config protocol.Object
		if wanted {
			config = want.attrs
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

// apply makes the changes in another process. When the context ends, the
// process is gone: what is under way then is not recorded.
func (tf *terraform) apply(ctx context.Context, changes map[string]protocol.Change) *outcome {
	p := tf.process()
	o := &outcome{}
	var mu sync.Mutex
	record := func(addr string, i protocol.Instance) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		if i.State == nil {
			delete(tf.state, addr)
		} else {
			tf.state[addr] = i
		}
	}
	tf.each(slices.Collect(maps.Keys(changes)), func(addr string) {
		if ctx.Err() != nil {
			return
		}
		c := changes[addr]
		if c.Config == nil || c.Replace {
			// Removals, and the first half of a replacement, are not planned again.
			gone, diags, err := p.Apply(ctx, protocol.Change{Prior: c.Prior, Private: c.Private})
			failed := o.note(addr, diags, err)
			if err == nil {
				record(addr, protocol.Instance{Type: c.Prior.Type, State: gone.State, Identity: gone.Identity, Private: gone.Private})
			}
			if failed || c.Config == nil {
				return
			}
			c.Prior = protocol.Instance{Type: c.Prior.Type}
		}
		again, diags, err := p.PlanChange(ctx, c.Prior, c.Config)
		if o.note(addr, diags, err) {
			return
		}
		if !tf.consistent(addr, c.Planned, again.Planned) {
			o.note(addr, nil, errInconsistent)
			return
		}
		made, diags, err := p.Apply(ctx, again)
		o.note(addr, diags, err)
		if err == nil && (made.State != nil || c.Prior.State != nil) {
			record(addr, made)
		}
	})
	return o
}

var errInconsistent = errors.New("provider produced inconsistent final plan")

// consistent is Terraform's own check: what was planned known stays as planned.
// Who somebody is may have changed since, when that person has gone meanwhile;
// anything else is a fault of the provider.
func (tf *terraform) consistent(addr string, planned, again protocol.Object) bool {
	same := true
	for name, v := range planned {
		if v == protocol.Unknown || reflect.DeepEqual(v, again[name]) || holdsUnknown(v) {
			continue
		}
		same = false
		if !slices.Contains([]string{"email", "name", "display_name", "user_emails", "group_names"}, name) {
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
		last = tf.apply(ctx, changes)
	}
	changes, o := tf.plan(ctx)
	if o.failed() {
		return changes, o
	}
	return changes, last
}

// after gives a context that ends in a moment, as a process that is killed does.
func after(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(d, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}
