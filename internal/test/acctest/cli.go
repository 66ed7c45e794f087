// Package acctest is what acceptance tests share: the provider as Terraform
// runs it, and the terraform program itself where the testing framework cannot
// drive it (several processes, string keys of for_each, saved plans, kills).
package acctest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Needed skips a test that runs real terraform, unless TF_ACC is set, and fails
// it where there is none to run.
func Needed(t testing.TB) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("runs real terraform: set TF_ACC=1 (make test does)")
	}
	program := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if program == "" {
		program = "terraform"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("TF_ACC is set, but there is no terraform to run: %s", err)
	}
	return path
}

var (
	buildOnce sync.Once
	buildDir  string
	errBuild  error
)

// Binary builds the provider, once per test process, and gives the folder that
// it lies in.
func Binary(t testing.TB) string {
	t.Helper()
	buildOnce.Do(func() {
		if buildDir = os.Getenv("ROSTER_TEST_BINARY_DIR"); buildDir != "" {
			return
		}
		if buildDir, errBuild = os.MkdirTemp("", "roster-acctest-"); errBuild != nil {
			return
		}
		errBuild = build(t.Context(), buildDir, ".")
	})
	if errBuild != nil {
		t.Fatal(errBuild)
	}
	return buildDir
}

// Build builds a provider of this repository, by the path of its main package,
// and gives the folder that it lies in.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	folder := t.TempDir()
	if err := build(t.Context(), folder, pkg); err != nil {
		t.Fatal(err)
	}
	return folder
}

