package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestPause caps what a service can ask for: a mistaken hour should not stop
// a run for an hour.
const longestPause = 5 * time.Minute

// retryAfter reads the Retry-After header: seconds (fractions are in use,
// though the standard knows none) or an HTTP date, which is taken relative to
// the answer's own Date, so that a clock that is off does not matter. The wait
// is at least 0 and at most longestPause; ok is false where there is nothing
// that makes sense.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if strings.Trim(v, "0123456789.") == "" {
		seconds, err := strconv.ParseFloat(v, 64)
		switch {
		case seconds >= longestPause.Seconds():
			// Also where the number is too large to be one.
			return longestPause, true
		case err != nil:
			return 0, false
		}
		return time.Duration(seconds * float64(time.Second)), true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), longestPause), true
}
