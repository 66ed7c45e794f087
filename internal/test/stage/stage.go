// Package stage has a product in memory, which the tests of the core write to
// and read from in place of a service. Only tests import it.
package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/activity"
)

// Stage is an in-memory product. It enforces nothing unless told to, keeps
// what its listings showed at any time (for read lag), and records the fewest
// owners that a workspace ever had.
type Stage struct {
	// ProductTraits is what Traits gives.
	ProductTraits membership.Traits

	mu sync.Mutex
	// Spaces are the workspaces, by id.
	Spaces map[string]*Space
	// Known are the people of each tenant.
	Known map[string][]membership.Person
	// KeyUser is the user of the API key.
	KeyUser membership.Person

	// Latency is how long a call takes.
	Latency time.Duration
	// Lag is how far behind listings are.
	Lag time.Duration
	// Assigns says what Assign does with a user who is not in the workspace.
	Assigns AssignMode
	// AddGives is the role that Add gives, whatever was asked; "" for what was asked.
	AddGives string
	// Enforce makes the service refuse to lose its last owner.
	Enforce bool
	// Trouble decides about each call before it has an effect.
	Trouble func(Call) Trouble

	// Shifts makes a listing that a user writes under begin anew, after a while.
	Shifts bool
	// Finds says where a look for new members looks.
	Finds FindMode

	// Calls are those that have arrived.
	Calls []Call
}

// AssignMode is what Assign does with a user who is not in the workspace.
type AssignMode int

// The answers of Assign: it makes the user a member, does nothing, refuses, or
// does not find the user.
const (
	AssignAdds AssignMode = iota
	AssignIgnores
	AssignRefuses
	AssignNotFound
)

// FindMode is where a look for new members looks.
type FindMode int

// The places where a look for new members looks.
const (
	// FindsNot: the service has no such look.
	FindsNot FindMode = iota
	// FindsAtTheEnd looks at the last fifty rows, where new ones are.
	FindsAtTheEnd
	// FindsNobody looks where nobody ever is.
	FindsNobody
)

// Service gives the stage with the calls that it has.
func (s *Stage) Service() membership.Service {
	if s.Finds == FindsNot {
		return s
	}
	return finder{s}
}

// finder is a stage that can look for new members.
type finder struct{ *Stage }

// FindMembers gives those who stand where the stage looks.
func (s finder) FindMembers(ctx context.Context, workspace string, ids []string, hint int) (map[string]membership.Member, error) {
	found := map[string]membership.Member{}
	err := s.serve(ctx, Call{Op: "find", Workspace: workspace, Role: fmt.Sprint(len(ids), " of ", hint)}, func() error {
		if s.Stage.Finds == FindsNobody {
			return nil
		}
		rows := s.Spaces[workspace].History[0].Members
		for _, h := range s.Spaces[workspace].History {
			if !h.At.After(time.Now().Add(-s.Lag)) {
				rows = h.Members
			}
		}
		for _, m := range rows[max(0, len(rows)-50):] {
			if m.Enabled {
				found[m.ID] = m
			}
		}
		return nil
	})
	return found, err
}

// Call is one call as it arrived.
type Call struct {
	Op        string
	Workspace string
	Principal membership.Principal
	Role      string
	Enabled   bool
	At        time.Time
	// N counts the calls of this op so far, from 1.
	N int
}

func (c Call) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.Op, c.Workspace, c.Principal, c.Role))
}

// Writes tells whether the call changes something.
func (c Call) Writes() bool { return c.Op == "assign" || c.Op == "add" || c.Op == "remove" }

// Trouble is what goes wrong with a call: err, after the effect or instead of it.
type Trouble struct {
	Err   error
	After bool
	// Pause comes before the effect, as when a host is paused: a write whose decision
	// does not hold as long has none.
	Pause time.Duration
}

// Space is a workspace: its true members, what they were before, and the fewest
// owners that it ever had.
type Space struct {
	Name, Tenant string
	Members      []membership.Member
	History      []Snapshot
	Fewest       int
	Gone         bool
}

// Snapshot is what the members of a workspace were from a moment on.
type Snapshot struct {
	At      time.Time
	Members []membership.Member
}

