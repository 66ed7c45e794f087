package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// readAttempts is how often an answer whose JSON breaks off is asked for. The
// transport repeats what it can see to be cut; an answer that ends with its
// connection, as old proxies send it, only shows here.
const readAttempts = 3

// headBytes is how much of an answer is kept to describe it when it is no JSON.
const headBytes = 1024

// errCutShort is an answer that ended before its JSON did.
var errCutShort = errors.New("the answer was cut short")

// send is one generated call.
type send func(ctx context.Context) (*http.Response, error)

// read sends a request that changes nothing and decodes its JSON answer. decode
// may be called again after an answer that broke off.
func (c *Client) read(ctx context.Context, op string, kind callKind, call send, decode func(*json.Decoder) error) error {
	for attempt := 1; ; attempt++ {
		err := c.readOnce(ctx, op, kind, call, decode)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errCutShort) || ctx.Err() != nil || attempt == readAttempts {
			return err
		}
	}
}

func (c *Client) readOnce(ctx context.Context, op string, kind callKind, call send, decode func(*json.Decoder) error) error {
	resp, err := call(ctx)
	if err != nil {
		return c.unanswered(op, kind, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.failed(op, kind, resp)
	}
	body := &bodyReader{r: resp.Body}
	dec := json.NewDecoder(body)
	err = decode(dec)
	if err == nil {
		err = atEnd(dec)
	}
	switch {
	case err == nil:
		return nil
	case body.err != nil:
		return c.broken(op, resp, body.err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF) && len(body.head) > 0:
		return c.broken(op, resp, nil)
	case errors.Is(err, io.EOF):
		return c.malformed(op, resp, "", errors.New("it is empty"))
	default:
		return c.malformed(op, resp, string(body.head), err)
	}
}

// broken is an answer that began well and broke off.
func (c *Client) broken(op string, resp *http.Response, cause error) error {
	e := &membership.Error{Failure: membership.Passing, Op: op, Status: resp.StatusCode, RequestID: c.requestID(resp.Header), Err: errCutShort}
	if cause == nil {
		return e
	}
	if te, ok := transport.AsError(cause); ok && te.Kind == transport.TooLarge {
		e.Failure, e.Err = membership.Malformed, cause
		return e
	}
	e.Err = fmt.Errorf("%w: %w", errCutShort, cause)
	return e
}

// atEnd fails unless nothing but white space is left.
func atEnd(dec *json.Decoder) error {
	_, err := dec.Token()
	switch {
	case err == nil:
		return errors.New("more follows after the end of its JSON value")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

// bodyReader keeps the beginning of an answer, and the error that ended it.
type bodyReader struct {
	r    io.Reader
	head []byte
	err  error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if room := headBytes - len(b.head); room > 0 {
		b.head = append(b.head, p[:min(n, room)]...)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// opened consumes the delimiter that a documented object or list begins with.
func opened(dec *json.Decoder, what string, want json.Delim) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	if d, ok := tok.(json.Delim); !ok || d != want {
		return fmt.Errorf("%s is not %s", what, map[json.Delim]string{'{': "an object", '[': "a list"}[want])
	}
	return nil
}

// text gives the text that an optional field points to.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// value gives what an optional field points to.
func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}
