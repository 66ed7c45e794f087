package transport

import (
	"context"
	"time"
)

// Wait waits so long, or until the context ends, whose error it then gives.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
