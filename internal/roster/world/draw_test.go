package world

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// features says what a world may have in it.
type features struct {
	// Listings that show a part, come late, show the past, or fail half-way.
	Partial, Late, Old, Halfway bool
	// Calls that fail, and answers that are lost.
	Unavailable, Lost bool
	// Others who change something between any two calls.
	Outside bool
	// Ctrl-C and kill -9 at any call.
	Stop, Kill bool
	// Two sessions at a time, of one machine or of two.
	TwoOnOneMachine, TwoMachines bool
	// Resources for whole workspaces, alone and beside additive ones.
	Sets, Mixed bool
	// Resources for one role in a workspace.
	RoleSets bool
	// Two resources for one principal, applied whatever the plan says.
	Clashes bool
	// Replacements: with create_before_destroy, and with another role as well.
	CreateBeforeDestroy, ReplacedRole bool
	// Blocks that are renamed without moved.
	Renames bool
	// Ids, endpoints and exemptions in another letter case.
	Spellings bool
	// -minimal-refresh, -refresh=false, terraform destroy.
	MinimalRefresh, NoRefresh, Destroy bool
	// Parts of the configuration, or the provider's settings, known after apply.
	Unknown, UnknownSettings bool
	// Configurations that go back after a half-failed apply.
	GoBack bool
	// A slow resource in front of others: seconds between two requests.
	Slow bool
}

// everything is a world in which anything may happen.
func everything() features {
	return features{
		Partial: true, Late: true, Old: true, Halfway: true, Unavailable: true, Lost: true, Outside: true, Stop: true, Kill: true,
		TwoOnOneMachine: true, TwoMachines: true, Sets: true, Mixed: true, RoleSets: true, Clashes: true, CreateBeforeDestroy: true, ReplacedRole: true, Renames: true,
		Spellings: true, MinimalRefresh: true, NoRefresh: true, Destroy: true, Unknown: true, UnknownSettings: true, GoBack: true, Slow: true,
	}
}

// poolSize is how many users there are.
const poolSize = 6

// drawing draws one world.
type drawing struct {
	*rapid.T
	features
	*world
	// claimed are the principals for whom there is a resource already.
	claimed map[place]bool
	// inSet are those whom a resource for the whole workspace manages.
	inSet map[place]bool
	// managed are the workspaces that have such a resource.
	managed map[string]bool
	n       int
}

func (d *drawing) chance(oneIn int, label string) bool {
	return rapid.IntRange(0, oneIn-1).Draw(d.T, label) == oneIn-1
}

func draw(t *rapid.T, f features) *world {
	d := &drawing{T: t, features: f, world: &world{traits: blink(), members: map[string][]member{}, reverts: map[string]bool{}}, claimed: map[place]bool{}, inSet: map[place]bool{}, managed: map[string]bool{}}
	if rapid.Bool().Draw(t, "BlazeMeter") {
		d.traits = blaze()
	}
	d.policy = policy{mode: "enforce", minimum: rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(t, "minimum"), countGroups: d.chance(3, "groups count"), handoverWait: 5 * time.Second}
	if d.chance(5, "somebody is not counted") {
		d.policy.notCounted = []string{"U1@example.com"}
	}
	if d.traits.StatusMatters && d.chance(5, "somebody is inactive") {
		d.inactive = []string{"u2"}
	}
	d.latency = time.Duration(rapid.SampledFrom([]int{1, 10, 200}).Draw(t, "latency")) * time.Millisecond
	d.lag = time.Duration(rapid.SampledFrom([]int{0, 0, 300}).Draw(t, "lag")) * time.Millisecond
	d.assign = rapid.SampledFrom([]assignMode{assignAdds, assignIgnores, assignRefuses}).Draw(t, "assign")
	d.finds = rapid.SampledFrom([]findMode{findsNot, findsAtTheEnd, findsNobody}).Draw(t, "finds")
	for u := range poolSize {
		d.strangers = append(d.strangers, fmt.Sprintf("u%d", u+1))
	}
	d.drawSessions()
	if d.chance(6, "exempt") {
		d.policy.exempt = []string{"w1"}
		if d.Spellings {
			d.policy.exempt = []string{"W1"}
		}
	}
	for w := range rapid.SampledFrom([]int{1, 1, 2, 2, 3}).Draw(t, "workspaces") {
		d.drawWorkspace(fmt.Sprintf("w%d", w+1))
	}
	for _, id := range d.ids {
		d.drawDivision(id)
	}
	for _, id := range d.ids {
		d.drawChanges(id)
	}
	d.drawDependencies()
	d.drawWhatHappens()
	return d.world
}

