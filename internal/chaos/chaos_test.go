// Package chaos plays bad days against the provider: random configurations of
// both products, random changes, people who come and go behind its back,
// services that fail, and processes that are killed. Everything runs in one
// process over the plugin protocol; a seed repeats a run.
package chaos

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/acctest/protocol"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
)

var (
	seedFlag   = flag.Uint64("seed", 0, "repeat the run with this seed; 0 takes a new one for each")
	worldsFlag = flag.Int("worlds", 6, "how many worlds to play")
	cyclesFlag = flag.Int("cycles", 5, "how many changes to play in each world")
)

const people = 8

// product is what the worlds need to know of each product.
type product struct {
	name       mockservice.Product
	additive   string
	whole      string
	roles      []string // the owner's last
	workspaces []string // the last one is managed as a whole
	person     func(n int) string
}

var products = []product{
	{
		name: mockservice.ProductBlink, additive: "roster_blink_workspace_role_binding", whole: "roster_blink_workspace_role_bindings",
		roles: []string{"viewer", "contributor", "owner"}, workspaces: []string{"w-1", "w-2", "w-whole"},
		person: func(n int) string { return fmt.Sprintf("u-%d", n) },
	},
	{
		name: mockservice.ProductBlazeMeter, additive: "roster_blazemeter_workspace_user", whole: "roster_blazemeter_workspace_users",
		roles: []string{"viewer", "tester", "manager"}, workspaces: []string{"901", "902", "903"},
		person: func(n int) string { return fmt.Sprint(5000 + n) },
	},
}

func (p product) owner() string { return p.roles[len(p.roles)-1] }
func (p product) wholeWorkspace() string {
	return p.workspaces[len(p.workspaces)-1]
}

// world is a service with people, and a terraform beside it.
type world struct {
	t   *testing.T
	rng *rand.Rand
	svc *mockservice.Running
	tf  *terraform
	// named are those whom a configuration of additive resources ever named.
	named map[string]bool
	// whole holds the maps of the authoritative resources.
	whole map[string]map[string]string
	stats map[string]int
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a run has to be repeatable
	var s mockservice.Seed
	s.Blink.Keys = []mockservice.BlinkKey{{Key: "chaos-key", User: "u-robot"}}
	s.Blink.Users = []mockservice.BlinkUser{{ID: "u-robot", Email: "robot@example.com", Role: "Admin"}}
	s.BlazeMeter.Keys = []mockservice.BlazeMeterKey{{ID: "chaos-id", Secret: "chaos-secret", User: 1}}
	s.BlazeMeter.Users = []mockservice.BlazeMeterUser{{ID: 1, Email: "robot@example.com"}}
	account := mockservice.BlazeMeterAccount{ID: 77, Name: "Chaos", Users: []mockservice.BlazeMeterAccountUser{{ID: 1, Roles: []string{"admin"}}}}
	for n := range people {
		email := fmt.Sprintf("person%d@example.com", n)
		s.Blink.Users = append(s.Blink.Users, mockservice.BlinkUser{ID: fmt.Sprintf("u-%d", n), Email: email})
		s.BlazeMeter.Users = append(s.BlazeMeter.Users, mockservice.BlazeMeterUser{ID: int64(5000 + n), Email: email})
		account.Users = append(account.Users, mockservice.BlazeMeterAccountUser{ID: int64(5000 + n)})
	}
	s.BlazeMeter.Accounts = []mockservice.BlazeMeterAccount{account}
	for i, id := range products[0].workspaces {
		s.Blink.Workspaces = append(s.Blink.Workspaces, mockservice.BlinkWorkspace{ID: id, DisplayName: "Team " + id, Users: map[string]string{"u-0": "owner", fmt.Sprintf("u-%d", i+1): "viewer"}})
	}
	for i := range products[1].workspaces {
		s.BlazeMeter.Workspaces = append(s.BlazeMeter.Workspaces, mockservice.BlazeMeterWorkspace{
			ID: int64(901 + i), Name: fmt.Sprintf("Load %d", i), Account: 77,
			Users: []mockservice.BlazeMeterWorkspaceUser{{ID: 5000, Role: "manager"}, {ID: int64(5001 + i), Role: "viewer"}},
		})
	}
	s.Behaviour.Blink.AssignLastOwner, s.Behaviour.Blink.RemoveLastOwner = "allow", "allow"
	s.Behaviour.Blink.AssignNonMember = []string{"add", "add", "refuse", "ignore"}[rng.IntN(4)]
	s.Behaviour.BlazeMeter.MaxPageSize = []int{50, 3, 1}[rng.IntN(3)]
	svc := mockservice.StartTest(t, s, mockservice.WithWireCheck(false))
	svc.Setenv()
	w := &world{t: t, rng: rng, svc: svc, named: map[string]bool{}, whole: map[string]map[string]string{}, stats: map[string]int{}}
	w.tf = &terraform{
		t: t, rng: rng, guard: protocol.Object{"handover_wait": "150ms"},
		config: map[string]resource{}, state: map[string]protocol.Instance{},
	}
	// The authoritative resources begin with everybody who is there.
	for _, p := range products {
		members := map[string]string{}
		for _, m := range w.members(p, p.wholeWorkspace()) {
			members[m.ID] = m.Roles[0]
		}
		w.setWhole(p, members)
	}
	return w
}

