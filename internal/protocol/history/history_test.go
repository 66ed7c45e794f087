package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

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
	h := Of(tf.dir, tf.pid, 1000*tf.pid+tf.processes)
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
	bob, eve := Creation([]byte("bob")), Creation([]byte("eve"))

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

func TestHistoryOfASavedPlan(t *testing.T) {
	dir, bob := filepath.Join(t.TempDir(), "own"), Creation([]byte("bob"))
	first := newTerraform(t, dir, 7)
	first.validates()
	first.configured().Planned(bob)
	if second := newTerraform(t, dir, 8).configured(); !second.Applies(bob) {
		t.Error("a run that validates nothing applies a plan that was saved")
	}
}

func TestHistoryOfAnEarlierRunIsDropped(t *testing.T) {
	dir, bob := filepath.Join(t.TempDir(), "own"), Creation([]byte("bob"))
	first := newTerraform(t, dir, 7)
	first.validates()
	first.configured().Planned(bob)
	again := newTerraform(t, dir, 7)
	again.processes = 50
	again.validates()
	if again.configured().Applies(bob) {
		t.Error("the process id has been used before, and its notes are taken for this run's")
	}

	old := filepath.Join(dir, prefix+"9")
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-2 * keptFor)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	newTerraform(t, dir, 10).validates()
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("an old file is still there: %v", err)
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
	h.Planned(Creation(nil))
	if h.Applies(Creation(nil)) || tf.configured().Applies(Creation(nil)) {
		t.Error("nothing is known, and yet it says something")
	}
	var none *History
	none.Validated()
	none.Configured()
	none.Planned("")
	none.Applied("")
	if none.Applies("") {
		t.Error("no history says something")
	}
}

func TestHistoryHasNoNames(t *testing.T) {
	tf := newTerraform(t, filepath.Join(t.TempDir(), "own"), 7)
	tf.validates()
	tf.configured().Planned(Creation([]byte("bob@example.com")))
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
	if Creation([]byte("a"), []byte("b")) == Creation([]byte("ab"), nil) {
		t.Error("two creations have one name")
	}
}
