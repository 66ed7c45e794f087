package world

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

type (
	kind      = membership.Kind
	principal = membership.Principal
	member    = membership.Member
	standing  = membership.Standing
)

// place is one principal in one workspace, both folded.
type place struct {
	workspace string
	who       principal
}

func (p place) String() string { return p.workspace + "/" + p.who.ID }

func at(workspace string, who principal) place {
	return place{strings.ToLower(workspace), who.Fold()}
}

func user(id string) principal  { return principal{Kind: membership.User, ID: id} }
func group(id string) principal { return principal{Kind: membership.Group, ID: id} }

// person gives an enabled member with an address.
func person(id, role string) member {
	return member{Principal: user(id), Email: id + "@example.com", Name: strings.ToUpper(id), Roles: []string{role}, Enabled: true}
}

// blink and blaze are the two products as a core sees them.
func blink() membership.Traits {
	return membership.Traits{
		Product: "Blink", Endpoint: "https://blink.example.com/api/v1", OwnerRole: "owner", OwnerNoun: "owner", OwnersNoun: "owners",
		RolesAscending: []string{"viewer", "contributor", "owner"}, TenantNoun: "tenant", WorkspaceNoun: "workspace", OneTenant: true, NeverOwnerless: true,
		StatusMatters: true, AssignMayAdd: true, AddBatch: 50, ChangeRight: "The key has to belong to an owner of the workspace.",
	}
}

func blaze() membership.Traits {
	return membership.Traits{
		Product: "BlazeMeter", Endpoint: "https://blaze.example.com/api/v4", OwnerRole: "manager", OwnerNoun: "manager", OwnersNoun: "managers",
		RolesAscending: []string{"viewer", "tester", "manager"}, TenantNoun: "account", WorkspaceNoun: "workspace", RemovalDisables: true, ListingShifts: true, AddBatch: 50,
		ChangeRight: "The key has to belong to a manager of the workspace.",
	}
}

// moment is what a workspace has been since a time. by is the call that made
// it so; nil for a change from outside.
type moment struct {
	at      time.Time
	members []member
	owners  int
	by      *call
}

func (m moment) find(who principal) (member, bool) {
	for _, x := range m.members {
		if x.Principal.Fold() == who.Fold() {
			return x, true
		}
	}
	return member{}, false
}

// space is the truth about one workspace, from its beginning on. The checks read
// it while others may still change it.
type space struct {
	id string

	mu      sync.Mutex
	history []moment
}

func (s *space) now() moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.history[len(s.history)-1]
}

func (s *space) add(m moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = append(s.history, m)
}

// asOf gives what was true at a time.
func (s *space) asOf(t time.Time) moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.history) - 1; i > 0; i-- {
		if !s.history[i].at.After(t) {
			return s.history[i]
		}
	}
	return s.history[0]
}

// between gives what was true at any time from one to another.
func (s *space) between(from, to time.Time) []moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := len(s.history) - 1
	for first > 0 && s.history[first].at.After(from) {
		first--
	}
	last := first
	for last+1 < len(s.history) && !s.history[last+1].at.After(to) {
		last++
	}
	return s.history[first : last+1]
}

// assignMode says what Assign does with a user who is not in the workspace.
type assignMode int

const (
	assignAdds assignMode = iota
	assignIgnores
	assignRefuses
)

// findMode says where a look for new members looks.
type findMode int

const (
	findsNot findMode = iota
	findsAtTheEnd
	findsNobody
)

// service is an in-memory product: it knows the truth at every moment, who
// caused it, and every call. It enforces nothing by itself.
type service struct {
	traits  membership.Traits
	latency time.Duration
	lag     time.Duration
	assign  assignMode
	finds   findMode
	// counts is what truly counts as an owner.
	counts func(member) bool
	record *record

	mu     sync.Mutex
	spaces map[string]*space
	people []membership.Person
	// mishaps are those of the present phase, seen counts its calls by kind.
	mishaps []*mishap
	seen    map[callKind]int
}

func newService(t membership.Traits, counts func(member) bool) *service {
	return &service{traits: t, counts: counts, record: &record{began: time.Now()}, spaces: map[string]*space{}}
}

// workspace opens a workspace. Its people are known in the tenant; a group has the same
// people in all workspaces.
func (s *service) workspace(id string, members ...member) {
	members = slices.Clone(members)
	for i, m := range members {
		for _, p := range s.people {
			if p.Principal == m.Principal {
				members[i].MemberCount = p.MemberCount
			}
		}
	}
	s.spaces[id] = &space{id: id, history: []moment{s.momentOf(members, nil)}}
	for _, m := range members {
		s.knows(membership.Person{Principal: m.Principal, Email: m.Email, Name: m.Name, MemberCount: m.MemberCount})
	}
}

