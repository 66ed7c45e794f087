package transport

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// childEndpoint names the variable that makes the test binary send one request
// and end. net/http and crypto/x509 read the environment once a process, so
// what depends on it needs a process of its own.
const childEndpoint = "ROSTER_TEST_TRANSPORT_ENDPOINT"

func asChild() bool {
	endpoint := os.Getenv(childEndpoint)
	if endpoint == "" {
		return false
	}
	o := quick(endpoint)
	o.MaxRetries = 1
	c, err := New(o)
	if err != nil {
		fmt.Println("options:", err)
		return true
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, endpoint+"/x", nil)
	if err != nil {
		fmt.Println("request:", err)
		return true
	}
	resp, err := c.Do(req)
	if err != nil {
		fmt.Println("error:", err)
		return true
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body), err)
	return true
}

func runChild(t *testing.T, endpoint string, env ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.WaitDelay = time.Second
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		switch strings.ToUpper(name) {
		case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR":
		default:
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(append(cmd.Env, childEndpoint+"="+endpoint), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func tlsServer(t *testing.T) (s *httptest.Server, certificate string) {
	t.Helper()
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s key=%t", r.Host, r.Header.Get("BLINK-API-KEY") == testKey)
	}))
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	certificate = filepath.Join(t.TempDir(), "ca.pem")
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(certificate, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return s, certificate
}

func TestPrivateCertificateAuthority(t *testing.T) {
	s, certificate := tlsServer(t)
	if out := runChild(t, s.URL, "SSL_CERT_FILE="+certificate); !strings.HasPrefix(out, "200 127.0.0.1:") || !strings.Contains(out, "key=true <nil>") {
		t.Errorf("with SSL_CERT_FILE: %s", out)
	}
	if out := runChild(t, s.URL); !strings.Contains(out, "is not trusted") || !strings.Contains(out, "SSL_CERT_FILE") {
		t.Errorf("without: %s", out)
	}
}

func TestProxy(t *testing.T) {
	s, certificate := tlsServer(t)
	var mu sync.Mutex
	var asked []string
	// A proxy that takes everybody to the one server there is.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.Host+" "+r.Header.Get("BLINK-API-KEY"))
		mu.Unlock()
		there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", s.Listener.Addr().String())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(there, buffered); there.Close() }()
		_, _ = io.Copy(here, there)
	}))
	t.Cleanup(proxy.Close)

	// example.com is in the certificate of httptest; nothing is ever sent there.
	const endpoint = "https://example.com/api"
	out := runChild(t, endpoint, "HTTPS_PROXY="+proxy.URL, "SSL_CERT_FILE="+certificate)
	if !strings.Contains(out, "200 example.com key=true") {
		t.Errorf("through the proxy: %s", out)
	}
	mu.Lock()
	if len(asked) != 1 || asked[0] != "CONNECT example.com:443 " {
		t.Errorf("the proxy was asked %q", asked)
	}
	asked = nil
	mu.Unlock()

	// NO_PROXY: straight on, here to a name that nobody resolves.
	out = runChild(t, "https://unknown.invalid", "HTTPS_PROXY="+proxy.URL, "NO_PROXY=unknown.invalid")
	if !strings.Contains(out, "could not be reached at https://unknown.invalid (2 attempts)") {
		t.Errorf("past the proxy: %s", out)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 0 {
		t.Errorf("the proxy was asked %q in spite of NO_PROXY", asked)
	}
}

func TestProxyPasswordIsNotShown(t *testing.T) {
	out := runChild(t, "https://example.com", "HTTPS_PROXY=http://somebody:hunter2@127.0.0.1:1:2/")
	if strings.Contains(out, "hunter2") || !strings.Contains(out, "error:") {
		t.Errorf("a wrong proxy URL: %s", out)
	}
}
