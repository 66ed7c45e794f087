package apiclient

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

const (
	// readAttempts is how often an answer whose JSON breaks off is asked for. The
	// transport repeats what it can see to be cut; an answer that ends with its
	// connection, as old proxies send it, only shows here.
	readAttempts = 3
	// bodyBytes bounds what is read of a failure's body, and of what is left of a
	// success so that the connection can be used again.
	bodyBytes = 64 << 10
)

// API is one product's API.
type API struct {
	// Product is the product's name for messages: "Blink".
	Product string
	// Mask takes the credentials out of what the service wrote.
	Mask *transport.Mask
	// Explain reads the body of a failure that has the documented form of the
	// product's own errors. Of any other body it gives one that is not Own.
	Explain func(body []byte) Said
	// NotFound is what a 404 in the product's own form means.
	NotFound membership.Failure
}

// Call is one call of an API.
type Call struct {
	// Op is what is attempted, as a phrase: "read workspace w-1".
	Op string
	// Writes is true for a call that changes something.
	Writes bool
	// Send sends the request. It is called again only where Writes is false.
	Send func(context.Context) (*http.Response, error)
	// Decode reads the body of a success, and begins anew where it is called
	// again. Nil leaves the body alone.
	Decode func(*json.Decoder, *Answer) error
}

// Answer is what an answer says besides what was asked for.
type Answer struct {
	// RequestID is the service's own id of the request; empty where it gave none.
	RequestID string
	// Refused is set where an answer with a status of success says no.
	Refused *Said
}

// Do makes a call. Every error is a [*membership.Error].
func (a API) Do(ctx context.Context, c Call) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, &membership.Error{Failure: membership.Passing, Op: c.Op, Err: err}
	}
	if c.Writes {
		s := membership.SendingOf(ctx)
		w := &transport.Write{Until: s.Until, Attempts: s.Attempts}
		defer func() { s.Attempts = w.Attempts }()
		return a.once(transport.OnceOnly(ctx, w), c)
	}
	for attempt := 1; ; attempt++ {
		answer, err := a.once(ctx, c)
		if !errors.Is(err, errCutShort) || ctx.Err() != nil || attempt == readAttempts {
			return answer, err
		}
	}
}

func (a API) once(ctx context.Context, c Call) (Answer, error) {
	resp, err := c.Send(ctx)
	if err != nil {
		return Answer{}, unanswered(c, 0, err)
	}
	defer func() {
		// What is left says nothing more; reading it only saves a connection.
		_, _ = io.CopyN(io.Discard, resp.Body, bodyBytes)
		_ = resp.Body.Close()
	}()
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return Answer{}, a.failed(c, resp)
	case c.Decode == nil, c.Writes && resp.StatusCode == http.StatusNoContent:
		return Answer{RequestID: a.requestID(resp.Header)}, nil
	}
	var answer Answer
	body := &bodyReader{r: resp.Body}
	dec := json.NewDecoder(body)
	err = c.Decode(dec, &answer)
	if answer.Refused != nil {
		return answer, a.refusal(c, resp, *answer.Refused)
	}
	if err == nil {
		err = atEnd(dec)
	}
	if answer.RequestID == "" {
		answer.RequestID = a.requestID(resp.Header)
	}
	switch {
	case err == nil:
		return answer, nil
	case body.err != nil:
		e := unanswered(c, resp.StatusCode, body.err)
		e.RequestID = answer.RequestID
		if e.Failure == membership.Passing {
			e.Err = fmt.Errorf("%w: %w", errCutShort, e.Err)
		}
		return answer, e
	default:
		return answer, a.unreadable(c, resp.StatusCode, answer.RequestID, string(body.begin), err)
	}
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

// beginBytes is how much of an answer is kept to describe it by.
const beginBytes = 2 << 10

// bodyReader keeps the beginning of an answer, and the error that ended it.
type bodyReader struct {
	r     io.Reader
	begin []byte
	err   error
}

// Read passes on to the body.
func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if room := beginBytes - len(b.begin); room > 0 {
		b.begin = append(b.begin, p[:min(n, room)]...)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

func (a API) requestID(h http.Header) string { return a.oneLine(transport.RequestID(h)) }

// oneLine makes a text of the service fit for a message: one line, bounded,
// without the credentials, which are removed before the text is cut.
func (a API) oneLine(s string) string {
	const most = 1000
	return transport.OneLine(a.Mask.Text(s), most)
}

// readable makes one line of an answer that is not what was expected.
func (a API) readable(s string) string {
	const most = 200
	return transport.Readable(a.Mask.Text(s), most)
}
