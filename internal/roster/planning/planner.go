// Package planning says what a plan would do: how a workspace differs from what
// a resource wants, which resources of a walk get in each other's way, and what
// the person who reads the plan has to know.
package planning

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// Readings are what a run of one product has read, each once for all who need
// it. A moment that is not zero asks for a reading that did not begin before it.
type Readings interface {
	Listing(ctx context.Context, workspace string, since time.Time) (*membership.Listing, error)
	// Tenant gives everybody in the tenant that the workspace belongs to; the
	// workspace is "" where it is not known yet.
	Tenant(ctx context.Context, workspace string, since time.Time) (*membership.Tenant, error)
	// KnownTenant gives the tenant where it has been read already.
	KnownTenant(workspace string) (*membership.Tenant, bool)
	// SwitchedOff tells whether the product is known already to have disabled the
	// workspace as a whole.
	SwitchedOff(workspace string) bool
	// WorkspaceName gives the display name where it can be had, else the id.
	WorkspaceName(ctx context.Context, workspace string) string
	// Self tells who the credentials belong to.
	Self(ctx context.Context) (membership.Person, error)
	// Floor is how many owners the run has to leave in the workspace.
	Floor(workspace string) guard.Floor
	// HeldByOther tells whether another instance than the token's has made, adopted
	// or kept the principal in this run.
	HeldByOther(workspace string, p membership.Principal, token string) bool
}

// Planner plans the changes of one product in one walk.
type Planner struct {
	readings Readings
	traits   membership.Traits
	words    membership.Vocabulary
	judge    *guard.Judge
	walk     *Walk

	mu sync.Mutex
	// judges know a tenant; that of nil could not ask.
	judges map[*membership.Tenant]*guard.Judge
}

// NewPlanner makes a planner. It reads nothing.
func NewPlanner(r Readings, t membership.Traits, v membership.Vocabulary, j *guard.Judge, w *Walk) *Planner {
	return &Planner{readings: r, traits: t, words: v, judge: j, walk: w, judges: map[*membership.Tenant]*guard.Judge{}}
}

// workspaceKey names a workspace in the walk.
func (p *Planner) workspaceKey(workspace string) string {
	return membership.WorkspaceKey(p.traits.Endpoint, workspace)
}

// once tells whether the walk has not told yet of something about a workspace, and
// notes it.
func (p *Planner) once(what, workspace string) bool {
	return p.walk.once(what + " " + p.workspaceKey(workspace))
}

// at names a workspace in a summary: by its name alone.
func (p *Planner) at(ctx context.Context, id string) string {
	return p.traits.Workspace(p.readings.WorkspaceName(ctx, id))
}

// place names a workspace in a detail.
func (p *Planner) place(ctx context.Context, id string) string {
	return p.traits.Place(p.readings.WorkspaceName(ctx, id), id)
}

// Named names a member in a detail: a user or a group of which only the id is
// known by kind and id.
func Named(m membership.Member) string {
	if m.Label() == m.ID {
		return fmt.Sprintf("%s %s", m.Kind, m.ID)
	}
	return guard.NameAndID(m)
}

// Called names a member in a summary: by what people call it, else by kind and id.
func Called(m membership.Member) string {
	if m.Label() == m.ID {
		return Named(m)
	}
	return m.Label()
}

// isOwner tells whether a standing is an owner's.
func (p *Planner) isOwner(s membership.Standing) bool {
	return s.Enabled && strings.EqualFold(s.Role, p.traits.OwnerRole)
}

// readListing reads a workspace for a plan, outside of a refresh. There is none
// where it cannot be read, and where this is an apply, which reads for itself;
// the findings say why.
func (p *Planner) readListing(ctx context.Context, workspace string, at membership.Attribute) (*membership.Listing, []membership.Finding) {
	began := time.Now()
	l, err := p.readings.Listing(ctx, workspace, time.Time{})
	if err != nil && membership.FailureOf(err) == membership.Gone {
		l, err = p.readings.Listing(ctx, workspace, began) // another resource may have made it since
	}
	switch {
	case err == nil:
		p.noteListing(workspace, l)
		return l, p.exemptByName(ctx, workspace)
	case ctx.Err() != nil:
		// Going on would plan other values than before, and end with a complaint
		// about the provider.
		return nil, []membership.Finding{membership.ErrorAt(membership.AtNone, "Planning was cancelled",
			fmt.Sprintf("The members of %s were being read when this run was cancelled. Nothing was changed.", p.traits.Workspace(workspace)))}
	case !p.walk.plans(ctx):
		return nil, nil
	default:
		return nil, p.unread(err, workspace, at, false)
	}
}

