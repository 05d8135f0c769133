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
	"github.com/kaizenautomation/andon/reports/summary"
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

// mayRun reports whether a call of a case may have started a run, though the answer does not say so.
func (o Outcome) mayRun() bool {
	return o.Status/100 != 2 && (o.hiccup == gateway || o.hiccup == failed || o.hiccup == dropped || o.hiccup == hung)
}

// allowed reports whether a target that keeps the contract may start a run for the case.
func allowed(k cases.Case) bool { return k.Expect != cases.Refused }

// persist tries a case until there is an answer that tells something, as often as it may be sent.
func (r *run) persist(ctx context.Context, k cases.Case) Outcome {
	attempts := max(r.Attempts, 1)
	var before []string
	for n := 1; ; n++ {
		o := r.try(ctx, k)
		o.Attempts = n
		if o.Verdict == summary.CheckSkipped || ctx.Err() != nil {
			return o
		}
		started := allowed(k) && (o.mayRun() || o.Status/100 == 2)
		if o.hiccup == none || started || n >= o.hiccup.most(attempts) || o.after > patience {
			return r.settle(o, before, started)
		}
		before = append(before, o.met())
		wait := backoff(k.ID, n)
		if o.hiccup == away {
			r.books.turnedAway(o.Status, max(o.after, wait))
		} else if o.hiccup != failed && !sleep(ctx, wait) {
			return o
		}
	}
}

// met says in a few words what an attempt met.
func (o Outcome) met() string {
	switch o.hiccup {
	case unreached:
		return "was not connected"
	case dropped:
		return "was dropped"
	case hung:
		return "got no answer in time"
	}
	return fmt.Sprintf("was answered with %d", o.Status)
}

// settle says what the last attempt at a case comes to, with what those before it met.
func (r *run) settle(o Outcome, before []string, started bool) Outcome {
	response := r.Description.ResponseFor(o.Status)
	// A response for any other status promises none in particular.
	documented := response != nil && response != r.Description.ResponseFor(999)
	open := func(rule, reason string) Outcome {
		o.alike = rule == "gateway" && !documented || rule == "no-answer" && started && o.Status != 0 ||
			o.Status == http.StatusServiceUnavailable && !o.asked && !documented
		o.Verdict, o.Rule, o.Pointer, o.Reason = summary.CheckInconclusive, rule, "", reason
		return o
	}
	switch h := o.hiccup; {
	case h == none:
		if len(before) > 0 {
			told := fmt.Sprintf("tried %d times: it %s before", o.Attempts, strings.Join(before, ", then "))
			o.Reason = strings.TrimPrefix(o.Reason+"; "+told, "; ")
		}
		return o
	case h == away && o.after > patience:
		return open("turned-away", fmt.Sprintf("it was turned away with status %d for %s, which is longer than the %s that are waited", o.Status, o.after.Round(time.Second), patience))
	case h == away && (o.Status == http.StatusTooManyRequests || o.asked || documented || o.Attempts == 1):
		return open("turned-away", fmt.Sprintf("it was turned away with status %d, %s", o.Status, times(o.Attempts)))
	case h == gateway && started:
		return open("gateway", fmt.Sprintf("a gateway answered with status %d; it may have started a run, so it was not sent again", o.Status))
	case h == gateway && o.Attempts == 1:
		return open("gateway", fmt.Sprintf("a gateway answered with status %d", o.Status))
	case (h == failed || h == gateway || h == away) && documented:
		return open("server-error", fmt.Sprintf("it was answered with status %d, %s, which the description documents", o.Status, times(o.Attempts)))
	case h.silent() && started:
		return open("no-answer", o.Reason+"; it may have started a run, so it was not sent again")
	case h.silent():
		// Whether it is this case alone that gets none, the next answers tell.
		o.mute = o.Attempts > 1 && h != unreached
		return open("no-answer", fmt.Sprintf("%s, %s", o.Reason, times(o.Attempts)))
	}
	return o
}

func times(n int) string {
	switch n {
	case 1:
		return "tried once"
	case 2:
		return "both times that it was tried"
	}
	return fmt.Sprintf("all %d times that it was tried", n)
}

// mutes decides on the cases that got no answer on any attempt, now that the target has answered another one.
func (r *run) mutes() (found bool) {
	for _, o := range r.outcomes {
		if o != nil && o.mute {
			o.mute, found = false, true
			o.Verdict = summary.CheckBroken
			o.Reason += ", while the target answers other calls"
		}
	}
	return found
}

// always decides on allowed calls that a gateway answered, or whose answers did not come whole: a few of them are
// hiccups, but not where no call got a better answer.
func (r *run) always() {
	var all []*Outcome
	for _, o := range r.outcomes {
		switch {
		case o == nil || !allowed(o.Case) || o.Verdict == summary.CheckSkipped:
		case o.alike:
			all = append(all, o)
		case o.Case.Expect == cases.Accepted:
			return
		}
	}
	if len(all) < lost {
		return
	}
	for _, o := range all {
		o.Verdict, o.Rule = summary.CheckBroken, "server-error"
		if o.Status/100 != 5 {
			o.Rule = "incomplete-body"
		}
	}
}

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
