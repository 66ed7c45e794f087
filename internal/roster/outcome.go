package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// wish is a change with what its findings need to say.
type wish struct {
	reconcile.Change
	// at is the attribute that asks for it, key the entry of that attribute.
	at  Attribute
	key string
	// form is the kind of resource that asks.
	form guard.Form
	// creates is true where no state is recorded if it fails.
	creates bool
	// atPlan is how many owners there were when it was planned, 0 where that is
	// not known.
	atPlan int
}

// clause says what the change was to do: "given editor", "removed".
func (w wish) clause(t Traits) string {
	switch {
	case w.Loss.What != "":
		return strings.Replace(w.Loss.What, " by this run", "", 1)
	case w.Want == nil:
		return t.Removed()
	default:
		return "given " + w.Want.String()
	}
}

// explain turns the outcome of one change into findings.
func (s *space) explain(ctx context.Context, w wish, o reconcile.Outcome) []Finding {
	var out []Finding
	if o.OwnUser && o.Result != reconcile.AlreadySo && o.Result != reconcile.LeftAlone {
		out = append(out, s.ownUser(ctx, w, o))
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
		out = append(out, s.refusal(ctx, w, o, SeverityWarning))
	}
	return out
}

// ownUser tells the person who runs this that the credentials' own user loses
// access or its role.
func (s *space) ownUser(ctx context.Context, w wish, o reconcile.Outcome) Finding {
	return planning.OwnUser(s.run.traits, o.Before, w.Want, s.run.traits.WorkspaceNoun+" "+s.whereIs(ctx))
}

// changedMore tells of a change that its plan may not have shown.
func (s *space) changedMore(ctx context.Context, w wish, o reconcile.Outcome) []Finding {
	if w.Action != reconcile.Give || !o.WasThere || o.Expected {
		return nil
	}
	where := s.whereIs(ctx)
	if !o.Before.Enabled && w.Want.Enabled {
		return []Finding{planning.Reenabled(o.Before, *w.Want, s.run.traits.WorkspaceNoun+" "+where)}
	}
	if w.Adopt {
		return []Finding{planning.Adopted(s.run.naming, o.Before, *w.Want, s.run.traits.WorkspaceNoun+" "+where)}
	}
	return []Finding{warning(w.at, fmt.Sprintf("%s in workspace %s goes from %s to %s", o.Before.Label(), where, o.Before.Standing(), w.Want),
		fmt.Sprintf("%s was there already with %s, which the state did not hold. The higher role was given.", o.Before.Principal, o.Before.Standing()))}
}

// leftAloneFinding explains why somebody keeps what they have.
func (s *space) leftAloneFinding(ctx context.Context, w wish, o reconcile.Outcome) []Finding {
	where, who := s.whereIs(ctx), guard.NameAndID(o.Before)
	summary := fmt.Sprintf("%s in workspace %s is left alone", o.Before.Label(), where)
	switch {
	case o.Reason == reconcile.HeldByAnother:
		return nil
	case o.Reason == reconcile.BecameOwner:
		return []Finding{failure(w.at, summary, fmt.Sprintf("%s was to be %s, and has become an %s of the workspace since. "+
			"That is not taken away without a plan that shows it. Plan again, and apply that.", who, w.clause(s.run.traits), s.run.traits.OwnerNoun))}
	}
	detail := fmt.Sprintf("%s holds %s there, and the state did not hold that: somebody has changed it, or it was not known when this was planned. Only what the state held is taken away. The next plan shows what would happen: to be %s.",
		who, o.Before.Standing(), w.clause(s.run.traits))
	if w.Held != nil && w.form == guard.OfOne {
		return []Finding{failure(w.at, summary, detail+" The state stays as it was.")}
	}
	if w.creates && w.form == guard.OfOne {
		detail += " Set adopt_existing = true to accept the change."
	}
	return []Finding{warning(AtNone, summary, detail)}
}

// failureOf explains a change that did not come about.
func (s *space) failureOf(ctx context.Context, w wish, o reconcile.Outcome) Finding {
	f := s.failed(ctx, w, o)
	if w.creates && o.Result == reconcile.Unclear {
		f.Detail += " No state was recorded for it, so that the next run adopts what is there instead of replacing it."
	}
	if f.At != AtNone {
		f.Key = w.key
	}
	return f
}

