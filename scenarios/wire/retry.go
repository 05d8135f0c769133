package wire

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetry is as far ahead as a Retry-After is believed.
const longestRetry = 24 * time.Hour

// retryAfter reads a Retry-After (RFC 9110, section 10.2.3): whole seconds, or a date, which counts from that of the
// answer, since the clocks may differ; from now where it has none. ok reports whether it is one.
func retryAfter(value, date string, now time.Time) (after time.Duration, ok bool) {
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseUint(value, 10, 64)
		if err != nil || seconds > uint64(longestRetry/time.Second) {
			return longestRetry, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if from, err := http.ParseTime(date); err == nil {
		now = from
	}
	return min(max(until.Sub(now), 0), longestRetry), true
}
