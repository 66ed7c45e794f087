package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// stage is an in-memory product. It enforces nothing unless told to, keeps
// what its listings showed at any time (for read lag), and records the fewest
// owners that a workspace ever had.
type stage struct {
	traits Traits

	mu     sync.Mutex
	spaces map[string]*stageSpace
	people map[string][]Person
	self   Person
	// owner is what truly counts as an owner; nil for "direct, enabled, no invitation".
	owner func(Member) bool

	latency time.Duration
	// lag is how far behind listings are.
	lag time.Duration
	// assign says what Assign does with a user who is not in the workspace.
	assign assignMode
	// addGives is the role that Add gives, whatever was asked; "" for what was asked.
	addGives string
	// enforce makes the service refuse to lose its last owner.
	enforce bool
	// trouble decides about each call before it has an effect.
	trouble func(stageCall) trouble

	// shifts makes a listing that a user writes under begin anew, after a while.
	shifts bool
	// finds says where a look for new members looks.
	finds findMode

	calls []stageCall
}

type assignMode int

const (
	assignAdds assignMode = iota
	assignIgnores
	assignRefuses
	assignNotFound
)

type findMode int

const (
	// findsNot: the service has no such look.
	findsNot findMode = iota
	// findsAtTheEnd looks at the last fifty rows, where new ones are.
	findsAtTheEnd
	// findsNobody looks where nobody ever is.
	findsNobody
)

// service gives the stage with the calls that it has.
func (s *stage) service() Service {
	if s.finds == findsNot {
		return s
	}
	return finderStage{s}
}

// finderStage is a stage that can look for new members.
type finderStage struct{ *stage }

func (s finderStage) FindMembers(ctx context.Context, workspace string, ids []string, hint int) (map[string]Member, error) {
	found := map[string]Member{}
	err := s.serve(ctx, stageCall{op: "find", workspace: workspace, role: fmt.Sprint(len(ids), " of ", hint)}, func() error {
		if s.stage.finds == findsNobody {
			return nil
		}
		rows := s.spaces[workspace].history[0].members
		for _, h := range s.spaces[workspace].history {
			if !h.at.After(time.Now().Add(-s.lag)) {
				rows = h.members
			}
		}
		for _, m := range rows[max(0, len(rows)-50):] {
			if m.Enabled && slices.Contains(ids, m.ID) {
				found[m.ID] = m
			}
		}
		return nil
	})
	return found, err
}

// stageCall is one call as it arrived.
type stageCall struct {
	op        string
	workspace string
	p         Principal
	role      string
	enabled   bool
	at        time.Time
	// n counts the calls of this op so far, from 1.
	n int
}

func (c stageCall) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.op, c.workspace, c.p, c.role))
}

// writes tells whether the call changes something.
func (c stageCall) writes() bool { return c.op == "assign" || c.op == "add" || c.op == "remove" }

// trouble is what goes wrong with a call: err, after the effect or instead of it.
type trouble struct {
	err   error
	after bool
}

type stageSpace struct {
	name, tenant string
	members      []Member
	history      []snapshot
	fewest       int
	gone         bool
}

type snapshot struct {
	at      time.Time
	members []Member
}

// blinkTraits and blazeTraits are the two products as the core sees them.
func blinkTraits() Traits {
	return Traits{
		Product: "Blink", Endpoint: "https://blink.example.com/api/v1", OwnerRole: "owner", OwnerNoun: "owner", OwnersNoun: "owners",
		WorkspaceNoun: "workspace", CredentialNoun: "API key", RolesAscending: []string{"viewer", "editor", "owner"}, TenantNoun: "tenant", OneTenant: true, NeverOwnerless: true,
		StatusMatters: true, AssignMayAdd: true, AddBatch: 50, ChangeRight: "The key has to belong to an owner of the workspace.",
	}
}

func blazeTraits() Traits {
	return Traits{
		Product: "BlazeMeter", Endpoint: "https://blaze.example.com/api/v4", OwnerRole: "manager", OwnerNoun: "manager", OwnersNoun: "managers",
		WorkspaceNoun: "workspace", CredentialNoun: "API key", RolesAscending: []string{"viewer", "tester", "manager"}, TenantNoun: "account", RemovalDisables: true, ListingShifts: true, AddBatch: 50,
		ChangeRight: "The key has to belong to a manager of the workspace.",
	}
}

