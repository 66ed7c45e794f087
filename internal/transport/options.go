package transport

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Defaults of [Options].
const (
	DefaultRequestTimeout = 30 * time.Second
	DefaultMaxConcurrent  = 16
	DefaultMaxAnswerBytes = 64 << 20
	DefaultBackoffBase    = 500 * time.Millisecond
	DefaultBackoffMax     = 30 * time.Second
)

// Options describe a client for one endpoint with one set of credentials.
type Options struct {
	// Product is the product's name for messages and logs: "Blink".
	Product string

	// Endpoint is the base URL, as [CheckEndpoint] accepts it. The client sends
	// requests to its scheme, host and port only.
	Endpoint string

	// Authenticate sets the credentials on a request. It is called for every
	// attempt, on a copy of the request, and only for the endpoint's own host.
	// Every header that it sets is masked in logs, and the values are taken for
	// secrets: New calls it once, on a request that is not sent, to learn them.
	// Nil sets none.
	Authenticate func(*http.Request)

	// Secrets are masked in every log line, every error text and every answer
	// with a status of 400 and above: as they are, URL-escaped, JSON-escaped and
	// in base64, each alone and each pair of them as basic authentication joins
	// it. Values of fewer than four bytes are masked only as header values.
	Secrets []string

	// UserAgent is the User-Agent header; see [UserAgent].
	UserAgent string

	// RequestTimeout bounds one attempt, including reading the body.
	// 0 is [DefaultRequestTimeout].
	RequestTimeout time.Duration

	// MaxRetries is how often a request is repeated at most; 0 is never.
	MaxRetries int

	// Limiter bounds the requests in flight, together with those of all clients
	// that share it. Waiting for a place honors the context. Nil is one for this
	// client alone, with [DefaultMaxConcurrent] places.
	Limiter *Limiter

	// MaxAnswerBytes bounds the body of an answer, after decompression. A larger
	// answer is an error of kind [TooLarge]. 0 is [DefaultMaxAnswerBytes].
	MaxAnswerBytes int64

	// Backoff is how long to wait before a repetition when the service names no
	// time of its own. Zero fields take the defaults.
	Backoff Backoff
}

// Backoff is an exponential wait with jitter: the n-th repetition (counted from
// zero) waits between half of and the whole of Base * 2^n, at most Max.
type Backoff struct {
	Base time.Duration
	Max  time.Duration
}

// withDefaults gives the options with zero values filled in, or says which
// value makes no sense.
func (o Options) withDefaults() (Options, error) {
	if err := CheckEndpoint(o.Endpoint); err != nil {
		return o, err
	}
	var errs []error
	atLeastZero := func(name string, negative bool) {
		if negative {
			errs = append(errs, fmt.Errorf("%s must not be negative", name))
		}
	}
	atLeastZero("the request timeout", o.RequestTimeout < 0)
	atLeastZero("the number of retries", o.MaxRetries < 0)
	atLeastZero("the largest answer", o.MaxAnswerBytes < 0)
	atLeastZero("the backoff", o.Backoff.Base < 0 || o.Backoff.Max < 0)
	if err := errors.Join(errs...); err != nil {
		return o, err
	}
	setDefault(&o.RequestTimeout, DefaultRequestTimeout)
	setDefault(&o.MaxAnswerBytes, DefaultMaxAnswerBytes)
	setDefault(&o.Backoff.Base, DefaultBackoffBase)
	setDefault(&o.Backoff.Max, max(DefaultBackoffMax, o.Backoff.Base))
	if o.Product == "" {
		o.Product = "The service"
	}
	if o.Limiter == nil {
		o.Limiter = NewLimiter(DefaultMaxConcurrent)
	}
	if o.Authenticate == nil {
		o.Authenticate = func(*http.Request) {}
	}
	return o, nil
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}