// exemptByName warns once of an exempt workspace that is given by its name.
func (p *Planner) exemptByName(ctx context.Context, workspace string) []membership.Finding {
	if len(p.judge.Policy().ExemptWorkspaces) == 0 {
		return nil
	}
	name := p.readings.WorkspaceName(ctx, workspace)
	entry := p.judge.ExemptByName(workspace, name)
	if entry == "" || !p.once("exempt by name", workspace) {
		return nil
	}
	return []membership.Finding{membership.WarningAt(membership.AtNone, fmt.Sprintf("%q is the name of a %s, not its id", entry, p.traits.WorkspaceNoun),
		fmt.Sprintf("%s takes ids, so %s is not exempt. If it is being closed, write %q there.", p.words.ExemptWorkspaces, p.traits.Place(name, workspace), workspace))}
}

// switchedOff warns once of a workspace that is itself disabled (blazemeter 32).
func (p *Planner) switchedOff(ctx context.Context, workspace string) []membership.Finding {
	if !p.readings.SwitchedOff(workspace) || !p.once("switched off", workspace) {
		return nil
	}
	return []membership.Finding{membership.WarningAt(membership.AtNone, membership.Capital(p.at(ctx, workspace))+" is disabled as a whole",
		fmt.Sprintf("%s may refuse the changes of this plan, or carry them out without any effect until the %s is enabled again.", p.traits.Product, p.traits.WorkspaceNoun))}
}

// unread explains a workspace that could not be read. One cause is told once in
// a plan, by whichever resource meets it first: an error fails the plan as a
// whole. While refreshing everything is an error; otherwise what may pass is a
// warning, since the apply reads again.
func (p *Planner) unread(err error, workspace string, at membership.Attribute, refreshing bool) []membership.Finding {
	cause := p.workspaceKey(workspace)
	f := p.ReadFailure(err, workspace, at)
	switch kind := membership.FailureOf(err); {
	case kind == membership.Unauthorized, unreachable(err):
		cause = p.traits.Endpoint
	case kind == membership.Passing && !refreshing:
		cause = "passing " + cause
		f = membership.WarningAt(membership.AtNone, fmt.Sprintf("%s could not be read, the plan goes on", p.traits.Product),
			fmt.Sprintf("%s The plan does not know who is in %s. The apply reads again, and decides.", Sentence(err), p.traits.Workspace(workspace)))
	}
	if !p.walk.once("unread " + cause) {
		return nil
	}
	if f.Severity == membership.SeverityError {
		f.Detail += "\nThis message comes once, for all resources that need it."
		switch membership.FailureOf(err) {
		case membership.Gone:
			f.Detail += p.skipsPlan()
		case membership.Forbidden, membership.Refused, membership.Unsupported:
			f.Detail += fmt.Sprintf("\n\nTo stop managing these members without reading: `%s`.", p.words.Forget)
		}
	}
	return []membership.Finding{f}
}

