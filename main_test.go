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

// As much is logged as was asked for, and nothing where nobody asked.
func TestQuiet(t *testing.T) {
	for _, test := range []struct {
		asked    map[string]string
		sdk, own string
	}{
		{nil, "off", "off"},
		{map[string]string{"TF_LOG_PROVIDER_ROSTER": "info"}, "off", "info"},
		{map[string]string{"TF_LOG": "debug"}, "", "debug"},
		{map[string]string{"TF_LOG": "json"}, "", "trace"},
		{map[string]string{"TF_LOG_PROVIDER": "INFO", "TF_LOG": "trace"}, "", "INFO"},
		{map[string]string{"TF_LOG_PROVIDER_ROSTER": "warn", "TF_LOG_PROVIDER": "trace"}, "", "warn"},
		{map[string]string{"TF_LOG_SDK": "debug"}, "", "off"},
		{map[string]string{"TF_LOG_SDK_FRAMEWORK": "debug"}, "", "off"},
		{map[string]string{"TF_LOG_SDK_PROTO": "debug"}, "", "off"},
	} {
		set := map[string]string{}
		logs, err := quiet(func(name string) string { return test.asked[name] }, func(name, value string) error {
			set[name] = value
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if logs != (test.asked != nil) {
			t.Errorf("%v: anything is logged: %t", test.asked, logs)
		}
		if set["TF_LOG_SDK"] != test.sdk || set["TF_LOG_PROVIDER_ROSTER"] != test.own {
			t.Errorf("%v sets %v", test.asked, set)
		}
	}
}