func (s *service) momentOf(members []member, by *call) moment {
	m := moment{at: time.Now(), members: members, by: by}
	for _, x := range members {
		if s.counts(x) {
			m.owners++
		}
	}
	return m
}

// knows adds people to the tenant.
func (s *service) knows(ps ...membership.Person) {
	for _, p := range ps {
		if !slices.ContainsFunc(s.people, func(q membership.Person) bool { return q.Principal == p.Principal }) {
			s.people = append(s.people, p)
		}
	}
}

// set changes one row of a workspace; nil removes it. The caller holds the lock.
func (s *service) set(sp *space, who principal, to *standing, by *call) {
	if after, changed := s.with(sp.now(), who, to, by); changed {
		sp.add(after)
	}
}

// with gives what a change of one row makes of a moment, where there is that row.
func (s *service) with(now moment, who principal, to *standing, by *call) (after moment, changed bool) {
	members := slices.Clone(now.members)
	i := slices.IndexFunc(members, func(m member) bool { return m.Principal.Fold() == who.Fold() })
	switch {
	case to == nil && i < 0:
		return now, false
	case to == nil && s.traits.RemovalDisables:
		members[i].Enabled = false
	case to == nil:
		members = slices.Delete(members, i, i+1)
	case i >= 0:
		members[i].Roles, members[i].Enabled = []string{to.Role}, to.Enabled
	default:
		m := member{Principal: who, Roles: []string{to.Role}, Enabled: to.Enabled}
		for _, p := range s.people {
			if p.Principal.Fold() == who.Fold() {
				m.Principal, m.Email, m.Name, m.Invite, m.MemberCount = p.Principal, p.Email, p.Name, p.Invite, p.MemberCount
			}
		}
		members = append(members, m)
	}
	return s.momentOf(members, by), true
}

// outside is a change that others make. They never leave a workspace without
// an owner.
type outside struct {
	workspace string
	who       principal
	to        *standing
}

func (o outside) String() string {
	if o.to == nil {
		return fmt.Sprintf("%s leaves %s", o.who.ID, o.workspace)
	}
	return fmt.Sprintf("%s becomes %s in %s", o.who.ID, *o.to, o.workspace)
}

// happen makes a change from outside. The caller holds the lock.
func (s *service) happen(o outside) {
	sp := s.spaces[o.workspace]
	before := sp.now()
	after, changed := s.with(before, o.who, o.to, nil)
	if !changed || before.owners > 0 && after.owners == 0 {
		return
	}
	sp.add(after)
	s.record.note("outside: %s", o)
}

// elsewhere makes a change from outside, between calls.
func (s *service) elsewhere(o outside) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.happen(o)
}

// callKind tells what a mishap waits for.
type callKind string

const (
	reads  callKind = "read"
	writes callKind = "write"
	others callKind = "other"
)

// call is one call of the service.
type call struct {
	process   *processRecord
	op        string
	workspace string
	who       []principal
	role      string
	enabled   bool
	// sent is when it left the process, applied when it had its effect; zero
	// for none. ended is when the answer was there.
	sent, applied, ended time.Time
	// before and after are what the workspace was right before and after the effect.
	before, after moment
	// unanswered is true where the process does not know what became of it.
	unanswered bool
}

func (c *call) kind() callKind {
	switch c.op {
	case "assign", "add", "remove":
		return writes
	case "list", "find":
		return reads
	default:
		return others
	}
}

func (c *call) String() string {
	var ids []string
	for _, p := range c.who {
		ids = append(ids, p.ID)
	}
	return strings.TrimSpace(strings.Join([]string{c.op, c.workspace, strings.Join(ids, "+"), c.role}, " "))
}

// gives tells what the call makes of its principals.
func (c *call) gives() *standing {
	if c.op == "remove" {
		return nil
	}
	return &standing{Role: c.role, Enabled: c.enabled}
}

// conn is the service as one provider process reaches it.
type conn struct {
	*service
	process *processRecord
	traits  membership.Traits
}

// port gives the connection with the calls that the service has.
func (c *conn) port() membership.Service {
	if c.finds == findsNot || !c.traits.RemovalDisables {
		return c
	}
	return finderConn{c}
}

func (c *conn) Traits() membership.Traits { return c.traits }

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
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

func passing(k *call, maybe bool, why string) error {
	return &membership.Error{Failure: membership.Passing, Op: k.String(), MaybeApplied: maybe && k.kind() == writes, Message: why}
}

