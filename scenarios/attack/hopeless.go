package attack

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/results"
)

// enough is how many calls in a row, from the first one on, must fail in the same way before the run is called
// hopeless.
const enough = 10

// looked is among how many calls the first ones are looked for: some are invalid on purpose, and say nothing.
const looked = 256

// hopeless notices a run in which nothing can succeed: the first calls all fail to connect, or are all turned away for
// a reason that no other call will escape.
//
// The first calls are those with the lowest numbers, and not those that end first: a success takes longer than a
// refusal. So a call counts once all before it have ended; a single one that fares otherwise shows that there is hope.
type hopeless struct {
	settled bool
	// ended says of each call how it ended, and all below next have. calls of these failed in the same way.
	ended  [looked]ending
	next   int
	calls  int
	kind   results.Kind
	status uint16
}

type ending uint8

const (
	underWay ending = iota
	saysNothing
	failedAlike
)

// add looks at one more row, and says why there is no hope, or nothing.
func (h *hopeless) add(row *results.Row, invalid bool) string {
	if h.settled {
		return ""
	}
	how := saysNothing
	if row.Sent() && !invalid {
		if how = failedAlike; !h.alike(row) {
			h.settled = true
			return ""
		}
	}
	if row.N >= looked {
		return ""
	}
	for h.ended[row.N] = how; h.next < looked && h.ended[h.next] != underWay; h.next++ {
		if h.ended[h.next] == failedAlike {
			h.calls++
		}
		if h.calls == enough {
			h.settled = true
			return h.why()
		}
	}
	h.settled = h.next == looked
	return ""
}

// alike reports whether a call failed in a way that no other will escape, and as those before it did.
func (h *hopeless) alike(row *results.Row) bool {
	same := false
	switch row.Error {
	case results.DNS, results.DialRefused, results.DialTimeout, results.Dial, results.TLS:
		same = true
	case results.Status4xx:
		switch row.Status {
		case 401, 403, 404, 405:
			same = true
		}
	}
	if h.kind == results.None {
		h.kind, h.status = row.Error, row.Status
	}
	return same && row.Error == h.kind && row.Status == h.status
}

// why says why there is no hope.
func (h *hopeless) why() string {
	if h.status == 0 {
		return fmt.Sprintf("the first %d calls all failed in the same way (%s)", enough, h.kind)
	}
	advice := map[uint16]string{
		401: "the target wants a valid token: set ANDON_TOKEN, or name a file that holds it",
		403: "the token does not allow the call",
		404: "there is no such call below the target's URL: check its path",
		405: "the target does not take POST there: check its path",
	}[h.status]
	return fmt.Sprintf("the first %d calls were all answered with status %d; %s", enough, h.status, advice)
}
