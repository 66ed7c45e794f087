package engine

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/wirecheck"
)

// maxBody bounds what a request may carry.
const maxBody = 8 << 20

// Server serves a table of products. It is an [http.Handler] and safe for
// concurrent use; state, faults and behaviour may be changed while it serves.
type Server struct {
	now      func() time.Time
	products Table

	wireCheck bool
	check     *wirecheck.Checker // nil: nothing is checked

	faults  *faultPlayer
	gauge   *Gauge
	control http.Handler

	mu        sync.Mutex
	seed      Seed    // what Reset goes back to
	sites     []*site // in the order of the table
	audit     audit
	requestID uint64
	stopped   chan struct{}
	stopOnce  sync.Once
}

// site is a product as one server has it.
type site struct {
	product    *Product
	state      State
	workspaces *Workspaces
	behaviour  any // all spelled out; replaced and never changed
}

// Option changes how a [Server] works.
type Option func(*Server)

// WithClock replaces the clock that dates the audit trail and measures lag and fault windows.
func WithClock(now func() time.Time) Option { return func(s *Server) { s.now = now } }

// WithWireCheck has every request and answer judged by the OpenAPI files, or not.
// Violations are kept in the audit trail. Without it, [New] checks nothing and [StartTest] everything.
func WithWireCheck(on bool) Option { return func(s *Server) { s.wireCheck = on } }

// WithGauge has a server count its requests in flight in a gauge that others share.
func WithGauge(g *Gauge) Option { return func(s *Server) { s.gauge = g } }

// New makes a server from a seed. The error is a *[SeedError] that names everything wrong with the seed.
func (t Table) New(seed Seed, options ...Option) (*Server, error) {
	s := &Server{products: t, now: time.Now, gauge: new(Gauge), audit: newAudit(), stopped: make(chan struct{})}
	for _, o := range options {
		o(s)
	}
	s.faults = &faultPlayer{now: s.now}
	s.control = newControl(s)
	if s.wireCheck {
		var err error
		apis := make([]*wirecheck.API, len(t))
		for i, p := range t {
			apis[i] = p.API
		}
		if s.check, err = wirecheck.New(apis...); err != nil {
			return nil, err
		}
	}
	if err := s.Load(seed); err != nil {
		return nil, err
	}
	return s, nil
}

// Load replaces state, behaviour, faults and audit trail by those of a seed.
func (s *Server) Load(seed Seed) error {
	if err := s.products.Validate(seed); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load(seed)
	s.seed = s.state() // the caller may go on with the seed
	return nil
}

// Reset goes back to the seed: state, behaviour, faults and audit trail.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load(s.seed)
}

func (s *Server) load(seed Seed) {
	inFlight := s.audit.inFlight
	s.audit = newAudit()
	s.audit.inFlight = inFlight
	s.gauge.Reset()
	s.sites = nil
	for _, p := range s.products {
		ws := &Workspaces{server: s, product: p.Name}
		one := &site{
			product: p, workspaces: ws,
			state:     p.NewState(seed.partOf(p), ws),
			behaviour: withDefaults(p.Name, seed.behaviourOf(p)),
		}
		ws.owns = one.state.CountsAsOwner
		s.sites = append(s.sites, one)
		for _, w := range ws.all {
			ws.recount(w)
			w.restartFewest()
		}
	}
	s.faults.set(seed.Faults)
}

// State gives the whole true state in the form of a seed, with the behaviour
// and faults that are set. Loading it gives the same state.
func (s *Server) State() Seed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state()
}

func (s *Server) state() Seed {
	out := Seed{parts: map[string]Part{}, behaviour: s.behaviour(), Faults: s.Faults()}
	for _, site := range s.sites {
		out.parts[site.product.Name] = site.state.Part()
	}
	return out
}

// site gives a product as the server has it; nil for one that it does not serve.
func (s *Server) site(product string) *site {
	for _, site := range s.sites {
		if site.product.Name == product {
			return site
		}
	}
	return nil
}

// allWorkspaces ranges over the workspaces of all products, deleted ones too, in the order of the table and the seed.
func (s *Server) allWorkspaces() iter.Seq[*Workspace] {
	return func(yield func(*Workspace) bool) {
		for _, site := range s.sites {
			for _, w := range site.workspaces.all {
				if !yield(w) {
					return
				}
			}
		}
	}
}

// Stop ends every answer that a fault holds back, so that a server around it can shut down.
func (s *Server) Stop() { s.stopOnce.Do(func() { close(s.stopped) }) }

// Call is one request on its way through the service.
type Call struct {
	Request *http.Request
	Body    []byte
	// Route is the call that was asked for; nil for one that nobody documented.
	Route *Route
	// Args are the values in the path.
	Args map[string]string
	// Caller is the id of the key's user, once [State] has authenticated it.
	Caller string
	// Delay is how long it takes until listings show what the call writes.
	Delay time.Duration

	product   *Product // nil for a path below no product's prefix
	behaviour any
	start     time.Time
	number    int  // in the request log
	left      bool // its answer has been noted; guarded by Server.mu
	plan      plan
	writes    []int // entries of the audit trail that it made
}

// TotalDrift is what the total of the page at an offset is wrong by.
func (c *Call) TotalDrift(offset int) int {
	if offset > 0 {
		return c.plan.totalDrift
	}
	return 0
}

// CutPage cuts a page out of rows; a page other than the first is cut as if the
// rows had moved, where a fault says so.
func CutPage[T any](c *Call, rows []T, offset, limit int) []T {
	if offset > 0 {
		offset = max(0, offset+c.plan.shift)
	}
	if offset >= len(rows) {
		return nil
	}
	return rows[offset:min(len(rows), offset+limit)]
}

