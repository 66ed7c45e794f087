package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Kind says why a request has no answer.
type Kind int

// Why a request has no answer.
const (
	// Connection: the service could not be reached, or the connection was lost.
	Connection Kind = iota
	// Timeout: an attempt took longer than Options.RequestTimeout.
	Timeout
	// Canceled: the caller's context ended. errors.Is tells context.Canceled
	// from context.DeadlineExceeded.
	Canceled
	// Paused: the service asked for a pause that would outlast the caller's deadline.
	Paused
	// Untrusted: the TLS certificate was refused, or the endpoint does not speak TLS.
	Untrusted
	// TooLarge: the answer is larger than Options.MaxAnswerBytes.
	TooLarge
	// Redirect: the service redirected to where this client does not go.
	Redirect
	// Invalid: the request itself cannot be sent; for example, it addresses
	// another host than the endpoint's.
	Invalid
	// Stale: it was not sent, or not sent again, before [Write.Until].
	Stale
)

// String gives the kind as one word.
func (k Kind) String() string {
	names := []string{"connection", "timeout", "canceled", "paused", "untrusted", "too large", "redirect", "invalid", "stale"}
	if k < 0 || int(k) >= len(names) {
		return "kind " + strconv.Itoa(int(k))
	}
	return names[k]
}

// Error is a request without an answer. Its text is a sentence without secrets
// that says what happened and what helps. [http.Client] wraps it in a
// [net/url.Error]; [AsError] finds it.
type Error struct {
	Kind Kind
	// Attempts is how often it was sent or tried to be sent.
	Attempts int
	// MaybeSent is false only when no attempt can have had an effect: nothing
	// reached the service (no connection, the name or the TLS handshake failed,
	// the context ended before), or the service answered that it did nothing
	// (429, 503).
	MaybeSent bool

	text  string
	cause error
}

// Error gives the sentence.
func (e *Error) Error() string { return e.text }

// Unwrap gives the cause, for errors.Is and errors.As. Print the Error, not the
// cause: only the Error's text is masked.
func (e *Error) Unwrap() error { return e.cause }

// AsError finds the [*Error] in what the client's Do returned.
func AsError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// fail makes an error of what became of a call.
func (s *stack) fail(c *call, kind Kind, cause error, text string) *Error {
	return &Error{Kind: kind, Attempts: c.attempt, MaybeSent: c.maybeSent, text: s.mask.Text(text), cause: cause}
}

// ended makes an error of a context that ended.
func (s *stack) ended(c *call, err error, when string) *Error {
	what := "the operation was cancelled"
	if errors.Is(err, context.DeadlineExceeded) {
		what = "the time for the operation was over"
	}
	text := what + " " + when
	if c.failure != "" {
		text += fmt.Sprintf(" (%s, the last time it came to: %s)", times(c.attempt), c.failure)
	}
	return s.fail(c, Canceled, err, text)
}

// kindOf classifies what the base transport reports.
func kindOf(err error) Kind {
	switch {
	case errors.Is(err, errTimeout):
		return Timeout
	case errors.Is(err, errTooLarge), strings.Contains(err.Error(), "response headers exceeded"), strings.Contains(err.Error(), "response header list larger"):
		return TooLarge
	case isUntrusted(err):
		return Untrusted
	}
	return Connection
}

// isUntrusted tells failures of a TLS handshake that another attempt does not
// heal from those that come from a shaky network.
func isUntrusted(err error) bool {
	if errors.Is(err, http.ErrSchemeMismatch) {
		return true
	}
	for _, target := range []any{
		new(*tls.CertificateVerificationError), new(tls.RecordHeaderError),
		new(x509.UnknownAuthorityError), new(x509.HostnameError), new(x509.CertificateInvalidError), new(x509.SystemRootsError),
	} {
		if errors.As(err, target) {
			return true
		}
	}
	return false
}

// describe puts a lost request into words.
func (a attempts) describe(kind Kind, err error, resp *http.Response, sent bool) string {
	who, where, tried := a.options.Product, a.place, times(a.attempt)
	switch kind {
	case Timeout:
		doing := "did not answer"
		if resp != nil {
			doing = "did not finish its answer"
		} else if !sent {
			doing = "could not be reached"
		}
		return fmt.Sprintf("%s at %s %s within %s (%s): if the service is just slow, raise request_timeout in the provider's http attribute", who, where, doing, a.options.RequestTimeout, tried)
	case TooLarge:
		return fmt.Sprintf("%s at %s answered with more than is accepted (%d bytes of body, %d of header): check the endpoint", who, where, a.options.MaxAnswerBytes, maxHeaderBytes)
	case Untrusted:
		return fmt.Sprintf("the connection to %s at %s is not trusted: %v. Check the endpoint; where the service has a private certificate authority, name a file with its certificate in SSL_CERT_FILE", who, where, err)
	}
	if !sent {
		return fmt.Sprintf("%s could not be reached at %s (%s): %v. Check the endpoint, the network and the proxy settings (HTTPS_PROXY, NO_PROXY)", who, where, tried, err)
	}
	return fmt.Sprintf("the connection to %s at %s was lost before the whole answer had arrived (%s): %v", who, where, tried, err)
}

func times(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return strconv.Itoa(n) + " attempts"
}
