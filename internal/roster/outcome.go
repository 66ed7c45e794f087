package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// plannedChange is a change with what its findings need to say.
type plannedChange struct {
	reconcile.Change
	// at is the attribute that asks for it, key the entry of that attribute.
	at  membership.Attribute
	key string
	// creates is true where no state is recorded if it fails.
	creates bool
	// atPlan is how many owners there were when it was planned, 0 where that is
	// not known.
	atPlan int
}

// clause says what the change was to do: "given the role editor", "removed".
func (w plannedChange) clause(t membership.Traits) string {
	switch {
	case w.Loss.What != "":
		return strings.Replace(w.Loss.What, " by this run", "", 1)
	case w.Want == nil:
		return t.Removed()
	default:
		return "given the role " + w.Want.String()
	}
}

// explain turns the outcome of one change into findings.
func (s *space) explain(ctx context.Context, w plannedChange, o reconcile.Outcome) []membership.Finding {
	var out []membership.Finding
	switch {
	case o.Result == reconcile.AlreadySo, o.Result == reconcile.LeftAlone:
	case o.OwnUser:
		out = append(out, s.run.OwnUser(o.Before, w.Want, s.at(ctx)))
	case o.UnknownSelf != "":
		out = append(out, s.run.UnknownSelf(o.UnknownSelf)...)
	}
	switch o.Result {
	case reconcile.Done:
		out = append(out, s.changedMore(ctx, w, o)...)
	case reconcile.LeftAlone:
		out = append(out, s.leftAloneFinding(ctx, w, o)...)
	case reconcile.Refused, reconcile.Failed, reconcile.Unclear:
		out = append(out, s.failureOf(ctx, w, o))
	case reconcile.AlreadySo:
	}
	if o.Short != nil && !o.Bad() {
		out = append(out, s.refusal(ctx, w, o, membership.SeverityWarning))
	}
	return out
}

// changedMore tells of a change that its plan may not have shown.
func (s *space) changedMore(ctx context.Context, w plannedChange, o reconcile.Outcome) []membership.Finding {
	if w.Action != reconcile.Give || !o.WasThere || o.Expected {
		return nil
	}
	where := s.at(ctx)
	if !o.Before.Enabled && w.Want.Enabled {
		return []membership.Finding{planning.Reenabled(o.Before, *w.Want, where)}
	}
	if w.Adopt {
		allowed := s.run.naming.AdoptExisting + " is true"
		if w.Loss.Form == guard.OfRole {
			allowed = "The resource names this member"
		}
		return []membership.Finding{planning.Adopted(allowed, o.Before, *w.Want, where)}
	}
	return []membership.Finding{membership.WarningAt(w.at, fmt.Sprintf("%s in %s goes from %s to %s", o.Before.Label(), where, o.Before.Standing(), w.Want),
		fmt.Sprintf("%s had %s already, which the state did not show. The configuration asks for a higher role, so the member got it.", planning.Named(o.Before), o.Before.Standing()))}
}

// leftAloneFinding explains why a member keeps what it has.
func (s *space) leftAloneFinding(ctx context.Context, w plannedChange, o reconcile.Outcome) []membership.Finding {
	t, who := s.run.traits, planning.Named(o.Before)
	summary := fmt.Sprintf("%s in %s is left alone", o.Before.Label(), s.at(ctx))
	switch {
	case o.Reason == reconcile.HeldByAnother:
		return nil
	case o.Reason == reconcile.BecameOwner:
		return []membership.Finding{membership.ErrorAt(w.at, summary, fmt.Sprintf("%s was to be %s, but has become %s of the %s since the plan. "+
			"An apply removes only an %[5]s whom its plan showed as one. Plan again, and apply that plan.", who, w.clause(t), t.AnOwner(), t.WorkspaceNoun, t.OwnerNoun))}
	}
	detail := fmt.Sprintf("%s has %s there. The state did not show that: it changed in the meantime, or was not known at plan time. An apply takes away only what the state showed.", who, o.Before.Standing())
	if w.Want != nil && w.Want.HasOneRole() || w.Loss.What != "" {
		detail += fmt.Sprintf(" The next plan shows what would happen: %s would be %s.", o.Before.Label(), w.clause(t))
	}
	if w.Loss.Form == guard.OfOne && !w.creates {
		if w.Held == nil {
			detail += fmt.Sprintf(" Set %s = true to accept the change.", s.run.naming.AdoptExisting)
		}
		return []membership.Finding{membership.ErrorAt(w.at, summary, detail+" The state stays as it was.")}
	}
	if w.Loss.Form == guard.OfOne {
		detail += fmt.Sprintf(" To keep what is there, write %s in the configuration.", o.Before.Standing())
	}
	return []membership.Finding{membership.WarningAt(membership.AtNone, summary, detail)}
}

