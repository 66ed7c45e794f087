package acctest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Version tells which program runs, and its version.
func (c *CLI) Version() (tofu bool, version string) {
	c.t.Helper()
	printed := c.OK("version").Stdout // "Terraform v1.11.4" and more, or "OpenTofu v1.10.10"
	program, rest, _ := strings.Cut(printed, " v")
	version, _, _ = strings.Cut(rest, "\n")
	return program == "OpenTofu", version
}

// Since is the first version of each program that has something; "" where none
// has it yet.
type Since struct{ Terraform, OpenTofu string }

// Needs skips a test of something that this program does not have, and says what
// it would take.
func (c *CLI) Needs(what string, since Since) {
	c.t.Helper()
	tofu, version := c.Version()
	program, first := "Terraform", since.Terraform
	if tofu {
		program, first = "OpenTofu", since.OpenTofu
	}
	switch {
	case first == "":
		c.t.Skipf("%s: %s does not have it, this is %s", what, program, version)
	case Older(c.t, version, first):
		c.t.Skipf("%s: needs %s %s or later, this is %s", what, program, first, version)
	}
}

// Older tells whether a version comes before another one. What stands behind a
// dash is left out: 1.14.0-rc1 is as new as 1.14.
func Older(t testing.TB, version, least string) bool {
	t.Helper()
	return slices.Compare(numbers(t, version), numbers(t, least)) < 0
}

// numbers reads 1.14.0-rc1 as 1, 14, 0.
func numbers(t testing.TB, version string) []int {
	t.Helper()
	plain, _, _ := strings.Cut(version, "-")
	var out []int
	for part := range strings.SplitSeq(plain, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			t.Fatalf("%q is no version: %s", version, err)
		}
		out = append(out, n)
	}
	return out
}