func (w *world) members(p product, workspace string) []mockservice.Member {
	if p.name == mockservice.ProductBlink {
		return w.svc.Blink().Members(workspace)
	}
	return slices.DeleteFunc(w.svc.BlazeMeter().Members(workspace), func(m mockservice.Member) bool { return !m.Enabled })
}

func (w *world) setWhole(p product, members map[string]string) {
	users := protocol.Object{}
	for id, role := range members {
		users[id] = role
	}
	w.whole[p.whole] = members
	w.tf.config[p.whole+".all"] = resource{p.whole, protocol.Object{"workspace_id": p.wholeWorkspace(), "users": users}}
}

// change makes one random change of the configuration and gives the way back.
func (w *world) change() (what string, undo func()) {
	before := maps.Clone(w.tf.config)
	whole := maps.Clone(w.whole)
	undo = func() { w.tf.config, w.whole = before, whole }
	p := products[w.rng.IntN(len(products))]
	role := p.roles[w.rng.IntN(len(p.roles))]
	id := p.person(w.rng.IntN(people))
	if w.rng.IntN(4) == 0 {
		members := maps.Clone(w.whole[p.whole])
		for range 1 + w.rng.IntN(3) {
			if id = p.person(w.rng.IntN(people)); w.rng.IntN(3) == 0 {
				delete(members, id)
			} else {
				members[id] = p.roles[w.rng.IntN(len(p.roles))]
			}
		}
		w.setWhole(p, members)
		return "authoritative " + p.whole, undo
	}
	workspace := p.workspaces[w.rng.IntN(len(p.workspaces)-1)]
	address := func(slot int) string { return fmt.Sprintf("%s.%s-%d", p.additive, workspace, slot) }
	slot := address(w.rng.IntN(5))
	set := func(slot, id, role string) {
		attrs := protocol.Object{"workspace_id": workspace, "role": role, "adopt_existing": w.rng.IntN(2) == 0, "on_destroy": nil}
		if p.name == mockservice.ProductBlink {
			attrs["entity_type"], attrs["entity_id"] = "user", id
		} else {
			attrs["user_id"], attrs["enabled"] = id, true
		}
		w.named[workspace+"/"+id] = true
		w.tf.config[slot] = resource{p.additive, attrs}
	}
	switch w.rng.IntN(4) {
	case 0:
		delete(w.tf.config, slot)
		return "remove " + slot, undo
	case 1: // a handover: one comes and another goes
		set(slot, id, p.owner())
		delete(w.tf.config, address(w.rng.IntN(5)))
		return "hand over in " + slot, undo
	default:
		set(slot, id, role)
		return "set " + slot, undo
	}
}

