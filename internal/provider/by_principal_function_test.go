package provider_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

type object = protocol.Object

func TestByPrincipal(t *testing.T) {
	p := protocol.Start(t, nil)
	for name, c := range map[string]struct{ given, want object }{
		"people by role": {
			object{"owner": []any{"a", "b"}, "viewer": []any{"c"}},
			object{"a": "owner", "b": "owner", "c": "viewer"},
		},
		"nobody":           {object{}, object{}},
		"an empty role":    {object{"owner": []any{"a"}, "viewer": []any{}}, object{"a": "owner"}},
		"a null role":      {object{"owner": []any{"a"}, "viewer": nil}, object{"a": "owner"}},
		"twice in one":     {object{"owner": []any{"a", "a", "A"}}, object{"a": "owner"}},
		"a role in itself": {object{"Incident Commander": []any{"x y"}}, object{"x y": "Incident Commander"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.Call("by_principal", c.given)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(any(c.want), got); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
		})
	}
	for name, c := range map[string]struct {
		given object
		says  string
	}{
		"under two roles": {
			object{"owner": []any{"a", "b", "d"}, "viewer": []any{"B", "c", "d"}, "contributor": []any{"d"}},
			"these are listed under several: b (owner, viewer); d (contributor, owner, viewer)",
		},
		"an empty id": {object{"owner": []any{"a", ""}}, `the role "owner" has an empty entry at position 2`},
		"a null id":   {object{"owner": []any{nil}}, `the role "owner" has an empty entry at position 1`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.Call("by_principal", c.given)
			if err == nil {
				t.Fatalf("it gave %v", got)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Fatalf("the error does not say %q: %s", c.says, err)
			}
		})
	}
}
