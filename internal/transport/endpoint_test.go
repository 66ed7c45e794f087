package transport

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestCheckEndpoint(t *testing.T) {
	for _, good := range []string{
		"https://app.blinkops.com/api/v1", "https://a.blazemeter.com/api/v4/", "HTTPS://example.com", "https://example.com:8443",
		"http://localhost:8080", "http://LOCALHOST", "http://127.0.0.1:1", "http://127.9.9.9/x", "http://[::1]:80/x", "http://[::ffff:127.0.0.1]",
		"https://[2001:db8::1]/x", "https://10.0.0.1",
	} {
		if err := CheckEndpoint(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, says := range map[string]string{
		"":                              "empty",
		" https://example.com":          "white space",
		"https://example.com\n":         "white space",
		"example.com/api":               "absolute",
		"/api":                          "absolute",
		"ftp://example.com":             "absolute",
		"https:example.com":             "no host",
		"https://":                      "no host",
		"https://:443":                  "no host",
		"https://example.com:":          "colon",
		"https://example.com:0":         "port",
		"https://example.com:65536":     "port",
		"https://example.com:x":         "not a URL",
		"https://example.com/?x=1":      "query",
		"https://example.com/?":         "query",
		"https://example.com/#x":        "fragment",
		"https://example.com/#":         "fragment",
		"https://me:hunter2@host":       "user name",
		"https://me:hunter2@host:x":     "not a URL",
		"me:hunter2@host":               "user name",
		"https://exa mple.com":          "not a URL",
		"http://example.com":            "unencrypted",
		"http://10.0.0.1":               "unencrypted",
		"http://0.0.0.0":                "unencrypted",
		"http://127.1":                  "unencrypted",
		"http://localhost.example.com":  "unencrypted",
		"http://app.localhost":          "unencrypted",
		"http://127.0.0.1.example.com":  "unencrypted",
		"http://[2001:db8::1]":          "unencrypted",
		"https://example.com/%zz":       "not a URL",
		"https://user@example.com/path": "user name",
	} {
		err := CheckEndpoint(bad)
		if err == nil {
			t.Errorf("%q is taken", bad)
			continue
		}
		if !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want something with %q", bad, err, says)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for raw, want := range map[string]string{
		"https://app.blinkops.com":         "https://app.blinkops.com/api/v1",
		"https://app.blinkops.com/":        "https://app.blinkops.com/api/v1",
		"https://app.blinkops.com:8443":    "https://app.blinkops.com:8443/api/v1",
		"https://app.blinkops.com:8443/":   "https://app.blinkops.com:8443/api/v1",
		"https://app.blinkops.com/api/v1":  "https://app.blinkops.com/api/v1",
		"https://app.blinkops.com/api/v1/": "https://app.blinkops.com/api/v1",
		"https://app.blinkops.com/api":     "https://app.blinkops.com/api",
		"https://app.blinkops.com/v2/x":    "https://app.blinkops.com/v2/x",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080/api/v1",
		"http://[::1]:8080/":               "http://[::1]:8080/api/v1",
		"app.blinkops.com":                 "https://app.blinkops.com/api/v1",
		"app.blinkops.com/":                "https://app.blinkops.com/api/v1",
		"app.blinkops.com:8443":            "https://app.blinkops.com:8443/api/v1",
	} {
		got, err := Endpoint(raw, "/api/v1")
		if err != nil || got != want {
			t.Errorf("%q gives %q, %v; want %q", raw, got, err, want)
		}
	}
	for raw, says := range map[string]string{
		"":                     "empty",
		"/":                    "absolute",
		"///":                  "absolute",
		"/api/v1":              "absolute",
		"app.blinkops.com/api": "absolute",
		"https:app.blinkops":   "no host",
		"http://example.com":   "unencrypted",
		"me:hunter2@host":      "user name",
		" example.com":         "white space",
		"example.com?x":        "absolute",
		"exa mple.com":         "absolute",
		"ftp://example.com":    "absolute",
	} {
		got, err := Endpoint(raw, "/api/v1")
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q gives %q, %v; want an error with %q", raw, got, err, says)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	in := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, test := range []struct {
		value, date string
		want        time.Duration
		ok          bool
	}{
		{"", "", 0, false},
		{"0", "", 0, true},
		{"120", "", 2 * time.Minute, true},
		{" 7 ", "", 7 * time.Second, true},
		{"0.25", "", 250 * time.Millisecond, true},
		{".5", "", 500 * time.Millisecond, true},
		{"300", "", longestPause, true},
		{"301", "", longestPause, true},
		{"99999999999999999999999", "", longestPause, true},
		{strings.Repeat("9", 400), "", longestPause, true},
		{"-1", "", 0, false},
		{"-0.5", "", 0, false},
		{"1e3", "", 0, false},
		{"0x10", "", 0, false},
		{"NaN", "", 0, false},
		{"Inf", "", 0, false},
		{"1.2.3", "", 0, false},
		{".", "", 0, false},
		{"5s", "", 0, false},
		{"5, 6", "", 0, false},
		{in(90 * time.Second), "", 90 * time.Second, true},
		{now.Add(90 * time.Second).Format(time.ANSIC), "", 90 * time.Second, true},
		{in(-time.Hour), "", 0, true},
		{in(24 * time.Hour), "", longestPause, true},
		// The service's clock is an hour ahead; both of its times are.
		{in(time.Hour + 30*time.Second), in(time.Hour), 30 * time.Second, true},
		{in(30 * time.Second), "garbage", 30 * time.Second, true},
	} {
		h := http.Header{}
		h.Set("Retry-After", test.value)
		h.Set("Date", test.date)
		if got, ok := retryAfter(h, now); got != test.want || ok != test.ok {
			t.Errorf("%q (date %q): %s %t, want %s %t", test.value, test.date, got, ok, test.want, test.ok)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "1.5", "-1", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT", "NaN", "1e308", ".", "Sunday, 06-Nov-94 08:49:37 GMT"} {
		f.Add(s, "")
		f.Add(s, "Wed, 21 Oct 2015 07:27:00 GMT")
	}
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value, date string) {
		wait, ok := retryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, now)
		if wait < 0 || wait > longestPause || !ok && wait != 0 {
			t.Errorf("%q (date %q): %s %t", value, date, wait, ok)
		}
	})
}

