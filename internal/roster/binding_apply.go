package roster

import (
	"context"
	"slices"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// BindingApplied is the outcome.
type BindingApplied struct {
	// Member is the next principal's row, as far as it is known.
	Member   membership.Member
	Findings []membership.Finding
	// Private is what the instance's private data has to say afterwards.
	Private Private

	// mayHaveEntered is true where the principal may have by now what the change
	// was to give, or not.
	mayHaveEntered bool
}

// CreateBinding makes the principal hold the standing. It adopts what is there
// already, takes nothing away from anybody unless told to, and proves what it
// wrote. On an error nothing must be recorded: the next run adopts what is there.
// The private data of the change is that of a new instance.
func (r *Run) CreateBinding(ctx context.Context, c BindingChange) BindingApplied {
	out := r.spaces.get(c.Next.Workspace).enter(ctx, c)
	out.Private = c.Private.Applied()
	return out
}

// enter is a creation, or the first half of a changed principal.
func (s *space) enter(ctx context.Context, c BindingChange) BindingApplied {
	w := giveChange(c)
	w.creates, w.at = c.Prior == nil, membership.AtPrincipal
	w.Creates, w.Replaces = w.creates, !w.creates
	return s.applyOne(ctx, w)
}

func giveChange(c BindingChange) plannedChange {
	to := c.Next.Standing
	return plannedChange{at: membership.AtRole, Change: reconcile.Change{
		Action: reconcile.Give, Principal: c.Next.Principal, Want: &to, Adopt: c.Adopt, Token: c.Private.Instance,
		Loss: guard.Loss{Cause: guard.Edited, Form: guard.OfOne},
	}}
}

// applyOne makes one change.
func (s *space) applyOne(ctx context.Context, w plannedChange) BindingApplied {
	o := s.reconciler.Apply(ctx, w.Change)[0]
	if w.Action == reconcile.Give && o.WasThere && o.Bad() {
		w.at = planning.StandingAttribute(o.Before, *w.Want)
	}
	return BindingApplied{Member: o.After, Findings: s.explain(ctx, w, o), mayHaveEntered: o.Result == reconcile.Unclear}
}

// UpdateBinding brings the binding from the prior to the next: another
// standing in place, or another principal: then the next one enters before the
// prior one leaves as its exit says. On an error the state keeps what it held, and the
// next apply finishes.
func (r *Run) UpdateBinding(ctx context.Context, c BindingChange) BindingApplied {
	s := r.spaces.get(c.Next.Workspace)
	var out BindingApplied
	if c.Prior.Principal.Fold() == c.Next.Principal.Fold() {
		out = s.change(ctx, c)
	} else {
		out = s.exchange(ctx, c)
	}
	if membership.Failed(out.Findings) {
		s.reconciler.Hold(c.Prior.Principal, c.Private.Instance) //nolint:contextcheck // what goes on then has contexts of its own
	}
	return out
}

// change gives the principal another standing.
func (s *space) change(ctx context.Context, c BindingChange) BindingApplied {
	w := giveChange(c)
	w.Held = &c.Prior.Standing
	out := s.applyOne(ctx, w)
	out.Private = c.Private.Applied()
	out.Findings = append(out.Findings, s.newcomers(ctx, c)...)
	return out
}

// exchange puts another principal in the place of the prior one.
func (s *space) exchange(ctx context.Context, c BindingChange) BindingApplied {
	out := s.enter(ctx, c)
	others := s.newcomers(ctx, c)
	entered := !membership.Failed(out.Findings)
	if entered {
		out.Findings = append(out.Findings, s.leave(ctx, c, c.ReplacedLoss(), 0)...)
	}
	out.Private = c.Private.Applied()
	switch {
	case !membership.Failed(out.Findings):
		out.Private = out.Private.WithoutNewcomer(c.Next.Principal)
	case entered || out.mayHaveEntered:
		out.Private = out.Private.WithNewcomer(c.Next.Principal)
	}
	out.Findings = append(out.Findings, others...)
	return out
}

// newcomers tells of those who have entered in a change of principal that was
// not finished, and whom this one does not settle.
func (s *space) newcomers(ctx context.Context, c BindingChange) []membership.Finding {
	left := c.Unsettled()
	if len(left) == 0 {
		return nil
	}
	l, err := s.reconciler.Recent(ctx)
	if err != nil {
		return nil // a change that needs the listing says so
	}
	return s.run.WarnOfNewcomers(ctx, l, slices.DeleteFunc(slices.Clone(left), func(q planning.Newcomer) bool {
		return s.reconciler.HeldByOther(q.Principal, c.Private.Instance)
	}))
}

// DeleteBinding ends the binding as its exit says. Where a replacement will hold
// (or holds) the same principal, nothing is sent.
func (r *Run) DeleteBinding(ctx context.Context, c BindingChange) BindingApplied {
	s, b := r.spaces.get(c.Prior.Workspace), *c.Prior
	var out []membership.Finding
	switch {
	case c.Private.Holds == planning.MemberKey(b.Workspace, b.Principal):
		s.reconciler.HandOver(b.Principal, b.Standing, c.Private.As)
	case !c.Private.Left:
		out = s.leave(ctx, c, r.EndedLoss(c), c.Private.Owners)
	}
	return BindingApplied{Findings: append(out, s.newcomers(ctx, c)...)}
}

// leave ends the prior principal's access: it takes it away, reassigns it, or keeps
// it. atPlan is as in [plannedChange].
func (s *space) leave(ctx context.Context, c BindingChange, loss guard.Loss, atPlan int) []membership.Finding {
	if c.Exit.Keep {
		return nil
	}
	return s.applyOne(ctx, plannedChange{at: loss.At, atPlan: atPlan, Change: reconcile.Change{
		Action: reconcile.End, Principal: c.Prior.Principal, Want: loss.To, Held: &c.Prior.Standing, Token: c.Private.Instance, Loss: loss,
	}}).Findings
}
