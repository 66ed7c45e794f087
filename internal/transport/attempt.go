package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

var (
	errTimeout  = errors.New("the time for one attempt is over")
	errTooLarge = errors.New("the answer is too large")
)

// attempts sends the request of one call once at a time and gives the verdict
// whether to repeat it.
type attempts struct {
	*stack
	*call
}

// RoundTrip waits for its turn, sends the request and reads the whole answer.
func (a attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	a.again, a.wait, a.location = false, 0, ""
	sentBody, err := readRequest(req)
	if err != nil {
		return nil, a.fail(a.call, Invalid, err, fmt.Sprintf("the body of the request cannot be read: %v", err))
	}
	out, forbidden, err := a.prepare(req, sentBody)
	if err != nil {
		return nil, err
	}

	ctx := req.Context()
	leave, err := a.takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	if a.write != nil && !a.write.Until.IsZero() && time.Now().After(a.write.Until) {
		leave(false)
		return nil, a.fail(a.call, Stale, nil, "the request waited for too long, and was not sent")
	}
	a.attempt++
	throttled := false
	defer func() { leave(throttled) }()

	begun := time.Now()
	resp, body, sent, err := a.exchange(ctx, out)
	a.log(ctx, exchange{
		out: out, sentBody: sentBody, resp: resp, body: body, err: err,
		took: time.Since(begun), attempt: a.attempt, forbidden: forbidden,
	})
	if err != nil {
		return nil, a.judgeError(ctx, err, resp, sent)
	}
	throttled = a.judgeAnswer(ctx, resp)
	if resp.StatusCode >= http.StatusBadRequest {
		// Error texts are made from these.
		body = []byte(a.mask.Text(string(body)))
	}
	resp.Body, resp.ContentLength = bytesBody(body), int64(len(body))
	if isRedirect(resp.StatusCode) {
		// The stack knows where it may go. http.Client would go there by itself,
		// and repeat in an error what the service wrote.
		a.location = resp.Header.Get("Location")
		resp.Header.Del("Location")
	}
	return resp, nil
}

// prepare gives the request as it is sent, and the names of the headers that
// nobody may see.
func (a attempts) prepare(req *http.Request, body []byte) (*http.Request, map[string]bool, error) {
	out := req.Clone(req.Context())
	if body != nil {
		out.Body, out.ContentLength = bytesBody(body), int64(len(body))
		out.GetBody = func() (io.ReadCloser, error) { return bytesBody(body), nil }
	}
	if out.URL.User != nil || origin(out.URL) != a.origin || out.Host != "" && !strings.EqualFold(out.Host, out.URL.Host) {
		return nil, nil, a.fail(a.call, Invalid, nil, fmt.Sprintf("a request to %s://%s was not sent: this client has the credentials of %s and talks to nobody else", out.URL.Scheme, out.URL.Host, a.place))
	}
	out.Header.Set("User-Agent", a.userAgent())
	before := out.Header.Clone()
	a.options.Authenticate(out)

	forbidden := map[string]bool{
		"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true,
		"Blink-Api-Key": true, "X-Api-Key": true, "X-Auth-Token": true,
	}
	for name, values := range out.Header {
		if !slices.Equal(values, before[name]) {
			forbidden[name] = true
		}
		if slices.ContainsFunc(values, hasControl) {
			return nil, nil, a.fail(a.call, Invalid, nil, fmt.Sprintf("the header %s cannot be sent: its value contains a line break or another control character. Check the credentials for a stray line break", name))
		}
	}
	return out, forbidden, nil
}

func (a attempts) userAgent() string {
	if a.options.UserAgent == "" {
		return UserAgent("", "")
	}
	return a.options.UserAgent
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// takeTurn waits for a place among the requests in flight and for the end of a
// pause.
func (a attempts) takeTurn(ctx context.Context) (leave func(throttled bool), err error) {
	if err := ctx.Err(); err != nil {
		return nil, a.ended(a.call, err, "before the request was sent")
	}
	err = a.line.enter(ctx, rank{tried: a.attempt, read: a.request.Method == http.MethodGet})
	if err == nil {
		return a.line.leave, nil
	}
	if p, ok := errors.AsType[*outlasts](err); ok {
		return nil, a.fail(a.call, Paused, nil, fmt.Sprintf("%s at %s asked to send nothing for another %s, which is longer than this operation may take: try again later, or raise the operation's timeout",
			a.options.Product, a.place, p.wait.Round(time.Second)))
	}
	return nil, a.ended(a.call, err, "while the request waited for its turn")
}

// exchange sends the request and reads the answer, both within the time for one
// attempt. sent is false only if nothing can have reached the service.
func (a attempts) exchange(ctx context.Context, out *http.Request) (resp *http.Response, body []byte, sent bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, a.options.RequestTimeout, errTimeout)
	defer cancel()
	// From here on the transport writes by itself; later hooks may be called
	// after it has returned.
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})

	resp, err = a.base.RoundTrip(out.WithContext(ctx))
	if err == nil {
		body, err = readAnswer(resp, a.options.MaxAnswerBytes)
	}
	if err != nil && errors.Is(context.Cause(ctx), errTimeout) {
		err = errTimeout
	}
	return resp, body, resp != nil || connected.Load(), err
}

// readAnswer reads the body to its end and closes it.
func readAnswer(resp *http.Response, most int64) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength > most {
		return nil, errTooLarge
	}
	var b bytes.Buffer
	b.Grow(int(min(max(resp.ContentLength, 0), 1<<20)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(resp.Body, most+1))
	if err == nil && n > most {
		err = errTooLarge
	}
	return b.Bytes(), err
}

// judgeAnswer decides what follows an answer, and tells whether the service
// asked everybody to slow down.
func (a attempts) judgeAnswer(ctx context.Context, resp *http.Response) (throttled bool) {
	a.failure = fmt.Sprintf("HTTP %d", resp.StatusCode)
	var everybody bool
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		a.wait, everybody = a.pauseFor(a.call, resp)
		a.again = true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		// The request went through to where nobody knows what became of it.
		a.maybeSent = true
		a.wait, _ = a.pauseFor(a.call, resp)
		a.again = a.write == nil
	}
	// What cannot be repeated in time is handed on at once.
	a.again = a.again && within(ctx, a.wait)
	if !everybody {
		return false
	}
	if a.line.gate.pause(a.wait) {
		a.logPause(ctx, resp, a.wait)
	}
	// The gate knows how long to wait, and whose turn it is then.
	a.wait = 0
	return true
}

// judgeError decides what follows a lost request, and puts it into words.
func (a attempts) judgeError(ctx context.Context, err error, resp *http.Response, sent bool) *Error {
	a.maybeSent = a.maybeSent || sent
	if ctx.Err() != nil {
		return a.ended(a.call, ctx.Err(), "before "+a.options.Product+" had answered")
	}
	kind := kindOf(err)
	a.failure = a.mask.Text(err.Error())
	if kind == Connection || kind == Timeout {
		a.wait = a.options.Backoff.wait(a.attempt-1, jitter())
		a.again = !(a.write != nil && sent) && within(ctx, a.wait)
	}
	return a.fail(a.call, kind, err, a.describe(kind, err, resp, sent))
}
