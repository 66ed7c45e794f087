package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/test/output"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs the command until it is stopped, or the test ends. code gives its exit code.
func start(t *testing.T, args []string, stdout, stderr io.Writer) (stop context.CancelFunc, code <-chan int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, args, stdout, stderr) }()
	return stop, ended
}

func TestServesUntilItIsStopped(t *testing.T) {
	envFile := filepath.Join(t.TempDir(), "env")
	var stdout, stderr output.Buffer
	stop, code := start(t, []string{
		"-env-file", envFile, "-log", "-check-wire", "-latency", "1ms",
		"-fault", "kind=status,status=503,times=1", "-behaviour", "blink.role_case=capitalised",
	}, &stdout, &stderr)
	var text []byte
	for deadline := time.Now().Add(10 * time.Second); len(text) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not listen: %s", &stderr)
		}
		text, _ = os.ReadFile(envFile) // not there yet is fine
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		env[name] = strings.Trim(value, "'")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func() int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, env["BLINK_ENDPOINT"]+"/user", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("BLINK-API-KEY", env["BLINK_API_KEY"])
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if first, second := get(), get(); first != 503 || second != 200 {
		t.Errorf("statuses %d and %d", first, second)
	}
	stop()
	select {
	case got := <-code:
		if got != exitOK {
			t.Errorf("exit code %d: %s", got, &stderr)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not stop")
	}
	if stdout.String() != string(text) {
		t.Errorf("printed %q, the file had %q", &stdout, text)
	}
	if _, err := os.Stat(envFile); !os.IsNotExist(err) {
		t.Errorf("the file with the environment lines is still there: %v", err)
	}
	for _, want := range []string{"GET /api/v1/user -> 503", "GET /api/v1/user -> 200", "2 requests, 0 writes", "fault seed 0"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &stderr)
		}
	}
}

// What an earlier service left is gone before anything can fail, so that a script
// which waits for the file does not take it for this service's.
func TestAnOldEnvironmentFileIsRemoved(t *testing.T) {
	envFile := filepath.Join(t.TempDir(), "env")
	for name, args := range map[string][]string{
		"a seed that is not there": {"-seed", filepath.Join(t.TempDir(), "none")},
		"an address that is none":  {"-listen", "127.0.0.1:99999"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(envFile, []byte("export BLINK_ENDPOINT='http://127.0.0.1:1'\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr output.Buffer
			if code := run(t.Context(), append(args, "-env-file", envFile), &stdout, &stderr); code != exitFailed {
				t.Fatalf("exit code %d: %s", code, &stderr)
			}
			if _, err := os.Stat(envFile); !os.IsNotExist(err) {
				t.Errorf("the old file is still there: %v", err)
			}
		})
	}
}

// A service that ends leaves the file of the one that has followed it.
func TestAnotherServicesEnvironmentFileStays(t *testing.T) {
	envFile := filepath.Join(t.TempDir(), "env")
	var stdout, stderr output.Buffer
	stop, code := start(t, []string{"-env-file", envFile}, &stdout, &stderr)
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(stderr.String(), "stop with Ctrl-C"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not listen: %s", &stderr)
		}
	}
	if err := os.WriteFile(envFile, []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d: %s", got, &stderr)
	}
	if text, err := os.ReadFile(envFile); err != nil || string(text) != "another's" {
		t.Errorf("the file has %q: %v", text, err)
	}
}

func TestFlags(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	badSeed := file("bad.json", "{\n\"blink\": {\"usres\": []}}")
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"help":         {[]string{"-help"}, exitOK, "/_mock/audit"},
		"unknown flag": {[]string{"-nope"}, exitUsage, "-nope"},
		"argument":     {[]string{"nope"}, exitUsage, `"nope" is no flag`},
		"anywhere":     {[]string{"-listen", "0.0.0.0:0"}, exitUsage, "-listen-anywhere"},
		"no port":      {[]string{"-listen", "127.0.0.1"}, exitUsage, "127.0.0.1"},
		"no seed":      {[]string{"-seed", filepath.Join(dir, "none")}, exitFailed, "cannot be read"},
		"bad seed":     {[]string{"-seed", badSeed}, exitFailed, "line 2, blink.usres"},
		"no faults":    {[]string{"-faults", filepath.Join(dir, "none")}, exitUsage, "cannot be read"},
		"bad faults":   {[]string{"-faults", file("faults.json", `{"rules":[{"kind":"x"}]}`)}, exitUsage, "rules[0].kind"},
		"bad fault":    {[]string{"-fault", "kind=x"}, exitUsage, "kind"},
		"bad switch":   {[]string{"-behaviour", "blink.nope=1"}, exitUsage, "no switch"},
		"bad latency":  {[]string{"-latency", "2s", "-latency-max", "1s"}, exitUsage, "latency"},
		"taken":        {[]string{"-listen", "127.0.0.1:99999"}, exitFailed, "cannot listen"},
		"no env dir":   {[]string{"-env-file", filepath.Join(dir, "none", "env")}, exitFailed, "environment lines"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr output.Buffer
			if code := run(t.Context(), c.args, &stdout, &stderr); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !strings.Contains(stderr.String(), c.want) {
				t.Errorf("%q lacks %q", &stderr, c.want)
			}
		})
	}
}

func TestPrintSeed(t *testing.T) {
	var stdout, stderr output.Buffer
	if code := run(t.Context(), []string{"-print-seed"}, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if !strings.Contains(stdout.String(), "alice@example.com") {
		t.Errorf("printed %q", &stdout)
	}
}
