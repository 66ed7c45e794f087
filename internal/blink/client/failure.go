package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// errorBodyBytes bounds what is read of a failure's body.
const errorBodyBytes = 64 << 10

// plainTextRunes is how much of an answer that is no JSON a message repeats.
const plainTextRunes = 200

// plainText makes one readable line of an answer that is no JSON.
func plainText(s string) string { return transport.Readable(s, plainTextRunes) }

// callKind says what a failure of a call can mean.
type callKind int

const (
	reading   callKind = iota
	assigning          // current docs: the route is certain to exist
	adding             // older docs: the route may be gone
	removing           // withdrawn 2022 specification: the route may be gone
	searching          // the tenant's entities: 404 is the documented answer for none
)

func (k callKind) writes() bool { return k == assigning || k == adding || k == removing }

// refusedHere is a call that was not sent because its arguments cannot be.
func refusedHere(op string, err error) *membership.Error {
	return &membership.Error{Failure: membership.Refused, Op: op, Err: err}
}

// unanswered is a call without an answer.
func (c *Client) unanswered(op string, kind callKind, err error) *membership.Error {
	failure := membership.Passing
	maybeApplied := kind.writes()
	if te, ok := transport.AsError(err); ok {
		maybeApplied = maybeApplied && te.MaybeSent
		switch te.Kind {
		case transport.TooLarge, transport.Redirect:
			failure = membership.Malformed
		case transport.Invalid:
			failure = membership.Refused
		default:
		}
	}
	// http.Client's wrapper repeats method and URL, which the phrase says better.
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return &membership.Error{Failure: failure, Op: op, MaybeApplied: maybeApplied, Err: err}
}

// failed turns an answer that is no success into an error. It reads the body
// and leaves closing to the caller.
func (c *Client) failed(op string, kind callKind, resp *http.Response) *membership.Error {
	// A body that breaks off is as good as none: the status has been said.
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, errorBodyBytes))
	said := readErrorBody([]byte(c.mask(string(raw))))
	e := &membership.Error{
		Failure:    classify(kind, resp.StatusCode, said),
		Op:         op,
		Status:     resp.StatusCode,
		Message:    c.plain(said.message),
		Details:    c.plain(said.details),
		Identifier: c.plain(said.identifier),
		RequestID:  c.requestID(resp.Header),
	}
	if e.RequestID == "" {
		e.RequestID = c.plain(said.requestID)
	}
	e.MaybeApplied = kind.writes() && mayFollowWork(resp.StatusCode)
	if e.Message == "" {
		e.Err = errors.New(unexplained(resp.StatusCode))
	}
	return e
}

// mayFollowWork tells whether a status can come after the service has done
// something: a gateway's 5xx says nothing about what is behind it, but 429, 501
// and 503 come before any work.
func mayFollowWork(status int) bool {
	switch status {
	case http.StatusNotImplemented, http.StatusServiceUnavailable:
		return false
	default:
		return status >= 500 || status == http.StatusRequestTimeout
	}
}

// unexplained words a status that came without an explanation.
func unexplained(status int) string {
	text := http.StatusText(status)
	if text == "" {
		return "the service gave no explanation"
	}
	return "the service gave no explanation (" + text + ")"
}

// classify says what can be concluded from a status and what came with it.
func classify(kind callKind, status int, said errorBody) membership.Failure {
	switch {
	case status == http.StatusUnauthorized:
		return membership.Unauthorized
	case status == http.StatusForbidden:
		return membership.Forbidden
	case status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return membership.Unsupported
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500:
		return membership.Passing
	case status == http.StatusNotFound:
		return classifyNotFound(kind, said)
	case status < 200 || status >= 300 && status < 400:
		return membership.Malformed
	case said.status == http.StatusNotFound:
		return membership.Gone
	default:
		return membership.Refused
	}
}

// classifyNotFound tells "the thing is not there" from "the route is not there":
// the first may drop things from a state, the second must not.
func classifyNotFound(kind callKind, said errorBody) membership.Failure {
	switch {
	case !said.wrapped && (kind == removing || kind == adding || kind == searching):
		return membership.Unsupported
	case said.html:
		// A web page is not Blink's API; the endpoint is wrong, or a proxy answers.
		return membership.Malformed
	case said.status == http.StatusUnauthorized:
		return membership.Unauthorized
	case said.status == http.StatusForbidden:
		return membership.Forbidden
	case said.status >= 500:
		return membership.Passing
	case said.status != 0 && said.status != http.StatusNotFound:
		return membership.Refused
	default:
		return membership.Gone
	}
}

