//go:build !unix

package main

import "os"

// mostResident is not known on this system.
func mostResident(*os.ProcessState) int64 { return 0 }
