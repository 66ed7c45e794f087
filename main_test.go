package main

import (
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
