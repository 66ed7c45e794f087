// Package reconcile applies changes to the members of one workspace. All
// changes of a run for one workspace go through one [Reconciler]: it alone
// decides what may be sent, sends it, and proves that it had its effect. It
// never lets a workspace go below its floor of owners, and it concludes nothing
// that its knowledge does not hold.
package reconcile

import (
	"errors"
	"fmt"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// Action is what a change asks for.
type Action int

// The actions.
const (
	// Give: the principal is to hold what is wanted, and the instance that asks
	// holds the principal from then on.
	Give Action = iota
	// End: the instance gives the principal up. Whatever lesser role the
	// principal has by now is ended; an owner is left, unless the state held one.
	End
	// Drop: a resource that manages several gives the principal up. Only what the
	// state held is taken away.
	Drop
)

// Change is what one resource asks about one principal.
type Change struct {
	Action    Action
	Principal membership.Principal
	// Want is what the principal is to hold; nil for no access.
	Want *membership.Standing
	// Held is what the prior state says that the principal holds; nil where the
	// state does not hold the principal.
	Held *membership.Standing
	// Creates is true where a resource of this one principal is created, which may
	// be the successor of one that is replaced.
	Creates bool
	// Replaces is true where the principal takes the place of another one, which the
	// instance goes on to hold where this one is left alone.
	Replaces bool
	// Adopt accepts that more is taken away than the state held.
	Adopt bool
	// Token names the instance of the resource; "" where it has none.
	Token string
	// Settle is how long nothing must have moved before the principal is given
	// up, because another resource of the run may name it; 0 for not at all.
	QuietFor time.Duration
	// Loss describes the change for the guard's message. What may be empty.
	Loss guard.Loss
}

// Result is what became of a change.
type Result int

// The results.
const (
	// Done: the service did it.
	Done Result = iota
	// AlreadySo: there was nothing to do.
	AlreadySo
	// LeftAlone: the principal keeps what it has, for a reason that is no failure.
	LeftAlone
	// Refused: it was not sent, for a reason that is one.
	Refused
	// Failed: the service refused it, or it could not be sent.
	Failed
	// Unclear: it was sent, and may stand or not.
	Unclear
)

// Reason is why a change was left alone or refused.
type Reason int

// The reasons; NoReason where the result says it all.
const (
	NoReason Reason = iota
	// HeldByAnother: another resource of this run holds the principal.
	HeldByAnother
	// NotHeld: it would take away what the prior state did not hold.
	NotHeld
	// BecameOwner: the principal has become an owner since.
	BecameOwner
	// Incomplete: the listing does not show enough to decide.
	Incomplete
	// Unreadable: the workspace could not be read, and nothing was sent.
	Unreadable
	// NoSuchMember: a user who is not there cannot be disabled.
	NoSuchMember
	// TooFewOwners: too few owners would be left.
	TooFewOwners
	// GivenBack: it left too few owners, and was undone.
	GivenBack
	// NotGivenBack: it left too few owners, and undoing it failed.
	NotGivenBack
	// NotProved: an owner was removed, and who is left could not be read.
	NotProved
)

// Outcome is what became of a change, and on what that rests.
type Outcome struct {
	Result Result
	Reason Reason
	// Before is the row on which the decision rested; WasThere is false where
	// there was none.
	Before   membership.Member
	WasThere bool
	// After is the row by which the change was proved, or that was there.
	After membership.Member
	// Listing is what the decision rested on, where that explains it.
	Listing *membership.Listing
	// Expected is true where that row is what the prior state held.
	Expected bool
	// OwnUser is true where something is taken from the credentials' own user.
	OwnUser bool
	// UnknownSelf says, as a clause, why it cannot be told whether that is so; ""
	// where it can.
	UnknownSelf string
	// Short is what a loss would leave: for one that was refused, and for one
	// that was made although the guard warns.
	Short *Shortage
	// Err is the failure; [ErrNotSent] where nothing was sent.
	Err error
}

// Bad tells whether the change did not come about.
func (o Outcome) Bad() bool { return o.Result == Refused || o.Result == Failed || o.Result == Unclear }

// Shortage is what losses would leave, where that is not enough.
type Shortage struct {
	Judge   *guard.Judge
	Section guard.Section
	// Waited is how long a successor was waited for; TimedOut is true where the
	// resource's own timeout ended the wait.
	Waited   time.Duration
	TimedOut bool
}

// ErrNotSent is the cause where a change was not sent.
var ErrNotSent = errors.New("it was not attempted")

// NotSentAfter is the error of a change that was not sent because the credentials were
// turned away at one before it, which err says.
func NotSentAfter(err error) error {
	if errors.Is(err, ErrNotSent) {
		return err
	}
	return fmt.Errorf("%w, because the credentials were turned away before: %w", ErrNotSent, err)
}

// ErrUnverified is the cause where a change may stand, and no listing showed it.
var ErrUnverified = errors.New("the write may have been applied, but no listing showed it in time")

// unverified is the error of a change that a listing does not show, which may be
// because the listing is not complete.
func unverified(l *membership.Listing) error {
	if l.Complete() {
		return ErrUnverified
	}
	return fmt.Errorf("%w: the listing is not complete: %s", ErrUnverified, l.Incomplete)
}

// row is what is known of one principal at one time.
type row struct {
	membership.Member
	there bool
}

// rowIn gives what a listing shows of a principal, and whether that is known.
func rowIn(l *membership.Listing, p membership.Principal) (row, membership.Presence) {
	m, presence := l.Lookup(p)
	return row{Member: m, there: presence == membership.There}, presence
}

// holds tells whether the row is what is wanted; nil is no access.
func (r row) holds(want *membership.Standing) bool {
	if want == nil {
		return !r.there || !r.Enabled
	}
	return r.there && r.Holds(*want)
}

// is tells whether two rows say the same about the access.
func (r row) is(o row) bool {
	return r.there == o.there && (!r.there || r.Role() == o.Role() && r.Enabled == o.Enabled)
}

// after gives the row with what is wanted.
func (r row) after(p membership.Principal, want *membership.Standing, removalDisables bool) row {
	if !r.there {
		r.Member = membership.Member{Principal: p, MemberCount: 1}
	}
	switch {
	case want != nil:
		return row{Member: r.After(want), there: true}
	case removalDisables && r.there:
		r.Enabled = false
		return r
	default:
		return row{Member: r.After(nil)}
	}
}

// becomes says what a change makes of a user, as a clause.
func becomes(live row, want *membership.Standing, t membership.Traits) string {
	switch {
	case want == nil:
		return t.Removed() + " by this run"
	case !live.there:
		return "added as " + want.Role + " by this run"
	default:
		return live.Becomes(*want)
	}
}
