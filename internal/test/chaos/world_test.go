package chaos

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

const (
	// people are those of whom the first configuration makes use, guests those
	// of the second one, which is applied at the same time.
	people, guests = 8, 4
	groups         = 3
	customRole     = "Incident Commander"
)

// product is what the worlds need to know of each product.
type product struct {
	name       string
	additive   string
	whole      string
	ofRole     string
	roles      []string // the owner's last
	workspaces []string // the last one is managed as a whole
	// pinned is the workspace where one resource each manages the lowest role and
	// the owner's.
	pinned  string
	exits   []any
	removal string // what a holder gets who is no longer named
	person  func(n int) string
}

var products = []product{
	{
		name: mockblink.Name, additive: "roster_blink_workspace_role_binding", whole: "roster_blink_workspace_role_bindings", ofRole: "roster_blink_workspace_role_members",
		roles: []string{"viewer", "contributor", customRole, "owner"}, workspaces: []string{"w-1", "w-2", "w-whole"}, pinned: "w-pinned",
		exits: []any{nil, nil, "remove", "keep", "reassign"}, removal: "remove",
		person: func(n int) string { return fmt.Sprintf("u-%d", n) },
	},
	{
		name: mockblazemeter.Name, additive: "roster_blazemeter_workspace_user", whole: "roster_blazemeter_workspace_users", ofRole: "roster_blazemeter_workspace_role_members",
		roles: []string{"viewer", "tester", "manager"}, workspaces: []string{"901", "902", "903"}, pinned: "904",
		exits: []any{nil, nil, "disable", "keep"}, removal: "disable",
		person: func(n int) string { return fmt.Sprint(5000 + n) },
	},
}

// Everything that is served takes part.
func TestEveryResourceTakesPart(t *testing.T) {
	for _, served := range protocol.Resources(t) {
		if !slices.ContainsFunc(products, func(p product) bool { return p.additive == served || p.whole == served || p.ofRole == served }) {
			t.Errorf("%s is not among the products of the worlds", served)
		}
	}
}

func (p product) owner() string { return p.roles[len(p.roles)-1] }
func (p product) wholeWorkspace() string {
	return p.workspaces[len(p.workspaces)-1]
}
func (p product) wholeAddr() string { return p.whole + ".all" }

// pinnedRoles are the roles that have a resource each in the pinned workspace.
func (p product) pinnedRoles() []string { return []string{p.roles[0], p.owner()} }

func (p product) pinnedAddr(role string) string { return p.ofRole + "." + role }

// besideAddr is the additive resource in the pinned workspace. It has a person
// of its own, with a role that nobody manages there, so that it clashes with
// nothing.
func (p product) besideAddr() string { return p.additive + ".beside" }

const beside = people - 1

