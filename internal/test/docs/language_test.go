package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unplain are phrases that a reader stumbles over, each with what to write.
var unplain = map[string]string{
	`somebody|someone|whoever`:               "member, user, or who it is",
	`\bthe access\b`:                         "access, or the role",
	`\b(take|takes|taken|took|taking) out\b`: "remove",
	`passes? it by|patience|better wait`:     "what to do",
	`knows no\b`:                             "has no",
	`belongs? into`:                          "goes into, is set in",
	`stands? in\b|\bstands? there`:           "is in",
	`\bthis very\b`:                          "this",
	`\bshall\b`:                              "is to, or must",
	`in the eyes of`:                         "for",
	`\blikewise\b`:                           "the same",
}

// written are the files with text that readers read, apart from docs/, which is
// generated from them and from the schema.
func written(t *testing.T) []string {
	t.Helper()
	files := []string{
		"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "DECISIONS.md",
		"internal/mockservice/SEED.md", "internal/mockservice/blink/SEED.md", "internal/mockservice/blazemeter/SEED.md",
	}
	for _, folder := range []string{"templates", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, path)
			files = append(files, filepath.ToSlash(rel))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestPlainLanguage(t *testing.T) {
	t.Parallel()
	files := written(t)
	if len(files) < 60 {
		t.Fatalf("only %d files were found: the search has gone blind", len(files))
	}
	for phrase, instead := range unplain {
		search := regexp.MustCompile(`(?i)` + phrase)
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(text), "\n") {
				if found := search.FindString(line); found != "" {
					t.Errorf("%s:%d says %q: write %s", file, i+1, found, instead)
				}
			}
		}
	}
}
