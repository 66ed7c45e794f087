package planning

import (
	"context"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Replaced remembers, beyond one run, which instances were to be replaced by another
// object of the same principal. Terraform puts such an instance aside before it creates
// the other object (create_before_destroy). Where the run ends in between, its next plan
// destroys the one and creates the other, and nothing in its requests tells them from two
// resources that disagree. Methods may be called at the same time.
type Replaced interface {
	Add(instance string)
	Remove(instance string)
	Has(instance string) bool
}

type nothingReplaced struct{}

func (nothingReplaced) Add(string)      {}
func (nothingReplaced) Remove(string)   {}
func (nothingReplaced) Has(string) bool { return false }

// replacedMark is what this walk has changed about one of those replaced.
type replacedMark int

const (
	// addedNow: this walk has remembered the instance.
	addedNow replacedMark = iota + 1
	// parted: this walk has found one of an earlier run to be a resource of its own.
	parted
)

// mark notes what the walk has changed about an instance.
func (w *Walk) mark(instance string, m replacedMark) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.marked[instance] = m
}

// noteReplaced remembers the instances that a creation may be about to replace.
func (w *Walk) noteReplaced(instances ...string) {
	for _, i := range instances {
		if !w.replaced.Has(i) {
			w.mark(i, addedNow) // first: a removal that finds the one finds the other
			w.replaced.Add(i)
		}
	}
}

// replaces notes the second call of a replacement.
func (w *Walk) replaces(instance string) {
	w.mu.Lock()
	in := w.instances[instance]
	w.mu.Unlock()
	if in != nil && in.stays {
		w.noteReplaced(instance)
	}
}

// unplanned gives the instances that a creation of the principal may replace: those that
// this walk has read, and that nothing else is planned with.
func (p *Planner) unplanned(workspace string, q membership.Principal) []string {
	w := p.walk
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, s := range p.planOf(workspace).read[MemberKey(workspace, q)] {
		if w.instances[s.token] == nil {
			out = append(out, s.token)
		}
	}
	return out
}

// leftOver tells whether a removal is of an object that an earlier run has put aside and
// not replaced, while a resource of this one holds its principal.
func (p *Planner) leftOver(ctx context.Context, c BindingChange) bool {
	w, token := p.walk, c.Private.Instance
	if !w.replaced.Has(token) {
		return false
	}
	w.mu.Lock()
	now := w.marked[token] == addedNow
	w.mu.Unlock()
	if !now && (!w.plans(ctx) || p.heldElsewhere(ctx, c.Prior.Workspace, c.Prior.Principal)) {
		return true
	}
	w.replaced.Remove(token) // it is a resource of its own
	if !now {
		w.mark(token, parted)
	}
	return false
}

// rememberAgain remembers left-over objects again where the resource that holds their
// principal comes after they were planned, and could not be waited for (-parallelism=1).
func (w *Walk) rememberAgain(removals []*instance) {
	for _, in := range removals {
		if w.marked[in.token] == parted {
			w.replaced.Add(in.token)
		}
	}
}
