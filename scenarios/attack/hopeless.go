package attack

import (
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

const (
	// enough is how many calls, those with the lowest numbers, must fail in the same way before the run is called
	// hopeless.
	enough = 10
	// looked is how many calls are looked at to find so many that tell anything: deliberately invalid ones do not.
	looked = 1000
)

// hopeless notices a run in which nothing can succeed: the first calls all fail to connect, or are all turned away for
// a reason that no other call will escape. The first are those with the lowest numbers, whichever end first: refusals
// are quick, and overtake successes. One call that got further, of whatever number, shows that there is hope.
//
// A call that is under way is waited for, but not for ever: once it takes much longer than a refusal it is silent, as
// one that timed out is. Silent calls say nothing, but each of them must be outweighed, since they may be the slow
// successes of a target that turns away only some.
type hopeless struct {
	settled bool
	// ended are the calls that have ended, by number; next is the lowest that has not been looked at.
	ended []ending
	next  int
	// calls counts those that failed alike, as like did, and silent those that were looked at and had no answer.
	calls, silent int
	like          ending
	// now is the latest moment that is known of, and longest how long a call took that failed for good.
	now, longest time.Duration
}

// ending is how a call ended, as far as it matters here, and when it was sent.
type ending struct {
	sign   sign
	kind   results.Kind
	status uint16
	sent   time.Duration
}

// sign is what a call says about whether there is hope.
type sign uint8

const (
	pending    sign = iota // it has not ended
	neutral                // it was not to succeed, or was never sent, or was given up
	unanswered             // no answer came in time
	final                  // it failed in a way that no other call will escape
	hopeful                // it got further than that
)

// patience is how long a call may be under way before it is silent, if no failure took a third of that.
const patience = time.Second

// add looks at one more row, and says why there is no hope, or nothing.
func (h *hopeless) add(row *results.Row, invalid bool) string {
	if h.settled {
		return ""
	}
	e := ending{signOf(row, invalid), row.Error, row.Status, row.Due + time.Duration(float64(row.Lag)*1e9)}
	h.now = max(h.now, e.sent+row.ServiceTime())
	switch {
	case e.sign == hopeful:
		h.settled = true
		return ""
	case e.sign == final:
		h.longest = max(h.longest, row.ServiceTime())
	}
	if n := int(row.N); n < h.next {
		// It was taken for silent; those beyond looked are not kept.
		h.silent--
		h.count(e)
	} else if n < looked {
		for len(h.ended) <= n {
			h.ended = append(h.ended, ending{})
		}
		h.ended[n] = e
	}
	for !h.settled && !h.sure() && h.next < len(h.ended) {
		e := h.ended[h.next]
		if e.sign == pending {
			if !h.overdue() {
				return ""
			}
			e.sign = unanswered
		}
		h.next++
		h.count(e)
	}
	if h.settled || !h.sure() {
		h.settled = h.settled || h.next == looked
		return ""
	}
	h.settled = true
	return h.say()
}

// signOf is what a call says that has ended.
func signOf(row *results.Row, invalid bool) sign {
	switch row.Error {
	case results.Dropped, results.Unsent, results.Canceled, results.Unread:
		return neutral
	case results.TimeoutWaiting, results.TimeoutReading:
		if !invalid {
			return unanswered
		}
	}
	switch {
	case invalid:
		return neutral
	case isFinal(row):
		return final
	}
	return hopeful
}

// isFinal reports whether no other call will escape what this one met.
func isFinal(row *results.Row) bool {
	switch row.Error {
	case results.DNS, results.DialRefused, results.DialTimeout, results.Dial, results.TLS:
		return true
	case results.Status4xx:
		return row.Status == 401 || row.Status == 403 || row.Status == 404 || row.Status == 405
	}
	return row.Error.Kept()
}

// count takes one of the first calls into account.
func (h *hopeless) count(e ending) {
	switch e.sign {
	case unanswered:
		h.silent++
	case final:
		if h.calls > 0 && (e.kind != h.like.kind || e.status != h.like.status) {
			h.settled = true
			return
		}
		h.like = e
		h.calls++
	}
}

// sure reports whether the calls that failed alike are enough, also for those that are silent.
func (h *hopeless) sure() bool { return h.calls >= enough*max(1, h.silent) }

// overdue reports whether the next call has been under way for so long that it counts as silent. It was sent before
// those with higher numbers were.
func (h *hopeless) overdue() bool {
	for _, e := range h.ended[h.next:] {
		if e.sign != pending {
			return h.now-e.sent >= max(patience, 3*h.longest)
		}
	}
	return false
}

// say puts in words how the first calls failed.
func (h *hopeless) say() string {
	first := fmt.Sprintf("the first %d calls", h.calls+h.silent)
	if h.silent > 0 {
		first += fmt.Sprintf(", but for %d that had no answer,", h.silent)
	}
	kind, status := h.like.kind, h.like.status
	switch {
	case kind.Own():
		return fmt.Sprintf("%s could not be sent: andon's own machine had not what a connection takes (%s)", first, kind)
	case kind.ByProxy():
		return fmt.Sprintf("%s did not get past the proxy (%s)", first, kind)
	case status == 0:
		return fmt.Sprintf("%s all failed in the same way (%s)", first, kind)
	}
	advice := map[uint16]string{
		401: "the target wants a valid token: set ANDON_TOKEN, or name a file that holds it",
		403: "the token does not allow the call",
		404: "there is no such call below the target's URL: check its path",
		405: "the target does not take POST there: check its path",
	}[status]
	return fmt.Sprintf("%s were all answered with status %d; %s", first, status, advice)
}
