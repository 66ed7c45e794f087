//go:build !linux

package history

// startOf is not known here: process ids are not used again for a long time.
func startOf(int) string { return "" }
