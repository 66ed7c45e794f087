package transport

import (
	"context"
	"time"
)

// Write is what a caller says about a request that must not happen twice.
type Write struct {
	// Until is when it goes stale: from then on it is not sent (again), and ends with
	// [Stale]. The zero time is never.
	Until time.Time
	// Attempts is how often it was sent already, in calls that ended with [Stale]. The
	// client counts on from there, so that all of them together are repeated no more
	// often than one.
	Attempts int
}

type writeKey struct{}

// OnceOnly marks the requests under ctx as a write that must not happen twice:
// they are repeated only where they certainly were not applied (429, 503, or a
// failure before anything was sent). 502, 504, lost connections and timeouts
// after sending are returned at once, so that the caller can look what is there.
func OnceOnly(ctx context.Context, w *Write) context.Context {
	return context.WithValue(ctx, writeKey{}, w)
}

// writeOf gives what [OnceOnly] noted; nil for a request that may be repeated.
func writeOf(ctx context.Context) *Write {
	w, _ := ctx.Value(writeKey{}).(*Write)
	return w
}
