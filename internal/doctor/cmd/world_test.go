package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/output"
)

// The workspaces of the default world, and its disposable people: bob is a member
// of both, carol of neither, and dave is disabled in BlazeMeter's.
const (
	payments = mockblink.DefaultWorkspace
	security = mockblink.DefaultOtherWorkspace
	checkout = "70001"
	account  = 5001
)

var disposable = map[string]map[string]string{
	"blink":      {"bob": "u-bob", "carol": "u-carol", "erin": "u-erin", "alice": "u-alice", "frank": "u-frank", "terraform": "u-terraform"},
	"blazemeter": {"bob": "352750", "carol": "352751", "dave": "352752", "alice": "352749", "erin": "352753", "terraform": "100001"},
}

// testTiming waits shorter than the command does.
var testTiming = doctor.Timing{Visible: 2 * time.Second, Timeout: 3 * time.Second, Checks: time.Minute, Restore: 20 * time.Second}

// world is a mock service and a doctor for it.
type world struct {
	*mockservice.Running
	t       *testing.T
	product string
	// workspace is payments or checkout, unless a test says otherwise.
	workspace string
	journal   string
	timing    doctor.Timing
}

func newWorld(t *testing.T, product string, prepare ...func(*mockservice.Seed)) *world {
	t.Helper()
	seed, err := mockservice.DefaultSeed()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range prepare {
		p(&seed)
	}
	// The doctor asks for what is not there, and without a key.
	w := &world{Running: mockservice.StartTest(t, seed, mockservice.WithWireCheck(false)), t: t, product: product, journal: t.TempDir(), timing: testTiming}
	w.workspace = map[string]string{"blink": payments, "blazemeter": checkout}[product]
	return w
}

// run is what a run of the doctor gave.
type run struct {
	code           int
	stdout, stderr string
	report         doctor.Report
}

// line gives the line of an assumption.
func (r run) line(t *testing.T, number int) doctor.Line {
	t.Helper()
	for _, l := range r.report.Lines {
		if l.Number == number {
			return l
		}
	}
	t.Fatalf("the report has no line %d (exit code %d)\n%s\n%s", number, r.code, r.stdout, r.stderr)
	return doctor.Line{}
}

// doctor runs the doctor with more arguments, and holds its output against what
// must never be in it.
func (w *world) doctor(args ...string) run {
	w.t.Helper()
	var stdout, stderr output.Buffer
	env := map[string]string{}
	for _, line := range w.Env() {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	code := doctor.Command{
		Products: products(), Version: "1.2.3", Getenv: func(name string) string { return env[name] },
		Stdout: &stdout, Stderr: &stderr, Journal: w.journal, Timing: w.timing,
	}.Run(w.t.Context(), append([]string{w.product, "-workspace", w.workspace}, args...))
	r := run{code: code, stdout: stdout.String(), stderr: stderr.String()}
	w.masked(r)
	if strings.HasPrefix(r.stdout, "{") {
		if err := json.Unmarshal([]byte(r.stdout), &r.report); err != nil {
			w.t.Fatalf("the report is no JSON: %s\n%s", err, r.stdout)
		}
	}
	return r
}

// onUser gives the arguments that name a user twice.
func (w *world) onUser(name string) []string {
	return []string{"-json", "-write", "-user", disposable[w.product][name], "-confirm", strings.ToUpper(name[:1]) + name[1:] + "@Example.com"}
}

// masked fails the test where the report shows whom it is about, or anything shows a
// key.
func (w *world) masked(r run) {
	w.t.Helper()
	text, err := json.Marshal(w.State())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, field := range regexp.MustCompile(`"(id|email|name|display_name|key|secret)":("[^"]+"|[0-9]+)`).FindAllStringSubmatch(string(text), -1) {
		kind, value := field[1], strings.Trim(field[2], `"`)
		secret := kind == "key" || kind == "secret" || strings.HasPrefix(value, "mock-key")
		switch {
		case secret && strings.Contains(r.stdout+r.stderr, value):
			w.t.Errorf("the output shows the key %q", value)
		case !secret && value != "Terraform" && strings.Contains(strings.ToLower(r.stdout), strings.ToLower(value)):
			w.t.Errorf("the report shows the %s %q:\n%s", kind, value, r.stdout)
		}
	}
	if found := regexp.MustCompile(`\S+@\S+|[0-9a-f]{8}-[0-9a-f]{4}`).FindString(r.stdout); found != "" {
		w.t.Errorf("the report shows %q", found)
	}
}

// standing gives what a user has in the mock service.
func (w *world) standing(name string) string {
	id := disposable[w.product][name]
	if w.product == "blink" {
		return mockblink.Of(w).Role(w.workspace, mockservice.KindUser, id)
	}
	return mockblazemeter.Of(w).Standing(w.workspace, id)
}

// blocked tells whether the account has disabled a user.
func (w *world) blocked(name string) bool {
	for _, a := range mockblazemeter.SeedOf(new(w.State())).Accounts {
		for _, u := range a.Users {
			if fmt.Sprint(u.ID) == disposable[w.product][name] {
				return u.Disabled
			}
		}
	}
	return false
}

// notes counts what the journal holds.
func (w *world) notes() int {
	w.t.Helper()
	files, err := os.ReadDir(w.journal)
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".json") {
			n++
		}
	}
	return n
}
