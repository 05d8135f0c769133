package attack

import (
	"fmt"

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
// are quick, and overtake successes. One success, of whatever number, shows that there is hope.
type hopeless struct {
	settled bool
	// ended are the calls that have ended, by number; next is the lowest that has not, or not been looked at.
	ended []ending
	next  int
	// calls counts those that failed alike.
	calls int
	like  ending
}

// ending is how a call ended, as far as it matters here.
type ending struct {
	over, tells bool
	kind        results.Kind
	status      uint16
}

// add looks at one more row, and says why there is no hope, or nothing.
func (h *hopeless) add(row *results.Row, invalid bool) string {
	h.settled = h.settled || row.OK() && !invalid
	if h.settled || row.N >= looked {
		return ""
	}
	for len(h.ended) <= int(row.N) {
		h.ended = append(h.ended, ending{})
	}
	tells := !invalid && (row.Sent() || row.Error.Kept())
	h.ended[row.N] = ending{true, tells, row.Error, row.Status}
	for ; h.next < len(h.ended) && h.ended[h.next].over; h.next++ {
		e := h.ended[h.next]
		if !e.tells {
			continue
		}
		if !e.final() || h.calls > 0 && e != h.like {
			h.settled = true
			return ""
		}
		h.like = e
		if h.calls++; h.calls == enough {
			h.settled = true
			return e.say()
		}
	}
	h.settled = h.next == looked
	return ""
}

// final reports whether no other call will escape what this one met.
func (e ending) final() bool {
	switch e.kind {
	case results.DNS, results.DialRefused, results.DialTimeout, results.Dial, results.TLS:
		return true
	case results.Status4xx:
		return e.status == 401 || e.status == 403 || e.status == 404 || e.status == 405
	}
	return e.kind.Kept()
}

// say puts in words how the first calls failed.
func (e ending) say() string {
	switch {
	case e.kind.Own():
		return fmt.Sprintf("the first %d calls could not be sent: andon's own machine had not what a connection takes (%s)", enough, e.kind)
	case e.kind.ByProxy():
		return fmt.Sprintf("the first %d calls did not get past the proxy (%s)", enough, e.kind)
	case e.status == 0:
		return fmt.Sprintf("the first %d calls all failed in the same way (%s)", enough, e.kind)
	}
	advice := map[uint16]string{
		401: "the target wants a valid token: set ANDON_TOKEN, or name a file that holds it",
		403: "the token does not allow the call",
		404: "there is no such call below the target's URL: check its path",
		405: "the target does not take POST there: check its path",
	}[e.status]
	return fmt.Sprintf("the first %d calls were all answered with status %d; %s", enough, e.status, advice)
}
