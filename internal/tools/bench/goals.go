package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

const (
	// mostMemory is what the provider may take, however many people there are.
	mostMemory = 64 << 20
	// mostForIgnored is what a large set may cost the provider more than none, in
	// computing.
	mostForIgnored = 200 * time.Millisecond
	// wait is how long the removal from a role waits for another resource of the
	// run that names the same people.
	wait = time.Second
	// slots is how many operations Terraform runs at the same time.
	slots = 10
)

// goal is what the product promises, and what came of it.
type goal struct {
	// Who is the build that it is about.
	Who      contestant `json:"who"`
	What     string     `json:"what"`
	Most     string     `json:"most"`
	Measured string     `json:"measured"`
	Met      bool       `json:"met"`
	// Counts is true for calls, which are the same on every machine.
	Counts bool `json:"counts,omitempty"`
}

// goals holds the results against what is promised for their work and size.
func (r *report) goals() []goal {
	var out []goal
	for _, who := range r.settings.contestants() {
		j := judge{report: r, who: who}
		for _, x := range r.results {
			switch {
			case !x.measured(who):
			case x.ignored > 0:
				j.ignored(x)
			case x.work == plan:
				j.plan(x)
			case x.work == firstApply:
				j.firstApply(x)
			case x.work == change:
				j.change(x)
			case x.work == destroy:
				j.destroy(x)
			}
		}
		j.growth()
		j.memory()
		out = append(out, j.goals...)
	}
	return out
}

// tooManyCalls is an error that names the goals for calls that this build does not
// meet.
func (r *report) tooManyCalls() error {
	var missed []string
	for _, g := range r.goals() {
		if g.Who == ours && g.Counts && !g.Met {
			missed = append(missed, fmt.Sprintf("%s: %s, at most %s", g.What, g.Measured, g.Most))
		}
	}
	if len(missed) == 0 {
		return nil
	}
	return errors.New("too many calls:\n" + strings.Join(missed, "\n"))
}

// judge holds what one build did against the goals.
type judge struct {
	*report
	who   contestant
	goals []goal
}

func (j *judge) add(g goal) {
	g.Who = j.who
	j.goals = append(j.goals, g)
}

func (j *judge) within(x *result, of string, most, measured time.Duration) {
	j.add(goal{What: fmt.Sprintf("%s: %s", x.task, of), Most: seconds(most), Measured: seconds(measured), Met: measured <= most})
}

func (j *judge) atMost(x *result, of string, most, measured int) {
	j.add(goal{What: fmt.Sprintf("%s: %s", x.task, of), Most: fmt.Sprint(most), Measured: fmt.Sprint(measured), Met: measured <= most, Counts: true})
}

func (j *judge) listing(x *result) listing { return j.listings[x.sizeKey()] }

// plan: one listing, whatever the number of resources; hardly slower than
// Terraform by itself, and a plan of one resource for all within three seconds
// besides.
func (j *judge) plan(x *result) {
	l := j.listing(x)
	j.atMost(x, "calls, one listing", l.calls, x.calls(j.who))
	switch {
	case x.form != additive:
		j.within(x, "time, 3 s + one listing", 3*time.Second+l.wall, x.time(j.who))
	case x.n >= 5000:
		j.within(x, "time, 1.25 x floor + one listing", x.time(floor)*125/100+l.wall, x.time(j.who))
	case x.n >= 1000:
		j.within(x, "time, 1.15 x floor + one listing", x.time(floor)*115/100+l.wall, x.time(j.who))
	}
}

// firstApply: N writes, each proved by a listing that may be shared; little more
// than Terraform by itself. A small one has to wait for the last proofs besides.
func (j *judge) firstApply(x *result) {
	if x.form != additive {
		return
	}
	// Where a listing has pages, half as many writes share a call of one.
	readsPerWrite, factor := 0.5, 1.2
	if j.listing(x).calls > 1 {
		readsPerWrite, factor = 1, 1.25
	}
	j.atMost(x, "writes, N", x.n, median(x.writes[j.who]))
	j.atMost(x, "reads, N x "+fmt.Sprint(readsPerWrite), int(float64(x.n)*readsPerWrite), median(x.reads[j.who]))
	most := time.Duration(float64(x.time(floor))*factor) + time.Second
	of := fmt.Sprintf("time, %.2f x floor + 1 s", factor)
	extra, calls := j.unhidden(x, 2.5)
	j.within(x, of+extra, most+calls, x.time(j.who))
}

