// Command bench measures the provider through real Terraform against the mock
// service with latency, beside the floor provider: the same schema and as many
// instances, without any I/O. What the floor costs, Terraform itself costs.
//
// It prints a Markdown table of calls, wall time, the ratio to the floor and the
// peak memory of the provider process, and says of each goal whether it is met. A
// line about the run goes into the history file. A slow machine is no failure: the
// exit code tells only whether it ran. With -small it measures so little that only
// calls mean something, and fails if there are too many of them.
//
// Another build of the provider can be measured beside this one, on the same
// machine in the same run:
//
//	git worktree add /tmp/before v0.1.0 && (cd /tmp/before && go build -o provider .)
//	make bench ARGS="-other /tmp/before/provider"
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	os.Exit(command(os.Args[1:]))
}

func command(args []string) int {
	// Terraform starts this program in place of a provider (machine.go).
	if len(args) > 0 && args[0] == asWitness {
		return witness(args[1:])
	}
	if len(args) > 0 && args[0] == asUnscoped {
		return serveUnscoped()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, args, os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// sizes is a flag: numbers with commas between.
type sizes []int

func (s *sizes) String() string {
	var parts []string
	for _, n := range *s {
		parts = append(parts, strconv.Itoa(n))
	}
	return strings.Join(parts, ",")
}

func (s *sizes) Set(text string) error {
	*s = nil
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(part)
		if err != nil || n < 2 {
			return fmt.Errorf("%q is no number of people from 2 on", part)
		}
		*s = append(*s, n)
	}
	return nil
}

// settings are the flags.
type settings struct {
	served        []product
	products      string
	works         string
	additive      sizes
	authoritative sizes
	rounds        int
	latency       time.Duration
	changes       int
	ignored       int
	full, small   bool
	out           string
	history       string
	// other is the program of another build of the provider; "" for none.
	other string
}

// contestants are the builds of the provider that the goals are for.
func (s settings) contestants() []contestant {
	if s.other == "" {
		return []contestant{ours}
	}
	return []contestant{ours, other}
}

func parse(args []string, stderr io.Writer) (settings, error) {
	served, err := measured()
	set := settings{served: served, additive: sizes{100, 300, 1000}, authoritative: sizes{1000, 10_000}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	if err != nil {
		return set, err
	}
	var names []string
	for _, p := range served {
		names = append(names, p.Name)
	}
	f.StringVar(&set.products, "products", strings.Join(names, ","), "which `products`")
	f.StringVar(&set.works, "work", "plan,first apply,change,destroy", "which `kinds` of work")
	f.Var(&set.additive, "additive", "`numbers` of people with a resource each; none with \"\"")
	f.Var(&set.authoritative, "authoritative", "`numbers` of people in one resource; none with \"\"")
	f.IntVar(&set.rounds, "rounds", 3, "how often each is measured; the median counts")
	f.DurationVar(&set.latency, "latency", 50*time.Millisecond, "of each call")
	f.IntVar(&set.changes, "changes", 100, "how many people change in one resource")
	f.IntVar(&set.ignored, "ignored", 4000, "how many ids an authoritative resource ignores; 0 leaves this out")
	f.BoolVar(&set.full, "full", false, "all sizes that the goals name, 5 000 resources among them: most of an hour")
	f.BoolVar(&set.small, "small", false, "sizes that take less than a minute, and fail if there are too many calls")
	f.StringVar(&set.other, "other", "", "the `program` of another build of the provider, to be measured as well")
	f.StringVar(&set.out, "out", "", "also write the tables to this `file`")
	f.StringVar(&set.history, "history", filepath.Join(root(), "internal", "tools", "bench", "history.jsonl"), "the `file` that gets a line about this run; none with \"\" or -small")
	if err := f.Parse(args); err != nil {
		return set, err
	}
	if f.NArg() > 0 {
		return set, fmt.Errorf("%q is no flag; -help lists them", f.Arg(0))
	}
	switch {
	case set.full && set.small:
		return set, errors.New("-full and -small exclude each other")
	case set.full:
		set.additive, set.authoritative = sizes{100, 300, 1000, 5000}, sizes{1000, 10_000}
	case set.small:
		// Calls so slow that even on a slow machine they are what is waited for: how
		// many writes share a reading depends on it.
		set.additive, set.authoritative = sizes{60}, sizes{200}
		set.rounds, set.latency, set.changes, set.ignored, set.history = 1, 150*time.Millisecond, 20, 0, ""
	}
	set.rounds = max(1, set.rounds)
	return set, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set, err := parse(args, stderr)
	if err != nil {
		return err
	}
	began := time.Now()
	m, err := setUp(ctx, stderr, set.other)
	if err != nil {
		return err
	}
	defer m.cleanUp()

	var all []*result
	for name := range strings.SplitSeq(set.products, ",") {
		i := slices.IndexFunc(set.served, func(p product) bool { return p.Name == strings.TrimSpace(name) })
		if i < 0 {
			return fmt.Errorf("%q is not a product that is measured", name)
		}
		for _, c := range set.cases(set.served[i]) {
			r, err := m.measure(ctx, set, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c, err)
			}
			all = append(all, r)
		}
	}

	report := &report{settings: set, results: all}
	if report.listings, err = measureListings(ctx, set, all); err != nil {
		return err
	}
	text := fmt.Sprintf("Terraform %s, %s, %d cores, %s for each call, medians of %d (%s in all).\n\n%s",
		m.version, runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), set.latency, set.rounds, time.Since(began).Round(time.Second), report)
	if set.out != "" {
		if err := os.WriteFile(set.out, []byte(text), 0o600); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if set.history != "" {
		if err := remember(ctx, set.history, report, m.version); err != nil {
			return err
		}
	}
	if set.small {
		return report.tooManyCalls()
	}
	return nil
}
