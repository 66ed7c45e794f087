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
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/userdir"
)

// keptFor is how long the file of a run is kept.
const keptFor = 24 * time.Hour

// prefix begins the names of the files.
const prefix = "run-"

// What a line says.
const (
	validated = "validated"
	planned   = "planned"
	applied   = "applied"
)

// History is the notes of one run of Terraform, as one process reads and writes
// them. It is of no use, and does no harm, where the file cannot be used.
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
func OfParent() *History { return Of(userdir.Path(), os.Getppid(), os.Getpid()) }

// Of gives the history that processes of one parent keep in a directory; self
// tells them apart.
func Of(dir string, parent, self int) *History {
	return &History{dir: dir, file: filepath.Join(dir, prefix+strconv.Itoa(parent)), self: strconv.Itoa(self), created: map[string]int{}}
}

// Creation names the creation of a resource, by all that its plan depends on.
func Creation(parts ...[]byte) string {
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
	case line[1] == planned:
		h.created[line[2]]++
	case line[1] == applied:
		h.created[line[2]]--
	}
}

// Applies tells whether this process, which is to plan a creation, can only be
// applying: another process of this run has planned the same, or the run has
// validated nothing, as each run does that plans.
func (h *History) Applies(creation string) bool {
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.broken && h.configured && (!h.planning || h.created[creation] > 0)
}

// Planned notes that the plan of a creation has passed.
func (h *History) Planned(creation string) { h.note(planned, creation) }

// Applied notes that a creation was applied.
func (h *History) Applied(creation string) { h.note(applied, creation) }

func (h *History) note(what, creation string) {
	if h == nil {
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

// tidy removes the files of runs that ended long ago.
func (h *History) tidy() {
	files, _ := filepath.Glob(filepath.Join(h.dir, prefix+"*")) // the pattern is well formed
	for _, f := range files {
		if info, err := os.Lstat(f); err == nil && time.Since(info.ModTime()) > keptFor {
			_ = os.Remove(f) // another process may have done it
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
