//go:build unix

package provider_test

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime is what this process has computed so far: what else the machine does
// is not in it.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
