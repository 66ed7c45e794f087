package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a base transport without a network, for tests under a fake clock.
type fake struct {
	mu    sync.Mutex
	times []time.Time
	serve func(n int, r *http.Request) (*http.Response, error)
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	f.times = append(f.times, time.Now())
	n := len(f.times)
	f.mu.Unlock()
	resp, err := f.serve(n, r)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.times)
}

// since gives when the n-th request came, counted from one.
func (f *fake) since(n int, start time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.times[n-1].Sub(start)
}

func respond(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// faked gives a client on a fake base. The endpoint names the test, since
// clients of one host share a gate.
func faked(t *testing.T, f *fake, change ...func(*Options)) (*http.Client, string) {
	t.Helper()
	o := quick("https://" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name())) + ".example.com" + testPathEnd)
	o.Backoff = Backoff{Base: time.Second, Max: 30 * time.Second}
	for _, c := range change {
		c(&o)
	}
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(o, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Another run of the test begins at the same (fake) time.
		places.Lock()
		defer places.Unlock()
		for origin := range places.gates {
			if strings.HasSuffix(origin, ".example.com:443") {
				delete(places.gates, origin)
			}
		}
	})
	return c, o.Endpoint + "/x"
}

func TestRepeatsWhatMayPass(t *testing.T) {
	for _, status := range []int{429, 502, 503, 504} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{serve: func(n int, _ *http.Request) (*http.Response, error) {
					if n <= 2 {
						return respond(status, "later"), nil
					}
					return respond(200, "done"), nil
				}}
				c, url := faked(t, f)
				got, body := answer(t, c, request(t.Context(), t, "GET", url, ""))
				if got != 200 || body != "done" || f.count() != 3 {
					t.Errorf("got HTTP %d %q after %d attempts", got, body, f.count())
				}
			})
		})
	}
}

func TestNeverRepeats(t *testing.T) {
	for _, status := range []int{200, 204, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 422, 425, 500, 501, 505, 599} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			f := &fake{serve: func(int, *http.Request) (*http.Response, error) {
				return respond(status, `{"message":"as it is"}`, "Retry-After", "1"), nil
			}}
			c, url := faked(t, f)
			got, body := answer(t, c, request(t.Context(), t, "GET", url, ""))
			if got != status || body != `{"message":"as it is"}` || f.count() != 1 {
				t.Errorf("got HTTP %d %q after %d attempts", got, body, f.count())
			}
		})
	}
}

func TestTheLastAnswerIsHandedOn(t *testing.T) {
	for _, retries := range []int{0, 1, 6} {
		t.Run(fmt.Sprint(retries), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{serve: func(n int, _ *http.Request) (*http.Response, error) {
					return respond(503, fmt.Sprintf(`{"message":"closed for the night %d"}`, n), "X-Request-Id", "r-1"), nil
				}}
				c, url := faked(t, f, func(o *Options) { o.MaxRetries = retries })
				resp, err := c.Do(request(t.Context(), t, "GET", url, ""))
				if err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprintf(`{"message":"closed for the night %d"}`, retries+1)
				if body := readAll(t, resp); resp.StatusCode != 503 || body != want || f.count() != retries+1 {
					t.Errorf("got HTTP %d %q after %d attempts", resp.StatusCode, body, f.count())
				}
				if RequestID(resp.Header) != "r-1" {
					t.Errorf("headers %v", resp.Header)
				}
				if resp.Request.Header.Get("BLINK-API-KEY") != "" {
					t.Error("the answer's request carries the credentials")
				}
			})
		})
	}
}

func TestWaitsGrowAndAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{serve: func(int, *http.Request) (*http.Response, error) { return respond(502, ""), nil }}
		c, url := faked(t, f, func(o *Options) { o.MaxRetries = 7 })
		answer(t, c, request(t.Context(), t, "GET", url, ""))
		for i := 1; i < len(f.times); i++ {
			whole := min(time.Second<<(i-1), 30*time.Second)
			if wait := f.times[i].Sub(f.times[i-1]); wait < whole/2 || wait > whole {
				t.Errorf("wait %d took %s, want %s to %s", i, wait, whole/2, whole)
			}
		}
	})
	b := Backoff{Base: time.Second, Max: time.Minute}
	if b.wait(3, 0) == b.wait(3, 0.9) {
		t.Error("chance plays no part in the wait")
	}
	for _, n := range []int{-1, 0, 5, 31, 32, 62, 63, 64, 1 << 30} {
		if w := (Backoff{Base: time.Hour, Max: 2 * time.Hour}).wait(n, 0.5); w < time.Hour/2 || w > 2*time.Hour {
			t.Errorf("wait %d is %s", n, w)
		}
	}
}

func TestLostConnectionsAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{serve: func(n int, _ *http.Request) (*http.Response, error) {
			switch n {
			case 1:
				return nil, io.ErrUnexpectedEOF
			case 2:
				// Lost while the body is read.
				resp := respond(200, "")
				resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("ha"), brokenReader{}))
				return resp, nil
			}
			return respond(200, "whole"), nil
		}}
		c, url := faked(t, f)
		if status, body := answer(t, c, request(t.Context(), t, "GET", url, "")); status != 200 || body != "whole" || f.count() != 3 {
			t.Errorf("got HTTP %d %q after %d attempts", status, body, f.count())
		}
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRetryAfterIsHonoured(t *testing.T) {
	for name, test := range map[string]struct {
		status   int
		value    func(now time.Time) string
		from, to time.Duration
	}{
		"seconds":               {429, fixed("7"), 7 * time.Second, 7350 * time.Millisecond},
		"fraction":              {429, fixed("1.5"), 1500 * time.Millisecond, 1600 * time.Millisecond},
		"503":                   {503, fixed("9"), 9 * time.Second, 9500 * time.Millisecond},
		"date":                  {429, func(now time.Time) string { return now.Add(20 * time.Second).UTC().Format(http.TimeFormat) }, 20 * time.Second, 21 * time.Second},
		"huge":                  {429, fixed("86400"), 5 * time.Minute, 5*time.Minute + time.Second},
		"zero means backoff":    {429, fixed("0"), time.Second / 2, time.Second},
		"garbage means backoff": {429, fixed("soon"), time.Second / 2, time.Second},
		"negative, likewise":    {429, fixed("-3"), time.Second / 2, time.Second},
		"past, likewise":        {429, func(now time.Time) string { return now.Add(-time.Hour).UTC().Format(http.TimeFormat) }, time.Second / 2, time.Second},
	} {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", ""), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				f := &fake{serve: func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return respond(test.status, "", "Retry-After", test.value(time.Now())), nil
					}
					return respond(200, ""), nil
				}}
				c, url := faked(t, f)
				answer(t, c, request(t.Context(), t, "GET", url, ""))
				if wait := f.since(2, start); wait < test.from || wait > test.to {
					t.Errorf("waited %s, want %s to %s", wait, test.from, test.to)
				}
			})
		})
	}
}

func fixed(s string) func(time.Time) string { return func(time.Time) string { return s } }

func TestAPauseHoldsEverybodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := &fake{serve: func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return respond(429, "", "Retry-After", "10", "X-Request-Id", "r-9"), nil
			}
			return respond(200, ""), nil
		}}
		c, url := faked(t, f)
		other, _ := faked(t, f) // another client of the same host
		elsewhere, elsewhereURL := faked(t, f, func(o *Options) { o.Endpoint = "https://elsewhere.example.com" })

		ctx, logs := logged(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { answer(t, c, request(ctx, t, "GET", url, "")) })
		synctest.Wait()
		for range 3 {
			wg.Go(func() { answer(t, c, request(ctx, t, "GET", url, "")) })
			wg.Go(func() { answer(t, other, request(ctx, t, "GET", url, "")) })
		}
		synctest.Wait()
		if n := f.count(); n != 1 {
			t.Errorf("%d requests were sent during the pause", n-1)
		}
		answer(t, elsewhere, request(ctx, t, "GET", elsewhereURL, ""))
		if time.Since(start) != 0 {
			t.Error("another host was paused too")
		}
		wg.Wait()
		if n := f.count(); n != 9 {
			t.Errorf("%d requests in all, want 9", n)
		}
		if early := f.since(3, start); early < 10*time.Second {
			t.Errorf("the first request after the pause came after %s", early)
		}
		warnings := logs.lines(t, "warn")
		if len(warnings) != 1 {
			t.Fatalf("%d warnings, want one a pause: %v", len(warnings), warnings)
		}
		if w := warnings[0]; w["request_id"] != "r-9" || w["status"] != 429.0 || w["product"] != "Blink" {
			t.Errorf("warning %v", w)
		}
	})
}

func TestOneWarningForComplaintsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{serve: func(n int, _ *http.Request) (*http.Response, error) {
			time.Sleep(time.Duration(n) * 10 * time.Millisecond)
			if n <= 8 {
				return respond(429, "", "Retry-After", "5"), nil
			}
			return respond(200, ""), nil
		}}
		c, url := faked(t, f)
		ctx, logs := logged(t.Context())
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { answer(t, c, request(ctx, t, "GET", url, "")) })
		}
		wg.Wait()
		if n := len(logs.lines(t, "warn")); n != 1 {
			t.Errorf("%d warnings for one pause", n)
		}
	})
}

// A service that takes few requests at a time must not use up the repetitions
// of a crowd that comes back together.
func TestACrowdGetsThroughASlowService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var window time.Time
		left := 0
		f := &fake{}
		f.serve = func(int, *http.Request) (*http.Response, error) {
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			if time.Since(window) >= time.Second {
				window, left = time.Now(), 2
			}
			if left == 0 {
				return respond(429, "", "Retry-After", "1"), nil
			}
			left--
			return respond(200, ""), nil
		}
		c, url := faked(t, f, func(o *Options) { o.MaxRetries, o.Limiter = 6, NewLimiter(16) })
		var wg sync.WaitGroup
		var lost atomic.Int32
		for range 200 {
			wg.Go(func() {
				if status, _ := answer(t, c, request(t.Context(), t, "GET", url, "")); status != 200 {
					lost.Add(1)
				}
			})
		}
		wg.Wait()
		if n := lost.Load(); n != 0 {
			t.Errorf("%d of 200 requests used up their repetitions", n)
		}
	})
}

func TestTheGateOpensAgain(t *testing.T) {
	g, l := newLine(16)
	ctx := t.Context()
	for range 16 {
		if err := l.enter(ctx, rank{}); err != nil {
			t.Fatal(err)
		}
	}
	if !g.pause(0) {
		t.Error("a pause did not begin")
	}
	for range 16 {
		l.leave(true)
	}
	if g.limit != 8 {
		t.Errorf("limit %d after a complaint with 16 in flight, want 8", g.limit)
	}
	for range 10_000 {
		if err := l.enter(ctx, rank{}); err != nil {
			t.Fatal(err)
		}
		l.leave(false)
	}
	if g.limit != 0 || g.inFlight != 0 || l.limiter.inFlight != 0 {
		t.Errorf("limit %d, in flight %d after a long quiet time", g.limit, g.inFlight)
	}
}

func TestADeadlineBeforeTheEndOfAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := &fake{serve: func(int, *http.Request) (*http.Response, error) {
			return respond(429, `{"message":"slow down"}`, "Retry-After", "60"), nil
		}}
		c, url := faked(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		status, body := answer(t, c, request(ctx, t, "GET", url, ""))
		if status != 429 || body != `{"message":"slow down"}` || time.Since(start) != 0 {
			t.Errorf("HTTP %d %q after %s, want the answer at once", status, body, time.Since(start))
		}
		// The next request runs into the pause before anything is sent.
		e := failure(t, c, request(OnceOnly(ctx, &Write{}), t, "PUT", url, "x"))
		if e.Kind != Paused || e.MaybeSent || e.Attempts != 0 || time.Since(start) != 0 || f.count() != 1 {
			t.Errorf("%v error %q (maybe sent: %t) after %s", e.Kind, e, e.MaybeSent, time.Since(start))
		}
	})
}

func TestADeadlineBeforeTheNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := &fake{serve: func(int, *http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }}
		c, url := faked(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if e := failure(t, c, request(ctx, t, "GET", url, "")); e.Kind != Connection || time.Since(start) != 0 {
			t.Errorf("%v error %q after %s, want the lost connection at once", e.Kind, e, time.Since(start))
		}
	})
}

func TestCancellingEndsEveryWait(t *testing.T) {
	t.Run("backoff", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{serve: func(int, *http.Request) (*http.Response, error) { return respond(502, ""), nil }}
			c, url := faked(t, f)
			e := cancelled(t, c, url)
			if e.Attempts != 1 || !e.MaybeSent || !strings.Contains(e.Error(), "HTTP 502") {
				t.Errorf("error %q: %+v", e, e)
			}
		})
	})
	t.Run("pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{serve: func(int, *http.Request) (*http.Response, error) { return respond(429, "", "Retry-After", "100"), nil }}
			c, url := faked(t, f)
			e := cancelled(t, c, url)
			if e.Attempts != 1 || e.MaybeSent {
				t.Errorf("error %q: %+v", e, e)
			}
			e = cancelled(t, c, url)
			if e.Attempts != 0 || e.MaybeSent {
				t.Errorf("error %q: %+v", e, e)
			}
		})
	})
	t.Run("place", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			f := &fake{serve: func(int, *http.Request) (*http.Response, error) {
				<-release
				return respond(200, ""), nil
			}}
			c, url := faked(t, f, func(o *Options) { o.Limiter = NewLimiter(1) })
			var wg sync.WaitGroup
			wg.Go(func() { answer(t, c, request(t.Context(), t, "GET", url, "")) })
			synctest.Wait()
			if e := cancelled(t, c, url); e.Attempts != 0 || e.MaybeSent {
				t.Errorf("error %q: %+v", e, e)
			}
			close(release)
			wg.Wait()
		})
	})
	t.Run("before", func(t *testing.T) {
		f := &fake{serve: func(int, *http.Request) (*http.Response, error) { return respond(200, ""), nil }}
		c, url := faked(t, f)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if e := failure(t, c, request(ctx, t, "GET", url, "")); e.Kind != Canceled || e.MaybeSent || f.count() != 0 {
			t.Errorf("error %q: %+v, %d requests", e, e, f.count())
		}
	})
}

// cancelled sends a request, cancels it a tenth of a second later, and checks
// that it ends in that very moment.
func cancelled(t *testing.T, c *http.Client, url string) *Error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	time.AfterFunc(100*time.Millisecond, cancel)
	e := failure(t, c, request(ctx, t, "PUT", url, "x"))
	if e.Kind != Canceled || !errors.Is(e, context.Canceled) {
		t.Errorf("%v error %q", e.Kind, e)
	}
	if took := time.Since(start); took != 100*time.Millisecond {
		t.Errorf("cancelling took %s", took-100*time.Millisecond)
	}
	return e
}

func TestRequestsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		f := &fake{serve: func(int, *http.Request) (*http.Response, error) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second)
			now.Add(-1)
			return respond(200, ""), nil
		}}
		c, url := faked(t, f, func(o *Options) { o.Limiter = NewLimiter(4) })
		start := time.Now()
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() { answer(t, c, request(t.Context(), t, "GET", url, "")) })
		}
		wg.Wait()
		if most.Load() != 4 || time.Since(start) != 10*time.Second {
			t.Errorf("%d in flight at most, %s in all; want 4 and 10s", most.Load(), time.Since(start))
		}
	})
}

func TestAWaitHoldsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{serve: func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return respond(502, ""), nil
			}
			return respond(200, ""), nil
		}}
		c, url := faked(t, f, func(o *Options) { o.Limiter = NewLimiter(1) })
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { answer(t, c, request(t.Context(), t, "GET", url, "")) })
		synctest.Wait()
		answer(t, c, request(t.Context(), t, "GET", url, ""))
		if time.Since(start) != 0 {
			t.Errorf("a request waited %s for another one's backoff", time.Since(start))
		}
		wg.Wait()
	})
}

