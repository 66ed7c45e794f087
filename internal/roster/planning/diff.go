package planning

import (
	"fmt"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// Change is one principal whose access a resource changes.
type Change struct {
	// Principal is spelled as the listing has it, Key as the resource does.
	membership.Principal
	Key string
	// Live is the row of the listing; it has no id where there is none.
	Live membership.Member
	// To is what the principal is to hold; nil for nothing. ToUnknown is true
	// where the role is not known yet.
	To        *membership.Standing
	ToUnknown bool
	// What is done, as a clause for people: "removed by this run"; "" where nothing
	// is to be done any more. Cause is why.
	What  string
	Cause guard.Cause
}

// At is the attribute that asks for the change.
func (c Change) At() membership.Attribute { return AttributeOf(c.Kind) }

// Label names the principal for people.
func (c Change) Label() string {
	if c.Live.ID != "" {
		return c.Live.Label()
	}
	return c.String()
}

// NameAndID names the principal by what people call it, and its id.
func (c Change) NameAndID() string {
	if c.Live.ID != "" {
		return guard.NameAndID(c.Live)
	}
	return c.ID
}

// Would gives what the change would do, as a clause without "by this run".
func (c Change) Would() string { return strings.Replace(c.What, " by this run", "", 1) }

// Diff is what has to happen so that a workspace becomes what a resource wants,
// in the order in which it has to happen.
type Diff struct {
	// Add are additions, higher roles, and those who are enabled again; Lower
	// those who keep something, and Remove those who keep nothing.
	Add, Lower, Remove []Change
	// LeftAlone would be lowered or removed if the state had held them as they
	// stand now.
	LeftAlone []Change
}

// Compare tells how a listing differs from what a resource wants. held is what
// the state held from which the change was planned: nobody else loses anything,
// except where the resource manages one role: there, being named is consent.
// On a listing that is not complete the diff has no removals.
func Compare(l *membership.Listing, t membership.Traits, want Roles, held Held) Diff {
	var d Diff
	for _, e := range want.Entries {
		d.enter(l, t, want, held, e)
	}
	if !l.Complete() {
		return d
	}
	named := want.index()
	for _, m := range l.Members {
		if _, ok := named[m.Fold()]; ok || !want.certain(m.Kind) {
			continue
		}
		c := Change{Principal: m.Principal, Key: m.ID, Live: m, To: want.OnRemoval, Cause: guard.NotNamed}
		if !want.shows(m, held.Has(m.Principal)) {
			if want.outgrown(m, held) {
				d.LeftAlone = append(d.LeftAlone, c)
			}
			continue
		}
		c.What = fmt.Sprintf("%s by this run (not named in %s)", t.Removed(), AttributeOf(m.Kind))
		if want.OnRemoval != nil {
			c.What = fmt.Sprintf("%s (not named in %s)", m.Becomes(*want.OnRemoval), AttributeOf(m.Kind))
		}
		switch {
		case !held.stillAs(m) && !(want.Role != "" && held.Has(m.Principal)):
			d.LeftAlone = append(d.LeftAlone, c)
		case want.OnRemoval != nil:
			d.Lower = append(d.Lower, c)
		default:
			d.Remove = append(d.Remove, c)
		}
	}
	return d
}

// enter compares one who is named.
func (d *Diff) enter(l *membership.Listing, t membership.Traits, want Roles, held Held, e Entry) {
	live, there := l.Member(e.Principal)
	to := e.Standing()
	c := Change{Principal: e.Principal, Key: e.ID, Live: live, ToUnknown: e.RoleUnknown, Cause: guard.Edited}
	if there {
		c.Principal = live.Principal
	}
	if !e.RoleUnknown {
		c.To = &to
	}
	switch {
	case e.Role == "" && !e.RoleUnknown:
		// There is no role to give: this names a user whom the service shows without one.
	case !there:
		c.What = "added as " + e.Role
		d.Add = append(d.Add, c)
	case e.RoleUnknown, live.Holds(to):
	case !live.Enabled:
		c.What = "enabled again as " + e.Role
		d.Add = append(d.Add, c)
	default:
		c.What = live.Becomes(to)
		switch {
		case t.Raises(live, to):
			d.Add = append(d.Add, c)
		case want.Role != "" || held.stillAs(live):
			d.Lower = append(d.Lower, c)
		default:
			d.LeftAlone = append(d.LeftAlone, c)
		}
	}
}
