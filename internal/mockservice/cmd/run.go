package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// shutdownGrace is how long answers in progress may take at the end.
const shutdownGrace = 5 * time.Second

// settings are the command's flags.
type settings struct {
	listen     string
	anywhere   bool
	seedFile   string
	faultsFile string
	envFile    string
	faultSeed  uint64
	latency    time.Duration
	latencyMax time.Duration
	faults     []string
	behaviour  []string
	checkWire  bool
	logs       bool
	printSeed  bool
}

// list is a flag that may be given several times.
type list struct{ values *[]string }

func (l list) String() string { return "" }

func (l list) Set(v string) error {
	*l.values = append(*l.values, v)
	return nil
}

func newFlags(s *settings, stderr io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("roster-mock", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&s.listen, "listen", "127.0.0.1:0", "`address` to listen on; port 0 takes a free one")
	f.BoolVar(&s.anywhere, "listen-anywhere", false, "allow an address that other machines can reach: the control endpoints need no credentials")
	f.StringVar(&s.seedFile, "seed", "", "JSON `file` with people, groups, workspaces and roles; without it, a small world is served")
	f.BoolVar(&s.printSeed, "print-seed", false, "print the seed that would be served, as a start for one's own, and stop")
	f.StringVar(&s.envFile, "env-file", "", "also write the environment lines to this `file`, once the service listens; removed at the start and at the end")
	f.DurationVar(&s.latency, "latency", 0, "added to every call")
	f.DurationVar(&s.latencyMax, "latency-max", 0, "with -latency: each call takes a length between the two")
	f.StringVar(&s.faultsFile, "faults", "", "JSON `file` with faults, in place of the seed's")
	f.Var(list{&s.faults}, "fault", "one more fault, such as `kind=status,status=503,every=3,product=blink`; may be given several times")
	f.Uint64Var(&s.faultSeed, "fault-seed", 0, "decides every probability and jitter; 0 keeps the seed file's")
	f.Var(list{&s.behaviour}, "behaviour", "one switch, such as `blink.assign_non_member=ignore`; may be given several times")
	f.BoolVar(&s.checkWire, "check-wire", false, "check every request and answer against the OpenAPI files; violations are in the audit trail, and make the exit code 1")
	f.BoolVar(&s.logs, "log", false, "write a line for each request to the standard error output")
	f.Usage = func() {
		_, _ = fmt.Fprintf(stderr, "A mock service for %s that keeps its state in memory.\n\nFlags:\n", mockservice.Products())
		f.PrintDefaults()
		_, _ = fmt.Fprintf(stderr, "\nSwitches for -behaviour (the default first):\n%s\nKinds and fields of -fault:\n%s\n%s",
			mockservice.BehaviourHelp(), mockservice.FaultHelp(), mockservice.ControlHelp())
	}
	return f
}

// run is the whole command, apart from signals and the end of the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var set settings
	flags := newFlags(&set, stderr)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	fail := func(code int, err error) int {
		_, _ = fmt.Fprintln(stderr, "roster-mock: "+err.Error())
		return code
	}
	if flags.NArg() > 0 {
		return fail(exitUsage, fmt.Errorf("%q is no flag; -help lists them", flags.Arg(0)))
	}
	if set.envFile != "" && !set.printSeed {
		// What a service that was killed left behind would point to where nobody listens.
		if err := forget(set.envFile); err != nil {
			return fail(exitFailed, fmt.Errorf("the old environment lines cannot be removed: %w", err))
		}
	}
	if !set.anywhere && !mockservice.IsLoopback(set.listen) {
		return fail(exitUsage, fmt.Errorf("%q can be reached from other machines, and the control endpoints need no credentials: listen on 127.0.0.1, or add -listen-anywhere", set.listen))
	}
	text := mockservice.DefaultSeedJSON()
	if set.seedFile != "" {
		var err error
		if text, err = os.ReadFile(set.seedFile); err != nil {
			return fail(exitFailed, fmt.Errorf("the seed cannot be read: %w", err))
		}
	}
	seed, err := mockservice.ParseSeed(text)
	if err != nil {
		return fail(exitFailed, fmt.Errorf("the seed %s is not valid:\n%w", set.seedName(), err))
	}
	if set.printSeed {
		if _, err := stdout.Write(text); err != nil {
			return fail(exitFailed, err)
		}
		return exitOK
	}
	if err := set.adjust(&seed); err != nil {
		return fail(exitUsage, err)
	}
	server, err := mockservice.New(seed, mockservice.WithWireCheck(set.checkWire))
	if err != nil {
		return fail(exitFailed, err)
	}
	if err := set.serve(ctx, server, stdout, stderr); err != nil {
		return fail(exitFailed, err)
	}
	return exitOK
}

