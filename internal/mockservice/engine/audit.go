package engine

import (
	"maps"
	"slices"
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
	Product   Product   `json:"product"`
	Workspace string    `json:"workspace"`
	// Call is the name of the route: "assign", "add", "remove" (Blink), "add_users", "update_user" (BlazeMeter).
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
	Product Product       `json:"product"`
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
	// PeakInFlight is the largest number of requests of one product at a time.
	PeakInFlight map[Product]int `json:"peak_in_flight"`
	// Owners maps the workspace id to its owners, by product.
	Owners map[Product]map[string]OwnerCounts `json:"owners"`
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
	inFlight     map[Product]int
	peak         map[Product]int
	faults       map[string]int
}

func newAudit() audit {
	return audit{
		counts:   map[string]int{},
		inFlight: map[Product]int{},
		peak:     map[Product]int{},
		faults:   map[string]int{},
	}
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
		PeakInFlight:   maps.Clone(s.audit.peak),
		Faults:         maps.Clone(s.audit.faults),
		Owners:         map[Product]map[string]OwnerCounts{ProductBlink: {}, ProductBlazeMeter: {}},
	}
	for _, w := range s.allWorkspaces() {
		a.Owners[w.product][w.id] = w.owners
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
// products or calls. Calls have the names of [Routes].
func (s *Server) RequestCount(p Product, call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p == "" && call == "" {
		return s.audit.total
	}
	n := 0
	for _, r := range routes {
		if (p == "" || p == r.product) && (call == "" || call == r.call) {
			n += s.audit.counts[r.label()]
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
	for _, w := range s.allWorkspaces() {
		w.restartFewest()
		clear(w.lastWrite)
	}
}

// ResetFewestOwners starts the fewest owners of every workspace anew.
func (s *Server) ResetFewestOwners() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.allWorkspaces() {
		w.restartFewest()
	}
}

func (w *workspace) restartFewest() {
	w.owners.Fewest = w.owners.Now
	w.owners.FewestWithGroups = w.owners.Now + w.owners.Groups
	w.owners.FewestAfterLoss = -1
}

// write carries out and records one write to one principal. The caller holds s.mu.
func (s *Server) write(c *call, w *workspace, k key, after standing) {
	before := w.standingOf(k)
	e := s.entry(c, w, k, before, after)
	e.Outcome = OutcomeApplied
	e.Unchanged = before.equal(after)
	if last, known := w.lastWrite[k]; known && e.Unchanged && last == after.String() {
		e.Repeated = true
		s.audit.repeated++
	}
	if !e.Unchanged {
		s.put(w, k, after)
		if w.owners.Now < e.OwnersBefore {
			if f := w.owners.FewestAfterLoss; f < 0 || w.owners.Now < f {
				w.owners.FewestAfterLoss = w.owners.Now
			}
		}
	}
	w.lastWrite[k] = after.String()
	e.OwnersAfter = w.owners.Now
	s.record(c, e)
}

// refuse records a write that changes nothing. The caller holds s.mu.
func (s *Server) refuse(c *call, w *workspace, k key, wanted standing, outcome, message string) {
	before := w.standingOf(k)
	e := s.entry(c, w, k, before, wanted)
	e.Outcome, e.Message, e.OwnersAfter = outcome, message, w.owners.Now
	if last, known := w.lastWrite[k]; known && last == wanted.String() && before.equal(wanted) {
		e.Repeated = true
		s.audit.repeated++
	}
	s.record(c, e)
}

func (s *Server) entry(c *call, w *workspace, k key, before, after standing) Write {
	body := string(c.body)
	if len(body) > 1024 {
		body = body[:1024]
	}
	return Write{
		At: s.now(), Product: w.product, Workspace: w.id, Call: c.route.call,
		Kind: k.kind, Principal: k.id, From: before.String(), To: after.String(),
		OwnersBefore: w.owners.Now, Method: c.r.Method, Path: c.r.URL.EscapedPath(), Body: body, By: c.caller,
	}
}

func (s *Server) record(c *call, e Write) {
	e.Seq = len(s.audit.writes) + 1
	c.writes = append(c.writes, len(s.audit.writes))
	s.audit.writes = append(s.audit.writes, e)
}

// put changes somebody's standing and keeps the counts of owners. The caller holds s.mu.
func (s *Server) put(w *workspace, k key, after standing) {
	user, group := s.countsAsOwner(w, k, w.standingOf(k))
	w.put(k, after, s.now())
	userNow, groupNow := s.countsAsOwner(w, k, after)
	w.owners.Now += userNow - user
	w.owners.Groups += groupNow - group
	w.noteFewest()
}

func (w *workspace) noteFewest() {
	w.owners.Fewest = min(w.owners.Fewest, w.owners.Now)
	w.owners.FewestWithGroups = min(w.owners.FewestWithGroups, w.owners.Now+w.owners.Groups)
}

// countsAsOwner gives 1 for what is an owner: first as a person, then as a group.
func (s *Server) countsAsOwner(w *workspace, k key, st standing) (user, group int) {
	switch {
	case !st.present || !st.enabled:
	case w.product == ProductBlazeMeter:
		if st.hasRole("manager") {
			return 1, 0
		}
	case !st.hasRole("owner"):
	case k.kind == KindGroup:
		if g := s.blink.groups[k.id]; g != nil && len(g.Members) > 0 {
			return 0, 1
		}
	default:
		if u := s.blink.users[k.id]; u != nil && u.Status == StatusActive {
			return 1, 0
		}
	}
	return 0, 0
}

// recount counts the owners of a workspace from scratch. The caller holds s.mu.
func (s *Server) recount(w *workspace) {
	w.owners.Now, w.owners.Groups = 0, 0
	for _, m := range w.members {
		u, g := s.countsAsOwner(w, m.key, m.standing)
		w.owners.Now += u
		w.owners.Groups += g
	}
}
