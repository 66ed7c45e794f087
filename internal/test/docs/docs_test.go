// Package docs holds the documentation to what a reader is promised: a page
// with an example for everything that is served, the words and caveats that have
// to be there, and links that lead somewhere.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

const root = "../../.."

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func served(t *testing.T) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	schemas, err := provider.NewServer("test").GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return schemas
}

// productOf gives the product that serves something.
func productOf(t *testing.T, name string) framework.Product {
	t.Helper()
	for _, p := range provider.Products() {
		if strings.HasPrefix(name, "roster_"+p.Name+"_") {
			return p
		}
	}
	t.Fatalf("%s is no product's", name)
	return framework.Product{}
}

// resources gives the resources that manage one principal each, or those that
// manage several. There is at least one.
func resources(t *testing.T, additive bool) []string {
	t.Helper()
	var names []string
	for name, s := range served(t).ResourceSchemas {
		isAdditive := slices.ContainsFunc(s.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == "adopt_existing" })
		if isAdditive == additive {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatal("no such resource was found: the search has gone blind")
	}
	return names
}

func short(name string) string { return strings.TrimPrefix(name, "roster_") }

func TestEverythingServedHasAPageWithAnExample(t *testing.T) {
	t.Parallel()
	s := served(t)
	pages := map[string]string{} // by page, what its example has to mention
	for name := range s.ResourceSchemas {
		pages["docs/resources/"+short(name)+".md"] = `resource "` + name + `"`
	}
	for name := range s.DataSourceSchemas {
		pages["docs/data-sources/"+short(name)+".md"] = `data "` + name + `"`
	}
	for name := range s.ListResourceSchemas {
		pages["docs/list-resources/"+short(name)+".md"] = `list "` + name + `"`
	}
	for name := range s.Functions {
		pages["docs/functions/"+name+".md"] = "provider::roster::" + name + "("
	}
	if len(pages) < 18 {
		t.Fatalf("the provider serves only %d things", len(pages))
	}
	for page, example := range pages {
		if text := read(t, page); !strings.Contains(text, "## Example Usage") || !strings.Contains(text, example) {
			t.Errorf("%s has no example with %s", page, example)
		}
	}
	// And nothing is left of what is not served any more.
	for _, folder := range []string{"resources", "data-sources", "list-resources", "functions"} {
		entries, err := os.ReadDir(filepath.Join(root, "docs", folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if _, ok := pages["docs/"+folder+"/"+e.Name()]; !ok {
				t.Errorf("docs/%s/%s is about something that is not served", folder, e.Name())
			}
		}
	}
}

// Users learn of every resource in the changelog.
func TestTheChangelogNamesEveryResource(t *testing.T) {
	t.Parallel()
	for name := range served(t).ResourceSchemas {
		if !strings.Contains(read(t, "CHANGELOG.md"), "`"+name+"`") {
			t.Errorf("CHANGELOG.md does not name %s", name)
		}
	}
}

func TestImportsAreShown(t *testing.T) {
	t.Parallel()
	identities, err := provider.NewServer("test").GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name := range served(t).ResourceSchemas {
		page := "docs/resources/" + short(name) + ".md"
		text := read(t, page)
		if !strings.Contains(text, "terraform import "+name+".") {
			t.Errorf("%s does not show the import command", page)
		}
		if _, ok := identities.IdentitySchemas[name]; ok && !strings.Contains(text, "identity = {") {
			t.Errorf("%s does not show the import by identity", page)
		}
	}
}

// plain is a text without the marks of Markdown and with single spaces.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("*", "", "`", "").Replace(text)), " ")
}

// Of each product it is said what nobody has tried, on the page of every resource,
// with the number of an assumption where the doctor has any.
func TestWhatIsNotConfirmedIsSaid(t *testing.T) {
	t.Parallel()
	const blink, blazeMeter = "only in a public API description from 2022", `"in the account"`
	caveats := map[string]string{"blink": blink, "blazemeter": blazeMeter}
	pages := map[string][]string{
		"docs/index.md": {"not yet tested against a live Blink tenant or BlazeMeter account", blink, blazeMeter, "not affiliated", "Version 0.x", "BlinkOps"},
		"README.md":     {"Not yet tested against a live Blink tenant or BlazeMeter account", blink, blazeMeter, "not affiliated", "Version 0.x", "make demo", "make test"},
	}
	for name := range served(t).ResourceSchemas {
		product := productOf(t, name)
		page := "docs/resources/" + short(name) + ".md"
		pages[page] = []string{"Not yet tested against a live " + product.Title, caveats[product.Name]}
		if numbers := regexp.MustCompile(`\(assumptions? ` + product.Name + ` \d`); len(product.Doctor.Assumptions) > 0 && !numbers.MatchString(read(t, page)) {
			t.Errorf("%s gives no number of an assumption, as in (assumption %s 5)", page, product.Name)
		}
	}
	for page, texts := range pages {
		text := plain(read(t, page))
		for _, want := range texts {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", page, want)
			}
		}
	}
	for _, product := range provider.Products() {
		if s := served(t).Provider.Block.Description; !strings.Contains(s, product.Title) {
			t.Errorf("the provider's description does not name %s: %q", product.Title, s)
		}
	}
}

func TestAuthoritativePagesSaySo(t *testing.T) {
	t.Parallel()
	for _, name := range resources(t, false) {
		text := read(t, "docs/resources/"+short(name)+".md")
		_, body, _ := strings.Cut(text, "(Resource)\n")
		first, _, _ := strings.Cut(strings.TrimSpace(body), ".")
		if !strings.Contains(first, "authoritative") {
			t.Errorf("the first sentence of the page of %s does not say that it is authoritative: %q", name, first)
		}
	}
}

// Why owners are created first is told once; the pages of owners show it and lead there.
func TestOwnersPagesShowThatTheyCreateFirst(t *testing.T) {
	t.Parallel()
	for _, name := range resources(t, true) {
		page := "docs/resources/" + short(name) + ".md"
		text := read(t, page)
		if !strings.Contains(text, "create_before_destroy = true") || !strings.Contains(text, "/guides/handing-over-ownership#when-the-successor-depends-on-something)") {
			t.Errorf("%s does not show create_before_destroy and lead to where it is explained", page)
		}
	}
	told := 0
	for _, page := range markdown(t) {
		if strings.HasPrefix(page, "docs/") && strings.Contains(read(t, page), "\n```terraform\nlifecycle {\n  create_before_destroy = true") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("create_before_destroy is explained on %d pages", told)
	}
}

func TestGuides(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"authentication", "check-your-tenant", "ci", "comparison", "handing-over-ownership", "identity-providers", "last-owner-guard", "mock-providers",
		"moving-between-forms", "off-boarding", "onboarding", "permissions", "scale", "testing-modules-offline", "troubleshooting", "verify", "versioning",
	} {
		if !strings.Contains(read(t, "docs/index.md"), "/docs/guides/"+name+")") {
			t.Errorf("the index does not lead to the guide %s", name)
		}
		if text := read(t, "docs/guides/"+name+".md"); strings.Count(text, "\n## ") < 2 {
			t.Errorf("the guide %s has no sections", name)
		}
	}
}