// Whatever is taken as an endpoint can be spoken to without giving credentials
// away, and no refusal shows a password.
func FuzzCheckEndpoint(f *testing.F) {
	for _, s := range []string{"https://example.com/api", "http://localhost", "http://[::1]:8080", "https://a:b@c", "http://127.0.0.1@example.com", "//x", "https://x?y#z", "http://[::1%25lo]", "http://127.0.0.1\\@example.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		err := CheckEndpoint(raw)
		u, parseErr := url.Parse(raw)
		if err != nil {
			if parseErr == nil && u.User != nil {
				if p, _ := u.User.Password(); len(p) > 12 && strings.Contains(err.Error(), p) {
					t.Errorf("%q: the error shows the password: %v", raw, err)
				}
			}
			return
		}
		if parseErr != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%q is taken: %+v, %v", raw, u, parseErr)
		}
		if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
			t.Fatalf("%q is taken: unencrypted to %s", raw, u.Hostname())
		}
		if _, err := New(Options{Endpoint: raw}); err != nil {
			t.Fatalf("%q is taken, but makes no client: %v", raw, err)
		}
	})
}

// No secret survives the mask, whatever surrounds it, and masking twice changes
// nothing more.
func FuzzMask(f *testing.F) {
	f.Add("s3cret", "before ", " after")
	f.Add(`a"b\c/d`, "https://x:", "@host")
	f.Add("****", "*", "*")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < shortestSecret || strings.Contains(masked, secret) || strings.Contains(secret, "*") {
			return
		}
		m := NewMask(secret, "another")
		for _, form := range append(spellings(secret), secret) {
			got := m.Text(before + form + after)
			if strings.Contains(got, secret) {
				t.Errorf("%q in %q became %q", secret, before+form+after, got)
			}
			if again := m.Text(got); strings.Contains(again, secret) {
				t.Errorf("%q became %q", got, again)
			}
		}
	})
}
