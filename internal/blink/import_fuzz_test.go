package blink

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
)

// FuzzImportID: an id that is taken names one principal, whose parts stay in
// their segments of a path, and is written again as it was read.
func FuzzImportID(f *testing.F) {
	for _, id := range []string{"w-1/user/u-1", "w/group/g", "", "/", "//", "w/user/", "/user/u", "w/robot/u", "w/user/u/more", "../user/u", "w/user/..", "w/user/a?b", "w/user/a#b", "w /user/u", "w/User/u", "w/user/\x00", "w/user/ü", "w%2fx/user/u"} {
		f.Add(id)
	}
	key := workspaceRoleBinding().Key
	f.Fuzz(func(t *testing.T, id string) {
		subject, err := key.Parse(id)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Errorf("not one readable line: %q", err)
			}
			return
		}
		if got := key.ID(subject); got != id {
			t.Errorf("%q is read, and written as %q", id, got)
		}
		for _, part := range []string{subject.Workspace, subject.Principal.ID} {
			if err := client.CheckID(part); err != nil {
				t.Errorf("%q is taken: %v", id, err)
			}
			if u, err := url.Parse("https://example.com/a/" + url.PathEscape(part) + "/z"); err != nil || u.Path != "/a/"+part+"/z" || u.RawQuery != "" {
				t.Errorf("%q leaves its segment: %v, %v", part, u, err)
			}
		}
	})
}
