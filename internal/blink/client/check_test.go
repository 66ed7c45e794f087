package client

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func TestCheckID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"u-1", "3f2a9b1c-8d4e-4f6a-9b2c-1d3e5f7a9b0c", "a.b", "a b", "100%", "%2F", "%2e%2e", "alice@example.com", "auth0|42", "a:b", "a;b=c", "a,b", "a+b", "ä", "日本", "a&b", "~", "'", "$"} {
		if err := CheckID(id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{"", ".", "..", "a/b", "/", "../x", "a..b", "a?b", "?", "#", "a#b", `a\b`, "a\nb", "a\x00b", "a\x7fb", " a", "a ", "a\tb", "\xff", "a\u200bb", "\u202eabc", "a\u00a0b"} {
		if err := CheckID(id); err == nil {
			t.Errorf("%q is taken", id)
		} else if strings.ContainsAny(err.Error(), "\n\x00\u202e") {
			t.Errorf("%q is not fit to be shown", err)
		}
	}
}

func TestCheckRole(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"owner", "Owner", "Incident Responder", "a/b", "50%", "what?", "C#", "日本", "..a", "a..b"} {
		if err := CheckRole(role); err != nil {
			t.Errorf("%q: %v", role, err)
		}
	}
	for _, role := range []string{"", ".", "..", "../owner", "a/../b", `a\..\b`, "a/./b", " owner", "owner ", "own\ner", "\xff", "a\x00"} {
		if err := CheckRole(role); err == nil {
			t.Errorf("%q is taken", role)
		}
	}
}

// anyText draws text with a liking for what is special in URLs.
func anyText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(
			rapid.SampledFrom([]string{"/", "%", "%2F", "%25", "..", ".", "?", "#", " ", "+", ":", ";", "&", "=", ",", "@", "ü", "日", "🙂", `\`, `"`, "'", "<", "[", "]", "{", "}", "|", "~", "*", "!", "$", "(", "role", "-"}),
			rapid.StringMatching(`[a-zA-Z0-9_-]{1,8}`),
			rapid.String(),
		), 1, 5).Draw(t, "parts"), "")
	})
}

// Whatever is allowed arrives as it was meant: each id and role as one segment
// of the path.
func TestPathRoundTrip(t *testing.T) {
	t.Parallel()
	var path string
	c, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) { path = strings.TrimPrefix(r.RequestURI, basePath) })
	id := anyText().Filter(func(s string) bool { return CheckID(s) == nil })
	role := anyText().Filter(func(s string) bool { return CheckRole(s) == nil })
	rapid.Check(t, func(rt *rapid.T) {
		ws, p, role := id.Draw(rt, "workspace"), principal(rapid.SampledFrom([]membership.Kind{membership.User, membership.Group}).Draw(rt, "kind"), id.Draw(rt, "id")), role.Draw(rt, "role")
		check := func(err error, want ...string) {
			rt.Helper()
			if err != nil {
				rt.Fatal(err)
			}
			segments := strings.Split(path, "/")[1:]
			for i, s := range segments {
				plain, err := url.PathUnescape(s)
				if err != nil {
					rt.Fatalf("%q: %v", path, err)
				}
				segments[i] = plain
			}
			if got := strings.Join(segments, "\x00"); got != strings.Join(want, "\x00") || len(segments) != len(want) {
				rt.Fatalf("%q arrived as %q, not %q", path, segments, want)
			}
		}
		_, err := c.Assign(t.Context(), ws, p, role, true)
		check(err, "workspaces", ws, string(p.Kind), p.ID, "role", role)
		_, err = c.Remove(t.Context(), ws, membership.Member{Principal: p})
		check(err, "workspaces", ws, string(p.Kind), p.ID)
		_, err = c.Add(t.Context(), ws, role, []membership.Principal{p})
		check(err, "workspaces", ws, "entities")
	})
}
