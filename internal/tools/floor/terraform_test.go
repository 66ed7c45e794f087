package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The floor provider takes the real one's place in a real Terraform: it creates
// many instances, and the plan after that is clean.
func TestAccFloorInTerraform(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set, so no test runs Terraform")
	}
	terraform := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if terraform == "" {
		var err error
		if terraform, err = exec.LookPath("terraform"); err != nil {
			t.Fatal("terraform is not on PATH, and TF_ACC_TERRAFORM_PATH names no program")
		}
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "terraform-provider-roster")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cli := filepath.Join(dir, "cli.tfrc")
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		cli: fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"tf-roster/roster\" = %q\n  }\n  direct {}\n}\n", filepath.ToSlash(dir)),
		filepath.Join(work, "main.tf"): `terraform {
  required_providers {
    roster = { source = "tf-roster/roster" }
  }
}

resource "roster_blink_workspace_role_binding" "this" {
  count        = 30
  workspace_id = "w-1"
  entity_type  = "user"
  entity_id    = "u-${count.index}"
  role         = "viewer"
}

resource "roster_blazemeter_workspace_user" "this" {
  count        = 30
  workspace_id = "1"
  user_id      = tostring(count.index)
  role         = "tester"
}
`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), terraform, args...)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+cli, "CHECKPOINT_DISABLE=1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("apply", "-auto-approve", "-no-color", "-input=false")
	if err != nil || !strings.Contains(out, "60 added") {
		t.Fatalf("apply: %v\n%s", err, out)
	}
	if out, err := run("plan", "-detailed-exitcode", "-no-color", "-input=false"); err != nil {
		t.Errorf("the plan after the apply is not clean: %v\n%s", err, out)
	}
	if out, err := run("destroy", "-auto-approve", "-no-color", "-input=false"); err != nil || !strings.Contains(out, "60 destroyed") {
		t.Errorf("destroy: %v\n%s", err, out)
	}
}
