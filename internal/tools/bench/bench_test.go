package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
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
	for _, args := range [][]string{{"-additive", "1"}, {"-additive", "many"}, {"more"}, {"-unknown"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

// Everything that is served is measured.
func TestEveryResourceIsMeasured(t *testing.T) {
	for _, served := range protocol.Resources(t) {
		if !slices.ContainsFunc(products(), func(p product) bool { return p.additive == served || p.authoritative == served }) {
			t.Errorf("%s is not among the products that are measured", served)
		}
	}
}

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
additive, 5000 people, plan
additive, 5000 people, plan and apply 1 change
authoritative, 50 people, plan
authoritative, 50 people, first apply
authoritative, 50 people, apply 50 changes
authoritative, 50 people, destroy`
	if strings.Join(got, "\n") != want {
		t.Errorf("cases are\n%s", strings.Join(got, "\n"))
	}
}

func sample(c task, reads, writes int, wall, floorWall time.Duration, memory int64) *result {
	return &result{
		task: c, reads: []int{reads}, writes: []int{writes},
		wall:   map[contestant][]time.Duration{ours: {wall}, floor: {floorWall}},
		memory: map[contestant][]int64{ours: {memory}, floor: {20 << 20}},
		cpu:    map[contestant][]time.Duration{ours: {wall / 4}, floor: {floorWall / 4}},
	}
}

func TestGoals(t *testing.T) {
	const mib = 1 << 20
	good := &report{settings: settings{latency: 50 * time.Millisecond}, results: []*result{
		sample(task{product: blink, form: additive, n: 1000, work: plan}, 1, 0, 1200*time.Millisecond, time.Second, 64*mib),
		sample(task{product: blink, form: additive, n: 300, work: firstApply}, 79, 300, 5*time.Second, time.Second, 30*mib),
		sample(task{product: blazemeter, form: authoritative, n: 1000, work: change, changed: 160}, 40, 160, 1800*time.Millisecond, time.Second, 30*mib),
	}, listings: map[string]listing{
		"blink1000": {calls: 1, wall: 50 * time.Millisecond}, "blazemeter1000": {calls: 20, wall: 100 * time.Millisecond},
	}}
	goals := good.goals()
	if len(goals) != 8 { // calls and time, then writes, reads and time, then time alone, then memory of two forms
		t.Errorf("%d goals", len(goals))
	}
	for _, g := range goals {
		if !g.met {
			t.Errorf("not met: %+v", g)
		}
	}
	// A little worse in everything.
	for _, x := range good.results {
		x.reads[0]++
		x.writes[0]++
		x.wall[ours][0] += time.Second
		x.memory[ours][0] += 40 * mib
	}
	for _, g := range good.goals() {
		if g.met {
			t.Errorf("met: %+v", g)
		}
	}
	if text := good.String(); strings.Count(text, "**not met**") != 8 || !strings.Contains(text, "| Blink | additive | 1 000 | plan | 2 | 1 | 2.2 s | 1.0 s | 2.20 | 300 ms | 250 ms | 104 MiB | 20 MiB |") {
		t.Error(text)
	}
}

func TestGrowth(t *testing.T) {
	c := task{product: blink, form: additive, n: 100, work: plan}
	ten := c
	ten.n = 1000
	r := &report{results: []*result{sample(c, 1, 0, time.Second, time.Second, 1), sample(ten, 1, 0, 11*time.Second, 12*time.Second, 1)}}
	if text := r.growth(); !strings.Contains(text, "| Blink | additive | plan | 100 to 1 000 | x 11.0 | x 12.0 | x 1.0 |") {
		t.Error(text)
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