func newStage(t Traits) *stage {
	return &stage{traits: t, spaces: map[string]*stageSpace{}, people: map[string][]Person{}, self: Person{Principal: user("key"), Email: "key@example.com"}}
}

func user(id string) Principal { return Principal{Kind: User, ID: id} }

// person gives an enabled member with an address.
func person(id, role string) Member {
	return Member{Principal: user(id), Email: id + "@example.com", Name: strings.ToUpper(id), Roles: []string{role}, Enabled: true}
}

// workspace opens a workspace. Its people are known in the tenant.
func (s *stage) workspace(id string, members ...Member) *stage {
	sp := &stageSpace{name: "Space " + id, tenant: s.tenant(), members: members}
	s.spaces[id] = sp
	sp.fewest = s.count(sp)
	sp.history = []snapshot{{members: slices.Clone(members)}}
	for _, m := range members {
		s.knows(Person{Principal: m.Principal, Email: m.Email, Name: m.Name, MemberCount: m.MemberCount})
	}
	return s
}

func (s *stage) tenant() string {
	if s.traits.OneTenant {
		return ""
	}
	return "account-1"
}

// knows adds people to the tenant.
func (s *stage) knows(ps ...Person) *stage {
	for _, p := range ps {
		known := s.people[s.tenant()]
		if i := slices.IndexFunc(known, func(q Person) bool { return q.Principal == p.Principal }); i < 0 {
			s.people[s.tenant()] = append(known, p)
		}
	}
	return s
}

// strangers adds people to the tenant by id.
func (s *stage) strangers(ids ...string) *stage {
	for _, id := range ids {
		s.knows(Person{Principal: user(id), Email: id + "@example.com", Name: strings.ToUpper(id)})
	}
	return s
}

func (s *stage) count(sp *stageSpace) int {
	n := 0
	for _, m := range sp.members {
		if s.isOwner(m) {
			n++
		}
	}
	return n
}

func (s *stage) isOwner(m Member) bool {
	if s.owner != nil {
		return s.owner(m)
	}
	return m.Kind == User && m.Enabled && !m.Invite && hasRole(m, s.traits.OwnerRole)
}

// changed notes what a workspace has become. The caller holds the lock.
func (s *stage) changed(sp *stageSpace) {
	sp.fewest = min(sp.fewest, s.count(sp))
	sp.history = append(sp.history, snapshot{at: time.Now(), members: slices.Clone(sp.members)})
}

// edit changes a workspace behind the provider's back.
func (s *stage) edit(id string, change func([]Member) []Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[id]
	sp.members = change(slices.Clone(sp.members))
	sp.history = append(sp.history, snapshot{at: time.Now(), members: slices.Clone(sp.members)})
	sp.fewest = s.count(sp) // what others do is not ours
}

// without is an edit that removes a user.
func without(id string) func([]Member) []Member {
	return func(ms []Member) []Member { return slices.DeleteFunc(ms, func(m Member) bool { return m.ID == id }) }
}

// row gives a member's row as it truly is.
func (s *stage) row(workspace, id string) (Member, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.spaces[workspace].members {
		if m.ID == id {
			return m, true
		}
	}
	return Member{}, false
}

// role gives a member's role as it truly is; "" for nothing, "-" in front for disabled.
func (s *stage) role(workspace, id string) string {
	m, ok := s.row(workspace, id)
	switch {
	case !ok:
		return ""
	case !m.Enabled:
		return "-" + m.Role()
	default:
		return m.Role()
	}
}

func (s *stage) fewest(workspace string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spaces[workspace].fewest
}

// sent gives the calls of these ops, all of them where none is named.
func (s *stage) sent(ops ...string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.calls {
		if len(ops) == 0 || slices.Contains(ops, c.op) {
			out = append(out, c.String())
		}
	}
	return out
}

// wrote gives the calls that change something.
func (s *stage) wrote() []string { return s.sent("assign", "add", "remove") }

