package mockservice_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

func withFaults(t *testing.T, rules ...mockservice.Fault) *mockservice.Running {
	t.Helper()
	run := mockservice.StartDefault(t)
	run.Must(run.SetFaults(mockservice.Faults{Rules: rules}))
	return run
}

const assignBob = "/workspaces/" + payments + "/user/u-bob/role/viewer"

// tryBlink is blink for requests that may go without an answer.
func tryBlink(t *testing.T, run *mockservice.Running, method, path string) (reply, error) {
	t.Helper()
	return do(t, run.Client(), method, run.Endpoint(mockblink.Name)+path, "", blinkKey(mockblink.DefaultKey))
}

func bobIs(t *testing.T, run *mockservice.Running, want string) {
	t.Helper()
	if got := mockblink.Of(run).Role(payments, "user", "u-bob"); got != want {
		t.Errorf("bob is %q, want %q", got, want)
	}
}

func TestFaultStatus(t *testing.T) {
	for _, status := range []int{429, 500, 502, 503, 504} {
		run := withFaults(t, mockservice.Fault{Kind: "status", Status: status, RetryAfter: "7", Times: 1})
		r := blink(t, run, "POST", assignBob, "")
		wantStatus(t, r, status)
		if r.header.Get("Retry-After") != "7" || r.json(t)["status"] != float64(status) {
			t.Errorf("answer %+v", r)
		}
		bobIs(t, run, "contributor")
		if len(run.Writes()) != 0 {
			t.Errorf("a refused write is in the trail: %+v", run.Writes())
		}
		wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
		bobIs(t, run, "viewer")
	}
}

func TestFaultStatusSpeaksBlazeMeter(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "status", Status: 503})
	r := bzm(t, run, "GET", "/user", "")
	wantStatus(t, r, 503)
	if e, _ := r.json(t)["error"].(map[string]any); e["code"] != 503.0 {
		t.Errorf("answer %s", r.body)
	}
	if r.header.Get("Retry-After") != "" {
		t.Error("there is a Retry-After that nobody asked for")
	}
}

func TestFaultResetDoesNothing(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "reset"})
	if r, err := tryBlink(t, run, "POST", assignBob); err == nil {
		t.Fatalf("an answer came: %+v", r)
	}
	bobIs(t, run, "contributor")
	if len(run.Writes()) != 0 {
		t.Errorf("writes %+v", run.Writes())
	}
	if r := run.Requests()[0]; r.Status != 0 || r.Fault != "reset" {
		t.Errorf("request log %+v", r)
	}
}

func TestFaultLostHasDoneIt(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "lost", Times: 1})
	if r, err := tryBlink(t, run, "POST", assignBob); err == nil {
		t.Fatalf("an answer came: %+v", r)
	}
	bobIs(t, run, "viewer")
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	ws := run.Writes()
	if len(ws) != 2 || !ws[0].AnswerLost || ws[0].Repeated || ws[1].AnswerLost || !ws[1].Repeated || !ws[1].Unchanged {
		t.Errorf("writes %+v", ws)
	}
	if n := run.RepeatedWrites(); n != 1 {
		t.Errorf("%d repeated writes, want 1", n)
	}
}

func TestRepeatedForgetsWhatOthersChanged(t *testing.T) {
	run := mockservice.StartDefault(t)
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	run.Must(mockblink.Of(run).SetRole(payments, "user", "u-bob", "contributor"))
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	if n := run.RepeatedWrites(); n != 0 {
		t.Errorf("%d repeated writes although somebody had undone the first", n)
	}
}

func TestFaultCut(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "cut"})
	_, err := tryBlink(t, run, "GET", "/workspaces/"+payments)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want an unexpected end", err)
	}
}

