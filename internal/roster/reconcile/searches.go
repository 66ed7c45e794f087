package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// misses is how many searches in a row may miss a user who is there before it
// is taken for granted that this service lists new members elsewhere.
const misses = 2

// searches proves additions without a whole listing, where the service can be asked
// for new members. One search is under way at a time; the next one is for all who
// came meanwhile. What it finds proves presence, and nothing else.
type searches struct {
	// finder is nil where the service cannot.
	finder membership.Finder
	// running is under way, next has not begun yet; nil for none.
	running, next *search
	// missed counts the searches in a row that missed a user.
	missed int
}

// search is one search for the users of several calls. When none of these wants it any
// more, it ends.
type search struct {
	calls  []*added
	ctx    context.Context
	cancel context.CancelFunc
	// due is true once it waits for others no longer.
	due bool
}

// added are the writes of one call, as far as no search has proved them. done is closed
// when the search has ended that was for them, or when an earlier one has proved them all.
type added struct {
	ws   []written
	done chan struct{}
}

func (k *search) ids() []string {
	var ids []string
	for _, a := range k.calls {
		for _, w := range a.ws {
			ids = append(ids, w.item.Principal.ID)
		}
	}
	return ids
}

// find searches for those whom the writes have added, and gives the writes that
// it did not prove.
func (r *Reconciler) find(ctx context.Context, ws []written) []written {
	r.mu.Lock()
	a := r.join(ctx, ws)
	r.unlock()
	if a == nil {
		return ws
	}
	timer := time.NewTimer(shareWithin)
	defer timer.Stop()
	for waits := true; waits; {
		select {
		case <-a.done:
			waits = false
		case <-ctx.Done():
			waits = false
		case <-timer.C:
			r.searchNow(a)
		}
	}
	r.mu.Lock()
	defer r.unlock()
	r.searches.leave(a)
	r.dispatch()
	return a.ws
}

// join puts the writes among those that are searched for next; nil where that
// is of no use.
func (r *Reconciler) join(ctx context.Context, ws []written) *added {
	f := &r.searches
	if f.finder == nil || f.missed >= misses {
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
		f.next = &search{}
		f.next.ctx, f.next.cancel = background(ctx)
	}
	a := &added{ws: ws, done: make(chan struct{})}
	f.next.calls = append(f.next.calls, a)
	r.startSearch()
	return a
}

// leave ends the search that nobody wants any more.
func (f *searches) leave(a *added) {
	for _, k := range []*search{f.running, f.next} {
		if k == nil {
			continue
		}
		if k.calls = slices.DeleteFunc(k.calls, func(o *added) bool { return o == a }); len(k.calls) == 0 {
			k.cancel()
			if k == f.next {
				f.next = nil
			}
		}
	}
}

// searchNow has the search begin that has waited for others long enough.
func (r *Reconciler) searchNow(a *added) {
	r.mu.Lock()
	defer r.unlock()
	if k := r.searches.next; k != nil && slices.Contains(k.calls, a) && !k.due {
		k.due = true
		r.proofs.concurrent = len(k.ids())
		r.startSearch()
	}
}

// startSearch begins the next search, unless one is under way or it waits for others.
func (r *Reconciler) startSearch() {
	f := &r.searches
	k := f.next
	if k == nil || f.running != nil {
		return
	}
	ids := k.ids()
	if !k.due && !r.proofs.mayRead(len(ids)) {
		return
	}
	f.next, f.running = nil, k
	r.proofs.readings++
	hint := 0
	if r.know.Value != nil {
		hint = r.know.Value.Enabled() + len(r.know.answers) + r.open // who is being added now may be listed
	}
	r.later = append(r.later, func() { go r.search(k, ids, hint) })
}

// search makes one search. It also proves what was answered while it was under way.
func (r *Reconciler) search(k *search, ids []string, hint int) {
	found, err := r.searches.finder.FindMembers(k.ctx, r.Workspace, ids, hint)
	k.cancel()
	r.mu.Lock()
	defer r.unlock()
	f := &r.searches
	f.running = nil
	missed := false
	for _, a := range k.calls {
		if err == nil {
			a.ws = slices.DeleteFunc(a.ws, func(w written) bool { return r.found(w, rowOf(found, w)) })
			missed = missed || len(a.ws) > 0
		}
		close(a.done)
	}
	switch {
	case missed:
		f.missed++
	case err == nil:
		f.missed = 0
	}
	if f.next != nil && err == nil {
		for _, a := range slices.Clone(f.next.calls) {
			a.ws = slices.DeleteFunc(a.ws, func(w written) bool { return r.shownAlready(w, rowOf(found, w)) })
			if len(a.ws) == 0 {
				f.leave(a)
				close(a.done)
			}
		}
	}
	r.startSearch()
	r.dispatch()
}

// rowOf is what a search has found of the principal of a write.
func rowOf(found map[string]membership.Member, w written) row {
	m, there := found[w.item.Principal.ID]
	return row{Member: m, there: there}
}

// found tells whether a search shows what became of a write that was answered before
// it began.
func (r *Reconciler) found(w written, now row) bool {
	switch {
	case now.there && now.holds(w.item.Want):
		r.proved(w, now)
		return true
	case now.there && w.err == nil:
		r.enteredAs(w, now)
		r.know.note(w.item.Principal, &answer{number: w.number, at: w.at, before: w.live, after: now})
		return true
	default:
		return false
	}
}
