package planning

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func sameID(a, b string) bool { return strings.EqualFold(a, b) }

// knowPerson finds what the tenant knows of a next principal who is new to the
// state: its e-mail address and name are planned from there. They are never
// taken from the workspace, where people come and go between a plan and its
// apply, which has to come to the same. It is false where the plan ends here.
func (b *bindingPlanning) knowPerson(ctx context.Context) bool {
	next := *b.Next
	if next.PrincipalUnknown || b.Prior != nil && b.Prior.Principal.Fold() == next.Principal.Fold() {
		return true
	}
	t, fs := b.tenant(ctx, next.Workspace, next.WorkspaceUnknown)
	b.say(fs...)
	if t != nil {
		if person, ok := t.Person(next.Principal); ok {
			b.out.Person = &person
		}
	}
	return !membership.Failed(fs)
}

// tenant reads the tenant for the names of people. Where it cannot be read, they
// are not known. Where that may pass, they may have been known when this was
// planned: then the apply cannot go on.
func (p *Planner) tenant(ctx context.Context, workspace string, unknown bool) (*membership.Tenant, []membership.Finding) {
	if unknown && !p.traits.OneTenant {
		return nil, nil
	}
	t, err := p.readings.Tenant(ctx, workspace, time.Time{})
	switch {
	case err == nil:
		return t, nil
	case ctx.Err() != nil:
		return nil, []membership.Finding{membership.ErrorAt(membership.AtNone, "Planning was cancelled",
			fmt.Sprintf("The users of the %s were being read when this run was cancelled. Nothing was changed.", p.traits.TenantNoun))}
	case membership.FailureOf(err) != membership.Passing, p.walk.plans(ctx):
		return nil, nil
	default:
		return nil, []membership.Finding{membership.ErrorAt(membership.AtNone, fmt.Sprintf("The users of the %s could not be read", p.traits.TenantNoun),
			fmt.Sprintf("%s The plan shows names from there, and the apply has to show the same ones. Nothing was changed. This may pass: plan again, or apply again.", Sentence(err)))}
	}
}

// Text is what people call a principal, as it can be planned: an e-mail address
// for a user, a name for a group. It is not known for a pending invitation, and
// where the tenant does not tell.
func Text(person membership.Person) (text string, known bool) {
	text = person.Email
	if person.Kind == membership.Group {
		text = person.Name
	}
	return text, text != "" && !person.Invite
}

// Known gives what was read of a principal, for its name; l is nil where there is no listing.
func (p *Planner) Known(workspace string, l *membership.Listing, q membership.Principal) membership.Member {
	if l != nil {
		if m, ok := l.Member(q); ok {
			return m
		}
	}
	if t, ok := p.readings.KnownTenant(workspace); ok {
		if person, ok := t.Person(q); ok {
			return person.Member()
		}
	}
	return membership.Member{Principal: q}
}
