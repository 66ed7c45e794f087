// Package pipeline holds the example of a pipeline to what it promises: its
// policies see what they are for, and its workflows run.
package pipeline

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
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m) }

// runner runs steps of the workflows, as GitHub's would.
type runner struct {
	dir string
	env []string
}

// step is one step of a workflow.
type step struct{ Name, Uses, Run, If string }

// steps reads the steps of a workflow with one job.
func steps(t *testing.T, workflow string) []step {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "workflows", workflow))
	if err != nil {
		t.Fatal(err)
	}
	var content struct {
		Jobs map[string]struct{ Steps []step }
	}
	if err := yaml.Unmarshal(text, &content); err != nil {
		t.Fatalf("%s: %s", workflow, err)
	}
	for _, job := range content.Jobs {
		return job.Steps
	}
	t.Fatalf("%s has no job", workflow)
	return nil
}

// newRunner makes a checkout of a repository that uses the pipeline, and puts the
// provider where terraform init finds it.
func newRunner(t *testing.T, svc *mockservice.Running) runner {
	t.Helper()
	program := acctest.Needed(t)
	r := runner{dir: t.TempDir()}
	home, bin := t.TempDir(), t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	// What the steps call besides terraform: jq is that of the policies' own test,
	// gh tells what it was called with, and knows of an open issue where issue.txt has
	// its number.
	script(t, filepath.Join(bin, "jq"), `printf '%s' "$3" >jq.txt`)
	script(t, filepath.Join(bin, "gh"), `printf '%s\n' "$*" >gh.txt; case "$*" in "issue list "*) cat issue.txt;; esac`)
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		at := filepath.Join(home, ".terraform.d", "plugins", host, "tf-roster", "roster", "0.1.0", runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(acctest.Binary(t), "terraform-provider-roster"), filepath.Join(at, "terraform-provider-roster_v0.1.0")); err != nil {
			t.Fatal(err)
		}
	}
	r.env = append(os.Environ(), svc.Env()...)
	r.env = append(r.env, "HOME="+home, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TF_CLI_CONFIG_FILE=", "CHECKPOINT_DISABLE=1",
		"GITHUB_STEP_SUMMARY="+filepath.Join(r.dir, "summary.md"), "GITHUB_OUTPUT="+filepath.Join(r.dir, "output.txt"))
	return r
}

