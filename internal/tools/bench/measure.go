package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// form is which resource manages the people: one for each of them, one for
// everybody in the workspace, or one for everybody with one role.
type form string

const (
	additive      form = "additive"
	authoritative form = "authoritative"
	oneRole       form = "one role"
)

// typ is the type of the resource that has this form; "" where the product has none.
func (p product) typ(f form) string {
	switch {
	case f == additive:
		return p.Additive.TypeName
	case f == authoritative && p.Whole != nil:
		return p.Whole.TypeName
	case f == oneRole && p.OfRole != nil:
		return p.OfRole.TypeName
	default:
		return ""
	}
}

// work is what Terraform is asked to do.
type work string

const (
	plan       work = "plan"        // refresh and plan, nothing to do
	firstApply work = "first apply" // everybody is new
	change     work = "change"      // additive: one person; otherwise some
	destroy    work = "destroy"
)

// tooMany is from how many resources on Terraform itself needs minutes to
// create or destroy them.
const tooMany = 3000

// task is one line of the table.
type task struct {
	product product
	form    form
	n       int
	work    work
	changed int
	// ignored is how many ids an authoritative resource ignores.
	ignored int
}

// name tells a task from all others.
func (c task) name() string { return fmt.Sprintf("%s, %d changed", c, c.changed) }

func (c task) String() string {
	return fmt.Sprintf("%s, %s, %s people, %s", c.product.Title, c.form, thousands(c.n), c.doing())
}

// doing names the work for people.
func (c task) doing() string {
	switch {
	case c.ignored > 0:
		return fmt.Sprintf("%s, %s ignored", c.work, thousands(c.ignored))
	case c.work != change:
		return string(c.work)
	case c.form == additive:
		return "plan and apply 1 change"
	default:
		return fmt.Sprintf("apply %d changes", c.changed)
	}
}

func (s settings) cases(p product) []task {
	var out []task
	add := func(f form, ns []int, changed int, works ...work) {
		if p.typ(f) == "" {
			return
		}
		for _, n := range ns {
			for _, w := range works {
				if !slices.Contains(strings.Split(s.works, ","), string(w)) || f == additive && n >= tooMany && (w == firstApply || w == destroy) {
					continue
				}
				c := task{product: p, form: f, n: n, work: w}
				if w == change {
					c.changed = min(changed, n)
				}
				out = append(out, c)
			}
		}
	}
	add(additive, s.additive, 1, plan, firstApply, change, destroy)
	add(authoritative, s.authoritative, s.changes, plan, firstApply, change, destroy)
	// Terraform itself needs minutes to apply a change of a set of ten thousand.
	add(oneRole, s.authoritative[:min(1, len(s.authoritative))], s.changes, plan, change)
	if p.Whole != nil && len(s.authoritative) > 0 && s.ignored > 0 && slices.Contains(strings.Split(s.works, ","), string(plan)) {
		out = append(out, task{product: p, form: authoritative, n: s.authoritative[0], work: plan, ignored: s.ignored})
	}
	return out
}

// result is what a task cost.
type result struct {
	task
	wall   map[contestant][]time.Duration
	memory map[contestant][]int64
	cpu    map[contestant][]time.Duration
	// reads and writes are the calls of each round.
	reads, writes map[contestant][]int
}

func newResult(c task) *result {
	return &result{
		task: c, wall: map[contestant][]time.Duration{}, memory: map[contestant][]int64{}, cpu: map[contestant][]time.Duration{},
		reads: map[contestant][]int{}, writes: map[contestant][]int{},
	}
}

// measured tells if a contestant took part: another build may not have a resource.
func (r *result) measured(c contestant) bool { return len(r.wall[c]) > 0 }

func (r *result) time(c contestant) time.Duration { return median(r.wall[c]) }

// calls counts all calls of a contestant.
func (r *result) calls(c contestant) int { return median(r.reads[c]) + median(r.writes[c]) }

