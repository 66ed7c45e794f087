package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/output"
)

// built is the folder of the built command, if a test needed it.
var built string

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // these tests wait for nearly all of their time
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(built)
		os.Exit(code)
	}))
}

// Every product of the provider can be checked, or says why there is nothing to
// check.
func TestEveryProductIsChecked(t *testing.T) {
	t.Parallel()
	for _, p := range provider.Products() {
		switch d := p.Doctor; {
		case d.None != "" && (len(d.Assumptions) > 0 || d.Open != nil):
			t.Errorf("%s says that there is nothing to check, and has checks", p.Title)
		case d.None == "" && (len(d.Assumptions) == 0 || d.Open == nil || d.Explain == nil || d.Curl == ""):
			t.Errorf("the checks of %s are missing or incomplete: set Doctor in internal/%s/product.go, or say in Doctor.None why there is nothing to check", p.Title, p.Name)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		env  map[string]string
		code int
		says string
	}{
		{nil, nil, 1, "Usage:"},
		{[]string{"-help"}, nil, 0, "BLAZEMETER_API_KEY_SECRET"},
		{[]string{"-version"}, nil, 0, "roster-doctor 1.2.3"},
		{[]string{"-nonsense"}, nil, 1, "Usage:"},
		{[]string{"github"}, nil, 1, `no product "github"`},
		{[]string{"blink", "-help"}, nil, 0, "-confirm"},
		{[]string{"blink", "-nonsense"}, nil, 1, "-confirm"},
		{[]string{"blink"}, nil, 1, "-workspace ID"},
		{[]string{"blink", "-workspace", "w", "more"}, nil, 1, `"more" is no flag`},
		{[]string{"blink", "-workspace", "w", "-write"}, nil, 1, "name the user twice"},
		{[]string{"blink", "-workspace", "w", "-write", "-user", "u"}, nil, 1, "name the user twice"},
		{[]string{"blink", "-workspace", "w", "-write", "-user", "u", "-confirm", " "}, nil, 1, "name the user twice"},
		{[]string{"blink", "-workspace", "w", "-user", "u"}, nil, 1, "are for -write"},
		{[]string{"blink", "-workspace", "w"}, nil, 1, "BLINK_API_KEY is not set"},
		{[]string{"blink", "-workspace", "w"}, map[string]string{"BLINK_API_KEY": " \n"}, 1, "BLINK_API_KEY is not set"},
		{[]string{"blink", "-workspace", "w"}, map[string]string{"BLINK_API_KEY": "key-of-a-test", "BLINK_ENDPOINT": "http://example.com"}, 1, "BLINK_ENDPOINT cannot be used"},
		{[]string{"blink", "-workspace", "a/b"}, map[string]string{"BLINK_API_KEY": "key-of-a-test"}, 1, "-workspace: the id"},
		{[]string{"blazemeter", "-workspace", "x"}, map[string]string{"BLAZEMETER_API_KEY_ID": "id-of-a-test", "BLAZEMETER_API_KEY_SECRET": "secret-of-a-test"}, 1, "-workspace: the id"},
		{[]string{"blink", "-workspace", "w"}, map[string]string{"BLINK_API_KEY": "key-of-a-test", "BLINK_ENDPOINT": "http://127.0.0.1:1"}, 1, "could not be reached"},
	} {
		var stdout, stderr output.Buffer
		code := doctor.Command{
			Products: products(), Version: "1.2.3", Getenv: func(name string) string { return c.env[name] },
			Stdout: &stdout, Stderr: &stderr, Journal: t.TempDir(), Timing: testTiming,
		}.Run(t.Context(), c.args)
		out := stdout.String() + stderr.String()
		if code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%v: exit code %d, and says %q, want %d and %q", c.args, code, out, c.code, c.says)
		}
		if strings.Contains(out, "of-a-test") {
			t.Errorf("%v: the output shows a key: %s", c.args, out)
		}
	}
}

// Where the workspace cannot be read, nothing can be found out, and the error says
// what helps.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		fault      mockservice.Fault
	}{
		{"a wrong key", "wrong or has expired", mockservice.Fault{Kind: mockservice.FaultStatus, Status: 401}},
		{"no right", "may not read this workspace", mockservice.Fault{Kind: mockservice.FaultStatus, Status: 403}},
		{"no such workspace", "there is no such workspace", mockservice.Fault{Kind: mockservice.FaultStatus, Status: 404}},
		{"a gateway's 404", "check the endpoint", mockservice.Fault{Kind: mockservice.FaultBody, Body: "default backend - 404"}},
		{"a web page", "check the endpoint", mockservice.Fault{Kind: mockservice.FaultHTML, Status: 200}},
		{"no answer", "was lost", mockservice.Fault{Kind: mockservice.FaultReset}},
		{"no end", "more than is accepted", mockservice.Fault{Kind: mockservice.FaultEndless}},
		{"a failure", "answered 500", mockservice.Fault{Kind: mockservice.FaultStatus, Status: 500}},
	} {
		for product := range writes {
			t.Run(product+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, product)
				fault := c.fault
				fault.Product = product
				w.Must(w.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{fault}}))
				got := w.doctor()
				if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, c.says) {
					t.Errorf("exit code %d, and says %q %q", got.code, got.stdout, got.stderr)
				}
			})
		}
	}
}

// The table has one line for each assumption, the JSON the documented fields.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, p := range products() {
		w := newWorld(t, p.Name)
		table := w.doctor()
		for _, a := range p.Assumptions {
			n := 0
			for l := range strings.Lines(table.stdout) {
				cells := strings.Split(l, "|")
				if len(cells) != 7 || strings.Join(strings.Fields(cells[1]), " ") != fmt.Sprint(p.Name, " ", a.Number) {
					continue
				}
				n++
				if strings.TrimSpace(cells[2]) != a.Text || strings.TrimSpace(cells[5]) != a.Consequence {
					t.Errorf("the line of %s %d is %s", p.Name, a.Number, l)
				}
			}
			if n != 1 {
				t.Errorf("%s %d has %d lines:\n%s", p.Name, a.Number, n, table.stdout)
			}
		}
		switches := map[string]string{"blink": "blink.listing=no_owners", "blazemeter": "blazemeter.order=page"}
		name, value, _ := strings.Cut(switches[p.Name], "=")
		w.Must(w.SetSwitch(name, value))
		numbers := map[string]string{"blink": "1 do not hold (blink 18), ", "blazemeter": "1 do not hold (blazemeter 19), "}
		if got := w.doctor(); !strings.Contains(got.stdout, numbers[p.Name]) {
			t.Errorf("the table does not name what does not hold:\n%s", got.stdout)
		}
		var report map[string]any
		if err := json.Unmarshal([]byte(w.doctor("-json").stdout), &report); err != nil {
			t.Fatal(err)
		}
		want := []string{"counts", "endpoint", "format", "lines", "mode", "product", "version"}
		if got := slices.Sorted(maps.Keys(report)); !slices.Equal(got, want) {
			t.Errorf("the report has the fields %v, want %v", got, want)
		}
	}
}
