package membership

import (
	"context"
	"time"
)

// Sending is what the caller of a write and the [Service] tell each other about it. It
// travels in the context of the call.
type Sending struct {
	// Until is when the decision to write goes stale. What was not sent by then, because
	// the host is paused, say, is not sent (again): the call fails as [Stale]. The zero
	// time is never.
	Until time.Time
	// Attempts is how often the write was sent and refused for a passing reason, over
	// all calls for it.
	Attempts int
}

type sendingKey struct{}

// WithSending gives a context for one write.
func WithSending(ctx context.Context, s *Sending) context.Context {
	return context.WithValue(ctx, sendingKey{}, s)
}

// SendingOf gives what [WithSending] noted; without it, a decision that does not go stale.
func SendingOf(ctx context.Context) *Sending {
	if s, ok := ctx.Value(sendingKey{}).(*Sending); ok {
		return s
	}
	return &Sending{}
}
