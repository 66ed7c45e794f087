package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// allowance is one thing that a walk may take away, since its plan could show it.
type allowance struct {
	// from is what the plan's state said that the principal holds.
	from standing
	// to is what is left; nil for nothing.
	to *standing
	// lesser: whatever else it has become meanwhile, but an owner. any: whatever
	// it holds (adopt_existing).
	lesser, any bool
}

// permit notes what an apply walk may take away and whom it may touch at all,
// from the plan that it carries out.
func (w *walk) permit() {
	rec := w.record
	rec.lower, rec.touches = map[place][]allowance{}, map[place]bool{}
	allow := func(p place, a allowance) { rec.lower[p] = append(rec.lower[p], a) }
	rec.held, rec.refused = map[place]bool{}, map[string]bool{}
	for _, r := range w.session.resources {
		if r.state != nil {
			for _, who := range r.state.people() {
				rec.held[at(r.state.workspace, who)] = true
			}
		}
		rec.refused[r.addr] = r.planned.refused && len(r.deposed) > 0
		for _, d := range r.deposed {
			if d.object != nil {
				w.permitChange(d.object, nil, allow)
			}
		}
		c := r.planned
		if c.action == nothing {
			continue
		}
		next := r.config
		if c.action == deletes {
			next = nil
		}
		w.permitChange(c.prior, next, allow)
		if c.next != nil && (c.next.hidden.workspace || c.next.hidden.who) {
			w.permitChange(c.prior, nil, allow) // the plan could not know that it stays
		}
	}
}

func (w *walk) permitChange(prior, next *object, allow func(place, allowance)) {
	for _, o := range []*object{prior, next} {
		if o != nil {
			for _, who := range o.people() {
				w.record.touches[at(o.workspace, who)] = true
			}
		}
	}
	for who, to := range leaves(prior, next) {
		from, _ := prior.names(who)
		allow(at(prior.workspace, who), allowance{from: from, to: to, lesser: prior.form == additive})
	}
	if next == nil {
		return
	}
	for _, who := range next.people() {
		to, _ := next.names(who)
		if next.adopt || next.form == oneRole {
			allow(at(next.workspace, who), allowance{to: &to, any: true})
		}
		if prior == nil || !strings.EqualFold(prior.workspace, next.workspace) {
			continue
		}
		if from, held := prior.names(who); held {
			allow(at(next.workspace, who), allowance{from: from, to: &to})
		}
	}
}

// checker checks walks against what users are promised. The first violation counts.
type checker struct {
	service *service
	policy  policy
	wrong   violation
	// age is how old what a decision rests on may be; stale is true where a
	// listing may show less than the one before it.
	age   time.Duration
	stale bool
	// blind is true where listings show a part only.
	blind bool
}

// violation is a promise that was broken. Those of one kind differ in names and
// numbers only.
type violation struct{ kind, text string }

func (c *violation) errorf(format string, args ...any) {
	if c.kind == "" {
		c.kind, c.text = format, fmt.Sprintf(format, args...)
	}
}

func (c *checker) errorf(format string, args ...any) { c.wrong.errorf(format, args...) }

// settle finds out how old a decision's basis may be in this walk: one second,
// or three readings, and how far behind listings are.
func (c *checker) settle(w *walk) {
	reading, stale := time.Duration(0), c.service.lag
	for _, k := range c.service.record.calls {
		if k.process == w.record && k.kind() == reads {
			reading = max(reading, k.ended.Sub(k.sent))
		}
	}
	for _, m := range c.service.mishaps {
		if m.what == old {
			stale, c.stale = max(stale, m.d+c.service.lag), true
		}
		c.blind = c.blind || m.what == partial || m.what == blank
	}
	pages := 6 * c.service.latency // of a listing that shifts twice
	c.age = max(time.Second, 3*(reading+pages)) + stale + c.service.latency
}

