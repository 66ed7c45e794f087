package roster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
)

// play is one random scenario: who is there, what the configuration changes,
// and what may go wrong on the way.
type play struct {
	traits Traits
	guard  Guard
	// members by workspace; strangers are known in the tenant only.
	workspaces []string
	members    map[string][]Member
	inactive   map[string]bool
	blocks     []*block
	slots      int
	seed       uint64
	latency    time.Duration
	lag        time.Duration
	lossy      bool // some answers are lost
	assign     assignMode
	finds      findMode
	noRefresh  bool
	// clashes lets several blocks claim one principal, as unknown ids, -target
	// and deposed objects make it happen in an apply.
	clashes bool
}

func (p *play) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s guard %+v slots %d seed %d latency %s lag %s lossy %v assign %d finds %d norefresh %v inactive %v\n",
		p.traits.Product, p.guard, p.slots, p.seed, p.latency, p.lag, p.lossy, p.assign, p.finds, p.noRefresh, p.inactive)
	for _, w := range p.workspaces {
		fmt.Fprintf(&b, "%s:", w)
		for _, m := range p.members[w] {
			fmt.Fprintf(&b, " %s=%s(%v)", m.Principal, m.Role(), m.Enabled)
		}
		b.WriteString("\n")
	}
	for _, x := range p.blocks {
		fmt.Fprintf(&b, "  %s: %s -> %s exit %+v adopt %v how %q deps %v\n", x.addr, show(x.prior), show(x.next), x.exit, x.adopt, x.how, x.deps)
	}
	return b.String()
}

func show(b *Binding) string {
	if b == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s/%s=%s", b.Workspace, b.Principal, b.Standing)
}

const pool = 7

// drawPlay draws a scenario. Without clashes, no principal of a workspace is
// claimed by two resources.
func drawPlay(t *rapid.T, clashes bool) *play {
	p := &play{clashes: clashes, traits: blinkTraits(), members: map[string][]Member{}, inactive: map[string]bool{}}
	if rapid.Bool().Draw(t, "blaze") {
		p.traits = blazeTraits()
	}
	p.guard = enforce()
	p.guard.MinimumOwners = rapid.IntRange(1, 3).Draw(t, "minimum")
	p.guard.CountOwnerGroups = rapid.Bool().Draw(t, "groups count")
	if rapid.IntRange(0, 3).Draw(t, "someone not counted") == 0 {
		p.guard.NotCounted = []string{"u0@EXAMPLE.com"}
	}
	if p.traits.StatusMatters && rapid.IntRange(0, 3).Draw(t, "someone inactive") == 0 {
		p.inactive["u1"] = true
	}
	p.slots = rapid.IntRange(2, 10).Draw(t, "slots")
	p.seed = rapid.Uint64().Draw(t, "seed")
	p.latency = time.Duration(rapid.SampledFrom([]int{0, 10, 200}).Draw(t, "latency")) * time.Millisecond
	p.lag = time.Duration(rapid.SampledFrom([]int{0, 0, 300}).Draw(t, "lag")) * time.Millisecond
	p.lossy = rapid.IntRange(0, 3).Draw(t, "lossy") == 0
	p.assign = rapid.SampledFrom([]assignMode{assignAdds, assignIgnores, assignRefuses}).Draw(t, "assign")
	if p.traits.RemovalDisables {
		p.finds = rapid.SampledFrom([]findMode{findsNot, findsAtTheEnd, findsNobody}).Draw(t, "finds")
	}
	p.noRefresh = rapid.IntRange(0, 4).Draw(t, "norefresh") == 0

	for w := range rapid.IntRange(1, 3).Draw(t, "workspaces") {
		id := fmt.Sprintf("w%d", w)
		p.workspaces = append(p.workspaces, id)
		for u := range pool {
			role := rapid.SampledFrom([]string{"", "", p.traits.RolesAscending[0], p.traits.OwnerRole, p.traits.OwnerRole}).Draw(t, "role")
			if role == "" {
				continue
			}
			m := person(fmt.Sprintf("u%d", u), role)
			if p.traits.RemovalDisables && rapid.IntRange(0, 4).Draw(t, "disabled") == 0 {
				m.Enabled = false
			}
			p.members[id] = append(p.members[id], m)
		}
		if p.traits.NeverOwnerless {
			// An owner who does not count and stays: a listing without one is incomplete.
			guest := person("guest", p.traits.OwnerRole)
			guest.Invite = true
			p.members[id] = append(p.members[id], guest)
		}
		if !p.traits.RemovalDisables && rapid.Bool().Draw(t, "a group") {
			p.members[id] = append(p.members[id], Member{Principal: group("g0"), Name: "G0", Roles: []string{p.traits.OwnerRole}, Enabled: true, MemberCount: rapid.IntRange(0, 1).Draw(t, "people in it")})
		}
	}
	p.drawBlocks(t)
	return p
}

