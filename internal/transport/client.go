package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/go-retryablehttp"
)

const (
	// maxHeaderBytes bounds the header of an answer.
	maxHeaderBytes = 1 << 20
	// maxRedirects is how many redirects in a row are followed.
	maxRedirects = 5
	// connectionCheck is after how much silence an HTTP/2 connection is
	// checked, and how long the check may take. Without it, the repetitions of
	// a request that timed out would go out on the same dead connection.
	connectionCheck = 15 * time.Second
)

// New gives a client whose Do does all that the package promises. Requests are
// sent to the endpoint's own scheme, host and port only; everything else is an
// [*Error] of kind [Invalid]. The error says what is wrong with the options.
func New(o Options) (*http.Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return newClient(o, baseTransport(o))
}

// baseTransport honours HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR
// as every Go program does.
func baseTransport(o Options) *http.Transport {
	base := cleanhttp.DefaultPooledTransport()
	base.MaxIdleConns = o.Limiter.size()
	base.MaxIdleConnsPerHost = base.MaxIdleConns
	base.MaxResponseHeaderBytes = maxHeaderBytes
	base.HTTP2 = &http.HTTP2Config{SendPingTimeout: connectionCheck, PingTimeout: connectionCheck}
	return base
}

// newClient puts the stack on top of a base transport. The options have their
// defaults already.
func newClient(o Options, base http.RoundTripper) (*http.Client, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, errors.New("the endpoint is not a URL")
	}
	s := &stack{
		options: o,
		origin:  origin(u),
		place:   u.Scheme + "://" + u.Host,
		base:    base,
		line:    &line{gate: gateOf(origin(u)), limiter: o.Limiter},
		mask:    NewMask(append(credentials(o, u), o.Secrets...)...),
	}
	return &http.Client{Transport: s}, nil
}

// credentials gives what Authenticate puts into a request, which is secret
// whether or not it is on a list.
func credentials(o Options, endpoint *url.URL) []string {
	r := &http.Request{Method: http.MethodGet, URL: endpoint, Header: http.Header{}}
	o.Authenticate(r)
	var found []string
	for _, values := range r.Header {
		for _, v := range values {
			found = append(found, v)
			// "Basic", "Bearer" and the like are no part of the secret.
			if _, secret, ok := strings.Cut(v, " "); ok {
				found = append(found, secret)
			}
		}
	}
	if id, secret, ok := r.BasicAuth(); ok {
		found = append(found, secret, id+":"+secret)
	}
	return found
}

// stack is the outermost of the layers: redirects, then repetitions
// (retryablehttp), then single attempts.
type stack struct {
	options Options
	origin  string // as origin gives it, to compare
	place   string // scheme and host, for people
	base    http.RoundTripper
	line    *line // this client's, before the gate of its host
	mask    *Mask
}

// call is what the layers know of one request, over all of its attempts.
type call struct {
	request   *http.Request // the caller's, without credentials
	write     *Write        // nil for what may be repeated
	before    int           // attempts in earlier calls
	attempt   int
	maybeSent bool
	failure   string // what the last attempt came to
	location  string // where the last answer redirected to

	// The last attempt's verdict, for retryablehttp.
	again bool
	wait  time.Duration
}

// RoundTrip sends a request, with redirects and repetitions.
func (s *stack) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readRequest(req)
	c := &call{request: req, write: writeOf(req.Context())}
	if c.write != nil {
		c.before, c.attempt = c.write.Attempts, c.write.Attempts
		defer func() { c.write.Attempts = c.attempt }()
	}
	if err != nil {
		return nil, s.fail(c, Invalid, err, fmt.Sprintf("the body of the request cannot be read: %v", err))
	}
	for range maxRedirects + 1 {
		resp, err := s.repeat(c, body)
		if err != nil {
			return nil, err
		}
		target, err := s.redirect(c, resp)
		if err != nil {
			return nil, err
		}
		if target == nil {
			return s.finish(c, resp), nil
		}
		next := c.request.Clone(req.Context())
		next.URL, next.Host = target, ""
		c.request = next
	}
	return nil, s.fail(c, Redirect, nil, fmt.Sprintf("%s at %s redirected more than %d times in a row: check the endpoint", s.options.Product, s.place, maxRedirects))
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (s *stack) CloseIdleConnections() {
	if b, ok := s.base.(interface{ CloseIdleConnections() }); ok {
		b.CloseIdleConnections()
	}
}

// readRequest reads the request's body, so that it can be sent again. As a
// RoundTripper has to, it closes it in any case.
func readRequest(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(req.Body)
	return b, errors.Join(err, req.Body.Close())
}

// repeat sends the request of c until it has an answer that stands.
func (s *stack) repeat(c *call, body []byte) (*http.Response, error) {
	ctx := c.request.Context()
	inner := c.request.Clone(ctx)
	inner.Body, inner.GetBody = nil, nil
	r := &retryablehttp.Request{Request: inner}
	if len(body) > 0 {
		if err := r.SetBody(body); err != nil {
			return nil, s.fail(c, Invalid, err, fmt.Sprintf("the body of the request cannot be sent: %v", err))
		}
	}
	retrier := &retryablehttp.Client{
		HTTPClient: &http.Client{Transport: attempts{s, c}},
		RetryMax:   max(0, s.options.MaxRetries-c.before),
		// The attempt's own verdict counts: it knows more than a response and
		// an error tell.
		CheckRetry: func(context.Context, *http.Response, error) (bool, error) { return c.again, nil },
		Backoff:    func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return c.wait },
		// The last answer is handed on with its status and body instead of
		// "giving up after 7 attempts".
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := retrier.Do(r)
	if err == nil {
		return resp, nil
	}
	if e, ok := AsError(err); ok {
		return nil, e
	}
	if ctx.Err() != nil {
		return nil, s.ended(c, ctx.Err(), "while waiting to repeat the request")
	}
	return nil, s.fail(c, Invalid, err, fmt.Sprintf("the request cannot be sent: %v", err))
}

// finish makes the answer fit to be handed on.
func (s *stack) finish(c *call, resp *http.Response) *http.Response {
	// What the transport sent carries the credentials; what the caller gets
	// does not.
	resp.Request = c.request
	for _, values := range resp.Header {
		for i, v := range values {
			values[i] = s.mask.Text(v)
		}
	}
	return resp
}

// pauseFor gives how long to wait after an answer that says try again later,
// and whether everybody has to.
func (s *stack) pauseFor(c *call, resp *http.Response) (d time.Duration, everybody bool) {
	asked, said := retryAfter(resp.Header, time.Now())
	wait := s.options.Backoff.wait(c.attempt-1, jitter())
	if said && asked > 0 {
		// A little more than asked for: the requests of several processes
		// should not all come back in the same instant.
		wait = asked + time.Duration(jitter()*float64(min(asked/20, 250*time.Millisecond)))
	}
	return wait, resp.StatusCode == http.StatusTooManyRequests || said && resp.StatusCode == http.StatusServiceUnavailable
}

// wait gives the n-th wait, counted from zero; random is in [0, 1).
func (b Backoff) wait(n int, random float64) time.Duration {
	d := b.Max
	if n < 32 {
		if w := b.Base << max(n, 0); w > 0 && w>>max(n, 0) == b.Base {
			d = min(w, b.Max)
		}
	}
	return d/2 + time.Duration(random*float64(d/2))
}

// within tells whether a wait ends before the context does by itself.
func within(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > d
}

// bytesBody is a body that was read already.
func bytesBody(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }

// jitter spreads waits. It decides nothing that a guess could harm.
func jitter() float64 { return rand.Float64() }