func TestFaultBodies(t *testing.T) {
	for kind, want := range map[string]struct {
		status int
		body   string
	}{
		"html":  {502, "<html>"},
		"empty": {503, ""},
		"blank": {200, ""},
	} {
		run := withFaults(t, mockservice.Fault{Kind: kind})
		r := blink(t, run, "GET", "/workspaces/"+payments, "")
		wantStatus(t, r, want.status)
		if want.body == "" && r.body != "" || !strings.Contains(r.body, want.body) {
			t.Errorf("%s: body %q", kind, r.body)
		}
	}
	run := withFaults(t, mockservice.Fault{Kind: "error_in_200"})
	r := bzm(t, run, "GET", "/user", "")
	wantStatus(t, r, 200)
	if r.json(t)["error"] == nil {
		t.Errorf("body %s", r.body)
	}
}

func TestFaultLatencyAndLateAnswer(t *testing.T) {
	for _, kind := range []string{"latency", "late_answer"} {
		run := withFaults(t, mockservice.Fault{Kind: kind, Delay: mockservice.Duration(60 * time.Millisecond)})
		start := time.Now()
		wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
		if took := time.Since(start); took < 60*time.Millisecond {
			t.Errorf("%s: %s", kind, took)
		}
	}
	run := mockservice.StartDefault(t)
	run.Must(run.SetFaults(mockservice.Faults{Seed: 3, Latency: mockservice.Duration(20 * time.Millisecond), LatencyMax: mockservice.Duration(40 * time.Millisecond)}))
	start := time.Now()
	wantStatus(t, blink(t, run, "GET", "/user", ""), 200)
	if took := time.Since(start); took < 20*time.Millisecond {
		t.Errorf("latency: %s", took)
	}
}

// A late answer whose client has gone is done all the same.
func TestFaultLateAnswerOfAGoneClient(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "late_answer", Delay: mockservice.Duration(time.Hour)})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := do(t, run.Client(), "POST", run.Endpoint(mockblink.Name)+assignBob, "", blinkKey(mockblink.DefaultKey),
		func(r *http.Request) { *r = *r.WithContext(ctx) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
	bobIs(t, run, "viewer")
}

func TestFaultHangAndEndlessEndWithTheClient(t *testing.T) {
	for _, kind := range []string{"hang", "endless"} {
		run := withFaults(t, mockservice.Fault{Kind: kind})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := do(t, run.Client(), "GET", run.Endpoint(mockblink.Name)+"/workspaces/"+payments, "", blinkKey(mockblink.DefaultKey),
			func(r *http.Request) { *r = *r.WithContext(ctx) })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v", kind, err)
		}
	}
}

// Stop frees what hangs, so that a server can shut down.
func TestStopFreesWhatHangs(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "hang"})
	failed := make(chan error, 1)
	go func() {
		_, err := tryBlink(t, run, "GET", "/user")
		failed <- err
	}()
	for run.RequestCount("", "") == 0 {
		time.Sleep(time.Millisecond)
	}
	run.Stop()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("something that hung was answered")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the request still hangs")
	}
}

func TestFaultDrip(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "drip", Delay: mockservice.Duration(5 * time.Millisecond)})
	start := time.Now()
	r := blink(t, run, "GET", "/workspaces/"+payments, "")
	wantStatus(t, r, 200)
	if took := time.Since(start); took < 40*time.Millisecond {
		t.Errorf("sixteen pieces arrived in %s", took)
	}
	if r.json(t)["id"] != payments {
		t.Errorf("body %q", r.body)
	}
}

func rolesSeen(t *testing.T, r reply) map[string]string {
	t.Helper()
	wantStatus(t, r, 200)
	seen := map[string]string{}
	for _, e := range r.json(t)["entities"].([]any) {
		m := e.(map[string]any)
		seen[m["id"].(string)] = m["workspace_role"].(string)
	}
	return seen
}

