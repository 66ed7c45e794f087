package main

import (
	"fmt"
	"strings"
	"time"
)

// report writes down what was measured, in Markdown.
type report struct {
	settings settings
	results  []*result
	// listings are those of the workspaces, by the size key of a task.
	listings map[string]listing
}

func (r *report) String() string {
	var b strings.Builder
	b.WriteString("| product | form | N | work | reads | writes | ours | floor | ratio | CPU | floor's | memory | floor's | unscoped |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, x := range r.results {
		bare := ""
		if m := median(x.memory[unscoped]); m > 0 {
			bare = mebibytes(m)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %d | %s | %s | %.2f | %s | %s | %s | %s | %s |\n",
			x.product.label, x.form, thousands(x.n), x.doing(), median(x.reads), median(x.writes),
			seconds(x.time(ours)), seconds(x.time(floor)), x.time(ours).Seconds()/x.time(floor).Seconds(),
			seconds(median(x.cpu[ours])), seconds(median(x.cpu[floor])), mebibytes(median(x.memory[ours])), mebibytes(median(x.memory[floor])), bare)
	}
	b.WriteString("\nCPU is what the provider processes computed, memory the largest resident set of one; \"unscoped\" is ours served without a scope for each request.\n")
	if text := r.growth(); text != "" {
		b.WriteString("\n" + text)
	}
	if text := r.listingTable(); text != "" {
		b.WriteString("\n" + text)
	}
	if text := r.goalTable(); text != "" {
		b.WriteString("\n" + text)
	}
	return b.String()
}

func (r *result) time(c contestant) time.Duration { return median(r.wall[c]) }

// growth says how much longer ten times as many take, beside the floor.
func (r *report) growth() string {
	var b strings.Builder
	for _, small := range r.results {
		for _, large := range r.results {
			if large.product.name != small.product.name || large.form != small.form || large.work != small.work || large.n != 10*small.n || large.changed != small.changed {
				continue
			}
			if b.Len() == 0 {
				b.WriteString("| product | form | work | from N to 10 N | time, ours | time, floor | calls |\n| --- | --- | --- | --- | --- | --- | --- |\n")
			}
			times := func(c contestant) float64 { return large.time(c).Seconds() / small.time(c).Seconds() }
			calls := float64(median(large.reads)+median(large.writes)) / float64(max(1, median(small.reads)+median(small.writes)))
			fmt.Fprintf(&b, "| %s | %s | %s | %s to %s | x %.1f | x %.1f | x %.1f |\n",
				small.product.label, small.form, small.doing(), thousands(small.n), thousands(large.n), times(ours), times(floor), calls)
		}
	}
	return b.String()
}

func (r *report) listingTable() string {
	var b strings.Builder
	b.WriteString("| one listing of | members | calls | time |\n| --- | --- | --- | --- |\n")
	said := map[string]bool{}
	for _, x := range r.results {
		if said[x.sizeKey()] {
			continue
		}
		said[x.sizeKey()] = true
		l := r.listings[x.sizeKey()]
		fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", x.product.label, thousands(x.n), l.calls, seconds(l.wall))
	}
	return b.String()
}

func (r *report) goalTable() string {
	var b strings.Builder
	for _, g := range r.goals() {
		if b.Len() == 0 {
			b.WriteString("| goal | at most | measured | |\n| --- | --- | --- | --- |\n")
		}
		verdict := "met"
		if !g.met {
			verdict = "**not met**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", g.what, g.most, g.measured, verdict)
	}
	return b.String()
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func mebibytes(n int64) string {
	if n == 0 {
		return "?"
	}
	return fmt.Sprintf("%d MiB", (n+1<<19)>>20)
}

// thousands puts a blank into numbers from 1 000 on.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d %03d", n/1000, n%1000)
}
