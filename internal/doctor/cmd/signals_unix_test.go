//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/output"
)

// binary builds the command once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "roster-doctor-test-")
	if err != nil {
		return "", err
	}
	built = folder
	name := filepath.Join(folder, "roster-doctor")
	out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return name, nil
})

// process is the built command at work.
type process struct {
	*exec.Cmd
	stdout, stderr output.Buffer
}

// start starts the built command in a process group of its own, so that it does not
// inherit that interrupts are ignored.
func (w *world) start(args ...string) *process {
	w.t.Helper()
	name, err := binary()
	if err != nil {
		w.t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(w.t.Context(), name, append([]string{w.product, "-workspace", w.workspace}, args...)...)}
	p.Env = append([]string{"HOME=" + w.journal, "XDG_CONFIG_HOME=" + w.journal}, w.Env()...)
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	// Where the note of the built command is.
	w.journal = filepath.Join(w.journal, "roster-doctor")
	return p
}

// says waits until the command has said something so often.
func (p *process) says(t *testing.T, text string, times int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for strings.Count(p.stderr.String(), text) < times {
		select {
		case <-ctx.Done():
			t.Fatalf("the command did not say %q %d times:\n%s", text, times, p.stderr.String())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-p.Process.Pid, s); err != nil {
		t.Fatal(err)
	}
}

// end gives the exit code; -1 for a command that was killed.
func (p *process) end() int {
	_ = p.Wait()
	return p.ProcessState.ExitCode()
}

// slow makes every call take a while, so that a signal comes in the middle.
func (w *world) slow() {
	w.t.Helper()
	w.Must(w.SetFaults(mockservice.Faults{Latency: mockservice.Duration(40 * time.Millisecond)}))
}

// Interrupted at any change, the command restores the user, reports what it has
// found, and ends.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for product := range writes {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			for change := 1; change <= 4; change++ {
				t.Run(product+"/"+s.String()+"/"+string(rune('0'+change)), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, product)
					w.slow()
					before := w.standing("bob")
					p := w.start(w.onUser("bob")...)
					p.says(t, "Change: ", change)
					p.signal(t, s)
					code := p.end()
					if code != 1 {
						t.Errorf("exit code %d, want 1", code)
					}
					if after := w.standing("bob"); after != before {
						t.Errorf("the user had %q before, and has %q", before, after)
					}
					if w.notes() != 0 {
						t.Errorf("a note is left")
					}
					out := p.stderr.String()
					if !strings.Contains(out, "What was changed is restored first") || !strings.Contains(out, before) || !strings.Contains(out, "as before") {
						t.Errorf("the output does not say what happens:\n%s", out)
					}
					var r struct {
						Ended    string `json:"ended"`
						Restored bool   `json:"restored"`
					}
					if err := json.Unmarshal([]byte(p.stdout.String()), &r); err != nil || r.Ended != "interrupted" || !r.Restored {
						t.Errorf("the report: %v %+v", err, r)
					}
					w.masked(run{stdout: p.stdout.String(), stderr: out})
				})
			}
		}
	}
}

// Killed at any change, the command has said which calls restore the user, and the
// next run restores first.
func TestKill(t *testing.T) {
	t.Parallel()
	for product := range writes {
		for change := 1; change <= 4; change++ {
			t.Run(product+"/"+string(rune('0'+change)), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, product)
				w.slow()
				before := w.standing("bob")
				p := w.start(w.onUser("bob")...)
				p.says(t, "Change: ", change)
				p.signal(t, syscall.SIGKILL)
				if code := p.end(); code != -1 {
					t.Fatalf("exit code %d before it was killed", code)
				}
				if out := p.stderr.String(); strings.Index(out, "curl -X P") > strings.Index(out, "Change: ") || !strings.Contains(out, "curl -X P") {
					t.Errorf("the output does not say before the first change which calls restore the user:\n%s", out)
				}
				if w.notes() != 1 {
					t.Fatalf("%d notes are left", w.notes())
				}
				w.Must(w.SetFaults(mockservice.Faults{}))
				if r := w.doctor(); r.code != 0 || !strings.Contains(r.stderr, "was killed before it had restored user "+disposable[product]["bob"]) {
					t.Errorf("exit code %d, and the next run does not remind of it:\n%s", r.code, r.stderr)
				}
				again := w.doctor(w.onUser("bob")...)
				if after := w.standing("bob"); again.code != 0 || after != before || w.notes() != 0 {
					t.Errorf("exit code %d; the user had %q before, and has %q; %d notes\n%s", again.code, before, after, w.notes(), again.stderr)
				}
			})
		}
	}
}

