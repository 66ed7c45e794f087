package membership

import (
	"net/url"
	"strings"
)

// WorkspaceKey names a workspace of an endpoint across spellings: the letter
// case of the id and of the endpoint's scheme and host, a default port and
// slashes at the end make no difference. Equal keys mean one workspace, in one
// process and between processes. It asks nobody.
func WorkspaceKey(endpoint, id string) string {
	return canonicalEndpoint(endpoint) + "\n" + strings.ToLower(id)
}

// canonicalEndpoint gives an endpoint as RFC 3986, section 6.2, normalizes it.
// A text that is no URL stays as it is.
func canonicalEndpoint(endpoint string) string {
	endpoint = strings.TrimSpace(endpoint)
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return strings.TrimRight(endpoint, "/")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch {
	case u.Scheme == "https":
		u.Host = strings.TrimSuffix(u.Host, ":443")
	case u.Scheme == "http":
		u.Host = strings.TrimSuffix(u.Host, ":80")
	}
	u.Host = strings.TrimSuffix(u.Host, ":") // an empty port is the default one
	return strings.TrimRight(u.String(), "/")
}