// check checks everything that holds for any walk, whatever happened in it.
func (c *checker) check(w *walk) {
	c.settle(w)
	took := map[place]time.Time{}
	for _, k := range c.service.record.calls {
		if k.process == w.record && k.sent.After(w.record.ended) {
			c.errorf("%s is over, and then sent %s", w.record, k)
		}
		if k.process != w.record || k.kind() != writes {
			continue
		}
		if !w.apply {
			c.errorf("%s wrote: %s", w.record, k)
		}
		c.stoppedBefore(w, k, took)
		if k.applied.IsZero() {
			continue
		}
		c.needed(w, k)
		c.floor(w, k)
		for _, who := range k.who {
			p := at(k.workspace, who)
			if !w.record.touches[p] {
				c.errorf("%s touched %s, whom no change of this run names: %s", w.record, p, k)
			}
			was, there := k.before.find(who)
			if !there || !c.lowers(was, k.gives()) {
				continue
			}
			if c.service.counts(was) && !c.changedByOthers(w, p, k.sent.Add(-c.age), k.applied) {
				took[p] = k.applied
			}
			c.permitted(w, k, p, was)
		}
	}
	for _, q := range w.record.requests {
		c.ended(w, q)
		switch q.what {
		case applyRequest:
			c.claimed(w, q)
			c.left(w, q)
		case readRequest:
			c.dropped(w, q)
		}
	}
	if w.apply && !w.record.killed.Load() {
		c.announced(w)
		c.held(w)
		c.restored(w, took)
	}
}

// lowers tells whether a change takes something away from a member.
func (c *checker) lowers(m member, to *standing) bool {
	t := c.service.traits
	switch {
	case !m.Enabled:
		return false
	case to == nil, !to.Enabled:
		return true
	default:
		return t.Rank(to.Role) < t.Rank(m.Role())
	}
}

// permitted wants a change that takes something away to be one that the plan
// could show.
func (c *checker) permitted(w *walk, k *call, p place, was member) {
	to := k.gives()
	// What it was when the decision was made is as good as what it is.
	recent := c.service.spaces[p.workspace].between(k.sent.Add(-c.age), k.applied)
	recent = slices.DeleteFunc(slices.Clone(recent), func(m moment) bool { return m.by == k })
	for _, m := range recent {
		if was, there := m.find(p.who); to != nil && (!there || !c.lowers(was, to)) {
			return // it took nothing away then
		}
	}
	for _, a := range w.record.lower[p] {
		switch {
		case (a.to == nil) != (to == nil), a.to != nil && !strings.EqualFold(a.to.Role, to.Role):
			continue
		case a.any:
			return
		}
		for _, m := range recent {
			was, there := m.find(p.who)
			owner := there && strings.EqualFold(was.Role(), c.service.traits.OwnerRole) && !strings.EqualFold(a.from.Role, c.service.traits.OwnerRole)
			if was.Holds(a.from) || a.lesser && !owner {
				return
			}
		}
	}
	c.errorf("%s took something away that no plan showed: %s, who had %s: %s", w.record, p, was.Standing(), k)
}

// changedByOthers tells whether anybody but this process changed a principal
// in the time.
func (c *checker) changedByOthers(w *walk, p place, from, to time.Time) bool {
	return c.service.spaces[p.workspace].changed(p.who, from, to, func(by *call) bool { return by == nil || by.process != w.record })
}

// needed wants no write where the service has the value already.
func (c *checker) needed(w *walk, k *call) {
	for _, who := range k.who {
		p := at(k.workspace, who)
		was, there := k.before.find(who)
		to := k.gives()
		has := !there && to == nil || there && (to == nil && !was.Enabled || to != nil && was.Holds(*to))
		if !has || c.changedByOthers(w, p, k.sent.Add(-c.age), k.applied) {
			return
		}
		if (c.blind || c.stale) && to != nil && strings.EqualFold(to.Role, c.service.traits.OwnerRole) {
			return // an owner may be created without knowing who is there
		}
		// An answer that was lost, another request's write on its way, or one that others
		// have changed again before it had to show may be followed by one that turns out
		// not to have been needed.
		for _, other := range c.service.record.calls {
			if other == k || other.process != w.record || other.kind() != writes || other.sent.After(k.applied) {
				continue
			}
			recent := other.ended.After(k.sent.Add(-shows))
			changed := recent && c.changedByOthers(w, p, other.sent, k.applied)
			// What assigning gives back may not show yet; it may also have been ignored.
			again := recent && c.service.lag > 0 && other.op == "assign" && k.op == "add"
			if other.unanswered || other.ended.After(k.sent) || changed || again {
				for _, x := range other.who {
					if at(other.workspace, x) == p {
						return
					}
				}
			}
		}
	}
	c.errorf("%s sent what the service had already: %s", w.record, k)
}

