package blazemeter

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// FuzzImportID: an id that is taken is two positive numbers, written again as
// they were read.
func FuzzImportID(f *testing.F) {
	for _, id := range []string{"901/5000", "", "/", "901", "901/", "/5000", "901/5000/1", "0/1", "01/5", "-1/5", "1/9223372036854775808", "1/٣", "1/ 2", "1/2\n"} {
		f.Add(id)
	}
	key := workspaceUser().Key
	f.Fuzz(func(t *testing.T, id string) {
		subject, err := key.Parse(id)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Errorf("not one readable line: %q", err)
			}
			return
		}
		if subject.Principal.Kind != roster.User || key.ID(subject) != id {
			t.Errorf("%q is read as %+v", id, subject)
		}
		for _, part := range []string{subject.Workspace, subject.Principal.ID} {
			if n, err := strconv.ParseInt(part, 10, 64); err != nil || n <= 0 || strconv.FormatInt(n, 10) != part {
				t.Errorf("%q is taken for a number: %v", part, err)
			}
		}
	})
}
