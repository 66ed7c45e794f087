// Package history knows what other provider processes of the same run of
// Terraform have done.
//
// Terraform starts a provider process for each walk: one that validates, one
// that plans, one that applies. The apply plans each resource once more, and for
// a resource that is created nothing in its requests differs from those of the
// plan. So each process notes for the later ones what it has validated and
// planned, in a file that is named after the process of Terraform. The file has
// no names and no ids: only digests of what was planned.
package history

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/userdir"
)

// keptFor is how long the file of a run is kept that has ended. As often the directory
// is tidied.
const keptFor = time.Hour

// tidied is the file that says when that was done last.
const tidied = "tidied"

// prefix begins the names of the files.
const prefix = "run-"

// What a line says.
const (
	validated = "validated"
	planned   = "planned"
	applied   = "applied"
	// opened is a creation of which the plan did not know everything.
	opened = "opened"
)

// History is the notes of one run of Terraform, as one process reads and writes
// them. It does nothing where the file cannot be used.
type History struct {
	dir, file, self string

	mu         sync.Mutex
	out        *os.File
	broken     bool
	configured bool
	// planning is true where this run of Terraform has validated.
	planning bool
	// created counts the creations that other processes have planned and not applied.
	created map[string]int
}

// OfParent gives the history of the run of Terraform that has started this process.
func OfParent() *History {
	parent := os.Getppid()
	return Of(userdir.Path(), strconv.Itoa(parent)+startOf(parent), os.Getpid())
}

// Of gives the history that the processes of one run keep in a directory; self
// tells them apart.
func Of(dir, run string, self int) *History {
	return &History{dir: dir, file: filepath.Join(dir, prefix+run), self: strconv.Itoa(self), created: map[string]int{}}
}

// Creation names the creation of a resource. The zero value is no creation.
type Creation struct {
	// exact is of all that its plan depends on, open of the type of the resource.
	exact, open string
	// unknown is true where a part of that is known only after apply.
	unknown bool
}

// NewCreation names the creation of a resource of a type, by values in msgpack on
// which its plan depends.
func NewCreation(typeName string, values ...[]byte) Creation {
	parts := append([][]byte{[]byte(typeName)}, values...)
	return Creation{exact: digest(parts...), open: digest(parts[0]), unknown: slices.ContainsFunc(values, hasUnknown)}
}

// hasUnknown tells whether a value in msgpack may hold one that is known only
// after apply: an extension of type 0, or of type 12, which says something about
// the value. A text may look like that: then less is told apart.
func hasUnknown(value []byte) bool {
	for i := 0; i+2 < len(value); i++ {
		kind := value[i+1]
		switch mark := value[i]; {
		case mark == 0xc7: // its length comes in between
			kind = value[i+2]
		case mark < 0xd4 || mark > 0xd8:
			continue
		}
		if kind == 0 || kind == 12 {
			return true
		}
	}
	return false
}

func digest(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:", len(p)) // a hash takes everything
		_, _ = h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Validated notes that this process validates a resource. A walk that validates
// is the first of a run: what an earlier run of the same process id has left is dropped.
func (h *History) Validated() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.configured || h.out != nil || h.broken {
		return
	}
	h.tidy()
	h.write(os.O_TRUNC, validated)
}

// Configured notes that this process is configured, for a walk that plans or
// applies, and reads what earlier processes have noted.
func (h *History) Configured() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.configured, h.planning, h.created = true, false, map[string]int{}
	if err := userdir.Make(h.dir); err != nil {
		h.broken = true
		return
	}
	in, err := os.Open(h.file)
	if err != nil {
		h.broken = !os.IsNotExist(err)
		return
	}
	defer func() { _ = in.Close() }() // only read
	for lines := bufio.NewScanner(in); lines.Scan(); {
		h.read(strings.Fields(lines.Text()))
	}
}

// read takes up one line: the process, what it did, and the creation.
func (h *History) read(line []string) {
	switch {
	case len(line) == 2 && line[1] == validated:
		h.planning = true
	case len(line) != 3 || line[0] == h.self:
	case line[1] == planned, line[1] == opened && !isRunning(line[0]):
		h.created[line[2]]++
	case line[1] == applied:
		h.created[line[2]]--
	}
}

// Applies tells whether this process, which is to plan a creation, can only be
// applying: another process of this run has planned the same, or one of the type
// of which not everything was known; or the run has validated nothing, as each run
// does that plans.
func (h *History) Applies(c Creation) bool {
	if h == nil || c == (Creation{}) {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.broken && h.configured && (!h.planning || h.created[c.exact] > 0 || h.created[c.open] > 0)
}

// isRunning tells whether a process is running, by its id. Two configurations of the
// provider are planned by two processes at the same time, and while one of them still
// plans, the other one does not apply. It is false where that cannot be told.
func isRunning(id string) bool {
	pid, err := strconv.Atoi(id)
	if err != nil {
		return false
	}
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

// Planned notes that the plan of a creation has passed.
func (h *History) Planned(c Creation) {
	if c.unknown {
		h.note(opened, c.open)
		return
	}
	h.note(planned, c.exact)
}

// Applied notes that a creation was applied.
func (h *History) Applied(c Creation) {
	if h == nil {
		return
	}
	h.mu.Lock()
	open := h.created[c.exact] <= 0 && h.created[c.open] > 0
	if open {
		h.created[c.open]--
	}
	h.mu.Unlock()
	if open {
		c.exact = c.open
	}
	h.note(applied, c.exact)
}

func (h *History) note(what, creation string) {
	if h == nil || creation == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.broken {
		h.write(0, what, creation)
	}
}

// write adds a line. The caller holds the lock.
func (h *History) write(flag int, words ...string) {
	if h.out == nil {
		if h.broken = userdir.Make(h.dir) != nil; h.broken {
			return
		}
		var err error
		if h.out, err = os.OpenFile(h.file, os.O_WRONLY|os.O_CREATE|os.O_APPEND|flag, 0o600); err != nil {
			h.broken = true
			return
		}
	}
	if _, err := h.out.WriteString(h.self + " " + strings.Join(words, " ") + "\n"); err != nil {
		h.broken = true
	}
}

// tidy removes what is no longer needed.
func (h *History) tidy() {
	last := filepath.Join(h.dir, tidied)
	if info, err := os.Lstat(last); err == nil && time.Since(info.ModTime()) < keptFor || userdir.Make(h.dir) != nil {
		return
	}
	_ = os.WriteFile(last, []byte("\n"), 0o600) // else it is done again
	files, _ := os.ReadDir(h.dir)               // what it could read
	for _, f := range files {
		run, isRun := strings.CutPrefix(f.Name(), prefix)
		kept := keptFor
		switch {
		case strings.HasPrefix(f.Name(), replacedPrefix):
			kept = replacedFor
		case !isRun:
			continue
		}
		pid, _, _ := strings.Cut(run, "-")
		if info, err := f.Info(); err == nil && time.Since(info.ModTime()) > kept && !(isRun && isRunning(pid)) {
			_ = os.Remove(filepath.Join(h.dir, f.Name())) // another process may have done it
		}
	}
}

// Close closes the file.
func (h *History) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.out == nil {
		return nil
	}
	out := h.out
	h.out = nil
	return out.Close()
}
