// Package terminalsvg draws what a program printed to a terminal as an SVG
// image, so that a picture in the documentation is made of real output.
package terminalsvg

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// Measures of the image, in pixels.
const (
	fontSize   = 14
	charWidth  = 8.4
	lineHeight = 20
	padding    = 16
	titleBar   = 36
)

// colors are the foreground colors of the SGR codes 30 to 37 on a dark background.
var colors = [...]string{"#6e7681", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#e6edf3"}

const foreground = "#e6edf3"

// style is how one run of text is drawn.
type style struct {
	bold, underlined bool
	color            string
}

type run struct {
	style

	column int
	text   string
}

// Render draws a text with SGR escape sequences (bold, underline, the eight
// basic colors) in a window with a title. A line that is longer than columns
// goes on in the next one, as in a terminal. The same input gives the same bytes.
func Render(title, text string, columns int) ([]byte, error) {
	lines, err := layOut(text, columns)
	if err != nil {
		return nil, err
	}
	width := float64(columns)*charWidth + 2*padding
	height := titleBar + len(lines)*lineHeight + padding

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="%s" height="%d" viewBox="0 0 %s %d">`+"\n", number(width), height, number(width), height)
	fmt.Fprintf(&b, "<title>%s</title>\n", escape(title))
	fmt.Fprintf(&b, `<rect width="%s" height="%d" rx="8" fill="#0d1117"/>`+"\n", number(width), height)
	for i, color := range []string{"#ff5f56", "#ffbd2e", "#27c93f"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="6" fill="%s"/>`+"\n", 20+20*i, color)
	}
	fmt.Fprintf(&b, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="%d">`+"\n", fontSize)
	for i, line := range lines {
		for _, r := range line {
			if strings.TrimSpace(r.text) == "" {
				continue
			}
			writeRun(&b, r, titleBar+lineHeight*i+fontSize)
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes(), nil
}

// writeRun draws one run at a fixed width, so that columns line up in every font.
func writeRun(b *bytes.Buffer, r run, y int) {
	fmt.Fprintf(b, `<text x="%s" y="%d" textLength="%s" lengthAdjust="spacingAndGlyphs" fill="%s"`,
		number(padding+float64(r.column)*charWidth), y, number(float64(len([]rune(r.text)))*charWidth), r.color)
	if r.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if r.underlined {
		b.WriteString(` text-decoration="underline"`)
	}
	// Viewers treat ordinary spaces in SVG text differently.
	fmt.Fprintf(b, ">%s</text>\n", strings.ReplaceAll(escape(r.text), " ", "\u00a0"))
}

// layOut gives the runs of each line of the terminal.
func layOut(text string, columns int) ([][]run, error) {
	var lines [][]run
	now := style{color: foreground}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		var runs []run
		column := 0
		for i, part := range strings.Split(line, "\x1b[") {
			if i > 0 {
				codes, rest, ok := strings.Cut(part, "m")
				if !ok {
					return nil, fmt.Errorf("the line %q has an escape sequence other than SGR", line)
				}
				var err error
				if now, err = now.with(codes); err != nil {
					return nil, err
				}
				part = rest
			}
			for _, c := range part {
				if column == columns {
					lines, runs, column = append(lines, runs), nil, 0
				}
				if last := len(runs) - 1; last >= 0 && runs[last].style == now {
					runs[last].text += string(c)
				} else {
					runs = append(runs, run{style: now, column: column, text: string(c)})
				}
				column++
			}
		}
		lines = append(lines, runs)
	}
	return lines, nil
}

// with applies the codes of one SGR sequence.
func (s style) with(codes string) (style, error) {
	for code := range strings.SplitSeq(codes, ";") {
		n, err := strconv.Atoi(code)
		switch {
		case code == "" || code == "0":
			s = style{color: foreground}
		case code == "1":
			s.bold = true
		case code == "4":
			s.underlined = true
		case err == nil && n >= 30 && n <= 37:
			s.color = colors[n-30]
		default:
			return s, fmt.Errorf("the SGR code %q is not one that can be drawn", code)
		}
	}
	return s, nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 32) }

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}
