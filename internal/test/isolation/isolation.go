// Package isolation gives tests, the demo and the benchmarks an environment of
// their own: plugins and credentials in the user's home, CLI configuration,
// caches, and the products' keys stay out. Go's own folders stay where they are,
// so that nothing is downloaded or built twice.
package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// kept are the variables of Terraform's that tell the tests what to run.
var kept = []string{"TF_ACC", "TF_ACC_TERRAFORM_PATH", "TF_ACC_PROVIDER_HOST"}

// dropped begin the names of variables that configure Terraform, OpenTofu or
// what they call, beside those of the products.
var dropped = []string{"TF_", "TERRAFORM_", "TOFU_", "CHECKPOINT_", "XDG_"}

// goFolders are the settings of Go that would otherwise follow the home folder.
var goFolders = []string{"GOCACHE", "GOENV", "GOMODCACHE", "GOPATH"}

// Environment gives the environment, as NAME=value, of a process whose home is a
// folder of its own. The folder is made, with a CLI configuration in it that
// installs no provider from anywhere. base is the environment to begin with.
func Environment(ctx context.Context, base []string, home string) ([]string, error) {
	settings, err := goSettings(ctx, base)
	if err != nil {
		return nil, err
	}
	config, err := write(home)
	if err != nil {
		return nil, err
	}
	products := provider.Variables()
	out := slices.DeleteFunc(slices.Clone(base), func(entry string) bool {
		name := strings.ToUpper(nameOf(entry)) // Windows does not tell cases apart
		begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		return slices.Contains(products, name) || slices.ContainsFunc(dropped, begins) && !slices.Contains(kept, name)
	})
	// Of several entries for a name, the last one counts.
	return append(append(out, settings...),
		"HOME="+home, "USERPROFILE="+home,
		"APPDATA="+filepath.Join(home, "AppData", "Roaming"), "LOCALAPPDATA="+filepath.Join(home, "AppData", "Local"),
		"XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_CACHE_HOME="+filepath.Join(home, ".cache"),
		"XDG_DATA_HOME="+filepath.Join(home, ".local", "share"), "XDG_STATE_HOME="+filepath.Join(home, ".local", "state"),
		// Terraform looks for plugins in the system's share folders too.
		"XDG_DATA_DIRS="+filepath.Join(home, "share"),
		"TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0",
	), nil
}

// Enter gives this process the environment that [Environment] describes, with a
// temporary home. leave removes the home; the environment stays.
func Enter(ctx context.Context) (leave func(), err error) {
	home, err := os.MkdirTemp("", "roster-home-")
	if err != nil {
		return nil, err
	}
	leave = func() { _ = os.RemoveAll(home) }
	env, err := Environment(ctx, os.Environ(), home)
	if err != nil {
		leave()
		return nil, err
	}
	os.Clearenv()
	for _, entry := range env {
		// The name may begin with "=" on Windows; such entries are the system's own.
		if name := nameOf(entry); name != "" {
			if err := os.Setenv(name, entry[len(name)+1:]); err != nil {
				leave()
				return nil, err
			}
		}
	}
	return leave, nil
}

// goSettings asks Go where its folders are.
func goSettings(ctx context.Context, base []string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, goFolders...)...) //nolint:gosec // fixed arguments
	cmd.Env = base
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask go for its folders: %w", err)
	}
	var folders map[string]string
	if err := json.Unmarshal(out, &folders); err != nil {
		return nil, fmt.Errorf("ask go for its folders: %w", err)
	}
	var settings []string
	for _, name := range goFolders {
		settings = append(settings, name+"="+folders[name])
	}
	return settings, nil
}

// write makes the home folder and the CLI configuration in it, which knows one
// empty folder of providers: nothing is looked for in the user's folders, the
// system's or on the network.
func write(home string) (config string, err error) {
	empty := filepath.Join(home, "providers")
	if err := os.MkdirAll(empty, 0o700); err != nil {
		return "", err
	}
	config = filepath.Join(home, "cli.tfrc")
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(empty))
	return config, os.WriteFile(config, []byte(text), 0o600)
}

func nameOf(entry string) string {
	name, _, _ := strings.Cut(entry, "=")
	return name
}
