package roster

import (
	"context"
	"fmt"

	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// BindingApply is one change of one additive resource, as it is applied.
type BindingApply struct {
	// Prior is what the state holds, nil for a creation; Next what is planned, nil
	// for a removal.
	Prior, Next *Binding
	// Adopt allows an access to be changed that is there already.
	Adopt bool
	// Exit is what the prior state says about the end of its access.
	Exit Exit
	// Private is the instance's private data; a creation has a new instance.
	Private Private
}

// BindingApplied is the outcome.
type BindingApplied struct {
	// Member is the next principal's row, as far as it is known.
	Member Member
	// Kept is true where the first half of a changed principal succeeded and the
	// second did not: the state keeps the prior principal, and the next apply
	// finishes.
	Kept     bool
	Findings []Finding
	// Private is what the instance's private data has to say afterwards.
	Private Private

	// mayHaveEntered is true where the principal may have by now what the change
	// was to give, or not.
	mayHaveEntered bool
}

// CreateBinding makes the principal hold the standing. It adopts what is there
// already, takes nothing away from anybody unless told to, and proves what it
// wrote. On an error nothing must be recorded: the next run adopts what is there.
func (r *Run) CreateBinding(ctx context.Context, c BindingApply) BindingApplied {
	out := r.spaces.get(c.Next.Workspace).enter(ctx, c)
	out.Private = c.Private.Applied()
	return out
}

// enter is a creation, or the first half of a changed principal.
func (s *space) enter(ctx context.Context, c BindingApply) BindingApplied {
	w := giveWish(c)
	w.creates, w.at, w.Creates = c.Prior == nil, AtPrincipal, c.Prior == nil
	return s.applyOne(ctx, w)
}

func giveWish(c BindingApply) wish {
	to := c.Next.Standing
	return wish{at: AtRole, form: guard.OfOne, Change: reconcile.Change{
		Action: reconcile.Give, Principal: c.Next.Principal, Want: &to, Adopt: c.Adopt, Token: c.Private.Instance,
		Loss: guard.Loss{Cause: guard.Edited, Form: guard.OfOne, At: AtRole},
	}}
}

// applyOne makes one change.
func (s *space) applyOne(ctx context.Context, w wish) BindingApplied {
	o := s.reconciler.Apply(ctx, w.Change)[0]
	if o.WasThere && w.Want != nil && o.Bad() {
		w.at = planning.StandingAttribute(o.Before, *w.Want)
		if w.Action != reconcile.Give {
			w.at = w.Loss.At
		}
	}
	return BindingApplied{Member: o.After, Findings: s.explain(ctx, w, o), mayHaveEntered: o.Result == reconcile.Unclear}
}

// UpdateBinding brings the binding from the prior to the next: another
// standing in place, or another principal: then the next one enters before the
// prior one leaves as its exit says.
func (r *Run) UpdateBinding(ctx context.Context, c BindingApply) BindingApplied {
	s := r.spaces.get(c.Next.Workspace)
	if c.Prior.Principal.Fold() == c.Next.Principal.Fold() {
		w := giveWish(c)
		w.Held = &c.Prior.Standing
		out := s.applyOne(ctx, w)
		out.Private = c.Private.Applied()
		out.Findings = append(out.Findings, s.newcomers(ctx, c)...)
		return out
	}
	out := s.enter(ctx, c)
	others := s.newcomers(ctx, c)
	if Failed(out.Findings) {
		s.reconciler.Hold(c.Prior.Principal, c.Private.Instance) //nolint:contextcheck // what goes on then has contexts of its own
		keeps := c.Private.Applied()
		if out.mayHaveEntered {
			keeps = keeps.WithNewcomer(c.Next.Principal)
		}
		return BindingApplied{Findings: append(out.Findings, others...), Private: keeps}
	}
	out.Findings = append(out.Findings, s.leave(ctx, c, endWish(c, guard.Loss{
		Cause: guard.Replaced, Form: guard.OfOne, At: AtPrincipal, What: fmt.Sprintf("replaced in its resource by %s", c.Next.Principal),
	}))...)
	out.Private = c.Private.Applied().WithoutNewcomer(c.Next.Principal)
	if out.Kept = Failed(out.Findings); out.Kept {
		s.reconciler.Hold(c.Prior.Principal, c.Private.Instance) //nolint:contextcheck // what goes on then has contexts of its own
		out.Private = out.Private.WithNewcomer(c.Next.Principal)
	}
	out.Findings = append(out.Findings, others...)
	return out
}

// newcomers tells of those who have entered in a change of principal that was
// not finished, and whom this one does not settle.
func (s *space) newcomers(ctx context.Context, c BindingApply) []Finding {
	left := c.Private
	if c.Next != nil {
		left = left.WithoutNewcomer(c.Next.Principal)
	}
	if len(left.Newcomers) == 0 {
		return nil
	}
	l, err := s.reconciler.Recent(ctx)
	if err != nil {
		return nil // a change that needs the listing says so
	}
	var out []Finding
	for _, q := range left.Newcomers {
		if live, there := l.Member(q.Principal); there && live.Enabled && !s.reconciler.HeldByOther(q.Principal, c.Private.Instance) {
			out = append(out, planning.Unsettled(s.run.traits, s.run.naming, live, s.at(ctx)))
		}
	}
	return out
}

// DeleteBinding ends the binding as its exit says. Where a replacement will hold
// (or holds) the same principal, nothing is sent.
func (r *Run) DeleteBinding(ctx context.Context, c BindingApply) BindingApplied {
	s, b := r.spaces.get(c.Prior.Workspace), *c.Prior
	if handsOver := c.Private.Holds == planning.MemberKey(b.Workspace, b.Principal); handsOver || c.Private.Left {
		if handsOver {
			s.reconciler.HandOver(b.Principal, b.Standing, c.Private.As)
		}
		return BindingApplied{Findings: s.newcomers(ctx, c)}
	}
	what := r.traits.Removed() + " by this run (its resource is destroyed or no longer in the configuration)"
	if c.Exit.Reassign != "" {
		what = fmt.Sprintf("left with the role %q by this run (%s)", c.Exit.Reassign, r.naming.ReassignRole)
	}
	w := endWish(c, guard.Loss{Cause: guard.Ended, Form: guard.OfOne, What: what})
	w.atPlan = c.Private.Owners
	return BindingApplied{Findings: append(s.leave(ctx, c, w), s.newcomers(ctx, c)...)}
}

// endWish asks for the end of the prior principal's access.
func endWish(c BindingApply, loss guard.Loss) wish {
	held := c.Prior.Standing
	return wish{at: loss.At, form: guard.OfOne, Change: reconcile.Change{
		Action: reconcile.End, Principal: c.Prior.Principal, Want: c.Exit.To(), Held: &held, Token: c.Private.Instance, Loss: loss,
	}}
}

// leave ends the prior principal's access: it takes it away, reassigns it, or keeps it.
func (s *space) leave(ctx context.Context, c BindingApply, w wish) []Finding {
	if c.Exit.Keep {
		return nil
	}
	return s.applyOne(ctx, w).Findings
}
