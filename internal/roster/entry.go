package roster

import (
	"context"
	"fmt"
	"strings"
)

func equalRole(a, b string) bool { return strings.EqualFold(a, b) }

// planEntry judges a principal that a resource takes up: one who is there
// already, one whom the tenant does not know, one who cannot use the access.
func (s *space) planEntry(ctx context.Context, l *Listing, c BindingPlan, live Member, there, swapped, second bool) []Finding {
	r, next := s.run, *c.Next
	if !there {
		return s.planStranger(ctx, l, next)
	}
	if live.Invite {
		return append(s.entryConflict(ctx, l, c, live, swapped, second), warning(AtPrincipal,
			fmt.Sprintf("%s is still a pending invitation in workspace %s", live.Label(), r.workspaceName(ctx, l, s.id)),
			"The invitation has not been accepted yet. The id may change when it is, and until then nobody can use the access."))
	}
	return s.entryConflict(ctx, l, c, live, swapped, second)
}

// entryConflict judges somebody who is there already.
func (s *space) entryConflict(ctx context.Context, l *Listing, c BindingPlan, live Member, swapped, second bool) []Finding {
	r, next := s.run, *c.Next
	if next.StandingUnknown || live.Holds(next.Standing) {
		return nil
	}
	where := r.workspaceName(ctx, l, s.id)
	switch {
	case !live.Enabled && next.Standing.Enabled:
		return []Finding{s.reenabled(where, live, next.Standing)}
	case second, c.Prior == nil && r.walk.ledger.wasRead(s, next.Principal):
		return nil // this very instance held the principal
	case c.Adopt:
		return []Finding{s.adopted(where, live, next.Standing)}
	default:
		return []Finding{r.conflict(s.id, where, live, next.Standing, swapped, true)}
	}
}

func (s *space) reenabled(where string, live Member, to Standing) Finding {
	return warning(AtPrincipal, fmt.Sprintf("%s is disabled in workspace %s and will be enabled again", live.Label(), where),
		fmt.Sprintf("%s is listed with %s. This change gives the access back, with the role %q.", live.Principal, live.Standing(), to.Role))
}

func (s *space) adopted(where string, live Member, to Standing) Finding {
	return warning(AtPrincipal, fmt.Sprintf("%s in workspace %s goes from %s to %s", live.Label(), where, live.Standing(), to),
		fmt.Sprintf("adopt_existing is true: %s is there already with %s, and this change gives it %s.", live.Principal, live.Standing(), to))
}

// conflict refuses to change somebody's access without having been told to.
func (r *Run) conflict(workspace, where string, live Member, to Standing, swapped, planning bool) Finding {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s) is in workspace %q (%s) already, with %s, and the configuration asks for %s. Creating a resource never changes somebody's existing access silently.\n\n",
		live.Label(), live.Principal, where, workspace, live.Standing(), to)
	if swapped {
		b.WriteString("Set adopt_existing = true to accept the change.")
	} else {
		fmt.Fprintf(&b, "Either import what is there (\"to\" is the address that Terraform shows above this message), and the plan will show the change:\n\n%s\n\nor set adopt_existing = true to accept the change.",
			importBlock(r.naming.Additive, r.naming.ImportID(workspace, live.Principal)))
	}
	if planning {
		b.WriteString("\n\nTerraform plans before destroy and refresh too: `terraform destroy -refresh=false` gets past this message.")
	}
	return failure(AtPrincipal, fmt.Sprintf("%s already has access to workspace %s", live.Label(), where), b.String())
}

// importBlock is the block that brings what is there into the state.
func importBlock(resourceType, id string) string {
	return fmt.Sprintf("import {\n  to = %s.ADDRESS\n  id = %q\n}", resourceType, id)
}

// planStranger judges somebody who is not in the workspace yet.
func (s *space) planStranger(ctx context.Context, l *Listing, next Binding) []Finding {
	r, p := s.run, next.Principal
	if !next.StandingUnknown && !next.Standing.Enabled {
		return []Finding{s.cannotAddDisabled(p)}
	}
	t, err := r.tenantOf(ctx, s.id)
	if err != nil {
		return nil // not for this key to read, or not now: left to the apply
	}
	person, ok := t.Person(p)
	switch {
	case !ok:
		return []Finding{failure(AtPrincipal, fmt.Sprintf("%s is not known in the %s %s", p, r.traits.Product, r.traits.TenantNoun),
			fmt.Sprintf("%s was to be added to workspace %s, but the %s lists no %s with the id %q. Check the id; a person has to be in the %s before being added to a workspace.",
				p, s.id, r.traits.TenantNoun, p.Kind, p.ID, r.traits.TenantNoun))}
	case person.Invite:
		return []Finding{warning(AtPrincipal, fmt.Sprintf("%s, who is to join workspace %s, is still a pending invitation", person.Label(), r.workspaceName(ctx, l, s.id)),
			"The invitation has not been accepted yet. The id may change when it is, and until then nobody can use the access; a pending invitation does not count as an owner.")}
	case person.Inactive:
		return []Finding{warning(AtPrincipal, fmt.Sprintf("%s, who is to join workspace %s, is inactive", person.Label(), r.workspaceName(ctx, l, s.id)),
			fmt.Sprintf("The %s has blocked this principal: the access cannot be used, and it does not count as an owner's.", r.traits.TenantNoun))}
	}
	return nil
}

func (s *space) cannotAddDisabled(p Principal) Finding {
	return failure(AtEnabled, fmt.Sprintf("%s is not in workspace %s and cannot be created disabled", p, s.id),
		fmt.Sprintf("%s has no call that adds somebody without access. Set enabled = true, or leave the resource out until the principal is in the workspace.", s.run.traits.Product))
}