// meddle changes something behind the provider's back, and never takes an
// owner away.
func (w *world) meddle() {
	p := products[w.rng.IntN(len(products))]
	workspace := p.workspaces[w.rng.IntN(len(p.workspaces))]
	id := p.person(1 + w.rng.IntN(people-1))
	for _, m := range w.members(p, workspace) {
		if m.ID == id && slices.Contains(m.Roles, p.owner()) {
			return
		}
	}
	w.stats["meddled"]++
	role := p.roles[w.rng.IntN(len(p.roles))]
	switch {
	case p.name == mockservice.ProductBlink && w.rng.IntN(3) == 0:
		_ = w.svc.Blink().Remove(workspace, "user", id) // may not be there
	case p.name == mockservice.ProductBlink:
		w.svc.Must(w.svc.Blink().SetRole(workspace, "user", id, role))
	default:
		w.svc.Must(w.svc.BlazeMeter().Set(workspace, id, w.rng.IntN(3) > 0, role))
	}
}

// disturb sets random faults.
func (w *world) disturb() {
	pick := func(rules ...mockservice.Fault) []mockservice.Fault {
		var out []mockservice.Fault
		for _, r := range rules {
			if w.rng.IntN(2) == 0 {
				out = append(out, r)
			}
		}
		return out
	}
	rules := pick(
		mockservice.Fault{Kind: mockservice.FaultStatus, Status: 429, Probability: 0.05},
		mockservice.Fault{Kind: mockservice.FaultStatus, Status: 429, RetryAfter: "1", Probability: 0.02},
		mockservice.Fault{Kind: mockservice.FaultStatus, Status: 503, Probability: 0.05},
		mockservice.Fault{Kind: mockservice.FaultReset, Probability: 0.05},
		mockservice.Fault{Kind: mockservice.FaultLost, Probability: 0.1},
		mockservice.Fault{Kind: mockservice.FaultCut, Probability: 0.05},
		mockservice.Fault{Kind: mockservice.FaultLag, Delay: mockservice.Duration(200 * time.Millisecond), Probability: 0.3},
		mockservice.Fault{Kind: mockservice.FaultShift, Probability: 0.05},
		mockservice.Fault{Kind: mockservice.FaultLateAnswer, Delay: mockservice.Duration(50 * time.Millisecond), Probability: 0.2},
		mockservice.Fault{Kind: mockservice.FaultHTML, Probability: 0.02},
	)
	for _, r := range rules {
		w.stats["fault "+r.Kind]++
	}
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Seed: w.rng.Uint64(), Rules: rules}))
}

func (w *world) calm() { w.svc.Must(w.svc.SetFaults(mockservice.Faults{})) }

// judge checks what must hold at any time.
func (w *world) judge() {
	w.t.Helper()
	for _, wr := range w.svc.Writes() {
		if wr.OwnersAfter < wr.OwnersBefore && wr.OwnersAfter < 1 {
			w.t.Fatalf("a write took the last owner out: %+v", wr)
		}
		whole := slices.ContainsFunc(products, func(p product) bool { return p.wholeWorkspace() == wr.Workspace })
		if !whole && !w.named[wr.Workspace+"/"+wr.Principal] {
			w.t.Fatalf("somebody was touched whom no configuration names: %+v", wr)
		}
	}
	if calls := w.svc.Undocumented(); len(calls) > 0 {
		w.t.Fatalf("undocumented calls: %s", calls)
	}
}

// truthful checks that the state claims nothing that is not there.
func (w *world) truthful() {
	w.t.Helper()
	for addr, i := range w.tf.state {
		for _, p := range products {
			if i.Type != p.additive {
				continue
			}
			id, _ := i.State["entity_id"].(string)
			if p.name == mockservice.ProductBlazeMeter {
				id, _ = i.State["user_id"].(string)
			}
			workspace, _ := i.State["workspace_id"].(string)
			if !slices.ContainsFunc(w.members(p, workspace), func(m mockservice.Member) bool { return m.ID == id && m.Roles[0] == i.State["role"] }) {
				w.t.Errorf("the state claims %s with %v in %s, and it is not so", addr, i.State["role"], workspace)
			}
		}
	}
}

