package transport

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// mostLoggedBody is how many bytes of a body are logged at TRACE.
const mostLoggedBody = 8 << 10

// RequestID gives the service's own id of a request, from whichever of the
// usual headers it came in; empty where there is none.
func RequestID(h http.Header) string {
	for _, name := range []string{"X-Request-Id", "Request-Id", "X-Correlation-Id", "X-Amzn-Requestid", "X-Amz-Request-Id", "X-Trace-Id", "X-Amz-Cf-Id", "Cf-Ray"} {
		if v := h.Get(name); v != "" {
			return v
		}
	}
	return ""
}

// exchange is one attempt, as it is logged.
type exchange struct {
	out       *http.Request // with credentials
	sentBody  []byte
	resp      *http.Response
	body      []byte
	err       error
	took      time.Duration
	attempt   int
	forbidden map[string]bool // names of headers whose values are not shown
}

func (s *stack) log(ctx context.Context, x exchange) {
	fields := map[string]any{
		"product":      s.options.Product,
		"method":       x.out.Method,
		"path":         s.mask.Text(x.out.URL.EscapedPath()),
		"attempt":      x.attempt,
		"milliseconds": x.took.Milliseconds(),
	}
	if x.resp != nil {
		fields["status"] = x.resp.StatusCode
		if id := RequestID(x.resp.Header); id != "" {
			fields["request_id"] = s.mask.Text(id)
		}
	}
	if x.err != nil {
		fields["error"] = s.mask.Text(x.err.Error())
	}
	tflog.Debug(ctx, s.options.Product+" request", fields)

	// Masking a large body takes time, so the values are made only if the line
	// is written.
	details := map[string]any{
		"method":          x.out.Method,
		"url":             s.mask.Text(x.out.URL.String()),
		"attempt":         x.attempt,
		"request_headers": later(func() string { return s.headers(x.out.Header, x.forbidden) }),
		"request_body":    later(func() string { return s.excerpt(x.sentBody) }),
	}
	if x.resp != nil {
		header := x.resp.Header.Clone()
		details["status"] = x.resp.StatusCode
		details["response_headers"] = later(func() string { return s.headers(header, x.forbidden) })
		details["response_body"] = later(func() string { return s.excerpt(x.body) })
	}
	tflog.Trace(ctx, s.options.Product+" request in full", details)
}

func (s *stack) logPause(ctx context.Context, resp *http.Response, d time.Duration) {
	seconds := d.Round(10 * time.Millisecond).Seconds()
	tflog.Warn(ctx, fmt.Sprintf("%s asked to slow down: nothing is sent to %s for %.2f s", s.options.Product, s.place, seconds), map[string]any{
		"product":    s.options.Product,
		"endpoint":   s.place,
		"status":     resp.StatusCode,
		"seconds":    seconds,
		"request_id": s.mask.Text(RequestID(resp.Header)),
	})
}

// headers gives the headers sorted by name, without credentials.
func (s *stack) headers(h http.Header, forbidden map[string]bool) string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString("; ")
		}
		value := masked
		if !forbidden[name] {
			value = s.mask.Text(strings.Join(h[name], ", "))
		}
		b.WriteString(name + ": " + value)
	}
	return b.String()
}

// excerpt gives the beginning of a body. It is cut after masking, so that no
// secret is cut in two.
func (s *stack) excerpt(body []byte) string {
	text := maskJSON(s.mask.Text(string(body)))
	if len(text) <= mostLoggedBody {
		return strings.ToValidUTF8(text, "?")
	}
	return strings.ToValidUTF8(text[:mostLoggedBody], "?") + fmt.Sprintf("... (%d bytes in all)", len(body))
}

// later is a text that is made when it is written.
type later func() string

func (l later) String() string { return l() }

// MarshalText is what the JSON form of the log asks for.
func (l later) MarshalText() ([]byte, error) { return []byte(l()), nil }
