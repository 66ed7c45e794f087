package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// The results of a line.
const (
	Holds       = "holds"
	DoesNotHold = "does not hold"
	NotTried    = "not tried"
)

// Line is what was found out about one assumption.
type Line struct {
	Number      int    `json:"number"`
	Assumption  string `json:"assumption"`
	Result      string `json:"result"`
	Reason      string `json:"reason,omitempty"`
	Seen        string `json:"seen,omitempty"`
	Consequence string `json:"consequence"`
}

// Findings gathers what is found out. Several findings on one assumption make one
// line: what does not hold counts most, what was not tried least.
type Findings struct {
	assumptions []Assumption
	found       map[int]*finding
	// misuse are findings on numbers that the product does not have.
	misuse []int
}

type finding struct {
	result  string
	seen    []string
	reasons []string
}

func newFindings(assumptions []Assumption) *Findings {
	return &Findings{assumptions: assumptions, found: map[int]*finding{}}
}

// Holds notes that an assumption holds, and what was seen.
func (f *Findings) Holds(number int, seen string, args ...any) {
	n := f.note(number, seen, args)
	if n.result != DoesNotHold {
		n.result = Holds
	}
}

// DoesNotHold notes that an assumption does not hold, and what was seen.
func (f *Findings) DoesNotHold(number int, seen string, args ...any) {
	f.note(number, seen, args).result = DoesNotHold
}

// Seen notes something that decides nothing by itself.
func (f *Findings) Seen(number int, seen string, args ...any) { f.note(number, seen, args) }

// NotTried notes why an assumption was not tried, here or at all.
func (f *Findings) NotTried(number int, reason string, args ...any) {
	n := f.of(number)
	n.reasons = appendNew(n.reasons, fmt.Sprintf(reason, args...))
}

// Decided tells whether an assumption was tried.
func (f *Findings) Decided(number int) bool {
	n, ok := f.found[number]
	return ok && n.result != ""
}

// Decide notes whether an assumption holds.
func (f *Findings) Decide(number int, holds bool, seen string, args ...any) {
	if holds {
		f.Holds(number, seen, args...)
	} else {
		f.DoesNotHold(number, seen, args...)
	}
}

func (f *Findings) note(number int, seen string, args []any) *finding {
	n := f.of(number)
	n.seen = appendNew(n.seen, fmt.Sprintf(seen, args...))
	return n
}

func (f *Findings) of(number int) *finding {
	if !slices.ContainsFunc(f.assumptions, func(a Assumption) bool { return a.Number == number && a.Untried == "" }) {
		f.misuse = append(f.misuse, number)
	}
	n, ok := f.found[number]
	if !ok {
		n = &finding{}
		f.found[number] = n
	}
	return n
}

func appendNew(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// lines gives one line for each assumption. missing is why what was never come to
// was not tried, and forChanges the same for what only a change tells.
func (f *Findings) lines(missing, forChanges string) []Line {
	lines := make([]Line, 0, len(f.assumptions))
	for _, a := range f.assumptions {
		l := Line{Number: a.Number, Assumption: a.Text, Consequence: a.Consequence, Result: NotTried}
		n, ok := f.found[a.Number]
		if ok {
			l.Seen = strings.Join(n.seen, "; ")
		}
		switch {
		case a.Untried != "":
			l.Reason = a.Untried
		case ok && n.result != "":
			l.Result = n.result
		case ok && len(n.reasons) > 0:
			l.Reason = strings.Join(n.reasons, "; ")
		case a.Changes:
			l.Reason = forChanges
		default:
			l.Reason = missing
		}
		lines = append(lines, l)
	}
	return lines
}
