package mockservice_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// details are what some kinds of fault need to be played at all.
var details = map[string]mockservice.Fault{
	"status":      {Status: 503},
	"latency":     {Delay: mockservice.Duration(time.Millisecond)},
	"late_answer": {Delay: mockservice.Duration(time.Millisecond)},
	"lag":         {Reads: 1},
	"drip":        {Delay: mockservice.Duration(time.Microsecond)},
	"redirect":    {Location: "http://127.0.0.1:1/elsewhere"},
	"behaviour":   {Set: "blink.listing=no_owners"},
	"change":      {Workspace: payments, Principal: "user/u-carol", Role: "viewer"},
}

// Every kind of fault can be aimed at one call of one product, and at the n-th time it is asked.
func TestEveryFaultCanBeAimed(t *testing.T) {
	for _, kind := range mockservice.FaultKinds() {
		t.Run(kind, func(t *testing.T) {
			run := mockservice.StartDefault(t)
			f := details[kind]
			f.Kind, f.Product, f.Call, f.After, f.Times = kind, mockblink.Name, "get_workspace", 1, 1
			run.Must(run.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{f}}))
			client := *run.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			ask := func(product, path string) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				if kind == "hang" || kind == "endless" {
					ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
				}
				defer cancel()
				key := blinkKey(mockblink.DefaultKey)
				if product == mockblazemeter.Name {
					key = bzmKey(mockblazemeter.DefaultKeyID, mockblazemeter.DefaultKeySecret)
				}
				_, _ = do(t, &client, "GET", run.Endpoint(product)+path, "", key, func(r *http.Request) { *r = *r.WithContext(ctx) }) // may go without an answer
			}
			for range 3 {
				ask(mockblazemeter.Name, "/workspaces/"+loadTests)
				ask(mockblink.Name, "/user")
				ask(mockblink.Name, "/workspaces/"+payments)
			}
			want := kind
			if kind == "status" {
				want = "503"
			}
			for i, r := range run.Requests() {
				if hit := i == 5; hit != (r.Fault == want) {
					t.Errorf("request %d, %s %s: fault %q", i, r.Product, r.Call, r.Fault)
				}
			}
		})
	}
}

// A switch can hold for some requests alone, or from one on.
func TestFaultBehaviour(t *testing.T) {
	run := withFaults(t,
		mockservice.Fault{Kind: "behaviour", Set: "blink.listing=no_owners", Product: "blink", Call: "get_workspace", After: 1, Times: 1},
		mockservice.Fault{Kind: "behaviour", Set: "blink.user_tenant=other_id", Product: "blink", Call: "user", After: 1},
		mockservice.Fault{Kind: "behaviour", Set: "blazemeter.roles_shape=null", Product: "blazemeter", Path: "70002"},
	)
	for i, want := range []string{"u-alice,u-bob", "u-bob", "u-alice,u-bob"} {
		if got := column(t, blink(t, run, "GET", "/workspaces/"+payments, ""), "entities", "id"); got != want {
			t.Errorf("reading %d shows %q, want %q", i+1, got, want)
		}
	}
	for i, want := range []string{"0b5e", "7d41", "7d41"} {
		if got := fmt.Sprintf("%.4s", blink(t, run, "GET", "/user", "").json(t)["tenant_id"]); got != want {
			t.Errorf("asked %d times, the tenant is %s, want %s", i+1, got, want)
		}
	}
	for workspace, want := range map[string]string{"70001": "[manager],[tester],[viewer]", "70002": "<nil>,<nil>"} {
		if got := column(t, bzm(t, run, "GET", "/workspaces/"+workspace+"/users", ""), "result", "roles"); got != want {
			t.Errorf("workspace %s shows %q, want %q", workspace, got, want)
		}
	}
	if got := mockblink.Of(run).Behaviour().Listing; got != "all" {
		t.Errorf("the switch itself is %q", got)
	}
}

// Another user changes a member between two calls of a client.
func TestFaultChange(t *testing.T) {
	run := withFaults(t,
		mockservice.Fault{Kind: "change", Product: "blink", Call: "get_workspace", After: 1, Times: 1, Workspace: payments, Principal: "user/u-alice"},
		mockservice.Fault{Kind: "change", Product: "blink", Call: "get_workspace", After: 2, Times: 1, Workspace: payments, Principal: "user/u-carol", Role: "owner"},
		mockservice.Fault{
			Kind: "change", Product: "blazemeter", Method: "PUT", Workspace: loadTests, Principal: "user/352749", Role: "manager", Disabled: true,
		},
	)
	for i, want := range []string{"u-alice,u-bob", "u-bob", "u-bob,u-carol", "u-bob,u-carol"} {
		if got := column(t, blink(t, run, "GET", "/workspaces/"+payments, ""), "entities", "id"); got != want {
			t.Errorf("reading %d shows %q, want %q", i+1, got, want)
		}
	}
	wantStatus(t, bzm(t, run, "PUT", users+"/352750", roleOK), 200)
	if got := mockblazemeter.Of(run).Standing(loadTests, "352749"); got != "manager (disabled)" {
		t.Errorf("alice is %q", got)
	}
	if w := run.Writes(); len(w) != 1 || w[0].OwnersBefore != 0 {
		t.Errorf("writes %+v", w)
	}
	if o := mockblink.Of(run).Owners(payments); o.Fewest != 0 || o.FewestAfterLoss != -1 {
		t.Errorf("owners %+v", o)
	}
	run = mockservice.StartDefault(t, mockservice.WithWireCheck(false)) // the answer of a fault that cannot be played
	run.Must(run.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: "change", Product: "blink", Workspace: "none", Principal: "user/u-bob"}}}))
	if r := blink(t, run, "GET", "/user", ""); r.status != 500 || !strings.Contains(r.body, `"change" cannot be played: there is no blink workspace "none"`) {
		t.Errorf("answer %+v", r)
	}
}

