//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// mostResident gives the largest resident set of a process that has ended, in bytes.
func mostResident(s *os.ProcessState) int64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss) // in bytes there, in KiB elsewhere
	}
	return int64(usage.Maxrss) << 10
}
