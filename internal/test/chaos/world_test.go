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
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

const (
	// people are those of whom the first configuration makes use, guests those
	// of the second one, which is applied at the same time.
	people, guests = 8, 4
	groups         = 3
)

// The workspaces of each product. The first so many have additive resources.
const (
	shared = 2
	// whole is managed as a whole.
	whole = 2
	// pinned is the one where one resource each manages the lowest role and the
	// owner's.
	pinned     = 3
	workspaces = 4
)

// product is a product in the worlds.
type product struct{ products.Product }

// played are the products that are served; see TestMain.
var played []product

// shared are the workspaces with additive resources.
func (p product) shared() []string {
	var ids []string
	for n := range shared {
		ids = append(ids, p.Workspace(n))
	}
	return ids
}

func (p product) whole() string     { return p.Workspace(whole) }
func (p product) wholeAddr() string { return p.Whole.TypeName + ".all" }

// pinned is the workspace of the resources of one role.
func (p product) pinned() string { return p.Workspace(pinned) }

// pinnedRoles are the roles that have a resource each in the pinned workspace;
// none where the product has no such resource.
func (p product) pinnedRoles() []string {
	if p.OfRole == nil {
		return nil
	}
	return []string{p.Roles[0], p.Owner()}
}

func (p product) pinnedAddr(role string) string { return p.OfRole.TypeName + "." + role }

// besideAddr is the additive resource in the pinned workspace. It has a person
// of its own, with a role that nobody manages there, so that it clashes with
// nothing.
func (p product) besideAddr() string { return p.additive("beside") }

func (p product) additive(name string) string { return p.Additive.TypeName + "." + name }

const beside = people - 1

// exits are the values of on_destroy to choose from.
func (p product) exits() []any {
	exits := []any{nil, nil, p.Additive.Exit.Remove, "keep"}
	if p.Additive.Exit.Reassigns {
		exits = append(exits, "reassign")
	}
	return exits
}

