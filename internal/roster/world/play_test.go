package world

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// world is one drawn scenario: who is there, what one or two configurations
// change, and what happens on the way. It is plain data, and printed as such.
type world struct {
	traits   membership.Traits
	policy   policy
	members  map[string][]member
	ids      []string // of the workspaces, in order
	inactive []string
	// strangers are known to the tenant and in no workspace.
	strangers []string

	latency, lag time.Duration
	assign       assignMode
	finds        findMode

	sessions []startSession
	mishaps  []*mishap
	// rounds is how many plans and applies there are before everything is quiet.
	rounds int
	// changes are made from outside, in the course of time.
	changes []timed
	// reverts are the addresses whose configuration goes back to what it was,
	// after the first round.
	reverts map[string]bool
	// regardless applies what the plan refused, as -target and values that are
	// known only after apply make it happen.
	regardless bool
}

// startSession is one Terraform as a world begins.
type startSession struct {
	machine, endpoint string
	options           options
	resources         []resource
}

// timed is a change from outside, so long after the plan of a round; 0 is
// between the plan and the apply.
type timed struct {
	round  int
	after  time.Duration
	change outside
}

// calm tells whether nothing goes wrong in the world and nobody else is in it.
func (w *world) calm() bool {
	return len(w.mishaps) == 0 && len(w.changes) == 0 && len(w.sessions) == 1
}

func (w *world) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, guard %+v, latency %s, lag %s, assign %d, finds %d, rounds %d, regardless %v", w.traits.Product, w.policy, w.latency, w.lag, w.assign, w.finds, w.rounds, w.regardless)
	if len(w.inactive) > 0 {
		fmt.Fprintf(&b, ", inactive %v", w.inactive)
	}
	b.WriteString("\n")
	for _, id := range w.ids {
		fmt.Fprintf(&b, "%s:", id)
		for _, m := range w.members[id] {
			fmt.Fprintf(&b, " %s=%s", m.ID, m.Standing())
			if m.Kind == membership.Group {
				fmt.Fprintf(&b, " (group of %d)", m.MemberCount)
			}
		}
		b.WriteString("\n")
	}
	for i, s := range w.sessions {
		fmt.Fprintf(&b, "session %d on %s, %s, %s\n", i, s.machine, s.endpoint, s.options)
		for _, r := range s.resources {
			fmt.Fprintf(&b, "  %s\n", &r)
		}
	}
	for _, x := range w.changes {
		fmt.Fprintf(&b, "round %d, %s after the plan: %s\n", x.round, x.after, x.change)
	}
	for _, m := range w.mishaps {
		fmt.Fprintf(&b, "%s\n", m)
	}
	if len(w.reverts) > 0 {
		fmt.Fprintf(&b, "in round 1 the configuration goes back: %v\n", w.reverts)
	}
	return b.String()
}

// stage is a world that is being played.
type stage struct {
	*world
	t        *testing.T
	driver   driver
	service  *service
	sessions []*session
	// wrong is the first thing that is wrong.
	wrong violation
}

// play plays a world against a core, and gives what is wrong with how it went:
// nothing, or a sentence, the world and the story.
func (w *world) play(t *testing.T, d driver) violation {
	t.Helper()
	return w.act(t, d, func(x *stage) {
		for round := range w.rounds {
			if round > 0 {
				x.goBackTo()
			}
			x.round(round)
		}
		x.quiet()
	})
}

// act opens a world for a story of its own.
func (w *world) act(t *testing.T, d driver, story func(*stage)) (wrong violation) {
	t.Helper()
	var x *stage
	defer func() {
		if blocked := recover(); blocked != nil {
			wrong.errorf("it goes on for ever: %v\n\n%s\n%s", blocked, w, x.service.record)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		x = w.open(t, d)
		story(x)
		wrong = x.wrong
		if *tell {
			t.Logf("%s\n%s", w, x.service.record)
		}
		if wrong.kind != "" {
			wrong.text = fmt.Sprintf("%s\n\n%s\n%s", wrong.text, w, x.service.record)
		}
	})
	return wrong
}