// failureOf explains a change that did not come about.
func (s *space) failureOf(ctx context.Context, w plannedChange, o reconcile.Outcome) membership.Finding {
	f := s.failed(ctx, w, o)
	if w.creates && o.Result == reconcile.Unclear {
		f.Detail += " Nothing was recorded in the state, so the next run adopts what is there and does not replace it."
	}
	if f.At != membership.AtNone {
		f.Key = w.key
	}
	return f
}

func (s *space) failed(ctx context.Context, w plannedChange, o reconcile.Outcome) membership.Finding {
	t := s.run.traits
	name, where := s.called(w, o), s.knownAt()
	what := fmt.Sprintf("%s in %s", name.summary, where.summary)
	was := fmt.Sprintf("%s in %s was to be %s", name.detail, where.detail, w.clause(t))
	switch o.Reason {
	case reconcile.TooFewOwners:
		return s.refusal(ctx, w, o, membership.SeverityError)
	case reconcile.Unreadable:
		return s.run.ReadFailure(o.Err, s.id, w.at)
	case reconcile.Incomplete:
		return s.run.Incomplete(o.Listing, fmt.Sprintf("%s is not in that part.", name.detail))
	case reconcile.NoSuchMember:
		return s.run.CannotAddDisabled(name.summary, s.at(ctx))
	case reconcile.GivenBack:
		if o.Result == reconcile.Refused {
			return membership.ErrorAt(w.at, fmt.Sprintf("%s stays %s", what, t.OwnerNoun),
				fmt.Sprintf("This run restored the role of %s once already, because too few %s were left. Nothing was changed. Plan and apply again.", name.detail, t.OwnersNoun))
		}
		return membership.ErrorAt(w.at, fmt.Sprintf("%s was given the role back", what),
			fmt.Sprintf("%s was %s. Then the %s had fewer %s than it needs, because another run or a person removed one at the same time. So %s has %s again.%s Name another %s before you take this one out.",
				name.detail, w.clause(t), t.WorkspaceNoun, t.OwnersNoun, name.summary, o.Before.Standing(), s.ownersNow(), t.OwnerNoun))
	case reconcile.NotGivenBack:
		return membership.ErrorAt(w.at, fmt.Sprintf("%s was not given the role back", what),
			fmt.Sprintf("%s was %s. Then the %s had fewer %s than it needs, because another run or a person removed one at the same time. The role could not be restored: %s.\n\n"+
				"Restore it by hand: give %[1]s the role %[6]q again, in %[7]s or with\n\n  %[8]s", name.detail, w.clause(t), t.WorkspaceNoun, t.OwnersNoun, planning.Said(o.Err),
				o.Before.Role(), t.Product, t.Assigning(s.id, o.Before.Principal, o.Before.Role())))
	case reconcile.NotProved:
		return membership.ErrorAt(w.at, fmt.Sprintf("The change of %s was not proved", what),
			fmt.Sprintf("%s was %s. Who is left in the %s could not be read: %s. Nothing was restored. Check who its %s are, and plan again.",
				name.detail, w.clause(t), t.WorkspaceNoun, planning.Said(o.Err), t.OwnersNoun))
	}
	notSent := errors.Is(o.Err, reconcile.ErrNotSent)
	switch {
	case notSent && errors.Is(o.Err, context.DeadlineExceeded):
		return membership.ErrorAt(membership.AtNone, fmt.Sprintf("The change of %s in %s ran out of time", name.summary, where.summary),
			was+". The resource's timeout ended before the change could start. Nothing was changed. Apply again, with a longer timeout if it happens again.")
	case notSent && errors.Is(o.Err, context.Canceled):
		return membership.ErrorAt(membership.AtNone, "The change was cancelled", was+". The run was cancelled before the change could start. Nothing was changed.")
	case o.Short != nil:
		f := s.refusal(ctx, w, o, membership.SeverityError)
		f.Summary = fmt.Sprintf("%s would lose its last %s", membership.Capital(t.WorkspaceNoun), t.OwnerNoun)
		return f
	default:
		return s.writeFailure(w, o, what, was+": "+planning.Said(o.Err)+".")
	}
}

