package docs

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	// published is where the Terraform registry shows docs/.
	published = "https://registry.terraform.io/providers/tf-roster/roster/latest/docs"
	// source is where GitHub shows the repository.
	source = "https://github.com/tf-roster/terraform-provider-roster"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence   = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
)

// Pages under docs/ are shown in three places, and no relative link works in all
// of them: GitHub wants the ending .md; the Terraform registry does not rewrite
// links, shows pages without an ending, and the index one level above where
// GitHub has it; the OpenTofu registry calls data-sources "datasources". So pages
// under docs/ link to each other by the address in the Terraform registry. All
// other pages are read on GitHub, where a relative link is a file.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, page := range markdown(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, page), ""), -1) {
			links++
			if err := follow(page, m[1]); err != nil {
				t.Errorf("%s: the link %s %s", page, m[1], err)
			}
		}
	}
	if links < 90 {
		t.Errorf("only %d links were found: the search has gone blind", links)
	}
}

// follow fails if a link on a page leads nowhere.
func follow(page, target string) error {
	address, anchor, _ := strings.Cut(target, "#")
	file, err := linked(page, address)
	if err != nil || file == "" {
		return err
	}
	info, err := os.Stat(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return fmt.Errorf("leads nowhere: %w", err)
	}
	if anchor == "" || info.IsDir() || !strings.HasSuffix(file, ".md") {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return err
	}
	if strings.Contains(string(text), `<a id="`+anchor+`">`) {
		return nil
	}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
		if slug(m[1]) == anchor {
			return nil
		}
	}
	return fmt.Errorf("leads to a heading that %s does not have", file)
}

// linked gives the file that an address on a page stands for, and none for one
// outside of this repository.
func linked(page, address string) (string, error) {
	switch {
	case address == "":
		return page, nil
	case address == published:
		return "docs/index.md", nil
	case strings.HasPrefix(address, published+"/"):
		return "docs" + strings.TrimPrefix(address, published) + ".md", nil
	case strings.HasPrefix(address, source+"/blob/main/"), strings.HasPrefix(address, source+"/tree/main/"):
		return address[len(source+"/blob/main/"):], nil
	case strings.HasPrefix(address, "https://"):
		return "", nil
	case strings.HasPrefix(page, "docs/"):
		return "", fmt.Errorf("is relative, which works on GitHub or in a registry, but not in both: begin it with %s", published)
	default:
		return path.Join(path.Dir(page), address), nil
	}
}

var punctuation = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)

// slug is the anchor that GitHub and the registries give a heading.
func slug(text string) string {
	text = link.ReplaceAllString(strings.ReplaceAll(text, "[", ""), "")
	return strings.ReplaceAll(punctuation.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
}

func TestLinksAreHeld(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"docs/guides/ci.md -> scale":                                          "is relative",
		"docs/guides/ci.md -> scale.md":                                       "is relative",
		"docs/index.md -> guides/scale.md":                                    "is relative",
		"docs/index.md -> " + published + "/guides/nowhere":                   "leads nowhere",
		"docs/index.md -> " + published + "/guides/scale":                     "",
		"docs/index.md -> " + published + "/guides/scale#nothing-of-the-kind": "leads to a heading",
		"docs/index.md -> " + published + "#schema":                           "",
		"docs/index.md -> " + source + "/blob/main/SECURITY.md":               "",
		"docs/index.md -> " + source + "/blob/main/SECRETS.md":                "leads nowhere",
		"README.md -> docs/guides/scale":                                      "leads nowhere",
		"README.md -> docs/guides/scale.md":                                   "",
		"README.md -> #status":                                                "",
		"README.md -> #standing":                                              "leads to a heading",
		"internal/mockservice/SEED.md -> ../../README.md":                     "",
	} {
		page, address, _ := strings.Cut(target, " -> ")
		if err := follow(page, address); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", target, err, want)
		}
	}
}

// markdown gives all pages of the repository.
func markdown(t *testing.T) []string {
	t.Helper()
	pages := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") && name != ".github" || name == "dist" || name == "bin") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if strings.HasSuffix(name, ".md") {
			pages[filepath.ToSlash(rel)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(pages))
}
