package engine

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Duration is a [time.Duration] that JSON writes as Go does: "50ms", "1.5s".
type Duration time.Duration

// MarshalText gives the form that time.ParseDuration reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads the form of time.ParseDuration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration such as \"50ms\" or \"2s\"", text)
	}
	*d = Duration(v)
	return nil
}

// Faults is everything that goes wrong on purpose. The zero value disturbs nothing.
type Faults struct {
	// Seed decides every probability and jitter. Whether a request is disturbed
	// depends on the seed, the rule, the method and path, and on how often that
	// method and path were asked before, but not on the order among different paths: the same
	// seed disturbs the same requests however they interleave.
	Seed uint64 `json:"seed,omitempty"`
	// Latency is added to every call; with LatencyMax, a length between the two.
	Latency    Duration `json:"latency,omitempty"`
	LatencyMax Duration `json:"latency_max,omitempty"`
	// RateLimit refuses with 429 what comes too fast, by product.
	RateLimit map[string]RateLimit `json:"rate_limit,omitempty"`
	Rules     []Fault              `json:"rules,omitempty"`
}

// RateLimit is a token bucket.
type RateLimit struct {
	PerSecond float64 `json:"per_second"`
	Burst     int     `json:"burst"`
	// RetryAfter, when not empty, is the Retry-After header of a refusal: seconds or an HTTP date, as it is sent.
	RetryAfter string `json:"retry_after,omitempty"`
}

// The kinds of fault.
const (
	// FaultStatus answers with Status (429, 500, 502, 503, 504 ...) and does nothing.
	FaultStatus = "status"
	// FaultReset closes the connection before anything is done.
	FaultReset = "reset"
	// FaultLost does what is asked, and closes the connection without an answer.
	FaultLost = "lost"
	// FaultCut does what is asked, and closes the connection in the middle of the answer's body
	// (an answer without a body is lost).
	FaultCut = "cut"
	// FaultLatency waits for Delay (to DelayMax) before anything is done.
	FaultLatency = "latency"
	// FaultLateAnswer does what is asked, and waits for Delay (to DelayMax) before it answers.
	FaultLateAnswer = "late_answer"
	// FaultLag shows reads the state as it was Delay ago, or so many Reads ago.
	FaultLag = "lag"
	// FaultDrip does what is asked, and sends the body in small pieces with Delay between two.
	FaultDrip = "drip"
	// FaultEndless answers 200 with a body that never ends.
	FaultEndless = "endless"
	// FaultHang never answers.
	FaultHang = "hang"
	// FaultHTML answers with an HTML page and Status (502 if none) and does nothing.
	FaultHTML = "html"
	// FaultEmpty answers with Status (503 if none) and an empty body, and does nothing.
	FaultEmpty = "empty"
	// FaultBlank does what is asked, and answers with an empty body.
	FaultBlank = "blank"
	// FaultShift moves the rows of every page but the first by Rows, as when a user joins or leaves
	// between two pages.
	FaultShift = "shift"
	// FaultTotal adds Rows to the total that pages other than the first tell.
	FaultTotal = "total"
	// FaultRedirect answers 307 to Location and does nothing.
	FaultRedirect = "redirect"
	// FaultBody answers with Status (404 if none), Body and ContentType, and does nothing.
	FaultBody = "body"
	// FaultBehaviour has the product answer with a switch set as Set says ("PRODUCT.role_case=exact"), for the requests that fit alone.
	FaultBehaviour = "behaviour"
	// FaultChange has another user give Principal ("user/ID") the Role in Workspace, or remove the
	// principal where Role is empty, just before the request is answered. Nothing is
	// written to the audit trail.
	FaultChange = "change"
	// FaultErrorIn200 answers 200 with a body that says there was an error, and does nothing.
	FaultErrorIn200 = "error_in_200"
)

var faultKinds = []string{
	FaultStatus, FaultReset, FaultLost, FaultCut, FaultLatency, FaultLateAnswer, FaultLag, FaultDrip, FaultEndless,
	FaultHang, FaultHTML, FaultEmpty, FaultBlank, FaultShift, FaultTotal, FaultRedirect, FaultErrorIn200,
	FaultBody, FaultBehaviour, FaultChange,
}

