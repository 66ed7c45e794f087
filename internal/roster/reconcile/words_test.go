package reconcile

import (
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/activity"
)

// The words of the tests, without their package's name.
type (
	Principal   = membership.Principal
	Member      = membership.Member
	Workspace   = membership.Workspace
	Description = membership.Description
	Person      = membership.Person
	Receipt     = membership.Receipt
	Traits      = membership.Traits
	Service     = membership.Service
	Error       = membership.Error
	Standing    = membership.Standing
	Activity    = activity.Activity
)

const (
	User      = membership.User
	Group     = membership.Group
	Passing   = membership.Passing
	Gone      = membership.Gone
	Forbidden = membership.Forbidden
)

func hasRole(m Member, role string) bool { return m.HasRole(role) }
