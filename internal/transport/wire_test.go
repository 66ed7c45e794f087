package transport

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// quiet is for servers whose complaints are what a test provokes.
var quiet = log.New(io.Discard, "", 0)

// hangUp closes the connection of a request without an answer.
func hangUp(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	// No orderly end: the client gets a reset.
	_ = conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

func TestARequestIsRepeatedWhole(t *testing.T) {
	var n atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"role":"owner"}` || r.Header.Get("BLINK-API-KEY") != testKey || r.Header.Get("Content-Type") != "application/json" || r.ContentLength != 16 {
			t.Errorf("attempt %d: %q, %v", n.Load()+1, body, r.Header)
		}
		if ua := r.Header.Get("User-Agent"); !strings.HasPrefix(ua, "terraform-provider-roster/1.2.3 (Terraform 1.11.4; ") {
			t.Errorf("user agent %q", ua)
		}
		if r.Header.Get("Cookie") != "" {
			t.Errorf("cookie %q", r.Header.Get("Cookie"))
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		switch n.Add(1) {
		case 1:
			w.WriteHeader(503)
		case 2:
			hangUp(t, w)
		case 3:
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "cut")
		default:
			_, _ = io.WriteString(w, "done")
		}
	})
	c := mustNew(t, quick(s.URL))
	req := request(t.Context(), t, "PUT", s.URL+"/x", `{"role":"owner"}`)
	req.Header.Set("Content-Type", "application/json")
	if status, body := answer(t, c, req); status != 200 || body != "done" || n.Load() != 4 {
		t.Errorf("HTTP %d %q after %d attempts", status, body, n.Load())
	}
	if req.Header.Get("BLINK-API-KEY") != "" || req.Header.Get("User-Agent") != "" {
		t.Errorf("the caller's request was changed: %v", req.Header)
	}
}

func TestAWriteThatMayHaveArrivedIsNotRepeated(t *testing.T) {
	for name, serveOne := range map[string]http.HandlerFunc{
		"reset": func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); hangUp(t, w) },
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			w.WriteHeader(200)
		},
		"timeout": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					return
				}
				n.Add(1)
				serveOne(w, r)
			})
			s.Config.ErrorLog = quiet
			o := quick(s.URL)
			o.RequestTimeout = 300 * time.Millisecond
			c := mustNew(t, o)
			// On a new connection, and on one that was in use.
			for _, used := range []bool{false, true} {
				if used {
					answer(t, c, request(t.Context(), t, "GET", s.URL, ""))
				}
				n.Store(0)
				e := failure(t, c, request(OnceOnly(t.Context(), &Write{}), t, "POST", s.URL+"/x", "x"))
				if n.Load() != 1 || !e.MaybeSent || e.Attempts != 1 {
					t.Errorf("used connection %t: %d times on the wire, %q: %+v", used, n.Load(), e, e)
				}
				want := Connection
				if name == "timeout" {
					want = Timeout
				}
				if e.Kind != want {
					t.Errorf("kind %v: %v", e.Kind, e)
				}
			}
		})
	}
}

func TestAServiceThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "http://" + l.Addr().String()
	l.Close()
	c := mustNew(t, quick(endpoint))
	e := failure(t, c, request(OnceOnly(t.Context(), &Write{}), t, "POST", endpoint+"/a", "x"))
	if e.Kind != Connection || e.MaybeSent || e.Attempts != 4 {
		t.Errorf("%q: %+v", e, e)
	}
	if want := "Blink could not be reached at " + endpoint + " (4 attempts): "; !strings.HasPrefix(e.Error(), want) {
		t.Errorf("error %q does not begin with %q", e, want)
	}
}

func TestNotEvenTLS(t *testing.T) {
	var n atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) { n.Add(1) })
	s.Config.ErrorLog = quiet
	endpoint := strings.Replace(s.URL, "http:", "https:", 1)
	e := failure(t, mustNew(t, quick(endpoint)), request(OnceOnly(t.Context(), &Write{}), t, "POST", endpoint, "x"))
	if e.Kind != Untrusted || e.MaybeSent || e.Attempts != 1 || n.Load() != 0 {
		t.Errorf("%q: %+v", e, e)
	}
}

func TestAnUnknownCertificateIsNotTriedAgain(t *testing.T) {
	s, _ := tlsServer(t)
	e := failure(t, mustNew(t, quick(s.URL)), request(OnceOnly(t.Context(), &Write{}), t, "POST", s.URL, "x"))
	if e.Kind != Untrusted || e.MaybeSent || e.Attempts != 1 || !strings.Contains(e.Error(), "SSL_CERT_FILE") {
		t.Errorf("%q: %+v", e, e)
	}
}

func TestAHandshakeThatBreaksIsTriedAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	go func() {
		n := 0
		for {
			conn, err := l.Accept()
			if err != nil {
				done <- n
				return
			}
			n++
			conn.Close()
		}
	}()
	endpoint := "https://" + l.Addr().String()
	e := failure(t, mustNew(t, quick(endpoint)), request(OnceOnly(t.Context(), &Write{}), t, "POST", endpoint, "x"))
	l.Close()
	if n := <-done; n != 4 || e.Kind != Connection || e.MaybeSent || e.Attempts != 4 {
		t.Errorf("%d connections; %q: %+v", n, e, e)
	}
}

func TestHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s", r.Proto, body)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	o := quick(s.URL)
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	base := baseTransport(o)
	base.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	c, err := newClient(o, base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	if _, body := answer(t, c, request(t.Context(), t, "POST", s.URL, "hello")); body != "HTTP/2.0 hello" {
		t.Errorf("got %q", body)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	const most = 1000
	for name, test := range map[string]struct {
		serve http.HandlerFunc
		kind  Kind
		ok    bool
	}{
		"just fits": {serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", most)) }, ok: true},
		"announced": {serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", most+1)) }, kind: TooLarge},
		"in chunks": {serve: func(w http.ResponseWriter, _ *http.Request) {
			for range 2 * most {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
			}
		}, kind: TooLarge},
		"compressed": {serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 1<<20))
			z.Close()
		}, kind: TooLarge},
		"an error": {serve: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, strings.Repeat("x", most+1))
		}, kind: TooLarge},
		"headers": {serve: func(w http.ResponseWriter, _ *http.Request) {
			for i := range 40 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 64<<10))
			}
		}, kind: TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { n.Add(1); test.serve(w, r) })
			o := quick(s.URL)
			o.MaxAnswerBytes = most
			c := mustNew(t, o)
			if test.ok {
				if _, body := answer(t, c, request(t.Context(), t, "GET", s.URL, "")); len(body) != most {
					t.Errorf("%d bytes", len(body))
				}
				return
			}
			e := failure(t, c, request(t.Context(), t, "GET", s.URL, ""))
			if e.Kind != test.kind || !e.MaybeSent || n.Load() != 1 {
				t.Errorf("%v: %q: %+v after %d requests", e.Kind, e, e, n.Load())
			}
		})
	}
}

func TestASlowBodyRunsIntoTheTimeout(t *testing.T) {
	var n atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
			return
		}
		_, _ = io.WriteString(w, "quick")
	})
	o := quick(s.URL)
	o.RequestTimeout = 200 * time.Millisecond
	if _, body := answer(t, mustNew(t, o), request(t.Context(), t, "GET", s.URL, "")); body != "quick" || n.Load() != 2 {
		t.Errorf("%q after %d attempts", body, n.Load())
	}
	n.Store(0)
	o.MaxRetries = 0
	e := failure(t, mustNew(t, o), request(t.Context(), t, "GET", s.URL, ""))
	if e.Kind != Timeout || !strings.Contains(e.Error(), "did not finish its answer within 200ms") || !strings.Contains(e.Error(), "request_timeout") {
		t.Errorf("%v: %q", e.Kind, e)
	}
}

func TestCancellingWhileTheServiceWorks(t *testing.T) {
	arrived := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	e := failure(t, mustNew(t, quick(s.URL)), request(ctx, t, "PUT", s.URL, "x"))
	if e.Kind != Canceled || !e.MaybeSent || !errors.Is(e, context.Canceled) {
		t.Errorf("%v: %q: %+v", e.Kind, e, e)
	}
}

func TestTheCallersDeadlineIsNotTheServicesTimeout(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	e := failure(t, mustNew(t, quick(s.URL)), request(ctx, t, "GET", s.URL, ""))
	if e.Kind != Canceled || !errors.Is(e, context.DeadlineExceeded) || !strings.Contains(e.Error(), "the time for the operation was over") {
		t.Errorf("%v: %q: %+v", e.Kind, e, e)
	}
}

func TestRedirects(t *testing.T) {
	var strangers atomic.Int32
	stranger := serve(t, func(http.ResponseWriter, *http.Request) { strangers.Add(1) })
	var hits atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if r.Header.Get("BLINK-API-KEY") != testKey {
			t.Errorf("%s without credentials", r.URL)
		}
		switch {
		case r.URL.Path == "/end":
			_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RawQuery, r.Header.Get("Accept"))
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case r.URL.Path == "/nowhere":
			w.WriteHeader(http.StatusFound)
		default:
			w.Header().Set("Location", r.URL.Query().Get("to"))
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	c := mustNew(t, quick(s.URL))

	get := request(t.Context(), t, "GET", s.URL+"/a?to=/end%3Fq=1%23here", "")
	get.Header.Set("Accept", "application/json")
	resp, err := c.Do(get)
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, resp); body != "GET q=1 application/json" || resp.Request.URL.Path != "/end" {
		t.Errorf("within the host: %q from %s", body, resp.Request.URL)
	}
	if status, _ := answer(t, c, request(t.Context(), t, "GET", s.URL+"/nowhere", "")); status != http.StatusFound {
		t.Errorf("a redirect to nowhere gave HTTP %d", status)
	}

	host := strings.TrimPrefix(s.URL, "http://")
	for name, test := range map[string]struct {
		method, path string
		says         []string
	}{
		"another port":         {"GET", "/a?to=" + stranger.URL + "/x", []string{host, strings.TrimPrefix(stranger.URL, "http://")}},
		"another host":         {"GET", "/a?to=http://example.com/x", []string{host, "example.com"}},
		"without a scheme":     {"GET", "/a?to=//example.com/x", []string{host, "example.com"}},
		"another scheme":       {"GET", "/a?to=https://" + host + "/x", []string{"http://" + host, "https://" + host}},
		"a scheme of its own":  {"GET", "/a?to=file:///etc/passwd", []string{host, "file://"}},
		"with a user":          {"GET", "/a?to=http://root:hunter2@" + host + "/x", []string{host}},
		"not a URL":            {"GET", "/a?to=http://%25zz/x", []string{host}},
		"a loop":               {"GET", "/loop", []string{host, "more than 5 times"}},
		"a write":              {"PUT", "/a?to=/end", []string{host, "PUT", "/end"}},
		"a write to elsewhere": {"POST", "/a?to=" + stranger.URL + "/x", []string{host, strings.TrimPrefix(stranger.URL, "http://")}},
	} {
		t.Run(name, func(t *testing.T) {
			hits.Store(0)
			body := ""
			if test.method != "GET" {
				body = "x"
			}
			e := failure(t, c, request(t.Context(), t, test.method, s.URL+test.path, body))
			if e.Kind != Redirect || !e.MaybeSent {
				t.Errorf("%v: %q: %+v", e.Kind, e, e)
			}
			for _, s := range test.says {
				if !strings.Contains(e.Error(), s) {
					t.Errorf("error %q does not name %q", e, s)
				}
			}
			if strings.Contains(e.Error(), "hunter2") {
				t.Errorf("error %q shows a password", e)
			}
			if want := map[bool]int32{true: maxRedirects + 1, false: 1}[name == "a loop"]; hits.Load() != want {
				t.Errorf("%d requests, want %d", hits.Load(), want)
			}
		})
	}
	if n := strangers.Load(); n != 0 {
		t.Errorf("another host got %d requests", n)
	}
}

// A downgrade from https to http, on the very same host and port.
func TestNoDowngrade(t *testing.T) {
	var n atomic.Int32
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		http.Redirect(w, r, "http://"+r.Host+"/x", http.StatusMovedPermanently)
	}))
	t.Cleanup(s.Close)
	o, err := quick(s.URL).withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(o, s.Client().Transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	if e := failure(t, c, request(t.Context(), t, "GET", s.URL, "")); e.Kind != Redirect || n.Load() != 1 {
		t.Errorf("%v: %q after %d requests", e.Kind, e, n.Load())
	}
}

func TestWhatIsNotSentAtAll(t *testing.T) {
	var n atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) { n.Add(1) })
	stranger := serve(t, func(http.ResponseWriter, *http.Request) { n.Add(1) })
	c := mustNew(t, quick(s.URL))
	disguised := request(t.Context(), t, "GET", s.URL, "")
	disguised.Host = "example.com"
	for name, req := range map[string]*http.Request{
		"another host": request(t.Context(), t, "GET", stranger.URL, ""),
		"a user":       request(t.Context(), t, "GET", strings.Replace(s.URL, "http://", "http://root:hunter2@", 1), ""),
		"another name": disguised,
	} {
		if e := failure(t, c, req); e.Kind != Invalid || e.MaybeSent || strings.Contains(e.Error(), "hunter2") {
			t.Errorf("%s: %v: %q: %+v", name, e.Kind, e, e)
		}
	}
	o := quick(s.URL)
	o.Authenticate = func(r *http.Request) { r.Header.Set("BLINK-API-KEY", "pasted\n") }
	e := failure(t, mustNew(t, o), request(t.Context(), t, "GET", s.URL, ""))
	if e.Kind != Invalid || !strings.Contains(e.Error(), "Blink-Api-Key") || strings.Contains(e.Error(), "pasted") {
		t.Errorf("%v: %q", e.Kind, e)
	}
	broken := request(t.Context(), t, "PUT", s.URL, "")
	broken.Body = io.NopCloser(brokenReader{})
	if e := failure(t, c, broken); e.Kind != Invalid || e.MaybeSent {
		t.Errorf("a body that cannot be read: %v: %q", e.Kind, e)
	}
	if n.Load() != 0 {
		t.Errorf("%d requests were sent", n.Load())
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	var conns atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/403" {
			w.WriteHeader(403)
		}
		_, _ = io.WriteString(w, "x")
	}))
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := mustNew(t, quick(s.URL))
	for _, path := range []string{"/a", "/403", "/b", "/403", "/c"} {
		answer(t, c, request(t.Context(), t, "GET", s.URL+path, ""))
	}
	if conns.Load() != 1 {
		t.Errorf("%d connections for five requests in a row", conns.Load())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"endpoint": func(o *Options) { o.Endpoint = "http://example.com" },
		"timeout":  func(o *Options) { o.RequestTimeout = -1 },
		"retries":  func(o *Options) { o.MaxRetries = -1 },
		"answer":   func(o *Options) { o.MaxAnswerBytes = -1 },
		"backoff":  func(o *Options) { o.Backoff.Max = -1 },
	} {
		o := quick("http://127.0.0.1:1")
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	o, err := Options{Endpoint: "https://example.com"}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if o.RequestTimeout != DefaultRequestTimeout || o.Limiter.most != DefaultMaxConcurrent || o.MaxAnswerBytes != DefaultMaxAnswerBytes ||
		o.Backoff != (Backoff{DefaultBackoffBase, DefaultBackoffMax}) || o.MaxRetries != 0 {
		t.Errorf("defaults %+v", o)
	}
	o, err = Options{Endpoint: "https://example.com", Backoff: Backoff{Base: time.Hour}}.withDefaults()
	if err != nil || o.Backoff.Max != time.Hour {
		t.Errorf("a long first wait: %+v, %v", o.Backoff, err)
	}
}
