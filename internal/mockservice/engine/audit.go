package engine

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// The outcomes of a write.
const (
	// OutcomeApplied: the service did what was asked, if it changed anything or not.
	OutcomeApplied = "applied"
	// OutcomeRefused: the service said no, and nothing changed.
	OutcomeRefused = "refused"
	// OutcomeIgnored: the service said yes and did nothing.
	OutcomeIgnored = "ignored"
)

// Write is one entry of the audit trail: what one request did to one principal.
// A request for several principals leaves an entry for each.
type Write struct {
	Seq       int       `json:"seq"`
	At        time.Time `json:"at"`
	Product   string    `json:"product"`
	Workspace string    `json:"workspace"`
	// Call is the name of the route, as in [RouteInfo].
	Call      string `json:"call"`
	Kind      string `json:"kind"`
	Principal string `json:"principal"`
	// From and To are standings: "" for no member, else the roles joined with a
	// comma, followed by " (disabled)" where that is so. To is what was asked for when the write was refused or ignored.
	From    string `json:"from"`
	To      string `json:"to"`
	Outcome string `json:"outcome"`
	Status  int    `json:"status"`
	Message string `json:"message,omitempty"`
	// Unchanged: applied, and the principal stood so already.
	Unchanged bool `json:"unchanged,omitempty"`
	// Repeated: an earlier write through the API had left the principal just so, and nothing had
	// changed since: this one was not needed.
	Repeated bool `json:"repeated,omitempty"`
	// AnswerLost: a fault kept the answer from the client.
	AnswerLost   bool   `json:"answer_lost,omitempty"`
	OwnersBefore int    `json:"owners_before"`
	OwnersAfter  int    `json:"owners_after"`
	Method       string `json:"method"`
	Path         string `json:"path"`
	// Body is the request's body, up to 1 KiB of it.
	Body string `json:"body,omitempty"`
	By   string `json:"by"`
}