// serve does what every call has in common: it takes its time, it is noted,
// and it may meet a mishap. effect is called under the lock; what it gives is
// the answer.
func (c *conn) serve(ctx context.Context, k *call, effect func(met mishapKind, d time.Duration) error) error {
	k.process, k.sent = c.process, time.Now()
	if c.process.killed.Load() {
		_ = pause(ctx, time.Millisecond)
		return passing(k, true, "the process is dead")
	}
	c.record.call(k)
	c.process.calls.Add(1)
	defer c.process.calls.Done()
	if pause(ctx, c.latency/2) != nil {
		k.ended, k.unanswered = time.Now(), true
		return passing(k, true, "canceled")
	}
	c.mu.Lock()
	met, d := c.meet(k)
	var err error
	if met == paused {
		c.mu.Unlock()
		err = c.waitOut(ctx, k, d)
		c.mu.Lock()
	}
	switch {
	case met == unavailable, met == lostBefore, err != nil:
	default:
		err = effect(met, d)
	}
	c.mu.Unlock()
	c.record.note("%s: %s%s", c.process, k, met)
	switch met {
	case unavailable:
		err = passing(k, false, "503 try later")
	case lostBefore, lostAfter:
		k.unanswered = true
		err = passing(k, true, "connection reset")
	case halfway:
		_ = pause(ctx, d)
		err = passing(k, false, "the listing could not be completed")
	case late:
		_ = pause(ctx, d)
	}
	if pause(ctx, c.latency/2) != nil && err == nil {
		k.unanswered = true
		err = passing(k, true, "canceled")
	}
	k.ended = time.Now()
	return err
}

// waitOut is what a call does whose host is paused.
func (c *conn) waitOut(ctx context.Context, k *call, d time.Duration) error {
	switch until := membership.SendingOf(ctx).Until; {
	case pause(ctx, d) != nil:
		return passing(k, false, "canceled")
	case !until.IsZero() && time.Now().After(until):
		return &membership.Error{Failure: membership.Stale, Op: k.String(), Message: "it was not sent"}
	}
	k.sent = time.Now()
	return nil
}

// meet gives the mishap that this call meets, and makes happen what happens
// right before it. The caller holds the lock.
func (s *service) meet(k *call) (mishapKind, time.Duration) {
	n := s.seen[k.kind()]
	if s.seen != nil {
		s.seen[k.kind()]++
	}
	met, d := fine, time.Duration(0)
	for _, m := range s.mishaps {
		if m.on != k.kind() || n < m.nth || n >= m.nth+max(1, m.times) {
			continue
		}
		switch m.what {
		case fromOutside:
			s.happen(m.change)
		case stopped, killed:
			m.end()
		default:
			met, d = m.what, m.d
		}
	}
	return met, d
}

// write is a call that changes something.
func (c *conn) write(ctx context.Context, k *call, effect func(sp *space) error) error {
	return c.serve(ctx, k, func(mishapKind, time.Duration) error {
		sp := c.spaces[strings.ToLower(k.workspace)]
		if sp == nil {
			return &membership.Error{Failure: membership.Gone, Op: k.String(), Status: 404, Message: "no such workspace"}
		}
		k.before = sp.now()
		err := effect(sp)
		if err == nil {
			k.applied, k.after = time.Now(), sp.now()
		}
		return err
	})
}

// pageSize is the number of rows in one page of a listing that has pages.
const pageSize = 3

func (c *conn) ReadWorkspace(ctx context.Context, id string) (*membership.Workspace, error) {
	for range 3 {
		w, shifted, err := c.list(ctx, id)
		if err != nil || !shifted {
			return w, err
		}
	}
	return nil, &membership.Error{Failure: membership.Passing, Op: "list workspace " + id, Message: "the pages shifted while they were read"}
}

