// Package membership has the words that the core, the products and their
// clients share: principals, members, what a listing shows, and the port
// ([Service]) that a product implements. It has no concurrency and imports
// nothing of this repository.
package membership

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Kind tells people from groups. A service may list other kinds (service
// accounts); they keep the service's word, in lower case. They are shown, and
// never managed or counted as people.
type Kind string

// The kinds of principal that can be managed.
const (
	User  Kind = "user"
	Group Kind = "group"
)

// Managed tells whether principals of the kind can be managed.
func (k Kind) Managed() bool { return k == User || k == Group }

// Principal is a user or a group that can hold a role. ID is the
// service's own id, spelled as the service spells it.
type Principal struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
}

// String gives "kind/id".
func (p Principal) String() string { return string(p.Kind) + "/" + p.ID }

// Fold gives the form under which principals are compared. Ids are opaque, but
// no service has two that differ in case only, while people copy them from
// places that change it.
func (p Principal) Fold() Principal {
	return Principal{Kind: p.Kind, ID: strings.ToLower(p.ID)}
}

// Member is a principal as a workspace's listing shows it.
type Member struct {
	Principal
	// Email is empty for groups and where the service does not tell.
	Email string
	// Name is the display name, for people who read.
	Name string
	// Roles are the roles as the service spells them. Exactly one is normal;
	// none and several occur and are kept as they came.
	Roles []string
	// Enabled is false for a user who is listed but has no access.
	// It is always true where the product has no such notion.
	Enabled bool
	// Invite marks an invitation that is still pending.
	Invite bool
	// MemberCount is the number of people in a group.
	MemberCount int
}

// HasRole tells whether the member holds the role, among others or alone.
func (m Member) HasRole(role string) bool {
	return slices.ContainsFunc(m.Roles, func(r string) bool { return strings.EqualFold(r, role) })
}

// Role gives the one role of the member; "" where there is none, and all of
// them joined with "," where there are several, which equals no single role.
func (m Member) Role() string { return strings.Join(m.Roles, ",") }

// Label names the member for people: e-mail, else name, else id.
func (m Member) Label() string {
	switch {
	case m.Email != "":
		return m.Email
	case m.Name != "":
		return m.Name
	default:
		return m.ID
	}
}

// Workspace is what one reading of a workspace gave.
type Workspace struct {
	ID string
	// Name is the display name; empty where the listing does not tell it and
	// [Service.DescribeWorkspace] has to be asked.
	Name    string
	Members []Member
	// Incomplete says, as a clause, why there may be members who are not
	// listed; it is empty for a complete listing. An incomplete one proves who
	// is there and nothing else.
	Incomplete string
	// Notes are sentences about the listing that the user should read once.
	Notes []string
}

// Description is what a product tells about a workspace besides its members.
type Description struct {
	ID   string
	Name string
	// Tenant names the tenant or account that the workspace belongs to, as
	// [Service.People] takes it.
	Tenant string
	// Disabled is true for a workspace that the product has switched off.
	Disabled bool
}

// Person is a user or group as the tenant (the account) knows it.
type Person struct {
	Principal
	Email  string
	Name   string
	Status string
	// Roles are the roles in the tenant, not in a workspace.
	Roles []string
	// Inactive is true for a user who is blocked in the whole tenant.
	Inactive bool
	// Invite marks an invitation that is still pending. It counts as one in a
	// workspace too, whatever the workspace's listing says.
	Invite      bool
	MemberCount int
	// Aliases are other ids of the same person, such as those of a sign-in.
	Aliases []string
	// Unidentified is what [Service.Self] says, as a clause, where it cannot tell
	// which member the person is.
	Unidentified string
}

// Member gives the person as a member without any role.
func (p Person) Member() Member {
	return Member{Principal: p.Principal, Email: p.Email, Name: p.Name, Invite: p.Invite, MemberCount: p.MemberCount}
}