func (w *world) open(t *testing.T, d driver) *stage {
	t.Helper()
	x := &stage{world: w, t: t, driver: d}
	s := newService(w.traits, func(m member) bool { return w.policy.counts(w.traits, w.inactive, m) })
	s.latency, s.lag, s.assign, s.finds = w.latency, w.lag, w.assign, w.finds
	for _, id := range w.ids {
		s.workspace(id, w.members[id]...)
	}
	for _, id := range w.strangers {
		s.knows(membership.Person{Principal: user(id), Email: id + "@example.com", Name: strings.ToUpper(id)})
	}
	for i, p := range s.people {
		for _, id := range w.inactive {
			s.people[i].Inactive = s.people[i].Inactive || p.ID == id
		}
	}
	x.service = s
	machines := map[string]*machine{}
	for i, start := range w.sessions {
		if machines[start.machine] == nil {
			machines[start.machine] = &machine{}
		}
		n := &session{
			name: fmt.Sprintf("session %d", i), machine: start.machine, machines: machines, service: s, driver: d, policy: w.policy,
			endpoint: start.endpoint, options: start.options, rng: rand.New(rand.NewPCG(start.options.seed, uint64(i))),
		}
		for _, r := range start.resources {
			if r.state != nil {
				r.private = d.imported(r.state)
			}
			n.resources = append(n.resources, &r)
		}
		x.sessions = append(x.sessions, n)
	}
	return x
}

// goBackTo lets the configuration of some resources go back to what it was.
func (x *stage) goBackTo() {
	for i, s := range x.sessions {
		for j, r := range s.resources {
			if x.reverts[r.addr] {
				r.config, r.known = x.world.sessions[i].resources[j].state, nil
			}
		}
	}
}

// begin gives a phase its mishaps, for one session's process.
func (x *stage) begin(round int, apply bool) {
	x.service.mu.Lock()
	defer x.service.mu.Unlock()
	x.service.mishaps, x.service.seen = nil, map[callKind]int{}
	for _, m := range x.mishaps {
		if m.round == round && m.apply == apply {
			m.end = func() {}
			x.service.mishaps = append(x.service.mishaps, m)
		}
	}
}

// arm tells the mishaps of this phase whose process they stop or kill.
func (x *stage) arm(session int) func(*walk) {
	return func(w *walk) {
		x.service.mu.Lock()
		defer x.service.mu.Unlock()
		for _, m := range x.service.mishaps {
			if m.session != session {
				continue
			}
			switch m.what {
			case stopped:
				m.end = w.stop
			case killed:
				m.end = w.kill
			}
		}
	}
}

// check judges the walks of a phase.
func (x *stage) check(walks []*walk) {
	synctest.Wait()
	for _, w := range walks {
		w.record.calls.Wait() // what was canceled may be on its way still
		c := checker{service: x.service, policy: x.policy}
		c.check(w)
		if x.wrong.kind == "" {
			x.wrong = c.wrong
		}
	}
}

func (x *stage) errorf(format string, args ...any) { x.wrong.errorf(format, args...) }

// together runs something in every session at the same time.
func (x *stage) together(do func(i int, s *session) *walk) []*walk {
	walks := make([]*walk, len(x.sessions))
	var wg sync.WaitGroup
	for i, s := range x.sessions {
		wg.Go(func() { walks[i] = do(i, s) })
	}
	wg.Wait()
	x.check(walks)
	return walks
}

// round is one plan and, where it passed, one apply of every session.
func (x *stage) round(n int) {
	time.Sleep(time.Second)
	type expectation struct {
		why []refusal
		end map[string]people
	}
	var want expectation
	// A removal waits for its successor until nothing has moved for a while.
	strict := x.calm() && n == 0 && x.sessions[0].spread < x.policy.handoverWait && x.sessions[0].slots > 1 && !x.sessions[0].plansTaintedUnread()
	if strict {
		s := x.sessions[0]
		want.why, want.end = (&oracle{x.service, x.policy, s.resources, s.noRefresh}).judge()
		if s.destroy {
			gone := (&oracle{x.service, x.policy, without(s.resources), s.noRefresh})
			more, end := gone.judge()
			want.why, want.end = append(want.why, more...), end
		}
	}
	x.begin(n, false)
	plans := x.together(func(i int, s *session) *walk { return s.plan(x.t.Context(), x.arm(i)) })
	if strict {
		x.planned(plans[0], want.why)
	}
	for _, c := range x.changes {
		switch {
		case c.round != n:
		case c.after == 0:
			x.service.elsewhere(c.change)
		default:
			time.AfterFunc(c.after, func() { x.service.elsewhere(c.change) })
		}
	}
	x.begin(n, true)
	applied, reachable, later := make([]bool, len(x.sessions)), x.reachable(x.sessions[0]), x.later(x.sessions[0])
	if strict {
		x.sessions[0].slots += len(x.sessions[0].resources) // each waiting request holds one
	}
	applies := x.together(func(i int, s *session) *walk {
		if !x.regardless && failed(plans[i].all()) || plans[i].record.killed.Load() || !plans[i].record.stopped.IsZero() {
			return s.idle(x.t.Context())
		}
		applied[i] = true
		return s.apply(x.t.Context(), x.arm(i))
	})
	switch {
	case !strict, !applied[0], len(want.why) > 0, !reachable, failed(plans[0].all()):
	case failed(applies[0].all()):
		x.errorf("the apply of a legal plan failed")
	case !later:
		x.reached(want.end)
	}
}

