package reconcile

import (
	"os"
	"path/filepath"
)

// lockDir names a directory of the user's own, which the profile decides, not TMP.
func lockDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "terraform-provider-roster", "locks")
}

// ownDir has nothing to check: a user's profile is closed to others.
func ownDir(string) error { return nil }
