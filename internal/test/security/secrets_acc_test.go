package security

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// Keys with everything in them that is written in several ways.
const (
	blinkKey  = `bK9+q="&<Zr7>_blink-key`
	blazeID   = `blaze-key-id-41`
	blazeKey  = `zK:9+q="&<Wr3>%2F_blaze-secret`
	resources = `
resource "roster_blink_workspace_role_binding" "carol" {
  workspace_id = "` + mockblink.DefaultWorkspace + `"
  entity_type  = "user"
  entity_id    = "u-carol"
  role         = "viewer"
}
resource "roster_blazemeter_workspace_user" "carol" {
  workspace_id = "` + mockblazemeter.DefaultWorkspace + `"
  user_id      = "352751"
  role         = "viewer"
}
data "roster_blink_current_user" "me" {}
data "roster_blazemeter_current_user" "me" {}
`
)

// configuration is resources and, for every other product, each resource of it
// and whose the key is.
func configuration(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	out.WriteString(resources)
	p := protocol.Start(t, nil)
	for _, product := range provider.Products() {
		if strings.Contains(resources, "\"roster_"+product.Name+"_") {
			continue
		}
		for _, typ := range protocol.Of(product.Name, p.Schemas().ResourceSchemas) {
			fmt.Fprintf(&out, "resource %q \"sample\" {\n", typ)
			for name, value := range p.Sample(typ) {
				text, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, "  %s = jsondecode(%q)\n", name, text)
			}
			out.WriteString("}\n")
		}
		if me := "roster_" + product.Name + "_current_user"; p.Schemas().DataSourceSchemas[me] != nil {
			fmt.Fprintf(&out, "data %q \"me\" {}\n", me)
		}
	}
	return out.String()
}

// secrets are the credentials that a service with this environment takes.
func secrets(env []string) []string {
	out := []string{blinkKey, blazeKey, blazeID + ":" + blazeKey}
	values := variables(env)
	for _, product := range provider.Products() {
		for _, s := range product.Settings {
			if s.Sensitive && !slices.Contains(out, values[s.Variable]) {
				out = append(out, values[s.Variable])
			}
		}
	}
	return out
}

// spellings are the ways in which secrets could be written somewhere.
func spellings(secrets []string) map[string]string {
	all := map[string]string{}
	for _, secret := range secrets {
		all["plain "+secret] = secret
		all["query "+secret] = url.QueryEscape(secret)
		all["path "+secret] = url.PathEscape(secret)
		all["quoted "+secret] = strings.Trim(fmt.Sprintf("%q", secret), `"`)
		if text, err := json.Marshal(secret); err == nil {
			all["JSON "+secret] = strings.Trim(string(text), `"`)
		}
		for name, e := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "raw base64": base64.RawStdEncoding, "URL base64": base64.URLEncoding} {
			all[name+" "+secret] = e.EncodeToString([]byte(secret))
		}
	}
	// What is left of each when a quote or an escape cuts it.
	for _, part := range []string{"Zr7>", "_blink-key", "Wr3>", "_blaze-secret", `Zr7\u003e`, `Wr3\u003e`} {
		all["part "+part] = part
	}
	return all
}

// watch is terraform whose every word and file is searched for secrets.
type watch struct {
	*acctest.CLI
	t         *testing.T
	svc       *mockservice.Running
	logs      string
	resources string
	spellings map[string]string
}

// guarded is a service whose keys are the secrets.
func guarded(t *testing.T) *mockservice.Running {
	t.Helper()
	seed, err := mockservice.DefaultSeed()
	if err != nil {
		t.Fatal(err)
	}
	mockblink.SeedOf(&seed).Keys = []mockblink.Key{{Key: blinkKey, User: "u-terraform"}}
	mockblazemeter.SeedOf(&seed).Keys = mockblazemeter.SeedOf(&seed).Keys[:1]
	mockblazemeter.SeedOf(&seed).Keys[0].ID, mockblazemeter.SeedOf(&seed).Keys[0].Secret = blazeID, blazeKey
	return mockservice.StartTest(t, seed, mockservice.WithWireCheck(false))
}