// Fault is one rule: what goes wrong, for which requests, and how often.
type Fault struct {
	Kind string `json:"kind"`

	// Product, Method, Call and Path narrow the requests; empty means any. Call
	// is a name of [Table.Routes]; Path is a substring of the path as it was sent.
	Product string `json:"product,omitempty"`
	Method  string `json:"method,omitempty"`
	Call    string `json:"call,omitempty"`
	Path    string `json:"path,omitempty"`

	// Every disturbs each n-th request that fits; Probability each with that
	// chance. Neither: every request that fits.
	Every       int     `json:"every,omitempty"`
	Probability float64 `json:"probability,omitempty"`
	// After lets so many requests that fit pass first; Times stops after so many faults.
	After int `json:"after,omitempty"`
	Times int `json:"times,omitempty"`
	// From and Until are a window, counted from when the faults were set.
	From  Duration `json:"from,omitempty"`
	Until Duration `json:"until,omitempty"`

	// Status is for "status", "html" and "empty".
	Status int `json:"status,omitempty"`
	// RetryAfter is the Retry-After header of such an answer, as it is sent: seconds or an HTTP date.
	RetryAfter string `json:"retry_after,omitempty"`
	// Delay and DelayMax are for "latency", "late_answer", "lag" and "drip".
	Delay    Duration `json:"delay,omitempty"`
	DelayMax Duration `json:"delay_max,omitempty"`
	// Reads is for "lag".
	Reads int `json:"reads,omitempty"`
	// Rows is for "shift" and "total"; 1 if 0.
	Rows int `json:"rows,omitempty"`
	// Location is for "redirect".
	Location string `json:"location,omitempty"`
	// Body and ContentType ("text/plain; charset=utf-8" if none) are for "body".
	Body        string `json:"body,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	// Set is for "behaviour": the name of a switch, "=", and its value.
	Set string `json:"set,omitempty"`
	// Workspace, Principal, Role and Disabled are for "change".
	Workspace string `json:"workspace,omitempty"`
	Principal string `json:"principal,omitempty"`
	Role      string `json:"role,omitempty"`
	Disabled  bool   `json:"disabled,omitempty"`
}

func (t Table) faultProblems(f Faults) []problem {
	ps := Problems{prefix: "faults."}
	bad := ps.Addf
	span := func(path string, from, to Duration) {
		if from < 0 {
			bad(path, "%s is negative", time.Duration(from))
		}
		if to != 0 && to < from {
			bad(path+"_max", "%s is below %s %s", time.Duration(to), path, time.Duration(from))
		}
	}
	span("latency", f.Latency, f.LatencyMax)
	for p, l := range f.RateLimit {
		if t.product(p) == nil {
			bad("rate_limit."+p, "there is no such product: %s", strings.Join(t.names(), ", "))
		}
		if l.PerSecond <= 0 || l.Burst < 1 {
			bad("rate_limit."+p, "per_second must be above 0 and burst at least 1")
		}
	}
	for i, r := range f.Rules {
		at := fmt.Sprintf("rules[%d].", i)
		if !slices.Contains(faultKinds, r.Kind) {
			bad(at+"kind", "%q is not one of %s", r.Kind, quoted(faultKinds))
		}
		if r.Product != "" {
			ps.Words(at+"product", r.Product, t.names())
		}
		if r.Call != "" && !slices.ContainsFunc(t.Routes(), func(rt RouteInfo) bool {
			return rt.Call == r.Call && (r.Product == "" || r.Product == rt.Product)
		}) {
			bad(at+"call", "there is no call %q", r.Call)
		}
		if r.Probability < 0 || r.Probability > 1 {
			bad(at+"probability", "%v is not between 0 and 1", r.Probability)
		}
		if r.Every < 0 || r.After < 0 || r.Times < 0 || r.Reads < 0 {
			bad(at+"every", "every, after, times and reads must not be negative")
		}
		if r.Every > 0 && r.Probability > 0 {
			bad(at+"every", "every and probability contradict each other: give one of them")
		}
		if r.From < 0 || r.Until != 0 && r.Until <= r.From {
			bad(at+"until", "the window from %s until %s is empty", time.Duration(r.From), time.Duration(r.Until))
		}
		span(at+"delay", r.Delay, r.DelayMax)
		switch r.Kind {
		case FaultStatus:
			if r.Status < 300 || r.Status > 599 {
				bad(at+"status", "%d is no status of a failure (300 to 599)", r.Status)
			}
		case FaultHTML, FaultEmpty, FaultBody:
			if r.Status != 0 && (r.Status < 200 || r.Status > 599) {
				bad(at+"status", "%d is no status (200 to 599)", r.Status)
			}
		case FaultLatency, FaultLateAnswer, FaultDrip:
			if r.Delay == 0 && r.DelayMax == 0 {
				bad(at+"delay", "is missing")
			}
		case FaultLag:
			if r.Delay == 0 && r.Reads == 0 {
				bad(at+"delay", "delay or reads is missing")
			}
		case FaultRedirect:
			if r.Location == "" {
				bad(at+"location", "is missing")
			}
		case FaultBehaviour:
			name, value, _ := strings.Cut(r.Set, "=")
			product, _, _ := strings.Cut(name, ".")
			if err := t.SetSwitch(new(Seed), name, value); err != nil {
				bad(at+"set", "%v", err)
			} else if r.Product != product {
				bad(at+"product", "is %q, and the switch %s belongs to %q", r.Product, name, product)
			}
		case FaultChange:
			if r.Product == "" {
				bad(at+"product", "is missing: in which product the principal is changed")
			}
			if r.Workspace == "" {
				bad(at+"workspace", "is missing")
			}
			if kind, id, _ := strings.Cut(r.Principal, "/"); kind == "" || id == "" {
				bad(at+"principal", "%q is no kind and id, such as \"user/ID\"", r.Principal)
			}
		}
	}
	return ps.list
}

// plan is what will go wrong with one request.
type plan struct {
	kinds  []string
	before time.Duration // wait, then go on
	late   time.Duration // wait between doing and answering
	lag    lag
	drip   time.Duration
	shift  int
	// totalDrift is added to the total of pages other than the first.
	totalDrift int
	sets       []string // switches of this request alone
	changes    []*Fault // what others do before it
	// stop is the one thing that replaces or spoils the answer; nil for none.
	stop *Fault
}

func (p plan) label() string { return strings.Join(p.kinds, ",") }

// faultPlayer decides for each request. It has a lock of its own, so that
// waiting requests never hold up the state.
type faultPlayer struct {
	now func() time.Time

	mu      sync.Mutex
	faults  Faults
	since   time.Time
	rules   []*ruleState
	limits  map[string]*rate.Limiter
	latency map[string]uint64 // how often each method and path was asked
}

type ruleState struct {
	fits, played int
	asked        map[string]uint64
}

func (f *faultPlayer) set(faults Faults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults, f.since = faults, f.now()
	f.latency = map[string]uint64{}
	f.rules = nil
	for range faults.Rules {
		f.rules = append(f.rules, &ruleState{asked: map[string]uint64{}})
	}
	f.limits = map[string]*rate.Limiter{}
	for p, l := range faults.RateLimit {
		f.limits[p] = rate.NewLimiter(rate.Limit(l.PerSecond), l.Burst)
	}
}

// Faults gives what goes wrong at present.
func (s *Server) Faults() Faults {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.faults
}

// SetFaults replaces what goes wrong; counters and windows start anew.
// The zero value ends all faults.
func (s *Server) SetFaults(f Faults) error {
	if ps := s.products.faultProblems(f); len(ps) > 0 {
		return &SeedError{ps}
	}
	s.faults.set(f)
	return nil
}

// plan decides what goes wrong with a request.
func (f *faultPlayer) plan(c *Call) plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	var p plan
	target := c.Request.Method + " " + c.Request.URL.EscapedPath()
	if f.faults.Latency > 0 || f.faults.LatencyMax > 0 {
		f.latency[target]++
		p.before = f.length(f.faults.Latency, f.faults.LatencyMax, len(f.rules), target, f.latency[target])
	}
	if l := f.limits[c.product.Name]; l != nil && !l.AllowN(f.now(), 1) {
		p.kinds = append(p.kinds, "rate_limit")
		p.stop = &Fault{Kind: FaultStatus, Status: http.StatusTooManyRequests, RetryAfter: f.faults.RateLimit[c.product.Name].RetryAfter}
		return p
	}
	age := f.now().Sub(f.since)
	for i, rule := range f.faults.Rules {
		if !rule.fits(c) || age < time.Duration(rule.From) || rule.Until > 0 && age >= time.Duration(rule.Until) {
			continue
		}
		state := f.rules[i]
		state.fits++
		state.asked[target]++
		n := state.asked[target]
		if state.fits <= rule.After || rule.Times > 0 && state.played >= rule.Times {
			continue
		}
		switch {
		case rule.Every > 0 && (state.fits-rule.After)%rule.Every != 0:
			continue
		case rule.Probability > 0 && f.source(i, target, n).Float64() >= rule.Probability:
			continue
		}
		if p.add(rule, f.length(rule.Delay, rule.DelayMax, i, target, n)) {
			state.played++
			p.kinds = append(p.kinds, rule.name())
		}
	}
	return p
}

func (r Fault) name() string {
	if r.Kind == FaultStatus {
		return fmt.Sprint(r.Status)
	}
	return r.Kind
}

func (r Fault) fits(c *Call) bool {
	return (r.Product == "" || r.Product == c.product.Name) &&
		(r.Method == "" || strings.EqualFold(r.Method, c.Request.Method)) &&
		(r.Call == "" || r.Call == c.Route.Call) &&
		(r.Path == "" || strings.Contains(c.Request.URL.EscapedPath(), r.Path))
}

// add takes a rule into the plan; false where an earlier rule has decided already.
func (p *plan) add(rule Fault, delay time.Duration) bool {
	rows := rule.Rows
	if rows == 0 {
		rows = 1
	}
	switch rule.Kind {
	case FaultLatency:
		p.before += delay
	case FaultLateAnswer:
		p.late += delay
	case FaultLag:
		p.lag = lag{max(p.lag.age, delay), max(p.lag.reads, rule.Reads)}
	case FaultDrip:
		p.drip = delay
	case FaultShift:
		p.shift = rows
	case FaultTotal:
		p.totalDrift = rows
	case FaultBehaviour:
		p.sets = append(p.sets, rule.Set)
	case FaultChange:
		p.changes = append(p.changes, &rule)
	default:
		if p.stop != nil {
			return false
		}
		p.stop = &rule
	}
	return true
}

// source is a random source of its own for each rule, target and occurrence.
func (f *faultPlayer) source(rule int, target string, n uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d %d %s", rule, n, target) // a hash never fails to write
	return rand.New(rand.NewPCG(f.faults.Seed, h.Sum64()))
}

func (f *faultPlayer) length(from, to Duration, rule int, target string, n uint64) time.Duration {
	if to <= from {
		return time.Duration(from)
	}
	return time.Duration(from) + time.Duration(f.source(rule, target, n+1<<40).Int64N(int64(to-from)+1))
}

// ParseFaults reads faults in their JSON form, strictly.
func (t Table) ParseFaults(text []byte) (Faults, error) {
	var f Faults
	err := decodeStrict(text, &f, func() []problem { return t.faultProblems(f) })
	return f, err
}

// ParseFault reads one rule as the command takes it: name=value pairs with the
// JSON names of [Fault], separated by commas: "kind=status,status=503,every=3".
func (t Table) ParseFault(text string) (Fault, error) {
	fields := map[string]any{}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return Fault{}, fmt.Errorf("%q is no name=value", pair)
		}
		fields[name] = value
		if slices.Contains(faultNumbers, name) {
			if !json.Valid([]byte(value)) {
				return Fault{}, fmt.Errorf("%s: %q is no number", name, value)
			}
			fields[name] = json.RawMessage(value)
		}
	}
	object, err := json.Marshal(fields)
	if err != nil {
		return Fault{}, err
	}
	var f Fault
	if err := decodeStrict(object, &f, func() []problem { return t.faultProblems(Faults{Rules: []Fault{f}}) }); err != nil {
		return Fault{}, err
	}
	return f, nil
}

var faultNumbers = []string{"every", "probability", "after", "times", "status", "reads", "rows", "disabled"}

// FaultHelp lists the kinds of fault and the fields of a rule.
func (t Table) FaultHelp() string {
	return "  kinds: " + strings.Join(faultKinds, ", ") + `
  which requests: product, method, call, path (a part of it), after, every | probability, times, from, until
  details: status, retry_after, delay, delay_max, reads, rows, location, body, content_type, set, workspace, principal, role, disabled
  calls: ` + strings.Join(t.callNames(), ", ") + "\n"
}

func (t Table) callNames() []string {
	var names []string
	for _, r := range t.Routes() {
		if !slices.Contains(names, r.Call) {
			names = append(names, r.Call)
		}
	}
	return names
}

// FaultKinds lists the kinds of fault.
func FaultKinds() []string { return slices.Clone(faultKinds) }
