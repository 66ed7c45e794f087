// Command diagnostics collects every error and warning that the provider can
// give from its source code, and prints them as one table: for a reader who
// reads them aloud, and for the tests beside it, which hold the troubleshooting
// guide against them.
//
//	go run ./internal/test/diagnostics
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := run(".", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "diagnostics:", err)
		os.Exit(1)
	}
}

func run(root string, out io.Writer) error {
	all, err := scan(root)
	if err != nil {
		return err
	}
	advice, err := readGuide(root)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	fmt.Fprint(w, "| | summary | detail | remedy | source |\n| --- | --- | --- | --- | --- |\n")
	for _, d := range all {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s:%d |\n", d.Severity, cell(d.Summary), cell(d.Detail), advice[key(d.Summary)].remedy, d.File, d.Line)
	}
	return w.Flush()
}

// cell puts a text into one cell of a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
