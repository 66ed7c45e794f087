// Package chaos plays bad days against the provider: random configurations of
// all products, random changes, people who come and go behind its back,
// services that fail, runs that are stopped or killed, and two runs at the same
// time. Everything is in one process and over the plugin protocol; a seed
// repeats a run.
package chaos

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

var (
	seedFlag   = flag.Uint64("seed", 1, "play the worlds of this seed and the next ones; 0 takes a new one for each world")
	worldsFlag = flag.Int("worlds", 6, "how many worlds to play")
	cyclesFlag = flag.Int("cycles", 5, "how many changes to play in each world")
)

func TestChaos(t *testing.T) {
	total := newTally()
	t.Cleanup(func() { t.Logf("%s", total.table(t.Failed())) })
	for n := range *worldsFlag {
		seed := *seedFlag + uint64(n)
		if *seedFlag == 0 {
			seed = rand.Uint64() //nolint:gosec // it is printed, and repeats the run
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel() // the worlds mostly wait
			t.Logf("make chaos SEED=%d ARGS='-worlds=1 -cycles=%d'", seed, *cyclesFlag)
			play(t, seed, *cyclesFlag, total)
		})
	}
}

func play(t *testing.T, seed uint64, cycles int, total *tally) {
	t.Helper()
	w := newWorld(t, seed, total)
	ctx := t.Context()
	if left, o := w.tf.converge(ctx, 1); len(left) > 0 || o != nil && o.failed() {
		t.Fatalf("the first apply did not converge: %d changes are left\n%s", len(left), o)
	}
	w.tally.take(w)
	for range cycles {
		undo := w.change()
		w.meddle()
		if w.rng.IntN(2) == 0 {
			w.disturb()
		}
		w.cycle(ctx, undo)
		w.judge()
		w.calm()
		w.tally.take(w)
		if t.Failed() {
			return
		}
	}

	// The faults are over, and nobody meddles: what can be planned as it stands
	// is clean after at most two applies.
	for _, tf := range []*terraform{w.tf, w.other} {
		tf.knowAll()
		if _, o := tf.plan(ctx); o.failed() {
			w.note("refused at the end")
			continue
		}
		if left, o := tf.converge(ctx, 2); len(left) > 0 || o != nil && o.failed() {
			t.Errorf("two applies after the last fault there still are %d changes\n%s", len(left), o)
		}
		w.judge()
	}
	// And so is what anybody may want from here, whatever the last days left.
	w.forget()
	w.legal()
	if left, o := w.tf.converge(ctx, 2); len(left) > 0 || o != nil && o.failed() {
		t.Errorf("two applies from there to another configuration there still are %d changes\n%s", len(left), o)
	}
	addrs := make([]string, 0, len(w.tf.state))
	for addr := range w.tf.state {
		addrs = append(addrs, addr)
	}
	w.truthful(w.tf, addrs, nil)
	w.judge()
	w.tally.take(w)
}

// cycle plans and applies one change, and may stop or kill the apply at any
// moment, or have another user apply at the same time.
func (w *world) cycle(ctx context.Context, undo func()) {
	changes, o := w.tf.plan(ctx)
	if o.failed() {
		w.note("plan refused")
		undo()
		return
	}
	if w.rng.IntN(3) == 0 {
		w.meddle() // between plan and apply
	}
	// What a listing that lags does not show yet cannot be in a state either.
	time.Sleep(lag)
	var end *ending
	switch w.rng.IntN(6) {
	case 0:
		w.note("killed")
		end = &ending{after: time.Duration(w.rng.IntN(250)) * time.Millisecond, killed: true}
	case 1:
		w.note("Ctrl-C")
		end = &ending{after: time.Duration(w.rng.IntN(250)) * time.Millisecond}
	}
	var beside sync.WaitGroup
	var theirs *outcome
	if w.rng.IntN(3) == 0 {
		beside.Go(func() { theirs = w.beside(ctx) })
	}
	ours := w.tf.apply(ctx, changes, end)
	beside.Wait()
	if ours.failed() {
		w.note("apply failed")
	}
	failedBefore := w.t.Failed()
	w.truthful(w.tf, ours.recorded, ours.alone)
	if !failedBefore && w.t.Failed() {
		w.dump(w.tf)
	}
	if theirs != nil {
		w.note("two runs at once")
		w.truthful(w.other, theirs.recorded, theirs.alone)
	}
	if end != nil && end.killed {
		// Nobody is as fast as a listing that lags: what was sent before the end
		// shows by the next run.
		time.Sleep(lag)
		if w.rng.IntN(3) == 0 {
			w.note("state lost")
			w.loseState(ctx)
		}
	}
}

// beside is another user's run, at the same time and in the same workspaces,
// with people of its own.
func (w *world) beside(ctx context.Context) *outcome {
	// A source of its own: the world's is in use by now.
	rng := w.other.rng
	p := pick(rng, played...)
	workspace := pick(rng, p.shared()...)
	slot := p.additive(fmt.Sprintf("%s-guest-%d", workspace, rng.IntN(2)))
	before, there := w.other.config[slot]
	if there && rng.IntN(2) == 0 {
		delete(w.other.config, slot)
	} else {
		id := p.Person(people + rng.IntN(guests))
		w.named[place(workspace, "user", id)] = true
		w.other.config[slot] = p.adopting(workspace, id, pick(rng, p.Owner(), p.Roles[0]))
	}
	changes, o := w.other.plan(ctx)
	if o.failed() {
		delete(w.other.config, slot)
		if there {
			w.other.config[slot] = before
		}
		return o
	}
	return w.other.apply(ctx, changes, nil)
}

// loseState empties the state, as a kill in the wrong moment does with a file,
// and answers as a person would: with adoption and imports.
func (w *world) loseState(context.Context) {
	w.calm()
	clear(w.tf.state)
	for addr, r := range w.tf.config {
		_, single := r.attrs["role"]
		_, several := r.attrs["users"]
		switch {
		case single && several:
			w.tf.adopt(addr, fmt.Sprintf("%s/%s", workspaceOf(r.attrs), r.attrs["role"]))
		case several:
			w.tf.adopt(addr, workspaceOf(r.attrs))
		default:
			r.attrs["adopt_existing"] = true
		}
	}
}

// forget takes the additive resources out of the state, as `terraform state rm`
// does: what they are named may clash with what comes.
func (w *world) forget() {
	for addr, i := range w.tf.state {
		for _, p := range played {
			if i.Type == p.Additive.TypeName {
				delete(w.tf.state, addr)
			}
		}
	}
}
