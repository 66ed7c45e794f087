// Package world plays random worlds against the core: an in-memory product
// whose truth is known at every moment, Terraform's calls, and whatever may
// happen in between. It knows the core through one small interface alone, and
// judges it by what users are promised.
//
// A world is drawn from its number:
//
//	go test ./internal/roster/world                                    # what the gate plays
//	go test ./internal/roster/world -run TestWorlds -worlds=100000     # a long run, on all processors
//	go test ./internal/roster/world -run TestWorlds -seed=42 -worlds=1 -tell
//	go test ./internal/roster/world -run TestWorlds -having=Sets,Partial -survey -worlds=20000
package world

import (
	"flag"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// inTheGate is how many worlds are played where nobody asks for more.
const inTheGate = 600

var (
	worlds = flag.Int("worlds", inTheGate, "how many random worlds are played")
	seed   = flag.Int("seed", 1, "the number of the first world")
	having = flag.String("having", "everything", `what may happen in them: names of features, separated by commas, or "everything"`)
	survey = flag.Bool("survey", false, "play all worlds, whatever goes wrong in some, count what does, and tell the shortest story of each kind")
	tell   = flag.Bool("tell", false, "tell the story of each world, also where nothing is wrong")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// worldOf draws a world from its number.
func worldOf(f features, n int) *world {
	return rapid.Custom(func(t *rapid.T) *world { return draw(t, f) }).Example(n)
}

// tally counts what goes wrong, by its kind.
type tally struct {
	mu    sync.Mutex
	found map[string]int
	first map[string]int
}

func (t *tally) add(kind string, n int) (first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.found[kind]++
	if t.found[kind] == 1 {
		t.first[kind] = n
	}
	return t.found[kind] == 1
}

// shrinkFor bounds the search for a shorter story.
const shrinkFor = 20 * time.Second

// Whatever is planned and applied, and whatever happens on the way: what users
// are promised holds.
func TestWorlds(t *testing.T) {
	f := featuresNamed(t, *having)
	wrong := &tally{found: map[string]int{}, first: map[string]int{}}
	began, workers := time.Now(), min(runtime.GOMAXPROCS(0), *worlds)
	t.Run("all", func(t *testing.T) {
		for k := range workers {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for n := *seed + k; n < *seed+*worlds; n += workers {
					if !playOne(t, f, n, wrong) {
						return
					}
				}
			})
		}
	})
	for _, kind := range slices.Sorted(maps.Keys(wrong.found)) {
		t.Errorf("%6d worlds, the first of them %d: %s", wrong.found[kind], wrong.first[kind], strings.TrimSpace(kind))
	}
	t.Logf("%d worlds, %.0f a second", *worlds, float64(*worlds)/time.Since(began).Seconds())
}

// playOne plays one world, and tells whether to go on.
func playOne(t *testing.T, f features, n int, all *tally) bool {
	t.Helper()
	w := worldOf(f, n)
	wrong := w.play(t, runDriver{})
	if wrong.kind == "" {
		return true
	}
	if all.add(wrong.kind, n) {
		_, wrong = w.shrink(t, runDriver{}, wrong, shrinkFor)
		t.Errorf("world %d: %s", n, wrong.text)
	}
	return *survey
}

// featuresNamed switches on the named features, or all of them.
func featuresNamed(t *testing.T, names string) features {
	t.Helper()
	if names == "everything" {
		return everything()
	}
	var f features
	for name := range strings.SplitSeq(names, ",") {
		field := reflect.ValueOf(&f).Elem().FieldByName(name)
		if !field.IsValid() {
			t.Fatalf("there is no feature %q", name)
		}
		field.SetBool(true)
	}
	return f
}
