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
	before, percent := debugging.SetMemoryLimit(-1), debugging.SetGCPercent(100)
	t.Cleanup(func() {
		debugging.SetMemoryLimit(before)
		debugging.SetGCPercent(percent)
	})
	lean(func(string) string { return "1GiB" })
	if got := debugging.SetMemoryLimit(-1); got != before {
		t.Errorf("the limit is %d, although GOMEMLIMIT was set", got)
	}
	lean(func(string) string { return "" })
	if got := debugging.SetMemoryLimit(-1); got != leanMemory {
		t.Errorf("the limit is %d, want %d", got, leanMemory)
	}
	if got := debugging.SetGCPercent(100); got != leanPercent {
		t.Errorf("garbage is collected at %d %%, want %d", got, leanPercent)
	}
}

// Nobody's logs are turned off who asked for some.
func TestQuiet(t *testing.T) {
	turnedOff := func(asked string) bool {
		off := false
		err := quiet(func(name string) string {
			return map[string]string{asked: "debug"}[name]
		}, func(name, value string) error {
			off = name == "TF_LOG_SDK" && value == "off"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return off
	}
	if !turnedOff("") {
		t.Error("nobody asked for logs, and they are on")
	}
	for _, asked := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		if turnedOff(asked) {
			t.Errorf("the logs are off, although %s is set", asked)
		}
	}
}
