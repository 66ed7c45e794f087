package isolation_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
	"github.com/tf-roster/terraform-provider-roster/internal/test/isolation"
)

func TestMain(m *testing.M) { acctest.Main(m) }

// variable is an environment variable as the provider's schema mentions it.
var variable = regexp.MustCompile("`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`")

// documented gives every variable that the provider's own schema falls back to.
func documented(t *testing.T) []string {
	t.Helper()
	served, err := provider.NewServer("").GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, block := range served.Provider.Block.Attributes {
		if block.NestedType == nil {
			continue
		}
		for _, a := range block.NestedType.Attributes {
			for _, m := range variable.FindAllStringSubmatch(a.Description, -1) {
				out = append(out, m[1])
			}
		}
	}
	return out
}

// The variables that the schema documents, and those that the mock service sets,
// are all the products'. A product that is missing somewhere fails here.
func TestNoVariableOfAProductGetsIn(t *testing.T) {
	variables := documented(t)
	for _, entry := range mockservice.StartDefault(t).Env() {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.Contains(variables, name) {
			t.Errorf("the mock service sets %s, which the provider's schema does not mention", name)
		}
		variables = append(variables, name)
	}
	if len(variables) < 5 {
		t.Fatalf("only %v were found", variables)
	}
	kept(t, os.Environ(), variables)
}

// kept gives the environment of the tests, and fails where one of the names gets in.
func kept(t *testing.T, base, names []string) []string {
	t.Helper()
	for _, name := range names {
		base = append(base, name+"=the-user's-own")
	}
	env, err := isolation.Environment(t.Context(), base, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range env {
		if strings.HasSuffix(entry, "=the-user's-own") {
			t.Errorf("%s gets into the tests", entry)
		}
	}
	return env
}

func TestNothingOfTerraformsGetsIn(t *testing.T) {
	names := []string{
		"TF_LOG", "TF_LOG_PATH", "TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_DATA_DIR", "TF_PLUGIN_CACHE_DIR", "TF_REATTACH_PROVIDERS", "TF_TOKEN_app_terraform_io",
		"TF_VAR_workspace", "TF_WORKSPACE", "TF_ACC_TERRAFORM_VERSION", "TF_ENCRYPTION", "TERRAFORM_CONFIG", "XDG_RUNTIME_DIR", "XDG_DATA_DIRS", "XDG_CONFIG_HOME",
	}
	env := kept(t, append(os.Environ(), "TF_ACC_PROVIDER_HOST=kept"), names)
	if !slices.Contains(env, "TF_ACC_PROVIDER_HOST=kept") {
		t.Error("what tells the tests which program to run was dropped")
	}
}

// Go finds what it has downloaded and built.
func TestGoKeepsItsFolders(t *testing.T) {
	env, err := isolation.Environment(t.Context(), os.Environ(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(env []string) string {
		cmd := exec.CommandContext(t.Context(), "go", "env", "GOCACHE", "GOENV", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS")
		cmd.Env = env
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if before, after := ask(os.Environ()), ask(env); before != after {
		t.Errorf("Go's settings were\n%s\nand are\n%s", before, after)
	}
}

// What `make install` leaves in a user's home is found by an ordinary
// `terraform init`, and by none that a test starts.
func TestAccPluginsInTheHomeAreNotUsed(t *testing.T) {
	program := acctest.Needed(t)
	if runtime.GOOS == "windows" {
		t.Skip("Terraform asks Windows itself for the user's folder, so no other one can be put in its place for the comparison")
	}
	user := t.TempDir()
	base := append(os.Environ(), "HOME="+user, "XDG_DATA_HOME="+filepath.Join(user, "data"), "TF_CLI_CONFIG_FILE="+os.DevNull)
	for _, folder := range []string{filepath.Join(user, ".terraform.d", "plugins"), filepath.Join(user, "data", "terraform", "plugins")} {
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			plugin(t, filepath.Join(folder, host, "tf-roster", "roster", "9.9.9", runtime.GOOS+"_"+runtime.GOARCH))
		}
	}

	found, code := initialise(t, program, base)
	if code != 0 || !strings.Contains(found, "v9.9.9") {
		t.Fatalf("an ordinary init does not use the plugin in the home, so this test shows nothing: exit code %d\n%s", code, found)
	}
	env, err := isolation.Environment(t.Context(), base, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if found, code := initialise(t, program, env); code == 0 || strings.Contains(found, "v9.9.9") {
		t.Errorf("the plugin in the user's home was used: exit code %d\n%s", code, found)
	}
}

// plugin puts a file where Terraform takes it for a provider.
func plugin(t *testing.T, folder string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	//nolint:gosec // Terraform takes only what can be run
	if err := os.WriteFile(filepath.Join(folder, "terraform-provider-roster_v9.9.9"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func initialise(t *testing.T, program string, env []string) (printed string, code int) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(acctest.Header), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "init", "-no-color", "-input=false")
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

var acceptance = regexp.MustCompile(`(?m)^func TestAcc[A-Z]`)

// Every test that starts Terraform has a home of its own because its package's
// TestMain says so.
func TestAcceptanceTestsHaveAHome(t *testing.T) {
	t.Parallel()
	seen := 0
	for folder, tests := range testFiles(t) {
		if !acceptance.MatchString(tests) {
			continue
		}
		seen++
		if !strings.Contains(tests, "acctest.Main(m)") {
			t.Errorf("%s has acceptance tests, and its TestMain does not call acctest.Main", folder)
		}
	}
	if seen < 8 {
		t.Errorf("only %d packages with acceptance tests were found", seen)
	}
}

// testFiles gives the text of all test files, by folder.
func testFiles(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join("..", "..", "..", "internal"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // a file of this repository
		out[filepath.Dir(path)] += string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