func (p *play) find(w string, who Principal) (Member, bool) {
	for _, m := range p.members[w] {
		if m.Principal == who {
			return m, true
		}
	}
	return Member{}, false
}

type place struct {
	workspace string
	who       Principal
}

func (p *play) drawBlocks(t *rapid.T) {
	claimed := map[place]bool{}
	role := func() string {
		return rapid.SampledFrom([]string{p.traits.OwnerRole, p.traits.OwnerRole, p.traits.RolesAscending[0], p.traits.RolesAscending[1]}).Draw(t, "wanted")
	}
	// enters tells whether a resource may take the principal up, and with which adopt.
	enters := func(b *block) {
		if m, ok := p.find(b.next.Workspace, b.next.Principal); ok && !m.Holds(b.next.Standing) {
			b.adopt = true
		}
	}
	free := func(w string) (Principal, bool) {
		var out []Principal
		for u := range pool {
			who := user(fmt.Sprintf("u%d", u))
			if (p.clashes || !claimed[place{w, who}]) {
				out = append(out, who)
			}
		}
		if len(out) == 0 {
			return Principal{}, false
		}
		return rapid.SampledFrom(out).Draw(t, "who"), true
	}
	for _, w := range p.workspaces {
		for _, m := range p.members[w] {
			if !m.Enabled || m.Invite || claimed[place{w, m.Principal}] || rapid.IntRange(0, 2).Draw(t, "unmanaged") == 0 {
				continue
			}
			claimed[place{w, m.Principal}] = true
			now := &Binding{Workspace: w, Principal: m.Principal, Standing: m.Standing()}
			b := &block{addr: fmt.Sprintf("%s-%s/%d", w, m.ID, len(p.blocks)), prior: now}
			if rapid.IntRange(0, 3).Draw(t, "was updated before") == 0 {
				b.private = Private{Instance: planning.NewInstance(), Holds: planning.MemberKey(w, m.Principal)} // an update keeps what its plan wrote
			}
			same := *now
			switch rapid.SampledFrom([]string{"nothing", "role", "role", "remove", "remove", "keep", "reassign", "swap", "swap", "move", "replace", "replace-cbd", "taint", "taint-cbd"}).Draw(t, "change") {
			case "nothing":
				b.next = &same
			case "role":
				same.Standing.Role = role()
				b.next = &same
			case "keep":
				b.exit = Exit{Keep: true}
			case "reassign":
				b.exit = Exit{Reassign: role()}
			case "swap":
				if who, ok := free(w); ok {
					claimed[place{w, who}] = true
					b.next = &Binding{Workspace: w, Principal: who, Standing: Standing{Role: role(), Enabled: true}}
					enters(b)
				}
			case "move":
				to := rapid.SampledFrom(p.workspaces).Draw(t, "to")
				same.Workspace = to
				if to != w && (p.clashes || !claimed[place{to, m.Principal}]) && m.Kind == User {
					claimed[place{to, m.Principal}] = true
					b.next = &same
					b.how = rapid.SampledFrom([]string{"", "replace-cbd"}).Draw(t, "how")
					enters(b)
				} else {
					same.Workspace = w
					b.next = &same
				}
			case "replace":
				b.next, b.how = &same, "replace"
			case "replace-cbd":
				b.next, b.how = &same, "replace-cbd"
			case "taint":
				b.next, b.how = &same, "taint"
			case "taint-cbd":
				b.next, b.how = &same, "taint-cbd"
			}
			// Created before the old object is destroyed, nothing tells the apply that
			// this instance held the principal: with another role it is a conflict.
			if b.replaced() && !b.moves() && !b.cbd() && !p.noRefresh && rapid.Bool().Draw(t, "and its role") {
				b.next.Standing.Role = role()
			}
			p.blocks = append(p.blocks, b)
		}
		for range rapid.IntRange(0, 2).Draw(t, "creations") {
			who, ok := free(w)
			if !ok {
				break
			}
			claimed[place{w, who}] = true
			b := &block{addr: fmt.Sprintf("%s+%s/%d", w, who.ID, len(p.blocks)), next: &Binding{Workspace: w, Principal: who, Standing: Standing{Role: role(), Enabled: true}}}
			enters(b)
			p.blocks = append(p.blocks, b)
		}
	}
	// Dependencies: on what takes nobody out, and acyclic.
	for i, b := range p.blocks {
		for _, on := range p.blocks[:i] {
			if b.next != nil && on.next != nil && len(p.losers(on)) == 0 && !on.replaced() && rapid.IntRange(0, 4).Draw(t, "depends") == 0 {
				b.deps = append(b.deps, on.addr)
			}
		}
	}
}