func TestOnceOnly(t *testing.T) {
	dropped := errors.New("dial tcp: connection refused")
	for name, test := range map[string]struct {
		first    func() (*http.Response, error)
		repeated bool
	}{
		"429":              {func() (*http.Response, error) { return respond(429, ""), nil }, true},
		"503":              {func() (*http.Response, error) { return respond(503, ""), nil }, true},
		"nothing was sent": {func() (*http.Response, error) { return nil, dropped }, true},
		"502":              {func() (*http.Response, error) { return respond(502, ""), nil }, false},
		"504":              {func() (*http.Response, error) { return respond(504, ""), nil }, false},
		"lost while it answers": {func() (*http.Response, error) {
			r := respond(200, "")
			r.Body = io.NopCloser(brokenReader{})
			return r, nil
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{serve: func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return test.first()
					}
					return respond(200, ""), nil
				}}
				c, url := faked(t, f, func(o *Options) {
					o.Endpoint = "https://once-" + strings.ReplaceAll(name, " ", "-") + ".example.com"
				})
				resp, err := c.Do(request(OnceOnly(t.Context(), &Write{}), t, "POST", url, "x"))
				if err == nil {
					resp.Body.Close()
				}
				if repeated := f.count() == 2; repeated != test.repeated {
					t.Errorf("%d attempts; %v", f.count(), err)
				}
				if e, ok := AsError(err); ok && !e.MaybeSent {
					t.Errorf("%q says that nothing was sent", e)
				}
				// Without the mark each of these is repeated.
				before := f.count()
				f.mu.Lock()
				f.times = nil
				f.mu.Unlock()
				answer(t, c, request(t.Context(), t, "POST", url, "x"))
				if f.count() != 2 {
					t.Errorf("%d attempts without the mark (%d with it)", f.count(), before)
				}
			})
		})
	}
}

// A write that has gone stale is not sent again, and the attempts of all of its calls
// count together.
func TestAStaleWriteIsNotSent(t *testing.T) {
	for name, answer := range map[string]func() (*http.Response, error){
		"a pause":          func() (*http.Response, error) { return respond(429, "", "Retry-After", "3"), nil },
		"a backoff":        func() (*http.Response, error) { return respond(503, ""), nil },
		"nothing was sent": func() (*http.Response, error) { return nil, errors.New("dial tcp: connection refused") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{serve: func(int, *http.Request) (*http.Response, error) { return answer() }}
				c, url := faked(t, f, func(o *Options) {
					o.Endpoint = "https://stale-" + strings.ReplaceAll(name, " ", "-") + ".example.com"
					o.MaxRetries = 2
				})
				w := &Write{}
				for sent := 1; sent <= 2; sent++ {
					w.Until = time.Now().Add(100 * time.Millisecond)
					if sent == 2 {
						time.Sleep(4 * time.Second) // the pause is over
						w.Until = time.Now().Add(100 * time.Millisecond)
					}
					e := failure(t, c, request(OnceOnly(t.Context(), w), t, "PUT", url, "x"))
					if e.Kind != Stale || e.MaybeSent || f.count() != sent || w.Attempts != sent {
						t.Fatalf("%s (%s), maybe sent: %t, after %d attempts, counted %d", e, e.Kind, e.MaybeSent, f.count(), w.Attempts)
					}
				}
				time.Sleep(time.Minute)
				w.Until = time.Now().Add(time.Second)
				resp, err := c.Do(request(OnceOnly(t.Context(), w), t, "PUT", url, "x"))
				if err == nil {
					resp.Body.Close()
				}
				if e, ok := AsError(err); ok && e.Kind == Stale || f.count() != 3 {
					t.Errorf("%v after %d attempts: the last one is answered with what it came to", err, f.count())
				}
			})
		})
	}
}
