package planning

import (
	"context"
	"fmt"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// BindingRead is what a refresh found of a binding.
type BindingRead struct {
	// Presence is NotKnown where nothing certain can be said: then the state stays.
	Presence membership.Presence
	Member   membership.Member
	Findings []membership.Finding
	// Private is what the private data has to say from now on: nothing where the object
	// leaves the state. Terraform hands it to the plan of the next creation, which would
	// look like the second half of a replacement.
	Private Private
}

// ReadBinding looks a principal up when Terraform refreshes a state. label names
// the principal for people; may be empty.
func (p *Planner) ReadBinding(ctx context.Context, b Binding, label string, private Private) BindingRead {
	private = private.withInstance() // a state from before there were tokens has none
	p.noteRefresh()
	if label == "" {
		label = b.Principal.ID
	}
	l, presence, fs := p.refresh(ctx, b.Workspace, private, func(said string) membership.Finding {
		return membership.WarningAt(membership.AtNone, fmt.Sprintf("%s is no longer in %s: the %s is gone", label, p.traits.Workspace(b.Workspace), p.traits.WorkspaceNoun),
			said+" This resource leaves the state.")
	})
	out := BindingRead{Private: private, Presence: presence, Findings: fs}
	if l != nil {
		out.Member, out.Presence = l.Lookup(b.Principal)
	}
	if out.Presence == membership.Absent {
		out.Private = Private{}
	} else {
		p.noteRead(b.Workspace, b.key(), readState{token: private.Instance})
	}
	if l == nil {
		return out
	}
	if private.Imported && out.Presence == membership.Absent {
		out.Findings = append(out.Findings, p.nothingToImport(ctx, l, b.Principal))
		return out
	}
	switch out.Presence {
	case membership.NotKnown:
		out.Findings = append(out.Findings, p.incompleteOnce(l, fmt.Sprintf("%s is not in that part.", label))...)
	case membership.Absent:
		out.Findings = append(out.Findings, membership.WarningAt(membership.AtNone, fmt.Sprintf("%s is no longer in %s", label, p.at(ctx, b.Workspace)),
			fmt.Sprintf("%s was removed from %s outside of %s, and leaves the state. If the configuration still names the %s, the plan adds the %[4]s again.", Named(membership.Member{Principal: b.Principal, Name: label}), p.place(ctx, b.Workspace), p.words.Tool, b.Principal.Kind)))
		// Who is a newcomer is forgotten with the state: this is the last time that it can be said.
		out.Findings = append(out.Findings, p.WarnOfNewcomers(ctx, l, private.Newcomers)...)
	case membership.There:
		for _, q := range private.Newcomers {
			if m, presence := l.Lookup(q.Principal); q.gone(m, presence) {
				out.Private = out.Private.WithoutNewcomer(q.Principal)
			}
		}
	}
	return out
}

// RolesRead is what a refresh found of a resource that manages several.
type RolesRead struct {
	// Presence is Absent where the workspace is certainly gone, and NotKnown
	// where nothing certain can be said: then the state stays.
	Presence membership.Presence
	Entries  []Entry
	Listing  *membership.Listing
	Findings []membership.Finding
	// Private is as in [BindingRead].
	Private Private
}

// ReadRoles looks up who is in a workspace when Terraform refreshes a state.
func (p *Planner) ReadRoles(ctx context.Context, prior Roles, private Private) RolesRead {
	private = private.withInstance()
	p.noteRefresh()
	l, presence, fs := p.refresh(ctx, prior.Workspace, private, func(said string) membership.Finding {
		return membership.WarningAt(membership.AtNone, fmt.Sprintf("%s is gone", membership.Capital(p.traits.Workspace(prior.Workspace))),
			said+" This resource leaves the state.")
	})
	out := RolesRead{Private: private, Presence: presence, Findings: fs}
	switch {
	case presence == membership.Absent:
		out.Private = Private{}
		return out
	case l == nil:
	case l.Complete():
		out.Presence, out.Listing, out.Entries = membership.There, l, prior.Shown(l)
		prior.Entries = out.Entries
	default:
		out.Findings = append(out.Findings, p.incompleteOnce(l, "The state stays as it is.")...)
	}
	p.noteRead(prior.Workspace, prior.key(), readState{token: private.Instance, held: prior.Held(), kinds: prior.Kinds})
	return out
}

// nothingToImport explains the import of a principal who is not in the workspace.
func (p *Planner) nothingToImport(ctx context.Context, l *membership.Listing, q membership.Principal) membership.Finding {
	detail := fmt.Sprintf("%s shows no %s with the id %q, so there is nothing to import.", membership.Capital(p.place(ctx, l.ID)), q.Kind, q.ID)
	if t, err := p.readings.Tenant(ctx, l.ID, time.Time{}); err == nil {
		if _, known := t.Person(q); known {
			detail += " Without the import, the apply adds the member."
		} else {
			detail += " " + p.meant(t, l, q)
		}
	}
	return membership.ErrorAt(membership.AtPrincipal, fmt.Sprintf("%s is not in %s", q, p.at(ctx, l.ID)), detail)
}

// refresh reads a workspace for a state. Where it is certainly gone, the presence is
// Absent, and gone words that; where it cannot be read, nothing is known.
func (p *Planner) refresh(ctx context.Context, workspace string, private Private, gone func(said string) membership.Finding) (*membership.Listing, membership.Presence, []membership.Finding) {
	l, err := p.readings.Listing(ctx, workspace, time.Time{})
	switch {
	case err == nil:
		p.noteListing(workspace, l)
		return l, membership.NotKnown, p.notes(ctx, l)
	case membership.FailureOf(err) == membership.Gone && private.Imported:
		return nil, membership.Absent, []membership.Finding{p.ReadFailure(err, workspace, membership.AtWorkspace)}
	case membership.FailureOf(err) == membership.Gone:
		return nil, membership.Absent, []membership.Finding{gone(Sentence(err))}
	default:
		return nil, membership.NotKnown, p.unread(err, workspace, membership.AtNone, true)
	}
}

// incompleteOnce tells once of a listing that does not show everybody.
func (p *Planner) incompleteOnce(l *membership.Listing, what string) []membership.Finding {
	if !p.once("incomplete", l.ID) {
		return nil
	}
	return []membership.Finding{p.Incomplete(l, what)}
}

// notes gives once what a listing has to tell.
func (p *Planner) notes(ctx context.Context, l *membership.Listing) []membership.Finding {
	if len(l.Notes) == 0 || !p.once("notes", l.ID) {
		return nil
	}
	out := make([]membership.Finding, 0, len(l.Notes))
	for _, note := range l.Notes {
		out = append(out, membership.WarningAt(membership.AtNone, fmt.Sprintf("About the listing of %s", p.at(ctx, l.ID)), note))
	}
	return out
}
