package transport

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

var (
	// Scripts, style sheets and comments are no text for people.
	unreadable = regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)\s*>|$)|<!--.*?(-->|$)`)
	tag        = regexp.MustCompile(`<[^>]*(>|$)`)
	pageStart  = regexp.MustCompile(`(?i)^\s*<(!doctype|html|head|body)\b`)
)

// LooksLikeHTML tells a web page, such as a gateway's, from other text.
func LooksLikeHTML(body string) bool {
	return pageStart.MatchString(strings.TrimPrefix(body, "\ufeff"))
}

// Readable makes one line for a message of an answer that is not what was
// expected, such as a gateway's page: tags, scripts and style sheets go, and what
// is left is cut as [OneLine] does it.
func Readable(body string, most int) string {
	if strings.Contains(body, "<") {
		body = unreadable.ReplaceAllString(body, " ")
		body = tag.ReplaceAllString(body, " ")
		body = html.UnescapeString(body)
	}
	return OneLine(body, most)
}

// OneLine joins all white space and unprintable characters to single spaces,
// and cuts the text after so many characters (not bytes); an ellipsis, which is
// not counted, stands for the rest.
func OneLine(s string, most int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			space = n > 0
			continue
		}
		next := 1
		if space {
			next = 2
		}
		if n+next > most {
			b.WriteString("…")
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
		n += next
	}
	return b.String()
}
