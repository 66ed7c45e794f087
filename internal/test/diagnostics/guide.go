package main

import (
	"os"
	"path/filepath"
	"strings"
)

// guideFile is the template of the troubleshooting guide.
const guideFile = "templates/guides/troubleshooting.md.tmpl"

// advice is what the guide says about one message.
type advice struct {
	why, remedy string
	line        int
}

// readGuide reads the tables of the guide whose first column is a message, by
// the messages' keys.
func readGuide(root string) (map[string]advice, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(guideFile)))
	if err != nil {
		return nil, err
	}
	all := map[string]advice{}
	for i, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| `") || len(cells) != 3 {
			continue
		}
		message := strings.Trim(strings.TrimSpace(cells[0]), "`")
		all[key(message)] = advice{why: strings.TrimSpace(cells[1]), remedy: strings.TrimSpace(cells[2]), line: i + 1}
	}
	return all, nil
}

// key makes a summary comparable: what is filled in is one gap, whatever it is
// made of.
func key(summary string) string {
	var out []string
	for word := range strings.FieldsSeq(summary) {
		bare := strings.Trim(word, `",:;.()`)
		if strings.Contains(bare, gap) || bare == "" {
			word = gap
		}
		if word == gap && len(out) > 0 && out[len(out)-1] == gap {
			continue
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}
