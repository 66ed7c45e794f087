package planning

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Private is what a resource keeps in Terraform's private data. Terraform hands
// it on from one call to the next, and shows it to nobody.
type Private struct {
	// Instance tells this instance of a resource from every other. Create, Update
	// and Import give it one ([Private.Applied]).
	Instance string `json:"instance,omitempty"`
	// Holds is what the instance will hold once the plan has been applied: a key
	// of [MemberKey] or of [RolesKey], or [NotYetKnown]. Every plan sets or clears
	// it. The Delete of a replacement finds it here, and leaves that principal to
	// its successor.
	Holds string `json:"holds,omitempty"`
	// As is the standing with which it will hold a principal; "" where that is not
	// known.
	As string `json:"as,omitempty"`
	// Left is true for the left-over object of a replacement: another object
	// holds its principal by now.
	Left bool `json:"left,omitempty"`
	// Owners is how many owners the workspace had when a loss was planned.
	Owners int `json:"owners,omitempty"`
	// Imported is true in the Read of an import. It is not kept.
	Imported bool `json:"-"`
	// Newcomers are those who have entered in changes of principal of which the
	// second half failed: the state still has the principal before.
	Newcomers []Newcomer `json:"newcomers,omitempty"`
}

// Newcomer is a principal who has entered, or may have, and whom no state holds.
type Newcomer struct {
	membership.Principal
	// Since is when that was.
	Since time.Time `json:"since"`
}

// shownWithin is how long a newcomer may be missing in listings that lag.
const shownWithin = time.Minute

// gone tells whether a newcomer has no access any more, by what a listing shows.
func (n Newcomer) gone(m membership.Member, presence membership.Presence) bool {
	return time.Since(n.Since) > shownWithin && (presence == membership.Absent || presence == membership.There && !m.Enabled)
}

// WithNewcomer gives the private data with one newcomer more.
func (p Private) WithNewcomer(q membership.Principal) Private {
	p = p.WithoutNewcomer(q)
	p.Newcomers = append(p.Newcomers, Newcomer{Principal: q, Since: time.Now()})
	return p
}

// WithoutNewcomer gives the private data without a user who is settled.
func (p Private) WithoutNewcomer(q membership.Principal) Private {
	p.Newcomers = slices.DeleteFunc(slices.Clone(p.Newcomers), func(o Newcomer) bool { return o.Fold() == q.Fold() })
	return p
}

// NotYetKnown is the value of [Private.Holds] for what is known only after apply.
const NotYetKnown = "not known yet"

// MemberKey names a principal in a workspace in [Private.Holds].
func MemberKey(workspace string, p membership.Principal) string {
	return strings.ToLower(workspace) + "/" + p.Fold().String()
}

// RolesKey names what a resource that manages several manages: a workspace, and
// the role where it is one.
func RolesKey(workspace, role string) string {
	return strings.ToLower(workspace + "/" + role)
}

// withInstance gives the private data with a token where it has none: 64 random bits.
func (p Private) withInstance() Private {
	if p.Instance == "" {
		var bits [8]byte
		_, _ = rand.Read(bits[:]) // it never fails
		p.Instance = base64.RawURLEncoding.EncodeToString(bits[:])
	}
	return p
}

// DecodePrivate reads what [Private.Encode] wrote. Anything else is no private
// data: what it would say is then not known.
func DecodePrivate(raw []byte) Private {
	var p Private
	if json.Unmarshal(raw, &p.Instance) != nil && json.Unmarshal(raw, &p) != nil {
		return Private{}
	}
	return p
}

// Encode gives the private data as a JSON text; nil for nothing. It is the token alone
// where there is no more: Terraform writes a state whole for each resource that
// changes, so that a shorter one is faster to apply.
func (p Private) Encode() []byte {
	var all any = p
	rest := p
	rest.Instance = ""
	if raw, _ := json.Marshal(rest); string(raw) == "{}" {
		if p.Instance == "" {
			return nil
		}
		all = p.Instance
	}
	raw, _ := json.Marshal(all) // it never fails: there are only texts, numbers and booleans
	return raw
}

// Planned gives the private data of a plan: for an instance that will hold what
// the key names; "" for one that ends. It needs no reading, so that a
// replacement is known for one while the provider's settings are not known yet.
// existing is true where the plan has a prior state.
func (p Private) Planned(key string, existing bool) Private {
	next := Private{Instance: p.Instance, Holds: key, Left: p.Left && key == "", Newcomers: p.Newcomers}
	if existing {
		return next.withInstance()
	}
	return next
}

// secondCall tells whether a plan is the second of the two calls of a replacement:
// only that one carries the instance of a state without a prior state.
func (p Private) secondCall(hasState bool) bool { return !hasState && p.Instance != "" }

// Applied gives the private data of an instance after Create, Update or Import:
// what only the plan was for goes, and the instance has a token.
func (p Private) Applied() Private {
	return Private{Instance: p.Instance, Newcomers: p.Newcomers}.withInstance()
}