// counts is the guard's definition of an owner, written anew.
func (p *play) counts(m Member) bool {
	if !m.Enabled || m.Invite || m.Role() != p.traits.OwnerRole || p.inactive[m.ID] {
		return false
	}
	if m.Kind == Group && (!p.guard.CountOwnerGroups || m.MemberCount == 0) {
		return false
	}
	return len(p.guard.NotCounted) == 0 || m.ID != "u0"
}

// after gives everybody as a set of blocks leaves them.
func (p *play) after(blocks []*block) map[string]map[Principal]Member {
	out := map[string]map[Principal]Member{}
	for _, w := range p.workspaces {
		out[w] = map[Principal]Member{}
		for _, m := range p.members[w] {
			out[w][m.Principal] = m
		}
	}
	for _, b := range blocks {
		if b.prior == nil || b.next != nil && b.next.Workspace == b.prior.Workspace && b.next.Principal == b.prior.Principal {
			continue
		}
		w := out[b.prior.Workspace]
		m := w[b.prior.Principal]
		switch {
		case b.exit.Keep:
			continue
		case b.exit.Reassign != "":
			m.Roles = []string{b.exit.Reassign}
		case p.traits.RemovalDisables:
			m.Enabled = false
		default:
			delete(w, b.prior.Principal)
			continue
		}
		w[b.prior.Principal] = m
	}
	for _, b := range blocks {
		if b.next == nil {
			continue
		}
		w := out[b.next.Workspace]
		m, ok := w[b.next.Principal]
		if !ok {
			m = person(b.next.Principal.ID, "")
		}
		m.Roles, m.Enabled = []string{b.next.Standing.Role}, true
		w[b.next.Principal] = m
	}
	return out
}

// places gives everybody whom the configuration or the state names.
func (p *play) places() map[place]bool {
	mine := map[place]bool{}
	for _, b := range p.blocks {
		for _, x := range []*Binding{b.prior, b.next} {
			if x != nil {
				mine[place{x.Workspace, x.Principal}] = true
			}
		}
	}
	return mine
}

// losers gives the owners that one block removes.
func (p *play) losers(b *block) []string {
	var out []string
	then := p.after([]*block{b})
	for _, w := range p.workspaces {
		for _, m := range p.members[w] {
			if p.counts(m) && !p.counts(then[w][m.Principal]) {
				out = append(out, w+"/"+m.ID)
			}
		}
	}
	return out
}

