package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// overlooks is how many looks in a row may miss a user who is there before it
// is taken for granted that this service lists new members elsewhere.
const overlooks = 2

// looks proves additions without a whole listing, where the service can be asked
// for new members. One look is under way at a time; the next one is for all who
// came meanwhile. What it finds proves presence, and nothing else.
type looks struct {
	// finder is nil where the service cannot.
	finder membership.Finder
	// next has not begun yet; nil for none.
	next    *look
	running bool
	// missed counts the looks in a row that missed a user.
	missed int
}

// look is one look for several users.
type look struct {
	ids  []string
	done chan struct{}
	// found is what it gave; nil where it failed.
	found map[string]membership.Member
	// waiters are those who want to know; when none is left, the look ends.
	waiters int
	ctx     context.Context
	cancel  context.CancelFunc
	missed  bool
	// due is true once it waits for company no longer.
	due bool
}

// find looks for those whom the writes have added, and gives the writes that
// it did not prove.
func (r *Reconciler) find(ctx context.Context, ws []written) []written {
	r.mu.Lock()
	k := r.join(ctx, ws)
	r.unlock()
	if k == nil {
		r.gather(ctx, ws)
		return ws
	}
	r.awaitLook(ctx, k)
	r.mu.Lock()
	defer r.unlock()
	if k.waiters--; k.waiters == 0 {
		k.cancel()
	}
	left := slices.DeleteFunc(ws, func(w written) bool {
		m, ok := k.found[w.item.Principal.ID]
		now := row{Member: m, there: ok}
		switch {
		case ok && now.holds(w.item.Want):
			r.proved(w, now)
			return true
		case ok && w.err == nil: // brought in with another standing
			return r.enteredAs(w, now)
		default:
			return false
		}
	})
	if len(left) > 0 && k.found != nil && !k.missed {
		k.missed = true
		r.looks.missed++
	} else if len(left) == 0 {
		r.looks.missed = 0
	}
	r.dispatch()
	return left
}

// awaitLook waits until a look has ended, and has it begin when it has waited for
// company long enough.
func (r *Reconciler) awaitLook(ctx context.Context, k *look) {
	timer := time.NewTimer(companyWithin)
	defer timer.Stop()
	select {
	case <-k.done:
		return
	case <-ctx.Done():
		return
	case <-timer.C:
	}
	r.mu.Lock()
	if r.looks.next == k && !k.due {
		k.due = true
		r.proofs.peers = len(k.ids)
		r.lookAgain()
	}
	r.unlock()
	select {
	case <-k.done:
	case <-ctx.Done():
	}
}

// enteredAs notes that a user came in with another standing than was asked
// for: the right one has to be assigned.
func (r *Reconciler) enteredAs(w written, now row) bool {
	r.settleLine(w.item, lineShown)
	w.item.entered = true
	r.again(w.item)
	r.know.note(w.item.Principal, &answer{number: w.number, at: w.at, before: w.live, after: now})
	return true
}

// join puts the writes among those that are looked for next; nil where looking
// is of no use.
func (r *Reconciler) join(ctx context.Context, ws []written) *look {
	f := &r.looks
	if f.finder == nil || f.missed >= overlooks {
		return nil
	}
	for _, w := range ws {
		if r.record(w.item.Principal).removed.there {
			return nil // what is found may be from before the removal
		}
		if w.live.there || w.item.Principal.Kind != membership.User || w.err != nil && !maybeApplied(w.err) {
			return nil
		}
	}
	if f.next == nil {
		f.next = &look{done: make(chan struct{})}
		f.next.ctx, f.next.cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	k := f.next
	for _, w := range ws {
		k.ids = append(k.ids, w.item.Principal.ID)
	}
	k.waiters++
	r.proofs.writes += len(ws)
	r.lookAgain()
	return k
}

// lookAgain begins the next look, unless one is under way or it waits for company.
func (r *Reconciler) lookAgain() {
	f := &r.looks
	if f.next == nil || f.running {
		return
	}
	k := f.next
	if !k.due && !r.proofs.mayRead(len(k.ids)) {
		return
	}
	f.next, f.running = nil, true
	r.proofs.readings++
	hint := 0
	if r.know.Value != nil {
		hint = r.know.Value.Enabled() + len(r.know.answers) + r.open // who is being added now may be listed
	}
	r.later = append(r.later, func() { go r.look(k, hint) })
}

func (r *Reconciler) look(k *look, hint int) {
	found, err := r.looks.finder.FindMembers(k.ctx, r.id, k.ids, hint)
	r.mu.Lock()
	defer r.unlock()
	if err == nil {
		k.found = found
		if found == nil {
			k.found = map[string]membership.Member{}
		}
	}
	r.looks.running = false
	close(k.done)
	r.lookAgain()
}
