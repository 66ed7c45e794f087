package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// CheckEndpoint tells whether raw can be the base URL of a service: an absolute
// http or https URL with a host and without user name, query and fragment.
// Plain http is for loopback addresses only (localhost, 127.0.0.0/8, ::1),
// since credentials travel with every request. The error never repeats a
// password.
func CheckEndpoint(raw string) error {
	if raw == "" {
		return errors.New("the endpoint is empty: give the base URL of the service, such as https://host/api")
	}
	if strings.TrimSpace(raw) != raw {
		return errors.New("the endpoint begins or ends with white space: remove it")
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's own text repeats the whole URL, possibly with a password.
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err
		}
		return fmt.Errorf("the endpoint is not a URL (%s): give the base URL of the service, such as https://host/api", maskUserinfo(err.Error()))
	}
	switch {
	case u.User != nil, u.Host == "" && strings.Contains(raw, "@"):
		return errors.New("the endpoint contains a user name or password: credentials have attributes of their own, remove them from the URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the endpoint %q is not an absolute http or https URL: give the base URL of the service, such as https://host/api", raw)
	case u.Opaque != "" || u.Hostname() == "":
		return fmt.Errorf("the endpoint %q names no host: give the base URL of the service, such as https://host/api", raw)
	case u.RawQuery != "" || u.ForceQuery:
		return errors.New("the endpoint contains a query (?...): give the base URL alone")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return errors.New("the endpoint contains a fragment (#...): give the base URL alone")
	}
	if strings.HasSuffix(u.Host, ":") {
		return fmt.Errorf("the endpoint %q has a colon without a port: remove it, or give the port", raw)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("the endpoint %q has the port %s: ports go from 1 to 65535", raw, p)
		}
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return fmt.Errorf("the endpoint %q would send the credentials unencrypted: use https (http is allowed for loopback addresses only)", raw)
	}
	return nil
}

// Endpoint gives the base URL that raw names: raw as [CheckEndpoint] accepts it,
// without a slash at its end. A bare host, with or without scheme, port and slash,
// gets the path that the product's API has there, such as "/api/v1"; any other
// path is taken as it is. A host without a scheme is asked by https.
func Endpoint(raw, path string) (string, error) {
	url := strings.TrimRight(raw, "/")
	err := CheckEndpoint(raw)
	if err != nil && !strings.ContainsAny(url, "/@") && CheckEndpoint("https://"+url) == nil {
		url, err = "https://"+url, nil
	}
	if err != nil {
		return "", err
	}
	if _, host, _ := strings.Cut(url, "://"); !strings.Contains(host, "/") {
		url += path
	}
	return url, nil
}

// CheckCredential tells whether a key can be sent in a header. The error never
// repeats it.
func CheckCredential(key string) error {
	if hasControl(key) {
		return errors.New("the value contains a line break or another control character, which no header can carry: check what it was read from")
	}
	return nil
}

// isLoopback tells whether a host name certainly is this machine. Names below
// "localhost" are not taken: resolvers are free to ask the network for them.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// origin is the scheme, host and port of a URL, in one spelling.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