func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// commit writes the configuration, and the lock file that the workflows ask for.
func (r runner) commit(t *testing.T, users string) {
	t.Helper()
	config := fmt.Sprintf(`terraform {
  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1.0"
    }
  }
}

import {
  to = roster_blink_workspace_role_bindings.payments
  id = %[1]q
}

resource "roster_blink_workspace_role_bindings" "payments" {
  workspace_id = %[1]q

  users = {
%[2]s
  }
}
`, mockblink.DefaultWorkspace, users)
	if err := os.WriteFile(filepath.Join(r.dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := r.bash(t, "terraform init -input=false"); err != nil {
		t.Fatalf("terraform init: %s\n%s", err, out)
	}
}

func (r runner) bash(t *testing.T, commands string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// GitHub runs bash like this.
	cmd := exec.CommandContext(ctx, "bash", "-e", "-c", commands)
	cmd.Dir, cmd.Env = r.dir, r.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// run runs the steps of a workflow, up to the first that fails, and gives its name.
func (r runner) run(t *testing.T, workflow string) (failed string) {
	t.Helper()
	for _, s := range steps(t, workflow) {
		if s.Run == "" || strings.HasPrefix(s.If, "steps.") {
			continue
		}
		out, err := r.bash(t, s.Run)
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		t.Logf("%s: %s: %v\n%s", workflow, s.Name, err, out)
		if err != nil {
			return s.Name
		}
	}
	return ""
}

// findings gives what the policies find in the plan that a workflow made.
func (r runner) findings(t *testing.T, policy string) []string {
	t.Helper()
	var plan object
	if err := json.Unmarshal([]byte(r.read(t, "plan.json")), &plan); err != nil {
		t.Fatal(err)
	}
	return jq(t, policy, plan)
}

func (r runner) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The actions have the versions that this repository uses, which are kept up to date.
func TestActionsAreOurs(t *testing.T) {
	t.Parallel()
	ours, err := os.ReadFile(filepath.Join(folder, "..", "..", ".github", "workflows", "ci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, workflow := range []string{"plan.yml", "apply.yml", "drift.yml"} {
		for _, s := range steps(t, workflow) {
			if s.Uses != "" && !strings.Contains(string(ours), "uses: "+s.Uses+" ") {
				t.Errorf("%s uses %s, which is not the version of ci.yml", workflow, s.Uses)
			}
		}
	}
}

// A pull request is planned and judged, its merge is applied, and what changes
// behind Terraform's back afterwards is found.
func TestAccWorkflows(t *testing.T) {
	t.Parallel()
	acctest.Needed(t)
	if runtime.GOOS == "windows" {
		t.Skip("GitHub's runner in the workflows is Linux")
	}
	svc := mockservice.StartDefault(t)
	r := newRunner(t, svc)

	// Alice becomes a viewer, Bob leaves, Carol comes.
	r.commit(t, "    \"u-alice\" = \"viewer\"\n    \"u-carol\" = \"owner\"")
	if failed := r.run(t, "plan.yml"); failed != "" {
		t.Fatalf("the step %q failed", failed)
	}
	at := "roster_blink_workspace_role_bindings.payments: "
	for policy, want := range map[string][]string{
		"guard":       nil,
		"lost-access": {at + "alice@example.com goes from owner to viewer", at + "bob@example.com loses the role contributor"},
		"new-owners":  {at + "carol@example.com becomes owner"},
	} {
		got := r.findings(t, policy)
		for i := range got {
			got[i] = strings.Replace(got[i], "u-carol", "carol@example.com", 1) // while the plan does not know it
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s.jq found %q, want %q", policy, got, want)
		}
	}
	if got := r.read(t, "jq.txt"); got != "policy/new-owners.jq" {
		t.Errorf("the last policy that the workflow asked was %s", got)
	}
	if got := r.read(t, "summary.md"); !strings.Contains(got, "alice@example.com") {
		t.Errorf("the summary does not show the plan:\n%s", got)
	}
	if failed := r.run(t, "apply.yml"); failed != "" {
		t.Fatalf("the step %q failed", failed)
	}

	for _, drifted := range []bool{false, true} {
		if drifted {
			svc.Must(mockblink.Of(svc).SetRole(mockblink.DefaultWorkspace, "user", "u-alice", "contributor"))
		}
		if failed := r.run(t, "drift.yml"); failed != "" {
			t.Fatalf("the step %q failed", failed)
		}
		want := "code=0"
		if drifted {
			want = "code=2"
		}
		if got := strings.Fields(r.read(t, "output.txt")); got[len(got)-1] != want {
			t.Errorf("with drift %t, the plan gave %s", drifted, got)
		}
	}
	for _, s := range steps(t, "drift.yml") {
		if !strings.HasPrefix(s.If, "steps.plan.outputs.code") {
			continue
		}
		for open, want := range map[string]string{
			"":   "issue create --title Workspace access differs from the configuration --body-file plan.txt\n",
			"17": "issue comment 17 --body-file plan.txt\n",
		} {
			if err := os.WriteFile(filepath.Join(r.dir, "issue.txt"), []byte(open), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := r.bash(t, s.Run); err != nil || r.read(t, "gh.txt") != want {
				t.Errorf("with the open issue %q, gh was called with %q: %v\n%s", open, r.read(t, "gh.txt"), err, out)
			}
		}
	}

	// A plan that is blocked stops the workflow where it is made.
	r.commit(t, "    \"u-alice\" = \"viewer\"")
	if failed := r.run(t, "plan.yml"); failed != "Plan" {
		t.Errorf("the step %q failed, and should have been the plan", failed)
	}
}
