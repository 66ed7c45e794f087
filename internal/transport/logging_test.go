package transport

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestOneLineAnAttempt(t *testing.T) {
	n := 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 1 {
			w.Header().Set("X-Request-Id", "r-1")
			w.WriteHeader(503)
			return
		}
		w.Header().Set("X-Correlation-Id", "r-2")
	})
	ctx, logs := logged(t.Context())
	answer(t, mustNew(t, quick(s.URL)), request(ctx, t, "GET", s.URL+"/workspaces/a%2Fb?q=mine", ""))
	lines := logs.lines(t, "debug")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
	for i, want := range []map[string]any{
		{"attempt": 1.0, "status": 503.0, "request_id": "r-1"},
		{"attempt": 2.0, "status": 200.0, "request_id": "r-2"},
	} {
		want["method"], want["path"], want["product"] = "GET", "/workspaces/a%2Fb", "Blink"
		for k, v := range want {
			if lines[i][k] != v {
				t.Errorf("attempt %d: %s is %v, want %v", i+1, k, lines[i][k], v)
			}
		}
		if ms, ok := lines[i]["milliseconds"].(float64); !ok || ms < 0 {
			t.Errorf("attempt %d: milliseconds %v", i+1, lines[i]["milliseconds"])
		}
	}
	if len(logs.lines(t, "trace")) != 2 {
		t.Errorf("trace: %v", logs.lines(t, "trace"))
	}
}

func TestWithoutALogger(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) })
	if status, _ := answer(t, mustNew(t, quick(s.URL)), request(t.Context(), t, "GET", s.URL, "")); status != 429 {
		t.Errorf("HTTP %d", status)
	}
}

