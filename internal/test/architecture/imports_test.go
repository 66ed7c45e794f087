// Package architecture holds the directions in which the folders of this
// repository import each other, for every product there is.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tf-roster/terraform-provider-roster/"

// may says what the code of a folder may import of this repository. The names
// are folders below internal/; "product" stands for each product's folder,
// "client" for the client inside, "wire" for its OpenAPI file and generated
// types, "checks" for what the doctor tries of it, and "mockservice/product" for
// what the mock service does in its place.
var may = map[string][]string{
	"main":             {"provider"},
	"provider":         {"product", "framework", "membership", "protocol", "protocol/bulk", "protocol/history", "roster", "transport"},
	"product":          {"client", "checks", "framework", "roster", "membership"},
	"client":           {"apiclient", "wire", "membership", "transport"},
	"wire":             {"wire"},
	"checks":           {"doctor", "apiclient", "client", "wire"},
	"framework":        {"doctor", "roster", "membership", "protocol/bulk"},
	"protocol":         {"protocol/bulk", "protocol/history", "roster"},
	"protocol/bulk":    {},
	"protocol/history": {"userdir"},
	"roster":           {"roster", "roster/planning", "roster/reconcile", "roster/guard", "roster/cache", "roster/activity", "membership", "userdir"},
	"roster/planning":  {"roster/guard", "roster/cache", "roster/activity", "membership"},
	"roster/guard":     {"membership"},
	"roster/cache":     {},
	"roster/activity":  {},
	"userdir":          {},
	"membership":       {},
	"apiclient":        {"membership", "transport"},
	"transport":        {},

	"mockservice":           {"mockservice/product", "mockservice/engine"},
	"mockservice/product":   {"mockservice/engine", "mockservice/wirecheck", "wire"},
	"mockservice/engine":    {"mockservice/wirecheck"},
	"mockservice/wirecheck": {},
	"mockservice/cmd":       {"mockservice"},

	"doctor":     {"apiclient", "transport"},
	"doctor/cmd": {"doctor", "provider"},
}

// free are programs and tests beside the provider: they may import anything,
// and nothing that is shipped may import them.
var free = []string{"test", "tools"}

type pkg struct {
	ImportPath   string   `json:"ImportPath"`
	Name         string   `json:"Name"`
	Imports      []string `json:"Imports"`
	TestImports  []string `json:"TestImports"`
	XTestImports []string `json:"XTestImports"`
}

func packages(t *testing.T) []pkg {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Imports,TestImports,XTestImports", "./...")
	list.Dir = "../../.."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// house tells the folders of the products from all others.
type house struct{ products []string }

// newHouse finds the products: whatever has a client.
func newHouse(all []pkg) house {
	var h house
	for _, p := range all {
		if product, ok := strings.CutSuffix(strings.TrimPrefix(p.ImportPath, module+"internal/"), "/client"); ok {
			h.products = append(h.products, product)
		}
	}
	return h
}

// role gives the entry of may that holds for a package, and the product it
// belongs to, if any.
func (h house) role(importPath string) (role, product string) {
	folder, ok := strings.CutPrefix(importPath, module+"internal/")
	if !ok {
		return "main", ""
	}
	first, rest, _ := strings.Cut(folder, "/")
	switch {
	case slices.Contains(h.products, first) && (rest == "client" || strings.HasSuffix(rest, "calls")):
		return "client", first
	case slices.Contains(h.products, first) && strings.HasPrefix(rest, "client/"):
		return "wire", first
	case slices.Contains(h.products, first) && rest == "checks":
		return "checks", first
	case slices.Contains(h.products, first):
		return "product", first
	case first == "mockservice" && slices.Contains(h.products, rest):
		return "mockservice/product", rest
	case slices.Contains(free, first):
		return first, ""
	}
	for folder := folder; folder != "."; folder = path.Dir(folder) {
		if _, known := may[folder]; known {
			return folder, ""
		}
	}
	return folder, ""
}

func TestImportsRunOneWay(t *testing.T) {
	all := packages(t)
	h := newHouse(all)
	if len(h.products) == 0 {
		t.Fatal("no product was found: where are the clients?")
	}
	for _, product := range h.products {
		if !slices.ContainsFunc(all, func(p pkg) bool { return p.ImportPath == module+"internal/mockservice/"+product }) {
			t.Errorf("the mock service has no folder for %s: internal/mockservice/%s is missing", product, product)
		}
	}
	for _, p := range all {
		role, product := h.role(p.ImportPath)
		if slices.Contains(free, role) {
			continue
		}
		allowed, known := may[role]
		if !known {
			t.Errorf("%s is a folder without a place: say in this test what it may import", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			if !strings.HasPrefix(i, module) {
				continue
			}
			to, of := h.role(i)
			if !slices.Contains(allowed, to) && (to != role || product == "") {
				t.Errorf("%s imports %s: %s may import %s", p.ImportPath, i, role, strings.Join(allowed, ", "))
			}
			if product != "" && of != "" && of != product {
				t.Errorf("%s imports another product: %s", p.ImportPath, i)
			}
		}
		for _, i := range slices.Concat(p.TestImports, p.XTestImports) {
			if _, of := h.role(i); product != "" && of != "" && of != product {
				t.Errorf("the tests of %s import another product: %s", p.ImportPath, i)
			}
		}
	}
}

var mapped = regexp.MustCompile("`(internal/[^`*]*)`")

// ARCHITECTURE.md names every folder that has a place of its own, except those of
// products to come, and nothing that is not there.
func TestTheMapOfTheFoldersHolds(t *testing.T) {
	const root = "../../.."
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range mapped.FindAllSubmatch(text, -1) {
		name := string(m[1])
		named[strings.TrimPrefix(name, "internal/")] = true
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			t.Errorf("ARCHITECTURE.md names %s, which is not there", name)
		}
	}
	for _, folder := range slices.Concat(slices.Collect(maps.Keys(may)), free) {
		inside := strings.HasPrefix(folder, "mockservice/") || strings.HasPrefix(folder, "doctor/") // described with the folder around them
		if info, err := os.Stat(filepath.Join(root, "internal", folder)); err == nil && info.IsDir() && !inside && !named[folder] {
			t.Errorf("ARCHITECTURE.md does not say what internal/%s is for", folder)
		}
	}
}
