package world

import (
	"context"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
)

// runDriver drives roster.Run, as the resources of internal/framework do.
type runDriver struct{}

func (runDriver) imported(*object) private { return encoded(roster.Private{}.Applied()) }

func encoded(p roster.Private) private { return private(p.Encode()) }

func decoded(p private) roster.Private { return planning.DecodePrivate([]byte(p)) }

func (runDriver) start(s setting) process {
	act := roster.NewActivity()
	act.Configured(s.plansTwice)
	if s.unknown {
		return &runProcess{act: act}
	}
	g := roster.Guard{
		Mode: roster.Mode(s.policy.mode), MinimumOwners: s.policy.minimum, NotCounted: s.policy.notCounted,
		CountOwnerGroups: s.policy.countGroups, ExemptWorkspaces: s.policy.exempt, HandoverWait: s.policy.handoverWait,
	}
	return &runProcess{act: act, created: s.created, run: roster.NewRun(roster.Config{
		Service: s.service, Guard: g, Walk: roster.NewWalk(act, g, s.replaced), Locker: lockFunc(s.lock), Logger: silent{}, MaxConcurrent: 16,
		Naming: membership.Vocabulary{
			Member: "roster_binding", Members: "roster_bindings", RoleMembers: "roster_role_members",
			ImportID:     func(w string, p principal) string { return w + "/" + p.String() },
			RoleImportID: func(w, role string) string { return w + "/" + role },
			Ignore:       func(k kind) string { return "ignore_" + string(k) + "s" },
		},
	})}
}

type lockFunc func(ctx context.Context, key string) (func(), error)

func (f lockFunc) Lock(ctx context.Context, key string) (func(), error) { return f(ctx, key) }

type silent struct{}

func (silent) Info(context.Context, string, map[string]any) {}
func (silent) Warn(context.Context, string, map[string]any) {}

type runProcess struct {
	act *roster.Activity
	run *roster.Run
	// created are the creations that an earlier process has planned.
	created []*object
}

func (p *runProcess) close() {}

func (p *runProcess) plan(ctx context.Context, prior, next *object, carried private) ([]finding, private) {
	defer p.act.Begin()()
	if prior == nil && slices.ContainsFunc(p.created, next.same) {
		p.act.Resumed()
	}
	keeps := decoded(carried)
	o := next
	if o == nil {
		o = prior
	}
	if o.form == additive {
		c := roster.BindingChange{Prior: bindingOf(prior), Next: bindingOf(next), Private: keeps, NoChange: prior.same(next)}
		if prior != nil {
			c.Exit = exitOf(prior)
		}
		if next != nil {
			c.Adopt = next.adopt
		}
		if p.run == nil {
			return nil, encoded(c.PlanPrivate())
		}
		got := p.run.PlanBinding(ctx, c)
		return findingsOf(got.Findings), encoded(got.Private)
	}
	c := roster.RolesChange{Prior: setOf(prior), Next: setOf(next), Private: keeps, NoChange: prior.same(next)}
	if p.run == nil {
		return nil, encoded(c.PlanPrivate())
	}
	got := p.run.PlanRoles(ctx, c)
	return findingsOf(got.Findings), encoded(got.Private)
}

func (p *runProcess) read(ctx context.Context, state *object, carried private) (*object, private, []finding) {
	defer p.act.Begin()()
	if p.run == nil {
		return state, carried, nil
	}
	now := *state
	if state.form == additive {
		got := p.run.ReadBinding(ctx, *bindingOf(state), state.who.ID, decoded(carried))
		switch {
		case got.Presence == membership.Absent:
			return nil, encoded(got.Private), findingsOf(got.Findings)
		case got.Presence == membership.There && !got.Member.Holds(state.to):
			now.to = got.Member.Standing()
		}
		return &now, encoded(got.Private), findingsOf(got.Findings)
	}
	got := p.run.ReadRoles(ctx, *setOf(state), decoded(carried))
	switch got.Presence {
	case membership.Absent:
		return nil, encoded(got.Private), findingsOf(got.Findings)
	case membership.There:
		now.roles = rolesOf(got.Entries)
	case membership.NotKnown:
	}
	return &now, encoded(got.Private), findingsOf(got.Findings)
}

