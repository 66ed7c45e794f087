package blazemeterapi

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

const (
	// pageRunes is how much of an answer that is no JSON a message repeats.
	pageRunes = 200
	// messageRunes bounds the service's own words.
	messageRunes = 1000
)

var (
	// Scripts, style sheets and comments are no text for people.
	unreadable = regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)\s*>|$)|<!--.*?(-->|$)`)
	tag        = regexp.MustCompile(`<[^>]*(>|$)`)
)

// readable makes one line of an answer that is no JSON: tags go, and what is
// long is cut.
func readable(s string) string {
	if strings.Contains(s, "<") {
		s = unreadable.ReplaceAllString(s, " ")
		s = tag.ReplaceAllString(s, " ")
		s = html.UnescapeString(s)
	}
	return oneLine(s, pageRunes)
}

// oneLine joins all white space and unprintable characters to single spaces and
// cuts the text after so many characters.
func oneLine(s string, runes int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			space = n > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			n++
			space = false
		}
		if n >= runes {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