func TestFaultLagByReads(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "lag", Reads: 2})
	read := func() map[string]string { return rolesSeen(t, blink(t, run, "GET", "/workspaces/"+payments, "")) }
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-carol/role/viewer", ""), 200)
	wantStatus(t, blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-alice", ""), 200)
	for i := range 2 {
		got := read()
		if got["u-bob"] != "contributor" || got["u-carol"] != "" || got["u-alice"] != "owner" || len(got) != 2 {
			t.Errorf("read %d shows %v", i+1, got)
		}
	}
	if got := read(); got["u-bob"] != "viewer" || got["u-carol"] != "viewer" || got["u-alice"] != "" {
		t.Errorf("the third read shows %v", got)
	}
}

func TestFaultLagByTime(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	run := mockservice.StartDefault(t, mockservice.WithClock(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}))
	run.Must(run.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: "lag", Delay: mockservice.Duration(time.Minute)}}}))
	user := "/workspaces/" + loadTests + "/users"
	wantStatus(t, bzm(t, run, "PUT", user+"/352750", `{"roles":["viewer"],"enabled":false}`), 200)
	wantIDs(t, bzm(t, run, "GET", user+"?enabled=true", ""), 352749, 352750)
	mu.Lock()
	now = now.Add(time.Minute)
	mu.Unlock()
	wantIDs(t, bzm(t, run, "GET", user+"?enabled=true", ""), 352749)
}

func TestFaultShiftAndTotal(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "shift", Rows: 1}, mockservice.Fault{Kind: "total", Rows: 2})
	user := "/workspaces/" + loadTests + "/users?limit=1"
	wantIDs(t, bzm(t, run, "GET", user, ""), 352749)
	r := bzm(t, run, "GET", user+"&skip=1", "")
	wantIDs(t, r, 352752)
	if r.json(t)["total"] != 5.0 {
		t.Errorf("total %v", r.json(t)["total"])
	}
}

func TestFaultRedirect(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "redirect", Location: "http://127.0.0.1:1/elsewhere"})
	client := *run.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := do(t, &client, "GET", run.Endpoint(mockblink.Name)+"/user", "", blinkKey(mockblink.DefaultKey))
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, r, 307)
	if r.header.Get("Location") != "http://127.0.0.1:1/elsewhere" {
		t.Errorf("headers %v", r.header)
	}
}

func TestFaultTargets(t *testing.T) {
	run := withFaults(t,
		mockservice.Fault{Kind: "status", Status: 500, Product: "blazemeter", Call: "user"},
		mockservice.Fault{Kind: "status", Status: 502, Method: "delete"},
		mockservice.Fault{Kind: "status", Status: 504, Path: "u-carol"},
	)
	wantStatus(t, blink(t, run, "GET", "/user", ""), 200)
	wantStatus(t, bzm(t, run, "GET", "/user", ""), 500)
	wantStatus(t, bzm(t, run, "GET", "/accounts", ""), 200)
	wantStatus(t, blink(t, run, "DELETE", "/workspaces/"+payments+"/user/u-bob", ""), 502)
	wantStatus(t, blink(t, run, "POST", "/workspaces/"+payments+"/user/u-carol/role/viewer", ""), 504)
	wantStatus(t, blink(t, run, "POST", assignBob, ""), 200)
	if got := run.Audit().Faults; got["500"] != 1 || got["502"] != 1 || got["504"] != 1 {
		t.Errorf("faults counted: %v", got)
	}
}

func TestFaultHowOften(t *testing.T) {
	run := withFaults(t, mockservice.Fault{Kind: "status", Status: 503, After: 1, Every: 2, Times: 2})
	var got []int
	for range 7 {
		got = append(got, blink(t, run, "GET", "/user", "").status)
	}
	want := []int{200, 200, 503, 200, 503, 200, 200}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("statuses %v, want %v", got, want)
		}
	}
}

func TestFaultWindow(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	run := mockservice.StartDefault(t, mockservice.WithClock(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}))
	run.Must(run.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{
		Kind: "status", Status: 429, From: mockservice.Duration(time.Second), Until: mockservice.Duration(2 * time.Second),
	}}}))
	for _, want := range []int{200, 429, 200} {
		wantStatus(t, blink(t, run, "GET", "/user", ""), want)
		mu.Lock()
		now = now.Add(time.Second)
		mu.Unlock()
	}
}