// BlinkTraits are Blink as the core sees it.
func BlinkTraits() membership.Traits {
	return membership.Traits{
		Product: "Blink", Endpoint: "https://blink.example.com/api/v1", OwnerRole: "owner", OwnerNoun: "owner", OwnersNoun: "owners",
		WorkspaceNoun: "workspace", CredentialNoun: "API key", RolesAscending: []string{"viewer", "editor", "owner"}, TenantNoun: "tenant", OneTenant: true, NeverOwnerless: true,
		StatusMatters: true, AssignMayAdd: true, AddBatch: 50, ChangeRight: "The key has to belong to an owner of the workspace.",
		AssignCall: "POST /workspaces/{workspace}/{kind}/{id}/role/{role}",
	}
}

// BlazeTraits are BlazeMeter as the core sees it.
func BlazeTraits() membership.Traits {
	return membership.Traits{
		Product: "BlazeMeter", Endpoint: "https://blaze.example.com/api/v4", OwnerRole: "manager", OwnerNoun: "manager", OwnersNoun: "managers",
		WorkspaceNoun: "workspace", CredentialNoun: "API key", RolesAscending: []string{"viewer", "tester", "manager"}, TenantNoun: "account", RemovalDisables: true, ListingShifts: true, AddBatch: 50,
		ChangeRight: "The key has to belong to a manager of the workspace.",
		AssignCall:  `PUT /workspaces/{workspace}/users/{id} with {"roles":["{role}"],"enabled":true}`,
	}
}

// New gives a product without workspaces.
func New(t membership.Traits) *Stage {
	return &Stage{ProductTraits: t, Spaces: map[string]*Space{}, Known: map[string][]membership.Person{}, KeyUser: membership.Person{Principal: User("key"), Email: "key@example.com"}}
}

// User gives a user.
func User(id string) membership.Principal {
	return membership.Principal{Kind: membership.User, ID: id}
}

// Group gives a group.
func Group(id string) membership.Principal {
	return membership.Principal{Kind: membership.Group, ID: id}
}

// Person gives an enabled member with an address.
func Person(id, role string) membership.Member {
	return membership.Member{Principal: User(id), Email: id + "@example.com", Name: strings.ToUpper(id), Roles: []string{role}, Enabled: true}
}

// Workspace opens a workspace. Its people are known in the tenant.
func (s *Stage) Workspace(id string, members ...membership.Member) *Stage {
	sp := &Space{Name: "Space " + id, Tenant: s.Tenant(), Members: members}
	s.Spaces[id] = sp
	sp.Fewest = s.Count(sp)
	sp.History = []Snapshot{{Members: slices.Clone(members)}}
	for _, m := range members {
		s.Knows(membership.Person{Principal: m.Principal, Email: m.Email, Name: m.Name, MemberCount: m.MemberCount})
	}
	return s
}

// Tenant gives the id of the only tenant.
func (s *Stage) Tenant() string {
	if s.ProductTraits.OneTenant {
		return ""
	}
	return "account-1"
}

// Knows adds people to the tenant.
func (s *Stage) Knows(ps ...membership.Person) *Stage {
	for _, p := range ps {
		known := s.Known[s.Tenant()]
		if i := slices.IndexFunc(known, func(q membership.Person) bool { return q.Principal == p.Principal }); i < 0 {
			s.Known[s.Tenant()] = append(known, p)
		}
	}
	return s
}

// With adds members to a workspace.
func (s *Stage) With(id string, ms ...membership.Member) *Stage {
	sp := s.Spaces[id]
	return s.Workspace(id, append(sp.Members, ms...)...)
}

// KnowsGroup makes the tenant know a group.
func (s *Stage) KnowsGroup(id string) *Stage {
	return s.Knows(membership.Person{Principal: Group(id), Name: strings.ToUpper(id), MemberCount: 3})
}

// Strangers adds people to the tenant by id.
func (s *Stage) Strangers(ids ...string) *Stage {
	for _, id := range ids {
		s.Knows(membership.Person{Principal: User(id), Email: id + "@example.com", Name: strings.ToUpper(id)})
	}
	return s
}

// Count counts the owners of a workspace as it truly is.
func (s *Stage) Count(sp *Space) int {
	n := 0
	for _, m := range sp.Members {
		if s.IsOwner(m) {
			n++
		}
	}
	return n
}

// IsOwner tells whether a member truly is an owner: direct, enabled, and no invitation.
func (s *Stage) IsOwner(m membership.Member) bool {
	return m.Kind == membership.User && m.Enabled && !m.Invite && m.HasRole(s.ProductTraits.OwnerRole)
}

