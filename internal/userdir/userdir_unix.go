//go:build !windows

package userdir

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Path names the same directory in all processes of one user, whatever their
// environment says: TMPDIR and HOME differ between the steps of a pipeline.
// /tmp is local to the machine, as a lock between its processes has to be.
func Path() string {
	return filepath.Join("/tmp", "terraform-provider-roster-"+strconv.Itoa(os.Getuid()))
}

// own refuses a directory that belongs to another user, who could hold the
// locks in it or replace them, and a link, which could lead anywhere.
func own(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the directory of this user: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	case !ok || int(stat.Uid) != os.Getuid():
		return fmt.Errorf("%s belongs to another user", dir)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others may write to %s", dir)
	default:
		return nil
	}
}