func (p *runProcess) apply(ctx context.Context, prior, next *object, planned private) (*object, private, []finding) {
	defer p.act.Begin()()
	p.act.Applying()
	if p.run == nil {
		return prior, planned, []finding{{failed: true, text: "the provider's settings are not known"}}
	}
	o := next
	if o == nil {
		o = prior
	}
	if o.form == additive {
		return p.applyBinding(ctx, prior, next, planned)
	}
	if next == nil {
		p.run.DeleteRoles(*setOf(prior), decoded(planned))
		return nil, "", nil
	}
	keeps := roster.Private{}.Applied()
	if prior != nil {
		keeps = roster.Private{Instance: decoded(planned).Instance}.Applied()
	}
	done := p.run.ApplyRoles(ctx, roster.RolesChange{Prior: setOf(prior), Next: setOf(next), Private: keeps})
	switch {
	case !membership.Failed(done.Findings):
		return next, encoded(keeps), findingsOf(done.Findings)
	case prior == nil:
		return nil, "", findingsOf(done.Findings)
	case done.Listing == nil:
		return prior, encoded(keeps), findingsOf(done.Findings)
	}
	now := *next
	now.roles = rolesOf(setOf(next).Shown(done.Listing))
	return &now, encoded(keeps), findingsOf(done.Findings)
}

func (p *runProcess) applyBinding(ctx context.Context, prior, next *object, planned private) (*object, private, []finding) {
	c := roster.BindingChange{Prior: bindingOf(prior), Next: bindingOf(next), Private: decoded(planned)}
	if prior != nil {
		c.Exit = exitOf(prior)
	}
	if next == nil {
		done := p.run.DeleteBinding(ctx, c)
		if membership.Failed(done.Findings) {
			return prior, planned, findingsOf(done.Findings)
		}
		return nil, "", findingsOf(done.Findings)
	}
	c.Adopt = next.adopt
	if prior == nil {
		c.Private = roster.Private{}.Applied()
		done := p.run.CreateBinding(ctx, c)
		if membership.Failed(done.Findings) {
			return nil, "", findingsOf(done.Findings)
		}
		return next, encoded(c.Private), findingsOf(done.Findings)
	}
	done := p.run.UpdateBinding(ctx, c)
	if membership.Failed(done.Findings) {
		return prior, encoded(done.Private), findingsOf(done.Findings)
	}
	return next, encoded(done.Private), findingsOf(done.Findings)
}

func bindingOf(o *object) *roster.Binding {
	if o == nil {
		return nil
	}
	b := roster.Binding{WorkspaceUnknown: o.hidden.workspace, PrincipalUnknown: o.hidden.who, StandingUnknown: o.hidden.role}
	if !o.hidden.workspace {
		b.Workspace = o.workspace
	}
	if !o.hidden.who {
		b.Principal = o.who
	}
	if !o.hidden.role {
		b.Standing = o.to
	}
	return &b
}

func exitOf(o *object) roster.Exit { return roster.Exit{Keep: o.exit.keep, Reassign: o.exit.reassign} }

func setOf(o *object) *roster.Roles {
	if o == nil {
		return nil
	}
	s := &roster.Roles{WorkspaceUnknown: o.hidden.workspace, Role: o.role, OnRemoval: o.exit.leaves(), Kinds: map[kind]roster.Scope{}}
	if !o.hidden.workspace {
		s.Workspace = o.workspace
	}
	for _, k := range o.kinds {
		var ids []string
		for _, p := range o.ignore {
			if p.Kind == k {
				ids = append(ids, p.ID)
			}
		}
		s.Kinds[k] = roster.Scope{Unknown: o.hidden.people, Ignore: roster.NewIgnore(ids...)}
	}
	if !o.hidden.people {
		for _, p := range o.people() {
			s.Entries = append(s.Entries, roster.Entry{Principal: p, Role: o.roles[p], RoleUnknown: o.hidden.role})
		}
	}
	return s
}

func rolesOf(entries []roster.Entry) map[principal]string {
	roles := map[principal]string{}
	for _, s := range entries {
		roles[s.Principal] = s.Role
	}
	return roles
}

func findingsOf(fs []membership.Finding) []finding {
	var out []finding
	for _, f := range fs {
		out = append(out, finding{
			failed: f.Severity == membership.SeverityError,
			guard:  strings.HasPrefix(f.Summary, "Workspace would "),
			text:   f.Summary + ": " + f.Detail,
		})
	}
	return out
}

var _ driver = runDriver{}

var _ membership.Finder = finderConn{}
