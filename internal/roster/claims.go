package roster

import "fmt"

// claims is who lays a hand on whom in one workspace, as planned in one walk.
type claims struct {
	// holds and removes are kept by additive resources: how many create or
	// keep the principal, how many take it out.
	holds, removes map[Principal]int
	// read are the principals that the state of additive resources held when
	// this walk refreshed them.
	read map[Principal]bool
	// whole are the authoritative resources.
	whole []wholeClaim
}

// wholeClaim is what an authoritative resource lays a hand on.
type wholeClaim struct {
	kinds  map[Kind]bool
	ignore map[Principal]bool
}

func (w wholeClaim) covers(p Principal) bool {
	return w.kinds[p.Kind] && !w.ignore[fold(p)]
}

// claim is what one additive resource is about to do.
type claim struct {
	// takes is the principal it creates or keeps; nil where there is none or
	// it is not known yet.
	takes *Principal
	// leaves is the principal whose access it ends; nil where it ends none.
	leaves *Principal
}

const (
	summaryTwice    = "Two resources manage the same principal"
	summaryPulled   = "One resource removes a principal that another one holds"
	summaryAllOrOne = "A principal is managed by an additive and an authoritative resource"
	summaryTwoWhole = "Two authoritative resources manage the same workspace"
)

// claim notes what an additive resource does and tells what that clashes with.
func (l *ledger) claim(s *space, label string, c claim) []Finding {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := &l.account(s).claims
	k.init()
	var out []Finding
	add := func(summary, detail string) {
		out = append(out, failure(AtPrincipal, summary, detail))
	}
	where := fmt.Sprintf("in workspace %s", s.id)
	if c.takes != nil {
		p := fold(*c.takes)
		switch {
		case k.holds[p] > 0:
			add(summaryTwice, fmt.Sprintf("%s %s is already created or kept by another resource of this configuration. One principal in one workspace belongs to one resource: remove one of the two blocks, "+
				"and where the other is already in the state, forget it with `terraform state rm` so that nobody's access is removed.", label, where))
		case k.removes[p] > 0:
			add(summaryPulled, pulled(label, where))
		}
		k.holds[p]++
	}
	if c.leaves != nil {
		p := fold(*c.leaves)
		if k.holds[p] > 0 && (c.takes == nil || fold(*c.takes) != p) {
			add(summaryPulled, pulled(nameOf(label, c, *c.leaves), where))
		}
		k.removes[p]++
	}
	for _, p := range []*Principal{c.takes, c.leaves} {
		if p == nil {
			continue
		}
		for _, w := range k.whole {
			if w.covers(*p) {
				add(summaryAllOrOne, allOrOne(nameOf(label, c, *p), where))
				return out
			}
		}
	}
	return out
}

// claimWhole notes an authoritative resource and tells what it clashes with.
func (l *ledger) claimWhole(s *space, w wholeClaim) []Finding {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := &l.account(s).claims
	k.init()
	var out []Finding
	for _, other := range k.whole {
		for kind := range w.kinds {
			if other.kinds[kind] {
				out = append(out, failure(AtWorkspace, summaryTwoWhole, fmt.Sprintf("Another authoritative resource manages the same kind of principals (%s) in workspace %s. Each would remove whom only the other one names. Keep one of them.", kind, s.id)))
			}
		}
	}
	seen := map[Principal]bool{}
	for _, m := range []map[Principal]int{k.holds, k.removes} {
		for p := range m {
			if w.covers(p) && !seen[p] {
				seen[p] = true
				out = append(out, failure(AtWorkspace, summaryAllOrOne, allOrOne(p.String(), "in workspace "+s.id)))
			}
		}
	}
	k.whole = append(k.whole, w)
	return out
}

// noteRead remembers that the state held the principal when it was refreshed.
func (l *ledger) noteRead(s *space, p Principal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := &l.account(s).claims
	k.init()
	k.read[fold(p)] = true
	l.plan()
}

// wasRead tells whether a resource's state held the principal in this walk.
func (l *ledger) wasRead(s *space, p Principal) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.account(s).claims.read[fold(p)]
}

func (k *claims) init() {
	if k.holds == nil {
		k.holds, k.removes, k.read = map[Principal]int{}, map[Principal]int{}, map[Principal]bool{}
	}
}

func nameOf(label string, c claim, p Principal) string {
	if c.takes != nil && fold(*c.takes) != fold(p) || label == "" {
		return p.String()
	}
	return label
}

func pulled(who, where string) string {
	return fmt.Sprintf("In this change one resource ends the access of %s %s, and another one creates or keeps it. Applied in the wrong order that would leave %s without access. "+
		"What helps: a `moved` block for a resource that was renamed; for_each keyed by the principal's id instead of count or a list whose items shift; the authoritative resource for a swap; "+
		"`terraform state rm` for a second resource of one principal that is to go.", who, where, who)
}

func allOrOne(who, where string) string {
	return fmt.Sprintf("%s %s is managed by an additive resource, while an authoritative resource manages everybody of that kind there; they would undo each other's work. "+
		"Name the principal in the authoritative resource's ignore set, or give it up in one of the two (`removed` with `lifecycle { destroy = false }`, or `terraform state rm`, leaves the access as it is).", who, where)
}
