package main

import (
	debugging "runtime/debug"
	"strings"
	"testing"
)

func TestVersionIsOneLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run([]string{"-version"}, &out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "terraform-provider-roster dev\n"; got != want {
		t.Errorf("-version prints %q, want %q", got, want)
	}
}

func TestUnknownFlagIsRefused(t *testing.T) {
	t.Parallel()
	if err := run([]string{"-verison"}, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "-verison") {
		t.Errorf("the error is %v, want one that names the flag", err)
	}
}

func TestMemoryIsBoundedUnlessItIsSaidOtherwise(t *testing.T) {
	before := debugging.SetMemoryLimit(-1)
	t.Cleanup(func() { debugging.SetMemoryLimit(before) })
	lean(func(string) string { return "1GiB" })
	if got := debugging.SetMemoryLimit(-1); got != before {
		t.Errorf("the limit is %d, although GOMEMLIMIT was set", got)
	}
	lean(func(string) string { return "" })
	if got := debugging.SetMemoryLimit(-1); got != leanMemory {
		t.Errorf("the limit is %d, want %d", got, leanMemory)
	}
}