func (d *drawing) drawSessions() {
	sessions := 1
	apart := false
	switch {
	case d.TwoMachines && d.chance(6, "two machines"):
		sessions, apart = 2, true
	case d.TwoOnOneMachine && d.chance(6, "two on one machine"):
		sessions = 2
	}
	for i := range sessions {
		s := startSession{machine: "a machine", endpoint: d.traits.Endpoint}
		if i > 0 && apart {
			s.machine = "another machine"
		}
		if i > 0 && d.Spellings && d.chance(2, "another spelling of the endpoint") {
			s.endpoint = strings.Replace(strings.Replace(s.endpoint, "https", "HTTPS", 1), ".example.com", ".EXAMPLE.com:443", 1) + "/"
		}
		o := options{slots: rapid.IntRange(1, 10).Draw(d.T, "slots"), seed: rapid.Uint64Range(0, 1<<20).Draw(d.T, "seed"), timeout: 20 * time.Minute, spread: 20 * time.Millisecond}
		if d.Slow && d.chance(4, "slow") {
			o.spread = rapid.SampledFrom([]time.Duration{2 * time.Second, 4 * time.Second, 12 * time.Second}).Draw(d.T, "spread")
		}
		if d.chance(10, "short timeout") {
			o.timeout = 20 * time.Second
		}
		o.noRefresh = d.NoRefresh && d.chance(8, "no refresh")
		o.minimal = d.MinimalRefresh && !o.noRefresh && d.chance(8, "minimal refresh")
		o.orphansFirst = d.chance(3, "orphans first")
		o.destroy = d.Destroy && d.chance(20, "destroy")
		o.unknown = d.UnknownSettings && d.chance(20, "settings unknown")
		o.forgets = rapid.Bool().Draw(d.T, "forgets")
		s.options = o
		d.sessions = append(d.sessions, s)
	}
}

func (d *drawing) drawWorkspace(id string) {
	d.ids = append(d.ids, id)
	roles := append([]string{"", ""}, d.traits.RolesAscending...)
	for _, who := range d.strangers {
		role := rapid.SampledFrom(append(roles, d.traits.OwnerRole)).Draw(d.T, "role")
		if role == "" {
			continue
		}
		m := person(who, role)
		m.Enabled = !d.traits.RemovalDisables || !d.chance(5, "disabled")
		d.members[id] = append(d.members[id], m)
	}
	if !d.traits.RemovalDisables && d.chance(3, "a group") {
		d.members[id] = append(d.members[id], member{Principal: group("g1"), Name: "G1", Roles: []string{d.traits.OwnerRole}, Enabled: true, MemberCount: rapid.IntRange(0, 1).Draw(d.T, "people in it")})
	}
	others := len(d.members[id]) > 0 && d.members[id][len(d.members[id])-1].Kind == membership.Group
	if d.traits.NeverOwnerless && (others || d.policy.notCounted != nil || d.inactive != nil || d.policy.exempt != nil) {
		// Blink itself keeps a last owner, also one who does not count for the guard.
		d.members[id] = append(d.members[id], member{Principal: group("g0"), Name: "G0", Roles: []string{d.traits.OwnerRole}, Enabled: true})
	}
	if !slices.ContainsFunc(d.members[id], func(m member) bool { return m.Kind == membership.User && m.Enabled && m.Role() == d.traits.OwnerRole }) {
		d.members[id] = append(slices.DeleteFunc(d.members[id], func(m member) bool { return m.ID == "u1" }), person("u1", d.traits.OwnerRole))
	}
}

func (d *drawing) row(id string, who principal) (member, bool) {
	return moment{members: d.members[id]}.find(who)
}

// add puts a resource into the configuration of a session.
func (d *drawing) add(session int, r resource) *resource {
	d.n++
	r.addr = fmt.Sprintf("r%d", d.n)
	d.sessions[session].resources = append(d.sessions[session].resources, r)
	rs := d.sessions[session].resources
	return &rs[len(rs)-1]
}

// spelled gives the id of a workspace as one resource writes it.
func (d *drawing) spelled(id string) string {
	if d.Spellings && d.chance(4, "another spelling") {
		return strings.ToUpper(id)
	}
	return id
}

func (d *drawing) anyRole() string {
	return rapid.SampledFrom(append([]string{d.traits.OwnerRole}, d.traits.RolesAscending...)).Draw(d.T, "wanted")
}