// unreachable tells whether nobody answers at the service's address, which no
// repetition changes.
func unreachable(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// ReadFailure explains a workspace that could not be read.
func (p *Planner) ReadFailure(err error, workspace string, at membership.Attribute) membership.Finding {
	const kept = " Nothing was dropped from the state."
	where := p.traits.Workspace(workspace)
	switch kind := membership.FailureOf(err); {
	case kind == membership.Gone:
		return membership.ErrorAt(at, fmt.Sprintf("%s was not found in %s", membership.Capital(where), p.traits.Product),
			fmt.Sprintf("%s Check that it is the id, not the name, and that the %s belongs to the %s that the %s is in.", Sentence(err), p.traits.CredentialNoun, p.traits.TenantNoun, p.traits.WorkspaceNoun))
	case kind == membership.Refused, kind == membership.Unsupported:
		return membership.ErrorAt(at, fmt.Sprintf("%s refused to list %s", p.traits.Product, where),
			fmt.Sprintf("%s%s Check the id.", Sentence(err), kept))
	case kind == membership.Passing && unreachable(err):
		return membership.ErrorAt(membership.AtNone, fmt.Sprintf("%s cannot be reached", p.traits.Product),
			Sentence(err)+kept)
	default:
		return p.CannotRead(err, where, Sentence(err)+kept, at)
	}
}

// CannotRead explains why something could not be read, for those failures that mean the
// same of a workspace and of anything else. what names it in a phrase, and said is what
// the service said, as a sentence.
func (p *Planner) CannotRead(err error, what, said string, at membership.Attribute) membership.Finding {
	switch membership.FailureOf(err) {
	case membership.Unauthorized:
		return membership.ErrorAt(membership.AtNone, fmt.Sprintf("%s does not accept the %s", p.traits.Product, p.traits.CredentialNoun),
			said+" Check the credentials in the provider block or the environment: they may be wrong, revoked or expired.")
	case membership.Forbidden:
		return membership.ErrorAt(at, fmt.Sprintf("The %s %s may not read %s", p.traits.Product, p.traits.CredentialNoun, what),
			fmt.Sprintf("%s %s", said, p.traits.ChangeRight))
	case membership.Malformed:
		return membership.ErrorAt(at, fmt.Sprintf("%s gave an answer that cannot be read", p.traits.Product),
			said+" Check that the endpoint is the product's API, and not a proxy's page.")
	default:
		return membership.ErrorAt(at, fmt.Sprintf("%s could not be read from %s", membership.Capital(what), p.traits.Product),
			said+" This may pass: run the same command again.")
	}
}

// Said gives an error as the beginning of a sentence that goes on: without a
// full stop of its own, and what several calls said in one line.
func Said(err error) string {
	parts := strings.Split(err.Error(), "\n")
	for i, p := range parts {
		parts[i] = strings.TrimRight(strings.TrimSpace(p), ".")
	}
	return strings.Join(parts, "; then ")
}

// Sentence gives an error as a sentence.
func Sentence(err error) string { return membership.Capital(Said(err)) + "." }

// Incomplete explains a listing that does not show everybody.
func (p *Planner) Incomplete(l *membership.Listing, what string) membership.Finding {
	return membership.ErrorAt(membership.AtNone, fmt.Sprintf("The listing of %s is not complete", p.traits.Workspace(l.ID)),
		fmt.Sprintf("%s, so the %s may see only a part of it. %s Nothing was changed, and nothing was dropped from the state. %s", membership.Capital(l.Incomplete), p.traits.CredentialNoun, what, p.traits.ChangeRight))
}

// informed gives the judge who knows what the tenant says of who is inactive and
// invited, where that matters. One who knows the same is the same.
func (p *Planner) informed(ctx context.Context, workspace string) *guard.Judge {
	t, known := p.readings.KnownTenant(workspace)
	if !known {
		if !p.traits.StatusMatters {
			return p.judge
		}
		var err error
		if t, err = p.readings.Tenant(ctx, workspace, time.Time{}); err != nil {
			t = nil
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.judges[t]
	if j == nil {
		j = p.judge.Knowing(guard.StatusOf(t))
		p.judges[t] = j
	}
	return j
}

// lose warns where the credentials' own user loses something, and judges the
// losses of owners among the changes. owners is how many there are now, 0 without a loss.
func (p *Planner) lose(ctx context.Context, in *instance, l *membership.Listing, workspace string, changes ...guard.Loss) (out []membership.Finding, owners int) {
	var losses []guard.Loss
	var judge *guard.Judge
	for _, c := range changes {
		live, ok := l.Member(c.Principal)
		if !ok {
			continue
		}
		out = append(out, p.ownUser(ctx, l, live, c.To)...)
		if c.To != nil && p.isOwner(*c.To) {
			m := live.After(c.To) // what is left may be an owner's role
			p.gain(in, workspace, &m)
			continue
		}
		if !p.judge.Watches(workspace) || !p.judge.Loses(live, c.To) {
			continue
		}
		if judge == nil {
			judge = p.informed(ctx, workspace)
		}
		if judge.Loses(live, c.To) {
			losses = append(losses, c)
		}
	}
	if len(losses) == 0 {
		return out, 0
	}
	name, floor := p.readings.WorkspaceName(ctx, workspace), p.readings.Floor(workspace)
	p.walk.mu.Lock()
	defer p.walk.mu.Unlock()
	a := p.planOf(workspace)
	a.name, a.listing = name, l
	if a.tally.Recount(judge, l) {
		a.needs = floor.Needs(judge)
	}
	owners = a.tally.Now()
	return append(out, p.walk.noteLosses(ctx, in, a, losses)...), owners
}

// ownUser tells the person who runs this that the credentials' own user is
// about to lose something.
func (p *Planner) ownUser(ctx context.Context, l *membership.Listing, live membership.Member, to *membership.Standing) []membership.Finding {
	if live.Kind != membership.User || !p.traits.Lowers(live, to) {
		return nil
	}
	self, err := p.readings.Self(ctx)
	switch {
	case err != nil:
		return nil
	case self.Unidentified != "":
		return p.UnknownSelf(self.Unidentified)
	case self.Is(live):
		return []membership.Finding{p.OwnUser(live, to, p.at(ctx, l.ID))}
	default:
		return nil
	}
}

// UnknownSelf warns once that a change which takes something away may be about the
// credentials' own user, who cannot be told; why is a clause.
func (p *Planner) UnknownSelf(why string) []membership.Finding {
	if !p.walk.once("own user of " + p.traits.Endpoint) {
		return nil
	}
	return []membership.Finding{membership.WarningAt(membership.AtNone, fmt.Sprintf("The %s's own user is not known", p.traits.CredentialNoun),
		fmt.Sprintf("%s. This run takes access or roles away. If one of those members is the user of the %[2]s, the next run may be locked out. Use the %[2]s of a user who stays, or make this the last change.", why, p.traits.CredentialNoun))}
}

// OwnUser warns that the credentials' own user loses something.
func (p *Planner) OwnUser(live membership.Member, to *membership.Standing, where string) membership.Finding {
	fate := "is removed from"
	switch {
	case to == nil && p.traits.RemovalDisables:
		fate = "is disabled in"
	case to != nil:
		fate = fmt.Sprintf("goes from %s to %s in", live.Standing(), to)
	}
	return membership.WarningAt(membership.AtNone, fmt.Sprintf("The %s's own user %s %s %s", p.traits.CredentialNoun, live.Label(), fate, where),
		fmt.Sprintf("The next run with this %[1]s may be locked out: it may no longer be able to read or change this %[2]s. Use the %[1]s of another user who stays, or make this the last change.", p.traits.CredentialNoun, p.traits.WorkspaceNoun))
}

// unknownRole warns of a role that is neither one of the product's own nor held by
// anybody, and names what was probably meant.
func (p *Planner) unknownRole(ctx context.Context, l *membership.Listing, role string) []membership.Finding {
	if role == "" || p.traits.Knows(role) {
		return nil
	}
	held := slices.Clone(p.traits.RolesAscending)
	for _, m := range l.Members {
		if m.HasRole(role) {
			return nil
		}
		for _, r := range m.Roles {
			if !slices.Contains(held, r) {
				held = append(held, r)
			}
		}
	}
	hint := ""
	if near := guard.Nearest(role, held); near != "" {
		hint = fmt.Sprintf(" Did you mean %q?", near)
	}
	return []membership.Finding{membership.WarningAt(membership.AtRole, fmt.Sprintf("No member has the role %q in %s", role, p.at(ctx, l.ID)),
		fmt.Sprintf("It is not one of %s's own roles (%s) either.%s If it is a custom role, ignore this. If not, the apply will fail.", p.traits.Product, strings.Join(p.traits.RolesAscending, ", "), hint))}
}

// skipsPlan says how a destroy gets past a refusal: Terraform plans before
// destroy and refresh too.
func (p *Planner) skipsPlan() string {
	return "\n\n" + p.words.SkipPlan
}

// someNamed is how many people a message names one by one.
const someNamed = 24

// Bounded keeps the number of findings within what a person reads. The rest
// becomes one more, which names everybody all the same.
func Bounded(fs []membership.Finding, rest func(n int) (summary, detail string)) []membership.Finding {
	if len(fs) <= someNamed+1 {
		return fs
	}
	out := fs[:someNamed:someNamed]
	var names []string
	for _, f := range fs[someNamed:] {
		names = append(names, f.Summary)
	}
	last := fs[someNamed]
	summary, detail := rest(len(names))
	return append(out, membership.Finding{Severity: last.Severity, At: last.At, Summary: summary, Detail: detail + "\n  - " + strings.Join(names, "\n  - ")})
}
