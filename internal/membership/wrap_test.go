package membership

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrap(t *testing.T) {
	long := strings.Repeat("word ", 30)
	for name, in := range map[string]string{
		"a sentence":            long,
		"an item":               "  - " + long,
		"an item in a sentence": "first\n  - " + long + "\nlast",
		"letters beyond ASCII":  strings.Repeat("ärger ", 30),
	} {
		out := Wrap(in)
		if strings.Join(strings.Fields(out), " ") != strings.Join(strings.Fields(in), " ") {
			t.Errorf("%s: words were lost or moved: %q", name, out)
		}
		for line := range strings.SplitSeq(out, "\n") {
			if utf8.RuneCountInString(line) > LineWidth {
				t.Errorf("%s: a line of %d: %q", name, utf8.RuneCountInString(line), line)
			}
		}
		if Wrap(out) != out {
			t.Errorf("%s: wrapping again changes it", name)
		}
	}
	if got := Wrap("  - " + long); !strings.Contains(got, "\n    word") {
		t.Errorf("an item goes on under its text: %q", got)
	}
	for _, asIs := range []string{"", "short", "  id = \"" + strings.Repeat("a b", 40) + "\"", strings.Repeat("x", 100)} {
		if got := Wrap(asIs); got != asIs {
			t.Errorf("%q became %q", asIs, got)
		}
	}
}