// Every secret of every product is looked for, in runs that use the product.
func TestEverySecretIsLookedFor(t *testing.T) {
	env := variables(guarded(t).Env())
	looked := slices.Collect(maps.Values(spellings(secrets(guarded(t).Env()))))
	used := configuration(t)
	for _, product := range provider.Products() {
		for _, s := range product.Settings {
			if s.Sensitive && (len(env[s.Variable]) < 8 || !slices.Contains(looked, env[s.Variable])) {
				t.Errorf("nothing looks for the secret in %s", s.Variable)
			}
		}
		if !strings.Contains(used, "resource \"roster_"+product.Name+"_") {
			t.Errorf("the runs use no resource of %s", product.Title)
		}
		if len(product.DataSources) > 0 && !strings.Contains(used, "data \"roster_"+product.Name+"_") {
			t.Errorf("the runs use no data source of %s", product.Title)
		}
	}
}

// variables gives an environment by name.
func variables(env []string) map[string]string {
	out := map[string]string{}
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		out[name] = value
	}
	return out
}

func newWatch(t *testing.T) *watch {
	t.Helper()
	acctest.Needed(t)
	svc := guarded(t)
	w := &watch{CLI: acctest.New(t, svc.Env()), t: t, svc: svc, resources: configuration(t), spellings: spellings(secrets(svc.Env()))}
	w.logs = filepath.Join(w.Dir, "terraform.log")
	w.Env = append(w.Env, "TF_LOG_PATH="+w.logs, "TF_LOG=TRACE")
	return w
}

// run runs terraform and looks at what it printed.
func (w *watch) run(args ...string) acctest.Result {
	w.t.Helper()
	r := w.Run(args...)
	w.search("the output of terraform "+strings.Join(args, " "), r.Stdout+r.Stderr)
	return r
}

func (w *watch) search(where, text string) {
	w.t.Helper()
	for how, secret := range w.spellings {
		if i := strings.Index(text, secret); i >= 0 {
			w.t.Errorf("%s: the secret shows (%s): ...%s...", where, how, text[max(0, i-200):min(len(text), i+100)])
			return
		}
	}
}

// everything searches every file that was written: logs, plans, states.
func (w *watch) everything(skip string) {
	w.t.Helper()
	n := 0
	err := filepath.WalkDir(w.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == skip {
			return err
		}
		text, err := os.ReadFile(path)
		w.search(path, string(text))
		n++
		return err
	})
	if err != nil || n < 2 {
		w.t.Fatalf("%d files were searched: %v", n, err)
	}
}

func (w *watch) log() string {
	w.t.Helper()
	text, err := os.ReadFile(w.logs)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// Secrets are in no log at any level, no error, no plan and no state, whether
// they come from the environment or from the provider block.
func TestAccSecretsShowNowhere(t *testing.T) {
	t.Run("from the environment", func(t *testing.T) {
		w := newWatch(t)
		w.Write("main.tf", w.resources)
		for _, args := range [][]string{{"plan", "-no-color", "-out=saved.plan"}, {"show", "-json", "saved.plan"}, {"apply", "-no-color", "saved.plan"}, {"show", "-json"}} {
			if r := w.run(args...); r.Code != 0 {
				t.Fatalf("terraform %v: %s%s", args, r.Stdout, r.Stderr)
			}
		}
		// The search would find what is there to be found.
		for _, there := range []string{"Blink request in full", "BlazeMeter request in full", "Authorization: ***", "Changed an access"} {
			if !strings.Contains(w.log(), there) {
				t.Errorf("%q is not in the log", there)
			}
		}
		if !strings.Contains(w.log(), "***") {
			t.Error("nothing is masked in the log")
		}
		w.everything("")
		w.Env = append(w.Env, "TF_LOG=JSON")
		w.run("plan", "-no-color", "-refresh-only")
		w.everything("")
	})
	t.Run("from the provider block", func(t *testing.T) {
		w := newWatch(t)
		env := variables(w.svc.Env())
		var inputs, blocks strings.Builder
		for _, product := range provider.Products() {
			fmt.Fprintf(&blocks, "  %s = {\n", product.Name)
			for _, s := range product.Settings {
				name := strings.ToLower(s.Variable)
				fmt.Fprintf(&inputs, "variable %q {\n  sensitive = %t\n}\n", name, s.Sensitive)
				fmt.Fprintf(&blocks, "    %s = var.%s\n", s.Attribute, name)
				w.Env = append(w.Env, s.Variable+"=", "TF_VAR_"+name+"="+env[s.Variable])
			}
			blocks.WriteString("  }\n")
		}
		w.Write("main.tf", inputs.String()+"provider \"roster\" {\n"+blocks.String()+"}\n"+w.resources)
		if r := w.run("apply", "-auto-approve", "-no-color"); r.Code != 0 {
			t.Fatalf("%s%s", r.Stdout, r.Stderr)
		}
		w.everything("")
	})
	t.Run("in errors", func(t *testing.T) {
		w := newWatch(t)
		w.Write("main.tf", "provider \"roster\" {\n  http = { max_retries = 0, request_timeout = \"2s\" }\n}\n"+w.resources)
		for _, fault := range []mockservice.Fault{
			{Kind: mockservice.FaultStatus, Status: 401},
			{Kind: mockservice.FaultHTML, Status: 502},
			{Kind: mockservice.FaultReset},
			{Kind: mockservice.FaultRedirect, Product: mockblink.Name, Location: "http://example.com/" + url.PathEscape(blinkKey)},
			{Kind: mockservice.FaultLost, Method: "POST"},
		} {
			w.svc.Must(w.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{fault}}))
			if r := w.run("apply", "-auto-approve", "-no-color"); r.Code == 0 && fault.Method == "" {
				t.Errorf("%s: no error", fault.Kind)
			}
		}
		w.svc.Must(w.svc.SetFaults(mockservice.Faults{}))
		env := w.Env
		w.Env = append(slices.Clip(w.Env), "BLINK_API_KEY="+blinkKey+"\nX-Smuggled: yes", "BLAZEMETER_API_KEY_SECRET="+blazeKey+"-wrong")
		if r := w.run("plan", "-no-color"); r.Code == 0 {
			t.Error("wrong keys: no error")
		}
		w.Env = env
		w.everything("")
	})
}

