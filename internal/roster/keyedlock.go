package roster

import (
	"context"
	"sync"
)

// keyedLock is one lock for each key, taken with a context.
type keyedLock[K comparable] struct {
	mu    sync.Mutex
	locks map[K]*countedLock
}

type countedLock struct {
	token chan struct{}
	users int
}

// lock waits for the key's lock and gives the function that releases it.
func (k *keyedLock[K]) lock(ctx context.Context, key K) (func(), error) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[K]*countedLock{}
	}
	l := k.locks[key]
	if l == nil {
		l = &countedLock{token: make(chan struct{}, 1)}
		k.locks[key] = l
	}
	l.users++
	k.mu.Unlock()

	leave := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		l.users--
		if l.users == 0 {
			delete(k.locks, key)
		}
	}
	select {
	case l.token <- struct{}{}:
		return func() { <-l.token; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
