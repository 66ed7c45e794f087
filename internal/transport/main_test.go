package transport

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/test/output"
)

func TestMain(m *testing.M) {
	if asChild() {
		return
	}
	goleak.VerifyTestMain(m)
}

const (
	testKey     = "k3y/with+odd&chars"
	testPathEnd = "/api/v1"
)

// quick are options for a server of httptest: real time, tiny waits.
func quick(endpoint string) Options {
	return Options{
		Product:        "Blink",
		Endpoint:       endpoint,
		Authenticate:   func(r *http.Request) { r.Header.Set("BLINK-API-KEY", testKey) },
		Secrets:        []string{testKey},
		UserAgent:      UserAgent("1.2.3", "1.11.4"),
		RequestTimeout: 5 * time.Second,
		MaxRetries:     3,
		Backoff:        Backoff{Base: time.Millisecond, Max: 4 * time.Millisecond},
	}
}

func mustNew(t *testing.T, o Options) *http.Client {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func request(ctx context.Context, t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, r)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// answer sends a request and reads the answer; an error ends the test.
func answer(t *testing.T, c *http.Client, req *http.Request) (int, string) {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return resp.StatusCode, readAll(t, resp)
}

func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// failure sends a request that has to fail.
func failure(t *testing.T, c *http.Client, req *http.Request) *Error {
	t.Helper()
	resp, err := c.Do(req)
	if err == nil {
		resp.Body.Close()
		t.Fatalf("%s %s: HTTP %d, want an error", req.Method, req.URL, resp.StatusCode)
	}
	e, ok := AsError(err)
	if !ok {
		t.Fatalf("%s %s: %v is no *Error", req.Method, req.URL, err)
	}
	return e
}

// logBuffer collects log lines from several goroutines.
type logBuffer struct{ output.Buffer }

// lines gives the lines of one level.
func (l *logBuffer) lines(t *testing.T, level string) []map[string]any {
	t.Helper()
	var found []map[string]any
	d := json.NewDecoder(strings.NewReader(l.String()))
	for {
		var line map[string]any
		if err := d.Decode(&line); err == io.EOF {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		if line["@level"] == level {
			found = append(found, line)
		}
	}
}

func logged(ctx context.Context) (context.Context, *logBuffer) {
	b := &logBuffer{}
	return tflogtest.RootLogger(ctx, b), b
}
