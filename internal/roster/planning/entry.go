package planning

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// enter judges a principal that a resource takes up: one who is there already,
// one whom the tenant does not know, one who cannot use the access.
func (b *bindingPlanning) enter(ctx context.Context) []membership.Finding {
	switch b.presence {
	case membership.There:
		out := b.conflict(ctx)
		if b.live.Invite && !membership.Failed(out) {
			out = append(out, b.invited(ctx, b.listing, b.live.Label()))
		}
		return out
	case membership.NotKnown:
		return []membership.Finding{b.notShown()}
	default:
		var to *membership.Standing
		if !b.Next.StandingUnknown {
			to = &b.Next.Standing
		}
		return b.absent(ctx, b.listing, b.came, b.Next.Principal, to)
	}
}

// notShown warns of a user whom an incomplete listing does not show. What else
// the run does may complete it, so the apply decides.
func (b *bindingPlanning) notShown() membership.Finding {
	return membership.WarningAt(membership.AtPrincipal, fmt.Sprintf("Whether %s is in %s is not known", b.Next.Principal, b.traits.Workspace(b.listing.ID)),
		fmt.Sprintf("The listing is not complete: %s. Until it is, the apply adds a principal who is not listed only as %s, because that takes nothing away. %s", b.listing.Incomplete, b.traits.AnOwner(), b.traits.ChangeRight))
}

func (p *Planner) invited(ctx context.Context, l *membership.Listing, who string) membership.Finding {
	return membership.WarningAt(membership.AtPrincipal, fmt.Sprintf("%s is a pending invitation in %s", who, p.at(ctx, l.ID)),
		fmt.Sprintf("The invitation has not been accepted yet. Until then the role cannot be used, and it does not count as %s. The id may change when the invitation is accepted.", p.traits.AnOwner()))
}

// conflict judges a user who is there already.
func (b *bindingPlanning) conflict(ctx context.Context) []membership.Finding {
	next := *b.Next
	if next.StandingUnknown || b.live.Holds(next.Standing) {
		return nil
	}
	switch {
	case !b.live.Enabled && next.Standing.Enabled:
		return []membership.Finding{Reenabled(b.live, next.Standing, b.at(ctx, next.Workspace))}
	case b.Adopt:
		return []membership.Finding{Adopted(b.words.AdoptExisting+" is true", b.live, next.Standing, b.at(ctx, next.Workspace))}
	case b.Prior == nil && b.tainted(ctx, next.Workspace, next.key(), nil) != nil:
		return nil // this instance held the principal
	case b.Prior == nil && b.removedElsewhere(ctx, next.Workspace, next.Principal):
		return []membership.Finding{b.refusePull(ctx)}
	default:
		return []membership.Finding{b.refuseConflict(ctx)}
	}
}

// refusePull refuses to change a member whom another resource removes.
func (b *bindingPlanning) refusePull(ctx context.Context) membership.Finding {
	name := b.readings.WorkspaceName(ctx, b.Next.Workspace)
	b.walk.mu.Lock()
	defer b.walk.mu.Unlock()
	a := b.planOf(b.Next.Workspace)
	a.name = name
	return membership.ErrorAt(membership.AtPrincipal, summaryPulled, a.pulled(b.live))
}

// Reenabled warns that a disabled member gets access again.
func Reenabled(live membership.Member, to membership.Standing, where string) membership.Finding {
	return membership.WarningAt(membership.AtPrincipal, fmt.Sprintf("%s is disabled in %s and will be enabled again", live.Label(), where),
		fmt.Sprintf("%s has %s now. This change enables the member again, with the role %q.", Named(live), live.Standing(), to.Role))
}

// Adopted warns that the role of a member who is there already is changed, and says
// as a clause what allows that.
func Adopted(allowed string, live membership.Member, to membership.Standing, where string) membership.Finding {
	return membership.WarningAt(StandingAttribute(live, to), fmt.Sprintf("%s in %s goes from %s to %s", live.Label(), where, live.Standing(), to),
		fmt.Sprintf("%s has %s there already. %s, so this change makes it %s.", Named(live), live.Standing(), allowed, to))
}

// refuseConflict refuses to change the role of a member without consent.
func (b *bindingPlanning) refuseConflict(ctx context.Context) membership.Finding {
	var text strings.Builder
	does := "Creating a resource"
	if b.Prior != nil {
		does = "Giving a resource another principal"
	}
	fmt.Fprintf(&text, "%s has %s in %s already. The configuration asks for %s. %s never changes a member silently.\n\n",
		Named(b.live), b.live.Standing(), b.place(ctx, b.Next.Workspace), b.Next.Standing, does)
	for _, f := range b.unknownRole(ctx, b.listing, b.Next.Standing.Role) {
		fmt.Fprintf(&text, "%s. %s\n\n", f.Summary, f.Detail)
	}
	if b.Prior != nil {
		fmt.Fprintf(&text, "Set %s = true to accept the change.", b.words.AdoptExisting)
	} else {
		fmt.Fprintf(&text, "Import the member, and the plan will show the change:\n\n%s. Or set %s = true to accept the change.",
			b.importBlock(b.words.Member, b.words.ImportID(b.Next.Workspace, b.live.Principal)), b.words.AdoptExisting)
	}
	text.WriteString(b.skipsPlan())
	return membership.ErrorAt(membership.AtPrincipal, fmt.Sprintf("%s already has access to %s", b.live.Label(), b.at(ctx, b.Next.Workspace)), text.String())
}

