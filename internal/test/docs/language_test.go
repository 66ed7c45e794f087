package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
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

// riddles are phrases that a comment in the code does without.
var riddles = regexp.MustCompile(`(?i)\b(somebody|someone|whoever|(take|takes|taken|took|taking) out|patience|turnout|scarcity|lay a hand|passes it by|knows no|belongs? into|stands? there|this very|shall|likewise|in the eyes of)\b`)

// The comments of the code are written in the same English as the pages.
func TestPlainComments(t *testing.T) {
	t.Parallel()
	files, comments := token.NewFileSet(), 0
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "/language_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil || ast.IsGenerated(file) {
			return err
		}
		for _, group := range file.Comments {
			comments++
			if found := riddles.FindString(group.Text()); found != "" {
				t.Errorf("%s: the comment says %q", files.Position(group.Pos()), found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if comments < 2000 {
		t.Fatalf("only %d comments were found: the search has gone blind", comments)
	}
}