func TestRateLimit(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	run := mockservice.StartDefault(t, mockservice.WithClock(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}))
	run.Must(run.SetFaults(mockservice.Faults{RateLimit: map[string]mockservice.RateLimit{
		"blink": {PerSecond: 1, Burst: 2, RetryAfter: "1"},
	}}))
	for _, want := range []int{200, 200, 429} {
		wantStatus(t, blink(t, run, "GET", "/user", ""), want)
	}
	wantStatus(t, bzm(t, run, "GET", "/user", ""), 200)
	mu.Lock()
	now = now.Add(time.Second)
	mu.Unlock()
	wantStatus(t, blink(t, run, "GET", "/user", ""), 200)
}

// One seed disturbs the same requests, in whichever order different paths are asked.
func TestProbabilityDoesNotDependOnTheOrder(t *testing.T) {
	faults := mockservice.Faults{Seed: 42, Rules: []mockservice.Fault{{Kind: "status", Status: 503, Probability: 0.5}}}
	paths := []string{"/user", "/user-workspaces", "/workspaces/" + payments, "/tenant/entities"}
	disturbed := func(concurrent bool) map[string]int {
		run := mockservice.StartDefault(t)
		run.Must(run.SetFaults(faults))
		var mu sync.Mutex
		counts := map[string]int{}
		ask := func(p string) {
			for range 40 {
				r := blink(t, run, "GET", p, "")
				if r.status == 503 {
					mu.Lock()
					counts[p]++
					mu.Unlock()
				}
			}
		}
		var wg sync.WaitGroup
		for _, p := range paths {
			if concurrent {
				wg.Go(func() { ask(p) })
			} else {
				ask(p)
			}
		}
		wg.Wait()
		return counts
	}
	one, other := disturbed(false), disturbed(true)
	for _, p := range paths {
		if one[p] != other[p] {
			t.Errorf("%s was disturbed %d times, then %d times", p, one[p], other[p])
		}
		if one[p] < 8 || one[p] > 32 {
			t.Errorf("%s was disturbed %d times of 40 at a chance of one half", p, one[p])
		}
	}
}

func TestWrongFaultsAreRefused(t *testing.T) {
	run := mockservice.StartDefault(t)
	for _, f := range []mockservice.Fault{
		{},
		{Kind: "nonsense"},
		{Kind: "status"},
		{Kind: "status", Status: 200},
		{Kind: "latency"},
		{Kind: "lag"},
		{Kind: "redirect"},
		{Kind: "reset", Product: "other"},
		{Kind: "reset", Call: "nope"},
		{Kind: "reset", Product: "blazemeter", Call: "assign"},
		{Kind: "reset", Probability: 2},
		{Kind: "reset", Probability: 0.5, Every: 2},
		{Kind: "reset", Every: -1},
		{Kind: "reset", From: mockservice.Duration(2), Until: mockservice.Duration(1)},
		{Kind: "latency", Delay: mockservice.Duration(2), DelayMax: mockservice.Duration(1)},
	} {
		if err := run.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{f}}); err == nil {
			t.Errorf("%+v was accepted", f)
		}
	}
	wantStatus(t, blink(t, run, "GET", "/user", ""), 200)
}

func TestParseFault(t *testing.T) {
	f, err := mockservice.ParseFault("kind=status, status=503,every=3,product=blink,call=assign,retry_after=2")
	want := mockservice.Fault{Kind: "status", Status: 503, Every: 3, Product: "blink", Call: "assign", RetryAfter: "2"}
	if err != nil || f != want {
		t.Errorf("%+v, %v", f, err)
	}
	for _, text := range []string{"", "kind", "kind=nope", "kind=status,status=x", "kind=reset,nope=1", "kind=latency,delay=soon"} {
		if _, err := mockservice.ParseFault(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
