//go:build unix

package readme

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
	"github.com/tf-roster/terraform-provider-roster/internal/test/isolation"
)

// The commands of "Try it offline" work as they are printed, in a clone and with
// a home of their own, and nothing else. What a service that was killed has left
// does not mislead them, and nothing stays behind.
func TestAccTryItOffline(t *testing.T) {
	t.Parallel()
	program := acctest.Needed(t)
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## Try it offline\n")
	_, block, fenced := strings.Cut(section, "```sh\n")
	commands, _, closed := strings.Cut(block, "```")
	if !found || !fenced || !closed {
		t.Fatal("the README has no commands under \"Try it offline\"")
	}

	clone, home, bin := t.TempDir(), t.TempDir(), t.TempDir()
	copyClone(t, clone)
	if err := os.Symlink(program, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	stale := filepath.Join(clone, "mock.env")
	if err := os.WriteFile(stale, []byte("export BLINK_ENDPOINT='http://127.0.0.1:1/api/v1'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -eu\n"+commands+"wait\n")
	cmd.Dir = clone
	env, err := isolation.Environment(t.Context(), os.Environ(), home)
	if err != nil {
		t.Fatal(err)
	}
	// A reader has no CLI configuration, and the provider is installed in the home.
	cmd.Env = append(env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TF_CLI_CONFIG_FILE=")
	// Commands that fail leave the mock service behind, so the whole group is ended.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	log, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	failure := cmd.Run()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	output, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) || !strings.Contains(string(output), "undocumented calls") {
		t.Errorf("the mock service was not stopped (%v):\n%s", err, output)
	}
	if failure != nil || !strings.Contains(string(output), "2 to add, 0 to change, 0 to destroy.") {
		t.Errorf("the commands did not lead to a plan (%v):\n%s", failure, output)
	}
}

// copyClone copies the repository without its history and what was built in it.
func copyClone(t *testing.T, to string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == ".terraform" || rel == "bin" || rel == "dist"):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		case !entry.Type().IsRegular() || entry.Name() == ".git" || entry.Name() == ".terraform.lock.hcl":
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), content, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
}
