package terminalsvg

import (
	"encoding/xml"
	"strings"
	"testing"
)

func draw(t *testing.T, text string, columns int) string {
	t.Helper()
	svg, err := Render("a <title>", text, columns)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(svg, new(struct{})); err != nil {
		t.Fatalf("not XML: %s\n%s", err, svg)
	}
	return string(svg)
}

func TestStylesAndColumns(t *testing.T) {
	t.Parallel()
	svg := draw(t, "\x1b[31m│\x1b[0m \x1b[0m\x1b[1m\x1b[31mError: \x1b[0m\x1b[1mno <owner>\x1b[0m\nrole = \x1b[4m\"viewer\"\x1b[0m\n", 40)
	for _, want := range []string{
		"<title>a &lt;title&gt;</title>",
		`<text x="16" y="50" textLength="8.4" lengthAdjust="spacingAndGlyphs" fill="#ff7b72">│</text>`,
		`<text x="32.8" y="50" textLength="58.8" lengthAdjust="spacingAndGlyphs" fill="#ff7b72" font-weight="bold">Error: </text>`,
		`font-weight="bold">no &lt;owner&gt;</text>`,
		`y="70" textLength="67.2" lengthAdjust="spacingAndGlyphs" fill="#e6edf3" text-decoration="underline">&#34;viewer&#34;</text>`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("lacks %s\n%s", want, svg)
		}
	}
}

func TestLongLinesGoOnInTheNext(t *testing.T) {
	t.Parallel()
	svg := draw(t, "abcdefghij\nk", 4)
	for _, want := range []string{`y="50" `, ">abcd<", `y="70" `, ">efgh<", `y="90" `, ">ij<", `y="110" `, ">k<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("lacks %s\n%s", want, svg)
		}
	}
}

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\x1b[2K", "\x1b[38;5;12mx", "\x1b[99mx"} {
		if _, err := Render("", text, 10); err == nil {
			t.Errorf("%q was drawn", text)
		}
	}
}