// A service that throws back everything it got, in every spelling, and a client
// that is asked to log all it can.
func TestSecretsAreNowhere(t *testing.T) {
	const id, secret = "id-4711", `s3cr"t/+&<é>=`
	pair := base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
	spelled := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.ToLower(url.QueryEscape(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)),
		pair, strings.TrimRight(pair, "="), `s3cr\"t/+\u0026\u003cé\u003e=`, `s3cr\"t/+&<é>=`, `s3cr\"t\/+&<é>=`,
	}
	echo := strings.Join(spelled, " | ")
	for _, status := range []int{200, 403, 429, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if u, p, _ := r.BasicAuth(); u != id || p != secret {
					t.Errorf("credentials %q %q", u, p)
				}
				w.Header().Set("X-Request-Id", url.QueryEscape(secret))
				w.Header().Set("X-Echo", r.Header.Get("Authorization"))
				w.Header().Set("Set-Cookie", "session=c00kie")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, `{"message":"`+echo+`","acceptUrl":"https://example.com/accept/0pen","nested":{"rejectUrl" : "https://example.com/no/0pen","Token":["0pen"],"api_key":"0pen\"0pen","access_token":{"value":"0pen"},"password":0pen}}`)
			})
			o := quick(s.URL)
			o.Secrets = []string{id, secret}
			o.Authenticate = func(r *http.Request) {
				r.SetBasicAuth(id, secret)
				r.Header.Set("X-Own", "0wn-credential")
			}
			ctx, logs := logged(t.Context())
			req := request(ctx, t, "POST", s.URL+"/x/"+url.PathEscape(secret)+"?key="+url.QueryEscape(secret), `{"token":"0pen","text":"`+secret+`"}`)
			req.Header.Set("X-Twice", secret)
			req.Header.Set("Cookie", "c00kie")
			resp, err := mustNew(t, o).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body := readAll(t, resp)
			if status == 200 && !strings.Contains(body, secret) {
				t.Errorf("what came in a good answer was changed: %s", body)
			}
			seen := logs.String()
			if !strings.Contains(seen, "request in full") || !strings.Contains(seen, masked) || !strings.Contains(seen, `\"message\"`) {
				t.Errorf("the log is not complete: %s", seen)
			}
			for _, open := range []string{"c00kie", "0pen", "0wn-credential"} {
				if strings.Contains(seen, open) {
					t.Errorf("the log shows %s", around(seen, open))
				}
			}
			if status != 200 {
				seen += body
			}
			seen += fmt.Sprint(resp.Header["X-Request-Id"], resp.Header["X-Echo"], resp.Request.Header["Authorization"])
			for _, s := range spelled {
				// Within the JSON of the log, quotes are escaped once more.
				for _, form := range []string{s, strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`)} {
					if strings.Contains(seen, form) {
						t.Errorf("%q is shown: %s", form, around(seen, form))
					}
				}
			}
		})
	}
}

func around(s, part string) string {
	i := strings.Index(s, part)
	return s[max(0, i-60):min(len(s), i+len(part)+60)]
}

func TestSecretsAreInNoError(t *testing.T) {
	const secret = "s3cret-value"
	for name, h := range map[string]http.HandlerFunc{
		"not HTTP": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "bad-"+strings.ReplaceAll(r.Header.Get("Authorization"), " ", "-")+"\r\n\r\n")
			conn.Close()
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://"+secret+".example.com/"+r.Header.Get("Authorization"))
			w.WriteHeader(302)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, h)
			o := quick(s.URL)
			o.Secrets = []string{secret}
			o.Authenticate = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
			ctx, logs := logged(t.Context())
			_, err := mustNew(t, o).Do(request(ctx, t, "GET", s.URL, "")) //nolint:bodyclose // there is only an error
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("error %v", err)
			}
			if err != nil && name == "not HTTP" && !strings.Contains(err.Error(), masked) {
				t.Errorf("error %v does not repeat the answer: the test shows nothing", err)
			}
			if strings.Contains(logs.String(), secret) {
				t.Errorf("log: %s", logs)
			}
		})
	}
}

// What Authenticate sets is secret even where nobody lists it.
func TestCredentialsAreSecretByThemselves(t *testing.T) {
	const id, secret = "id-4711", "s3cret-value"
	pair := base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = fmt.Fprintf(w, "%s %s %s %s for id-4711", r.Header.Get("Authorization"), r.Header.Get("X-Own"), secret, base64.RawURLEncoding.EncodeToString([]byte(id+":"+secret)))
	})
	o := quick(s.URL)
	o.Secrets = nil
	o.Authenticate = func(r *http.Request) {
		r.SetBasicAuth(id, secret)
		r.Header.Set("X-Own", "0wn-credential")
	}
	ctx, logs := logged(t.Context())
	_, body := answer(t, mustNew(t, o), request(ctx, t, "GET", s.URL, ""))
	if body != masked+" "+masked+" "+masked+" "+masked+" for id-4711" {
		t.Errorf("the answer says %q", body)
	}
	for _, v := range []string{secret, pair, "0wn-credential"} {
		if strings.Contains(logs.String(), v) {
			t.Errorf("the log shows %s", around(logs.String(), v))
		}
	}
}

func TestLongBodiesAreCutInTheLog(t *testing.T) {
	long := strings.Repeat("x", mostLoggedBody-3) + testKey + strings.Repeat("y", 100_000)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) })
	ctx, logs := logged(t.Context())
	if _, body := answer(t, mustNew(t, quick(s.URL)), request(ctx, t, "GET", s.URL, "")); body != long {
		t.Error("the answer itself was cut")
	}
	logs.lines(t, "trace")
	if n := len(logs.String()); n > 2*mostLoggedBody || n < mostLoggedBody {
		t.Errorf("%d bytes of log", n)
	}
	if strings.Contains(logs.String(), testKey[:3]) {
		t.Error("the cut shows the beginning of a secret")
	}
}

func TestMaskLeavesTheRestAlone(t *testing.T) {
	m := NewMask("", "abc", "longer-one", "longer")
	for in, want := range map[string]string{
		"":                              "",
		"abc stays: it is no secret":    "abc stays: it is no secret",
		"longer-one":                    masked,
		"longer and shorter":            masked + " and shorter",
		"https://a:b@example.com/x@y":   "https://" + masked + "@example.com/x@y",
		"mail to alice@example.com now": "mail to alice@example.com now",
		"see https://example.com/a@b":   "see https://example.com/a@b",
	} {
		if got := m.Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := NewMask().Text("nothing"); got != "nothing" {
		t.Errorf("without secrets: %q", got)
	}
	for in, want := range map[string]string{
		`{"email":"a@example.com","token":"x","n":1}`: `{"email":"a@example.com","token":"***","n":1}`,
		`{"api-key" : 12, "role":"owner"}`:            `{"api-key" : "***", "role":"owner"}`,
		`{"secret":"cut sho`:                          `{"secret":"***"`,
		`{"tokens_left":"5"}`:                         `{"tokens_left":"5"}`,
	} {
		if got := maskJSON(in); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestUserAgent(t *testing.T) {
	for _, test := range [][3]string{
		{"0.1.0", "1.11.4", "terraform-provider-roster/0.1.0 (Terraform 1.11.4; +https://registry.terraform.io/providers/tf-roster/roster)"},
		{"", "", "terraform-provider-roster/dev (+https://registry.terraform.io/providers/tf-roster/roster)"},
		{"1\r\nX: y", "1)", "terraform-provider-roster/1__X:_y (Terraform 1_; +https://registry.terraform.io/providers/tf-roster/roster)"},
	} {
		if got := UserAgent(test[0], test[1]); got != test[2] {
			t.Errorf("got %q, want %q", got, test[2])
		}
	}
}