func (s *stage) pause(ctx context.Context) error {
	s.mu.Lock()
	latency := s.latency
	s.mu.Unlock()
	if latency == 0 {
		return ctx.Err()
	}
	t := time.NewTimer(latency / 2)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// serve does what every call has in common: it takes its time, is noted, and
// may go wrong before or after its effect.
func (s *stage) serve(ctx context.Context, c stageCall, effect func() error) error {
	fail := func(err error, maybe bool) error {
		return &Error{Failure: Passing, Op: c.String(), MaybeApplied: maybe && c.writes(), Err: err}
	}
	if err := s.pause(ctx); err != nil {
		return fail(err, true)
	}
	s.mu.Lock()
	c.at = time.Now()
	for _, o := range s.calls {
		if o.op == c.op {
			c.n++
		}
	}
	c.n++
	s.calls = append(s.calls, c)
	var t trouble
	if s.trouble != nil {
		t = s.trouble(c)
	}
	if t.err == nil || t.after {
		if err := effect(); err != nil {
			s.mu.Unlock()
			return err
		}
	}
	s.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	if err := s.pause(ctx); err != nil {
		return fail(err, true)
	}
	return nil
}

func (s *stage) Traits() Traits { return s.traits }

func (s *stage) ReadWorkspace(ctx context.Context, id string) (*Workspace, error) {
	for {
		before := len(s.wrote())
		w, err := s.readOnce(ctx, id)
		if err != nil || !s.shifts || len(s.wrote()) == before {
			return w, err
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (s *stage) readOnce(ctx context.Context, id string) (*Workspace, error) {
	w := &Workspace{ID: id}
	err := s.serve(ctx, stageCall{op: "read", workspace: id}, func() error {
		sp := s.spaces[id]
		if sp == nil || sp.gone {
			return &Error{Failure: Gone, Op: "list workspace " + id, Status: 404, Message: "no such workspace"}
		}
		if s.traits.OneTenant {
			w.Name = sp.name
		}
		seen := sp.history[0]
		for _, h := range sp.history {
			if !h.at.After(time.Now().Add(-s.lag)) {
				seen = h
			}
		}
		w.Members = slices.Clone(seen.members)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *stage) DescribeWorkspace(ctx context.Context, id string) (Description, error) {
	var d Description
	err := s.serve(ctx, stageCall{op: "describe", workspace: id}, func() error {
		sp := s.spaces[id]
		if sp == nil || sp.gone {
			return &Error{Failure: Gone, Op: "describe workspace " + id, Status: 404}
		}
		d = Description{ID: id, Name: sp.name, Tenant: sp.tenant}
		return nil
	})
	return d, err
}

func (s *stage) refuse(op, message string) error {
	return &Error{Failure: membership.Refused, Op: op, Status: 400, Message: message, Identifier: "ERR-1", RequestID: "req-9"}
}

// keepsOwner refuses a change after which nobody owns the workspace.
func (s *stage) keepsOwner(sp *stageSpace, op string, change func(*stageSpace)) error {
	if s.enforce && s.count(sp) > 0 {
		try := &stageSpace{members: slices.Clone(sp.members)}
		change(try)
		if s.count(try) == 0 {
			return s.refuse(op, "ownership constraint violated")
		}
	}
	change(sp)
	s.changed(sp)
	return nil
}

func (s *stage) Assign(ctx context.Context, id string, p Principal, role string, enabled bool) (Receipt, error) {
	op := fmt.Sprintf("assign the role %s to %s in workspace %s", role, p, id)
	err := s.serve(ctx, stageCall{op: "assign", workspace: id, p: p, role: role, enabled: enabled}, func() error {
		sp := s.spaces[id]
		i := slices.IndexFunc(sp.members, func(m Member) bool { return m.Principal == p })
		if i < 0 {
			switch s.assign {
			case assignIgnores:
				return nil
			case assignRefuses:
				return s.refuse(op, "not a member of the workspace")
			case assignNotFound:
				return &Error{Failure: Gone, Op: op, Status: 404, Message: "no such entity in the workspace"}
			case assignAdds:
			}
			s.bring(sp, p, role)
			s.changed(sp)
			return nil
		}
		return s.keepsOwner(sp, op, func(sp *stageSpace) {
			sp.members[i].Roles, sp.members[i].Enabled = []string{role}, enabled
		})
	})
	return Receipt{RequestID: "req-1"}, err
}

// bring adds a user whom the tenant knows. The caller holds the lock.
func (s *stage) bring(sp *stageSpace, p Principal, role string) {
	m := Member{Principal: p, Roles: []string{role}, Enabled: true}
	for _, k := range s.people[sp.tenant] {
		if k.Principal == p {
			m.Email, m.Name, m.Invite, m.MemberCount = k.Email, k.Name, k.Invite, k.MemberCount
		}
	}
	sp.members = append(sp.members, m)
}

func (s *stage) Add(ctx context.Context, id, role string, ps []Principal) (Receipt, error) {
	var firstP Principal
	if len(ps) > 0 {
		firstP = ps[0]
	}
	err := s.serve(ctx, stageCall{op: "add", workspace: id, p: firstP, role: role, enabled: true}, func() error {
		sp := s.spaces[id]
		given := role
		if s.addGives != "" {
			given = s.addGives
		}
		for _, p := range ps {
			if !slices.ContainsFunc(s.people[sp.tenant], func(k Person) bool { return k.Principal == p }) {
				return s.refuse(fmt.Sprintf("add %s to workspace %s", p, id), "unknown principal")
			}
			if !slices.ContainsFunc(sp.members, func(m Member) bool { return m.Principal == p }) {
				s.bring(sp, p, given)
			}
		}
		s.changed(sp)
		return nil
	})
	return Receipt{RequestID: "req-2"}, err
}

func (s *stage) Remove(ctx context.Context, id string, m Member) (Receipt, error) {
	op := fmt.Sprintf("remove %s from workspace %s", m.Principal, id)
	err := s.serve(ctx, stageCall{op: "remove", workspace: id, p: m.Principal}, func() error {
		sp := s.spaces[id]
		i := slices.IndexFunc(sp.members, func(x Member) bool { return x.Principal == m.Principal })
		if i < 0 {
			return &Error{Failure: Gone, Op: op, Status: 404, Message: "not a member"}
		}
		return s.keepsOwner(sp, op, func(sp *stageSpace) {
			if s.traits.RemovalDisables {
				sp.members[i].Enabled = false
				return
			}
			sp.members = slices.Delete(sp.members, i, i+1)
		})
	})
	return Receipt{RequestID: "req-3"}, err
}

func (s *stage) People(ctx context.Context, tenant string) ([]Person, error) {
	var out []Person
	err := s.serve(ctx, stageCall{op: "people", workspace: tenant}, func() error {
		out = slices.Clone(s.people[tenant])
		return nil
	})
	return out, err
}

func (s *stage) Self(ctx context.Context) (Person, error) {
	var p Person
	err := s.serve(ctx, stageCall{op: "self"}, func() error { p = s.self; return nil })
	return p, err
}

// lost is an answer that never came.
func lost(after bool) trouble {
	return trouble{after: after, err: &Error{Failure: Passing, Op: "the call", MaybeApplied: true, Message: "connection reset"}}
}

// broken is a call that certainly did nothing and may work another time.
func broken() trouble {
	return trouble{err: &Error{Failure: Passing, Op: "the call", Status: 503, Message: "try later"}}
}

// denied is a call that the key may not make.
func denied() trouble {
	return trouble{err: &Error{Failure: Forbidden, Op: "the call", Status: 403, Message: "not yours"}}
}

// memoryLocker is what processes share, in memory.
type memoryLocker struct {
	mu    sync.Mutex
	locks map[string]chan struct{}
	err   error
	// taken counts how often one was asked for.
	taken int
}

func (m *memoryLocker) Lock(ctx context.Context, key string) (func(), error) {
	if m.err != nil {
		return nil, m.err
	}
	m.mu.Lock()
	m.taken++
	if m.locks == nil {
		m.locks = map[string]chan struct{}{}
	}
	if m.locks[key] == nil {
		m.locks[key] = make(chan struct{}, 1)
	}
	lock := m.locks[key]
	m.mu.Unlock()
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// notebook collects the core's log lines.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

func (n *notebook) note(level, msg string, fields map[string]any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf("%s %s %v", level, msg, fields))
}
func (n *notebook) Info(_ context.Context, msg string, f map[string]any) { n.note("INFO", msg, f) }
func (n *notebook) Warn(_ context.Context, msg string, f map[string]any) { n.note("WARN", msg, f) }

// count tells how many lines begin so.
func (n *notebook) count(prefix string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := 0
	for _, l := range n.lines {
		if strings.HasPrefix(l, prefix) {
			c++
		}
	}
	return c
}

// waiting is how many requests only wait, running how many are in progress.
func waiting(a *Activity) int { _, n := a.Counts(); return n }

func running(a *Activity) int { n, _ := a.Counts(); return n }

// with adds members to a workspace.
func (s *stage) with(id string, ms ...Member) *stage {
	sp := s.spaces[id]
	return s.workspace(id, append(sp.members, ms...)...)
}