// plansTaintedUnread tells whether something tainted is planned before it is read: nothing
// tells that plan from a creation's, which changes no role silently.
func (s *session) plansTaintedUnread() bool {
	return s.minimal && slices.ContainsFunc(s.resources, func(r *resource) bool { return r.how == isTainted })
}

// without gives the resources as terraform destroy takes them: out of the
// configuration.
func without(resources []*resource) []*resource {
	var out []*resource
	for _, r := range resources {
		gone := *r
		gone.config, gone.known = nil, nil
		out = append(out, &gone)
	}
	return out
}

// idle is an apply that does not take place.
func (s *session) idle(ctx context.Context) *walk {
	for _, r := range s.resources {
		r.planned = change{}
	}
	w, _ := s.start(ctx, "no apply", setting{})
	w.end()
	return w
}

// planned compares what a plan said with what it has to say.
func (x *stage) planned(w *walk, why []refusal) {
	s, all := w.session, w.all()
	if s.unknown {
		return
	}
	for _, r := range s.resources {
		if r.known != nil && len(why) > 0 || r.how == isTainted && s.noRefresh {
			return // cannot be known yet
		}
	}
	if failed(all) != (len(why) > 0) {
		x.errorf("the plan has to be refused: %v (for %v), and was: %v", len(why) > 0, why, failed(all))
		return
	}
	for _, y := range why {
		if y.why != "the guard" || s.destroy {
			return // one that is refused for another reason may hide the guard's
		}
	}
	for _, y := range why {
		named := false
		for _, f := range all {
			named = named || f.failed && f.guard && names(f.text, y.workspace)
		}
		if !named {
			x.errorf("the plan has to say why workspace %s is refused", y.workspace)
		}
	}
}

// reachable tells whether an apply can reach at once what the plan promised:
// an object that is deleted in one workspace before it is created in another
// delays what waits for it.
func (x *stage) reachable(s *session) bool {
	for _, r := range s.resources {
		if r.planned.action == deleteBack && r.state != nil && r.config != nil && r.state.moves(r.config) {
			return false
		}
	}
	return true
}

// later tells whether an apply may leave something to the next one: an object
// that is created before its predecessor is destroyed does not know what the
// plan showed, and takes nothing away.
func (x *stage) later(s *session) bool {
	return slices.ContainsFunc(s.resources, func(r *resource) bool {
		return r.planned.action == createBack && r.state != nil && !r.state.same(r.config)
	})
}

// reached compares what is there with what has to be.
func (x *stage) reached(end map[string]people) {
	for _, id := range x.ids {
		have := x.service.peopleOf(strings.ToLower(id))
		for who, m := range end[strings.ToLower(id)] {
			if got, there := have[who]; !there || got.Standing() != m.Standing() {
				x.errorf("%s in %s has %s in the end, and has to have %s", who.ID, id, got.Standing(), m.Standing())
			}
		}
		for who, m := range have {
			if _, wanted := end[strings.ToLower(id)][who]; !wanted {
				x.errorf("%s in %s has %s in the end, and has to be gone", who.ID, id, m.Standing())
			}
		}
	}
}

// quiet lets everything calm down: two applies later, every session's plan has
// nothing to do, unless it has to be refused.
func (x *stage) quiet() { x.quietAfter(2) }

// quietAfter is the same after so many applies.
func (x *stage) quietAfter(applies int) {
	x.begin(-1, false)
	for i, s := range x.sessions {
		time.Sleep(time.Minute)
		s.options = options{slots: 10, spread: 20 * time.Millisecond, timeout: 20 * time.Minute, seed: s.seed}
		for _, r := range s.resources {
			r.known, r.deps, r.ready = nil, nil, 0
			// What a stop left behind looks like a second resource; the documented
			// remedy is to forget it.
			r.deposed = slices.DeleteFunc(r.deposed, func(d deposed) bool { return r.state != nil && d.object.same(r.state) })
		}
		for range applies {
			time.Sleep(time.Second) // what was changed may take a moment to be shown
			p := s.plan(x.t.Context(), x.arm(i))
			x.check([]*walk{p})
			if failed(p.all()) {
				break
			}
			x.check([]*walk{s.apply(x.t.Context(), x.arm(i))})
		}
		why, _ := (&oracle{x.service, x.policy, s.resources, false}).judge()
		time.Sleep(time.Second)
		last := s.plan(x.t.Context(), x.arm(i))
		x.check([]*walk{last})
		switch {
		case len(why) > 0 || !x.reachable(s) || x.ownerless():
			continue
		case (x.world.sessions[i].options.unknown || x.world.sessions[i].options.noRefresh) && s.leftOver():
			continue // without settings, and of what was not read, nothing is noted of a replacement
		case failed(last.all()):
			x.errorf("%s: everything is quiet, and the last plan fails", s.name)
		}
		for _, r := range s.resources {
			if r.planned.action != nothing || len(r.deposed) > 0 {
				x.errorf("%s: everything is quiet, and the last plan has something to do: %s %s", s.name, r.planned.action, r)
			}
		}
		x.unclaimed(s, last)
	}
}