// Changed notes what a workspace has become. The caller holds the lock.
func (s *Stage) Changed(sp *Space) {
	sp.Fewest = min(sp.Fewest, s.Count(sp))
	sp.History = append(sp.History, Snapshot{At: time.Now(), Members: slices.Clone(sp.Members)})
}

// Edit changes a workspace behind the provider's back.
func (s *Stage) Edit(id string, change func([]membership.Member) []membership.Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.Spaces[id]
	sp.Members = change(slices.Clone(sp.Members))
	sp.History = append(sp.History, Snapshot{At: time.Now(), Members: slices.Clone(sp.Members)})
	sp.Fewest = s.Count(sp) // what others do is not ours
}

// Without is an edit that removes a user.
func Without(id string) func([]membership.Member) []membership.Member {
	return func(ms []membership.Member) []membership.Member {
		return slices.DeleteFunc(ms, func(m membership.Member) bool { return m.ID == id })
	}
}

// Row gives a member's row as it truly is.
func (s *Stage) Row(workspace, id string) (membership.Member, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.Spaces[workspace].Members {
		if m.ID == id {
			return m, true
		}
	}
	return membership.Member{}, false
}

// Role gives a member's role as it truly is; "" for nothing, "-" in front for disabled.
func (s *Stage) Role(workspace, id string) string {
	m, ok := s.Row(workspace, id)
	switch {
	case !ok:
		return ""
	case !m.Enabled:
		return "-" + m.Role()
	default:
		return m.Role()
	}
}

// Fewest gives the fewest owners that a workspace ever had.
func (s *Stage) Fewest(workspace string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Spaces[workspace].Fewest
}

// Sent gives the calls of these ops, all of them where none is named.
func (s *Stage) Sent(ops ...string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.Calls {
		if len(ops) == 0 || slices.Contains(ops, c.Op) {
			out = append(out, c.String())
		}
	}
	return out
}

// Wrote gives the calls that change something.
func (s *Stage) Wrote() []string { return s.Sent("assign", "add", "remove") }

