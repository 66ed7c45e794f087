package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// tally counts over all worlds what was tried.
type tally struct {
	mu     sync.Mutex
	worlds map[*world]int // requests that were counted
	// faults counts requests by fault and product; in, the cycles that a fault
	// or an event fell into.
	faults map[string]map[string]int
	in     map[string]int
	events map[string]int

	cycles, writes, losses int
}

func newTally() *tally {
	return &tally{worlds: map[*world]int{}, faults: map[string]map[string]int{}, in: map[string]int{}, events: map[string]int{}}
}

// take counts what has happened since it was called for this world last.
func (ta *tally) take(w *world) {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	ta.cycles++
	requests := w.svc.Requests()
	seen := map[string]bool{}
	for _, r := range requests[ta.worlds[w]:] {
		for fault := range strings.SplitSeq(r.Fault, ",") {
			if fault == "" {
				continue
			}
			if ta.faults[fault] == nil {
				ta.faults[fault] = map[string]int{}
			}
			ta.faults[fault][r.Product]++
			seen[fault] = true
		}
	}
	ta.worlds[w] = len(requests)
	for _, e := range w.events {
		ta.events[e]++
		seen[e] = true
	}
	w.events = nil
	for what := range seen {
		ta.in[what]++
	}
	if w.judged == len(w.svc.Writes()) {
		ta.count(w)
	}
}

// count takes the writes of a world, each once.
func (ta *tally) count(w *world) {
	for _, wr := range w.svc.Writes()[w.counted:] {
		ta.writes++
		if wr.OwnersAfter < wr.OwnersBefore {
			ta.losses++
		}
	}
	w.counted = w.judged
}

// table is faults x products x cycles: what was tried, and what was lost.
func (ta *tally) table(failed bool) string {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	lost := "0"
	if failed {
		lost = "?" // the failures tell
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d cycles (with the first and the last apply of each world) in %d worlds, %d writes, %d of them took an owner out; last owners lost, people lost, writes repeated: %s\n\n", ta.cycles, len(ta.worlds), ta.writes, ta.losses, lost)
	fmt.Fprintf(&b, "%-20s", "fault (requests)")
	for _, p := range played {
		fmt.Fprintf(&b, " %11s", p.Title)
	}
	fmt.Fprintf(&b, " %7s %5s\n", "cycles", "lost")
	byName := func(x, y string) int { return cmp.Compare(x, y) }
	for _, f := range slices.SortedFunc(maps.Keys(ta.faults), byName) {
		fmt.Fprintf(&b, "%-20s", f)
		for _, p := range played {
			fmt.Fprintf(&b, " %11d", ta.faults[f][p.Name])
		}
		fmt.Fprintf(&b, " %7d %5s\n", ta.in[f], lost)
	}
	fmt.Fprintf(&b, "\n%-20s %11s %7s %5s\n", "event", "times", "cycles", "lost")
	for _, e := range slices.SortedFunc(maps.Keys(ta.events), byName) {
		fmt.Fprintf(&b, "%-20s %11d %7d %5s\n", e, ta.events[e], ta.in[e], lost)
	}
	return b.String()
}
