package membership

import (
	"strings"
	"unicode/utf8"
)

// LineWidth is the longest line of a message: Terraform frames it in a terminal
// of 80 columns, and does not wrap lines that begin with a space.
const LineWidth = 76

// Wrap breaks the lines of a message so that none is longer than [LineWidth].
// The lines of a list go on under their text. Other lines that begin with a
// space are configuration to copy, and stay as they are.
func Wrap(text string) string {
	lines := strings.Split(text, "\n")
	out := make([]string, 0, len(lines))
	for _, line := range lines {
		body := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(body)]
		item := strings.HasPrefix(body, "- ")
		if utf8.RuneCountInString(line) <= LineWidth || indent != "" && !item {
			out = append(out, line)
			continue
		}
		next := indent
		if item {
			next += "  "
		}
		out = append(out, wrapLine(indent, next, body)...)
	}
	return strings.Join(out, "\n")
}

// Capital begins a sentence with a phrase.
func Capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// words splits a line at its spaces. What is quoted with back quotes is a
// command to copy, and one word.
func words(line string) []string {
	var out []string
	open := false
	for f := range strings.FieldsSeq(line) {
		if open {
			out[len(out)-1] += " " + f
		} else {
			out = append(out, f)
		}
		if strings.Count(f, "`")%2 == 1 {
			open = !open
		}
	}
	return out
}

// wrapLine breaks one line at its spaces. A word that is too long stays whole.
func wrapLine(indent, next, body string) []string {
	var out []string
	line, width := indent, utf8.RuneCountInString(indent)
	empty := true
	for _, word := range words(body) {
		n := utf8.RuneCountInString(word)
		if !empty && width+1+n > LineWidth {
			out = append(out, line)
			line, width, empty = next, utf8.RuneCountInString(next), true
		}
		if !empty {
			line += " "
			width++
		}
		line += word
		width += n
		empty = false
	}
	return append(out, line)
}