// measure does the task with one contestant after the other, several times.
func (m *machine) measure(ctx context.Context, set settings, c task) (*result, error) {
	fmt.Fprintf(m.log, "%s  %s\n", time.Now().Format("15:04:05"), c)
	r := newResult(c)
	states := map[contestant][]byte{}
	measured := slices.DeleteFunc(set.contestants(), func(who contestant) bool { return !m.serves(who, c) })
	for _, who := range measured {
		var err error
		if states[who], err = m.stateFor(ctx, c, who); err != nil {
			return nil, err
		}
	}
	// What only knows our schemas begins with our state.
	states[floor], states[unscoped] = states[ours], states[ours]
	for round := range set.rounds {
		order := append([]contestant{floor}, measured...)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		if c.work == plan && c.form == additive && c.n >= perBlock && round == 0 { // many requests
			order = append(order, unscoped)
		}
		for _, who := range order {
			if err := m.once(ctx, set, c, who, states[who], r); err != nil {
				return nil, fmt.Errorf("%s: %w", who, err)
			}
		}
	}
	fmt.Fprint(m.log, r.rows(set.contestants())) // in case the rest takes too long
	return r, nil
}

// stateFor is the state that the work begins with; nil for none.
func (m *machine) stateFor(ctx context.Context, c task, who contestant) ([]byte, error) {
	switch {
	case c.work == firstApply:
		return nil, nil
	case c.form == additive:
		return c.product.additiveState(c.n)
	default:
		return m.imported(ctx, c, who)
	}
}