// drawDivision draws who in a workspace is managed by a resource for all of it.
func (d *drawing) drawDivision(id string) {
	if !d.Sets && !d.RoleSets || !d.chance(3, "a set") {
		return
	}
	d.managed[id] = true
	beside := d.Mixed && d.chance(2, "additive ones beside it")
	for _, who := range append(d.pool(), group("g1")) {
		if !beside || !d.chance(3, "beside the set") {
			d.inSet[at(id, who)] = true
		}
	}
}

// drawChanges draws what the configurations do in one workspace.
func (d *drawing) drawChanges(id string) {
	switch {
	case !d.managed[id]:
	case d.RoleSets && (!d.Sets || d.chance(2, "by role")):
		d.drawRoleSets(id)
	default:
		d.drawSets(id)
	}
	for _, m := range d.members[id] {
		if !m.Enabled || d.taken(id, m.Principal) || m.Principal == group("g0") || rapid.IntRange(0, 2).Draw(d.T, "managed") == 0 {
			continue
		}
		d.claimed[at(id, m.Principal)] = true
		d.drawBinding(id, m)
	}
	for range rapid.IntRange(0, 2).Draw(d.T, "creations") {
		who, ok := d.free(id)
		if !ok {
			break
		}
		d.enters(id, d.add(d.anySession(), resource{config: d.binding(id, who, d.anyRole())}))
	}
}

func (d *drawing) anySession() int {
	if len(d.sessions) == 1 {
		return 0
	}
	return rapid.IntRange(0, len(d.sessions)-1).Draw(d.T, "session")
}

func (d *drawing) pool() []principal {
	var out []principal
	for _, id := range d.strangers {
		out = append(out, user(id))
	}
	return out
}

func (d *drawing) taken(id string, who principal) bool {
	return d.claimed[at(id, who)] || d.inSet[at(id, who)]
}

// free gives a user for whom there is no resource yet.
func (d *drawing) free(id string) (principal, bool) {
	clash := d.Clashes && d.chance(12, "clash")
	free := slices.DeleteFunc(d.pool(), func(who principal) bool { return !clash && d.taken(id, who) })
	if len(free) == 0 {
		return principal{}, false
	}
	who := rapid.SampledFrom(free).Draw(d.T, "who")
	d.claimed[at(id, who)] = true
	return who, true
}

func (d *drawing) binding(id string, who principal, role string) *object {
	return &object{form: additive, workspace: d.spelled(id), who: who, to: standing{Role: role, Enabled: true}}
}

// enters lets a resource adopt whom it meets, mostly, and hides from the plan
// what it may not know.
func (d *drawing) enters(id string, r *resource) {
	if m, there := d.row(id, r.config.who); there && m.Enabled && !m.Holds(r.config.to) && !d.chance(5, "no adopt") {
		o := *r.config
		o.adopt = true
		r.config = &o
	}
	d.hide(r)
}

func (d *drawing) hide(r *resource) {
	if !d.Unknown || !d.chance(8, "unknown") {
		return
	}
	o := *r.config
	o.hidden = rapid.SampledFrom([]hidden{{workspace: true}, {who: o.form == additive, people: o.form != additive}, {role: true}}).Draw(d.T, "hidden")
	if r.state != nil && o.hidden.workspace {
		return
	}
	r.known = &o
}

// drawBinding draws the change of one additive resource.
func (d *drawing) drawBinding(id string, m member) {
	session := d.anySession()
	now := d.binding(id, m.Principal, m.Role())
	same := *now
	r := resource{state: now, config: &same}
	ways := []string{"nothing", "role", "role", "remove", "remove", "keep", "swap", "swap", "move", "replace", "taint"}
	if !d.traits.RemovalDisables {
		ways = append(ways, "reassign")
	}
	if d.Renames && d.Clashes {
		ways = append(ways, "rename")
	}
	entering := false
	switch rapid.SampledFrom(ways).Draw(d.T, "change") {
	case "role":
		same.to.Role = d.anyRole()
	case "remove":
		r.config = nil
	case "keep":
		now.exit.keep = true
		r.config = nil
		if who, ok := d.free(id); ok && d.chance(2, "for another") {
			same.exit.keep, same.who, same.to.Role = true, who, d.anyRole()
			r.config, entering = &same, true
		}
	case "reassign":
		now.exit.reassign = d.anyRole()
		r.config = nil
	case "swap":
		if who, ok := d.free(id); ok {
			same.who, same.to.Role = who, d.anyRole()
			entering = true
		}
	case "move":
		to := rapid.SampledFrom(d.ids).Draw(d.T, "to")
		if to != id && !d.taken(to, m.Principal) && m.Kind == membership.User {
			d.claimed[at(to, m.Principal)] = true
			same.workspace = to
			r.cbd = d.CreateBeforeDestroy && d.chance(2, "create before destroy")
			d.enters(to, d.add(session, r))
			return
		}
	case "replace":
		r.how = replaced
	case "taint":
		r.how = isTainted
	case "rename":
		r.config = nil
		d.add(session, resource{config: &same})
	}
	if r.how != byItself {
		r.cbd = d.CreateBeforeDestroy && d.chance(2, "create before destroy")
		if d.ReplacedRole && d.chance(2, "and its role") {
			same.to.Role = d.anyRole()
		}
	}
	if r.config != nil && r.state.who == r.config.who && d.chance(8, "goes back") && d.GoBack {
		d.reverts[fmt.Sprintf("r%d", d.n+1)] = true
	}
	if entering {
		if d.GoBack && d.chance(3, "goes back") {
			d.reverts[fmt.Sprintf("r%d", d.n+1)] = true
		}
		d.enters(id, d.add(session, r))
		return
	}
	d.add(session, r)
}

