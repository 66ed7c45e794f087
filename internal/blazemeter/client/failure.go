package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

const (
	// errorBodyBytes bounds what is read of a failure's body.
	errorBodyBytes = 64 << 10
	// pageRunes is how much of an answer that is no JSON a message repeats.
	pageRunes = 200
	// messageRunes bounds the service's own words.
	messageRunes = 1000
)

// readable makes one line of an answer that is no JSON.
func readable(s string) string { return transport.Readable(s, pageRunes) }

// errNotFound marks a 404. By itself it never means that something is gone: it
// is not documented whether the service answers 404 or 403 for what a key
// cannot see.
var errNotFound = errors.New("the service does not know it, or does not show it to this API key")

func isNotFound(err error) bool { return errors.Is(err, errNotFound) }

// refusedHere is a call that was not sent because its arguments cannot be.
func refusedHere(op string, err error) *membership.Error {
	return &membership.Error{Failure: membership.Refused, Op: op, Err: err}
}

// unanswered is a call whose answer did not arrive, or not wholly. status is 0
// where not even the head of the answer did.
func unanswered(op string, writes bool, status int, err error) *membership.Error {
	e := &membership.Error{Failure: membership.Passing, Op: op, Status: status, MaybeApplied: writes}
	if te, ok := transport.AsError(err); ok {
		// Once the head of an answer is there, the request was received.
		e.MaybeApplied = writes && (te.MaybeSent || status != 0)
		switch te.Kind {
		case transport.TooLarge, transport.Redirect:
			e.Failure = membership.Malformed
		case transport.Invalid:
			e.Failure = membership.Refused
		default:
		}
	}
	// http.Client's wrapper repeats method and URL, which the phrase says better.
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	e.Err = err
	return e
}

// failedAnswer turns an answer with a status of failure into an error. It reads
// the body and leaves closing to the caller.
func failedAnswer(op string, writes bool, resp *http.Response) *membership.Error {
	// A body that breaks off is as good as none: the status has been said.
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, errorBodyBytes))
	said, requestID := readFailure(raw)
	return refusal(op, writes, resp, said, requestID)
}

// readFailure reads the documented envelope as far as the body is one, and
// anything else as text.
func readFailure(raw []byte) (said wireFailure, requestID string) {
	var e struct {
		Error     json.RawMessage `json:"error"`
		RequestID json.RawMessage `json:"request_id"`
		Message   json.RawMessage `json:"message"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return wireFailure{message: readable(string(raw))}, ""
	}
	requestID = transport.OneLine(textOf(e.RequestID), messageRunes)
	switch f := failureFrom(e.Error); {
	case f != nil:
		return *f, requestID
	case textOf(e.Message) != "":
		// What stands in front of the service words its errors in another way.
		return wireFailure{message: transport.OneLine(textOf(e.Message), messageRunes)}, requestID
	case requestID != "":
		return wireFailure{}, requestID
	default:
		return wireFailure{message: readable(string(raw))}, ""
	}
}

// refusal is an answer that says no: by its status, or, below 400, by the
// envelope's own code, which says what the status should have.
func refusal(op string, writes bool, resp *http.Response, said wireFailure, requestID string) *membership.Error {
	decisive := resp.StatusCode
	switch {
	case decisive < 300:
		decisive = said.code
	case decisive == http.StatusNotFound && (said.code == http.StatusUnauthorized || said.code == http.StatusForbidden):
		// Not being allowed to see something is not its absence.
		decisive = said.code
	}
	e := &membership.Error{
		Failure:   classify(decisive),
		Op:        op,
		Status:    resp.StatusCode,
		Message:   said.message,
		RequestID: firstOf(requestID, headerRequestID(resp.Header)),
		// A 5xx says nothing about what was done before it, except that 503 and
		// 429 come before anything is.
		MaybeApplied: writes && mayFollowWork(decisive),
	}
	if said.code != 0 && said.code != resp.StatusCode {
		e.Details = fmt.Sprintf("the error in the answer has the code %d", said.code)
	}
	switch {
	case decisive == http.StatusNotFound && (said.code == 0 || said.code == http.StatusNotFound):
		e.Err = errNotFound
	case e.Message == "":
		e.Err = errors.New(unexplained(decisive))
	}
	return e
}

// classify says what can be concluded from a code
// (https://help.blazemeter.com/apidocs/response_codes.htm).
func classify(code int) membership.Failure {
	switch {
	case code == http.StatusUnauthorized:
		return membership.Unauthorized
	case code == http.StatusForbidden:
		return membership.Forbidden
	case code == http.StatusMethodNotAllowed, code == http.StatusNotImplemented:
		return membership.Unsupported
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= 500 && code < 600:
		return membership.Passing
	case code >= 300 && code < 400:
		return membership.Malformed
	default:
		// 400, 402 and 409 are the documented ones; an error without a code is
		// a refusal too.
		return membership.Refused
	}
}

func mayFollowWork(code int) bool {
	switch code {
	case http.StatusNotImplemented, http.StatusServiceUnavailable:
		return false
	default:
		return code >= 500 && code < 600 || code == http.StatusRequestTimeout
	}
}

// unexplained words a status that came without an explanation.
func unexplained(code int) string {
	if text := http.StatusText(code); text != "" {
		return "the service gave no explanation (" + text + ")"
	}
	return "the service gave no explanation"
}

// malformed is an answer of success without the documented shape. Of a write it
// is not known whether it was carried out.
func malformed(op string, writes bool, resp *http.Response, begin string, h head, err error) *membership.Error {
	return &membership.Error{
		Failure:      membership.Malformed,
		Op:           op,
		Status:       resp.StatusCode,
		RequestID:    firstOf(h.requestID, headerRequestID(resp.Header)),
		MaybeApplied: writes,
		Err:          errors.New(describe(err, begin)),
	}
}

// describe words a failed decoding for people; begin is how the answer began.
func describe(err error, begin string) string {
	if errors.Is(err, errShape) {
		return err.Error()
	}
	if strings.TrimSpace(begin) == "" {
		return "the answer is empty"
	}
	text := "the answer is not the JSON that BlazeMeter's API documents"
	switch strings.TrimSpace(begin)[0] {
	case '{', '[':
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return text + ": it breaks off"
		}
		return text + ": " + transport.OneLine(err.Error(), pageRunes)
	default:
		text += " (check the endpoint)"
		if said := readable(begin); said != "" {
			text += "; it begins with: " + said
		}
		return text
	}
}

// requestIDHeaders are where gateways put the id of a request. The vendor
// documents none; its own id is in the envelope.
var requestIDHeaders = []string{"X-Request-Id", "X-Correlation-Id", "X-Trace-Id", "X-Amzn-Requestid", "Cf-Ray"}

func headerRequestID(h http.Header) string {
	for _, name := range requestIDHeaders {
		if id := h.Get(name); id != "" {
			return transport.OneLine(id, messageRunes)
		}
	}
	return ""
}

func firstOf(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