func (set *settings) seedName() string {
	if set.seedFile == "" {
		return "that is built in"
	}
	return set.seedFile
}

// adjust lets the flags win over the seed file.
func (set *settings) adjust(seed *mockservice.Seed) error {
	if set.faultsFile != "" {
		text, err := os.ReadFile(set.faultsFile)
		if err != nil {
			return fmt.Errorf("the faults cannot be read: %w", err)
		}
		if seed.Faults, err = mockservice.ParseFaults(text); err != nil {
			return fmt.Errorf("the faults %s are not valid:\n%w", set.faultsFile, err)
		}
	}
	for _, text := range set.faults {
		f, err := mockservice.ParseFault(text)
		if err != nil {
			return fmt.Errorf("-fault %s: %w", text, err)
		}
		seed.Faults.Rules = append(seed.Faults.Rules, f)
	}
	for _, text := range set.behaviour {
		name, value, _ := strings.Cut(text, "=")
		if err := mockservice.SetSwitch(seed, name, value); err != nil {
			return fmt.Errorf("-behaviour %s: %w", text, err)
		}
	}
	if set.latency > 0 || set.latencyMax > 0 {
		seed.Faults.Latency = mockservice.Duration(set.latency)
		seed.Faults.LatencyMax = mockservice.Duration(set.latencyMax)
	}
	if set.faultSeed != 0 {
		seed.Faults.Seed = set.faultSeed
	}
	return mockservice.Validate(*seed)
}

func (set *settings) serve(ctx context.Context, server *mockservice.Server, stdout, stderr io.Writer) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", set.listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	base := "http://" + l.Addr().String()
	var handler http.Handler = server
	if set.logs {
		handler = logged(server, stderr)
	}
	hs := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- hs.Serve(l) }()

	lines := mockservice.ShellLines(server.Env(base))
	if set.envFile != "" {
		if err := writeWhole(set.envFile, lines); err != nil {
			return fmt.Errorf("the environment lines cannot be written: %w", errors.Join(err, hs.Close(), served(<-ended)))
		}
		defer func() {
			// Another service may have written its own lines in the meantime.
			if text, err := os.ReadFile(set.envFile); err == nil && string(text) == lines {
				_ = forget(set.envFile)
			}
		}()
	}
	faults := server.Faults()
	_, _ = fmt.Fprint(stdout, lines)
	_, _ = fmt.Fprintf(stderr, "roster-mock: %s at %s, control endpoints at %s/_mock/, fault seed %d; stop with Ctrl-C\n", mockservice.Products(), base, base, faults.Seed)

	select {
	case err = <-ended: // only a failure ends it by itself
	case <-ctx.Done():
		server.Stop()
		// The context is over by now; what is in progress gets a time of its own.
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		if err = hs.Shutdown(grace); err != nil {
			err = hs.Close()
		}
		err = errors.Join(err, served(<-ended))
	}
	a := server.Audit()
	_, _ = fmt.Fprintf(stderr, "roster-mock: %d requests, %d writes (%d not needed), %d undocumented calls\n", a.Total, len(a.Writes), a.Repeated, len(a.Undocumented))
	if err == nil && len(a.WireViolations) > 0 {
		return fmt.Errorf("not everything fitted the OpenAPI files:\n%s", strings.Join(a.WireViolations, "\n"))
	}
	return err
}

// served drops the error with which a server says that it was shut down.
func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// forget removes a file, if there is one.
func forget(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeWhole makes a file appear with all of its content.
func writeWhole(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".roster-mock-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// logged writes a line for each request once it is over.
func logged(next http.Handler, to io.Writer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &statusRecorder{ResponseWriter: w}
		defer func() {
			_, _ = fmt.Fprintf(to, "%s %s %s -> %s in %s\n", start.Format("15:04:05.000"), r.Method, r.URL.RequestURI(), rec, time.Since(start).Round(time.Millisecond))
		}()
		next.ServeHTTP(rec, r)
	})
}

// statusRecorder remembers the status; Unwrap lets faults reach the connection.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *statusRecorder) String() string {
	if r.status == 0 {
		return "no answer"
	}
	return fmt.Sprint(r.status)
}
