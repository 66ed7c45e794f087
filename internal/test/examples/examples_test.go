// Package examples plans and applies every example of the documentation, as it
// is there, against the mock service. A new folder is found by itself.
package examples

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m) }

// tree is the folder of the examples.
var tree = filepath.Join("..", "..", "..", "examples")

// folders gives every folder of the examples with a file of that ending, as a
// path below it with slashes.
func folders(t *testing.T, ending string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != tree {
			return filepath.SkipDir // what a terraform init left behind
		}
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), ending) {
			return nil
		}
		folder, err := filepath.Rel(tree, filepath.Dir(path))
		if folder = filepath.ToSlash(folder); !slices.Contains(out, folder) {
			out = append(out, folder)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("there is no *%s under %s", ending, tree)
	}
	return out
}

// place is one example, copied where Terraform may write.
type place struct {
	*acctest.CLI
	folder string
	svc    *mockservice.Running
}

// set copies the examples, whole, since they use each other's modules, and
// starts a service with the world that the folder's seed.json describes, or the
// one that is built in, which the ids in the examples are from.
func set(t *testing.T, folder string) place {
	t.Helper()
	acctest.Needed(t)
	svc := mockservice.StartTest(t, seed(t, filepath.Join(tree, filepath.FromSlash(folder), "seed.json")))
	p := place{folder: folder, svc: svc, CLI: acctest.New(t, append(svc.Env(), settings(t, folder)...))}
	whole := filepath.Join(p.Dir, "examples")
	if err := os.CopyFS(whole, os.DirFS(tree)); err != nil {
		t.Fatal(err)
	}
	p.Dir = filepath.Join(whole, filepath.FromSlash(folder))
	for _, variant := range p.files("import-by-*.tf") {
		if err := os.Remove(variant); err != nil { // another way to do what import.sh does
			t.Fatal(err)
		}
	}
	if !p.contains("required_providers") {
		p.Write("versions.tf", acctest.Header)
	}
	p.needs(t)
	if p.contains("module \"") {
		p.OK("get", "-no-color")
	}
	return p
}

func seed(t *testing.T, file string) mockservice.Seed {
	t.Helper()
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		text, err = mockservice.DefaultSeedJSON(), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := mockservice.ParseSeed(text)
	if err != nil {
		t.Fatal(err)
	}
	// Nothing but the provider protects the last owner.
	mockblink.BehaviourOf(&s).AssignLastOwner, mockblink.BehaviourOf(&s).RemoveLastOwner = "allow", "allow"
	return s
}

// settings are the variables of the examples that need some.
func settings(t *testing.T, folder string) []string {
	t.Helper()
	if folder != "scenarios/two-tenants" {
		return nil
	}
	europe, america := mockservice.StartDefault(t), mockservice.StartDefault(t)
	tenant := func(svc *mockservice.Running) string {
		return `{ endpoint = "` + svc.Endpoint(mockblink.Name) + `", api_key = "mock-blink-key" }`
	}
	return []string{"TF_VAR_tenants={ europe = " + tenant(europe) + ", america = " + tenant(america) + " }"}
}

func (p place) files(pattern string) []string {
	found, err := filepath.Glob(filepath.Join(p.Dir, pattern))
	if err != nil {
		panic(err) // the pattern is not one
	}
	return found
}

func (p place) contains(text string) bool {
	return slices.ContainsFunc(p.files("*.tf"), func(file string) bool {
		content, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(content), text)
	})
}

func TestAccExamples(t *testing.T) {
	t.Parallel()
	for _, folder := range folders(t, ".tf") {
		if strings.HasPrefix(folder, "modules/") {
			continue // used by the scenarios, and tested by their own tests
		}
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			p := set(t, folder)
			if planned := p.Plan(); strings.Contains(planned.Text(), "Warning: Check block assertion failed") {
				t.Errorf("a check does not hold:\n%s", planned.Stdout)
			}
			p.Apply()
			p.Clean()
			for product, workspaces := range p.svc.Audit().Owners {
				for id, owners := range workspaces {
					if owners.Fewest < 1 {
						t.Errorf("the %s workspace %s was without an owner", product, id)
					}
				}
			}
			if calls := p.svc.Undocumented(); len(calls) > 0 {
				t.Errorf("undocumented calls: %s", calls)
			}
		})
	}
}

// Each import.sh brings back what the example made, and the plan is clean then.
func TestAccImports(t *testing.T) {
	t.Parallel()
	for _, folder := range folders(t, "import.sh") {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			p, address, id := forgotten(t, folder)
			p.OK("import", "-no-color", address, id)
			if p.contains("ignore_users") {
				// Whom to ignore is in the configuration alone: the first apply
				// takes it over, and touches nobody.
				p.svc.ResetAudit()
				p.Apply()
				if writes := p.svc.Writes(); len(writes) > 0 {
					t.Errorf("the apply after the import changed something: %v", writes)
				}
			}
			p.Clean()
		})
	}
}

// forgotten sets up and applies an example, and takes what its import.sh brings back
// out of the state.
func forgotten(t *testing.T, folder string) (p place, address, id string) {
	t.Helper()
	p = set(t, folder)
	p.Apply()
	address, id = command(t, filepath.Join(p.Dir, "import.sh"))
	p.OK("state", "rm", address)
	return p, address, id
}

// importBy adds an import block of the example to its configuration.
func (p place) importBy(t *testing.T, file string) {
	t.Helper()
	block, err := os.ReadFile(filepath.Join(tree, filepath.FromSlash(p.folder), file))
	if err != nil {
		t.Fatal(err)
	}
	p.Write("import.tf", string(block))
}

// command reads the one line of an import.sh that is no comment.
func command(t *testing.T, file string) (address, id string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 4 && fields[0] == "terraform" && fields[1] == "import" {
			return fields[2], fields[3]
		}
	}
	t.Fatalf("%s has no line \"terraform import ADDRESS ID\"", file)
	return "", ""
}

// Each import block by id does so as well.
func TestAccImportBlocks(t *testing.T) {
	t.Parallel()
	for _, folder := range folders(t, "import-by-string-id.tf") {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			p, _, _ := forgotten(t, folder)
			p.importBy(t, "import-by-string-id.tf")
			p.Shows(p.Apply(), "1 imported, 0 added, 0 changed, 0 destroyed")
			p.Clean()
		})
	}
}

// The modules' own tests, as their authors run them.
func TestAccModuleTests(t *testing.T) {
	t.Parallel()
	for _, folder := range folders(t, ".tftest.hcl") {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			p := set(t, strings.TrimSuffix(folder, "/tests"))
			r := p.OK("test", "-no-color")
			p.Shows(r, "Success!", " 0 failed")
			if strings.Contains(r.Stdout, "skip") {
				t.Errorf("a run was skipped:\n%s", r.Stdout)
			}
		})
	}
}
