package fleet

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// protocol is the version of what coordinator and workers say to each other.
const protocol = 1

// A state is how far a worker is.
type state string

const (
	// looking is before a worker has a shard.
	looking state = "looking"
	// taken is with a shard, and not ready yet.
	taken state = "taken"
	// armed is ready for the first call.
	armed  state = "armed"
	firing state = "firing"
	// handed is when all that was measured lies at the hub.
	handed state = "handed"
	// failed is for good; nothing more comes of it.
	failed state = "failed"
	// leaving is when it has heard that no run comes any more.
	leaving state = "leaving"
)

// A question is what a worker says of itself each time, whatever has changed, so that none need arrive.
type question struct {
	Protocol int `json:"protocol"`
	// Run is the run that it takes part in; empty before it knows.
	Run string `json:"run,omitempty"`
	// Worker is a name that no other worker has.
	Worker string `json:"worker"`
	// Andon is the worker's version, and Plan the digest of the plan that it made.
	Andon string `json:"andon"`
	Plan  string `json:"plan,omitempty"`
	Shard int    `json:"shard"`
	State state  `json:"state"`
	// Detail says why it has failed, and Spool where what it measured lies then.
	Detail string `json:"detail,omitempty"`
	Spool  string `json:"spool,omitempty"`
	// Unreachable says that it has failed because there is no way to a target, and Target which that is.
	Unreachable bool   `json:"unreachable,omitempty"`
	Target      string `json:"target,omitempty"`
	// Clock is what it knows of the hub's clock.
	Clock *reading `json:"clock,omitempty"`
	// Began is when its run began, on the hub's clock, in nanoseconds of the Unix time.
	Began int64 `json:"began,omitempty"`
	// Seconds is up to which moment of the run it has told everything, and InFlight how many calls are under way.
	Seconds  float64    `json:"seconds,omitempty"`
	InFlight int        `json:"inFlight,omitempty"`
	More     *increment `json:"more,omitempty"`
	// End is how its run ended.
	End *results.End `json:"end,omitempty"`
}

// parseQuestion reads a question. What cannot be read has no protocol either, and is refused for that.
func parseQuestion(text []byte) (q question) {
	if err := json.Unmarshal(text, &q); err != nil {
		q = question{Worker: "?", Shard: -1}
	}
	return q
}

// stranger says how a worker is of another version; empty where it is not.
func (q question) stranger(andon string) string {
	if q.Protocol == protocol && q.Andon == andon {
		return ""
	}
	return fmt.Sprintf("it is andon %s (protocol %d), and the run is of andon %s (protocol %d): the same version has to run everywhere",
		text.Printable(q.Andon, 100), q.Protocol, andon, protocol)
}

// An increment is what was measured since the last one.
type increment struct {
	// N counts them, from 1: one that comes again is counted once.
	N uint64 `json:"n"`
	// Data are the figures, as package metrics writes them, compressed (RFC 1951); or Rows are what they are of, where
	// the job asks for these.
	Data    []byte  `json:"data,omitempty"`
	Rows    []byte  `json:"rows,omitempty"`
	Seconds float64 `json:"seconds"`
}

// An answer is what the coordinator knows and wants.
type answer struct {
	Protocol int    `json:"protocol"`
	Andon    string `json:"andon"`
	// Run is the run's name, which is that of its bucket; empty where none goes on. Stays says that others come after it,
	// and Dismissed that none comes any more.
	Run       string `json:"run,omitempty"`
	Stays     bool   `json:"stays,omitempty"`
	Dismissed bool   `json:"dismissed,omitempty"`
	// Now is the hub's clock, and Start when the first call is due, both in nanoseconds of the Unix time.
	Now   int64 `json:"now"`
	Start int64 `json:"start,omitempty"`
	// Every is how often the worker is to tell how far it is, in nanoseconds.
	Every time.Duration `json:"every,omitempty"`
	// Stop, if not nil, ends the sending.
	Stop *results.End `json:"stop,omitempty"`
	// Taken is up to which increment all were taken.
	Taken uint64 `json:"taken,omitempty"`
	// Again are the parts that were not as they should be.
	Again []string `json:"again,omitempty"`
	// Confirmed says that everything was brought home whole.
	Confirmed bool `json:"confirmed,omitempty"`
	// Gone is why the worker was given up.
	Gone string `json:"gone,omitempty"`
	// Refused is why the worker cannot take part.
	Refused string `json:"refused,omitempty"`
}
