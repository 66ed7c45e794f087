// Package roster is the core of the provider: who holds which role in which
// workspace, read once, guarded, ordered and verified. It knows neither HTTP
// nor Terraform. A product takes part by implementing [membership.Service].
package roster

import "github.com/tf-roster/terraform-provider-roster/internal/membership"

// The words of the core, by the names that it has had so far.
type (
	Kind        = membership.Kind
	Principal   = membership.Principal
	Member      = membership.Member
	Workspace   = membership.Workspace
	Description = membership.Description
	Person      = membership.Person
	Receipt     = membership.Receipt
	Traits      = membership.Traits
	Service     = membership.Service
	Finder      = membership.Finder
	Failure     = membership.Failure
	Error       = membership.Error
	Standing    = membership.Standing
	Listing     = membership.Listing
)

const (
	User         = membership.User
	Group        = membership.Group
	Passing      = membership.Passing
	Gone         = membership.Gone
	Unauthorized = membership.Unauthorized
	Forbidden    = membership.Forbidden
	Refused      = membership.Refused
	Unsupported  = membership.Unsupported
	Malformed    = membership.Malformed
)

// FailureOf classifies any error.
func FailureOf(err error) Failure { return membership.FailureOf(err) }

// NewListing indexes a workspace.
func NewListing(w *Workspace, t Traits) *Listing { return membership.NewListing(w, t) }

func fold(p Principal) Principal { return p.Fold() }

func hasRole(m Member, role string) bool { return m.HasRole(role) }