// errorBody is what could be made of a failure's body.
type errorBody struct {
	// wrapped is true for the vendor's documented form.
	wrapped bool
	// html is true for a web page.
	html                                    bool
	status                                  int
	message, details, identifier, requestID string
}

// readErrorBody reads the vendor's error wrapper as far as it is one (no field
// is certain), and anything else as text.
func readErrorBody(raw []byte) errorBody {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		text := string(raw)
		b := errorBody{html: transport.LooksLikeHTML(text), message: plainText(text)}
		if b.html {
			b.message = strings.TrimSpace("a web page answered in place of the API: " + b.message)
		}
		return b
	}
	b := errorBody{
		message:    textOf(fields["message"]),
		details:    textOf(fields["details"]),
		identifier: textOf(fields["identifier"]),
	}
	for _, name := range []string{"message", "details", "identifier", "status", "data", "user_error"} {
		if _, ok := fields[name]; ok {
			b.wrapped = true
		}
	}
	if n, err := strconv.Atoi(textOf(fields["status"])); err == nil {
		b.status = n
	}
	for _, name := range []string{"request_id", "requestId", "trace_id", "traceId"} {
		if b.requestID == "" {
			b.requestID = textOf(fields[name])
		}
	}
	if b.message == "" {
		b.message = firstText(fields["user_error"], "message", "description", "error")
	}
	if b.message == "" {
		b.message = textOf(fields["error"])
	}
	if b.message == "" && b.details == "" && len(fields) > 0 {
		b.message = plainText(string(raw))
	}
	return b
}

// textOf gives a JSON string's text and another JSON scalar as it is written;
// "" for null and what is missing.
func textOf(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return s
	}
	return string(raw)
}

// firstText gives the first of an object's fields that has a text.
func firstText(raw json.RawMessage, names ...string) string {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return ""
	}
	for _, name := range names {
		if s := textOf(fields[name]); s != "" {
			return s
		}
	}
	return ""
}

// requestIDHeaders are where services and gateways put the id of a request. The
// vendor documents none.
var requestIDHeaders = []string{"X-Request-Id", "Request-Id", "X-Correlation-Id", "X-Trace-Id", "X-Amzn-Requestid", "X-Amz-Cf-Id", "Cf-Ray"}

func (c *Client) requestID(h http.Header) string {
	for _, name := range requestIDHeaders {
		if id := h.Get(name); id != "" {
			return c.plain(id)
		}
	}
	return ""
}

// plain makes a text of the service fit for a message: one line, bounded,
// without the key.
func (c *Client) plain(s string) string { return transport.OneLine(c.mask(s), 1000) }

// mask takes the key out of a text, whole, before the text is cut.
func (c *Client) mask(s string) string {
	if c.apiKey == "" {
		return s
	}
	return strings.ReplaceAll(s, c.apiKey, "(the API key)")
}

// malformed is an answer without the documented shape.
func (c *Client) malformed(op string, resp *http.Response, head string, err error) *membership.Error {
	text := "the answer does not have the documented shape: " + describeJSON(err)
	head = c.mask(head)
	if transport.LooksLikeHTML(head) {
		text = "the answer is a web page, not Blink's API; check the endpoint"
		if said := c.plain(plainText(head)); said != "" {
			text += fmt.Sprintf(" (it begins with %q)", said)
		}
	}
	return &membership.Error{
		Failure:   membership.Malformed,
		Op:        op,
		Status:    resp.StatusCode,
		RequestID: c.requestID(resp.Header),
		Err:       errors.New(c.plain(text)),
	}
}

// describeJSON words an error of encoding/json for people.
func describeJSON(err error) string {
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := te.Field
		if field == "" {
			field = "a value"
		}
		return fmt.Sprintf("%s is of the JSON type %s", field, te.Value)
	}
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		return "it is not valid JSON (" + se.Error() + ")"
	}
	return err.Error()
}