// shows is how long a listing may still show what was there before a write.
const shows = 6 * time.Second

// mine tells whether a change came from this walk, or from a process that it
// shares locks with and whose changes it cannot have missed.
func (c *checker) mine(w *walk, k *call) bool {
	return k != nil && (k.process == w.record || k.process.machine == w.record.machine && !c.stale)
}

// floorAt gives the number of owners below which a walk must not take a
// workspace at a time: the policy's, or what there was if that is less.
func (c *checker) floorAt(w *walk, workspace string, until time.Time) int {
	floor := c.policy.minimum
	for _, m := range c.service.spaces[workspace].between(w.record.began.Add(-c.age), until) {
		if m.at.Before(until) {
			floor = min(floor, m.owners)
		}
	}
	return floor
}

// floor wants no owner to be removed that is missing then.
func (c *checker) floor(w *walk, k *call) {
	workspace := strings.ToLower(k.workspace)
	if !c.policy.watches(workspace) {
		return
	}
	if k.after.owners >= k.before.owners || k.after.owners >= c.floorAt(w, workspace, k.applied) {
		return
	}
	ms := c.service.spaces[workspace].between(k.sent.Add(-c.age), k.applied)
	for i := 1; i < len(ms); i++ {
		if !c.mine(w, ms[i].by) {
			return // others changed something, too late to be seen
		}
	}
	if c.blind && c.service.lag > 0 && c.gaveBack(w, k) {
		return // a listing that lags shows who was given back, whether that had an effect or not
	}
	c.errorf("%s left workspace %s with %d owners, and it needs %d: %s", w.record, workspace, k.after.owners, c.floorAt(w, workspace, k.applied), k)
}

// gaveBack tells whether a walk has made an owner again, before a call, of a member whom it
// had removed.
func (c *checker) gaveBack(w *walk, before *call) bool {
	removed := map[place]bool{}
	for _, k := range c.service.record.calls {
		if k.process != w.record || k.kind() != writes || !k.sent.Before(before.sent) {
			continue
		}
		for _, who := range k.who {
			p := at(k.workspace, who)
			if to := k.gives(); to != nil && removed[p] && strings.EqualFold(to.Role, c.service.traits.OwnerRole) {
				return true
			} else if to == nil {
				removed[p] = true
			}
		}
	}
	return false
}

// restored wants a loss that turned out to leave too few to be given back.
func (c *checker) restored(w *walk, took map[place]time.Time) {
	for _, m := range c.service.mishaps {
		if m.on == reads && (m.what == unavailable || m.what == halfway) || m.on == writes && (m.what == unavailable || m.what == lostBefore || m.what == lostAfter || m.what == killed) {
			return // could not be proved, or not be given back
		}
	}
	for p, when := range took {
		sp := c.service.spaces[p.workspace]
		if !c.policy.watches(p.workspace) || sp.now().owners >= c.floorAt(w, p.workspace, when) {
			continue
		}
		if m, there := sp.now().find(p.who); there && c.service.counts(m) {
			continue
		}
		said := slices.ContainsFunc(w.all(), func(f finding) bool {
			return names(f.text, p.who.ID) && strings.Contains(f.text, "was not given the role back")
		})
		if said && sp.changed(p.who, when, time.Now(), byOutsiders) {
			continue // they decided meanwhile what the user has, and the run says that it failed
		}
		// What others took after the proof is not ours to give back; how old the truth is
		// that the proof shows is the service's business. Of a listing that lags, one page may
		// show the loss, and another one what was before it.
		proof := when.Add(c.service.latency - c.service.lag)
		if !c.service.traits.ListingShifts && proof.Before(when) {
			proof = when
		}
		ms, late := sp.between(proof, time.Now()), false
		for i := 1; i < len(ms); i++ {
			late = late || ms[i].owners < ms[i-1].owners && !c.mine(w, ms[i].by) && ms[i].at.After(proof)
		}
		if !late {
			c.errorf("%s took %s out, and left workspace %s with %d owners for good", w.record, p, p.workspace, sp.now().owners)
		}
	}
}

