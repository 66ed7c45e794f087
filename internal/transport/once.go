package transport

import "context"

type onceKey struct{}

// OnceOnly marks the requests under ctx as writes that must not happen twice:
// they are repeated only where they certainly were not applied (429, 503, or a
// failure before anything was sent). 502, 504, lost connections and timeouts
// after sending are returned at once, so that the caller can look what is there.
func OnceOnly(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, true)
}

func isOnceOnly(ctx context.Context) bool {
	once, _ := ctx.Value(onceKey{}).(bool)
	return once
}