// legal is a configuration that can be reached from anywhere: nobody is
// managed any more but the first two people, as owners.
func (w *world) legal() {
	for addr := range w.tf.config {
		delete(w.tf.config, addr)
	}
	for _, p := range products {
		for _, workspace := range p.workspaces[:len(p.workspaces)-1] {
			for n := range 2 {
				attrs := protocol.Object{"workspace_id": workspace, "role": p.owner(), "adopt_existing": true}
				if p.name == mockservice.ProductBlink {
					attrs["entity_type"], attrs["entity_id"] = "user", p.person(n)
				} else {
					attrs["user_id"] = p.person(n)
				}
				w.named[workspace+"/"+p.person(n)] = true
				w.tf.config[fmt.Sprintf("%s.%s-legal-%d", p.additive, workspace, n)] = resource{p.additive, attrs}
			}
		}
		w.setWhole(p, map[string]string{p.person(0): p.owner(), p.person(1): p.owner()})
	}
}

func TestChaos(t *testing.T) {
	for n := range *worldsFlag {
		seed := *seedFlag
		if seed == 0 {
			seed = rand.Uint64() //nolint:gosec // it is printed, and repeats the run
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Logf("go test ./internal/chaos -run=TestChaos -worlds=1 -cycles=%d -seed=%d", *cyclesFlag, seed)
			play(t, seed, *cyclesFlag)
		})
	}
}

func play(t *testing.T, seed uint64, cycles int) {
	t.Helper()
	w := newWorld(t, seed)
	ctx := t.Context()
	if left, o := w.tf.converge(ctx, 1); len(left) > 0 || o != nil && o.failed() {
		t.Fatalf("the first apply did not converge: %d changes are left\n%s", len(left), o)
	}
	for range cycles {
		what, undo := w.change()
		w.meddle()
		if w.rng.IntN(2) == 0 {
			w.disturb()
		}
		w.cycle(ctx, what, undo)
		w.judge()
		w.calm()
	}

	// The faults are over. Two applies reach a clean plan: one that is legal
	// from here, whatever the last days left behind.
	if _, o := w.tf.plan(ctx); o.failed() {
		w.stats["refused at the end"]++
	}
	w.forget()
	w.legal()
	left, o := w.tf.converge(ctx, 2)
	if len(left) > 0 || o != nil && o.failed() {
		t.Fatalf("two applies after the last fault there still are %d changes\n%s", len(left), o)
	}
	w.truthful()
	w.judge()
	t.Logf("writes %d, repeated %d, %v", len(w.svc.Writes()), w.svc.Audit().Repeated, w.stats)
	if n := w.svc.Audit().Repeated; n > 0 {
		for _, wr := range w.svc.Writes() {
			if wr.Repeated {
				t.Errorf("a write was sent again that had been applied: %+v", wr)
			}
		}
	}
}

// cycle plans and applies one change, and may kill the apply at any moment.
func (w *world) cycle(ctx context.Context, what string, undo func()) {
	changes, o := w.tf.plan(ctx)
	if o.failed() {
		w.stats["plan refused"]++
		undo()
		return
	}
	w.stats["planned "+strings.Fields(what)[0]]++
	if w.rng.IntN(3) == 0 {
		w.meddle() // between plan and apply
	}
	if w.rng.IntN(4) == 0 {
		w.stats["killed"]++
		applyCtx, stop := after(ctx, time.Duration(w.rng.IntN(250))*time.Millisecond)
		defer stop()
		ctx = applyCtx
	}
	if o := w.tf.apply(ctx, changes); o.failed() {
		w.stats["apply failed"]++
	}
}

// forget takes the additive resources out of the state, as `terraform state rm`
// does: what they are named may clash with what comes.
func (w *world) forget() {
	for addr, i := range w.tf.state {
		for _, p := range products {
			if i.Type == p.additive {
				delete(w.tf.state, addr)
			}
		}
	}
}
