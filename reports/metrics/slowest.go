package metrics

import (
	"cmp"

	"github.com/kaizenautomation/andon/reports/results"
)

// slowestPerClass is how many of a class's slowest calls are kept.
const slowestPerClass = 3

// SlowCall is one of the slowest calls of its class.
type SlowCall struct {
	// Class is the class's name.
	Class string `json:"class"`
	N     uint32 `json:"n"`
	// LatencySeconds is due → last byte, or until the call was given up; in a closed loop it is service time.
	LatencySeconds float64 `json:"latencySeconds"`
	// Status is the HTTP status; 0 where no response came.
	Status int `json:"status,omitempty"`
	// Error is the name of its kind of error; empty if it was a success.
	Error string `json:"error,omitempty"`
}

// slowest keeps the slowest calls of each class. Which those are does not depend on the order of the rows: of two
// equally slow calls the earlier of the plan is kept. In several runs that were merged, a number of the plan is met
// more than once.
type slowest []slowestOfClass

type slowestOfClass struct {
	calls [slowestPerClass]slowCall // the slowest first
	used  int
}

type slowCall struct {
	latency int64
	n       uint32
	status  uint16
	kind    results.Kind
}

func (c slowCall) compare(o slowCall) int {
	if c.latency != o.latency { // nearly always
		return cmp.Compare(o.latency, c.latency)
	}
	return cmp.Or(cmp.Compare(c.n, o.n), cmp.Compare(c.status, o.status), cmp.Compare(c.kind, o.kind))
}

func (s slowest) add(r *results.Row, latency int64) {
	s[r.Class].add(slowCall{latency, r.N, r.Status, r.Error})
}

func (c *slowestOfClass) add(call slowCall) {
	if c.used == len(c.calls) {
		if call.compare(c.calls[c.used-1]) >= 0 {
			return
		}
		c.used--
	}
	i := c.used
	for ; i > 0 && call.compare(c.calls[i-1]) < 0; i-- {
		c.calls[i] = c.calls[i-1]
	}
	c.calls[i] = call
	c.used++
}
