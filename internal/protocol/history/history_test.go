package history

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nobody is more than any process id.
const nobody = 1 << 30

// terraform is one run of Terraform: each of its walks is a process of its own.
type terraform struct {
	t   *testing.T
	dir string
	pid int
	// processes are those that it has started.
	processes int
}

func newTerraform(t *testing.T, dir string, pid int) *terraform {
	t.Helper()
	return &terraform{t: t, dir: dir, pid: pid}
}

func (tf *terraform) process() *History {
	tf.t.Helper()
	tf.processes++
	h := Of(tf.dir, strconv.Itoa(tf.pid), nobody+1000*tf.pid+tf.processes)
	tf.t.Cleanup(func() { _ = h.Close() })
	return h
}

func (tf *terraform) validates() {
	tf.t.Helper()
	h := tf.process()
	h.Validated()
	h.Validated()
}

// configured starts a process for a walk that plans or applies.
func (tf *terraform) configured() *History {
	tf.t.Helper()
	h := tf.process()
	h.Configured()
	h.Validated()
	return h
}

func TestHistoryTellsAnApplyFromAPlan(t *testing.T) {
	tf := newTerraform(t, filepath.Join(t.TempDir(), "own"), 7)
	bob, eve := NewCreation("binding", []byte("bob")), NewCreation("binding", []byte("eve"))

	tf.validates()
	plan := tf.configured()
	if plan.Applies(bob) {
		t.Error("the first walk that is configured plans")
	}
	plan.Planned(bob)
	if plan.Applies(bob) {
		t.Error("what a process has planned itself says nothing")
	}
	apply := tf.configured()
	if !apply.Applies(bob) {
		t.Error("what another process of the run has planned is applied")
	}
	if apply.Applies(eve) {
		t.Error("nobody has planned this")
	}
	apply.Applied(bob)
	if tf.configured().Applies(bob) {
		t.Error("what has been applied may be planned anew")
	}
}

// What was known only after apply is another value when it is applied.
func TestHistoryOfWhatWasKnownAfterApply(t *testing.T) {
	for name, unknown := range map[string]string{
		"unknown": "\xd4\x00\x00", "not null": "\xc7\x03\x0c\x81\x01\xc2", "with a prefix": "\xd7\x0c\x82\x01\xc2\x02\xa3w-1",
	} {
		t.Run(name, func(t *testing.T) {
			tf := newTerraform(t, filepath.Join(t.TempDir(), "own"), 7)
			planned := NewCreation("binding", []byte("settings"), []byte("\x82\xa2ws"+unknown+"\xa4role\xa6viewer"))
			known := NewCreation("binding", []byte("settings"), []byte("\x82\xa2ws\xa3w-1\xa4role\xa6viewer"))
			tf.validates()
			tf.configured().Planned(planned)
			apply := tf.configured()
			if !apply.Applies(known) {
				t.Error("a creation of the type was planned, of which not everything was known")
			}
			if apply.Applies(NewCreation("set", []byte("settings"), []byte("w-1"))) {
				t.Error("none of this type was planned")
			}
			apply.Applied(known)
			if tf.configured().Applies(known) {
				t.Error("what has been applied may be planned anew")
			}
		})
	}
}

// Two configurations of the provider are planned by two processes at a time.
func TestHistoryOfAProcessThatStillPlans(t *testing.T) {
	tf := newTerraform(t, filepath.Join(t.TempDir(), "own"), 7)
	tf.validates()
	other := Of(tf.dir, strconv.Itoa(tf.pid), os.Getpid())
	t.Cleanup(func() { _ = other.Close() })
	other.Configured()
	other.Planned(NewCreation("binding", []byte("\xd4\x00\x00")))
	if tf.configured().Applies(NewCreation("binding", []byte("w-1"))) {
		t.Error("the process that has planned it is there, so that this one plans too")
	}
}

func TestHistoryOfASavedPlan(t *testing.T) {
	dir, bob := filepath.Join(t.TempDir(), "own"), NewCreation("binding", []byte("bob"))
	first := newTerraform(t, dir, 7)
	first.validates()
	first.configured().Planned(bob)
	if second := newTerraform(t, dir, 8).configured(); !second.Applies(bob) {
		t.Error("a run that validates nothing applies a plan that was saved")
	}
}

func TestHistoryOfAnEarlierRunIsDropped(t *testing.T) {
	dir, bob := filepath.Join(t.TempDir(), "own"), NewCreation("binding", []byte("bob"))
	first := newTerraform(t, dir, 7)
	first.validates()
	first.configured().Planned(bob)
	again := newTerraform(t, dir, 7)
	again.processes = 50
	again.validates()
	if again.configured().Applies(bob) {
		t.Error("the process id has been used before, and its notes are taken for this run's")
	}
}

func TestHistoryOfRunsThatEndedIsRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "own")
	newTerraform(t, dir, 7).validates()
	age := func(name string, by time.Duration) string {
		t.Helper()
		file, then := filepath.Join(dir, name), time.Now().Add(-by)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, then, then); err != nil {
			t.Fatal(err)
		}
		return file
	}
	files := map[string]bool{
		age(prefix+strconv.Itoa(nobody)+"-1", 2*keptFor): false,
		age(prefix+strconv.Itoa(nobody)+"-2", keptFor/2): true,
		age(prefix+strconv.Itoa(os.Getpid()), 2*keptFor): true,
		age("a.lock", 2*keptFor):                         true,
	}
	for _, due := range []bool{false, true} {
		if due {
			age(tidied, 2*keptFor)
		}
		newTerraform(t, dir, 10).validates()
		for file, stays := range files {
			if _, err := os.Stat(file); (err == nil) != (stays || !due) {
				t.Errorf("%s, after an hour %v: %v", filepath.Base(file), due, err)
			}
		}
	}
}

// Process ids are used again: a run is named by the start of its process as well.
func TestStartOfAProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // not known elsewhere
	}
	start := startOf(os.Getpid())
	if len(start) < 2 || start[0] != '-' || strings.Trim(start[1:], "0123456789") != "" {
		t.Errorf("this process was started at %q", start)
	}
	if parent := startOf(os.Getppid()); parent == "" || parent == start {
		t.Errorf("the process was started at %q, and its parent at %q", start, parent)
	}
	if none := startOf(-1); none != "" {
		t.Errorf("a process that is not there was started at %q", none)
	}
}

func TestHistoryThatCannotBeKeptSaysNothing(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tf := newTerraform(t, blocked, 7)
	tf.validates()
	h := tf.configured()
	h.Planned(NewCreation(""))
	if h.Applies(NewCreation("")) || tf.configured().Applies(NewCreation("")) {
		t.Error("nothing is known, and yet it says something")
	}
	var none *History
	none.Validated()
	none.Configured()
	none.Planned(NewCreation(""))
	none.Applied(NewCreation(""))
	if none.Applies(NewCreation("")) {
		t.Error("no history says something")
	}
}

func TestHistoryHasNoNames(t *testing.T) {
	tf := newTerraform(t, filepath.Join(t.TempDir(), "own"), 7)
	tf.validates()
	tf.configured().Planned(NewCreation("binding", []byte("bob@example.com")))
	raw, err := os.ReadFile(filepath.Join(tf.dir, prefix+"7"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "bob") {
		t.Errorf("a name was written: %s", raw)
	}
	if info, err := os.Stat(filepath.Join(tf.dir, prefix+"7")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if NewCreation("t", []byte("a"), []byte("b")) == NewCreation("t", []byte("ab"), nil) {
		t.Error("two creations have one name")
	}
}