// unhidden is what a small size may take besides: Terraform is done there before the
// calls are, and does not hide all of them.
func (j *judge) unhidden(x *result, callsEach float64) (of string, most time.Duration) {
	if x.n >= 1000 {
		return "", 0
	}
	return fmt.Sprintf(" + %g x N x latency / %d", callsEach, slots), time.Duration(callsEach * float64(x.n) * float64(j.settings.latency) / slots)
}

// ownUser is how many calls tell whose the key is where a user loses access: one
// while planning, one while applying.
const ownUser = 2

// destroy: N writes, and a listing for each second, before and after.
func (j *judge) destroy(x *result) {
	if x.form != additive {
		return
	}
	listings := int(math.Ceil(x.time(j.who).Seconds())) + 2
	j.atMost(x, "writes, N", x.n, median(x.writes[j.who]))
	j.atMost(x, "reads, a listing a second, and two, and whose the key is", listings*j.listing(x).calls+ownUser, median(x.reads[j.who]))
	extra, calls := j.unhidden(x, 1)
	j.within(x, "time, 1.15 x floor + 1 s"+extra, x.time(floor)*115/100+time.Second+calls, x.time(j.who))
}

// change: the apply of one resource for all is bound by the calls at a time that it is
// allowed, and by its listings; what Terraform itself takes comes on top. With one
// role the change is a removal, which waits besides.
func (j *judge) change(x *result) {
	if x.form == additive {
		return
	}
	l := j.listing(x)
	j.atMost(x, "writes, one for each change", x.changed, median(x.writes[j.who]))
	listings := (median(x.reads[j.who]) + l.calls - 1) / max(1, l.calls)
	// Few changes do not fill the last round of calls.
	rounds := max(1.2*float64(x.changed)/maxConcurrent, math.Ceil(float64(x.changed)/maxConcurrent))
	of := fmt.Sprintf("time, floor + %.1f x latency + %d listings", rounds, listings)
	most := x.time(floor) + time.Duration(rounds*float64(j.settings.latency)) + time.Duration(listings)*l.wall
	if x.form == oneRole {
		of, most = of+" + 1 s", most+wait
	}
	j.within(x, of, most, x.time(j.who))
}

// ignored: a set costs the provider hardly anything.
func (j *judge) ignored(x *result) {
	without := x.task
	without.ignored = 0
	for _, y := range j.results {
		if y.name() == without.name() {
			j.within(x, "computing, more than with none ignored", mostForIgnored, median(x.cpu[j.who])-median(y.cpu[j.who]))
		}
	}
}

// growth: what the provider computes grows no faster than N log N.
func (j *judge) growth() {
	for _, p := range j.pairs() {
		before, after := median(p.small.cpu[j.who]), median(p.large.cpu[j.who])
		if before == 0 {
			continue
		}
		n, m := float64(p.small.n), float64(p.large.n)
		most := m * math.Log(m) / (n * math.Log(n))
		grown := after.Seconds() / before.Seconds()
		j.add(goal{
			What: fmt.Sprintf("%s, %s, %s: computing, from %s to %s", p.small.product.Title, p.small.form, p.small.doing(), thousands(p.small.n), thousands(p.large.n)),
			Most: fmt.Sprintf("x %.1f", most), Measured: fmt.Sprintf("x %.1f", grown), Met: grown <= most,
		})
	}
}

// memory: flat, so the most that any work took has to be little enough.
func (j *judge) memory() {
	var last *result
	var most int64
	say := func() {
		if last != nil && most > 0 {
			j.add(goal{
				What: fmt.Sprintf("%s, %s, up to %s people: memory", last.product.Title, last.form, thousands(last.n)),
				Most: mebibytes(mostMemory), Measured: mebibytes(most), Met: most <= mostMemory,
			})
		}
		most = 0
	}
	for _, x := range j.results {
		if last != nil && (last.product.Name != x.product.Name || last.form != x.form) {
			say()
		}
		if last == nil || last.product.Name != x.product.Name || last.form != x.form || x.n > last.n {
			last = x
		}
		most = max(most, median(x.memory[j.who]))
	}
	say()
}