// stoppedBefore wants nothing to be sent after a stop but what is given back.
func (c *checker) stoppedBefore(w *walk, k *call, took map[place]time.Time) {
	stopped := w.record.stopped
	if stopped.IsZero() || !k.sent.After(stopped) {
		return
	}
	for _, who := range k.who {
		p := at(k.workspace, who)
		sent := slices.ContainsFunc(c.service.record.calls, func(o *call) bool { // and lost, perhaps
			return o.process == w.record && o.kind() == writes && !o.sent.After(stopped) && slices.ContainsFunc(o.who, func(q principal) bool { return at(o.workspace, q) == p })
		})
		if _, gone := took[p]; !gone && !sent || !strings.EqualFold(k.role, c.service.traits.OwnerRole) {
			c.errorf("%s was stopped, and then sent %s", w.record, k)
		}
	}
}

// grace is how long a request may go on after its timeout or a stop: a proof
// and what is given back.
const grace = 15 * time.Second

// ended wants requests to end in time.
func (c *checker) ended(w *walk, q *request) {
	took := q.ended.Sub(q.began)
	switch {
	case took > q.timeout+grace:
		c.errorf("%s: %s %s took %s, and its timeout is %s", w.record, q.what, q.addr, took, q.timeout)
	case !w.record.stopped.IsZero() && q.ended.Sub(w.record.stopped) > grace:
		c.errorf("%s: %s %s went on for %s after the stop", w.record, q.what, q.addr, q.ended.Sub(w.record.stopped))
	case took > 3*time.Minute:
		c.errorf("%s: %s %s took %s", w.record, q.what, q.addr, took)
	}
}

// claimed wants what a request records to be there, or the request to say so.
func (c *checker) claimed(w *walk, q *request) {
	if q.state == nil || w.record.killed.Load() {
		return
	}
	for _, who := range q.state.people() {
		to, _ := q.state.names(who)
		if failed(q.findings) && q.prior != nil && strings.EqualFold(q.prior.workspace, q.state.workspace) {
			if was, held := q.prior.names(who); held && was == to {
				continue // nothing new is recorded
			}
		}
		p, was := at(q.state.workspace, who), false
		for _, m := range c.service.spaces[p.workspace].between(q.began.Add(-c.age), q.ended) {
			x, _ := m.find(who)
			was = was || x.Holds(to)
		}
		if !was && !told(q.findings, who) && !c.changedByOthers(w, p, q.began.Add(-c.age), q.ended) {
			c.errorf("%s: the state of %s says that %s has %s, which was never so, and nothing was said", w.record, q.addr, p, to)
		}
	}
}

// announced wants the plan or the apply to name each member who was there already with
// another access, and had it changed by an additive resource that takes them up.
func (c *checker) announced(w *walk) {
	for _, q := range w.record.requests {
		if q.what != applyRequest || q.next == nil || q.next.form != additive || failed(q.findings) {
			continue
		}
		p := at(q.next.workspace, q.next.who)
		if told(w.record.planned, p.who) || told(w.all(), p.who) || w.heldBefore(p) || c.blind {
			continue
		}
		for _, k := range c.service.record.calls {
			if k.process != w.record || k.kind() != writes || k.applied.IsZero() || k.sent.Before(q.began) || k.sent.After(q.ended) || strings.ToLower(k.workspace) != p.workspace || k.who[0].Fold() != p.who {
				continue
			}
			if was, there := k.before.find(p.who); there && !was.Holds(q.next.to) && !c.changedByOthers(w, p, q.began.Add(-c.age), k.applied) {
				c.errorf("%s: %s changed the access of %s, who was there with %s, and nothing was said", w.record, q.addr, p, was.Standing())
			}
		}
	}
}

