package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	before := []string{"BASH_FUNC_x%%=() { :; }", "KEPT=1", "SECRET=x", "HOME=/home/ann", "TWICE=1"}
	after := []string{"BASH_FUNC_x%%=() { :; }", "KEPT=1", "HOME=/tmp/it's here", "TWICE=1", "TWICE=2", "NEW="}
	want := "unset SECRET\nexport HOME='/tmp/it'\\''s here'\nexport NEW=''\nexport TWICE='2'\n"
	if diff := cmp.Diff(want, commands(before, after)); diff != "" {
		t.Error(diff)
	}
}

func TestHomeIsNeeded(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), "", t.Output()); err == nil {
		t.Error("no folder was named, and that was no error")
	}
}
