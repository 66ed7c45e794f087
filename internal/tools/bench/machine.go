package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/test/isolation"
)

const (
	// asWitness runs a provider and writes down how much memory it took at most.
	asWitness = "witness"
	// asUnscoped serves the provider without a scope for each request.
	asUnscoped = "unscoped"
)

// contestant is a provider that is measured.
type contestant string

// The contestants. other is another build of this provider, which is there on
// demand. unscoped is ours, served by the framework alone: what the request scopes
// of internal/protocol save is the difference.
const (
	ours     contestant = "ours"
	other    contestant = "other"
	floor    contestant = "floor"
	unscoped contestant = "unscoped"
)

// machine is what runs Terraform with one provider or the other.
type machine struct {
	dir       string
	terraform string
	version   string
	log       io.Writer
	// env is the environment of every Terraform: nothing of the user's set-up.
	env []string
	// others are the resources that the other build serves.
	others map[string]bool
}

// setUp builds what is measured. otherProgram is a provider that is measured as
// well; "" for none.
func setUp(ctx context.Context, log io.Writer, otherProgram string) (_ *machine, err error) {
	m := &machine{log: log}
	if m.terraform, err = terraformProgram(); err != nil {
		return nil, err
	}
	if m.dir, err = os.MkdirTemp("", "roster-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			m.cleanUp()
		}
	}()
	if m.env, err = isolation.Environment(ctx, os.Environ(), filepath.Join(m.dir, "home")); err != nil {
		return nil, err
	}
	fmt.Fprintln(log, "building the provider and the floor provider")
	for name, pkg := range map[contestant]string{ours: ".", floor: "./internal/tools/floor"} {
		//nolint:gosec // the arguments are this program's own
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", m.program(name), pkg)
		build.Dir = root()
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	programs := map[contestant][]string{ours: {m.program(ours)}, floor: {m.program(floor)}, unscoped: {self, asUnscoped}}
	if otherProgram != "" {
		if otherProgram, err = exec.LookPath(otherProgram); err == nil {
			otherProgram, err = filepath.Abs(otherProgram)
		}
		if err != nil {
			return nil, fmt.Errorf("find the other provider: %w", err)
		}
		programs[other] = []string{otherProgram}
	}
	for c, program := range programs {
		if err := m.stage(c, append([]string{self, asWitness}, program...)); err != nil {
			return nil, err
		}
	}
	if m.version, err = m.askVersion(ctx); err != nil {
		return nil, err
	}
	if otherProgram != "" {
		m.others, err = m.askResources(ctx, other)
	}
	return m, err
}

// serves tells if a contestant has the resource of a task.
func (m *machine) serves(who contestant, c task) bool {
	return who != other || m.others[c.product.typ(c.form)]
}

// askResources gives the resources that a contestant serves.
func (m *machine) askResources(ctx context.Context, who contestant) (map[string]bool, error) {
	dir, err := os.MkdirTemp(m.dir, "schema-")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(requirement), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, m.terraform, "providers", "schema", "-json") //nolint:gosec // found on PATH
	cmd.Dir, cmd.Env = dir, append(slices.Clip(m.env), "TF_CLI_CONFIG_FILE="+m.cliConfig(who))
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask for the schemas of %s: %w", who, err)
	}
	var schemas struct {
		Providers map[string]struct {
			Resources map[string]json.RawMessage `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(out, &schemas); err != nil {
		return nil, fmt.Errorf("ask for the schemas of %s: %w", who, err)
	}
	served := map[string]bool{}
	for _, p := range schemas.Providers {
		for name := range p.Resources {
			served[name] = true
		}
	}
	return served, nil
}

func (m *machine) cleanUp() { _ = os.RemoveAll(m.dir) }

func (m *machine) program(c contestant) string {
	return filepath.Join(m.dir, "programs", string(c)+exe())
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// stage puts a contestant where Terraform looks for the provider: a script with
// the command that has the witness run it, so that its memory is known when it has
// ended.
func (m *machine) stage(c contestant, command []string) error {
	dir := filepath.Join(m.dir, "providers", string(c))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var script strings.Builder
	script.WriteString("#!/bin/sh\nexec")
	for _, word := range command {
		script.WriteString(" '" + strings.ReplaceAll(word, "'", `'\''`) + "'")
	}
	script.WriteString(" \"$@\"\n")
	//nolint:gosec // Terraform has to run it
	if err := os.WriteFile(filepath.Join(dir, "terraform-provider-roster"), []byte(script.String()), 0o700); err != nil {
		return err
	}
	config := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", address, filepath.ToSlash(dir))
	return os.WriteFile(m.cliConfig(c), []byte(config), 0o600)
}

func (m *machine) cliConfig(c contestant) string { return filepath.Join(m.dir, string(c)+".tfrc") }

// root is the repository's top folder.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

func terraformProgram() (string, error) {
	for _, name := range []string{os.Getenv("TERRAFORM"), os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform", "tofu"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("neither terraform nor tofu is on PATH, and TERRAFORM names no program")
}

func (m *machine) askVersion(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, m.terraform, "version", "-json") //nolint:gosec // found on PATH
	cmd.Env = m.env
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w", m.terraform, err)
	}
	var v struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(out, &v); err != nil {
		return "", fmt.Errorf("%s version: %w", m.terraform, err)
	}
	return v.Version, nil
}

// ran is one run of Terraform.
type ran struct {
	wall time.Duration
	note
}

// note is what a witness noted about the provider processes of a run.
type note struct {
	// memory is the most that one of them had resident, in bytes; 0 where this
	// system does not tell.
	memory int64
	// cpu is what they computed altogether.
	cpu time.Duration
}

// terraformIn runs Terraform with a contestant. Any exit code but 0 is an error.
func (m *machine) terraformIn(ctx context.Context, dir string, c contestant, env []string, args ...string) (ran, error) {
	notes := filepath.Join(dir, "memory")
	_ = os.Remove(notes)
	cmd := exec.CommandContext(ctx, m.terraform, args...) //nolint:gosec // the arguments are this program's own
	cmd.Dir = dir
	cmd.Env = append(slices.Clip(m.env), "TF_CLI_CONFIG_FILE="+m.cliConfig(c), witnessNotes+"="+notes)
	cmd.Env = append(cmd.Env, env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	err := cmd.Run()
	r := ran{wall: time.Since(began)}
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return r, err
	} else if code := cmd.ProcessState.ExitCode(); code != 0 {
		return r, fmt.Errorf("terraform %s with %s: exit code %d\n%s", args[0], c, code, tail(out.String(), 4000))
	}
	r.note, err = readNotes(notes)
	return r, err
}

func tail(s string, n int) string {
	if len(s) > n {
		return "... " + s[len(s)-n:]
	}
	return s
}

// readNotes adds up what the witnesses noted, a line each.
func readNotes(path string) (note, error) {
	text, err := os.ReadFile(path) //nolint:gosec // this program's own file
	if errors.Is(err, os.ErrNotExist) {
		return note{}, nil
	}
	if err != nil {
		return note{}, err
	}
	var sum note
	for line := range strings.Lines(string(text)) {
		var one note
		if _, err := fmt.Sscan(line, &one.memory, &one.cpu); err != nil {
			return note{}, fmt.Errorf("a witness noted %q: %w", line, err)
		}
		sum.memory, sum.cpu = max(sum.memory, one.memory), sum.cpu+one.cpu
	}
	return sum, nil
}