// ServeHTTP serves the products, and the control endpoints under /_mock/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isControl(r.URL.Path) {
		s.control.ServeHTTP(w, r)
		return
	}
	start := s.now()
	c := &Call{Request: r, start: start}
	product, rest := s.products.at(r.URL.EscapedPath())
	c.product = product
	methodWrong := false
	if product != nil {
		c.Route, c.Args, methodWrong = product.find(r.Method, rest)
	}
	var err error
	c.Body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	c.number = s.arrive(c)
	defer s.leave(c, 0)

	if err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			s.leave(c, http.StatusRequestEntityTooLarge)
			http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
			return
		}
		return // the client went away while it sent
	}
	if c.Route != nil {
		c.plan = s.faults.plan(c)
	}
	s.note(c.plan)
	judged := false
	s.deliver(r.Context(), w, c, func() Answer {
		judged = true
		a := s.handle(c, methodWrong)
		s.judge(c, &a)
		return a
	})
	if !judged {
		s.judge(c, nil)
	}
}

func (s *Server) handle(c *Call, methodWrong bool) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.product == nil {
		return Text(http.StatusNotFound, "404 page not found")
	}
	site := s.site(c.product.Name)
	switch {
	case methodWrong:
		return site.state.UnknownRoute(http.StatusMethodNotAllowed)
	case c.Route == nil:
		return site.state.UnknownRoute(http.StatusNotFound)
	}
	if err := s.changeOutside(c.plan.changes, site); err != nil {
		return Text(http.StatusInternalServerError, err.Error())
	}
	if refusal, ok := site.state.Authenticate(c); !ok {
		return refusal
	}
	c.behaviour = site.behaviour
	for _, set := range c.plan.sets { // for this call alone
		name, value, _ := strings.Cut(set, "=")
		c.behaviour = withDefaults(c.product.Name, c.behaviour)
		if err := setSwitch(c.product.Name, c.behaviour, name, value); err != nil {
			return Text(http.StatusInternalServerError, err.Error())
		}
	}
	return c.Route.Handle(site.state, c)
}

// changeOutside makes the change of another user just before a call.
func (s *Server) changeOutside(changes []*Fault, site *site) error {
	for _, f := range changes {
		kind, id, _ := strings.Cut(f.Principal, "/")
		w, err := site.workspaces.Find(f.Workspace)
		switch {
		case err != nil:
		case f.Role == "":
			site.workspaces.Set(w, Key{kind, id}, Standing{})
		default:
			err = site.state.SetMember(f.Workspace, Member{Kind: kind, ID: id, Roles: []string{f.Role}, Enabled: !f.Disabled})
		}
		if err != nil {
			return fmt.Errorf("the fault %q cannot be played: %w", f.Kind, err)
		}
	}
	return nil
}

// arrive notes a request and gives its number.
func (s *Server) arrive(c *Call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, r := &s.audit, c.Request
	a.total++
	entry := Request{
		Seq: a.total, At: c.start, Product: c.productName(), Method: r.Method, Path: r.URL.EscapedPath(),
		Query: r.URL.RawQuery, UserAgent: r.UserAgent(),
	}
	if c.Route == nil {
		a.undocumented = append(a.undocumented, r.Method+" "+r.URL.EscapedPath())
	} else {
		entry.Call = c.Route.Call
		a.counts[c.product.label(c.Route)]++
	}
	s.gauge.add(1)
	a.inFlight[entry.Product]++
	a.peak[entry.Product] = max(a.peak[entry.Product], a.inFlight[entry.Product])
	if len(a.requests) < keptRequests {
		a.requests = append(a.requests, entry)
	}
	return a.total
}

// productName is "" for a path below no product's prefix.
func (c *Call) productName() string {
	if c.product == nil {
		return ""
	}
	return c.product.Name
}

// leave notes how a request ends, once: just before the last of the answer is
// sent, so that a client that has its answer finds it noted, and is not
// counted twice when it asks again at once.
func (s *Server) leave(c *Call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.left {
		return
	}
	c.left = true
	a := &s.audit
	s.gauge.add(-1)
	a.inFlight[c.productName()]--
	// A reset in between has emptied or shortened the log.
	if i := c.number - 1; i < len(a.requests) && a.requests[i].At.Equal(c.start) {
		a.requests[i].Status, a.requests[i].Fault, a.requests[i].Took = status, c.plan.label(), s.now().Sub(c.start)
	}
}

// judge checks the exchange and keeps what does not fit. The answer is the
// service's own, before any fault spoils it; nil where none was made.
func (s *Server) judge(c *Call, a *Answer) {
	if s.check == nil {
		return
	}
	var seen *wirecheck.Answer
	if a != nil && !a.Undescribed {
		seen = &wirecheck.Answer{Status: a.Status, Header: a.Header, Body: a.Body}
	}
	errs := s.check.Check(c.Request, c.Body, seen)
	if len(errs) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range errs {
		s.audit.violations = append(s.audit.violations, fmt.Sprintf("%s %s: %v", c.Request.Method, c.Request.URL.EscapedPath(), err))
	}
}

func (s *Server) markStatus(c *Call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range c.writes {
		if i < len(s.audit.writes) {
			s.audit.writes[i].Status = status
		}
	}
}

func (s *Server) markLost(c *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range c.writes {
		if i < len(s.audit.writes) {
			s.audit.writes[i].AnswerLost = true
		}
	}
}

func (s *Server) note(p plan) {
	if len(p.kinds) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range p.kinds {
		s.audit.faults[k]++
	}
}