func (s *space) failed(ctx context.Context, w wish, o reconcile.Outcome) Finding {
	t := s.run.traits
	who := fmt.Sprintf("%s in workspace %s", w.Principal, s.id)
	switch o.Reason {
	case reconcile.TooFewOwners:
		return s.refusal(ctx, w, o, SeverityError)
	case reconcile.Unreadable:
		return planning.ReadFailure(s.run.traits, o.Err, s.id, w.at)
	case reconcile.Incomplete:
		return planning.Incomplete(s.run.traits, o.Listing, fmt.Sprintf("%s is not in that part.", w.Principal))
	case reconcile.NoSuchMember:
		return planning.CannotAddDisabled(s.run.traits, w.Principal, s.run.traits.WorkspaceNoun+" "+s.whereIs(ctx))
	case reconcile.GivenBack:
		if o.Result == reconcile.Refused {
			return failure(w.at, fmt.Sprintf("%s stays %s", who, t.OwnerNoun),
				fmt.Sprintf("%s was given the role back in this run, because too few %s were left. Nothing was changed. Plan and apply again.", guard.NameAndID(o.Before), t.OwnersNoun))
		}
		return failure(w.at, fmt.Sprintf("%s was given the role back", who),
			fmt.Sprintf("%s was %s, and then the workspace had fewer %s than it needs: another run, or a person, took one out at the same time. So %s has %s again. Plan and apply again.",
				guard.NameAndID(o.Before), w.clause(t), t.OwnersNoun, o.Before.Label(), o.Before.Standing()))
	case reconcile.NotGivenBack:
		return failure(w.at, fmt.Sprintf("%s was not given the role back", who),
			fmt.Sprintf("%s was %s, and then the workspace had fewer %s than it needs: another run, or a person, took one out at the same time. Giving the role back failed: %s. "+
				"Do it by hand: give %s the role %q again, in %s or with\n\n  %s", guard.NameAndID(o.Before), w.clause(t), t.OwnersNoun, planning.Said(o.Err),
				guard.NameAndID(o.Before), o.Before.Role(), t.Product, t.Assigning(s.id, o.Before.Principal, o.Before.Role())))
	case reconcile.NotProved:
		return failure(w.at, fmt.Sprintf("The change of %s was not proved", who),
			fmt.Sprintf("%s was %s, and who is left in the workspace could not be read: %s. Nothing was given back. Look who its %s are, and plan again.", guard.NameAndID(o.Before), w.clause(t), planning.Said(o.Err), t.OwnersNoun))
	}
	if errors.Is(o.Err, reconcile.ErrNotSent) && (errors.Is(o.Err, context.Canceled) || errors.Is(o.Err, context.DeadlineExceeded)) {
		return s.cancelled(w, o.Err)
	}
	if o.Short != nil {
		f := s.refusal(ctx, w, o, SeverityError)
		f.Summary = fmt.Sprintf("Workspace would lose its last %s", t.OwnerNoun)
		return f
	}
	return s.run.writeFailure(o, s.id, w)
}

// cancelled explains a change that was never sent.
func (s *space) cancelled(w wish, err error) Finding {
	who := fmt.Sprintf("%s in workspace %s was to be %s", w.Principal, s.id, w.clause(s.run.traits))
	if errors.Is(err, context.DeadlineExceeded) {
		return failure(AtNone, fmt.Sprintf("The change of %s in workspace %s ran out of time", w.Principal, s.id),
			who+", and the resource's timeout ended before it was its turn. Nothing was changed. Apply again, with a longer timeout if need be.")
	}
	return failure(AtNone, "The change was cancelled", who+", and the run was cancelled before it was its turn. Nothing was changed.")
}

// refusal is the guard's message at apply time.
func (s *space) refusal(ctx context.Context, w wish, o reconcile.Outcome, severity Severity) Finding {
	section := o.Short.Section
	section.AtPlan = w.atPlan
	if section.Name == "" {
		section.Name = s.whereIs(ctx)
	}
	if o.Short.TimedOut {
		section.Notes = append(section.Notes, "The resource's own timeout ended the wait.")
	}
	switch {
	case o.Err != nil:
		section.Notes = append(section.Notes, fmt.Sprintf("%s itself refused: %s", s.run.traits.Product, planning.Said(o.Err)))
	case severity == SeverityError && w.form == guard.OfOne:
		section.Notes = append(section.Notes, "Nothing was changed here. If a successor was created later in this run, applying again finishes the handover.")
	case severity == SeverityError:
		section.Notes = append(section.Notes, "None of them was changed. What else this resource does is done; the state holds what is there. If a successor was created later in this run, applying again finishes the handover.")
	}
	return guard.Refusal{Judge: o.Short.Judge, Severity: severity, Sections: []guard.Section{section}, At: w.at, Waited: o.Short.Waited}.Finding()
}

// whereIs names the workspace for people.
func (s *space) whereIs(ctx context.Context) string {
	known := s.reconciler.Known()
	if known == nil {
		if got, ok := s.listings.Peek(); ok {
			known = got.Value
		}
	}
	return s.run.workspaceName(ctx, known, s.id)
}
