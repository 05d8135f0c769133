package metrics

import (
	"cmp"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// SlowestPerClass is how many of a class's slowest calls are kept.
const SlowestPerClass = 3

// SlowHit is one of the slowest calls of its class.
type SlowHit struct {
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

// slowest keeps the slowest hits of each class. Which those are does not depend on the order of the rows: of two equally
// slow hits the earlier of the plan is kept.
type slowest []slowestOfClass

type slowestOfClass struct {
	hits [SlowestPerClass]slowHit // the slowest first
	used int
}

type slowHit struct {
	latency int64
	n       uint32
	status  uint16
	kind    results.Kind
}

func (h slowHit) compare(o slowHit) int {
	return cmp.Or(cmp.Compare(o.latency, h.latency), cmp.Compare(h.n, o.n))
}

func (s slowest) add(r *results.Row, latency int64) {
	c := &s[r.Class]
	h := slowHit{latency, r.N, r.Status, r.Error}
	if c.used == len(c.hits) {
		if h.compare(c.hits[c.used-1]) >= 0 {
			return
		}
		c.used--
	}
	i := c.used
	for ; i > 0 && h.compare(c.hits[i-1]) < 0; i-- {
		c.hits[i] = c.hits[i-1]
	}
	c.hits[i] = h
	c.used++
}

// Slowest lists the slowest calls that were sent in the measured phases, up to [SlowestPerClass] of each class, the slowest
// first. Only calls whose times say something about the provider are among them (see [results.Row.Timed]).
func (a *Aggregator) Slowest() []SlowHit {
	list := []SlowHit{}
	for class := range a.slowest {
		c := &a.slowest[class]
		for _, h := range c.hits[:c.used] {
			list = append(list, SlowHit{
				Class: a.labels.Classes[class].Name, N: h.n, LatencySeconds: histogram.Seconds(h.latency),
				Status: int(h.status), Error: h.kind.String(),
			})
		}
	}
	return list
}
