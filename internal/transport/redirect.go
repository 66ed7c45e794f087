package transport

import (
	"fmt"
	"net/http"
	"net/url"
)

// redirect gives where an answer sends the caller on to; nil where the answer
// stands. What leaves the scheme, host and port is refused, since credentials
// and everything else that is ours would travel with it; so is a redirected
// write, since it is not known what became of it.
func (s *stack) redirect(c *call, resp *http.Response) (*url.URL, error) {
	if c.location == "" {
		return nil, nil
	}
	c.maybeSent = true
	to, err := c.request.URL.Parse(c.location)
	switch {
	case err != nil:
		return nil, s.fail(c, Redirect, nil, fmt.Sprintf("%s at %s redirected (HTTP %d) to what is not a URL: check the endpoint", s.options.Product, s.place, resp.StatusCode))
	case origin(to) != s.origin || to.User != nil:
		return nil, s.fail(c, Redirect, nil, fmt.Sprintf("%s at %s redirected (HTTP %d) to another place, %s: refused, since neither credentials nor anything else is sent there. If that is where the service really lives, set it as the endpoint",
			s.options.Product, s.place, resp.StatusCode, to.Scheme+"://"+to.Host))
	case c.request.Method != http.MethodGet:
		return nil, s.fail(c, Redirect, nil, fmt.Sprintf("%s at %s redirected a %s request (HTTP %d) to %s: not followed, since only reading can be redirected without harm. Check the endpoint",
			s.options.Product, s.place, c.request.Method, resp.StatusCode, to.EscapedPath()))
	}
	to.Fragment, to.RawFragment = "", ""
	return to, nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}
