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

// readGuide reads the sections of the guide whose heading is a message, by the
// messages' keys. Lines that begin with "Also:" name further messages of a
// section; the paragraph that begins with remedyMark says what to do.
func readGuide(root string) (map[string]advice, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(guideFile)))
	if err != nil {
		return nil, err
	}
	all := map[string]advice{}
	var messages []string
	var now advice
	keep := func() {
		for _, m := range messages {
			all[key(m)] = now
		}
		messages, now = nil, advice{}
	}
	for i, line := range strings.Split(string(text), "\n") {
		switch message := quoted(line); {
		case strings.HasPrefix(line, "#"):
			keep()
			if message != "" {
				messages, now.line = []string{message}, i+1
			}
		case strings.HasPrefix(line, "Also:"):
			messages = append(messages, message)
		case strings.HasPrefix(line, remedyMark):
			now.remedy = strings.TrimSpace(strings.TrimPrefix(line, remedyMark))
		case now.remedy == "":
			now.why = strings.TrimSpace(now.why + " " + line)
		}
	}
	keep()
	return all, nil
}

const remedyMark = "**What to do:**"

// quoted is the message that a heading or an "Also:" line is about.
func quoted(line string) string {
	for _, prefix := range []string{"### `", "Also: `"} {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			message, _, _ := strings.Cut(rest, "`")
			return message
		}
	}
	return ""
}

// key makes a summary comparable: what is filled in is one gap, whatever it is
// made of.
func key(summary string) string {
	var out []string
	words := strings.Fields(strings.ReplaceAll(summary, "API key", gap))
	filled := func(i int) bool { return i >= 0 && i < len(words) && strings.Contains(words[i], gap) }
	for i, word := range words {
		bare := strings.Trim(word, `",:;.()`)
		// What a product calls a workspace is filled in, alone or with its name.
		noun := strings.EqualFold(bare, "workspace") && (i == 0 || filled(i-1) || filled(i+1))
		if strings.Contains(bare, gap) || bare == "" || noun {
			word = gap
		}
		if word == gap && len(out) > 0 && out[len(out)-1] == gap {
			continue
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}
