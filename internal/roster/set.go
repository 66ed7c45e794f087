package roster

import (
	"fmt"
	"sort"
	"strings"
)

// Set is everybody who shall be in a workspace, as an authoritative resource
// has it: in a configuration, a plan or a state. Parts may not be known yet.
type Set struct {
	Workspace        string
	WorkspaceUnknown bool
	// Kinds are the kinds of principal that are managed. Everybody else in the
	// workspace is left alone.
	Kinds map[Kind]Scope
	// Seats are those who are named, in the order of their ids.
	Seats []Seat
	// IncludeInvites takes pending invitations for members like any other.
	IncludeInvites bool
}

// Scope is how one kind of principal is managed.
type Scope struct {
	// Unknown is true where not even the ids are known yet.
	Unknown bool
	// Ignore are ids that are never shown, written or removed.
	Ignore map[string]bool
	// IgnoreUnknown is true where it is not known yet who is ignored.
	IgnoreUnknown bool
}

// NewIgnore makes the set of ignored ids of a [Scope].
func NewIgnore(ids ...string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[strings.ToLower(id)] = true
	}
	return set
}

// Seat is one principal with its role.
type Seat struct {
	Principal
	Role string
	// RoleUnknown is true where the role is not known yet.
	RoleUnknown bool
}

func (s Seat) standing() Standing { return Standing{Role: s.Role, Enabled: true} }

// index finds the seats by the folded principal.
func (s Set) index() map[Principal]int {
	m := make(map[Principal]int, len(s.Seats))
	for i, seat := range s.Seats {
		m[fold(seat.Principal)] = i
	}
	return m
}

// covers tells whether the principal is one of those whom the set manages.
func (s Set) covers(p Principal) bool {
	scope, ok := s.Kinds[p.Kind]
	return ok && !scope.Ignore[strings.ToLower(p.ID)]
}

// certain tells whether it is known that somebody of this kind who is not
// named shall not be there.
func (s Set) certain(k Kind) bool {
	scope, ok := s.Kinds[k]
	return ok && !scope.Unknown && !scope.IgnoreUnknown
}

// shows tells whether a row of the workspace's listing is part of what the set
// manages. A pending invitation is if it was named, or all are.
func (s Set) shows(m Member, named bool) bool {
	return s.covers(m.Principal) && m.Enabled && (!m.Invite || named || s.IncludeInvites)
}

// claim is what the set lays a hand on. Where it is not known yet who is
// ignored, nothing can be said.
func (s Set) claim() wholeClaim {
	w := wholeClaim{kinds: map[Kind]bool{}, ignore: map[Principal]bool{}}
	for k, scope := range s.Kinds {
		if scope.IgnoreUnknown {
			continue
		}
		w.kinds[k] = true
		for id := range scope.Ignore {
			w.ignore[Principal{Kind: k, ID: id}] = true
		}
	}
	return w
}

// twins refuses ids that differ in case only: they are one principal.
func (s Set) twins() []Finding {
	var out []Finding
	seen := make(map[Principal]string, len(s.Seats))
	for _, seat := range s.Seats {
		k := fold(seat.Principal)
		if other, twice := seen[k]; twice {
			f := failure(atKind(seat.Kind), fmt.Sprintf("%s is named twice", seat.Principal),
				fmt.Sprintf("%q and %q differ in case only, and are one %s. Name it once.", other, seat.ID, seat.Kind))
			f.Key = seat.ID
			out = append(out, f)
		}
		seen[k] = seat.ID
	}
	return out
}

// mayOwn tells whether the seat is (or may turn out to be) an owner's.
func (r *Run) mayOwn(s Seat) bool { return s.RoleUnknown || equalRole(s.Role, r.traits.OwnerRole) }

func atKind(k Kind) Attribute {
	if k == Group {
		return AtGroups
	}
	return AtUsers
}

// turnout is one principal whose access an authoritative resource changes.
type turnout struct {
	// p is spelled as the listing has it, key as the configuration or state does.
	p    Principal
	key  string
	live Member
	// there is true where the listing shows the principal, with access or without.
	there bool
	// to is what the principal shall hold; nil for nothing. toUnknown is true
	// where the role is not known yet.
	to        *Standing
	toUnknown bool
	what      string
}

