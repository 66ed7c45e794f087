// Command isolate prints the commands with which a shell gets an environment of
// its own: nothing of the user's home, CLI configuration or keys gets into what
// it starts afterwards.
//
//	commands="$(go run ./internal/tools/isolate -home DIR)"
//	eval "$commands"
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/test/isolation"
)

func main() {
	home := flag.String("home", "", "the `folder` that becomes the home; it is made where it is missing")
	flag.Parse()
	if err := run(context.Background(), *home, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "isolate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, home string, out io.Writer) error {
	if home == "" {
		return errors.New("-home names no folder")
	}
	home, err := filepath.Abs(home)
	if err != nil {
		return err
	}
	before := os.Environ()
	after, err := isolation.Environment(ctx, before, home)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, commands(before, after))
	return err
}

// shellName is a variable that a shell can set.
var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// commands leads from one environment to another.
func commands(before, after []string) string {
	was, is := values(before), values(after)
	var text strings.Builder
	for _, name := range names(before) {
		if _, stays := is[name]; !stays {
			fmt.Fprintf(&text, "unset %s\n", name)
		}
	}
	for _, name := range names(after) {
		if old, had := was[name]; !had || old != is[name] {
			fmt.Fprintf(&text, "export %s='%s'\n", name, strings.ReplaceAll(is[name], "'", `'\''`))
		}
	}
	return text.String()
}

func values(env []string) map[string]string {
	out := map[string]string{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		out[name] = value
	}
	return out
}

// names gives the variables that a shell can set, each once and in order.
func names(env []string) []string {
	var out []string
	for name := range values(env) {
		if shellName.MatchString(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
