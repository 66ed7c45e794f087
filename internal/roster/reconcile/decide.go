package reconcile

import (
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// step is what has to happen next with a change.
type step int

const (
	// finish: it has an outcome.
	finish step = iota
	// behind: another change of the principal comes first.
	behind
	// read: a newer listing is needed.
	read
	// askSelf: whose the credentials are has to be asked.
	askSelf
	// waitQuiet: others may name the principal yet.
	waitQuiet
	// ownTurn: the credentials' own user goes when nothing else is open.
	ownTurn
	// lose: it takes an owner out, and is judged with all other losses.
	lose
	// send: it goes out now.
	send
)

// verdict is a decision about one change.
type verdict struct {
	step    step
	outcome Outcome
	live    row
	way     way
	// after asks for a listing that began after the change came.
	after bool
}

func ends(o Outcome) verdict { return verdict{step: finish, outcome: o} }

// decide tells what has to happen next with a change. The caller holds the lock.
func (r *Reconciler) decide(it *item) verdict {
	rec := r.record(it.Principal)
	switch {
	case rec.busy != nil && rec.busy != it:
		return verdict{step: behind}
	case it.req.stopped != nil:
		return ends(Outcome{Result: Failed, Err: it.req.stopped})
	case it.Action != Give && rec.heldByOther(it.Token):
		return ends(Outcome{Result: LeftAlone, Reason: HeldByAnother})
	case !r.know.fresh(it.came):
		return verdict{step: read, after: it.after}
	}
	live, presence := r.know.lookup(it.Principal)
	if presence == membership.NotKnown {
		return r.unknown(it, live)
	}
	var v verdict
	if it.Action == Give {
		v = r.decideGive(it, live)
	} else {
		v = r.decideRelease(it, live)
	}
	if v.step != send {
		v.outcome.Before, v.outcome.WasThere = live.Member, live.there
		return v
	}
	v.live = live
	return r.admit(it, v)
}

// unknown decides about a user of whom nothing is known: an incomplete
// listing does not show them, or a write had no answer. Giving the owner's role
// takes nothing from anybody; everything else has to be known.
func (r *Reconciler) unknown(it *item, listed row) verdict {
	owner := it.Action == Give && it.Want.Enabled && strings.EqualFold(it.Want.Role, r.traits.OwnerRole)
	switch {
	case r.know.Number <= it.number:
		return verdict{step: read, after: true}
	case owner && !listed.there && r.know.answers[it.Principal.Fold()] == nil:
		return r.admit(it, verdict{step: send, live: row{}, way: it.wayIn(r)})
	case r.know.Value.Complete() || listed.there:
		return r.readAgain(it)
	default:
		return r.incomplete(it)
	}
}

// readAgain decides about a user whom this run has written about, where no
// listing shows yet what became of it: listings are read until one does.
func (r *Reconciler) readAgain(it *item) verdict {
	it.number, it.rereads = r.know.Number, it.rereads+1 // the next listing, not this one
	return verdict{step: read, after: true}
}

// incomplete ends a change that a listing which shows a part does not decide. One
// that has been sent may stand.
func (r *Reconciler) incomplete(it *item) verdict {
	if it.attempts > 0 {
		return ends(Outcome{Result: Unclear, Err: unverified(r.know.Value)})
	}
	return ends(Outcome{Result: Refused, Reason: Incomplete, Listing: r.know.Value})
}

// decideGive decides about a user who is to hold something.
func (r *Reconciler) decideGive(it *item, live row) verdict {
	it.expected = live.there && r.heldAs(it, live)
	switch {
	case live.holds(it.Want):
		return ends(Outcome{Result: AlreadySo, After: live.Member})
	case it.noRoleToGive() && live.there:
		return ends(Outcome{Result: LeftAlone, Reason: NotHeld, After: live.Member})
	case it.noRoleToGive():
		return ends(Outcome{Result: AlreadySo})
	case !live.there && !it.Want.Enabled:
		if r.know.Number <= it.number {
			return verdict{step: read, after: true}
		}
		return ends(Outcome{Result: Refused, Reason: NoSuchMember})
	case !live.there && r.know.listed(it.Principal).there:
		// This run has removed them, and the listing does not show that yet: what shows
		// them afterwards would prove nothing.
		return r.readAgain(it)
	case !live.there:
		return verdict{step: send, way: it.wayIn(r)}
	case r.raises(live, *it.Want), (it.Adopt || it.expected) && !r.record(it.Principal).heldByOther(it.Token):
		return verdict{step: send, way: byAssign}
	default:
		return ends(Outcome{Result: LeftAlone, Reason: NotHeld, After: live.Member})
	}
}

// noRoleToGive tells whether what is wanted is what the state shows of a user without a
// role, or with several.
func (it *item) noRoleToGive() bool {
	return it.Held != nil && *it.Held == *it.Want && !it.Want.HasOneRole()
}

// raises tells whether the standing takes nothing away from a user.
func (r *Reconciler) raises(live row, want membership.Standing) bool {
	return want.Enabled && !live.Enabled || r.traits.Raises(live.Member, want)
}

// heldAs tells whether the prior state held what a user has now; for a
// replacement, the state of the object that it replaces.
func (r *Reconciler) heldAs(it *item, live row) bool {
	return it.Held != nil && strings.EqualFold(live.Role(), it.Held.Role) && live.Enabled == it.Held.Enabled
}

// decideRelease decides about a user whom a resource gives up.
func (r *Reconciler) decideRelease(it *item, live row) verdict {
	if live.there && len(live.Roles) == 0 && it.Held != nil && it.Held.Role != "" {
		live.Roles = []string{it.Held.Role} // what the state knows, where the listing says nothing
	}
	wasOwner := it.Held != nil && strings.EqualFold(it.Held.Role, r.traits.OwnerRole)
	switch {
	case !live.there:
		if r.know.Number <= it.number {
			return verdict{step: read, after: true}
		}
		return ends(Outcome{Result: AlreadySo})
	case live.holds(it.Want):
		return ends(Outcome{Result: AlreadySo, After: live.Member})
	case it.Action == Drop && !r.heldAs(it, live):
		return ends(Outcome{Result: LeftAlone, Reason: NotHeld, After: live.Member})
	case it.Action == End && live.Enabled && live.HasRole(r.traits.OwnerRole) && !wasOwner:
		return ends(Outcome{Result: LeftAlone, Reason: BecameOwner, After: live.Member})
	case it.Want == nil && !r.know.Value.Complete():
		if r.know.Number <= it.number {
			return verdict{step: read, after: true}
		}
		return r.incomplete(it)
	case it.QuietFor > 0 && !it.quiet:
		return verdict{step: waitQuiet}
	case it.Want == nil:
		return verdict{step: send, way: byRemove}
	default:
		return verdict{step: send, way: byAssign}
	}
}

// admit holds back what has to wait: the credentials' own user, and a principal who is
// an owner and would not be one.
func (r *Reconciler) admit(it *item, v verdict) verdict {
	if v.live.there && v.live.Kind == membership.User && r.traits.Lowers(v.live.Member, it.Want) {
		if !r.selfAsked {
			return verdict{step: askSelf}
		}
		it.unknownSelf = r.self.Unidentified
		if it.self = r.self.Is(v.live.Member); it.self && r.others(it) > 0 {
			return verdict{step: ownTurn}
		}
	}
	if r.Judge.Watches(r.Workspace) && v.live.there && r.Judge.Loses(v.live.Member, it.Want) {
		if r.record(it.Principal).restored {
			return ends(Outcome{Result: Refused, Reason: GivenBack, Before: v.live.Member, WasThere: true})
		}
		v.step = lose
	}
	return v
}

// needsProof tells whether a write is done only once a listing shows it: it
// adds a user, or removes an owner.
func (r *Reconciler) needsProof(w written) bool {
	want, live := w.item.Want, w.live
	takesOwner := live.there && live.Enabled && live.HasRole(r.traits.OwnerRole) &&
		(want == nil || !want.Enabled || !strings.EqualFold(want.Role, r.traits.OwnerRole))
	return w.adds() || takesOwner
}