// refusal is the guard's message at apply time.
func (s *space) refusal(ctx context.Context, w plannedChange, o reconcile.Outcome, severity membership.Severity) membership.Finding {
	section := o.Short.Section
	section.AtPlan = w.atPlan
	if section.Name == "" {
		section.Name = s.whereIs(ctx)
	}
	if o.Short.TimedOut {
		section.Notes = append(section.Notes, "The resource's own timeout ended the wait.")
	}
	again := "If this run has created a successor in the meantime, apply again to finish the handover."
	if section.AtPlan > section.Now {
		again = fmt.Sprintf("Who the %s were at plan time has changed since: plan again.", s.run.traits.OwnersNoun)
	}
	switch {
	case o.Err != nil:
		section.Notes = append(section.Notes, fmt.Sprintf("%s itself refused: %s", s.run.traits.Product, planning.Said(o.Err)))
	case severity == membership.SeverityError && w.Loss.Form == guard.OfOne:
		section.Notes = append(section.Notes, "Nothing was changed here. "+again)
	case severity == membership.SeverityError:
		section.Notes = append(section.Notes, "None of them was changed. The other changes of this resource are done, and the state shows the result. "+again)
	}
	return guard.Refusal{Judge: o.Short.Judge, Severity: severity, Sections: []guard.Section{section}, At: w.at, Waited: o.Short.Waited, ByService: o.Err != nil}.Finding()
}

// said is how a message calls a principal or a workspace: short in a summary,
// and with the id in a detail.
type said struct{ summary, detail string }

// ownersNow names the owners as a sentence, after a space; "" where there is no listing.
func (s *space) ownersNow() string {
	l := s.reconciler.Known()
	if l == nil {
		return ""
	}
	var who []string
	for _, m := range s.run.judge.Owners(l) {
		who = append(who, guard.NameAndID(m))
	}
	return fmt.Sprintf(" Its %s now: %s.", s.run.traits.OwnersNoun, cmp.Or(strings.Join(who, ", "), "none"))
}

// called names the principal of a change.
func (s *space) called(w plannedChange, o reconcile.Outcome) said {
	m := o.Before
	if m.ID == "" {
		m = s.run.Known(s.id, s.knownListing(), w.Principal)
	}
	return said{planning.Called(m), planning.Named(m)}
}

// knownAt names the workspace without a call: a change has just failed.
func (s *space) knownAt() said {
	name := s.run.knownName(s.id)
	return said{s.run.traits.Workspace(name), s.run.traits.Place(name, s.id)}
}

func (s *space) knownListing() *membership.Listing {
	if l := s.reconciler.Known(); l != nil {
		return l
	}
	l, _ := s.listings.Peek()
	return l.Value
}

// whereIs is the name of the workspace, at names it in a summary.
func (s *space) whereIs(ctx context.Context) string {
	return s.run.WorkspaceName(ctx, s.id)
}

func (s *space) at(ctx context.Context) string { return s.run.traits.Workspace(s.whereIs(ctx)) }