// WantSent wants exactly these calls that change something.
func (s *Stage) WantSent(t *testing.T, want ...string) {
	t.Helper()
	if got := s.Wrote(); !slices.Equal(got, want) {
		t.Errorf("sent\n  %s\nand not\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// WantRole wants a user to have this role, written as [Stage.Role] gives it.
func (s *Stage) WantRole(t *testing.T, workspace, id, role string) {
	t.Helper()
	if got := s.Role(workspace, id); got != role {
		t.Errorf("%s in %s has the role %q, not %q", id, workspace, got, role)
	}
}

// Slow sets how long a call takes from now on.
func (s *Stage) Slow(latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Latency = latency
}

func (s *Stage) pause(ctx context.Context) error {
	s.mu.Lock()
	latency := s.Latency
	s.mu.Unlock()
	return wait(ctx, latency/2)
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
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
func (s *Stage) serve(ctx context.Context, c Call, effect func() error) error {
	fail := func(err error, maybe bool) error {
		return &membership.Error{Failure: membership.Passing, Op: c.String(), MaybeApplied: maybe && c.Writes(), Err: err}
	}
	if err := s.pause(ctx); err != nil {
		return fail(err, true)
	}
	s.mu.Lock()
	c.At = time.Now()
	for _, o := range s.Calls {
		if o.Op == c.Op {
			c.N++
		}
	}
	c.N++
	s.Calls = append(s.Calls, c)
	var t Trouble
	if s.Trouble != nil {
		t = s.Trouble(c)
	}
	if t.Pause > 0 {
		s.mu.Unlock()
		if err := wait(ctx, t.Pause); err != nil {
			return fail(err, false)
		}
		if until := membership.SendingOf(ctx).Until; !until.IsZero() && time.Now().After(until) {
			return &membership.Error{Failure: membership.Stale, Op: c.String()}
		}
		s.mu.Lock()
	}
	if t.Err == nil || t.After {
		if err := effect(); err != nil {
			s.mu.Unlock()
			return err
		}
	}
	s.mu.Unlock()
	if t.Err != nil {
		return t.Err
	}
	if err := s.pause(ctx); err != nil {
		return fail(err, true)
	}
	return nil
}

// Traits describes the product.
func (s *Stage) Traits() membership.Traits { return s.ProductTraits }

// ReadWorkspace lists the members of a workspace, as they were before the lag.
func (s *Stage) ReadWorkspace(ctx context.Context, id string) (*membership.Workspace, error) {
	for {
		before := len(s.Wrote())
		w, err := s.readOnce(ctx, id)
		if err != nil || !s.Shifts || len(s.Wrote()) == before {
			return w, err
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (s *Stage) readOnce(ctx context.Context, id string) (*membership.Workspace, error) {
	w := &membership.Workspace{ID: id}
	err := s.serve(ctx, Call{Op: "read", Workspace: id}, func() error {
		sp := s.Spaces[id]
		if sp == nil || sp.Gone {
			return &membership.Error{Failure: membership.Gone, Op: "list workspace " + id, Status: 404, Message: "no such workspace"}
		}
		if s.ProductTraits.OneTenant {
			w.Name = sp.Name
		}
		seen := sp.History[0]
		for _, h := range sp.History {
			if !h.At.After(time.Now().Add(-s.Lag)) {
				seen = h
			}
		}
		w.Members = slices.Clone(seen.Members)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// DescribeWorkspace gives the name and the tenant of a workspace.
func (s *Stage) DescribeWorkspace(ctx context.Context, id string) (membership.Description, error) {
	var d membership.Description
	err := s.serve(ctx, Call{Op: "describe", Workspace: id}, func() error {
		sp := s.Spaces[id]
		if sp == nil || sp.Gone {
			return &membership.Error{Failure: membership.Gone, Op: "describe workspace " + id, Status: 404}
		}
		d = membership.Description{ID: id, Name: sp.Name, Tenant: sp.Tenant}
		return nil
	})
	return d, err
}

// Refuse gives the error of a refused call.
func (s *Stage) Refuse(op, message string) error {
	return &membership.Error{Failure: membership.Refused, Op: op, Status: 400, Message: message, Identifier: "ERR-1", RequestID: "req-9"}
}

// keepsOwner refuses a change after which nobody owns the workspace.
func (s *Stage) keepsOwner(sp *Space, op string, change func(*Space)) error {
	if s.Enforce && s.Count(sp) > 0 {
		try := &Space{Members: slices.Clone(sp.Members)}
		change(try)
		if s.Count(try) == 0 {
			return s.Refuse(op, "ownership constraint violated")
		}
	}
	change(sp)
	s.Changed(sp)
	return nil
}

// Assign gives a user a role.
func (s *Stage) Assign(ctx context.Context, id string, p membership.Principal, role string, enabled bool) (membership.Receipt, error) {
	op := fmt.Sprintf("assign the role %s to %s in workspace %s", role, p, id)
	err := s.serve(ctx, Call{Op: "assign", Workspace: id, Principal: p, Role: role, Enabled: enabled}, func() error {
		sp := s.Spaces[id]
		i := slices.IndexFunc(sp.Members, func(m membership.Member) bool { return m.Principal == p })
		if i < 0 {
			switch s.Assigns {
			case AssignIgnores:
				return nil
			case AssignRefuses:
				return s.Refuse(op, "not a member of the workspace")
			case AssignNotFound:
				return &membership.Error{Failure: membership.Gone, Op: op, Status: 404, Message: "no such entity in the workspace"}
			case AssignAdds:
			}
			s.Bring(sp, p, role)
			s.Changed(sp)
			return nil
		}
		return s.keepsOwner(sp, op, func(sp *Space) {
			sp.Members[i].Roles, sp.Members[i].Enabled = []string{role}, enabled
		})
	})
	return membership.Receipt{RequestID: "req-1"}, err
}

// Bring adds a user whom the tenant knows. The caller holds the lock.
func (s *Stage) Bring(sp *Space, p membership.Principal, role string) {
	m := membership.Member{Principal: p, Roles: []string{role}, Enabled: true}
	for _, k := range s.Known[sp.Tenant] {
		if k.Principal == p {
			m.Email, m.Name, m.Invite, m.MemberCount = k.Email, k.Name, k.Invite, k.MemberCount
		}
	}
	sp.Members = append(sp.Members, m)
}

// Add adds users to a workspace.
func (s *Stage) Add(ctx context.Context, id, role string, ps []membership.Principal) (membership.Receipt, error) {
	var firstP membership.Principal
	if len(ps) > 0 {
		firstP = ps[0]
	}
	err := s.serve(ctx, Call{Op: "add", Workspace: id, Principal: firstP, Role: role, Enabled: true}, func() error {
		sp := s.Spaces[id]
		given := role
		if s.AddGives != "" {
			given = s.AddGives
		}
		for _, p := range ps {
			if !slices.ContainsFunc(s.Known[sp.Tenant], func(k membership.Person) bool { return k.Principal == p }) {
				return s.Refuse(fmt.Sprintf("add %s to workspace %s", p, id), "unknown principal")
			}
			if !slices.ContainsFunc(sp.Members, func(m membership.Member) bool { return m.Principal == p }) {
				s.Bring(sp, p, given)
			}
		}
		s.Changed(sp)
		return nil
	})
	return membership.Receipt{RequestID: "req-2"}, err
}

// Remove removes a member, or disables one where the product does that.
func (s *Stage) Remove(ctx context.Context, id string, m membership.Member) (membership.Receipt, error) {
	op := fmt.Sprintf("remove %s from workspace %s", m.Principal, id)
	err := s.serve(ctx, Call{Op: "remove", Workspace: id, Principal: m.Principal}, func() error {
		sp := s.Spaces[id]
		i := slices.IndexFunc(sp.Members, func(x membership.Member) bool { return x.Principal == m.Principal })
		if i < 0 {
			return &membership.Error{Failure: membership.Gone, Op: op, Status: 404, Message: "not a member"}
		}
		return s.keepsOwner(sp, op, func(sp *Space) {
			if s.ProductTraits.RemovalDisables {
				sp.Members[i].Enabled = false
				return
			}
			sp.Members = slices.Delete(sp.Members, i, i+1)
		})
	})
	return membership.Receipt{RequestID: "req-3"}, err
}

// People lists the people of a tenant.
func (s *Stage) People(ctx context.Context, tenant string) ([]membership.Person, error) {
	var out []membership.Person
	err := s.serve(ctx, Call{Op: "people", Workspace: tenant}, func() error {
		out = slices.Clone(s.Known[tenant])
		return nil
	})
	return out, err
}

// Self gives the user of the API key.
func (s *Stage) Self(ctx context.Context) (membership.Person, error) {
	var p membership.Person
	err := s.serve(ctx, Call{Op: "self"}, func() error { p = s.KeyUser; return nil })
	return p, err
}

// Lost is an answer that never came.
func Lost(after bool) Trouble {
	return Trouble{After: after, Err: &membership.Error{Failure: membership.Passing, Op: "the call", MaybeApplied: true, Message: "connection reset"}}
}

// Broken is a call that certainly did nothing and may work another time.
func Broken() Trouble {
	return Trouble{Err: &membership.Error{Failure: membership.Passing, Op: "the call", Status: 503, Message: "try later"}}
}

// Denied is a call that the key may not make.
func Denied() Trouble {
	return Trouble{Err: &membership.Error{Failure: membership.Forbidden, Op: "the call", Status: 403, Message: "not yours"}}
}

// Locker is what processes share, in memory.
type Locker struct {
	// Err is the answer to every Lock, where set.
	Err error
	// Taken counts how often a lock was asked for.
	Taken int

	mu    sync.Mutex
	locks map[string]chan struct{}
}

// Lock waits for the lock of a key, and gives what releases it.
func (m *Locker) Lock(ctx context.Context, key string) (func(), error) {
	if m.Err != nil {
		return nil, m.Err
	}
	m.mu.Lock()
	m.Taken++
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

// Notebook collects the core's log lines.
type Notebook struct {
	mu sync.Mutex
	// Lines are the level, the message and the fields of each line.
	Lines []string
}

func (n *Notebook) note(level, msg string, fields map[string]any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.Lines = append(n.Lines, fmt.Sprintf("%s %s %v", level, msg, fields))
}

// Info notes a line.
func (n *Notebook) Info(_ context.Context, msg string, f map[string]any) { n.note("INFO", msg, f) }

// Warn notes a line.
func (n *Notebook) Warn(_ context.Context, msg string, f map[string]any) { n.note("WARN", msg, f) }

// Count tells how many lines begin so.
func (n *Notebook) Count(prefix string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := 0
	for _, l := range n.Lines {
		if strings.HasPrefix(l, prefix) {
			c++
		}
	}
	return c
}

// Waiting is how many requests only wait.
func Waiting(a *activity.Activity) int { _, n := a.Counts(); return n }

// Running is how many requests are in progress.
func Running(a *activity.Activity) int { n, _ := a.Counts(); return n }
