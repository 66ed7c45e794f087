// Package roster is the core of the provider: who holds which role in which
// workspace, read once, guarded, ordered and verified. It knows neither HTTP
// nor Terraform. A product takes part by implementing [membership.Service].
package roster

import (
	"github.com/tf-roster/terraform-provider-roster/internal/roster/activity"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
)

// The words of the packages below that the products and the framework use: they know the
// core by this package alone.
type (
	Activity = activity.Activity
	Guard    = guard.Policy
	Mode     = guard.Mode

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

// The modes of the guard.
const (
	Enforce = guard.Enforce
	Warn    = guard.Warn
	Off     = guard.Off
)

// NewActivity gives the activity of a process that has done nothing yet.
func NewActivity() *Activity { return activity.New() }

// NewWalk begins a walk; r may be nil.
func NewWalk(a *Activity, g Guard, r Replaced) *Walk { return planning.NewWalk(a, g, r) }

// NewIgnore makes who is ignored of ids and e-mail addresses.
func NewIgnore(entries ...string) planning.Ignore { return planning.NewIgnore(entries...) }

// DecodePrivate reads private data.
func DecodePrivate(raw []byte) Private { return planning.DecodePrivate(raw) }