// world is a service with people, and terraform beside it, once or twice.
type world struct {
	t   *testing.T
	rng *rand.Rand
	svc *mockservice.Running
	// tf has most of the configuration; other is another user's, with people of
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
	for _, p := range played {
		here := mockservice.Population{People: people + guests, Groups: groups}
		for n := range workspaces {
			here.Members = append(here.Members, map[string]string{p.Person(0): p.Owner(), p.Person(n + 1): p.Roles[0]})
		}
		mockservice.Populate(&s, p.Name, here)
		// Where the vendors' documents leave something open, the service decides by chance.
		for _, name := range slices.Sorted(maps.Keys(p.Open)) {
			p.set(t, &s, name, pick(rng, p.Open[name]...))
		}
	}
	// Nothing but the provider protects the last owner.
	lenient(t, &s)
	for _, change := range changes {
		change(&s)
	}
	svc := mockservice.StartTest(t, s, mockservice.WithWireCheck(false))

	w := &world{t: t, rng: rng, svc: svc, named: map[string]bool{}, tally: total}
	settings := protocol.Object{
		"last_owner_guard": protocol.Object{"handover_wait": "200ms"},
		"http":             protocol.Object{"max_retries": int64(3), "request_timeout": "5s"},
	}
	for _, p := range played {
		settings[p.Name] = p.SettingsFrom(svc.Env())
	}
	begin := func(seed uint64) *terraform {
		return &terraform{
			t: t, rng: rand.New(rand.NewPCG(seed, 2)), provider: settings, //nolint:gosec // as above
			config: map[string]resource{}, state: map[string]protocol.Instance{}, losses: w.losses,
		}
	}
	w.tf, w.other = begin(seed), begin(seed+1)
	for _, p := range played {
		// The authoritative resources begin with everybody who is there.
		if p.Whole != nil {
			members := protocol.Object{}
			for _, m := range w.members(p, p.whole()) {
				members[m.ID] = m.Roles[0]
			}
			attrs := protocol.Object{p.At(): p.whole(), "users": members}
			if p.Group != nil && rng.IntN(2) == 0 {
				attrs["groups"] = protocol.Object{}
			}
			w.tf.config[p.wholeAddr()] = resource{typ: p.Whole.TypeName, attrs: attrs}
		}
		// Those of one role begin with everybody who has it.
		for _, role := range p.pinnedRoles() {
			holders := []any{}
			for _, m := range w.members(p, p.pinned()) {
				if strings.EqualFold(m.Role(), role) {
					holders = append(holders, m.ID)
				}
			}
			w.pin(p, role, holders)
		}
		w.set(w.tf, p, p.besideAddr(), p.pinned(), mockservice.KindUser, p.Person(beside), p.Roles[1])
		// The additive ones begin with the owner and two more.
		for _, workspace := range p.shared() {
			for n, role := range []string{p.Owner(), p.Owner(), p.Roles[0]} {
				w.set(w.tf, p, p.additive(fmt.Sprintf("%s-%d", workspace, n)), workspace, mockservice.KindUser, p.Person(n*3), role)
			}
		}
	}
	for _, r := range w.tf.config {
		if _, ok := r.attrs["enabled"]; ok {
			r.attrs["enabled"] = true // a user who is not there cannot be created disabled
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
	return w.svc.Access(p.Name).Members(workspace)
}

func (w *world) note(event string) { w.events = append(w.events, event) }

// principal gives the principal that an additive resource names.
func principal(attrs protocol.Object) (kind, id string) {
	for _, p := range played {
		if kind, id = p.Named(attrs); id != "" {
			return kind, id
		}
	}
	return kind, id
}

// workspaceOf gives the workspace that attributes name.
func workspaceOf(attrs protocol.Object) string {
	for _, p := range played {
		if id, ok := attrs[p.At()].(string); ok {
			return id
		}
	}
	return ""
}

func place(workspace, kind, id string) string { return workspace + "/" + kind + "/" + id }

// holds tells whether a configuration or a state lays a hand on the principal.
func (tf *terraform) holds(at string) bool {
	fits := func(attrs protocol.Object) bool {
		kind, id := principal(attrs)
		return place(workspaceOf(attrs), kind, id) == at
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
	attrs := p.Principal(kind, id)
	maps.Copy(attrs, protocol.Object{p.At(): workspace, "role": role, "adopt_existing": w.rng.IntN(2) == 0, "on_destroy": pick(w.rng, p.exits()...)})
	if attrs["on_destroy"] == "reassign" {
		attrs["reassign_role"] = pick(w.rng, p.Roles...)
	}
	if p.Additive.Enabled != "" {
		attrs["enabled"] = w.rng.IntN(5) > 0
	}
	// What is known only at the apply escapes the plan's test for clashes, so a
	// principal who comes late is nobody else's.
	for other, r := range tf.config {
		if kind2, id2 := principal(r.attrs); other != slot && workspaceOf(r.attrs) == workspace && kind2 == kind && id2 == id && len(r.late) > 0 {
			return
		}
	}
	r := resource{typ: p.Additive.TypeName, attrs: attrs}
	if w.rng.IntN(5) == 0 {
		w.note("unknown role")
		r.late = append(r.late, "role")
	}
	if w.rng.IntN(5) == 0 && !tf.holds(place(workspace, kind, id)) {
		w.note("unknown principal")
		r.late = append(r.late, p.Additive.Key.Principal.Attribute)
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
	p := pick(w.rng, played...)
	switch n := w.rng.IntN(5); {
	case n == 0 && p.Whole != nil:
		w.changeWhole(p)
		return
	case n == 1 && p.OfRole != nil:
		w.changePinned(p)
		return
	}
	workspace := pick(w.rng, p.shared()...)
	address := func() string { return p.additive(fmt.Sprintf("%s-%d", workspace, w.rng.IntN(5))) }
	kind, id := mockservice.KindUser, p.Person(w.rng.IntN(people))
	if p.Group != nil && w.rng.IntN(5) == 0 {
		kind, id = mockservice.KindGroup, p.Group(w.rng.IntN(groups))
		w.note("group")
	}
	slot := address()
	switch w.rng.IntN(4) {
	case 0:
		w.note("removal")
		delete(w.tf.config, slot)
	case 1: // one comes and another goes
		w.note("handover")
		w.set(w.tf, p, slot, workspace, mockservice.KindUser, p.Person(w.rng.IntN(people)), p.Owner())
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
		w.set(w.tf, p, slot, workspace, kind, id, pick(w.rng, p.Roles...))
	}
}

// changeWhole changes who is in an authoritative resource.
func (w *world) changeWhole(p product) {
	w.note("authoritative")
	r := w.tf.config[p.wholeAddr()]
	r.attrs = maps.Clone(r.attrs)
	shuffle := func(name string, who func() string) {
		was, managed := r.attrs[name].(protocol.Object)
		if !managed {
			return
		}
		roles := maps.Clone(was)
		for range 1 + w.rng.IntN(3) {
			if id := who(); w.rng.IntN(3) == 0 {
				delete(roles, id)
			} else {
				roles[id] = pick(w.rng, p.Roles...)
			}
		}
		r.attrs[name] = roles
		if w.rng.IntN(6) == 0 {
			w.note("unknown map")
			r.late = []string{name}
		}
	}
	if w.rng.IntN(3) > 0 {
		shuffle("users", func() string { return p.Person(w.rng.IntN(people)) })
	}
	shuffle("groups", func() string { return p.Group(w.rng.IntN(groups)) })
	if w.rng.IntN(4) == 0 {
		r.attrs["ignore_users"] = []any{p.Person(people + w.rng.IntN(guests))}
	}
	w.tf.config[p.wholeAddr()] = r
}

// pin puts the resource of one role into the configuration.
func (w *world) pin(p product, role string, users []any) {
	attrs := protocol.Object{p.At(): p.pinned(), "role": role, "users": users}
	switch w.rng.IntN(3) {
	case 0:
		attrs["on_removal"] = p.OfRole.Removal.Remove
	case 1:
		if !p.OfRole.Removal.Reassigns {
			break
		}
		attrs["on_removal"], attrs["reassign_role"] = "reassign", p.Roles[1]
	}
	for _, id := range users {
		w.named[place(p.pinned(), mockservice.KindUser, id.(string))] = true //nolint:forcetypeassert // written above
	}
	w.tf.config[p.pinnedAddr(role)] = resource{typ: p.OfRole.TypeName, attrs: attrs}
}

// changePinned changes who has the roles that are managed by a resource each:
// people come, go, and move from one of them to the other.
func (w *world) changePinned(p product) {
	if w.rng.IntN(4) == 0 {
		w.note("beside one role")
		if _, ok := w.tf.config[p.besideAddr()]; ok {
			delete(w.tf.config, p.besideAddr())
		} else {
			w.set(w.tf, p, p.besideAddr(), p.pinned(), mockservice.KindUser, p.Person(beside), p.Roles[1])
		}
		return
	}
	w.note("one role")
	roles := map[string]string{}
	for _, role := range p.pinnedRoles() {
		users, _ := w.tf.config[p.pinnedAddr(role)].attrs["users"].([]any)
		for _, id := range users {
			roles[id.(string)] = role //nolint:forcetypeassert // see pin
		}
	}
	for range 1 + w.rng.IntN(3) {
		id := p.Person(w.rng.IntN(beside))
		was, named := roles[id]
		switch to := pick(w.rng, p.pinnedRoles()...); {
		case named && w.rng.IntN(3) == 0:
			delete(roles, id)
		default:
			if named && was != to {
				w.note("moved to another role")
			}
			roles[id] = to
		}
	}
	for _, role := range p.pinnedRoles() {
		users := []any{}
		for _, id := range slices.Sorted(maps.Keys(roles)) {
			if roles[id] == role {
				users = append(users, id)
			}
		}
		w.pin(p, role, users)
	}
}

// meddle changes something behind the provider's back, and never takes an
// owner away.
func (w *world) meddle() {
	p := pick(w.rng, played...)
	workspace := p.Workspace(w.rng.IntN(workspaces))
	id := p.Person(1 + w.rng.IntN(people-1))
	if workspace == p.pinned() && id == p.Person(beside) {
		return
	}
	for _, m := range w.members(p, workspace) {
		if m.ID == id && strings.EqualFold(m.Role(), p.Owner()) {
			return
		}
	}
	w.note("meddling")
	role := pick(w.rng, p.Roles...)
	if workspace == p.pinned() && slices.Contains(p.pinnedRoles(), role) {
		w.named[place(workspace, mockservice.KindUser, id)] = true // as a holder
	}
	to := mockservice.Member{Kind: mockservice.KindUser, ID: id, Roles: []string{role}, Enabled: true}
	switch away := w.rng.IntN(3) == 0; {
	case away && p.Additive.Enabled == "":
		_ = w.svc.Access(p.Name).Remove(workspace, to.Kind, id) // may not be there
		return
	case away:
		to.Enabled = false
	}
	w.svc.Must(w.svc.Access(p.Name).SetMember(workspace, to))
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
		f.RateLimit = map[string]mockservice.RateLimit{pick(w.rng, played...).Name: limit}
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
		asWhole := slices.ContainsFunc(played, func(p product) bool { return p.Whole != nil && p.whole() == wr.Workspace })
		if !asWhole && !w.named[at] {
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
			if workspaceOf(r.attrs) != wr.Workspace {
				continue
			}
			roles, _ := r.attrs[wr.Kind+"s"].(protocol.Object)
			if users, _ := r.attrs[wr.Kind+"s"].([]any); roles[wr.Principal] != nil || slices.Contains(users, any(wr.Principal)) {
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
		workspace := workspaceOf(i.State)
		for _, p := range played {
			there := map[string]string{}
			for _, m := range w.members(p, workspace) {
				if m.Enabled || i.Type == p.Additive.TypeName {
					there[m.Kind+"/"+m.ID] = strings.ToLower(m.Role()) + map[bool]string{false: " (disabled)"}[m.Enabled]
				}
			}
			claim := func(kind, id string, role any, disabled string) {
				text, _ := role.(string)
				if got, want := there[kind+"/"+id], strings.ToLower(text)+disabled; got != want {
					w.t.Errorf("the state of %s claims %s/%s with %q in %s, and there it is %q", addr, kind, id, want, workspace, got)
				}
			}
			switch {
			case i.Type == p.Additive.TypeName:
				kind, id := principal(i.State)
				claim(kind, id, i.State["role"], map[bool]string{true: " (disabled)"}[i.State["enabled"] == false])
			case p.OfRole != nil && i.Type == p.OfRole.TypeName:
				users, _ := i.State["users"].([]any)
				for _, user := range users {
					id, _ := user.(string)
					if !slices.ContainsFunc(alone[addr], func(warning string) bool { return strings.Contains(warning, id) }) {
						claim(mockservice.KindUser, id, i.State["role"], "")
					}
				}
			case p.Whole != nil && i.Type == p.Whole.TypeName:
				for _, kind := range []string{mockservice.KindUser, mockservice.KindGroup} {
					roles, _ := i.State[kind+"s"].(protocol.Object)
					for id, role := range roles {
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
	for _, p := range played {
		for _, workspace := range p.shared() {
			for n := range 2 {
				w.named[place(workspace, mockservice.KindUser, p.Person(n))] = true
				w.tf.config[p.additive(fmt.Sprintf("%s-legal-%d", workspace, n))] = p.adopting(workspace, p.Person(n), p.Owner())
			}
		}
		if p.Whole != nil {
			attrs := protocol.Object{p.At(): p.whole(), "users": protocol.Object{p.Person(0): p.Owner(), p.Person(1): p.Owner()}}
			w.tf.config[p.wholeAddr()] = resource{typ: p.Whole.TypeName, attrs: attrs}
		}
		if p.OfRole != nil {
			w.pin(p, p.Owner(), []any{p.Person(0), p.Person(1)})
			w.pin(p, p.Roles[0], []any{})
		}
	}
}

// adopting is an additive resource that takes over the role a user has.
func (p product) adopting(workspace, id, role string) resource {
	attrs := p.Binding(workspace, id, role)
	attrs["adopt_existing"] = true
	return resource{typ: p.Additive.TypeName, attrs: attrs}
}