// drawSets draws one resource for everybody in a workspace, or two: for its
// users and for its groups.
func (d *drawing) drawSets(id string) {
	kinds := [][]kind{{membership.User}}
	if !d.traits.RemovalDisables {
		switch rapid.IntRange(0, 2).Draw(d.T, "kinds") {
		case 1:
			kinds = [][]kind{{membership.User, membership.Group}}
		case 2:
			kinds = [][]kind{{membership.User}, {membership.Group}}
		}
	}
	for _, ks := range kinds {
		d.drawSet(id, ks)
	}
}

func (d *drawing) drawSet(id string, kinds []kind) {
	o := &object{form: whole, workspace: d.spelled(id), kinds: kinds, roles: map[principal]string{}}
	for _, who := range append(d.pool(), group("g0"), group("g1")) {
		if slices.Contains(kinds, who.Kind) && !d.inSet[at(id, who)] {
			o.ignore = append(o.ignore, who)
		}
	}
	for _, m := range d.members[id] {
		if m.Enabled && o.manages(m.Principal) {
			o.roles[m.Principal] = m.Role()
		}
	}
	next := *o
	next.roles = maps.Clone(o.roles)
	creation := d.chance(3, "creation")
	for _, who := range o.people() {
		if creation && !d.chance(6, "changes somebody") {
			continue
		}
		switch rapid.SampledFrom([]string{"stays", "stays", "role", "out"}).Draw(d.T, "member") {
		case "role":
			next.roles[who] = d.anyRole()
		case "out":
			delete(next.roles, who)
		}
	}
	for _, who := range d.pool() {
		if _, named := o.roles[who]; !named && o.manages(who) && d.chance(3, "newcomer") {
			next.roles[who] = d.anyRole()
		}
	}
	r := resource{state: o, config: &next}
	switch rapid.SampledFrom([]string{"", "", "", "replace", "taint", "rename", "end"}).Draw(d.T, "how") {
	case "replace":
		r.how = replaced
	case "taint":
		r.how = isTainted
	case "rename":
		if d.Renames && !creation {
			d.add(0, resource{state: o})
			creation = true
		}
	case "end":
		if !creation {
			r.config = nil
		}
	}
	if creation {
		r.state, r.how = nil, byItself
	}
	r.cbd = r.how != byItself && d.CreateBeforeDestroy && d.chance(2, "create before destroy")
	if r.config != nil {
		d.hide(&r)
	}
	d.add(0, r)
}

// drawRoleSets draws resources for one role each. What they leave alone by
// their role or by name, others may manage.
func (d *drawing) drawRoleSets(id string) {
	roles := rapid.SampledFrom([][]string{d.traits.RolesAscending[2:], d.traits.RolesAscending[:1], {d.traits.RolesAscending[0], d.traits.OwnerRole}}).Draw(d.T, "roles")
	states, configs := map[string]*object{}, map[string]*object{}
	for _, role := range roles {
		o := &object{form: oneRole, workspace: d.spelled(id), kinds: []kind{membership.User}, role: role, roles: map[principal]string{}}
		for _, who := range d.pool() {
			if !d.inSet[at(id, who)] {
				o.ignore = append(o.ignore, who)
			}
		}
		next := *o
		next.roles = map[principal]string{}
		if len(roles) == 1 && !d.traits.RemovalDisables && d.chance(3, "reassigns") {
			next.exit.reassign = d.traits.RolesAscending[1]
		}
		states[role], configs[role] = o, &next
	}
	for _, who := range d.pool() {
		if !d.inSet[at(id, who)] {
			continue
		}
		if m, there := d.row(id, who); there && m.Enabled && states[m.Role()] != nil {
			states[m.Role()].roles[who] = m.Role()
			if d.chance(2, "stays") {
				configs[m.Role()].roles[who] = m.Role()
				continue
			}
		}
		if role := rapid.SampledFrom(append([]string{""}, roles...)).Draw(d.T, "gets"); role != "" {
			configs[role].roles[who] = role
		}
	}
	for _, role := range roles {
		r := resource{state: states[role], config: configs[role]}
		switch rapid.SampledFrom([]string{"", "", "", "creation", "replace", "taint", "end"}).Draw(d.T, "how") {
		case "creation":
			r.state = nil
		case "replace":
			r.how = replaced
		case "taint":
			r.how = isTainted
		case "end":
			r.config = nil
		}
		r.cbd = r.how != byItself && d.CreateBeforeDestroy && d.chance(2, "create before destroy")
		d.add(0, r)
	}
}

