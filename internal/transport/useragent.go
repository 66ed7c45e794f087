package transport

import "strings"

// UserAgent gives the User-Agent header of this provider. Both versions may be
// empty.
func UserAgent(version, terraformVersion string) string {
	if version == "" {
		version = "dev"
	}
	about := "+https://registry.terraform.io/providers/tf-roster/roster"
	if terraformVersion != "" {
		about = "Terraform " + printable(terraformVersion) + "; " + about
	}
	return "terraform-provider-roster/" + printable(version) + " (" + about + ")"
}

// printable replaces what has no place in a header or would end a comment.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune("()/\\;", r) {
			return '_'
		}
		return r
	}, s)
}
