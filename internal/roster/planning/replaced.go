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

// noteReplaced remembers the instances that a creation may be about to replace.
func (w *Walk) noteReplaced(instances ...string) {
	for _, i := range instances {
		if w.replaced.Has(i) {
			continue
		}
		w.replaced.Add(i)
		w.mu.Lock()
		w.noted[i] = true
		w.mu.Unlock()
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
func (w *Walk) unplanned(p *Planner, workspace string, q membership.Principal) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, r := range w.account(p, workspace).claims.read[q.Fold()] {
		if w.instances[r.token] == nil {
			out = append(out, r.token)
		}
	}
	return out
}

// leftOver tells whether a removal is of an object that an earlier run has put aside and
// not replaced, while a resource of this one holds its principal.
func (p *Planner) leftOver(ctx context.Context, c BindingChange) bool {
	w, token := p.walk, c.Private.Instance
	w.mu.Lock()
	now := w.noted[token]
	w.mu.Unlock()
	switch {
	case !w.replaced.Has(token):
		return false
	case !now && (!w.plans(ctx) || w.heldElsewhere(ctx, p, c.Prior.Workspace, c.Prior.Principal)):
		return true
	default:
		w.replaced.Remove(token) // it is a resource of its own
		w.mu.Lock()
		w.ended[token] = !now
		w.mu.Unlock()
		return false
	}
}

// rememberAgain remembers left-over objects again where the resource that holds their
// principal comes after they were planned, and could not be waited for (-parallelism=1).
func (w *Walk) rememberAgain(removals []*instance) {
	for _, in := range removals {
		if w.ended[in.token] {
			w.replaced.Add(in.token)
		}
	}
}