// Is tells whether a member is the person, by the id or, where that is not known, by the
// e-mail address.
func (p Person) Is(m Member) bool {
	if p.ID != "" {
		return m.Kind == User && strings.EqualFold(p.ID, m.ID)
	}
	return p.Email != "" && strings.EqualFold(p.Email, m.Email)
}

// Label names the person for people: e-mail, else name, else id.
func (p Person) Label() string { return p.Member().Label() }

// Receipt is what a write leaves behind for the log.
type Receipt struct {
	// RequestID is the service's own id of the request; empty where it gave none.
	RequestID string
}

// Traits are the facts in which the products differ and the core does not
// care why.
type Traits struct {
	// Product is the product's name for people: "Blink", "BlazeMeter".
	Product string
	// Endpoint is the base URL. Together with a workspace id it names the
	// workspace across processes.
	Endpoint string
	// OwnerRole is the role that must not die out; OwnerNoun and OwnersNoun
	// are the words for who holds it ("owner", "owners"; "manager", "managers").
	OwnerRole, OwnerNoun, OwnersNoun string
	// RolesAscending are the product's own roles, the owner's last. Roles that
	// are not among them are taken to stand just below the owner's.
	RolesAscending []string
	// WorkspaceNoun is the word for what people are members of ("workspace"),
	// CredentialNoun the word for what the provider signs in with ("API key").
	WorkspaceNoun, CredentialNoun string
	// TenantNoun is the word for what workspaces belong to ("tenant", "account").
	TenantNoun string
	// OneTenant is true where the key itself decides the tenant, so that
	// [Service.People] takes an empty name and nothing has to be described first.
	OneTenant bool
	// NeverOwnerless is true where the vendor says that a workspace always has
	// an owner: a listing without one shows a part only.
	NeverOwnerless bool
	// StatusMatters is true where a user who is blocked in the tenant is still
	// in a workspace's listing as if nothing had happened, so that the
	// tenant has to be asked.
	StatusMatters bool
	// AssignMayAdd is true where Assign may bring in a user who is not in the
	// workspace yet; then it is tried before Add.
	AssignMayAdd bool
	// RemovalDisables is true where Remove leaves a disabled row behind.
	RemovalDisables bool
	// ListingShifts is true where a listing takes several calls, and has to be
	// read again where the workspace changes meanwhile.
	ListingShifts bool
	// AddBatch is how many principals of one role Add takes in one call.
	AddBatch int
	// ChangeRight says in a sentence which right the key needs.
	ChangeRight string
	// AssignCall is the call that gives a member a role, for a person to make by
	// hand, with {workspace}, {kind}, {id} and {role} in it. It has no secrets.
	AssignCall string
}

// Assigning gives [Traits.AssignCall] for one member and role.
func (t Traits) Assigning(workspace string, p Principal, role string) string {
	return strings.NewReplacer(
		"{workspace}", url.PathEscape(workspace), "{kind}", url.PathEscape(string(p.Kind)),
		"{id}", url.PathEscape(p.ID), "{role}", url.PathEscape(role),
	).Replace(t.AssignCall)
}

// Workspace names a workspace in a summary, by its name (or id) alone.
func (t Traits) Workspace(name string) string { return t.WorkspaceNoun + " " + name }

// Place names a workspace in a detail: by its name, with the id in parentheses.
func (t Traits) Place(name, id string) string {
	if name == "" || name == id {
		return t.Workspace(id)
	}
	return fmt.Sprintf("%s %q (%s)", t.WorkspaceNoun, name, id)
}

// AnOwner is the noun for who holds the owner's role, with its article.
func (t Traits) AnOwner() string {
	if strings.IndexAny(t.OwnerNoun, "aeiou") == 0 {
		return "an " + t.OwnerNoun
	}
	return "a " + t.OwnerNoun
}

