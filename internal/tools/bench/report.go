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
	var parts []string
	for _, table := range []string{r.resultTable(), r.growthTable(), r.listingTable(), r.goalTable()} {
		if table != "" {
			parts = append(parts, table)
		}
	}
	return strings.Join(parts, "\n")
}

func (r *report) resultTable() string {
	var b strings.Builder
	b.WriteString("| product | form | N | work | build | reads | writes | time | floor | ratio | CPU | floor's | memory | floor's | unscoped |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, x := range r.results {
		b.WriteString(x.rows(r.settings.contestants()))
	}
	b.WriteString("\nCPU is what the provider processes computed, memory the largest resident set of one; \"unscoped\" is ours served without a scope for each request.\n")
	return b.String()
}

// rows are what a task cost, one row for each build that took part.
func (x *result) rows(builds []contestant) string {
	var b strings.Builder
	for _, who := range builds {
		if !x.measured(who) {
			continue
		}
		bare := ""
		if m := median(x.memory[unscoped]); m > 0 && who == ours {
			bare = mebibytes(m)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d | %d | %s | %s | %.2f | %s | %s | %s | %s | %s |\n",
			x.product.Title, x.form, thousands(x.n), x.doing(), who, median(x.reads[who]), median(x.writes[who]),
			seconds(x.time(who)), seconds(x.time(floor)), x.time(who).Seconds()/x.time(floor).Seconds(),
			seconds(median(x.cpu[who])), seconds(median(x.cpu[floor])), mebibytes(median(x.memory[who])), mebibytes(median(x.memory[floor])), bare)
	}
	return b.String()
}

// pair is one task with N people, and with ten times N.
type pair struct{ small, large *result }

// pairs finds the tasks whose growth can be told.
func (r *report) pairs() []pair {
	var out []pair
	for _, small := range r.results {
		for _, large := range r.results {
			ten := small.task
			ten.n *= 10
			if large.name() == ten.name() {
				out = append(out, pair{small, large})
			}
		}
	}
	return out
}

// growthTable says how much longer ten times as many take, beside the floor.
func (r *report) growthTable() string {
	var b strings.Builder
	for _, p := range r.pairs() {
		for _, who := range r.settings.contestants() {
			if !p.small.measured(who) {
				continue
			}
			if b.Len() == 0 {
				b.WriteString("| product | form | work | build | from N to 10 N | time | floor's | CPU | calls |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
			}
			grown := func(of func(*result) float64) float64 { return of(p.large) / max(of(p.small), 1e-9) }
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s to %s | x %.1f | x %.1f | x %.1f | x %.1f |\n",
				p.small.product.Title, p.small.form, p.small.doing(), who, thousands(p.small.n), thousands(p.large.n),
				grown(func(x *result) float64 { return x.time(who).Seconds() }), grown(func(x *result) float64 { return x.time(floor).Seconds() }),
				grown(func(x *result) float64 { return median(x.cpu[who]).Seconds() }), grown(func(x *result) float64 { return float64(max(1, x.calls(who))) }))
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
		fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", x.product.Title, thousands(x.n), l.calls, seconds(l.wall))
	}
	return b.String()
}

func (r *report) goalTable() string {
	var b strings.Builder
	missed, all := 0, 0
	for _, g := range r.goals() {
		if b.Len() == 0 {
			b.WriteString("| build | goal | at most | measured | |\n| --- | --- | --- | --- | --- |\n")
		}
		verdict := "met"
		if all++; !g.Met {
			missed++
			verdict = "**not met**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", g.Who, g.What, g.Most, g.Measured, verdict)
	}
	if all > 0 {
		fmt.Fprintf(&b, "\n%d of %d goals are met.\n", all-missed, all)
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
