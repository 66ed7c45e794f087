package guard

import (
	"maps"
	"slices"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Cause is why an owner would no longer be one. The ways out depend on it.
type Cause int

// The causes of a [Loss].
const (
	// Ended: the resource is destroyed or no longer in the configuration.
	Ended Cause = iota
	// Edited: the role changes, or the access is switched off.
	Edited
	// Replaced: the resource is given another principal.
	Replaced
	// Moved: the resource is given another workspace.
	Moved
	// NotNamed: a resource that manages several does not name them any more.
	NotNamed
)

// Form is the kind of resource that asks for a change.
type Form int

// The forms of resources.
const (
	// OfOne manages one principal, OfRole everybody with one role, OfAll
	// everybody in the workspace.
	OfOne Form = iota
	OfRole
	OfAll
)

// Loss is one owner who would no longer be one.
type Loss struct {
	Principal membership.Principal
	// To is what the principal holds afterwards; nil for nothing.
	To    *membership.Standing
	Cause Cause
	Form  Form
	// What this run does to the owner, as a clause: "removed by this run".
	What string
	// At is the attribute that asks for it.
	At membership.Attribute
}

// Tally counts the owners that a workspace would have after the changes that
// are noted in it. Each note costs the same, however many there are.
type Tally struct {
	judge   *Judge
	listing *membership.Listing

	losing  map[membership.Principal]Loss
	gaining map[membership.Principal]membership.Member
	unknown int

	// owners are there now, lost those of them who lose and do not gain, and
	// gained those who come besides.
	owners, lost, gained int
}

// NewTally begins to count in a listing; nil where none has been read yet.
func NewTally(j *Judge, l *membership.Listing) *Tally {
	t := &Tally{losing: map[membership.Principal]Loss{}, gaining: map[membership.Principal]membership.Member{}}
	t.Recount(j, l)
	return t
}

// Clone gives a tally that is counted on for itself.
func (t *Tally) Clone() *Tally {
	c := *t
	c.losing, c.gaining = maps.Clone(t.losing), maps.Clone(t.gaining)
	return &c
}

// Recount counts anew, in another listing or with another judge, and tells whether
// there was one.
func (t *Tally) Recount(j *Judge, l *membership.Listing) bool {
	if t.judge == j && t.listing == l {
		return false
	}
	t.judge, t.listing = j, l
	t.owners, t.lost, t.gained = 0, 0, 0
	if l == nil {
		return true
	}
	t.owners = len(j.Owners(l))
	for k := range t.losing {
		if t.loses(k) {
			t.lost++
		}
	}
	for k := range t.gaining {
		if t.gains(k) {
			t.gained++
		}
	}
	return true
}

// Lose notes a loss; it takes the place of an earlier one of the same principal.
func (t *Tally) Lose(l Loss) {
	k := l.Principal.Fold()
	t.note(k, func() { t.losing[k] = l })
}

// Gain notes a user as they will stand afterwards: an owner, who counts or not.
func (t *Tally) Gain(m membership.Member) {
	k := m.Fold()
	t.note(k, func() { t.gaining[k] = m })
}

// GainUnknown notes so many owners who are not known yet, fewer where n is negative.
func (t *Tally) GainUnknown(n int) { t.unknown += n }

// ForgetLoss and ForgetGain take back what was noted about a principal.
func (t *Tally) ForgetLoss(p membership.Principal) {
	k := p.Fold()
	t.note(k, func() { delete(t.losing, k) })
}

// ForgetGain takes back a gain.
func (t *Tally) ForgetGain(p membership.Principal) {
	k := p.Fold()
	t.note(k, func() { delete(t.gaining, k) })
}

// Now is how many owners the listing shows.
func (t *Tally) Now() int { return t.owners }

// Left is how many owners there are after everything that was noted.
func (t *Tally) Left() int { return t.owners - t.lost + t.gained + t.unknown }

func (t *Tally) note(k membership.Principal, change func()) {
	count := func(by int) {
		if t.loses(k) {
			t.lost += by
		}
		if t.gains(k) {
			t.gained += by
		}
	}
	count(-1)
	change()
	count(+1)
}

// owns tells whether the listing shows the principal as an owner who counts.
func (t *Tally) owns(k membership.Principal) bool {
	if t.listing == nil {
		return false
	}
	m, ok := t.listing.Member(k)
	return ok && t.judge.Counts(m)
}

func (t *Tally) loses(k membership.Principal) bool {
	_, loses := t.losing[k]
	_, gains := t.gaining[k]
	return loses && !gains && t.owns(k)
}

func (t *Tally) gains(k membership.Principal) bool {
	m, gains := t.gaining[k]
	return gains && t.listing != nil && t.judge.WhyNot(m) == "" && !t.owns(k)
}

// Section describes the workspace for the guard's message.
func (t *Tally) Section(id, name string, needs int) Section {
	s := Section{ID: id, Name: name, Would: t.Left(), Needs: needs, Now: t.Now()}
	listed := map[membership.Principal]bool{}
	if t.listing != nil {
		for _, m := range t.listing.Holders() {
			k := m.Fold()
			listed[k] = true
			line := Line{Member: m, Why: t.judge.WhyNot(m)}
			if loss, ok := t.losing[k]; ok && line.Why == "" && t.loses(k) {
				line.Loss = &loss
			}
			s.Owners = append(s.Owners, line)
		}
	}
	for k, m := range t.gaining {
		if why := t.judge.WhyNot(m); why != "" && !listed[k] {
			s.Successors = append(s.Successors, Line{Member: m, Why: why})
		}
	}
	if t.judge.status.Unreadable {
		s.Notes = append(s.Notes, "Who is inactive in the "+t.judge.traits.TenantNoun+" could not be read: everybody is taken to be active.")
	}
	byLabel := func(a, b Line) int { return compareLabels(a.Member, b.Member) }
	slices.SortStableFunc(s.Owners, byLabel)
	slices.SortStableFunc(s.Successors, byLabel)
	return s
}