func (p *play) owners(ms map[Principal]Member) int {
	n := 0
	for _, m := range ms {
		if p.counts(m) {
			n++
		}
	}
	return n
}

// verdict tells which workspaces the guard has to protect from the whole change.
func (p *play) verdict() (refused []string, losses int, slowMove bool) {
	losing := map[string]bool{}
	for _, b := range p.blocks {
		ls := p.losers(b)
		losses += len(ls)
		for _, l := range ls {
			losing[strings.SplitN(l, "/", 2)[0]] = true
		}
		slowMove = slowMove || len(ls) > 0 && b.moves() && !b.cbd()
	}
	then := p.after(p.blocks)
	for _, w := range p.workspaces {
		now := 0
		for _, m := range p.members[w] {
			if p.counts(m) {
				now++
			}
		}
		if losing[w] && p.owners(then[w]) < min(p.guard.MinimumOwners, now) {
			refused = append(refused, w)
		}
	}
	return refused, losses, slowMove
}

func (p *play) stage() *stage {
	s := newStage(p.traits)
	s.latency, s.lag, s.assign, s.finds = p.latency, p.lag, p.assign, p.finds
	s.owner = p.counts
	for _, w := range p.workspaces {
		s.workspace(w, slices.Clone(p.members[w])...)
	}
	for u := range pool {
		s.strangers(fmt.Sprintf("u%d", u))
	}
	for i, k := range s.people[s.tenant()] {
		s.people[s.tenant()][i].Inactive = p.inactive[k.ID]
	}
	if p.lossy {
		rng := rand.New(rand.NewPCG(p.seed, 7))
		times := map[place]int{}
		s.trouble = func(c stageCall) trouble {
			at := place{c.workspace, c.p}
			if c.writes() && times[at] < 2 && rng.IntN(4) == 0 {
				times[at]++
				return lost(rng.IntN(2) == 0)
			}
			return trouble{}
		}
	}
	return s
}

func (p *play) terraform(s *stage) *terraform {
	return &terraform{svc: s, guard: p.guard, slots: p.slots, rng: rand.New(rand.NewPCG(p.seed, 1)), noRefresh: p.noRefresh, locker: &memoryLocker{}}
}

// guardRefusals gives the guard's errors, and whatever else failed.
func guardRefusals(fs []Finding) (guard, other []Finding) {
	for _, f := range fs {
		if strings.HasPrefix(f.Summary, "Workspace would ") {
			guard = append(guard, f)
		} else {
			other = append(other, f)
		}
	}
	return guard, other
}

// perform plays a scenario and gives what is wrong with how it went.
func (p *play) perform(t *testing.T) (wrong string) {
	t.Helper()
	told := p.String()
	complain := func(format string, args ...any) {
		if wrong == "" {
			wrong = fmt.Sprintf(format, args...) + "\n" + told
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := p.stage()
		start := map[string]int{}
		for _, w := range p.workspaces {
			start[w] = s.fewest(w)
		}
		mine := p.places()
		refused, losses, slowMove := p.verdict()
		want := p.after(p.blocks)
		tf := p.terraform(s)

		planned := tf.plan(t.Context(), p.blocks)
		guard, other := guardRefusals(planned.errors())
		if len(other) > 0 {
			complain("the plan failed otherwise:\n%s", planned)
			return
		}
		if (len(guard) > 0) != (len(refused) > 0) {
			complain("refused %v by the guard, and should be %v:\n%s", len(guard) > 0, refused, planned)
			return
		}
		for _, w := range refused {
			if !slices.ContainsFunc(guard, func(f Finding) bool { return strings.Contains(f.Detail, fmt.Sprintf("(%s)", w)) }) {
				complain("no message names workspace %s:\n%s", w, planned)
			}
		}
		if planned.took > time.Duration(losses+2)*6*time.Second+time.Minute {
			complain("the plan took %s", planned.took)
		}
		if writes := s.wrote(); len(writes) > 0 {
			complain("the plan wrote: %v", writes)
		}

		// The apply, also of what was refused: -target and unknown values get there.
		tf.slots = max(p.slots, 2+losses)
		applied := tf.apply(t.Context(), p.blocks)
		for _, w := range p.workspaces {
			if floor := min(p.guard.MinimumOwners, start[w]); s.fewest(w) < floor {
				complain("workspace %s had %d owners for a moment, and needs %d:\n%s", w, s.fewest(w), floor, applied)
			}
		}
		if applied.took > 10*time.Minute {
			complain("the apply took %s", applied.took)
		}
		for _, c := range s.calls {
			if c.writes() && !mine[place{c.workspace, c.p}] {
				complain("touched somebody outside of the configuration: %s", c)
			}
		}
		if len(refused) > 0 || slowMove {
			return
		}
		if errs := applied.errors(); len(errs) > 0 {
			complain("the apply of a legal plan failed:\n%s", applied)
			return
		}
		for _, w := range p.workspaces {
			have := map[Principal]Member{}
			for _, m := range s.spaces[w].members {
				have[m.Principal] = m
			}
			for who, m := range want[w] {
				if got := have[who]; got.Role() != m.Role() || got.Enabled != m.Enabled {
					complain("%s in %s is %s, and should be %s:\n%s", who, w, got.Standing(), m.Standing(), applied)
				}
			}
			if len(have) != len(want[w]) {
				complain("%s has %d rows, and should have %d:\n%s", w, len(have), len(want[w]), applied)
			}
		}
	})
	return wrong
}