// ownerless tells whether a workspace is without an owner, which such a service never
// shows: its listing is taken for a part.
func (x *stage) ownerless() bool {
	return x.traits.NeverOwnerless && slices.ContainsFunc(x.ids, func(id string) bool {
		return !slices.ContainsFunc(x.service.spaces[strings.ToLower(id)].now().members, func(m member) bool { return m.Enabled && m.HasRole(x.traits.OwnerRole) })
	})
}

// leftOver tells whether a replacement has left an object that is still to be destroyed.
func (s *session) leftOver() bool {
	return slices.ContainsFunc(s.resources, func(r *resource) bool { return len(r.deposed) > 0 })
}

// unclaimed wants a principal who was given something by a changed principal that did
// not end to belong to a resource, or to be named until that is settled.
func (x *stage) unclaimed(s *session, last *walk) {
	for _, q := range x.service.record.requests {
		if q.what != applyRequest || q.prior == nil || q.next == nil || q.prior.form != additive || !failed(q.findings) || !strings.HasPrefix(q.process.name, s.name) {
			continue
		}
		if q.process.forgotten {
			continue // the state that knew went with the run
		}
		p := at(q.next.workspace, q.next.who)
		now := x.service.spaces[p.workspace].now()
		ms := x.service.spaces[p.workspace].between(q.began, q.ended)
		before, was := ms[0].find(p.who)
		_, there := now.find(p.who)
		gained := false
		for _, m := range ms[1:] {
			y, ok := m.find(p.who)
			gained = gained || m.by != nil && ok && (!was || !x.service.counts(before) && x.service.counts(y))
		}
		another := slices.ContainsFunc(x.service.record.requests, func(o *request) bool {
			return o.process == q.process && o.what == applyRequest && o.addr != q.addr && o.next != nil && at(o.next.workspace, o.next.who) == p && !failed(o.findings)
		})
		if another {
			continue // another resource gave it, and may leave it
		}
		if !gained || !there || x.claims(p) || told(last.all(), p.who) || x.toldWhenForgotten(q) || x.changedSince(p, q.began) {
			continue
		}
		x.errorf("%s got access by %s, which then failed; nobody manages them, and no plan says so", p, q.addr)
	}
}

// toldWhenForgotten tells whether the newcomer of a failed request was named by
// the refresh in which the object left the state, and its private data with it.
func (x *stage) toldWhenForgotten(q *request) bool {
	return slices.ContainsFunc(x.service.record.requests, func(later *request) bool {
		return later.what == readRequest && later.addr == q.addr && later.began.After(q.began) && later.state == nil && told(later.findings, q.next.who)
	})
}

// changedSince tells whether others changed a user since a time.
func (x *stage) changedSince(p place, t time.Time) bool {
	return x.service.spaces[p.workspace].changed(p.who, t, time.Now(), byOutsiders)
}

// byOutsiders tells whether a change was made by a call of no process.
func byOutsiders(by *call) bool { return by == nil }

// changed tells whether what a user has was changed in the time, by one whom by allows.
func (sp *space) changed(who principal, from, to time.Time, by func(*call) bool) bool {
	ms := sp.between(from, to)
	for i := 1; i < len(ms); i++ {
		was, there := ms[i-1].find(who)
		is, still := ms[i].find(who)
		same := there == still && was.Enabled == is.Enabled && was.Role() == is.Role()
		if !same && by(ms[i].by) {
			return true
		}
	}
	return false
}

// claims tells whether any state speaks for a principal.
func (x *stage) claims(p place) bool {
	for _, s := range x.sessions {
		for _, r := range s.resources {
			if r.state == nil || !strings.EqualFold(r.state.workspace, p.workspace) {
				continue
			}
			if _, named := r.state.names(p.who); named || r.state.form != additive && r.state.manages(p.who) {
				return true
			}
		}
	}
	return false
}
