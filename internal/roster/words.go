// Package roster is the core of the provider: who holds which role in which
// workspace, read once, guarded, ordered and verified. It knows neither HTTP
// nor Terraform. A product takes part by implementing [membership.Service].
package roster

import (
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/activity"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
)

// The words that the products use of the core, under one name: those of package
// membership, and those of the rooms below.
type (
	Kind        = membership.Kind
	Principal   = membership.Principal
	Member      = membership.Member
	Workspace   = membership.Workspace
	Description = membership.Description
	Person      = membership.Person
	Traits      = membership.Traits
	Service     = membership.Service
	Failure     = membership.Failure
	Error       = membership.Error
	Standing    = membership.Standing
	Severity    = membership.Severity
	Attribute   = membership.Attribute
	Finding     = membership.Finding
	Activity    = activity.Activity
	Guard       = guard.Policy
	Mode        = guard.Mode
	Listing     = membership.Listing
	Tenant      = membership.Tenant
	// Naming is how the configuration language calls things.
	Naming = membership.Vocabulary

	Walk          = planning.Walk
	Binding       = planning.Binding
	BindingChange = planning.BindingChange
	BindingPlan   = planning.BindingPlan
	Exit          = planning.Exit
	Roles         = planning.Roles
	RolesChange   = planning.RolesChange
	RolesPlan     = planning.RolesPlan
	Entry         = planning.Entry
	Scope         = planning.Scope
	Private       = planning.Private
	Replaced      = planning.Replaced
)

// Kinds, failures, severities, attributes, modes and presences.
const (
	User            = membership.User
	Group           = membership.Group
	Passing         = membership.Passing
	Gone            = membership.Gone
	Unauthorized    = membership.Unauthorized
	Forbidden       = membership.Forbidden
	Refused         = membership.Refused
	Unsupported     = membership.Unsupported
	SeverityWarning = membership.SeverityWarning
	SeverityError   = membership.SeverityError
	AtNone          = membership.AtNone
	AtWorkspace     = membership.AtWorkspace
	AtPrincipal     = membership.AtPrincipal
	AtRole          = membership.AtRole
	AtEnabled       = membership.AtEnabled
	AtUsers         = membership.AtUsers
	NotKnown        = membership.NotKnown
	Absent          = membership.Absent
	There           = membership.There
	Enforce         = guard.Enforce
	Warn            = guard.Warn
	Off             = guard.Off
	Malformed       = membership.Malformed
)

// FailureOf classifies any error.
func FailureOf(err error) Failure { return membership.FailureOf(err) }

// NewActivity gives the activity of a process that has done nothing yet.
func NewActivity() *Activity { return activity.New() }

// Failed tells whether any of the findings is an error.
func Failed(fs []Finding) bool { return membership.Failed(fs) }

func failure(at Attribute, summary, detail string) Finding {
	return membership.ErrorAt(at, summary, detail)
}

func warning(at Attribute, summary, detail string) Finding {
	return membership.WarningAt(at, summary, detail)
}

// NewWalk begins a walk; r may be nil.
func NewWalk(a *Activity, g Guard, r Replaced) *Walk { return planning.NewWalk(a, g, r) }

// NewIgnore makes who is ignored of ids and e-mail addresses.
func NewIgnore(entries ...string) planning.Ignore { return planning.NewIgnore(entries...) }

// DecodePrivate reads private data.
func DecodePrivate(raw []byte) Private { return planning.DecodePrivate(raw) }
