package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/wirecheck"
)

// maxBody bounds what a request may carry.
const maxBody = 8 << 20

// Server stands in for both products. It is an [http.Handler] and safe for
// concurrent use; state, faults and behaviour may be changed while it serves.
type Server struct {
	now func() time.Time

	wireCheck bool
	check     *wirecheck.Checker // nil: nothing is checked

	faults  *faultPlayer
	control http.Handler

	mu         sync.Mutex
	seed       Seed // what Reset goes back to
	behaviour  Behaviour
	blink      blinkState
	blazeMeter blazeMeterState
	audit      audit
	requestID  uint64
	stopped    chan struct{}
	stopOnce   sync.Once
}

// Option changes how a [Server] works.
type Option func(*Server)

// WithClock replaces the clock that dates the audit trail and measures lag and fault windows.
func WithClock(now func() time.Time) Option { return func(s *Server) { s.now = now } }

// WithWireCheck has every request and answer judged by the OpenAPI files, or not.
// Violations are kept in the audit trail. Without it, [New] checks nothing and [StartTest] everything.
func WithWireCheck(on bool) Option { return func(s *Server) { s.wireCheck = on } }

// New makes a server from a seed. The error is a *[SeedError] that names everything wrong with the seed.
func New(seed Seed, options ...Option) (*Server, error) {
	s := &Server{now: time.Now, audit: newAudit(), stopped: make(chan struct{})}
	for _, o := range options {
		o(s)
	}
	s.faults = newFaultPlayer(s.now)
	s.control = newControl(s)
	if s.wireCheck {
		var err error
		if s.check, err = wirecheck.New(); err != nil {
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
	if err := seed.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seed = seed
	s.load()
	return nil
}

// Reset goes back to the seed: state, behaviour, faults and audit trail.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
}

func (s *Server) load() {
	inFlight := s.audit.inFlight
	s.audit = newAudit()
	s.audit.inFlight = inFlight
	s.behaviour = s.seed.Behaviour.withDefaults()
	s.blink = newBlinkState(s.seed.Blink, s.now())
	s.blazeMeter = newBlazeMeterState(s.seed.BlazeMeter, s.now())
	for _, w := range s.allWorkspaces() {
		s.recount(w)
		w.restartFewest()
	}
	s.faults.set(s.seed.Faults)
}

// allWorkspaces gives the workspaces of both products, deleted ones too, in the order of the seed.
func (s *Server) allWorkspaces() []*workspace {
	return append(append([]*workspace{}, s.blink.order...), s.blazeMeter.order...)
}

// Behaviour gives the switches as they are, all spelled out.
func (s *Server) Behaviour() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}

// SetBehaviour sets every switch; what is left out goes to its default.
func (s *Server) SetBehaviour(b Behaviour) error {
	if ps := b.validate(); len(ps) > 0 {
		return &SeedError{ps}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b.withDefaults()
	return nil
}

// Stop ends every answer that a fault holds back, so that a server around it can shut down.
func (s *Server) Stop() { s.stopOnce.Do(func() { close(s.stopped) }) }

// call is one request on its way through the service.
type call struct {
	r       *http.Request
	product Product
	route   *route // nil for a call that nobody documented
	start   time.Time
	number  int  // in the request log
	left    bool // its answer has been noted; guarded by Server.mu
	args    map[string]string
	body    []byte
	caller  string // id of the key's user
	plan    plan
	writes  []int // entries of the audit trail that it made
}

// answer is what a handler gives back: JSON, or nothing.
type answer struct {
	status int
	header http.Header
	body   []byte
	// undescribed marks answers that no OpenAPI file can describe: a route that is switched off.
	undescribed bool
}

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil { // only for types that JSON cannot hold, of which there are none here
		return answer{status: http.StatusInternalServerError, body: []byte(err.Error()), undescribed: true}
	}
	return answer{status: status, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body: body}
}

func textAnswer(status int, text string) answer {
	return answer{
		status: status, body: []byte(text), undescribed: true,
		header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
	}
}

// ServeHTTP serves the products, and the control endpoints under /_mock/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isControl(r.URL.Path) {
		s.control.ServeHTTP(w, r)
		return
	}
	start := s.now()
	product, rest := productOf(r.URL.EscapedPath())
	rt, args, methodWrong := findRoute(product, r.Method, rest)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))

	c := &call{r: r, product: product, route: rt, args: args, body: body, start: start}
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
	if rt != nil {
		c.plan = s.faults.plan(r, rt, args)
	}
	s.note(c.plan)
	judged := false
	s.deliver(r.Context(), w, c, func() answer {
		judged = true
		var a answer
		if rt == nil {
			a = unknownRoute(product, methodWrong)
		} else {
			a = s.handle(c)
		}
		s.judge(c, &a)
		return a
	})
	if !judged {
		s.judge(c, nil)
	}
}

