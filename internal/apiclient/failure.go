package apiclient

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

var (
	// ErrNotFound is in the chain of a failure that is a 404 in the product's own
	// form: it may not be there, or not be shown to these credentials.
	ErrNotFound = errors.New("the service does not know it, or does not show it with these credentials")
	// errCutShort is an answer that ended before its JSON did.
	errCutShort = errors.New("the answer was cut short")
)

// Said is what a failure's body says.
type Said struct {
	// Own is true for the documented form of the product's own errors.
	Own bool
	// Status is like an HTTP status, and may differ from the answer's own; 0
	// where the body has none.
	Status                                  int
	Message, Details, Identifier, RequestID string
}

// NotSent is a call that was not made because its arguments cannot be sent.
func NotSent(op string, err error) *membership.Error {
	return &membership.Error{Failure: membership.Refused, Op: op, Err: err}
}

// unanswered is a call whose answer did not arrive, or not wholly. status is 0
// where not even the head of the answer did.
func unanswered(c Call, status int, err error) *membership.Error {
	e := &membership.Error{Failure: membership.Passing, Op: c.Op, Status: status, MaybeApplied: c.Writes}
	if te, ok := transport.AsError(err); ok {
		// Once the head of an answer is there, the request was received.
		e.MaybeApplied = c.Writes && (te.MaybeSent || status != 0)
		switch te.Kind {
		case transport.TooLarge, transport.Redirect:
			e.Failure = membership.Malformed
		case transport.Invalid:
			e.Failure = membership.Refused
		case transport.Stale:
			e.Failure = membership.Stale
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

// failed turns an answer with a status of failure into an error.
func (a API) failed(c Call, resp *http.Response) *membership.Error {
	// A body that breaks off is as good as none: the status has been said.
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, bodyBytes))
	said := a.Explain(raw)
	if !said.Own && said.Message == "" {
		said = a.foreign(raw)
	}
	return a.refusal(c, resp, said)
}

// refusal is an answer that says no.
func (a API) refusal(c Call, resp *http.Response, said Said) *membership.Error {
	status := decisive(resp.StatusCode, said)
	e := &membership.Error{
		Failure:      classify(status),
		Op:           c.Op,
		Status:       resp.StatusCode,
		Message:      a.oneLine(said.Message),
		Details:      a.oneLine(said.Details),
		Identifier:   a.oneLine(said.Identifier),
		RequestID:    a.oneLine(said.RequestID),
		MaybeApplied: c.Writes && mayFollowWork(status),
	}
	if e.RequestID == "" {
		e.RequestID = a.requestID(resp.Header)
	}
	if e.Details == "" && said.Status != 0 && said.Status != resp.StatusCode {
		e.Details = fmt.Sprintf("the error in the answer has the code %d", said.Status)
	}
	switch {
	case status == http.StatusNotFound && said.Own:
		e.Failure, e.Err = a.NotFound, ErrNotFound
	case status == http.StatusNotFound:
		e.Failure = membership.Malformed
		if c.Writes {
			e.Failure = membership.Unsupported
		}
		e.Details = fmt.Sprintf("this is not how %s itself says that something is not there, so nothing is concluded from it: check the endpoint, and any proxy in between", a.Product)
	}
	if e.Message == "" && e.Details == "" && e.Err == nil {
		e.Err = errors.New(unexplained(status))
	}
	return e
}

// decisive gives the status that counts: the answer's own, but for three cases.
// An error that comes with a status of success brings its own. Not being allowed
// to see something is not its absence, so the body's status explains a 404. And a
// refusal that calls itself a 404 is one (blink 2).
func decisive(status int, said Said) int {
	switch {
	case status < 300:
		return said.Status
	case !said.Own || said.Status == 0:
		return status
	case status == http.StatusNotFound:
		return said.Status
	case said.Status == http.StatusNotFound && classify(status) == membership.Refused:
		return http.StatusNotFound
	default:
		return status
	}
}

// classify says what can be concluded from a status, 404 apart.
func classify(status int) membership.Failure {
	switch {
	case status == http.StatusUnauthorized:
		return membership.Unauthorized
	case status == http.StatusForbidden:
		return membership.Forbidden
	case status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return membership.Unsupported
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500 && status < 600:
		return membership.Passing
	case status >= 300 && status < 400:
		return membership.Malformed
	default:
		return membership.Refused
	}
}

// mayFollowWork tells whether a status can come after the service has done
// something: a gateway's 5xx says nothing about what is behind it, but 429, 501
// and 503 come before any work.
func mayFollowWork(status int) bool {
	switch status {
	case http.StatusNotImplemented, http.StatusServiceUnavailable:
		return false
	default:
		return status >= 500 && status < 600 || status == http.StatusRequestTimeout
	}
}

// unexplained words a status that came without an explanation.
func unexplained(status int) string {
	if text := http.StatusText(status); text != "" {
		return "the service gave no explanation (" + text + ")"
	}
	return "the service gave no explanation"
}

// RequestIDFields are where bodies put the id of a request.
var RequestIDFields = []string{"request_id", "requestId", "trace_id", "traceId"}

// foreign reads a failure that does not have the product's own form: what stands
// in front of a service words its errors in another way.
func (a API) foreign(raw []byte) Said {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		text := a.readable(string(raw))
		if transport.LooksLikeHTML(string(raw)) {
			text = a.webPage(text)
		}
		return Said{Message: text}
	}
	var nested map[string]json.RawMessage
	if json.Unmarshal(fields["error"], &nested) == nil {
		fields["error"] = nested["message"]
	}
	said := Said{
		RequestID: FirstText(fields, RequestIDFields...),
		Message:   FirstText(fields, "message", "error", "detail", "title"),
	}
	if said.Message == "" && said.RequestID == "" && len(fields) > 0 {
		said.Message = a.readable(string(raw))
	}
	return said
}

func (a API) webPage(said string) string {
	text := fmt.Sprintf("a web page answered, not %s's API", a.Product)
	if said != "" {
		text += ": " + said
	}
	return text
}

// unreadable is an answer of success without the documented shape. Of a write it
// is not known whether it was carried out.
func (a API) unreadable(c Call, status int, requestID, begin string, err error) *membership.Error {
	e := &membership.Error{Failure: membership.Malformed, Op: c.Op, Status: status, RequestID: requestID, MaybeApplied: c.Writes}
	cut := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
	_, syntax := errors.AsType[*json.SyntaxError](err)
	switch {
	case cut && strings.TrimSpace(begin) == "":
		e.Err = errors.New("the answer is empty")
	case cut:
		e.Failure, e.Err = membership.Passing, errCutShort
	case transport.LooksLikeHTML(begin):
		e.Err = errors.New(a.oneLine(a.webPage(a.readable(begin)) + " (check the endpoint)"))
	case syntax && !strings.ContainsAny(strings.TrimSpace(begin)[:1], "{["):
		e.Err = errors.New(a.oneLine(fmt.Sprintf("the answer is not that of %s's API (check the endpoint): it begins with %q", a.Product, a.readable(begin))))
	default:
		e.Err = errors.New(a.oneLine("the answer does not have the documented shape: " + describe(err)))
	}
	return e
}

// describe words an error of encoding/json for people.
func describe(err error) string {
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
