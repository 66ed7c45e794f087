// Package registry consumes the packed provider as a user of a registry does:
// Terraform itself downloads it from a stand-in that speaks the registry
// protocol, checks its signature and hashes, writes the lock file, and plans and
// applies through a module.
package registry

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

const root = "../../.."

func TestMain(m *testing.M) { acctest.Main(m) }

const configuration = `terraform {
  required_providers {
    roster = {
      source  = "tf-roster/roster"
      version = "~> 0.1"
    }
  }
}

provider "roster" {}

module "payments" {
  source       = "./modules/workspace-team"
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  people       = { owner = ["alice@example.com", "carol@example.com"], contributor = ["bob@example.com"] }
}
`

// consumer is a folder of a user who knows of the provider no more than its
// address, and has never installed it.
func consumer(t *testing.T, s *standin, svc *mockservice.Running) *acctest.CLI {
	t.Helper()
	// What is tested here is the zip, so there is nothing to build.
	c := acctest.With(t, t.TempDir(), svc.Env())
	host := func(name string) string {
		return fmt.Sprintf("host %q {\n  services = { \"providers.v1\" = \"%s/v1/providers/\" }\n}\n", name, s.URL)
	}
	cli := filepath.Join(t.TempDir(), "cli.tfrc")
	if err := os.WriteFile(cli, []byte(host("registry.terraform.io")+host("registry.opentofu.org")+"provider_installation {\n  direct {}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Later entries win over those that acctest sets.
	c.Env = append(c.Env, "TF_CLI_CONFIG_FILE="+cli, "SSL_CERT_FILE="+s.certificate, "SSL_CERT_DIR="+filepath.Dir(s.certificate))
	c.Write("main.tf", configuration)
	module := filepath.Join(c.Dir, "modules", "workspace-team")
	if err := os.CopyFS(module, os.DirFS(filepath.Join(root, "examples", "modules", "workspace-team"))); err != nil {
		t.Fatal(err)
	}
	return c
}

func lockFile(t *testing.T, c *acctest.CLI) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.Dir, ".terraform.lock.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAccInstalledFromARegistry(t *testing.T) {
	acctest.Needed(t)
	if runtime.GOOS != "linux" {
		t.Skip("the registry's certificate is made known by SSL_CERT_FILE, which is heeded on Linux alone")
	}
	folder := filepath.Join(t.TempDir(), "zips")
	pack := exec.CommandContext(t.Context(), "go", "run", "./internal/tools/pack", "-version", version, "-out", folder, "-platforms", "host")
	pack.Dir = root
	if out, err := pack.CombinedOutput(); err != nil {
		t.Fatalf("the provider cannot be packed: %s\n%s", err, out)
	}
	svc := mockservice.StartDefault(t)
	registry := serve(t, folder)
	packed, listed := registry.get(zipName()), registry.get(sums)
	if packed == nil {
		t.Fatalf("pack did not make %s", zipName())
	}

	c := consumer(t, registry, svc)
	c.Shows(c.OK("init", "-no-color"), "Installed tf-roster/roster v"+version, "key ID")
	lock := lockFile(t, c)
	for _, want := range []string{"/tf-roster/roster\"", "h1:", fmt.Sprintf("zh:%x", sha256.Sum256(packed))} {
		if !strings.Contains(lock, want) {
			t.Errorf("the lock file has no %s:\n%s", want, lock)
		}
	}
	c.Shows(c.Plan("-out=tfplan"), "module.payments.roster_blink_workspace_role_binding.person[\"carol@example.com\"] will be created", "Plan: 3 to add, 0 to change, 0 to destroy")
	c.Shows(c.OK("apply", "-no-color", "tfplan"), "3 added, 0 changed, 0 destroyed")
	c.Clean()
	if got := mockblink.Of(svc).Role(mockblink.DefaultWorkspace, "user", "u-carol"); got != "owner" {
		t.Errorf("carol is %q", got)
	}
	if out := c.OK("version").Stdout; !strings.Contains(out, "tf-roster/roster v"+version) {
		t.Errorf("the version of the provider is not told:\n%s", out)
	}

	changed := tampered(t, packed)
	t.Run("a changed zip is refused", func(t *testing.T) {
		registry.put(zipName(), changed)
		defer registry.put(zipName(), packed)
		consumer(t, registry, svc).Fails([]string{"init", "-no-color"}, "checksum")
	})
	t.Run("changed sums are refused", func(t *testing.T) {
		registry.put(zipName(), changed)
		registry.put(sums, resummed(t, listed, packed, changed))
		defer func() { registry.put(zipName(), packed); registry.put(sums, listed) }()
		consumer(t, registry, svc).Fails([]string{"init", "-no-color"}, "signature")
	})
	t.Run("what the lock file does not know is refused, whoever signed it", func(t *testing.T) {
		registry.put(zipName(), changed)
		registry.put(sums, resummed(t, listed, packed, changed))
		registry.sign(t)
		defer func() { registry.put(zipName(), packed); registry.put(sums, listed); registry.sign(t) }()
		other := consumer(t, registry, svc)
		other.Write(".terraform.lock.hcl", lock)
		other.Fails([]string{"init", "-no-color"}, "checksums")
	})
	t.Run("the lock file is enough for a second machine", func(t *testing.T) {
		other := consumer(t, registry, svc)
		other.Write(".terraform.lock.hcl", lock)
		other.OK("init", "-no-color", "-lockfile=readonly")
		if again := lockFile(t, other); again != lock {
			t.Errorf("the lock file changed:\n%s", again)
		}
	})
}

// tampered gives the archive with one file of other content.
func tampered(t *testing.T, original []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(original), int64(len(original)))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	for _, f := range in.File {
		if f.Name != "README.md" {
			if err := out.Copy(f); err != nil {
				t.Fatal(err)
			}
			continue
		}
		w, err := out.Create(f.Name)
		if err == nil {
			_, err = w.Write([]byte("changed on the way\n"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// resummed gives the sums with that of one file in place of another's.
func resummed(t *testing.T, listed, from, to []byte) []byte {
	t.Helper()
	old, changed := fmt.Sprintf("%x", sha256.Sum256(from)), fmt.Sprintf("%x", sha256.Sum256(to))
	if !bytes.Contains(listed, []byte(old)) {
		t.Fatal("the sums do not list the zip")
	}
	return bytes.ReplaceAll(listed, []byte(old), []byte(changed))
}
