package history

import (
	"bytes"
	"fmt"
	"os"
)

// startOf tells when a process was started, in a form that is part of a file's
// name: process ids are used again, and a run that applies a saved plan drops
// nothing of what another one has left.
func startOf(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// proc(5): the second field, in brackets, may hold anything; the start is the 22nd.
	const start = 22 - 3
	if fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]); len(fields) > start {
		return "-" + string(fields[start])
	}
	return ""
}