// drawDependencies lets some resources wait for others that take nobody out.
func (d *drawing) drawDependencies() {
	for i := range d.sessions {
		rs := d.sessions[i].resources
		for j := range rs {
			for k := range rs[:j] {
				on := &rs[k]
				if rs[j].config != nil && on.config != nil && on.state == nil && on.config.form == additive && !on.config.adopt && d.chance(6, "depends") {
					rs[j].deps = append(rs[j].deps, on.addr)
				}
			}
		}
	}
}

// drawWhatHappens draws what goes wrong and what others do.
func (d *drawing) drawWhatHappens() {
	d.rounds, d.regardless = 1, rapid.Bool().Draw(d.T, "regardless")
	if d.chance(2, "calm") {
		return
	}
	if len(d.reverts) > 0 {
		d.rounds = 2
	}
	var kinds []mishapKind
	for kind, may := range map[mishapKind]bool{
		partial: d.Partial, blank: d.Partial, late: d.Late, old: d.Old, halfway: d.Halfway, unavailable: d.Unavailable, paused: d.Unavailable, lostBefore: d.Lost, lostAfter: d.Lost,
		fromOutside: d.Outside, stopped: d.Stop, killed: d.Kill,
	} {
		if may {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	if len(kinds) == 0 {
		return
	}
	d.mishaps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *mishap { return d.drawMishap(t, kinds) }), 0, 3).Draw(d.T, "mishaps")
	if d.Outside {
		d.changes = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) timed {
			return timed{
				round: rapid.IntRange(0, d.rounds-1).Draw(t, "round"), change: d.drawOutside(t),
				after: rapid.SampledFrom([]time.Duration{0, 100 * time.Millisecond, time.Second, 3 * time.Second}).Draw(t, "after"),
			}
		}), 0, 3).Draw(d.T, "changes")
	}
}

func (d *drawing) drawMishap(t *rapid.T, kinds []mishapKind) *mishap {
	m := &mishap{what: rapid.SampledFrom(kinds).Draw(t, "what"), nth: rapid.IntRange(0, 6).Draw(t, "nth"), round: rapid.IntRange(0, d.rounds-1).Draw(t, "round"), apply: !rapid.Bool().Draw(t, "plan")}
	m.session = rapid.IntRange(0, len(d.sessions)-1).Draw(t, "session")
	m.on = rapid.SampledFrom([]callKind{reads, writes}).Draw(t, "on")
	switch m.what {
	case partial, blank, late, old, halfway:
		m.on = reads
		m.times = rapid.SampledFrom([]int{1, 1, 2, 100}).Draw(t, "times")
		m.d = rapid.SampledFrom([]time.Duration{time.Second, 3 * time.Second}).Draw(t, "d")
		if m.what == late && m.times > 2 {
			m.times = 2
		}
	case lostBefore, lostAfter:
		m.on = writes
		m.apply = true
	case unavailable:
		m.times = rapid.SampledFrom([]int{1, 1, 3}).Draw(t, "times")
	case paused:
		m.on, m.apply = writes, true
		m.times = rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "times")
		m.d = rapid.SampledFrom([]time.Duration{time.Second, 3 * time.Second}).Draw(t, "d")
	case fromOutside:
		m.change = d.drawOutside(t)
	}
	return m
}

func (d *drawing) drawOutside(t *rapid.T) outside {
	o := outside{workspace: rapid.SampledFrom(d.ids).Draw(t, "where"), who: rapid.SampledFrom(d.pool()).Draw(t, "who")}
	role := rapid.SampledFrom(append([]string{""}, d.traits.RolesAscending...)).Draw(t, "becomes")
	if role != "" {
		o.to = &standing{Role: role, Enabled: true}
	}
	return o
}
