package main

import (
	"fmt"
	"time"
)

// mostMemory is what the provider may take, however many people there are.
const mostMemory = 64 << 20

// slots is how many operations Terraform runs at the same time.
const slots = 10

// goal is what the product promises, and what came of it.
type goal struct {
	what, most, measured string
	met                  bool
}

// goals holds the results against what is promised for their work and size.
func (r *report) goals() []goal {
	var out []goal
	for _, x := range r.results {
		switch x.work {
		case plan:
			out = append(out, r.planGoals(x)...)
		case firstApply:
			out = append(out, r.firstApplyGoals(x)...)
		case change:
			out = append(out, r.changeGoals(x)...)
		case destroy:
		}
	}
	return append(out, r.memoryGoals()...)
}

// memoryGoals: flat, so the most that any work took has to be little enough.
func (r *report) memoryGoals() []goal {
	var out []goal
	var last *result
	var most int64
	say := func() {
		if last != nil && most > 0 {
			out = append(out, goal{
				what: fmt.Sprintf("%s, %s, up to %s people: memory", last.product.label, last.form, thousands(last.n)),
				most: mebibytes(mostMemory), measured: mebibytes(most), met: most <= mostMemory,
			})
		}
		most = 0
	}
	for _, x := range r.results {
		if last != nil && (last.product.name != x.product.name || last.form != x.form) {
			say()
		}
		last, most = x, max(most, median(x.memory[ours]))
	}
	say()
	return out
}

func (r *result) title(of string) string { return fmt.Sprintf("%s: %s", r.task, of) }

func within(what string, most, measured time.Duration) goal {
	return goal{what: what, most: seconds(most), measured: seconds(measured), met: measured <= most}
}

func atMost(what string, most, measured int) goal {
	return goal{what: what, most: fmt.Sprint(most), measured: fmt.Sprint(measured), met: measured <= most}
}

// planGoals: one listing, whatever the number of resources; hardly slower than
// Terraform by itself, and an authoritative plan within three seconds besides.
func (r *report) planGoals(x *result) []goal {
	l := r.listings[x.sizeKey()]
	out := []goal{atMost(x.title("calls"), l.calls, median(x.reads)+median(x.writes))}
	switch {
	case x.form == authoritative:
		out = append(out, within(x.title("time, 3 s + the listing"), 3*time.Second+l.wall, x.time(ours)))
	case x.n >= 1000:
		out = append(out, within(x.title("time, 1.15 x floor + one listing"), x.time(floor)*115/100+l.wall, x.time(ours)))
	}
	return out
}

// firstApplyGoals: N writes, and at most N/4 + 4 reads; a verified creation is
// two round trips, in Terraform's ten slots.
func (r *report) firstApplyGoals(x *result) []goal {
	if x.form != additive {
		return nil
	}
	return []goal{
		atMost(x.title("writes, N"), x.n, median(x.writes)),
		atMost(x.title("reads, N/4 + 4"), x.n/4+4, median(x.reads)),
		within(x.title("time, 1.25 x (floor + 2 x N x latency / 10)"),
			(x.time(floor)+2*time.Duration(x.n)*r.settings.latency/slots)*125/100, x.time(ours)),
	}
}

// changeGoals: an authoritative apply is bound by the calls at a time that it is
// allowed, and by its listings; what Terraform itself takes comes on top.
func (r *report) changeGoals(x *result) []goal {
	if x.form != authoritative {
		return nil
	}
	l := r.listings[x.sizeKey()]
	listings := (median(x.reads) + l.calls - 1) / max(1, l.calls)
	writes := time.Duration(x.changed) * r.settings.latency / maxConcurrent
	return []goal{within(x.title(fmt.Sprintf("time, floor + 1.2 x k x latency / %d + %d listings", maxConcurrent, listings)),
		x.time(floor)+writes*120/100+time.Duration(listings)*l.wall, x.time(ours))}
}
