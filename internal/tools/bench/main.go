// Command bench measures the provider through real Terraform against the mock
// service with latency, beside the floor provider: the same schema and as many
// instances, without any I/O. What the floor costs, Terraform itself costs.
//
// It prints a Markdown table of calls, wall time, the ratio to the floor and the
// peak memory of the provider process, and says of each goal whether it is met.
// A slow machine is no failure: the exit code tells only whether it ran.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	os.Exit(command(os.Args[1:]))
}

func command(args []string) int {
	// Terraform starts this very program in place of a provider (machine.go).
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
	products      string
	works         string
	additive      sizes
	authoritative sizes
	rounds        int
	latency       time.Duration
	changes       int
	full          bool
	out           string
}

func parse(args []string, stderr io.Writer) (settings, error) {
	set := settings{additive: sizes{100, 300, 1000}, authoritative: sizes{1000, 10_000}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	var names []string
	for _, p := range products() {
		names = append(names, p.name)
	}
	f.StringVar(&set.products, "products", strings.Join(names, ","), "which `products`")
	f.StringVar(&set.works, "work", "plan,first apply,change,destroy", "which `kinds` of work")
	f.Var(&set.additive, "additive", "`numbers` of people with a resource each; none with \"\"")
	f.Var(&set.authoritative, "authoritative", "`numbers` of people in one resource; none with \"\"")
	f.IntVar(&set.rounds, "rounds", 3, "how often each is measured; the median counts")
	f.DurationVar(&set.latency, "latency", 50*time.Millisecond, "of each call")
	f.IntVar(&set.changes, "changes", 100, "how many people change in an authoritative resource")
	f.BoolVar(&set.full, "full", false, "all sizes that the goals name, 5 000 resources among them: most of an hour")
	f.StringVar(&set.out, "out", "", "also write the tables to this `file`")
	if err := f.Parse(args); err != nil {
		return set, err
	}
	if f.NArg() > 0 {
		return set, fmt.Errorf("%q is no flag; -help lists them", f.Arg(0))
	}
	if set.full {
		set.additive, set.authoritative = sizes{100, 300, 1000, 5000}, sizes{1000, 10_000}
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
	m, err := setUp(ctx, stderr)
	if err != nil {
		return err
	}
	defer m.cleanUp()

	var all []*result
	for name := range strings.SplitSeq(set.products, ",") {
		p, ok := productNamed(strings.TrimSpace(name))
		if !ok {
			return fmt.Errorf("%q is no product: blink or blazemeter", name)
		}
		for _, c := range set.cases(p) {
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
	_, err = io.WriteString(stdout, text)
	return err
}