// One line in the log for each write and each pause, with all that it takes to
// find out later who changed what.
func TestAccTheLogTellsOfEveryWrite(t *testing.T) {
	w := newWatch(t)
	w.Env = append(w.Env, "TF_LOG=JSON")
	w.Write("main.tf", w.resources)
	w.svc.Must(w.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{
		{Kind: mockservice.FaultLost, Product: mockblink.Name, Call: "assign", Times: 1},
		{Kind: mockservice.FaultStatus, Status: 429, RetryAfter: "1", Product: mockblazemeter.Name, Call: "add_users", Times: 1},
	}}))
	if r := w.run("apply", "-auto-approve", "-no-color"); r.Code != 0 {
		t.Fatalf("%s%s", r.Stdout, r.Stderr)
	}
	if n := len(w.svc.Writes()); n != len(provider.Products()) {
		t.Fatalf("%d writes: %+v", n, w.svc.Writes())
	}
	writes, pauses := map[string]map[string]any{}, 0
	for line := range strings.SplitSeq(w.log(), "\n") {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) != nil {
			continue
		}
		message, _ := fields["@message"].(string)
		switch {
		case strings.Contains(message, "hanged an access"):
			if fields["@level"] != "info" {
				t.Errorf("the level is %v", fields["@level"])
			}
			product, _ := fields["product"].(string)
			if writes[product] != nil {
				t.Errorf("a second line about %s: %s", product, line)
			}
			writes[product] = fields
		case strings.Contains(message, "asked to slow down"):
			pauses++
			if fields["@level"] != "warn" || fields["product"] != "BlazeMeter" || fields["seconds"] == nil {
				t.Errorf("%s", line)
			}
		}
	}
	if pauses != 1 {
		t.Errorf("%d lines about one pause", pauses)
	}
	for _, p := range provider.Products() {
		product, sample := p.Title, mockservice.SampleOf(p.Name)
		want := map[string]any{"workspace": sample.Workspace, "principal": "user/" + sample.Stranger, "from": "nothing", "to": sample.Role}
		got := writes[product]
		if got == nil {
			t.Errorf("no line about the write to %s", product)
			continue
		}
		for name, v := range want {
			if got[name] != v {
				t.Errorf("%s: %s is %v, want %v", product, name, got[name], v)
			}
		}
		if _, ok := got["ms"].(float64); !ok {
			t.Errorf("%s: no milliseconds: %v", product, got)
		}
		if id, ok := got["request_id"].(string); !ok || id == "" && product == "BlazeMeter" {
			t.Errorf("%s: the request id is %v", product, got["request_id"])
		}
	}
}