// heldBefore tells whether a state spoke for a user when the walk began, or
// this walk itself gave them something.
func (w *walk) heldBefore(p place) bool {
	return w.record.held[p]
}

// held wants every principal of a state to hold the role in the end, unless others
// changed that or the run said so.
func (c *checker) held(w *walk) {
	if w.session.unknown {
		return // a plan without settings sees no resources that conflict
	}
	for _, r := range w.session.resources {
		// What a plan refused, and what this apply had nothing to do with, it
		// cannot know of.
		if r.state == nil || w.record.refused[r.addr] || failed(w.record.planned) && !slices.ContainsFunc(w.record.requests, func(q *request) bool { return q.addr == r.addr }) {
			continue
		}
		for _, who := range r.state.people() {
			to, _ := r.state.names(who)
			p := at(r.state.workspace, who)
			ms := c.service.spaces[p.workspace].between(w.record.began, w.record.ended)
			x, _ := ms[len(ms)-1].find(who)
			if x.Holds(to) || w.agreed(p, x) || told(w.all(), who) || c.changedByOthers(w, p, w.record.began.Add(-c.age), w.record.ended) {
				continue
			}
			for i := 1; i < len(ms); i++ {
				was, _ := ms[i-1].find(who)
				is, _ := ms[i].find(who)
				if was.Enabled != is.Enabled || was.Role() != is.Role() {
					c.errorf("%s: the state of %s says that %s has %s, this run left them with %s, and nothing was said", w.record, r.addr, p, to, x.Standing())
				}
			}
		}
	}
}

// left wants an access that a request says it has ended to have ended, unless
// another resource holds it.
func (c *checker) left(w *walk, q *request) {
	if failed(q.findings) || q.prior == nil {
		return
	}
	for who, to := range leaves(q.prior, q.next) {
		p, ended := at(q.prior.workspace, who), told(q.findings, who)
		for _, m := range c.service.spaces[p.workspace].between(q.began.Add(-c.age), q.ended) {
			x, there := m.find(who)
			ended = ended || !there || !x.Enabled || to != nil && x.Holds(*to) || q.prior.form == oneRole && !x.Holds(standing{Role: q.prior.role, Enabled: true})
		}
		if !ended && !w.named(p) {
			x, _ := c.service.spaces[p.workspace].now().find(who)
			c.errorf("%s: %s ended without an error, and %s still has %s", w.record, q.addr, p, x.Standing())
		}
	}
}

// named tells whether any resource of the session is about a user.
func (w *walk) named(p place) bool {
	for _, r := range w.session.resources {
		for _, o := range []*object{r.state, r.config} {
			if o == nil || !strings.EqualFold(o.workspace, p.workspace) {
				continue
			}
			if _, named := o.names(p.who); named {
				return true
			}
		}
	}
	return false
}

// agreed tells whether a user has access as another resource of the session
// wants it: two that disagree about a role cannot both have it.
func (w *walk) agreed(p place, x member) bool {
	if !x.Enabled {
		return false
	}
	for _, r := range w.session.resources {
		for _, o := range []*object{r.state, r.config} {
			if o == nil || !strings.EqualFold(o.workspace, p.workspace) {
				continue
			}
			if to, named := o.names(p.who); named && x.Holds(to) {
				return true
			}
		}
	}
	return false
}

// dropped wants only those to leave a state at a refresh who are gone.
func (c *checker) dropped(w *walk, q *request) {
	if failed(q.findings) {
		return
	}
	for _, who := range q.prior.people() {
		if q.state != nil {
			if _, still := q.state.names(who); still {
				continue
			}
		}
		p, gone := at(q.prior.workspace, who), false
		for _, m := range c.service.spaces[p.workspace].between(w.record.began.Add(-c.age), q.ended) {
			x, there := m.find(who)
			gone = gone || !there || !x.Enabled || q.prior.form == oneRole && !x.Holds(standing{Role: q.prior.role, Enabled: true})
		}
		if !gone {
			c.errorf("%s: %s left the state of %s at a refresh, and was there all the time", w.record, p, q.addr)
		}
	}
}
