package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/tf-roster/terraform-provider-roster/internal/userdir"
)

// Locker excludes other processes from taking owners out of a workspace at
// the same time.
type Locker interface {
	// Lock waits for the lock named by key and gives the function that
	// releases it.
	Lock(ctx context.Context, key string) (release func(), err error)
}

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 50 * time.Millisecond

// FileLocker locks files in a directory. The operating system releases the
// lock when the process dies, however it dies.
type FileLocker struct {
	// Dir belongs to the user alone. It is made where it does not exist.
	Dir string
}

// NewFileLocker gives the locker that all provider processes of this user on
// this machine share.
func NewFileLocker() FileLocker { return FileLocker{Dir: userdir.Path()} }

// Lock implements [Locker].
func (f FileLocker) Lock(ctx context.Context, key string) (func(), error) {
	if err := userdir.Make(f.Dir); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(key))
	file := flock.New(filepath.Join(f.Dir, hex.EncodeToString(sum[:16])+".lock"))
	if _, err := file.TryLockContext(ctx, lockPoll); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock %s: %w", file.Path(), err)
	}
	return func() { _ = file.Close() }, nil
}
