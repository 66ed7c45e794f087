//go:build unix

package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

var accCyclesFlag = flag.Int("acc-cycles", 3, "how many changes to apply with real terraform, each killed at some moment")

// folder is a configuration on disk, with real terraform beside it.
type folder struct {
	*acctest.CLI
	t   *testing.T
	rng *rand.Rand
	svc *mockservice.Running
	// members holds the configuration: by product and workspace, id to role.
	members map[string]map[string]string
	adopt   bool
}

// TestAccChaos kills terraform and the provider, both at once and at any
// moment, while faults are played, and plans and applies again from whatever
// state file is left.
func TestAccChaos(t *testing.T) {
	acctest.Needed(t)
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64() //nolint:gosec // it is printed, and repeats the run
	}
	t.Logf("make testacc RUN=TestAccChaos, with -seed=%d -acc-cycles=%d", seed, *accCyclesFlag)
	// A service that adds everybody as a viewer needs two calls, and a kill
	// between them leaves a user whose adoption a person has to decide on.
	world := newWorld(t, seed, newTally(), func(s *mockservice.Seed) {
		for _, w := range mockservice.Switches() {
			if strings.HasSuffix(w.Name, ".add_with_role") {
				if err := mockservice.SetSwitch(s, w.Name, "heed"); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	f := &folder{CLI: acctest.New(t, world.svc.Env()), t: t, rng: world.rng, svc: world.svc, members: map[string]map[string]string{}}
	for _, p := range played {
		for _, workspace := range p.inFolder() {
			f.members[p.Additive.TypeName+" "+workspace] = map[string]string{p.Person(0): p.Owner(), p.Person(1): p.Owner(), p.Person(2): p.Roles[0], p.Person(3): p.Roles[0]}
		}
	}
	// The authoritative resources are taken over as they are.
	f.adopt = true
	f.write()
	f.importWhole()
	f.Apply()
	f.Clean()
	f.adopt = false

	var killed, before, emptied int
	t.Cleanup(func() {
		if t.Failed() {
			world.dump(world.tf)
		}
	})
	for n := range *accCyclesFlag {
		f.change()
		f.write()
		world.disturb()
		writes := len(f.svc.Writes())
		world.judged = writes
		// At any moment, or in the middle of the writes.
		moment := time.After(time.Duration(f.rng.IntN(2500)) * time.Millisecond)
		if f.rng.IntN(3) > 0 {
			moment = f.written(writes + 1 + f.rng.IntN(12))
		}
		if f.kill(moment) {
			killed++
			if len(f.svc.Writes()) == writes {
				before++
			}
		}
		world.calm()
		if n == *accCyclesFlag-1 {
			// The worst moment for a kill: terraform has begun to write its state.
			if err := os.Truncate(filepath.Join(f.Dir, "terraform.tfstate"), 0); err != nil {
				t.Fatal(err)
			}
		}
		if f.stateIsGone() {
			emptied++
			f.adopt = true
			f.write()
			f.importWhole()
		}
		f.Apply("-lock=false")
		f.OK("plan", "-lock=false", "-no-color", "-detailed-exitcode")
		f.adopt = false
		for name, members := range f.members {
			for id, role := range members {
				if !f.holds(strings.Fields(name)[1], id, role) {
					t.Fatalf("%s has not %s in %s", id, role, name)
				}
			}
		}
	}
	for _, wr := range f.svc.Writes() {
		if wr.OwnersAfter < wr.OwnersBefore && wr.OwnersAfter < 1 {
			t.Errorf("a write took the last owner out: %+v", wr)
		}
	}
	t.Logf("%d of %d applies were killed, %d of them before their first write; %d left no state; %d writes, %v", killed, *accCyclesFlag, before, emptied, len(f.svc.Writes()), f.svc.Audit().Faults)
}

// inFolder are the workspaces of a product that the folder manages.
func (p product) inFolder() []string {
	if p.Whole == nil {
		return p.shared()
	}
	return append(p.shared(), p.whole())
}

// ofSeats gives the product of a key of members.
func ofSeats(name string) product {
	return played[slices.IndexFunc(played, func(p product) bool { return strings.HasPrefix(name, p.Additive.TypeName+" ") })]
}

// change makes a few changes that are legal together: the first two people
// take turns in staying owners.
func (f *folder) change() {
	names := slices.Sorted(maps.Keys(f.members))
	for _, name := range names {
		p := ofSeats(name)
		members := map[string]string{p.Person(f.rng.IntN(2)): p.Owner()}
		for n := range people {
			id := p.Person(n)
			if members[id] == "" && f.rng.IntN(2) == 0 {
				members[id] = pick(f.rng, p.Roles...)
			}
		}
		f.members[name] = members
	}
}

// write writes the configuration: one resource for each person, but for the
// workspaces that are managed as a whole.
func (f *folder) write() {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nprovider \"roster\" {\n  last_owner_guard = { handover_wait = \"2s\" }\n  http = { request_timeout = \"5s\" }\n}\n", acctest.Header)
	for _, name := range slices.Sorted(maps.Keys(f.members)) {
		_, workspace, _ := strings.Cut(name, " ")
		p := ofSeats(name)
		members := fmt.Sprintf("{ for id, role in %s : id => role }", encode(f.members[name]))
		if workspace == p.whole() {
			fmt.Fprintf(&b, "resource %q \"all\" {\n  %s = %q\n  users = %s\n}\n", p.Whole.TypeName, p.At(), workspace, members)
			continue
		}
		fmt.Fprintf(&b, "resource %q \"in-%s\" {\n  for_each = %s\n  %s = %q\n  %s\n  role = each.value\n  adopt_existing = %v\n}\n", p.Additive.TypeName, workspace, members, p.At(), workspace, p.Arguments("each.key"), f.adopt)
	}
	f.Write("main.tf", b.String())
}

func encode(members map[string]string) string {
	text, _ := json.Marshal(members) // strings always encode
	return string(text)
}

func (f *folder) importWhole() {
	for _, p := range played {
		if p.Whole != nil {
			f.OK("import", "-lock=false", "-no-color", p.wholeAddr(), p.whole())
		}
	}
}

// written gives a moment after so many writes have arrived.
func (f *folder) written(n int) <-chan time.Time {
	moment := make(chan time.Time, 1)
	extra := time.Duration(f.rng.IntN(40)) * time.Millisecond
	go func() {
		for len(f.svc.Writes()) < n {
			select {
			case <-f.t.Context().Done():
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
		time.Sleep(extra)
		moment <- time.Now()
	}()
	return moment
}

// kill begins an apply and kills terraform, and with it the provider, at the
// moment; false where it had ended by then.
func (f *folder) kill(moment <-chan time.Time) bool {
	f.t.Helper()
	cmd := f.Command(f.t.Context(), "apply", "-auto-approve", "-no-color", "-lock=false")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// What is left of the group holds the pipes no longer than this.
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }() // how it ended does not matter
	select {
	case <-done:
		return false
	case <-moment:
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		f.t.Logf("kill: %v", err)
	}
	<-done
	if f.t.Context().Err() != nil {
		f.t.Fatal(context.Cause(f.t.Context()))
	}
	return true
}

// stateIsGone tells whether the kill has left no usable state file, and takes
// away what is left of it.
func (f *folder) stateIsGone() bool {
	path := filepath.Join(f.Dir, "terraform.tfstate")
	text, err := os.ReadFile(path)
	var state struct {
		Resources []any `json:"resources"`
	}
	if err == nil && json.Unmarshal(text, &state) == nil {
		return false
	}
	for _, name := range []string{path, path + ".backup", filepath.Join(f.Dir, ".terraform.tfstate.lock.info")} {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			f.t.Fatal(err)
		}
	}
	return true
}

func (f *folder) holds(workspace, id, role string) bool {
	for _, p := range played {
		for _, m := range f.svc.Access(p.Name).Members(workspace) {
			if m.ID == id && m.Enabled && strings.EqualFold(m.Role(), role) {
				return true
			}
		}
	}
	return false
}
