// Package assumptions holds code and documentation to the doctor's numbers: what
// the vendors' pages leave open has one, and each is one that the doctor knows.
package assumptions

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

const root = "../../../"

// numbered finds references such as "blink 5" and "blazemeter 7, 8".
var numbered = regexp.MustCompile(`\b([a-z]+) ([0-9]+(?:(?:, | and )[0-9]+)*)\b`)

var number = regexp.MustCompile(`[0-9]+`)

// known gives the numbers of each product.
func known() map[string]map[int]bool {
	all := map[string]map[int]bool{}
	for _, p := range provider.Products() {
		all[p.Name] = map[int]bool{}
		for _, a := range p.Doctor.Assumptions {
			all[p.Name][a.Number] = true
		}
	}
	return all
}

// texts gives the files of the repository in which assumptions are written about.
func texts(t *testing.T) map[string]string {
	t.Helper()
	git := exec.CommandContext(t.Context(), "git", "ls-files", "*.go", "*.yaml", "*.md", "*.tmpl")
	git.Dir = root
	out, err := git.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for name := range strings.FieldsSeq(string(out)) {
		text, err := os.ReadFile(root + name)
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	if len(all) < 100 {
		t.Fatalf("only %d files were found", len(all))
	}
	return all
}

func references(text string, products map[string]map[int]bool) (valid int, unknown []string) {
	for _, m := range numbered.FindAllStringSubmatch(text, -1) {
		numbers, isProduct := products[m[1]]
		if !isProduct {
			continue
		}
		for _, digits := range number.FindAllString(m[2], -1) {
			if n, err := strconv.Atoi(digits); err == nil && numbers[n] {
				valid++
			} else {
				unknown = append(unknown, m[1]+" "+digits)
			}
		}
	}
	return valid, unknown
}

func TestNumbersAreTheDoctors(t *testing.T) {
	t.Parallel()
	products, found := known(), 0
	for name, text := range texts(t) {
		if strings.HasPrefix(name, "internal/test/assumptions/") {
			continue
		}
		valid, unknown := references(text, products)
		found += valid
		if len(unknown) > 0 {
			t.Errorf("%s refers to %v, which the doctor does not know", name, unknown)
		}
	}
	if found < 50 {
		t.Errorf("only %d references were found: are they written as in \"blink 5\"?", found)
	}
}

// uncertain are the words with which something is said to be open.
var uncertain = regexp.MustCompile(`(?i)\bassum(e|es|ed|ing|ption|ptions)\b|\bnot documented\b|\bundocumented\b`)

// general are words about all assumptions together: the mark that a table explains
// above it, and what leads to the doctor.
var general = regexp.MustCompile(`\(\*assumed\*\)|these and all other assumptions|what the provider assumes about your tenant`)

// apart are files that write of assumptions in general, or of a service that is not
// the vendors'.
var apart = regexp.MustCompile(`^internal/(mockservice|test|tools|doctor)/|^internal/[a-z]+/checks/|_test\.go$|\.gen\.go$|^docs/|^templates/guides/(check-your-tenant|versioning)\.md\.tmpl$|^(CHANGELOG|DECISIONS|CONTRIBUTING|ARCHITECTURE)\.md$`)

// near is how many lines before and after the words are searched for a number.
const near = 3

// unnumbered gives the lines that say that something is open without a number nearby.
// In Markdown the whole paragraph counts, and the heading's introduction.
func unnumbered(name, text string) []string {
	lines := strings.Split(text, "\n")
	markdown := path.Ext(name) == ".md" || path.Ext(name) == ".tmpl"
	var found []string
	for i, line := range lines {
		if !uncertain.MatchString(general.ReplaceAllLiteralString(line, "")) {
			continue
		}
		from, to := max(0, i-near), min(len(lines), i+near+1)
		if markdown {
			for from = i; from > 0 && strings.TrimSpace(lines[from-1]) != ""; from-- {
			}
			for to = i; to < len(lines) && strings.TrimSpace(lines[to]) != ""; to++ {
			}
		}
		if valid, _ := references(strings.Join(lines[from:to], "\n"), known()); valid == 0 {
			found = append(found, name+":"+strconv.Itoa(i+1)+": "+strings.TrimSpace(line))
		}
	}
	return found
}

func TestWhatIsOpenHasANumber(t *testing.T) {
	t.Parallel()
	for name, text := range texts(t) {
		if apart.MatchString(name) {
			continue
		}
		for _, line := range unnumbered(name, text) {
			t.Errorf("%s\n  says that something is open, without the number of an assumption nearby", line)
		}
	}
}

func TestFindsWhatHasNoNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"// The order is not documented.":                               1,
		"// The order is not documented (blink 19).":                    0,
		"// We assume so\n//\n//\n//\n// (blink 19).":                   1,
		"// Assumed of both\n// (blink 15, 16 and blazemeter 7 and 8).": 0,
		"// Undocumented (blink 99).":                                   1,
		"// The assumptive close.":                                      0,
	} {
		if got := unnumbered("x.go", text); len(got) != want {
			t.Errorf("%q: found %v, want %d", text, got, want)
		}
	}
	if _, unknown := references("blink 5, 99 and blazemeter 999, but viewer 999", known()); len(unknown) != 2 {
		t.Errorf("unknown are %v", unknown)
	}
}