// Whatever changes together, in whichever order it is planned and applied: a
// workspace never has fewer owners because of us, a plan is refused if and only
// if its end has too few, everything ends, and what was planned is reached.
func TestAnyChangeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlay(rt, false)
		if wrong := p.perform(t); wrong != "" {
			rt.Fatalf("%s", wrong)
		}
	})
}

// Whatever is applied, planned or not, in however few slots: no workspace falls
// below its floor because of us, nobody outside of the configuration is
// touched, each member whom a resource holds in the end has access, and everything
// ends.
func TestApplyOfAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlay(rt, true)
		p.slots = rapid.IntRange(1, 4).Draw(rt, "few slots")
		if wrong := p.applyAnything(t); wrong != "" {
			rt.Fatalf("%s", wrong)
		}
	})
}

func (p *play) applyAnything(t *testing.T) (wrong string) {
	t.Helper()
	told := p.String()
	complain := func(format string, args ...any) {
		if wrong == "" {
			wrong = fmt.Sprintf(format, args...) + "\n" + told
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := p.stage()
		start := map[string]int{}
		for _, w := range p.workspaces {
			start[w] = s.fewest(w)
		}
		mine := p.places()
		for _, b := range p.blocks {
			if b.replaced() && !b.moves() {
				b.key = Private{Instance: planning.NewInstance(), Holds: planning.MemberKey(b.next.Workspace, b.next.Principal)}
			}
		}
		// A block for one principal changes; another one of the same principal, unchanged, does not run.
		tf := p.terraform(s)
		applied := tf.apply(t.Context(), p.blocks)
		for _, w := range p.workspaces {
			if floor := min(p.guard.MinimumOwners, start[w]); s.fewest(w) < floor {
				complain("workspace %s had %d owners for a moment, and needs %d:\n%s", w, s.fewest(w), floor, applied)
			}
		}
		for _, c := range s.calls {
			if c.writes() && !mine[place{c.workspace, c.p}] {
				complain("touched somebody outside of the configuration: %s", c)
			}
		}
		for _, b := range p.blocks {
			if b.next == nil || b.prior != b.next || b.unchanged() && !b.replaced() && b.prior == nil {
				continue // not applied, or it failed
			}
			if got := s.role(b.next.Workspace, b.next.Principal.ID); got == "" || got[0] == '-' {
				complain("%s was applied, and %s has %q:\n%s", b.addr, show(b.next), got, applied)
			}
		}
		if applied.took > 10*time.Minute {
			complain("the apply took %s:\n%s", applied.took, applied)
		}
	})
	return wrong
}
