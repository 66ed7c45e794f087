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

// SkipTofuBelow skips a test that this OpenTofu is too old for, and says why.
// With Terraform the test runs.
func (c *CLI) SkipTofuBelow(least, why string) {
	c.t.Helper()
	if tofu, version := c.Version(); tofu && Older(c.t, version, least) {
		c.t.Skipf("%s: needs OpenTofu %s or later, this is %s", why, least, version)
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
