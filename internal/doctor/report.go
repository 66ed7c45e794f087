package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// format is the version of the report's form. It grows when a field changes its
// meaning or goes.
const format = 1

// Report is what a run found out. It has no secrets, ids, names or e-mail
// addresses in it.
type Report struct {
	// Format is 1.
	Format int `json:"format"`
	// Version is that of the doctor.
	Version string `json:"version"`
	Product string `json:"product"`
	// Endpoint is the base URL; the host is masked unless it is the vendor's shared one.
	Endpoint string `json:"endpoint"`
	// Mode is "read-only" or "write".
	Mode string `json:"mode"`
	// Ended says why the run ended before everything was tried; "" where it did not.
	Ended string `json:"ended,omitempty"`
	// Restored is whether the user of a run with changes got everything back; missing
	// where nothing was to be changed. The calls that would do it are on the standard error output alone, since
	// they name the user.
	Restored *bool          `json:"restored,omitempty"`
	Counts   map[string]int `json:"counts"`
	Lines    []Line         `json:"lines"`
}

// count fills in how many lines have which result.
func (r *Report) count() {
	r.Counts = map[string]int{Holds: 0, DoesNotHold: 0, NotTried: 0}
	for _, l := range r.Lines {
		r.Counts[l.Result]++
	}
}

// contradicted names the lines that do not hold, as in " (blink 5, 13)".
func (r *Report) contradicted() string {
	var numbers []string
	for _, l := range r.Lines {
		if l.Result == DoesNotHold {
			numbers = append(numbers, fmt.Sprint(l.Number))
		}
	}
	if len(numbers) == 0 {
		return ""
	}
	return " (" + r.Product + " " + strings.Join(numbers, ", ") + ")"
}

// writeJSON writes the report as one JSON object.
func (r *Report) writeJSON(to io.Writer) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// writeTable writes the report as a table in Markdown, one line an assumption.
func (r *Report) writeTable(to io.Writer) error {
	rows := [][]string{{"Number", "Assumption", "Result", "Seen", "Consequence"}}
	for _, l := range r.Lines {
		result := l.Result
		if l.Reason != "" {
			result += " (" + l.Reason + ")"
		}
		rows = append(rows, []string{fmt.Sprintf("%s %d", r.Product, l.Number), l.Assumption, result, l.Seen, l.Consequence})
	}
	// The last columns are left as wide as their texts.
	const padded = 3
	widths := make([]int, padded)
	for i, row := range rows {
		for j, cell := range row {
			row[j] = strings.ReplaceAll(cell, "|", `\|`)
		}
		for j := range padded {
			widths[j] = max(widths[j], utf8.RuneCountInString(row[j]))
		}
		rows[i] = row
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "roster-doctor %s, %s at %s, %s\n\n", r.Version, r.Product, r.Endpoint, r.Mode)
	for i, row := range rows {
		for j, cell := range row {
			if j < padded {
				cell += strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			}
			_, _ = fmt.Fprintf(&b, "| %s ", cell)
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("| --- ", len(row)) + "|\n")
		}
	}
	_, _ = fmt.Fprintf(&b, "\n%d assumptions: %d hold, %d do not hold%s, %d were not tried.\n",
		len(r.Lines), r.Counts[Holds], r.Counts[DoesNotHold], r.contradicted(), r.Counts[NotTried])
	if r.Ended != "" {
		_, _ = fmt.Fprintf(&b, "The run ended early: %s.\n", r.Ended)
	}
	if r.Restored != nil && !*r.Restored {
		b.WriteString("The user did not get everything back. The calls that restore it are on the standard error output.\n")
	}
	_, err := io.WriteString(to, b.String())
	return err
}
