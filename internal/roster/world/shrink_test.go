package world

import (
	"slices"
	"testing"
	"time"
)

// clone gives a copy of a world that can be changed without changing the world.
// Objects are never changed, and are shared.
func (w *world) clone() *world {
	c := *w
	c.members = map[string][]member{}
	for id, ms := range w.members {
		c.members[id] = slices.Clone(ms)
	}
	c.ids = slices.Clone(w.ids)
	c.sessions = nil
	for _, s := range w.sessions {
		s.resources = slices.Clone(s.resources)
		c.sessions = append(c.sessions, s)
	}
	c.mishaps = nil
	for _, m := range w.mishaps {
		copied := *m
		c.mishaps = append(c.mishaps, &copied)
	}
	c.changes = slices.Clone(w.changes)
	return &c
}

// shrink gives the shortest world that it finds in which the same kind of
// thing is wrong: it leaves out and simplifies whatever is not needed for it.
func (w *world) shrink(t *testing.T, d driver, wrong violation, within time.Duration) (*world, violation) {
	t.Helper()
	for began, progress := time.Now(), true; progress; {
		progress = false
		for _, simpler := range w.simpler() {
			if time.Since(began) > within {
				return w, wrong
			}
			if got := simpler.play(t, d); got.kind == wrong.kind {
				w, wrong, progress = simpler, got, true
				break
			}
		}
	}
	return w, wrong
}

// simpler gives worlds that are a little simpler, those that leave out most first.
func (w *world) simpler() []*world {
	var out []*world
	try := func(change func(c *world) bool) {
		c := w.clone()
		if change(c) {
			out = append(out, c)
		}
	}
	for i := range w.sessions {
		try(func(c *world) bool {
			c.sessions = slices.Delete(c.sessions, i, i+1)
			return len(c.sessions) > 0 && !slices.ContainsFunc(c.mishaps, func(m *mishap) bool { return m.session >= len(c.sessions) })
		})
		for j := range w.sessions[i].resources {
			try(func(c *world) bool {
				s := &c.sessions[i]
				s.resources = slices.Delete(s.resources, j, j+1)
				return true
			})
		}
	}
	for i := range w.mishaps {
		try(func(c *world) bool { c.mishaps = slices.Delete(c.mishaps, i, i+1); return true })
	}
	for i := range w.changes {
		try(func(c *world) bool { c.changes = slices.Delete(c.changes, i, i+1); return true })
	}
	for k, id := range w.ids {
		try(func(c *world) bool { c.ids = slices.Delete(c.ids, k, k+1); return !c.speaksOf(id, nil) })
		for i, m := range w.members[id] {
			try(func(c *world) bool {
				c.members[id] = slices.Delete(c.members[id], i, i+1)
				return m.Principal != group("g0") && !c.speaksOf(id, &m.Principal) && slices.ContainsFunc(c.members[id], func(m member) bool { return m.Role() == c.traits.OwnerRole })
			})
		}
	}
	w.plainer(try)
	return out
}

// plainer gives worlds with a plainer setting.
func (w *world) plainer(try func(func(*world) bool)) {
	try(func(c *world) bool {
		c.reverts, c.rounds = map[string]bool{}, 1
		return len(w.reverts) > 0 || w.rounds > 1
	})
	try(func(c *world) bool { c.regardless = false; return w.regardless })
	try(func(c *world) bool { c.inactive = nil; return w.inactive != nil })
	try(func(c *world) bool { c.policy.notCounted = nil; return w.policy.notCounted != nil })
	try(func(c *world) bool { c.policy.exempt = nil; return w.policy.exempt != nil })
	try(func(c *world) bool { c.policy.countGroups = false; return w.policy.countGroups })
	try(func(c *world) bool { c.policy.minimum = 1; return w.policy.minimum > 1 })
	try(func(c *world) bool { c.lag = 0; return w.lag > 0 })
	try(func(c *world) bool {
		c.assign, c.finds = assignAdds, findsNot
		return w.assign != assignAdds || w.finds != findsNot
	})
	for i, s := range w.sessions {
		plain := options{slots: 10, spread: 20 * time.Millisecond, timeout: 20 * time.Minute}
		try(func(c *world) bool { c.sessions[i].options = plain; return s.options != plain })
		seeded := plain
		seeded.seed, seeded.slots = s.options.seed, s.options.slots
		try(func(c *world) bool { c.sessions[i].options = seeded; return s.options != seeded && s.options != plain })
		for j, r := range s.resources {
			try(func(c *world) bool { c.sessions[i].resources[j].deps = nil; return r.deps != nil })
			try(func(c *world) bool { c.sessions[i].resources[j].known = nil; return r.known != nil })
			try(func(c *world) bool { c.sessions[i].resources[j].cbd = false; return r.cbd })
			try(func(c *world) bool { c.sessions[i].resources[j].how = byItself; return r.how != byItself })
		}
	}
}

// speaksOf tells whether anything in the world is about a workspace, or about
// a user in it.
func (w *world) speaksOf(id string, who *principal) bool {
	for _, s := range w.sessions {
		for _, r := range s.resources {
			for _, o := range []*object{r.state, r.config} {
				if o == nil || at(o.workspace, o.who).workspace != id {
					continue
				}
				if who == nil {
					return true
				}
				if _, named := o.names(*who); named {
					return true
				}
			}
		}
	}
	about := func(c outside) bool { return c.workspace == id && who == nil }
	for _, m := range w.mishaps {
		if m.what == fromOutside && about(m.change) {
			return true
		}
	}
	return slices.ContainsFunc(w.changes, func(c timed) bool { return about(c.change) })
}
