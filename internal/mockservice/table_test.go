package mockservice_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
)

// productNames are the products in the table.
func productNames() []string {
	var names []string
	for _, r := range mockservice.Routes() {
		if !slices.Contains(names, r.Product) {
			names = append(names, r.Product)
		}
	}
	return names
}

// Each product in a folder of its own is in the table.
func TestEveryProductIsInTheTable(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	names := productNames()
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(e.Name(), "product.go")); e.Name() == "engine" || err != nil {
			continue
		}
		if !slices.Contains(names, e.Name()) {
			t.Errorf("the folder %s is not in the table of products: add a line to mockservice.go", e.Name())
		}
	}
}

// The engine serves whatever is in the table, so it names none of it.
func TestTheEngineNamesNoProduct(t *testing.T) {
	for _, pattern := range []string{"engine/*.go", "wirecheck/wirecheck.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", pattern, err, len(files))
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range productNames() {
				if strings.Contains(strings.ToLower(string(text)), name) {
					t.Errorf("%s names the product %s", file, name)
				}
			}
		}
	}
}

// The world that is built in has every product, with a key and with owners.
func TestEveryProductIsInTheDefaultWorld(t *testing.T) {
	run := mockservice.StartDefault(t)
	env := strings.Join(run.Env(), "\n")
	for product, workspaces := range run.Audit().Owners {
		if len(workspaces) == 0 {
			t.Errorf("%s has no workspace", product)
		}
		for id, o := range workspaces {
			if o.Now < 1 {
				t.Errorf("workspace %s of %s has no owner", id, product)
			}
		}
		if !strings.Contains(env, "="+run.Endpoint(product)+"\n") {
			t.Errorf("the environment does not name the endpoint of %s:\n%s", product, env)
		}
	}
	if got := len(run.Audit().Owners); got != len(productNames()) {
		t.Errorf("%d products have owners, %d are in the table", got, len(productNames()))
	}
}
