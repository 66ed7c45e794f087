package mockservice_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// look is what a client sees of a switch, over HTTP: one text for each value.
type look struct {
	see  func(t *testing.T, run *mockservice.Running) string
	want map[string]string
}

// allLooks has what the files of the products look at.
var allLooks = map[string]look{}

// lookAt adds a product's looks, as in: var _ = lookAt(map[string]look{...}).
func lookAt(looks map[string]look) bool {
	maps.Copy(allLooks, looks)
	return true
}

// Every switch is seen in every reading: each value shows what it says, and no two values show the same.
func TestEverySwitchInEveryReading(t *testing.T) {
	looks := maps.Clone(allLooks)
	for _, w := range mockservice.Switches() {
		l, known := looks[w.Name]
		if !known {
			t.Errorf("nobody looks at the switch %s", w.Name)
			continue
		}
		delete(looks, w.Name)
		values := w.Values
		if values == nil {
			values = slices.Sorted(maps.Keys(l.want))
			if _, has := l.want[w.Default]; !has || len(values) < 2 {
				t.Errorf("%s is not looked at with its default %s and another value", w.Name, w.Default)
			}
		}
		seen := map[string]string{}
		for _, value := range values {
			t.Run(w.Name+"="+value, func(t *testing.T) {
				run := mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // what is not documented need not fit
				wantStatus(t, control(t, run, "PUT", "switches/"+w.Name+"?value="+url.QueryEscape(value), ""), 204)
				got := l.see(t, run)
				if got != l.want[value] {
					t.Errorf("shows %q, want %q", got, l.want[value])
				}
				if other, same := seen[got]; same {
					t.Errorf("shows the same as %s: %q", other, got)
				}
				seen[got] = value
			})
		}
	}
	for name := range looks {
		t.Errorf("there is no switch %s", name)
	}
}

// shape tells an answer's status, and the names of its fields or the start of its text.
func shape(r reply) string {
	m := map[string]any{}
	if json.Unmarshal([]byte(r.body), &m) == nil {
		return fmt.Sprint(r.status, " ", strings.Join(slices.Sorted(maps.Keys(m)), " "))
	}
	first, _, _ := strings.Cut(r.body, "\n")
	return fmt.Sprint(r.status, " ", first)
}

// column gives one field of the rows in a field of an answer, "-" where a row lacks it.
func column(t *testing.T, r reply, rows, name string) string {
	t.Helper()
	texts := []string{}
	list, _ := r.json(t)[rows].([]any)
	for _, row := range list {
		if v, there := row.(map[string]any)[name]; there {
			texts = append(texts, fmt.Sprint(v))
		} else {
			texts = append(texts, "-")
		}
	}
	return strings.Join(texts, ",")
}

// find gives a field of the row whose id is given, "-" where the row lacks it, "nobody" without a row.
func find(t *testing.T, r reply, rows, id, name string) string {
	t.Helper()
	list, _ := r.json(t)[rows].([]any)
	for _, row := range list {
		m := row.(map[string]any)
		if fmt.Sprint(m["id"], m["entity_id"]) != fmt.Sprint(id, nil) && fmt.Sprint(m["id"], m["entity_id"]) != fmt.Sprint(nil, id) {
			continue
		}
		if v, there := m[name]; there {
			return fmt.Sprint(v)
		}
		return "-"
	}
	return "nobody"
}

// clocked serves the default seed by a clock that the test sets.
func clocked(t *testing.T) (run *mockservice.Running, pass func(time.Duration)) {
	t.Helper()
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	run = mockservice.StartDefault(t, mockservice.WithClock(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}))
	return run, func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}
}