func build(ctx context.Context, folder, pkg string) error {
	name := "terraform-provider-roster"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", filepath.Join(folder, name), pkg)
	cmd.Dir = root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// Cleanup removes what Binary built; for TestMain.
func Cleanup() {
	if buildDir != "" && os.Getenv("ROSTER_TEST_BINARY_DIR") == "" {
		_ = os.RemoveAll(buildDir)
	}
}

// root is the repository's top folder.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// CLI runs terraform in a folder of its own, with the provider just built.
type CLI struct {
	t       testing.TB
	program string
	// Dir is the folder with the configuration and the state.
	Dir string
	// Env is added to the environment of each run.
	Env []string
	// Timeout bounds each run.
	Timeout time.Duration
}

// New makes a folder and points terraform at the provider just built. env is
// added to the environment, as a mock service's Env gives it.
func New(t testing.TB, env []string) *CLI {
	t.Helper()
	Needed(t) // before anything is built
	return With(t, Binary(t), env)
}

// With is [New] with a provider that lies in a folder already.
func With(t testing.TB, folder string, env []string) *CLI {
	t.Helper()
	program := Needed(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "cli.tfrc")
	c := &CLI{t: t, program: program, Dir: filepath.Join(dir, "work"), Env: append([]string{
		"TF_CLI_CONFIG_FILE=" + config, "NO_COLOR=1",
	}, env...), Timeout: 3 * time.Minute}
	if err := os.Mkdir(c.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	override := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"tf-roster/roster\" = %q\n  }\n  direct {}\n}\n", filepath.ToSlash(folder))
	if err := os.WriteFile(config, []byte(override), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// Header is the block that every configuration begins with.
const Header = "terraform {\n  required_providers {\n    roster = { source = \"tf-roster/roster\" }\n  }\n}\n"

// Write puts a file into the folder. A main.tf gets the header.
func (c *CLI) Write(name, content string) {
	c.t.Helper()
	if name == "main.tf" && !strings.Contains(content, "required_providers") {
		content = Header + content
	}
	path := filepath.Join(c.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// Result is what a run of terraform left behind.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Text is everything that was printed, with the frames of diagnostics and all
// line breaks removed, so that a message can be looked for as a whole.
func (r Result) Text() string {
	fields := strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(r.Stdout + "\n" + r.Stderr))
	return strings.Join(fields, " ")
}

// Run runs terraform and gives what came of it.
func (c *CLI) Run(args ...string) Result {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), c.Timeout)
	defer cancel()
	cmd := c.Command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatalf("terraform %s: %s", strings.Join(args, " "), err)
	}
	if ctx.Err() != nil {
		c.t.Fatalf("terraform %s did not end within %s\n%s%s", strings.Join(args, " "), c.Timeout, stdout.String(), stderr.String())
	}
	c.t.Logf("$ terraform %s: exit code %d", strings.Join(args, " "), cmd.ProcessState.ExitCode())
	return Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// Command is one run of terraform that the caller starts.
func (c *CLI) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.program, args...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	return cmd
}

// OK runs terraform, and fails the test unless it succeeds.
func (c *CLI) OK(args ...string) Result {
	c.t.Helper()
	r := c.Run(args...)
	if r.Code != 0 {
		c.t.Fatalf("terraform %s: exit code %d\n%s%s", strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	}
	return r
}

// Fails runs terraform, and fails the test unless it fails with every one of
// the texts in what it prints.
func (c *CLI) Fails(args []string, texts ...string) Result {
	c.t.Helper()
	r := c.Run(args...)
	if r.Code == 0 {
		c.t.Fatalf("terraform %s succeeded and should not have\n%s%s", strings.Join(args, " "), r.Stdout, r.Stderr)
	}
	c.Shows(r, texts...)
	return r
}

// Shows fails the test unless every text was printed.
func (c *CLI) Shows(r Result, texts ...string) {
	c.t.Helper()
	printed := r.Text()
	for _, text := range texts {
		if !strings.Contains(printed, strings.Join(strings.Fields(text), " ")) {
			c.t.Fatalf("%q was not printed:\n%s%s", text, r.Stdout, r.Stderr)
		}
	}
}

// Apply plans and applies, and fails the test unless it succeeds.
func (c *CLI) Apply(args ...string) Result {
	c.t.Helper()
	return c.OK(append([]string{"apply", "-auto-approve", "-no-color"}, args...)...)
}

// Plan plans, and fails the test unless it succeeds.
func (c *CLI) Plan(args ...string) Result {
	c.t.Helper()
	return c.OK(append([]string{"plan", "-no-color"}, args...)...)
}

// Clean fails the test unless a plan finds nothing to do.
func (c *CLI) Clean(args ...string) {
	c.t.Helper()
	if r := c.Run(append([]string{"plan", "-no-color", "-detailed-exitcode"}, args...)...); r.Code != 0 {
		c.t.Fatalf("the plan is not clean: exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
}

// State gives the attributes of every managed resource in the state, by address.
func (c *CLI) State() map[string]map[string]any {
	c.t.Helper()
	var show struct {
		Values struct {
			RootModule module `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal([]byte(c.OK("show", "-json").Stdout), &show); err != nil {
		c.t.Fatal(err)
	}
	out := map[string]map[string]any{}
	show.Values.RootModule.collect(out)
	return out
}

type module struct {
	Resources []struct {
		Address string         `json:"address"`
		Mode    string         `json:"mode"`
		Values  map[string]any `json:"values"`
	} `json:"resources"`
	Children []module `json:"child_modules"`
}

func (m module) collect(out map[string]map[string]any) {
	for _, r := range m.Resources {
		if r.Mode == "managed" {
			out[r.Address] = r.Values
		}
	}
	for _, child := range m.Children {
		child.collect(out)
	}
}

// WriteState puts a state into the folder that holds count instances of one
// resource, as an apply would leave it. Terraform itself needs a while for a
// thousand of them.
func (c *CLI) WriteState(resourceType, name string, count int, attributes func(n int) map[string]any) {
	c.t.Helper()
	instances := make([]map[string]any, count)
	for n := range instances {
		instances[n] = map[string]any{"index_key": n, "schema_version": 0, "attributes": attributes(n), "sensitive_attributes": []any{}}
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "00000000-0000-0000-0000-000000000001", "outputs": map[string]any{},
		"resources": []any{map[string]any{
			"mode": "managed", "type": resourceType, "name": name, "instances": instances,
			"provider": fmt.Sprintf("provider[%q]", providerHost()+"/tf-roster/roster"),
		}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.Write("terraform.tfstate", string(state))
}

// providerHost is the registry that the program at hand looks for a provider in.
func providerHost() string {
	if host := os.Getenv("TF_ACC_PROVIDER_HOST"); host != "" {
		return host
	}
	return "registry.terraform.io"
}
