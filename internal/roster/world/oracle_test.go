package world

import (
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// counts is the guard's definition of an owner, written anew.
func (p policy) counts(t membership.Traits, inactive []string, m member) bool {
	switch {
	case !m.Enabled, m.Invite, !strings.EqualFold(m.Role(), t.OwnerRole), slices.Contains(inactive, m.ID):
		return false
	case m.Kind == membership.Group && (!p.countGroups || m.MemberCount == 0):
		return false
	}
	return !slices.ContainsFunc(p.notCounted, func(n string) bool {
		return strings.EqualFold(n, m.ID) || strings.EqualFold(n, m.Email)
	})
}

// watches tells whether the guard protects a workspace.
func (p policy) watches(workspace string) bool {
	return p.mode == "enforce" && !slices.ContainsFunc(p.exempt, func(e string) bool { return strings.EqualFold(e, workspace) })
}

// oracle tells what a plan has to say and where an apply has to end, from the
// truth, the states and the configuration, by the contract alone.
type oracle struct {
	service   *service
	policy    policy
	resources []*resource
	noRefresh bool
}

// refusal is why a plan has to fail: in a workspace, about a user, or about
// nobody where the guard speaks.
type refusal struct {
	place
	why string
}

// people are the rows of a workspace by folded principal.
type people map[principal]member

func (s *service) peopleOf(workspace string) people {
	out := people{}
	for _, m := range s.spaces[strings.ToLower(workspace)].now().members {
		out[m.Principal.Fold()] = m
	}
	return out
}

// refreshed gives what a resource's state is after it was read.
func (o *oracle) refreshed(state *object) *object {
	if state == nil || o.noRefresh {
		return state
	}
	there, now := o.service.peopleOf(state.workspace), *state
	if state.form == additive {
		m, ok := there[state.who.Fold()]
		if !ok {
			return nil
		}
		if !m.Holds(state.to) {
			now.to = m.Standing()
		}
		return &now
	}
	now.roles = map[principal]string{}
	for _, m := range there {
		if !m.Enabled || !state.manages(m.Principal) || state.form == oneRole && !m.Holds(standing{Role: state.role, Enabled: true}) {
			continue
		}
		who, role := m.Principal, m.Role()
		for p, was := range state.roles {
			if p.Fold() == who.Fold() {
				who = p
				if strings.EqualFold(was, role) {
					role = was
				}
			}
		}
		now.roles[who] = role
	}
	return &now
}

// leaves gives those whose access a resource ends, and what is left of it.
func leaves(prior, next *object) map[principal]*standing {
	out := map[principal]*standing{}
	if prior == nil {
		return out
	}
	stays := next != nil && strings.EqualFold(prior.workspace, next.workspace) && strings.EqualFold(prior.role, next.role)
	if prior.form == additive {
		if stays && prior.who.Fold() == next.who.Fold() || prior.exit.keep {
			return out
		}
		out[prior.who.Fold()] = prior.exit.leaves()
		return out
	}
	if !stays {
		return out // the end of a set touches nobody
	}
	for who := range prior.roles {
		if _, named := next.names(who); !named && next.manages(who) {
			out[who.Fold()] = next.exit.leaves()
		}
	}
	return out
}

// leaves is the standing that is left; nil for none.
func (e exit) leaves() *standing {
	if e.reassign == "" {
		return nil
	}
	return &standing{Role: e.reassign, Enabled: true}
}

// claims gives what the resources of a configuration want of each place, and
// what they end there.
type claims struct {
	holders map[place]int
	gives   map[place][]string
	leavers map[place]int
	sets    map[string][]*object
}

// judge tells why the plan has to fail, and who is where once everything has
// been applied.
func (o *oracle) judge() (why []refusal, end map[string]people) {
	end = map[string]people{}
	for id := range o.service.spaces {
		end[id] = o.service.peopleOf(id)
	}
	c := claims{holders: map[place]int{}, gives: map[place][]string{}, leavers: map[place]int{}, sets: map[string][]*object{}}
	o.withDeposed()
	for _, r := range o.resources {
		prior := o.refreshed(r.state)
		why = append(why, o.conflicts(r, prior)...)
		c.note(r, prior)
	}
	why = append(why, c.clashes(o.service)...)
	losing := map[string]bool{}
	for _, r := range o.resources {
		alone := map[string]people{}
		for id := range end {
			alone[id] = o.service.peopleOf(id)
		}
		prior := o.refreshed(r.state)
		o.leave(prior, r.config, alone)
		o.enter(r.config, alone)
		for id := range alone {
			losing[id] = losing[id] || o.loses(id, alone[id])
		}
	}
	for _, r := range o.resources {
		o.leave(o.refreshed(r.state), r.config, end)
	}
	for _, r := range o.resources {
		o.enter(r.config, end)
	}
	for id := range end {
		now := o.service.spaces[id].now().owners
		if losing[id] && o.policy.watches(id) && o.owners(end[id]) < min(o.policy.minimum, now) {
			why = append(why, refusal{place{workspace: id}, "the guard"})
		}
	}
	return why, end
}

// withDeposed takes what is left of replaced objects for resources of their own, but where
// what replaces it holds the principal.
func (o *oracle) withDeposed() {
	for _, r := range slices.Clone(o.resources) {
		for _, d := range r.deposed {
			replaced := d.object != nil && r.config != nil && at(r.config.workspace, r.config.who) == at(d.object.workspace, d.object.who)
			if d.object != nil && d.object.form == additive && !replaced {
				o.resources = append(slices.Clip(o.resources), &resource{state: d.object})
			}
		}
	}
}

// conflicts gives those whose access a creation would change without leave.
func (o *oracle) conflicts(r *resource, prior *object) []refusal {
	next := r.config
	if next == nil {
		return nil
	}
	there := o.service.peopleOf(next.workspace)
	same := prior != nil && !prior.moves(next)
	var out []refusal
	if next.form == additive {
		m, ok := there[next.who.Fold()]
		held := same && prior.who.Fold() == next.who.Fold()
		if ok && m.Enabled && !m.Holds(next.to) && !next.adopt && !held {
			out = append(out, refusal{at(next.workspace, next.who), "is there with another role"})
		}
		return out
	}
	if same {
		return nil
	}
	for who, m := range there {
		to, named := next.names(who)
		if next.form == oneRole && (named || !m.Holds(standing{Role: next.role, Enabled: true})) {
			continue // being named is consent, and other roles are left alone
		}
		if m.Enabled && next.manages(who) && (!named || !m.Holds(to)) {
			out = append(out, refusal{at(next.workspace, who), "would be changed by a creation"})
		}
	}
	return out
}

func (c *claims) note(r *resource, prior *object) {
	if r.config != nil {
		if r.config.form == additive {
			p := at(r.config.workspace, r.config.who)
			c.holders[p]++
			c.gives[p] = append(c.gives[p], r.config.to.Role)
		} else {
			w := strings.ToLower(r.config.workspace)
			c.sets[w] = append(c.sets[w], r.config)
		}
	}
	if prior != nil && prior.form == additive {
		for who := range leaves(prior, r.config) {
			c.leavers[at(prior.workspace, who)]++
		}
	}
}

func (c *claims) clashes(s *service) []refusal {
	var out []refusal
	for p, n := range c.holders {
		if n > 1 {
			out = append(out, refusal{p, "two resources"})
		}
		if c.leavers[p] > 0 {
			out = append(out, refusal{p, "one removes, another holds"})
		}
	}
	for w, sets := range c.sets {
		for i, set := range sets {
			for _, other := range sets[:i] {
				out = append(out, clash(w, set, other)...)
			}
			for _, m := range []map[place]int{c.holders, c.leavers} {
				for p := range m {
					if p.workspace == w && (set.concerns(s.peopleOf(w), p.who) || set.takesUp(p.who, c.gives[p])) {
						out = append(out, refusal{p, "additive beside a set"})
					}
				}
			}
		}
	}
	return out
}

// concerns tells whether a resource that manages several has a say about a user.
func (o *object) concerns(there people, who principal) bool {
	_, named := o.names(who)
	return o.manages(who) && (o.form == whole || named || there[who.Fold()].Holds(standing{Role: o.role, Enabled: true}))
}

// takesUp tells whether a principal to whom other resources give one of these roles
// becomes the business of a resource for one role.
func (o *object) takesUp(who principal, roles []string) bool {
	return o.form == oneRole && o.manages(who) && slices.ContainsFunc(roles, func(role string) bool { return strings.EqualFold(role, o.role) })
}

// clash tells what two resources that manage several of one workspace disagree about.
func clash(workspace string, a, b *object) []refusal {
	if !slices.ContainsFunc(a.kinds, func(k kind) bool { return slices.Contains(b.kinds, k) }) {
		return nil
	}
	if a.form == whole || b.form == whole || strings.EqualFold(a.role, b.role) {
		return []refusal{{place{workspace: workspace}, "two sets"}}
	}
	var out []refusal
	for _, who := range a.people() {
		if _, named := b.names(who); named {
			out = append(out, refusal{place{workspace, who.Fold()}, "named in two roles"})
		}
	}
	return out
}

// leave takes away what a resource gives up.
func (o *oracle) leave(prior, next *object, all map[string]people) {
	if prior == nil {
		return
	}
	there := all[strings.ToLower(prior.workspace)]
	for who, to := range leaves(prior, next) {
		m, ok := there[who]
		switch {
		case !ok:
		case to != nil:
			m.Roles, m.Enabled = []string{to.Role}, true
			there[who] = m
		case o.service.traits.RemovalDisables:
			m.Enabled = false
			there[who] = m
		default:
			delete(there, who)
		}
	}
}

// enter gives what a resource wants.
func (o *oracle) enter(next *object, all map[string]people) {
	if next == nil {
		return
	}
	there := all[strings.ToLower(next.workspace)]
	for _, who := range next.people() {
		to, _ := next.names(who)
		m, ok := there[who.Fold()]
		if !ok {
			m = member{Principal: who}
			for _, p := range o.service.people {
				if p.Principal.Fold() == who.Fold() {
					m.Principal, m.Email, m.Invite, m.MemberCount = p.Principal, p.Email, p.Invite, p.MemberCount
				}
			}
		}
		m.Roles, m.Enabled = []string{to.Role}, to.Enabled
		there[who.Fold()] = m
	}
}

// loses tells whether a user who owns a workspace now does not any more.
func (o *oracle) loses(id string, then people) bool {
	for who, m := range o.service.peopleOf(id) {
		if o.service.counts(m) && !o.service.counts(then[who]) {
			return true
		}
	}
	return false
}

func (o *oracle) owners(ps people) int {
	n := 0
	for _, m := range ps {
		if o.service.counts(m) {
			n++
		}
	}
	return n
}
