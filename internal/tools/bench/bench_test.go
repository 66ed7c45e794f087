package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

func TestParse(t *testing.T) {
	set, err := parse([]string{"-products", "blink", "-additive", "10, 20", "-authoritative", "", "-rounds", "0"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint([]int(set.additive)) != "[10 20]" || len(set.authoritative) != 0 || set.rounds != 1 || set.latency != 50*time.Millisecond {
		t.Errorf("%+v", set)
	}
	if set, err = parse([]string{"-full"}, io.Discard); err != nil || set.additive.String() != "100,300,1000,5000" {
		t.Errorf("%+v, %v", set, err)
	}
	if set.history == "" || set.small || len(set.contestants()) != 1 {
		t.Errorf("%+v", set)
	}
	if set, err = parse([]string{"-small", "-other", "provider"}, io.Discard); err != nil || set.history != "" || set.rounds != 1 || len(set.contestants()) != 2 {
		t.Errorf("%+v, %v", set, err)
	}
	for _, args := range [][]string{{"-full", "-small"}, {"-additive", "1"}, {"-additive", "many"}, {"more"}, {"-unknown"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

// Two products as the report knows them, one of them with a paged listing.
var (
	whole = framework.Authoritative{TypeName: "roster_blink_workspace_role_bindings"}
	blink = product{products.Product{
		Product: framework.Product{Name: "blink", Title: "Blink"}, Additive: framework.Additive{TypeName: "roster_blink_workspace_role_binding"}, Whole: &whole, OfRole: &whole,
	}}
	blazemeter = product{products.Product{Product: framework.Product{Name: "blazemeter", Title: "BlazeMeter"}}}
)

// Terraform itself would need minutes to create or destroy thousands.
func TestCases(t *testing.T) {
	set, err := parse([]string{"-additive", "10,5000", "-authoritative", "50"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range set.cases(blink) {
		got = append(got, strings.TrimPrefix(c.String(), "Blink, "))
	}
	want := `additive, 10 people, plan
additive, 10 people, first apply
additive, 10 people, plan and apply 1 change
additive, 10 people, destroy
additive, 5 000 people, plan
additive, 5 000 people, plan and apply 1 change
authoritative, 50 people, plan
authoritative, 50 people, first apply
authoritative, 50 people, apply 50 changes
authoritative, 50 people, destroy
one role, 50 people, plan
one role, 50 people, apply 50 changes
authoritative, 50 people, plan, 4 000 ignored`
	if strings.Join(got, "\n") != want {
		t.Errorf("cases are\n%s", strings.Join(got, "\n"))
	}
}

func sample(c task, reads, writes int, wall, floorWall time.Duration, memory int64) *result {
	r := newResult(c)
	r.reads[ours], r.writes[ours] = []int{reads}, []int{writes}
	r.wall[ours], r.wall[floor] = []time.Duration{wall}, []time.Duration{floorWall}
	r.memory[ours], r.memory[floor] = []int64{memory}, []int64{20 << 20}
	r.cpu[ours], r.cpu[floor] = []time.Duration{wall / 4}, []time.Duration{floorWall / 4}
	return r
}

// good are results that just meet every goal.
func good() *report {
	const mib = 1 << 20
	return &report{settings: settings{latency: 50 * time.Millisecond, rounds: 3}, results: []*result{
		sample(task{product: blink, form: additive, n: 1000, work: plan}, 1, 0, 1200*time.Millisecond, time.Second, 64*mib),
		sample(task{product: blink, form: additive, n: 300, work: firstApply}, 150, 300, 5950*time.Millisecond, time.Second, 30*mib),
		sample(task{product: blink, form: additive, n: 1000, work: firstApply}, 500, 1000, 13*time.Second, 10*time.Second, 30*mib),
		sample(task{product: blink, form: additive, n: 1000, work: destroy}, 17, 1000, 12500*time.Millisecond, 10*time.Second, 30*mib),
		sample(task{product: blazemeter, form: authoritative, n: 1000, work: plan}, 20, 0, 3100*time.Millisecond, time.Second, 30*mib),
		sample(task{product: blazemeter, form: authoritative, n: 1000, work: plan, ignored: 4000}, 20, 0, 3900*time.Millisecond, time.Second, 30*mib),
		sample(task{product: blazemeter, form: authoritative, n: 1000, work: change, changed: 160}, 40, 160, 1800*time.Millisecond, time.Second, 30*mib),
		sample(task{product: blazemeter, form: oneRole, n: 1000, work: plan}, 20, 0, 3100*time.Millisecond, time.Second, 30*mib),
		sample(task{product: blazemeter, form: oneRole, n: 1000, work: change, changed: 160}, 40, 160, 2800*time.Millisecond, time.Second, 30*mib),
	}, listings: map[string]listing{
		"blink300": {calls: 1, wall: 50 * time.Millisecond}, "blink1000": {calls: 1, wall: 50 * time.Millisecond}, "blazemeter1000": {calls: 20, wall: 100 * time.Millisecond},
	}}
}

func TestGoals(t *testing.T) {
	r := good()
	goals := r.goals()
	// Calls and time; twice writes, reads and time; three again; calls and time; computing; writes and time; the same two for one role; memory of three forms.
	if len(goals) != 2+3+3+3+2+1+2+2+2+3 {
		t.Errorf("%d goals", len(goals))
	}
	for _, g := range goals {
		if !g.Met {
			t.Errorf("not met: %+v", g)
		}
	}
	if err := r.tooManyCalls(); err != nil {
		t.Error(err)
	}
	// A little worse in everything.
	for _, x := range r.results {
		x.reads[ours][0]++
		x.writes[ours][0]++
		x.wall[ours][0] += time.Second
		x.memory[ours][0] += 40 << 20
		if x.work == destroy {
			x.reads[ours][0]++ // of which it may make one for each second
		}
		if x.ignored > 0 {
			x.cpu[ours][0] += time.Millisecond
		}
	}
	for _, g := range r.goals() {
		if g.Met {
			t.Errorf("met: %+v", g)
		}
	}
	text := r.String()
	for _, want := range []string{
		"| Blink | additive | 1 000 | plan | ours | 2 | 1 | 2.2 s | 1.0 s | 2.20 | 300 ms | 250 ms | 104 MiB | 20 MiB |",
		"| ours | Blink, additive, 1 000 people, plan: calls, one listing | 1 | 3 | **not met** |", "\n0 of 23 goals are met.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	err := r.tooManyCalls()
	if err == nil || strings.Count(err.Error(), "\n") != 11 || strings.Contains(err.Error(), "time") {
		t.Errorf("too many calls are told as %v", err)
	}
}

// Another build is held to the same goals, beside ours.
func TestAnotherBuild(t *testing.T) {
	r := good()
	r.settings.other = "provider"
	for _, x := range r.results {
		x.reads[other], x.writes[other], x.wall[other], x.memory[other], x.cpu[other] = []int{x.reads[ours][0] + 100}, x.writes[ours], x.wall[ours], x.memory[ours], x.cpu[ours]
	}
	text := r.String()
	for _, want := range []string{
		"| other | Blink, additive, 1 000 people, plan: calls, one listing | 1 | 101 | **not met** |",
		"| ours | Blink, additive, 1 000 people, plan: calls, one listing | 1 | 1 | met |",
		"| Blink | additive | 1 000 | plan | other | 101 | 0 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}

func TestGrowth(t *testing.T) {
	c := task{product: blink, form: additive, n: 100, work: plan}
	ten := c
	ten.n = 1000
	r := &report{results: []*result{sample(c, 1, 0, time.Second, time.Second, 1), sample(ten, 1, 0, 14*time.Second, 12*time.Second, 1)}}
	if text := r.growthTable(); !strings.Contains(text, "| Blink | additive | plan | ours | 100 to 1 000 | x 14.0 | x 12.0 | x 14.0 | x 1.0 |") {
		t.Error(text)
	}
	computing := func() goal {
		for _, g := range r.goals() {
			if strings.Contains(g.What, "computing, from 100 to 1 000") {
				return g
			}
		}
		t.Fatal("the growth is no goal")
		return goal{}
	}
	if g := computing(); !g.Met || g.Most != "x 15.0" {
		t.Errorf("%+v", g)
	}
	r.results[1].cpu[ours][0] += 300 * time.Millisecond
	if g := computing(); g.Met {
		t.Errorf("%+v", g)
	}
}

// Each run is one line, and what was there stays.
func TestHistory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	for range 2 {
		if err := remember(t.Context(), file, good(), "1.11.4"); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	for l := range strings.Lines(string(text)) {
		runs++
		var rec record
		if err := json.Unmarshal([]byte(l), &rec); err != nil {
			t.Fatal(err)
		}
		if rec.Commit == "" || rec.Time == "" || rec.Machine.Cores == 0 || rec.Terraform != "1.11.4" || rec.Latency != "50ms" || rec.Rounds != 3 || len(rec.Lines) != 18 || len(rec.Goals) != 23 {
			t.Errorf("%+v", rec)
		}
		if first := rec.Lines[0]; first != (line{Build: ours, Task: "Blink, additive, 1 000 people, plan, 0 changed", Reads: 1, Time: 1200, CPU: 300, Memory: 64 << 20}) {
			t.Errorf("%+v", first)
		}
	}
	if runs != 2 {
		t.Errorf("%d runs are remembered", runs)
	}
}

func TestMedian(t *testing.T) {
	if m := median([]int{9, 1, 5}); m != 5 {
		t.Errorf("the median is %d", m)
	}
	if m := median[int64](nil); m != 0 {
		t.Errorf("the median of nothing is %d", m)
	}
}

// watched is the environment variable that makes this test program a provider
// that takes 100 MiB, so that there is something for a witness to see.
const watched = "ROSTER_BENCH_WATCHED"

func TestMain(m *testing.M) {
	if os.Getenv(watched) == "" {
		os.Exit(m.Run())
	}
	big := make([]byte, 100<<20)
	for i := 0; i < len(big); i += 4096 {
		big[i] = 3
	}
	os.Exit(int(big[4096]))
}

func TestWitness(t *testing.T) {
	notes := filepath.Join(t.TempDir(), "notes")
	if n, err := readNotes(notes); n != (note{}) || err != nil {
		t.Fatalf("nobody has noted anything: %+v, %v", n, err)
	}
	t.Setenv(witnessNotes, notes)
	t.Setenv(watched, "yes")
	for range 2 {
		if code := command([]string{asWitness, os.Args[0]}); code != 3 {
			t.Errorf("exit code %d", code)
		}
	}
	n, err := readNotes(notes)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && (n.memory < 100<<20 || n.memory > 400<<20) {
		t.Errorf("noted %s", mebibytes(n.memory))
	}
	if n.cpu <= 0 || n.cpu > time.Minute {
		t.Errorf("noted %s", n.cpu)
	}
}
