package blinkapi

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// plainTextRunes is how much of an answer that is no JSON a message repeats.
const plainTextRunes = 200

var (
	// Scripts and style sheets are no text for people.
	unreadable = regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)\s*>|$)|<!--.*?(-->|$)`)
	tag        = regexp.MustCompile(`<[^>]*(>|$)`)
	pageStart  = regexp.MustCompile(`(?i)^\s*<(!doctype|html|head|body)\b`)
)

// looksLikeHTML tells a web page from other text.
func looksLikeHTML(s string) bool { return pageStart.MatchString(strings.TrimPrefix(s, "\ufeff")) }

// plainText makes one readable line of an answer that is no JSON: tags go, and
// what is long is cut.
func plainText(s string) string {
	if strings.Contains(s, "<") {
		s = unreadable.ReplaceAllString(s, " ")
		s = tag.ReplaceAllString(s, " ")
		s = html.UnescapeString(s)
	}
	return oneLine(s, plainTextRunes)
}

// oneLine joins all white space and unprintable characters to single spaces and
// cuts the text after so many characters.
func oneLine(s string, runes int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		if !unicode.IsPrint(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar {
			space = true
			continue
		}
		if n >= runes {
			b.WriteString("…")
			break
		}
		if space && n > 0 {
			b.WriteByte(' ')
			n++
		}
		space = false
		b.WriteRune(r)
		n++
	}
	return b.String()
}
