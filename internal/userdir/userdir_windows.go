package userdir

import (
	"os"
	"path/filepath"
)

// Path names a directory of the user's own, which the profile decides, not TMP.
func Path() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "terraform-provider-roster", "locks")
}

// own has nothing to check: a user's profile is closed to others.
func own(string) error { return nil }
