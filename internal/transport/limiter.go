package transport

// Limiter bounds the requests in flight of all clients that share it, whatever
// hosts they talk to.
type Limiter struct {
	most     int // in flight at most
	inFlight int
	lines    []*line // those in which a call waits
}

// NewLimiter gives a limiter for so many requests at a time; 0 and less is
// [DefaultMaxConcurrent].
func NewLimiter(most int) *Limiter {
	l := &Limiter{}
	l.Limit(most)
	return l
}

// Limit sets how many requests are in flight at most from now on; 0 and less is
// [DefaultMaxConcurrent]. Those that are in flight already go on.
func (l *Limiter) Limit(most int) {
	places.Lock()
	defer places.Unlock()
	if most <= 0 {
		most = DefaultMaxConcurrent
	}
	l.most = most
	admit(l.lines)
}

func (l *Limiter) size() int {
	places.Lock()
	defer places.Unlock()
	return l.most
}
