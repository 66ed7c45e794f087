package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

const (
	// beginBytes is how much of an answer is kept to describe it by.
	beginBytes = 2 << 10
	// drainBytes is how much of a rest is read so that the connection can be
	// used again.
	drainBytes = 64 << 10
)

// sender sends one request.
type sender func(ctx context.Context) (*http.Response, error)

// read sends a request that changes nothing, and decodes its answer.
func (c *Client) read(ctx context.Context, op string, send sender, result func(*json.Decoder) error) (head, error) {
	return call(ctx, op, false, send, result)
}

// write sends a request that must not be carried out twice, and decodes its
// answer.
func (c *Client) write(ctx context.Context, op string, send sender, result func(*json.Decoder) error) (head, error) {
	return call(transport.OnceOnly(ctx), op, true, send, result)
}

// call sends a request and decodes its answer while it arrives. A non-null
// `error` is a failure at any status. Every error is a *membership.Error.
func call(ctx context.Context, op string, writes bool, send sender, result func(*json.Decoder) error) (head, error) {
	resp, err := send(ctx)
	if err != nil {
		return head{}, unanswered(op, writes, 0, err)
	}
	defer func() {
		// What is left says nothing more; reading it only saves a connection.
		_, _ = io.CopyN(io.Discard, resp.Body, drainBytes)
		_ = resp.Body.Close()
	}()
	switch {
	case resp.StatusCode >= 300 || resp.StatusCode < 200:
		return head{}, failedAnswer(op, writes, resp)
	case resp.StatusCode == http.StatusNoContent && writes:
		// A documented status (response_codes.htm) that promises no body.
		return head{requestID: headerRequestID(resp.Header)}, nil
	}
	body := &watchedBody{body: resp.Body}
	h, err := decodeEnvelope(json.NewDecoder(body), result)
	switch {
	case h.failure != nil:
		return h, refusal(op, writes, resp, *h.failure, h.requestID)
	case err == nil:
		h.requestID = firstOf(h.requestID, headerRequestID(resp.Header))
		return h, nil
	case body.err != nil:
		return h, unanswered(op, writes, resp.StatusCode, body.err)
	default:
		return h, malformed(op, writes, resp, string(body.begin), h, err)
	}
}

// watchedBody tells a lost connection from an answer of another shape, and
// remembers how the answer began.
type watchedBody struct {
	body  io.Reader
	begin []byte
	err   error
}

// Read passes on to the body.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if room := beginBytes - len(b.begin); room > 0 {
		b.begin = append(b.begin, p[:min(n, room)]...)
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
