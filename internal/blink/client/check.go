package client

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// CheckID tells whether id can be the id of a workspace, user or group. Ids
// become segments of URL paths; one that a server or a proxy in between could
// take for more than one segment, or for another resource, is refused.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("the id is empty")
	case !utf8.ValidString(id):
		return fmt.Errorf("the id %q is not valid UTF-8", id)
	case id == ".":
		return errors.New(`the id "." is a path, not an id`)
	case strings.Contains(id, ".."):
		return fmt.Errorf(`the id %q contains "..", which no id does`, id)
	case strings.TrimSpace(id) != id:
		return fmt.Errorf("the id %q begins or ends with white space: remove it", id)
	}
	for _, r := range id {
		switch {
		case strings.ContainsRune(`/\?#`, r):
			return fmt.Errorf("the id %q contains %q, which no id does: give the id alone, not a path or URL", id, string(r))
		case !unicode.IsPrint(r):
			return fmt.Errorf("the id %q contains the character %U, which cannot be seen", id, r)
		}
	}
	return nil
}

// CheckRole tells whether role can be sent as the name of a role. Custom roles
// exist, and no call lists them (blink 13, 14), so almost any text may be one;
// it becomes a single, escaped segment of a URL path.
func CheckRole(role string) error {
	switch {
	case role == "":
		return errors.New("the role is empty")
	case !utf8.ValidString(role):
		return fmt.Errorf("the role %q is not valid UTF-8", role)
	case strings.TrimSpace(role) != role:
		return fmt.Errorf("the role %q begins or ends with white space: remove it", role)
	}
	for _, r := range role {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("the role %q contains the character %U, which cannot be seen", role, r)
		}
	}
	// A proxy that unescapes the path before it resolves dots would send the
	// assignment to another address.
	for segment := range strings.FieldsFuncSeq(role, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return fmt.Errorf("the role %q contains %q as a path would: no role does", role, segment)
		}
	}
	return nil
}

// checkPrincipal gives the principal's kind as the wire spells it (blink 17).
func checkPrincipal(p membership.Principal) (blinkwire.EntityType, error) {
	kind := blinkwire.EntityType(p.Kind)
	if !kind.Valid() {
		return "", fmt.Errorf("%q is neither a user nor a group", p.Kind)
	}
	return kind, CheckID(p.ID)
}