// Request is one request that reached the service, control endpoints excepted.
type Request struct {
	Seq     int           `json:"seq"`
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took_ns"`
	Product string        `json:"product"`
	Method  string        `json:"method"`
	// Path is the path as it was sent, still escaped; Query the raw query.
	Path  string `json:"path"`
	Query string `json:"query,omitempty"`
	// Call is the route's name, "" for a call that is not documented.
	Call string `json:"call"`
	// Status is 0 where the connection was closed without an answer.
	Status    int    `json:"status"`
	Fault     string `json:"fault,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
}

// keptRequests bounds the request log; counts go on beyond it.
const keptRequests = 200_000

// Audit is the whole trail, as GET /_mock/audit gives it.
type Audit struct {
	Writes []Write `json:"writes"`
	// Requests counts the requests by "product METHOD /path/template".
	Requests map[string]int `json:"requests"`
	Total    int            `json:"total_requests"`
	// Undocumented lists "METHOD /path" of each request that fits no route.
	Undocumented []string `json:"undocumented"`
	// WireViolations are requests and answers that do not fit the OpenAPI files.
	WireViolations []string `json:"wire_violations"`
	// Repeated counts the writes that were not needed.
	Repeated int `json:"repeated_writes"`
	// InFlight is the number of requests that are being answered now, and
	// PeakInFlightTotal the largest number at a time, of all products and of all
	// servers that share a [Gauge].
	InFlight          int `json:"in_flight"`
	PeakInFlightTotal int `json:"peak_in_flight_total"`
	// PeakInFlight is the largest number of requests of one product at a time.
	PeakInFlight map[string]int `json:"peak_in_flight"`
	// Owners maps the workspace id to its owners, by product.
	Owners map[string]map[string]OwnerCounts `json:"owners"`
	// Faults counts the faults that were played, by kind.
	Faults map[string]int `json:"faults"`
}

// audit collects the trail; guarded by Server.mu.
type audit struct {
	writes       []Write
	requests     []Request
	counts       map[string]int
	total        int
	undocumented []string
	violations   []string
	repeated     int
	inFlight     map[string]int
	peak         map[string]int
	faults       map[string]int
}

func newAudit() audit {
	return audit{
		counts:   map[string]int{},
		inFlight: map[string]int{},
		peak:     map[string]int{},
		faults:   map[string]int{},
	}
}

// Gauge counts the requests in flight. Servers that share one count together.
type Gauge struct {
	mu        sync.Mutex
	now, peak int
}

func (g *Gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.peak = max(g.peak, g.now)
}

// Now is the number of requests that are being answered.
func (g *Gauge) Now() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// Peak is the largest number at a time since the gauge was made or reset.
func (g *Gauge) Peak() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.peak
}

// Reset starts the peak anew from what is in flight now.
func (g *Gauge) Reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.peak = g.now
}

// Audit gives the whole trail so far.
func (s *Server) Audit() Audit {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := Audit{
		Writes:         append([]Write{}, s.audit.writes...),
		Requests:       maps.Clone(s.audit.counts),
		Total:          s.audit.total,
		Undocumented:   append([]string{}, s.audit.undocumented...),
		WireViolations: append([]string{}, s.audit.violations...),
		Repeated:       s.audit.repeated,
		InFlight:       s.gauge.Now(), PeakInFlightTotal: s.gauge.Peak(),
		PeakInFlight: maps.Clone(s.audit.peak),
		Faults:       maps.Clone(s.audit.faults),
		Owners:       map[string]map[string]OwnerCounts{},
	}
	for _, site := range s.sites {
		counts := map[string]OwnerCounts{}
		for _, w := range site.workspaces.all {
			counts[w.ID] = w.owners
		}
		a.Owners[site.product.Name] = counts
	}
	return a
}

// Writes gives the audit trail of writes in the order in which they took effect.
func (s *Server) Writes() []Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.audit.writes)
}

// Requests gives the request log in the order of arrival (the first 200 000 since the last reset).
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.audit.requests)
}

// RequestCount gives the number of requests of one product and call; "" counts all
// products or calls. Calls have the names of [Table.Routes].
func (s *Server) RequestCount(product, call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if product == "" && call == "" {
		return s.audit.total
	}
	n := 0
	for _, p := range s.products {
		for _, r := range p.Routes {
			if (product == "" || product == p.Name) && (call == "" || call == r.Call) {
				n += s.audit.counts[p.label(&r)]
			}
		}
	}
	return n
}

// Undocumented lists "METHOD /path" of each request that fits no route.
func (s *Server) Undocumented() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.audit.undocumented)
}

// WireViolations lists what did not fit the OpenAPI files.
func (s *Server) WireViolations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.audit.violations)
}

// RepeatedWrites counts the writes that were not needed because the same write
// had been applied before and nothing had changed since.
func (s *Server) RepeatedWrites() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.audit.repeated
}

// ResetAudit forgets writes, requests and counts, and starts the fewest owners
// anew from what is there now. The state and the faults stay.
func (s *Server) ResetAudit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	inFlight := s.audit.inFlight
	s.audit = newAudit()
	s.audit.inFlight = inFlight
	s.gauge.Reset()
	for w := range s.allWorkspaces() {
		w.restartFewest()
		clear(w.lastWrite)
	}
}

// ResetFewestOwners starts the fewest owners of every workspace anew.
func (s *Server) ResetFewestOwners() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.allWorkspaces() {
		w.restartFewest()
	}
}

// Write carries out and records one write to one principal.
func (ws *Workspaces) Write(c *Call, w *Workspace, after Row) {
	e := ws.entry(c, w, after)
	e.Outcome = OutcomeApplied
	e.Unchanged = w.StandingOf(after.Key).equal(after.Standing)
	if last, known := w.lastWrite[after.Key]; known && e.Unchanged && last == e.To {
		e.Repeated = true
		ws.server.audit.repeated++
	}
	if !e.Unchanged {
		ws.put(w, after, c.Delay)
		if w.owners.Now < e.OwnersBefore {
			if f := w.owners.FewestAfterLoss; f < 0 || w.owners.Now < f {
				w.owners.FewestAfterLoss = w.owners.Now
			}
		}
	}
	w.lastWrite[after.Key] = e.To
	e.OwnersAfter = w.owners.Now
	ws.server.record(c, e)
}

// Refuse records a write that the service refuses.
func (ws *Workspaces) Refuse(c *Call, w *Workspace, wanted Row, message string) {
	ws.unchanged(c, w, wanted, OutcomeRefused, message)
}

// Ignore records a write to which the service says yes and does nothing.
func (ws *Workspaces) Ignore(c *Call, w *Workspace, wanted Row, message string) {
	ws.unchanged(c, w, wanted, OutcomeIgnored, message)
}

func (ws *Workspaces) unchanged(c *Call, w *Workspace, wanted Row, outcome, message string) {
	e := ws.entry(c, w, wanted)
	e.Outcome, e.Message, e.OwnersAfter = outcome, message, w.owners.Now
	if last, known := w.lastWrite[wanted.Key]; known && last == e.To && w.StandingOf(wanted.Key).equal(wanted.Standing) {
		e.Repeated = true
		ws.server.audit.repeated++
	}
	ws.server.record(c, e)
}

func (ws *Workspaces) entry(c *Call, w *Workspace, after Row) Write {
	body := string(c.Body)
	if len(body) > 1024 {
		body = body[:1024]
	}
	return Write{
		At: ws.Now(), Product: w.product, Workspace: w.ID, Call: c.Route.Call,
		Kind: after.Kind, Principal: after.ID, From: w.StandingOf(after.Key).String(), To: after.String(),
		OwnersBefore: w.owners.Now, Method: c.Request.Method, Path: c.Request.URL.EscapedPath(), Body: body, By: c.Caller,
	}
}

func (s *Server) record(c *Call, e Write) {
	e.Seq = len(s.audit.writes) + 1
	c.writes = append(c.writes, len(s.audit.writes))
	s.audit.writes = append(s.audit.writes, e)
}