// imported is the state of the one resource that was imported, by the
// provider that is measured: an older one has other attributes.
func (m *machine) imported(ctx context.Context, c task, who contestant) ([]byte, error) {
	svc, err := serve(ctx, c.product.seed(c.n, 0), 0)
	if err != nil {
		return nil, err
	}
	defer svc.close()
	dir, err := m.workDir(c, 0, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	id := c.product.workspace()
	if c.form == oneRole {
		id = c.product.OfRoleID(id, c.product.role())
	}
	if _, err := m.terraformIn(ctx, dir, who, svc.env(), "import", "-no-color", c.product.typ(c.form)+".all", id); err != nil {
		return nil, err
	}
	if c.ignored > 0 { // which no import knows of
		if _, err := m.terraformIn(ctx, dir, who, svc.env(), "apply", "-no-color", "-auto-approve"); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(filepath.Join(dir, "terraform.tfstate")) //nolint:gosec // this program's own folder
}

// workDir is a folder with the configuration, and the state where there is one.
func (m *machine) workDir(c task, changed int, state []byte) (string, error) {
	dir, err := os.MkdirTemp(m.dir, "work-")
	if err != nil {
		return "", err
	}
	var files map[string][]byte
	switch c.form {
	case additive:
		files, err = c.product.additiveFiles(c.n, changed)
	case authoritative:
		files, err = c.product.authoritativeFiles(c.n, changed, c.ignored)
	case oneRole:
		files, err = c.product.oneRoleFiles(c.n, changed)
	}
	if err != nil {
		return "", err
	}
	if state != nil {
		files["terraform.tfstate"] = state
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// once does the task once and adds what it cost.
func (m *machine) once(ctx context.Context, set settings, c task, who contestant, state []byte, r *result) error {
	members, strangers := c.n, 0
	if c.work == firstApply {
		members, strangers = 0, c.n
	}
	svc, err := serve(ctx, c.product.seed(members, strangers), set.latency)
	if err != nil {
		return err
	}
	defer svc.close()
	dir, err := m.workDir(c, c.changed, state)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	var args []string
	switch {
	case c.work == plan:
		args = []string{"plan", "-no-color"}
		if who != floor { // which may fill in other values than there are
			args = append(args, "-detailed-exitcode") // 2 would mean that it is not clean
		}
	case c.work == destroy:
		args = []string{"destroy", "-no-color", "-auto-approve"}
	case c.work == change && c.form != additive:
		// The goals tell the plan from the apply.
		if _, err := m.terraformIn(ctx, dir, who, svc.env(), "plan", "-no-color", "-out=saved"); err != nil {
			return err
		}
		svc.ResetAudit()
		args = []string{"apply", "-no-color", "saved"}
	default:
		args = []string{"apply", "-no-color", "-auto-approve"}
	}
	run, err := m.terraformIn(ctx, dir, who, svc.env(), args...)
	if err != nil {
		return err
	}
	r.wall[who] = append(r.wall[who], run.wall)
	r.memory[who] = append(r.memory[who], run.memory)
	r.cpu[who] = append(r.cpu[who], run.cpu)
	reads, writes := svc.calls()
	r.reads[who], r.writes[who] = append(r.reads[who], reads), append(r.writes[who], writes)
	return nil
}

// service is the mock service, listening.
type service struct {
	*mockservice.Server
	http *http.Server
	url  string
}

func serve(ctx context.Context, seed mockservice.Seed, latency time.Duration) (*service, error) {
	seed.Faults.Latency = mockservice.Duration(latency)
	s, err := mockservice.New(seed)
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	svc := &service{Server: s, url: "http://" + l.Addr().String(), http: &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}}
	go func() { _ = svc.http.Serve(l) }() // it ends with close
	return svc, nil
}

func (s *service) close() {
	s.Stop()
	_ = s.http.Close()
}

func (s *service) env() []string { return s.Env(s.url) }

// calls counts what reads and what changes something.
func (s *service) calls() (reads, writes int) {
	for call, n := range s.Audit().Requests {
		if strings.Contains(call, " GET ") {
			reads += n
		} else {
			writes += n
		}
	}
	return reads, writes
}

// measureListings gives how long the client needs to read the workspace of each
// size whole, and how many calls: the listing that the goals speak of.
func measureListings(ctx context.Context, set settings, results []*result) (map[string]listing, error) {
	out := map[string]listing{}
	for _, r := range results {
		if _, done := out[r.sizeKey()]; done {
			continue
		}
		svc, err := serve(ctx, r.product.seed(r.n, 0), set.latency)
		if err != nil {
			return nil, err
		}
		l, err := svc.listing(ctx, r.product)
		svc.close()
		if err != nil {
			return nil, err
		}
		out[r.sizeKey()] = l
	}
	return out, nil
}

func (c task) sizeKey() string { return fmt.Sprint(c.product.Name, c.n) }

// listing is what one reading of a workspace costs.
type listing struct {
	calls int
	wall  time.Duration
}

func (s *service) listing(ctx context.Context, p product) (listing, error) {
	client, err := s.client(p)
	if err != nil {
		return listing{}, err
	}
	var walls []time.Duration
	var l listing
	for range 3 {
		s.ResetAudit()
		began := time.Now()
		if _, err := client.ReadWorkspace(ctx, p.workspace()); err != nil {
			return l, err
		}
		walls = append(walls, time.Since(began))
		l.calls, _ = s.calls()
	}
	l.wall = median(walls)
	return l, nil
}

// client is the provider's own, as it is configured by default.
func (s *service) client(p product) (membership.Service, error) {
	values := framework.Values{}
	for name, v := range p.SettingsFrom(s.env()) {
		values[name] = fmt.Sprint(v)
	}
	access := p.Connect(values)
	h, err := transport.New(transport.Options{
		Product: p.Title, Endpoint: access.Endpoint, Authenticate: access.Authenticate,
		RequestTimeout: 30 * time.Second, MaxRetries: 6, Limiter: transport.NewLimiter(maxConcurrent), UserAgent: "bench",
	})
	if err != nil {
		return nil, err
	}
	return access.Open(h)
}

// maxConcurrent is the provider's default of max_concurrent_requests.
const maxConcurrent = 16

func median[T int | int64 | time.Duration](all []T) T {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