func TestFaultBody(t *testing.T) {
	run := withFaults(t,
		mockservice.Fault{Kind: "body", Body: "default backend - 404", Product: "blink"},
		mockservice.Fault{Kind: "body", Status: 403, Body: `{"message":"no"}`, ContentType: "application/json", Product: "blazemeter"},
	)
	r := blink(t, run, "GET", "/workspaces/"+payments, "")
	if r.status != 404 || r.body != "default backend - 404" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
		t.Errorf("answer %+v", r)
	}
	r = bzm(t, run, "GET", "/user", "")
	if r.status != 403 || r.json(t)["message"] != "no" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("answer %+v", r)
	}
}

func TestWrongAimsAreRefused(t *testing.T) {
	run := mockservice.StartDefault(t)
	for want, f := range map[string]mockservice.Fault{
		`there is no switch ""`:                      {Kind: "behaviour", Product: "blink"},
		`there is no switch "blink.nope"`:            {Kind: "behaviour", Product: "blink", Set: "blink.nope=1"},
		`"x" is not one of "all", "no_owners"`:       {Kind: "behaviour", Product: "blink", Set: "blink.listing=x"},
		`belongs to "blink"`:                         {Kind: "behaviour", Product: "blazemeter", Set: "blink.listing=no_owners"},
		`product: is missing`:                        {Kind: "change", Workspace: payments, Principal: "user/u-bob"},
		`workspace: is missing`:                      {Kind: "change", Product: "blink", Principal: "user/u-bob"},
		`principal: "u-bob" is no kind and id`:       {Kind: "change", Product: "blink", Workspace: payments, Principal: "u-bob"},
		`status: 99 is no status`:                    {Kind: "body", Status: 99},
		`product: is "", and the switch blink.listi`: {Kind: "behaviour", Set: "blink.listing=no_owners"},
	} {
		if err := run.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{f}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", f, err, want)
		}
	}
	f, err := mockservice.ParseFault("kind=change,product=blink,workspace=w,principal=user/u-bob,role=owner,after=1,times=1")
	if err != nil || f.Principal != "user/u-bob" || f.Role != "owner" {
		t.Errorf("%+v, %v", f, err)
	}
	f, err = mockservice.ParseFault("kind=behaviour,product=blink,set=blink.listing=no_owners")
	if err != nil || f.Set != "blink.listing=no_owners" {
		t.Errorf("%+v, %v", f, err)
	}
}

// Two services are two tenants: what is done in one is not in the other, and one
// gauge counts what is in flight at both.
func TestTwoTenants(t *testing.T) {
	gauge := new(mockservice.Gauge)
	one, other := mockservice.StartDefault(t, mockservice.WithGauge(gauge)), mockservice.StartDefault(t, mockservice.WithGauge(gauge))
	wantStatus(t, blink(t, one, "POST", assignBob, ""), 200)
	bobIs(t, one, "viewer")
	bobIs(t, other, "contributor")
	if one.Endpoint(mockblink.Name) == other.Endpoint(mockblink.Name) || gauge.Now() != 0 || gauge.Peak() != 1 {
		t.Errorf("%s and %s, %d now and %d at most in flight", one.URL, other.URL, gauge.Now(), gauge.Peak())
	}
	var wg sync.WaitGroup
	for _, run := range []*mockservice.Running{one, other} {
		run.Must(run.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: "hang"}}}))
		for _, ask := range []func(){
			func() { _, _ = tryBlink(t, run, "GET", "/user") }, // hangs until the service stops
			func() { _, _ = tryBlink(t, run, "GET", "/user-workspaces") },
			func() {
				_, _ = do(t, run.Client(), "GET", run.Endpoint(mockblazemeter.Name)+"/user", "", bzmKey(mockblazemeter.DefaultKeyID, mockblazemeter.DefaultKeySecret))
			},
		} {
			wg.Go(ask)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); gauge.Now() < 6 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
	}
	a := one.Audit()
	if a.InFlight != 6 || a.PeakInFlightTotal != 6 || a.PeakInFlight["blink"] != 2 || a.PeakInFlight["blazemeter"] != 1 {
		t.Errorf("in flight %d, at most %d, by product %v", a.InFlight, a.PeakInFlightTotal, a.PeakInFlight)
	}
	if n := one.RequestCount("blink", "user"); n != 1 {
		t.Errorf("%d requests counted in one tenant", n)
	}
	one.Stop()
	other.Stop()
	wg.Wait()
	one.ResetAudit()
	if gauge.Now() != 0 || gauge.Peak() != 0 {
		t.Errorf("%d now and %d at most in flight after the end", gauge.Now(), gauge.Peak())
	}
}
