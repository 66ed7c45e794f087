package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const root = "../../.."

func found(t *testing.T) []diagnostic {
	t.Helper()
	all, err := scan(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 80 {
		t.Fatalf("only %d diagnostics were found: the search has gone blind", len(all))
	}
	return all
}

func guide(t *testing.T) map[string]advice {
	t.Helper()
	g, err := readGuide(root)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Every message is in the guide with why and what to do, and the guide has none
// that the provider does not give.
func TestGuideIsComplete(t *testing.T) {
	t.Parallel()
	g := guide(t)
	given := map[string]bool{}
	for _, d := range found(t) {
		given[key(d.Summary)] = true
		a, ok := g[key(d.Summary)]
		switch {
		case !ok:
			t.Errorf("%s:%d: %s lacks the %s %q", d.File, d.Line, guideFile, d.Severity, d.Summary)
		case len(a.why) < 8 || len(a.remedy) < 8:
			t.Errorf("%s:%d: %q has no reason or no remedy", guideFile, a.line, d.Summary)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(g)) {
		if !given[k] {
			t.Errorf("%s:%d: nothing in the provider says %q", guideFile, g[k].line, k)
		}
	}
}

// saysItself are messages whose detail is a text that is made elsewhere.
var saysItself = map[string]string{
	"Invalid provider setting":        "each fault is a sentence that names the variable and what is wrong with it",
	"Not the id of a …":               "the check's own sentence, and the map",
	"The role of … cannot be used":    "the check's own sentence, and the map",
	"Not …":                           "the check's own sentence",
	"Not an id to import by":          "the parser's own sentence, with the form that is expected",
	"… cannot be reached":             "the call's own words, which name the endpoint and what to check",
	"The … … may not read …":          "the service's words, that nothing was dropped, and which right the key needs",
	"About the listing of …":          "the product's own sentence",
	"Workspace would lose its last …": "the guard's message: who is an owner, and what the run does to them",
	"… would lose its last …":         "as above",
	"… would fall below … …":          "as above",
	"…: … in … …":                     "as above, as a warning",
	"The … API key may not read …":    "the service's words, and which right the key needs",
}

var letters = regexp.MustCompile(`\p{L}{2,}`)

// Read aloud: a detail says something of its own, in whole sentences.
func TestDetailsSaySomething(t *testing.T) {
	t.Parallel()
	for _, d := range found(t) {
		if _, ok := saysItself[d.Summary]; ok {
			continue
		}
		words := letters.FindAllString(d.Detail, -1)
		if len(words) < 3 && !strings.Contains(d.Summary, " more ") {
			t.Errorf("%s:%d: the detail of %q says nothing of its own: %q", d.File, d.Line, d.Summary, d.Detail)
		}
		if first := []rune(strings.TrimSpace(d.Detail)); len(first) > 0 && first[0] >= 'a' && first[0] <= 'z' && d.Detail != d.Summary && !strings.HasPrefix(d.Detail, "reassign_role") && !strings.HasPrefix(d.Detail, "adopt_existing") {
			t.Errorf("%s:%d: the detail of %q does not begin like a sentence: %q", d.File, d.Line, d.Summary, d.Detail)
		}
	}
}

var empty = regexp.MustCompile(`(?i)\b(unexpected|client error|something went wrong|internal error|unknown error|oops)\b`)

// Nothing says that something is unexpected and stops there, neither a
// diagnostic nor an error that is in one.
func TestNothingIsMerelyUnexpected(t *testing.T) {
	t.Parallel()
	for _, d := range found(t) {
		if word := empty.FindString(d.Summary + " " + d.Detail); word != "" {
			t.Errorf("%s:%d: %q says %q", d.File, d.Line, d.Summary, word)
		}
	}
	texts, err := literals(root, append(packages(), "internal/apiclient", "internal/transport")...)
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) < 50 {
		t.Fatalf("only %d texts were found: the search has gone blind", len(texts))
	}
	for where, text := range texts {
		if word := empty.FindString(text); word != "" {
			t.Errorf("%s: %q says %q", where, text, word)
		}
	}
}

// Terraform folds warnings with equal summaries into one, so each says whom it
// is about.
func TestWarningsNameSomebody(t *testing.T) {
	t.Parallel()
	for _, d := range found(t) {
		if d.Severity == "warning" && !strings.Contains(d.Summary, gap) {
			t.Errorf("%s:%d: the warning %q is the same for everybody", d.File, d.Line, d.Summary)
		}
	}
}

// The search finds every form in which a diagnostic can be given.
func TestScanFindsEveryForm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := `package roster

const summaryConst = "By a constant"

func f(diags D, who string, err error) []Finding {
	diags.AddError("Plain", "Detail one.")
	diags.AddAttributeWarning(at, fmt.Sprintf("%s is %d%% gone", who, 3), "Detail " + "two.")
	out := []Finding{failure(AtNone, summaryConst, detail())}
	add := func(summary, text string) { out = append(out, failure(AtNone, summary, text)) }
	add("By a closure", "Detail three.")
	head := "By a variable"
	if who != "" {
		head = "Otherwise"
	}
	f := Finding{Severity: SeverityWarning, Summary: head, Detail: "Detail four."}
	f.Summary = "Changed"
	f.Detail = "Detail five."
	var b strings.Builder
	b.WriteString("Detail ")
	fmt.Fprintf(&b, "six of %s.", who)
	out = append(out, warning(AtNone, "By a builder of "+who, b.String()))
	bounded(out, func(n int) (string, string) { return fmt.Sprintf("%d more", n), "Detail seven." })
	for _, f := range out {
		diags.AddWarning(f.Summary, f.Detail)
	}
	_, err = pair()
	_ = function.NewArgumentFuncError(0, err.Error())
	return out
}

func g(out []Finding) {
	add := func(key string, f Finding) {}
	add("a key", out[0])
}

func detail() string { return "Detail by a function." }

func pair() (string, error) { return "x", fmt.Errorf("the error %q of another", 1) }
`
	folder := filepath.Join(dir, "internal", "roster")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := scanPackage(dir, "internal/roster")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range got {
		lines = append(lines, d.Severity+": "+d.Summary+": "+d.Detail)
	}
	want := []string{
		"error: Plain: Detail one.",
		"warning: … is …% gone: Detail two.",
		"error: By a constant: Detail by a function.",
		"error: By a closure: Detail three.",
		"warning: By a variable: Detail four.",
		"warning: Otherwise: Detail four.",
		"error or warning: Changed: Detail five.",
		"warning: By a builder of …: Detail six of ….",
		"error or warning: … more: Detail seven.",
		"error: the error … of another: the error … of another",
	}
	slices.Sort(lines)
	slices.Sort(want)
	if !slices.Equal(lines, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(root, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(found(t))+2 {
		t.Errorf("the table has %d lines for %d diagnostics", len(lines), len(found(t)))
	}
	bar := regexp.MustCompile(`[^\\]\|`)
	for _, line := range lines {
		if n := len(bar.FindAllString(line, -1)); n != 5 {
			t.Errorf("the line has %d columns: %s", n, line)
		}
	}
}

// outside are words that come to shared code from outside: what one product
// calls things ([membership.Traits]), and the core also gets what is the
// configuration language's ([membership.Vocabulary]).
var outside = map[string]*regexp.Regexp{
	"internal/framework": regexp.MustCompile(`(?i)\bworkspaces?\b|\bAPI keys?\b|\bblink\b|\bblazemeter\b`),
	"internal/roster": regexp.MustCompile("(?i)\\bworkspaces?\\b|\\bAPI keys?\\b|\\bblink\\b|\\bblazemeter\\b|terraform|tofu|" +
		"adopt_existing|on_destroy|on_removal|reassign_role|\\bignore_|count_owner_groups|not_counted|minimum_owners|exempt_workspace|handover_wait|" +
		"enabled = |`moved`|`removed`|import \\{|destroy = |depends_on|create_before_destroy|parallelism|for_each|-refresh|-target"),
}

func TestSharedCodeNamesNoProduct(t *testing.T) {
	t.Parallel()
	for dir, words := range outside {
		texts, err := literals(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		sentences := 0
		for where, text := range texts {
			if !strings.Contains(text, " ") {
				continue // a name: a key of the log, a package
			}
			sentences++
			if word := words.FindString(text); word != "" && !strings.Contains(where, "vocabulary.go") {
				t.Errorf("%s: %q has %q: take it from the product's traits or the vocabulary", where, text, word)
			}
		}
		if sentences < 50 {
			t.Errorf("only %d sentences were found in %s: the search has gone blind", sentences, dir)
		}
	}
}

// Terraform wraps a headline that does not fit, so most of it belongs to names.
func TestSummariesLeaveRoomForNames(t *testing.T) {
	t.Parallel()
	const most = 40
	for _, d := range found(t) {
		own := strings.Join(strings.Fields(strings.ReplaceAll(d.Summary, gap, "")), " ")
		if n := utf8.RuneCountInString(own); n > most && d.Detail != d.Summary {
			t.Errorf("%s:%d: %q has %d characters of its own, want at most %d", d.File, d.Line, d.Summary, n, most)
		}
	}
}
