// Package userdir is the directory that all provider processes of one user on
// one machine share, and nobody else writes to.
package userdir

import (
	"fmt"
	"os"
)

// Make makes the directory where it does not exist, and refuses one that is not
// the user's own.
func Make(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of this user: %w", err)
	}
	return own(dir)
}