func (t *turnout) at() Attribute { return atKind(t.p.Kind) }

// label names the principal for people.
func (t *turnout) label() string {
	if t.there || t.live.ID != "" {
		return t.live.Label()
	}
	return t.p.String()
}

// division is what has to happen so that a workspace becomes a set, in the
// order in which it has to happen.
type division struct {
	// enter are additions, promotions, and those who are enabled again.
	enter []*turnout
	// demote are those who keep a lesser role, remove those who keep none.
	demote, remove []*turnout
	// settled hold what they shall hold already.
	settled []Principal
	// apart are those who would be demoted or removed if the prior state had
	// held them. They are left alone.
	apart []*turnout
}

// divide compares a workspace with what it shall be. held tells who was in the
// state from which the change was planned: nobody else loses anything.
func (r *Run) divide(l *Listing, next Set, held func(Principal) bool) division {
	var d division
	for _, seat := range next.Seats {
		live, there := l.Member(seat.Principal)
		t := &turnout{p: seat.Principal, key: seat.ID, live: live, there: there, toUnknown: seat.RoleUnknown}
		if there {
			t.p = live.Principal
		}
		if seat.RoleUnknown {
			if !there {
				d.enter = append(d.enter, t)
			}
			continue
		}
		to := seat.standing()
		t.to = &to
		switch {
		case !there:
			t.what = "added as " + seat.Role
			d.enter = append(d.enter, t)
		case live.Holds(to):
			d.settled = append(d.settled, live.Principal)
		case !live.Enabled:
			t.what = "enabled again as " + seat.Role
			d.enter = append(d.enter, t)
		case !r.demotes(live, to):
			t.what = becomes(live, to)
			d.enter = append(d.enter, t)
		case !held(live.Principal):
			t.what = becomes(live, to)
			d.apart = append(d.apart, t)
		default:
			t.what = becomes(live, to)
			d.demote = append(d.demote, t)
		}
	}
	named := next.index()
	for _, m := range l.Members {
		if _, ok := named[fold(m.Principal)]; ok || !next.certain(m.Kind) {
			continue
		}
		was := held(m.Principal)
		if !next.shows(m, was) {
			continue
		}
		t := &turnout{p: m.Principal, key: m.ID, live: m, there: true, what: fmt.Sprintf("%s by this run (not named in %s)", r.traits.Removed(), atKind(m.Kind))}
		if was {
			d.remove = append(d.remove, t)
		} else {
			d.apart = append(d.apart, t)
		}
	}
	return d
}

// demotes tells whether somebody who is there has less with the new standing.
func (r *Run) demotes(live Member, to Standing) bool {
	if hasRole(live, r.traits.OwnerRole) != equalRole(to.Role, r.traits.OwnerRole) {
		return hasRole(live, r.traits.OwnerRole)
	}
	return lowers(r.traits, live, &to)
}

// holder gives the test for those whom a state held.
func holder(prior *Set) func(Principal) bool {
	if prior == nil {
		return func(Principal) bool { return false }
	}
	in := prior.index()
	return func(p Principal) bool { _, ok := in[fold(p)]; return ok }
}

// someNamed is how many people a message names one by one.
const someNamed = 24

// bounded keeps the number of findings within what a person reads. The rest
// becomes one more, which names everybody all the same.
func bounded(fs []Finding, rest func(n int) (summary, detail string)) []Finding {
	if len(fs) <= someNamed+1 {
		return fs
	}
	out := fs[:someNamed:someNamed]
	var names []string
	for _, f := range fs[someNamed:] {
		names = append(names, f.Summary)
	}
	last := fs[someNamed]
	summary, detail := rest(len(names))
	return append(out, Finding{Severity: last.Severity, At: last.At, Summary: summary, Detail: detail + "\n  - " + strings.Join(names, "\n  - ")})
}

// sortByLabel puts people into the order in which they are read.
func sortByLabel(ts []*turnout) {
	sort.SliceStable(ts, func(i, j int) bool { return ts[i].label() < ts[j].label() })
}