// Stopped once more while it restores, the command ends at once, and the note stays.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "blink")
	w.Must(w.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultLatency, Product: "blink", Call: "assign", Delay: mockservice.Duration(5 * time.Second)}}}))
	p := w.start(w.onUser("bob")...)
	p.says(t, "Change: ", 2)
	p.signal(t, syscall.SIGINT)
	p.says(t, "To restore: ", 1)
	p.signal(t, syscall.SIGINT)
	if code := p.end(); code != -1 || w.notes() != 1 {
		t.Errorf("exit code %d, %d notes\n%s", code, w.notes(), p.stderr.String())
	}
	w.Must(w.SetFaults(mockservice.Faults{}))
	if again := w.doctor(w.onUser("bob")...); again.code != 0 || w.standing("bob") != "contributor" || w.notes() != 0 {
		t.Errorf("exit code %d, %q, %d notes\n%s", again.code, w.standing("bob"), w.notes(), again.stderr)
	}
}

// A run that was killed while the account had disabled the user is caught up, though
// such a user would not be let in.
func TestKillWhereDisablingReachesTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "blazemeter")
	w.Must(w.SetSwitch("blazemeter.enabled_scope", "account"))
	// The fourth update would give the access back.
	w.Must(w.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{
		Kind: mockservice.FaultLatency, Product: "blazemeter", Call: "update_user", After: 3, Delay: mockservice.Duration(time.Minute),
	}}}))
	p := w.start(w.onUser("bob")...)
	p.says(t, "Change: ", 5)
	p.signal(t, syscall.SIGKILL)
	if code := p.end(); code != -1 || !w.blocked("bob") {
		t.Fatalf("exit code %d, disabled in the account: %v\n%s", code, w.blocked("bob"), p.stderr.String())
	}
	w.Must(w.SetFaults(mockservice.Faults{}))
	again := w.doctor(w.onUser("bob")...)
	if again.code != 3 || w.blocked("bob") || w.standing("bob") != "tester" || w.notes() != 0 {
		t.Errorf("exit code %d, %q, disabled in the account: %v, %d notes\n%s", again.code, w.standing("bob"), w.blocked("bob"), w.notes(), again.stderr)
	}
}

// A second run on the same machine waits for nobody, and changes nobody.
func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "blink")
	w.Must(w.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultLatency, Product: "blink", Call: "remove", Delay: mockservice.Duration(2 * time.Second)}}}))
	p := w.start(w.onUser("bob")...)
	p.says(t, "Change: ", 1)
	if r := w.doctor(w.onUser("carol")...); r.code != 1 || !strings.Contains(r.stderr, "another roster-doctor") {
		t.Errorf("exit code %d, and says %q", r.code, r.stderr)
	}
	p.signal(t, syscall.SIGINT)
	if code := p.end(); code != 1 || w.standing("bob") != "contributor" || w.standing("carol") != "" {
		t.Errorf("exit code %d, bob %q, carol %q", code, w.standing("bob"), w.standing("carol"))
	}
}

// A reader of the progress that goes away does not keep the command from restoring.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "blink")
	w.slow()
	name, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	r, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, append([]string{"blink", "-workspace", payments}, w.onUser("bob")...)...)
	cmd.Env = append([]string{"HOME=" + w.journal, "XDG_CONFIG_HOME=" + w.journal}, w.Env()...)
	cmd.Stdout, cmd.Stderr = pipe, pipe
	if err := errors.Join(cmd.Start(), pipe.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code, after := cmd.ProcessState.ExitCode(), w.standing("bob"); code != 1 || after != "contributor" {
		t.Errorf("exit code %d, the user has %q", code, after)
	}
}