// Service is the port to one product with one set of credentials. Its methods
// are safe for concurrent use, send each request once unless a repetition
// cannot do harm, and report failures as [*Error].
type Service interface {
	Traits() Traits

	// ReadWorkspace reads everybody in the workspace. A listing that may be short
	// says so (Workspace.Incomplete); one that could not be read to its end is an
	// error of kind Passing; a workspace that is certainly not there is an error
	// of kind Gone.
	ReadWorkspace(ctx context.Context, workspace string) (*Workspace, error)

	// DescribeWorkspace reads what the listing does not tell.
	DescribeWorkspace(ctx context.Context, workspace string) (Description, error)

	// Assign gives a principal one role and enables (or disables) it.
	Assign(ctx context.Context, workspace string, p Principal, role string, enabled bool) (Receipt, error)

	// Add brings principals into the workspace with one role, at most
	// Traits.AddBatch in one call.
	Add(ctx context.Context, workspace, role string, ps []Principal) (Receipt, error)

	// Remove takes the member's access away. Where removal disables, the
	// member's roles are kept.
	Remove(ctx context.Context, workspace string, m Member) (Receipt, error)

	// People lists the users and groups of a tenant.
	People(ctx context.Context, tenant string) ([]Person, error)

	// Self tells who the credentials belong to. Either ID or Email may be empty;
	// where both are, Unidentified says why.
	Self(ctx context.Context) (Person, error)
}

// Finder is a [Service] that can look for users who have just been added without
// reading the whole workspace.
type Finder interface {
	Service

	// FindMembers looks for users where new ones are likely to be listed, and
	// gives all rows that it has read by their ids, those of other users too. hint is
	// about how many enabled members there are, 0 where that is not known. Who is
	// not found may be there nevertheless: only ReadWorkspace tells who is not.
	FindMembers(ctx context.Context, workspace string, ids []string, hint int) (map[string]Member, error)
}

// Failure is the kind of an [Error]: what can be concluded from it.
type Failure int

// What can be concluded from a failure.
const (
	// Passing: it may work another time (5xx, 429, timeout, connection,
	// a listing that could not be completed). Nothing is known.
	Passing Failure = iota
	// Gone: the workspace (on a write: what the write addresses) is certainly not there.
	Gone
	// Unauthorized: the credentials are wrong or missing.
	Unauthorized
	// Forbidden: the credentials lack a right.
	Forbidden
	// Refused: the service understood and said no.
	Refused
	// Unsupported: the service does not know this call at all.
	Unsupported
	// Malformed: the answer does not have the documented shape.
	Malformed
	// Stale: the write was not sent before [Sending.Until], and had no effect.
	Stale
)

// Error is a failed call, in words that a person can act on.
type Error struct {
	Failure Failure
	// Op is what was attempted, as a phrase: "assign the role owner to user u-1 in workspace w-1".
	Op string
	// Status is the HTTP status or 0.
	Status int
	// Message, Details, Identifier and RequestID are the service's own words.
	Message, Details, Identifier, RequestID string
	// MaybeApplied is true for a write whose request may have reached the
	// service although no answer said so.
	MaybeApplied bool
	// Err is the cause, if there is one.
	Err error
}

// Error gives one sentence: what was attempted, what the service said, and its
// identifiers where there are any.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	said := false
	if e.Status != 0 {
		b.WriteString("HTTP " + strconv.Itoa(e.Status))
		said = true
	}
	for _, s := range []string{e.Message, e.Details} {
		if s == "" {
			continue
		}
		if said {
			b.WriteString(": ")
		}
		b.WriteString(s)
		said = true
	}
	if e.Err != nil && e.Message == "" {
		if said {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
		said = true
	}
	if !said {
		b.WriteString("the service gave no reason")
	}
	var ids []string
	if e.Identifier != "" {
		ids = append(ids, "identifier "+e.Identifier)
	}
	if e.RequestID != "" {
		ids = append(ids, "request id "+e.RequestID)
	}
	if len(ids) > 0 {
		b.WriteString(" (" + strings.Join(ids, ", ") + ")")
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// FailureOf classifies any error: an [*Error] by its kind, everything else as Passing.
func FailureOf(err error) Failure {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Failure
	}
	return Passing
}