// unknownRoute is what a service says to a path that it does not know.
func unknownRoute(p Product, methodWrong bool) answer {
	status := http.StatusNotFound
	if methodWrong {
		status = http.StatusMethodNotAllowed
	}
	if p == ProductBlazeMeter {
		a := bzmError(status, http.StatusText(status)+": no such endpoint", "")
		a.undescribed = true
		return a
	}
	if status == http.StatusMethodNotAllowed {
		return textAnswer(status, "405 method not allowed")
	}
	return textAnswer(status, "404 page not found")
}

func (s *Server) handle(c *call) answer {
	s.mu.Lock()
	refused, ok := s.authenticate(c)
	s.mu.Unlock()
	if !ok {
		return refused
	}
	return c.route.handle(s, c)
}

func (s *Server) authenticate(c *call) (refusal answer, ok bool) {
	if c.route.product == ProductBlink {
		user, known := s.blink.keys[c.r.Header.Get("BLINK-API-KEY")]
		if !known {
			return blinkError(http.StatusUnauthorized, "Unauthorized", "the API key is invalid or expired", "unauthorized"), false
		}
		if u := s.blink.users[user]; u == nil || u.Status == StatusInactive {
			return blinkError(http.StatusUnauthorized, "Unauthorized", "the user of the API key is not active", "unauthorized"), false
		}
		c.caller = user
		return answer{}, true
	}
	id, secret, _ := c.r.BasicAuth()
	k, known := s.blazeMeter.keys[id]
	if !known || k.Secret != secret {
		a := bzmError(http.StatusUnauthorized, "Unauthorized", s.nextRequestID())
		a.header.Set("WWW-Authenticate", "Basic realm=api")
		return a, false
	}
	c.caller = idText(k.User)
	return answer{}, true
}

// nextRequestID gives the id of an envelope. The caller holds s.mu.
func (s *Server) nextRequestID() string {
	s.requestID++
	return fmt.Sprintf("%013x", 0x5dc9c00000000+s.requestID)
}

// arrive notes a request and gives its number.
func (s *Server) arrive(c *call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, r, rt, p := &s.audit, c.r, c.route, c.product
	a.total++
	entry := Request{
		Seq: a.total, At: c.start, Product: p, Method: r.Method, Path: r.URL.EscapedPath(),
		Query: r.URL.RawQuery, UserAgent: r.UserAgent(),
	}
	if rt == nil {
		a.undocumented = append(a.undocumented, r.Method+" "+r.URL.EscapedPath())
	} else {
		entry.Call = rt.call
		a.counts[rt.label()]++
	}
	a.inFlight[p]++
	a.peak[p] = max(a.peak[p], a.inFlight[p])
	if len(a.requests) < keptRequests {
		a.requests = append(a.requests, entry)
	}
	return a.total
}

// leave notes how a request ends, once: just before the last of the answer is
// sent, so that a client that has its answer finds it noted, and is not
// counted twice when it asks again at once.
func (s *Server) leave(c *call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.left {
		return
	}
	c.left = true
	a := &s.audit
	a.inFlight[c.product]--
	// A reset in between has emptied or shortened the log.
	if i := c.number - 1; i < len(a.requests) && a.requests[i].At.Equal(c.start) {
		a.requests[i].Status, a.requests[i].Fault, a.requests[i].Took = status, c.plan.label(), s.now().Sub(c.start)
	}
}

// judge checks the exchange and keeps what does not fit. The answer is the
// service's own, before any fault spoils it; nil where none was made.
func (s *Server) judge(c *call, a *answer) {
	if s.check == nil {
		return
	}
	var seen *wirecheck.Answer
	if a != nil && !a.undescribed {
		seen = &wirecheck.Answer{Status: a.status, Header: a.header, Body: a.body}
	}
	errs := s.check.Check(c.r, c.body, seen)
	if len(errs) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range errs {
		s.audit.violations = append(s.audit.violations, fmt.Sprintf("%s %s: %v", c.r.Method, c.r.URL.EscapedPath(), err))
	}
}

func (s *Server) markStatus(c *call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range c.writes {
		if i < len(s.audit.writes) {
			s.audit.writes[i].Status = status
		}
	}
}

func (s *Server) markLost(c *call) {
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
