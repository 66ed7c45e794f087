package roster

import (
	"context"
	"sync"
	"time"
)

// ledger holds what has been planned in one walk: who would lose the owner
// role, who would gain it, and which resources lay a hand on whom. One request
// at a time waits in it, for every loss that is still open.
type ledger struct {
	activity *Activity
	guard    Guard

	mu      sync.Mutex
	waiting bool
	// planning is true once it is certain that this walk is a plan.
	planning bool
	changed  chan struct{}
	spaces   map[*space]*account
	// order keeps messages in the order in which workspaces were first seen.
	order []*account
	// elsewhere counts a product's possible gains whose workspace is not known yet.
	elsewhere map[*Run]int
}

// account is the ledger's page for one workspace.
type account struct {
	ledger  *ledger
	space   *space
	name    string
	listing *Listing
	// inactive are those blocked in the tenant; statusKnown is false where
	// that could not be read.
	inactive    map[Principal]bool
	statusKnown bool
	losing      map[Principal]*loss
	gaining     map[Principal]Member
	// unknown counts gains whose principal is not known yet.
	unknown int
	// open is true while a loss waits for an answer.
	open bool

	// What follows is counted up with every note, so that ten thousand losses
	// do not each look at ten thousand owners: the owners in the listing, those
	// of them who lose and do not gain, who else gains, and the floor.
	owners, lost, gained, floor int

	claims claims
	// wholeRead are those whom the state of an authoritative resource held
	// when this walk refreshed it.
	wholeRead map[Principal]bool
}

// loss is one owner who would no longer be one.
type loss struct {
	member Member
	// what this run does to the member, as a clause: "removed by this run".
	what string
	at   Attribute
}

// gain is what a plan adds on the side of the owners.
type gain struct {
	member  Member
	unknown bool
}

func newLedger(a *Activity, g Guard) *ledger {
	return &ledger{activity: a, guard: g, changed: make(chan struct{}), spaces: map[*space]*account{}, elsewhere: map[*Run]int{}}
}

// account gives the page of a workspace. The caller holds the lock.
func (l *ledger) account(s *space) *account {
	a := l.spaces[s]
	if a == nil {
		a = &account{ledger: l, space: s, losing: map[Principal]*loss{}, gaining: map[Principal]Member{}}
		l.spaces[s] = a
		l.order = append(l.order, a)
	}
	return a
}

// gainElsewhere notes a possible owner in a workspace that is not known yet.
func (l *ledger) gainElsewhere(r *Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.elsewhere[r]++
	l.signal()
}

// gain notes somebody who becomes (or may become) an owner.
func (l *ledger) gain(s *space, g gain) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(s)
	if g.unknown {
		a.unknown++
	} else {
		a.noteGain(g.member)
	}
	l.signal()
}

// view is what was read about a workspace in order to judge a loss in it.
type view struct {
	name        string
	listing     *Listing
	inactive    map[Principal]bool
	statusKnown bool
}

// lose notes losses in one workspace and settles whether they may stand.
// Noting them, testing them and becoming the one request that waits are one
// step; so is ceasing to wait. It returns at once where the owners suffice, or
// where another request waits already and answers for these losses too.
func (l *ledger) lose(ctx context.Context, s *space, v view, losses ...*loss) []Finding {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(s)
	a.look(v)
	for _, lo := range losses {
		a.noteLoss(lo)
	}
	l.signal()
	if l.activity.IsApplying() || a.covered() {
		return nil
	}
	a.open = true
	if l.waiting {
		return nil
	}

	l.waiting = true
	defer func() { l.waiting = false }()
	l.activity.StartWaiting()
	began := time.Now()
	for {
		// What moves from here on wakes this request, also what moves before it
		// has gone to sleep.
		left, moved := l.activity.UntilIdle(l.guard.HandoverWait)
		short := l.short()
		if len(short) == 0 || l.activity.IsApplying() {
			l.activity.StopWaiting()
			return nil
		}
		if left == 0 && l.activity.StopWaitingIfIdle(l.guard.HandoverWait) {
			waited := time.Since(began)
			for _, a := range short {
				a.open = false
			}
			return l.refuse(a, losses[0].at, short, waited)
		}
		changed := l.changed
		l.mu.Unlock()
		err := waitFor(ctx, left, moved, changed)
		l.mu.Lock()
		if err != nil {
			l.activity.StopWaiting()
			return []Finding{failure(AtNone, "Planning was cancelled", "The last-owner guard was still waiting for a successor to be planned when this run was cancelled.")}
		}
	}
}