// Each write becomes visible when its own delay is over; of one principal the newest that is visible shows.
func TestWriteDelay(t *testing.T) {
	run, pass := clocked(t)
	bob := func() string {
		return find(t, blink(t, run, "GET", "/workspaces/"+payments, ""), "entities", "u-bob", "workspace_role")
	}
	run.Must(run.SetSwitch("blink.write_delay", "3s"))
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-bob/role/viewer", ""), 200)
	pass(time.Second)
	run.Must(run.SetSwitch("blink.write_delay", "1s"))
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-bob/role/owner", ""), 200)
	for i, want := range []string{"contributor", "owner", "owner", "owner"} {
		if got := bob(); got != want {
			t.Errorf("after %d s bob is shown as %s, want %s", i+1, got, want)
		}
		pass(time.Second)
	}
	run.Must(run.SetSwitch("blink.write_delay", "2s"))
	wantStatus(t, blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-bob", ""), 200)
	if got := bob(); got != "owner" {
		t.Errorf("bob is shown as %s just after the removal", got)
	}
	// What others do shows at once.
	run.Must(mockblink.Of(run).SetRole(payments, "user", "u-carol", "viewer"))
	if ids := column(t, blink(t, run, "GET", "/workspaces/"+payments, ""), "entities", "id"); ids != "u-alice,u-carol,u-bob" {
		t.Errorf("listing %s", ids)
	}
	pass(2 * time.Second)
	if got := bob(); got != "nobody" {
		t.Errorf("bob is shown as %s two seconds after the removal", got)
	}
}

func TestControlSwitches(t *testing.T) {
	run := mockservice.StartDefault(t)
	r := control(t, run, "GET", "switches", "")
	for _, w := range mockservice.Switches() {
		if !strings.Contains(r.body, `"name": "`+w.Name+`"`) {
			t.Errorf("%s is not listed", w.Name)
		}
	}
	wantStatus(t, control(t, run, "PUT", "switches/blink.listing?value=no_owners", ""), 204)
	if got := mockblink.Of(run).Behaviour().Listing; got != "no_owners" {
		t.Errorf("listing=%s", got)
	}
	for _, path := range []string{"switches/blink.listing?value=x", "switches/blink.listing", "switches/nope.listing?value=all", "switches/listing?value=all"} {
		wantStatus(t, control(t, run, "PUT", path, ""), 400)
	}
}

func TestWrongSwitches(t *testing.T) {
	run := mockservice.StartDefault(t)
	var seed mockservice.Seed
	for path, value := range map[string]string{
		"blink.nope": "x", "nope.role_case": "exact", "blink.role_case": "x", "blazemeter.hidden": "x", "blink.write_delay": "soon",
		"blink.missing_workspace": "500", "blazemeter.max_page_size": "-2", "blink.max_page_size": "0",
	} {
		if err := mockservice.SetSwitch(&seed, path, value); err == nil {
			t.Errorf("%s=%s was accepted in a seed", path, value)
		}
		if err := run.SetSwitch(path, value); err == nil {
			t.Errorf("%s=%s was accepted", path, value)
		}
	}
	for _, err := range []error{
		mockblink.Of(run).SetBehaviour(mockblink.Behaviour{RoleCase: "x"}),
		mockblink.Of(run).SetBehaviour(mockblink.Behaviour{MissingWorkspace: 500}),
		mockblink.Of(run).SetBehaviour(mockblink.Behaviour{WriteDelay: -1}),
		mockblazemeter.Of(run).SetBehaviour(mockblazemeter.Behaviour{MaxPageSize: -2}),
		mockblazemeter.Of(run).SetBehaviour(mockblazemeter.Behaviour{Hidden: -1}),
	} {
		if err == nil {
			t.Error("a wrong behaviour was accepted")
		}
	}
}

// Every default can be set, is the first value, and holds in a new service.
func TestDefaultsOfSwitches(t *testing.T) {
	run := mockservice.StartDefault(t)
	before := toJSON(t, run.Behaviour())
	for _, w := range mockservice.Switches() {
		if w.Help == "" || w.Default == "" {
			t.Errorf("%s has no help or no default", w.Name)
		}
		run.Must(run.SetSwitch(w.Name, w.Default))
	}
	if after := toJSON(t, run.Behaviour()); after != before {
		t.Errorf("behaviour\n%s\nwant\n%s", after, before)
	}
}
