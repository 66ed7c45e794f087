package world

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// record is everything that happened in a world: what the checks look at, and
// the story that a failure prints.
type record struct {
	began time.Time

	mu       sync.Mutex
	lines    []line
	calls    []*call
	requests []*request
}

// line is one line of the story. It is only put together where it is read.
type line struct {
	at     time.Time
	format string
	args   []any
}

func (r *record) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line{time.Now(), format, args})
}

func (r *record) call(k *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, k)
}

func (r *record) request(q *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, q)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, l := range r.lines {
		fmt.Fprintf(&b, "%9.3fs ", l.at.Sub(r.began).Seconds())
		fmt.Fprintf(&b, l.format, l.args...)
		b.WriteString("\n")
	}
	return b.String()
}

// processRecord is one provider process in one walk.
type processRecord struct {
	name    string
	machine string
	killed  atomic.Bool
	// forgotten is true where a kill took what the walk had recorded with it.
	forgotten bool
	// calls are those that are on their way.
	calls sync.WaitGroup
	// began and ended bound the walk; stopped is when it was told to stop.
	began, ended, stopped time.Time
	// applies is true for an apply walk.
	applies bool
	// lower is what the plan lets this walk take away.
	lower map[place][]allowance
	// held are those for whom a state speaks when the walk begins, planned is
	// what its plan said.
	held map[place]bool
	// refused are the resources with something deposed whose own plan did not pass.
	refused map[string]bool
	planned []finding
	// touches is whom the walk's resources name.
	touches map[place]bool
	// requests are the walk's own.
	requests []*request
}

func (p *processRecord) String() string { return p.name }

// request is one request of Terraform to a provider process.
type request struct {
	process *processRecord
	what    requestKind
	addr    string
	// prior and next are what the request carried.
	prior, next *object
	// state is what Terraform has recorded because of it.
	state    *object
	findings []finding
	// began and ended bound it; timeout is the resource's own.
	began, ended time.Time
	timeout      time.Duration
}

// requestKind is what Terraform asks for.
type requestKind string

const (
	planRequest  requestKind = "plan"
	readRequest  requestKind = "read"
	applyRequest requestKind = "apply"
)

// failed tells whether a finding is an error.
func failed(fs []finding) bool {
	for _, f := range fs {
		if f.failed {
			return true
		}
	}
	return false
}

// names tells whether a text speaks of a principal: by the id alone, or by the
// address that begins with it.
func names(text, id string) bool {
	text, id = strings.ToLower(text), strings.ToLower(id)
	for i := 0; ; {
		j := strings.Index(text[i:], id)
		if j < 0 {
			return false
		}
		begin, end := i+j, i+j+len(id)
		if (begin == 0 || !isWord(text[begin-1])) && (end == len(text) || !isWord(text[end])) {
			return true
		}
		i = end
	}
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// told tells whether any of the findings speaks of the principal.
func told(fs []finding, who principal) bool {
	for _, f := range fs {
		if names(f.text, who.ID) {
			return true
		}
	}
	return false
}