// world is a service with people, and terraform beside it, once or twice.
type world struct {
	t   *testing.T
	rng *rand.Rand
	svc *mockservice.Running
	// tf has most of the configuration; other is somebody else's, with people of
	// its own in the same workspaces.
	tf, other *terraform
	// named are those whom a configuration of additive resources ever named.
	named map[string]bool
	// judged counts the writes that have been looked at.
	judged int
	// counted counts those that are in the tally.
	counted int
	tally   *tally
	// what happened in this cycle, for the table.
	events []string
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

func newWorld(t *testing.T, seed uint64, total *tally, changes ...func(*mockservice.Seed)) *world {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a run has to be repeatable
	var s mockservice.Seed
	blink, blaze := mockblink.SeedOf(&s), mockblazemeter.SeedOf(&s)
	blink.Keys = []mockblink.Key{{Key: "chaos-key", User: "u-robot"}}
	blink.Roles = []string{customRole}
	blink.Users = []mockblink.User{{ID: "u-robot", Email: "robot@example.com", Role: "Admin"}}
	blaze.Keys = []mockblazemeter.Key{{ID: "chaos-id", Secret: "chaos-secret", User: 1}}
	blaze.Users = []mockblazemeter.User{{ID: 1, Email: "robot@example.com"}}
	account := mockblazemeter.Account{ID: 77, Name: "Chaos", Users: []mockblazemeter.AccountUser{{ID: 1, Roles: []string{"admin"}}}}
	for n := range people + guests {
		email := fmt.Sprintf("person%d@example.com", n)
		blink.Users = append(blink.Users, mockblink.User{ID: fmt.Sprintf("u-%d", n), Email: email})
		blaze.Users = append(blaze.Users, mockblazemeter.User{ID: int64(5000 + n), Email: email})
		account.Users = append(account.Users, mockblazemeter.AccountUser{ID: int64(5000 + n)})
	}
	for n := range groups {
		blink.Groups = append(blink.Groups, mockblink.Group{ID: fmt.Sprintf("g-%d", n), Name: fmt.Sprintf("Group %d", n), Members: []string{"u-1"}})
	}
	blaze.Accounts = []mockblazemeter.Account{account}
	for i, id := range append(slices.Clone(products[0].workspaces), products[0].pinned) {
		blink.Workspaces = append(blink.Workspaces, mockblink.Workspace{ID: id, DisplayName: "Team " + id, Users: map[string]string{"u-0": "owner", fmt.Sprintf("u-%d", i+1): "viewer"}})
	}
	for i := range append(slices.Clone(products[1].workspaces), products[1].pinned) {
		blaze.Workspaces = append(blaze.Workspaces, mockblazemeter.Workspace{
			ID: int64(901 + i), Name: fmt.Sprintf("Load %d", i), Account: 77,
			Users: []mockblazemeter.WorkspaceUser{{ID: 5000, Role: "manager"}, {ID: int64(5001 + i), Role: "viewer"}},
		})
	}
	// Nothing but the provider protects the last owner. Where the vendors'
	// documents leave something open, the service decides by chance.
	lenient(&s)
	how := mockblink.BehaviourOf(&s)
	how.AssignNonMember = pick(rng, "add", "add", "refuse", "ignore")
	how.RemoveNonMember = pick(rng, "refuse", "404", "ok")
	how.RoleCase = pick(rng, "as_sent", "capitalised")
	how.AddWithRole = pick(rng, "heed", "ignore")
	pages := mockblazemeter.BehaviourOf(&s)
	pages.MaxPageSize = pick(rng, 50, 3, 1)
	pages.AddDisabled = pick(rng, "refuse", "enable", "ignore")
	pages.Total = pick(rng, "number", "number", "string")
	pages.ListResult = pick(rng, "array", "object")
	for _, change := range changes {
		change(&s)
	}
	svc := mockservice.StartTest(t, s, mockservice.WithWireCheck(false))

	w := &world{t: t, rng: rng, svc: svc, named: map[string]bool{}, tally: total}
	settings := protocol.Object{
		"blink":            protocol.Object{"endpoint": svc.Endpoint(mockblink.Name), "api_key": "chaos-key"},
		"blazemeter":       protocol.Object{"endpoint": svc.Endpoint(mockblazemeter.Name), "api_key_id": "chaos-id", "api_key_secret": "chaos-secret"},
		"last_owner_guard": protocol.Object{"handover_wait": "200ms"},
		"http":             protocol.Object{"max_retries": int64(3), "request_timeout": "5s"},
	}
	begin := func(seed uint64) *terraform {
		return &terraform{
			t: t, rng: rand.New(rand.NewPCG(seed, 2)), provider: settings, //nolint:gosec // as above
			config: map[string]resource{}, state: map[string]protocol.Instance{}, losses: w.losses,
		}
	}
	w.tf, w.other = begin(seed), begin(seed+1)
	// The authoritative resources begin with everybody who is there.
	for _, p := range products {
		members := protocol.Object{}
		for _, m := range w.members(p, p.wholeWorkspace()) {
			members[m.ID] = m.Roles[0]
		}
		attrs := protocol.Object{"workspace_id": p.wholeWorkspace(), "users": members}
		if p.name == mockblink.Name && rng.IntN(2) == 0 {
			attrs["groups"] = protocol.Object{}
		}
		w.tf.config[p.wholeAddr()] = resource{typ: p.whole, attrs: attrs}
		// Those of one role begin with everybody who has it.
		for _, role := range p.pinnedRoles() {
			holders := []any{}
			for _, m := range w.members(p, p.pinned) {
				if strings.EqualFold(m.Role(), role) {
					holders = append(holders, m.ID)
				}
			}
			w.pin(p, role, holders)
		}
		w.set(w.tf, p, p.besideAddr(), p.pinned, mockservice.KindUser, p.person(beside), p.roles[1])
		// The additive ones begin with the owner and two more.
		for _, workspace := range p.workspaces[:len(p.workspaces)-1] {
			for n, role := range []string{p.owner(), p.owner(), p.roles[0]} {
				w.set(w.tf, p, fmt.Sprintf("%s.%s-%d", p.additive, workspace, n), workspace, mockservice.KindUser, p.person(n*3), role)
			}
		}
	}
	for _, r := range w.tf.config {
		if _, ok := r.attrs["enabled"]; ok {
			r.attrs["enabled"] = true // somebody who is not there cannot be created disabled
		}
	}
	w.events = nil
	return w
}

// knowAll makes everything known that was not.
func (tf *terraform) knowAll() {
	for addr, r := range tf.config {
		r.late = nil
		tf.config[addr] = r
	}
}

// losses counts the writes that took an owner out.
func (w *world) losses() int {
	n := 0
	for _, wr := range w.svc.Writes() {
		if wr.OwnersAfter < wr.OwnersBefore {
			n++
		}
	}
	return n
}

// members gives who has access to a workspace, by the true state.
func (w *world) members(p product, workspace string) []mockservice.Member {
	if p.name == mockblink.Name {
		return mockblink.Of(w.svc).Members(workspace)
	}
	return mockblazemeter.Of(w.svc).Members(workspace)
}

func (w *world) note(event string) { w.events = append(w.events, event) }

// principal gives the principal that an additive resource names.
func principal(attrs protocol.Object) (kind, id string) {
	if kind, ok := attrs["entity_type"].(string); ok {
		id, _ = attrs["entity_id"].(string)
		return kind, id
	}
	id, _ = attrs["user_id"].(string)
	return mockservice.KindUser, id
}

func place(workspace, kind, id string) string { return workspace + "/" + kind + "/" + id }

// holds tells whether a configuration or a state lays a hand on the principal.
func (tf *terraform) holds(at string) bool {
	fits := func(attrs protocol.Object) bool {
		kind, id := principal(attrs)
		workspace, _ := attrs["workspace_id"].(string)
		return place(workspace, kind, id) == at
	}
	for _, r := range tf.config {
		if fits(r.attrs) {
			return true
		}
	}
	for _, i := range tf.state {
		if fits(i.State) {
			return true
		}
	}
	return false
}

// set puts one additive resource into a configuration.
func (w *world) set(tf *terraform, p product, slot, workspace, kind, id, role string) {
	attrs := protocol.Object{"workspace_id": workspace, "role": role, "adopt_existing": w.rng.IntN(2) == 0, "on_destroy": pick(w.rng, p.exits...)}
	if p.name == mockblink.Name {
		attrs["entity_type"], attrs["entity_id"] = kind, id
		if attrs["on_destroy"] == "reassign" {
			attrs["reassign_role"] = pick(w.rng, p.roles...)
		}
	} else {
		attrs["user_id"], attrs["enabled"] = id, w.rng.IntN(5) > 0
	}
	// What is known only at the apply escapes the plan's test for clashes, so a
	// principal who comes late is nobody else's.
	for other, r := range tf.config {
		if kind2, id2 := principal(r.attrs); other != slot && r.attrs["workspace_id"] == workspace && kind2 == kind && id2 == id && len(r.late) > 0 {
			return
		}
	}
	r := resource{typ: p.additive, attrs: attrs}
	if w.rng.IntN(5) == 0 {
		w.note("unknown role")
		r.late = append(r.late, "role")
	}
	if w.rng.IntN(5) == 0 && !tf.holds(place(workspace, kind, id)) {
		w.note("unknown principal")
		r.late = append(r.late, map[bool]string{true: "entity_id", false: "user_id"}[p.name == mockblink.Name])
	}
	w.named[place(workspace, kind, id)] = true
	tf.config[slot] = r
}

// change makes one random change of the configuration and gives the way back.
func (w *world) change() (undo func()) {
	w.tf.knowAll()
	before := maps.Clone(w.tf.config)
	undo = func() { w.tf.config = before }
	for range 1 + w.rng.IntN(2) {
		w.changeOne()
	}
	return undo
}

func (w *world) changeOne() {
	before := maps.Clone(w.tf.config)
	p := pick(w.rng, products...)
	switch w.rng.IntN(5) {
	case 0:
		w.changeWhole(p)
		return
	case 1:
		w.changePinned(p)
		return
	}
	workspace := p.workspaces[w.rng.IntN(len(p.workspaces)-1)]
	address := func() string {
		return fmt.Sprintf("%s.%s-%d", p.additive, workspace, w.rng.IntN(5))
	}
	kind, id := mockservice.KindUser, p.person(w.rng.IntN(people))
	if p.name == mockblink.Name && w.rng.IntN(5) == 0 {
		kind, id = mockservice.KindGroup, fmt.Sprintf("g-%d", w.rng.IntN(groups))
		w.note("group")
	}
	slot := address()
	switch w.rng.IntN(4) {
	case 0:
		w.note("removal")
		delete(w.tf.config, slot)
	case 1: // one comes and another goes
		w.note("handover")
		w.set(w.tf, p, slot, workspace, mockservice.KindUser, p.person(w.rng.IntN(people)), p.owner())
		delete(w.tf.config, address())
	default:
		if was, ok := before[slot]; ok {
			if k, i := principal(was.attrs); k != kind || i != id {
				w.note("changed principal")
			} else {
				w.note("changed role")
			}
		} else {
			w.note("creation")
		}
		w.set(w.tf, p, slot, workspace, kind, id, pick(w.rng, p.roles...))
	}
}

// changeWhole changes who stands in an authoritative resource.
func (w *world) changeWhole(p product) {
	w.note("authoritative")
	r := w.tf.config[p.wholeAddr()]
	r.attrs = maps.Clone(r.attrs)
	shuffle := func(name string, who func() string) {
		was, managed := r.attrs[name].(protocol.Object)
		if !managed {
			return
		}
		seats := maps.Clone(was)
		for range 1 + w.rng.IntN(3) {
			if id := who(); w.rng.IntN(3) == 0 {
				delete(seats, id)
			} else {
				seats[id] = pick(w.rng, p.roles...)
			}
		}
		r.attrs[name] = seats
		if w.rng.IntN(6) == 0 {
			w.note("unknown map")
			r.late = []string{name}
		}
	}
	if w.rng.IntN(3) > 0 {
		shuffle("users", func() string { return p.person(w.rng.IntN(people)) })
	}
	shuffle("groups", func() string { return fmt.Sprintf("g-%d", w.rng.IntN(groups)) })
	if w.rng.IntN(4) == 0 {
		r.attrs["ignore_users"] = []any{p.person(people + w.rng.IntN(guests))}
	}
	w.tf.config[p.wholeAddr()] = r
}

// pin puts the resource of one role into the configuration.
func (w *world) pin(p product, role string, users []any) {
	attrs := protocol.Object{"workspace_id": p.pinned, "role": role, "users": users}
	switch w.rng.IntN(3) {
	case 0:
		attrs["on_removal"] = p.removal
	case 1:
		attrs["on_removal"], attrs["reassign_role"] = "reassign", p.roles[1]
	}
	for _, id := range users {
		w.named[place(p.pinned, mockservice.KindUser, id.(string))] = true //nolint:forcetypeassert // written above
	}
	w.tf.config[p.pinnedAddr(role)] = resource{typ: p.ofRole, attrs: attrs}
}

// changePinned changes who has the roles that are managed by a resource each:
// people come, go, and move from one of them to the other.
func (w *world) changePinned(p product) {
	if w.rng.IntN(4) == 0 {
		w.note("beside one role")
		if _, ok := w.tf.config[p.besideAddr()]; ok {
			delete(w.tf.config, p.besideAddr())
		} else {
			w.set(w.tf, p, p.besideAddr(), p.pinned, mockservice.KindUser, p.person(beside), p.roles[1])
		}
		return
	}
	w.note("one role")
	seats := map[string]string{}
	for _, role := range p.pinnedRoles() {
		users, _ := w.tf.config[p.pinnedAddr(role)].attrs["users"].([]any)
		for _, id := range users {
			seats[id.(string)] = role //nolint:forcetypeassert // see pin
		}
	}
	for range 1 + w.rng.IntN(3) {
		id := p.person(w.rng.IntN(beside))
		was, named := seats[id]
		switch to := pick(w.rng, p.pinnedRoles()...); {
		case named && w.rng.IntN(3) == 0:
			delete(seats, id)
		default:
			if named && was != to {
				w.note("moved to another role")
			}
			seats[id] = to
		}
	}
	for _, role := range p.pinnedRoles() {
		users := []any{}
		for _, id := range slices.Sorted(maps.Keys(seats)) {
			if seats[id] == role {
				users = append(users, id)
			}
		}
		w.pin(p, role, users)
	}
}

// meddle changes something behind the provider's back, and never takes an
// owner away.
func (w *world) meddle() {
	p := pick(w.rng, products...)
	workspace := pick(w.rng, append(slices.Clone(p.workspaces), p.pinned)...)
	id := p.person(1 + w.rng.IntN(people-1))
	if workspace == p.pinned && id == p.person(beside) {
		return
	}
	for _, m := range w.members(p, workspace) {
		if m.ID == id && strings.EqualFold(m.Role(), p.owner()) {
			return
		}
	}
	w.note("meddling")
	role := pick(w.rng, p.roles...)
	if workspace == p.pinned && slices.Contains(p.pinnedRoles(), role) {
		w.named[place(workspace, mockservice.KindUser, id)] = true // as a holder
	}
	switch {
	case p.name == mockblink.Name && w.rng.IntN(3) == 0:
		_ = mockblink.Of(w.svc).Remove(workspace, mockservice.KindUser, id) // may not be there
	case p.name == mockblink.Name:
		w.svc.Must(mockblink.Of(w.svc).SetRole(workspace, mockservice.KindUser, id, role))
	default:
		w.svc.Must(mockblazemeter.Of(w.svc).Set(workspace, id, w.rng.IntN(3) > 0, role))
	}
}

// lag is how far the reads of a service stay behind its writes.
const lag = 200 * time.Millisecond

// disturb sets random faults.
func (w *world) disturb() {
	var f mockservice.Faults
	f.Seed = w.rng.Uint64()
	for _, r := range []mockservice.Fault{
		{Kind: mockservice.FaultStatus, Status: 429, Probability: 0.05},
		{Kind: mockservice.FaultStatus, Status: 429, RetryAfter: "1", Probability: 0.02},
		{Kind: mockservice.FaultStatus, Status: 503, Probability: 0.05},
		{Kind: mockservice.FaultReset, Probability: 0.05},
		{Kind: mockservice.FaultLost, Probability: 0.1},
		{Kind: mockservice.FaultCut, Probability: 0.05},
		{Kind: mockservice.FaultBlank, Probability: 0.03},
		{Kind: mockservice.FaultLag, Delay: mockservice.Duration(lag), Probability: 0.3},
		{Kind: mockservice.FaultShift, Probability: 0.05},
		{Kind: mockservice.FaultTotal, Probability: 0.03},
		{Kind: mockservice.FaultLateAnswer, Delay: mockservice.Duration(50 * time.Millisecond), Probability: 0.2},
		{Kind: mockservice.FaultDrip, Delay: mockservice.Duration(2 * time.Millisecond), Probability: 0.05},
		{Kind: mockservice.FaultHTML, Probability: 0.02},
		{Kind: mockservice.FaultErrorIn200, Probability: 0.02},
	} {
		if w.rng.IntN(3) == 0 {
			f.Rules = append(f.Rules, r)
		}
	}
	if w.rng.IntN(4) == 0 { // a storm of 429
		limit := mockservice.RateLimit{PerSecond: 20, Burst: 3, RetryAfter: pick(w.rng, "", "1")}
		f.RateLimit = map[string]mockservice.RateLimit{pick(w.rng, products...).name: limit}
	}
	w.svc.Must(w.svc.SetFaults(f))
}

func (w *world) calm() { w.svc.Must(w.svc.SetFaults(mockservice.Faults{})) }

// dump shows what led to a failure.
func (w *world) dump(tf *terraform) {
	w.t.Helper()
	for _, addr := range slices.Sorted(maps.Keys(tf.config)) {
		w.t.Logf("configuration %s: %v late %v", addr, tf.config[addr].attrs, tf.config[addr].late)
	}
	for _, wr := range w.svc.Writes()[w.judged:] {
		w.t.Logf("write %s %s %s/%s %s: %q -> %q %s, owners %d -> %d, answer lost: %v", wr.At.Format("05.000"), wr.Call, wr.Kind, wr.Principal, wr.Workspace, wr.From, wr.To, wr.Outcome, wr.OwnersBefore, wr.OwnersAfter, wr.AnswerLost)
	}
}

// judge checks what must hold at any time, of the writes that came since.
func (w *world) judge() {
	w.t.Helper()
	writes := w.svc.Writes()
	for _, wr := range writes[w.judged:] {
		if wr.OwnersAfter < wr.OwnersBefore && wr.OwnersAfter < 1 {
			w.t.Errorf("a write took the last owner out: %+v", wr)
		}
		at := place(wr.Workspace, wr.Kind, wr.Principal)
		whole := slices.ContainsFunc(products, func(p product) bool { return p.wholeWorkspace() == wr.Workspace })
		if !whole && !w.named[at] {
			w.t.Errorf("somebody was touched whom no configuration names: %+v", wr)
		}
		if wr.Outcome == mockservice.OutcomeApplied && (wr.To == "" || strings.HasSuffix(wr.To, "(disabled)")) && w.kept(wr) {
			w.t.Errorf("somebody lost the access whom the configuration names: %+v", wr)
		}
		if wr.Repeated {
			w.t.Errorf("a write was sent again that had been applied: %+v", wr)
		}
	}
	w.judged = len(writes)
	if calls := w.svc.Undocumented(); len(calls) > 0 {
		w.t.Errorf("undocumented calls: %s", calls)
	}
}

// kept tells whether a configuration that is being applied gives the principal
// of a write an access.
func (w *world) kept(wr mockservice.Write) bool {
	for _, tf := range []*terraform{w.tf, w.other} {
		for _, r := range tf.config {
			if r.attrs["workspace_id"] != wr.Workspace {
				continue
			}
			seats, _ := r.attrs[wr.Kind+"s"].(protocol.Object)
			if users, _ := r.attrs[wr.Kind+"s"].([]any); seats[wr.Principal] != nil || slices.Contains(users, any(wr.Principal)) {
				return true
			}
			if kind, id := principal(r.attrs); kind == wr.Kind && id == wr.Principal && r.attrs["enabled"] != false {
				return true
			}
		}
	}
	return false
}

// truthful checks that the state claims nothing that is not there, but for
// those of whom a warning said that they are left alone: Terraform takes no
// state that differs from its plan, and shows them in the next one.
func (w *world) truthful(tf *terraform, addrs []string, alone map[string][]string) {
	w.t.Helper()
	for _, addr := range addrs {
		i := tf.state[addr]
		workspace, _ := i.State["workspace_id"].(string)
		for _, p := range products {
			there := map[string]string{}
			for _, m := range w.members(p, workspace) {
				if m.Enabled || i.Type == p.additive {
					there[m.Kind+"/"+m.ID] = strings.ToLower(m.Role()) + map[bool]string{false: " (disabled)"}[m.Enabled]
				}
			}
			claim := func(kind, id string, role any, disabled string) {
				text, _ := role.(string)
				if got, want := there[kind+"/"+id], strings.ToLower(text)+disabled; got != want {
					w.t.Errorf("the state of %s claims %s/%s with %q in %s, and there it is %q", addr, kind, id, want, workspace, got)
				}
			}
			switch i.Type {
			case p.additive:
				kind, id := principal(i.State)
				claim(kind, id, i.State["role"], map[bool]string{true: " (disabled)"}[i.State["enabled"] == false])
			case p.ofRole:
				users, _ := i.State["users"].([]any)
				for _, user := range users {
					id, _ := user.(string)
					if !slices.ContainsFunc(alone[addr], func(warning string) bool { return strings.Contains(warning, id) }) {
						claim(mockservice.KindUser, id, i.State["role"], "")
					}
				}
			case p.whole:
				for _, kind := range []string{mockservice.KindUser, mockservice.KindGroup} {
					seats, _ := i.State[kind+"s"].(protocol.Object)
					for id, role := range seats {
						if !slices.ContainsFunc(alone[addr], func(warning string) bool { return strings.Contains(warning, id) }) {
							claim(kind, id, role, "")
						}
					}
				}
			}
		}
	}
}

// legal is a configuration that can be reached from anywhere: nobody is
// managed any more but the first two people, as owners.
func (w *world) legal() {
	clear(w.tf.config)
	clear(w.other.config)
	for _, p := range products {
		for _, workspace := range p.workspaces[:len(p.workspaces)-1] {
			for n := range 2 {
				attrs := protocol.Object{"workspace_id": workspace, "role": p.owner(), "adopt_existing": true}
				if p.name == mockblink.Name {
					attrs["entity_type"], attrs["entity_id"] = mockservice.KindUser, p.person(n)
				} else {
					attrs["user_id"] = p.person(n)
				}
				w.named[place(workspace, mockservice.KindUser, p.person(n))] = true
				w.tf.config[fmt.Sprintf("%s.%s-legal-%d", p.additive, workspace, n)] = resource{typ: p.additive, attrs: attrs}
			}
		}
		attrs := protocol.Object{"workspace_id": p.wholeWorkspace(), "users": protocol.Object{p.person(0): p.owner(), p.person(1): p.owner()}}
		w.tf.config[p.wholeAddr()] = resource{typ: p.whole, attrs: attrs}
		w.pin(p, p.owner(), []any{p.person(0), p.person(1)})
		w.pin(p, p.roles[0], []any{})
	}
}
