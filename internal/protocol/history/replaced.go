package history

import (
	"os"
	"path/filepath"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/userdir"
)

// replacedFor is how long it is remembered that an instance was being replaced.
const replacedFor = 30 * 24 * time.Hour

const replacedPrefix = "replaced-"

// Replaced remembers which instances of resources were being replaced, in empty files
// that are named after digests of their tokens. It does nothing where the directory
// cannot be used.
type Replaced struct{ dir string }

// OfReplaced gives what the processes of this user remember.
func OfReplaced() *Replaced { return &Replaced{dir: userdir.Path()} }

func (r *Replaced) file(instance string) string {
	return filepath.Join(r.dir, replacedPrefix+digest([]byte(instance)))
}

// Add remembers an instance.
func (r *Replaced) Add(instance string) {
	if userdir.Make(r.dir) == nil {
		_ = os.WriteFile(r.file(instance), nil, 0o600) // what it is for is then done by hand
	}
}

// Remove forgets an instance.
func (r *Replaced) Remove(instance string) { _ = os.Remove(r.file(instance)) } // it may not be there

// Has tells whether an instance is remembered.
func (r *Replaced) Has(instance string) bool {
	_, err := os.Lstat(r.file(instance))
	return err == nil && userdir.Make(r.dir) == nil
}