// waitFor waits until the time is over, one of the channels is closed, or the
// context ends, which alone is an error.
func waitFor(ctx context.Context, d time.Duration, moved, changed <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	case <-moved:
	case <-changed:
	}
	return nil
}

// short gives the workspaces with an open loss and too few owners.
func (l *ledger) short() []*account {
	var out []*account
	for _, a := range l.order {
		if a.open && !a.covered() {
			out = append(out, a)
		}
	}
	return out
}

// refuse answers for every workspace that is short: the request's own at its
// attribute, those of others without one.
func (l *ledger) refuse(own *account, at Attribute, short []*account, waited time.Duration) []Finding {
	severity := SeverityError
	if l.guard.Mode == Warn {
		severity = SeverityWarning
	}
	sections := map[string][]section{}
	var order []string
	ownSummary := ""
	for _, a := range short {
		sec := a.section()
		summary := sec.summary(severity)
		key := summary
		if a == own {
			ownSummary = summary
			key = summary + "\x00own"
		}
		if _, ok := sections[key]; !ok {
			order = append(order, key)
		}
		sections[key] = append(sections[key], sec)
	}
	var out []Finding
	for _, key := range order {
		f := Finding{Severity: severity, Summary: sections[key][0].summary(severity), Detail: guardDetail(sections[key], l.guard, waited)}
		if key == ownSummary+"\x00own" {
			f.At = at
		}
		out = append(out, f)
	}
	return out
}

func (l *ledger) signal() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// look takes up what was read about the workspace, and counts anew where that
// is not what was read before. (A tenant is read once in a run.)
func (a *account) look(v view) {
	if a.listing == v.listing && a.statusKnown == v.statusKnown {
		return
	}
	a.name, a.listing, a.inactive, a.statusKnown = v.name, v.listing, v.inactive, v.statusKnown
	a.owners = len(a.space.run.owners(a.listing, a.inactive))
	a.floor = a.space.floor(a.inactive)
	a.lost, a.gained = 0, 0
	for k := range a.losing {
		if a.loses(k) {
			a.lost++
		}
	}
	for k := range a.gaining {
		if a.gains(k) {
			a.gained++
		}
	}
}

// owns tells whether the listing shows the principal as an owner who counts.
func (a *account) owns(k Principal) bool {
	m, ok := a.listing.Member(k)
	return ok && a.space.run.counts(m, a.inactive)
}

// loses tells whether the principal is an owner less.
func (a *account) loses(k Principal) bool {
	_, loses := a.losing[k]
	_, gains := a.gaining[k]
	return loses && !gains && a.owns(k)
}

// gains tells whether the principal is an owner more.
func (a *account) gains(k Principal) bool {
	m, gains := a.gaining[k]
	return gains && a.space.run.guard.WhyNot(m, a.inactive) == "" && !a.owns(k)
}

// note changes what is known about one principal, and the counts with it.
func (a *account) note(k Principal, change func()) {
	if a.listing == nil {
		change()
		return
	}
	count := func(by int) {
		if a.loses(k) {
			a.lost += by
		}
		if a.gains(k) {
			a.gained += by
		}
	}
	count(-1)
	change()
	count(+1)
}

func (a *account) noteLoss(lo *loss) {
	k := fold(lo.member.Principal)
	a.note(k, func() { a.losing[k] = lo })
}

func (a *account) noteGain(m Member) {
	k := fold(m.Principal)
	a.note(k, func() { a.gaining[k] = m })
}

// left counts the owners after everything that was planned so far.
func (a *account) left() int {
	return a.owners - a.lost + a.gained + a.unknown + a.ledger.elsewhere[a.space.run]
}

func (a *account) covered() bool { return a.left() >= a.floor }