// importBlock is the block that brings what is there into the state.
func (p *Planner) importBlock(resourceType, id string) string {
	return strings.NewReplacer("{type}", resourceType, "{id}", strconv.Quote(id)).Replace(p.words.ImportBlock)
}

// absent judges a user who is not in the workspace yet; to is nil where it is not known
// yet what they get.
func (p *Planner) absent(ctx context.Context, l *membership.Listing, came time.Time, q membership.Principal, to *membership.Standing) []membership.Finding {
	if to != nil && !to.Enabled {
		f := p.CannotAddDisabled(Called(p.stranger(ctx, l.ID, q)), p.at(ctx, l.ID))
		f.Detail += p.skipsPlan()
		return []membership.Finding{f}
	}
	person, f := p.findInTenant(ctx, l, q, came)
	switch {
	case f != nil:
		return []membership.Finding{*f}
	case person == nil:
		return nil
	case person.Invite:
		return []membership.Finding{p.invited(ctx, l, person.Label())}
	case person.Inactive:
		return []membership.Finding{membership.WarningAt(membership.AtPrincipal, fmt.Sprintf("%s, who is to join %s, is inactive", person.Label(), p.at(ctx, l.ID)),
			fmt.Sprintf("The principal is inactive in the %s: the role cannot be used, and it does not count as %s.", p.traits.TenantNoun, p.traits.AnOwner()))}
	}
	return nil
}

// findInTenant finds a user in the tenant. Nobody is found without a finding where the
// tenant cannot be read: then it is left to the apply. Who is missing in a
// reading that is older than the question is searched for once more.
func (p *Planner) findInTenant(ctx context.Context, l *membership.Listing, q membership.Principal, came time.Time) (*membership.Person, *membership.Finding) {
	t, err := p.readings.Tenant(ctx, l.ID, time.Time{})
	if err != nil {
		return nil, nil // not for these credentials to read, or not now
	}
	person, ok := t.Person(q)
	if !ok {
		if t, err = p.readings.Tenant(ctx, l.ID, came); err != nil {
			return nil, nil
		}
		person, ok = t.Person(q)
	}
	if ok {
		return &person, nil
	}
	f := membership.ErrorAt(membership.AtPrincipal, fmt.Sprintf("%s is not known in the %s %s", q, p.traits.Product, p.traits.TenantNoun),
		fmt.Sprintf("The %s lists no %s with the id %q, named for %s. %s%s", p.traits.TenantNoun, q.Kind, q.ID, p.place(ctx, l.ID), p.meant(t, l, q), p.skipsPlan()))
	return nil, &f
}

// meant says what was given in place of an id, where that can be told.
func (p *Planner) meant(t *membership.Tenant, l *membership.Listing, q membership.Principal) string {
	other := membership.Principal{Kind: membership.User, ID: q.ID}
	if q.Kind == membership.User {
		other.Kind = membership.Group
	}
	if _, ok := t.Person(other); ok {
		return fmt.Sprintf("That is the id of a %s.", other.Kind)
	}
	for _, person := range t.People {
		switch {
		case person.Kind != q.Kind:
		case person.Email != "" && strings.EqualFold(person.Email, q.ID):
			return fmt.Sprintf("That is the e-mail address of %s. Write that id.", person.ID)
		case person.Name != "" && strings.EqualFold(person.Name, q.ID):
			return fmt.Sprintf("That is the name of %s. Write that id.", person.ID)
		}
	}
	for _, m := range l.Members {
		if m.Kind == q.Kind && m.Email != "" && strings.EqualFold(m.Email, q.ID) {
			return fmt.Sprintf("That is the e-mail address of %s. Write that id.", m.ID)
		}
	}
	check := "Check the id."
	if strings.Contains(q.ID, "@") {
		check = "This has to be the id, not an e-mail address."
	}
	return fmt.Sprintf("%s Only a %s of the %s can be added to a %s.", check, q.Kind, p.traits.TenantNoun, p.traits.WorkspaceNoun)
}

// CannotAddDisabled refuses to add a disabled member.
func (p *Planner) CannotAddDisabled(who, where string) membership.Finding {
	return membership.ErrorAt(membership.AtEnabled, fmt.Sprintf("%s cannot be created disabled in %s", who, where),
		fmt.Sprintf("%s is not in the %s, and %s has no call that adds a disabled user. Set %s = true, or remove the resource until the user is in the %[2]s.", who, p.traits.WorkspaceNoun, p.traits.Product, p.words.Enabled))
}