// list is one listing; shifted tells that its pages do not fit together.
func (c *conn) list(ctx context.Context, id string) (w *membership.Workspace, shifted bool, err error) {
	w = &membership.Workspace{ID: id}
	var stale time.Duration
	var how mishapKind
	total := 0
	err = c.serve(ctx, &call{op: "list", workspace: id}, func(met mishapKind, d time.Duration) error {
		sp := c.spaces[strings.ToLower(id)]
		if sp == nil {
			return &membership.Error{Failure: membership.Gone, Op: "list workspace " + id, Status: 404, Message: "no such workspace"}
		}
		if met == old {
			stale = d
		}
		how = met
		rows := c.shows(sp, stale)
		total = len(rows)
		if c.traits.ListingShifts {
			rows = rows[:min(pageSize, total)]
		}
		w.Members = slices.Clone(rows)
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	// Blink tells the workspace's name with its rows, BlazeMeter lists page by page.
	if !c.traits.ListingShifts {
		w.Name = "Space " + id
	}
	for len(w.Members) < total {
		if pause(ctx, c.latency) != nil {
			return nil, false, passing(&call{op: "list", workspace: id}, false, "canceled")
		}
		c.mu.Lock()
		rows := c.shows(c.spaces[strings.ToLower(id)], stale)
		c.mu.Unlock()
		if len(rows) != total {
			return nil, true, nil
		}
		w.Members = append(w.Members, rows[len(w.Members):min(len(w.Members)+pageSize, total)]...)
	}
	if how == partial || how == blank {
		w.Members = slices.DeleteFunc(w.Members, func(m member) bool { return how == blank || strings.EqualFold(m.Role(), c.traits.OwnerRole) })
		if !c.traits.NeverOwnerless {
			w.Incomplete = "some rows are hidden"
		}
	}
	return w, false, nil
}

// shows gives the rows that a listing shows now. The caller holds the lock.
func (c *conn) shows(sp *space, stale time.Duration) []member {
	return sp.asOf(time.Now().Add(-c.lag - stale)).members
}

// finderConn is a connection to a service that can look for new members.
type finderConn struct{ *conn }

func (c finderConn) FindMembers(ctx context.Context, workspace string, ids []string, _ int) (map[string]member, error) {
	found := map[string]member{}
	err := c.serve(ctx, &call{op: "find", workspace: workspace}, func(mishapKind, time.Duration) error {
		sp := c.spaces[strings.ToLower(workspace)]
		if sp == nil || c.finds == findsNobody {
			return nil
		}
		rows := c.shows(sp, 0)
		for _, m := range rows[max(0, len(rows)-pageSize):] {
			if m.Enabled {
				found[m.ID] = m
			}
			for _, id := range ids {
				if m.Enabled && strings.EqualFold(id, m.ID) {
					found[id] = m
				}
			}
		}
		return nil
	})
	return found, err
}

func (c *conn) DescribeWorkspace(ctx context.Context, id string) (membership.Description, error) {
	tenant := "account-1"
	if c.traits.OneTenant {
		tenant = ""
	}
	err := c.serve(ctx, &call{op: "describe", workspace: id}, func(mishapKind, time.Duration) error { return nil })
	return membership.Description{ID: id, Name: "Space " + id, Tenant: tenant}, err
}

func refused(k *call, why string) error {
	return &membership.Error{Failure: membership.Refused, Op: k.String(), Status: 400, Message: why, Identifier: "ERR-1", RequestID: "req-9"}
}

func (c *conn) Assign(ctx context.Context, id string, p principal, role string, enabled bool) (membership.Receipt, error) {
	k := &call{op: "assign", workspace: id, who: []principal{p}, role: role, enabled: enabled}
	err := c.write(ctx, k, func(sp *space) error {
		if _, there := sp.now().find(p); !there {
			switch {
			case c.assign == assignRefuses || !c.traits.AssignMayAdd:
				return refused(k, "not a member of the workspace")
			case c.assign == assignIgnores:
				return nil
			}
			if !c.knownInTenant(p) {
				return refused(k, "unknown principal")
			}
		}
		c.set(sp, p, k.gives(), k)
		return nil
	})
	return membership.Receipt{RequestID: "req-1"}, err
}

func (c *conn) knownInTenant(p principal) bool {
	return slices.ContainsFunc(c.people, func(q membership.Person) bool { return q.Principal.Fold() == p.Fold() })
}

func (c *conn) Add(ctx context.Context, id, role string, ps []principal) (membership.Receipt, error) {
	k := &call{op: "add", workspace: id, who: ps, role: role, enabled: true}
	err := c.write(ctx, k, func(sp *space) error {
		for _, p := range ps {
			if !c.knownInTenant(p) {
				return refused(k, "unknown principal")
			}
		}
		for _, p := range ps {
			if _, there := sp.now().find(p); !there {
				c.set(sp, p, k.gives(), k)
			}
		}
		return nil
	})
	return membership.Receipt{RequestID: "req-2"}, err
}

func (c *conn) Remove(ctx context.Context, id string, m member) (membership.Receipt, error) {
	k := &call{op: "remove", workspace: id, who: []principal{m.Principal}}
	err := c.write(ctx, k, func(sp *space) error {
		if _, there := sp.now().find(m.Principal); !there {
			return &membership.Error{Failure: membership.Gone, Op: k.String(), Status: 404, Message: "not a member"}
		}
		c.set(sp, m.Principal, nil, k)
		return nil
	})
	return membership.Receipt{RequestID: "req-3"}, err
}

func (c *conn) People(ctx context.Context, _ string) ([]membership.Person, error) {
	var out []membership.Person
	err := c.serve(ctx, &call{op: "people"}, func(mishapKind, time.Duration) error {
		out = slices.Clone(c.people)
		return nil
	})
	return out, err
}

func (c *conn) Self(ctx context.Context) (membership.Person, error) {
	err := c.serve(ctx, &call{op: "self"}, func(mishapKind, time.Duration) error { return nil })
	return membership.Person{Principal: user("key"), Email: "key@example.com"}, err
}
