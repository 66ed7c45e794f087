package transport

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestReadable(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                            "",
		" \r\n\t\x00 ":                "",
		"oh\r\n\tno\x00":              "oh no",
		"404 page not found":          "404 page not found",
		"a\xffb":                      "a b",
		"\x1b[31mred":                 "[31mred",
		"grün 日本":                     "grün 日本",
		"<b>Bad</b>\n &amp; <i>worse": "Bad & worse",
		"no tag: &amp;":               "no tag: &amp;",
		"<html><head><style>p { color: red }</style><SCRIPT>alert('<p>')</SCRIPT></head><body>Hello": "Hello",
		"Hello<script>never ends":    "Hello",
		"Hello<!-- nobody --> you":   "Hello you",
		"Hello<!-- never ends":       "Hello",
		"Hello<p class=\"never ends": "Hello",
		"1234567890 1234567890":      "1234567890 123456789…",
		"12345678901234567890   ":    "12345678901234567890",
		"12345678901234567890   x":   "12345678901234567890…",
		"1234567890123456789   x":    "1234567890123456789…",
		"日本日本日本日本日本日本日本日本日本日本日": "日本日本日本日本日本日本日本日本日本日本…",
	} {
		if got := Readable(body, 20); got != want {
			t.Errorf("%q gives %q, not %q", body, got, want)
		}
	}
}

func TestLooksLikeHTML(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		"<!DOCTYPE html><p>x":    true,
		"\ufeff\n <html lang=x>": true,
		"<HEAD>":                 true,
		"<body\n>":               true,
		"":                       false,
		"<p>x</p>":               false,
		"<header>":               false,
		`{"a":"<html>"}`:         false,
		"see <html>":             false,
	} {
		if got := LooksLikeHTML(body); got != want {
			t.Errorf("%q: %t", body, got)
		}
	}
}

// FuzzReadable: whatever a service answers becomes one line of bounded length.
func FuzzReadable(f *testing.F) {
	for _, s := range []string{"", "a b", "<", "<!--", "<html><script>x", "&lt;b&gt;&#10;", "\xff\xfe\x00", "\u2028\u00a0\u200b", "日本"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, body string, most int) {
		for _, got := range []string{Readable(body, most), OneLine(body, most)} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("not readable: %q", got)
			}
			if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
				t.Errorf("more white space than needed: %q", got)
			}
			if utf8.RuneCountInString(strings.TrimSuffix(got, "…")) > max(most, 0) {
				t.Errorf("longer than %d: %q", most, got)
			}
		}
	})
}
