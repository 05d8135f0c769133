package verify

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/cases"
)

// hiccup is why an answer, or none, says little by itself.
type hiccup int

const (
	// none is an answer that tells.
	none hiccup = iota
	// away is a call that the target did not take for the moment: 429 or 503. It has started no run.
	away
	// gateway is a 502 or 504: whether the target itself got the call is not known.
	gateway
	// failed is another 5xx.
	failed
	// unreached is a connection that was not made.
	unreached
	// dropped is a connection that ended before the answer did.
	dropped
	// hung is a call whose answer did not come in time.
	hung
)

// silent reports whether there was no answer.
func (h hiccup) silent() bool { return h >= unreached }

// most is how often a case is sent at most that comes to this each time.
func (h hiccup) most(attempts int) int {
	switch h {
	case none:
		return 1
	case failed, hung:
		// What takes long, or is a breach, is not asked for more than once again.
		return min(attempts, 2)
	}
	return attempts
}

// of tells which hiccup an answer is.
func of(status int) hiccup {
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return away
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return gateway
	}
	if status/100 == 5 {
		return failed
	}
	return none
}

// ofError tells which hiccup it is that no answer came, or not all of it.
func ofError(err error) hiccup {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return unreached
	}
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return hung
	}
	return dropped
}

// allowed reports whether a target that keeps the contract may start a run for the case.
func allowed(k cases.Case) bool { return k.Expect != cases.Refused }

// backoff is how long a case waits after its attempt n: longer each time, and a little different for each case, the
// same in each verification.
func backoff(id string, n int) time.Duration {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, id, n)
	base := 250 * time.Millisecond << min(n-1, 4)
	return base/2 + time.Duration(h.Sum64()%uint64(base))
}

// retryAfter reads the header of that name: seconds, or a date. The second result reports whether it said anything.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			seconds = 1 << 31
		}
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}
