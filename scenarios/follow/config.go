package follow

import (
	"net/url"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/splitmix"
	"github.com/kaizenautomation/andon/scenarios"
)

// Config says what is followed, and how.
type Config struct {
	Following scenarios.Following
	Target    *url.URL
	// Credentials are what polls carry, as calls do; nil is nothing. Tenant gives the row of them that a call took by
	// its number; nil is that there is one for all.
	Credentials *credentials.Set
	Tenant      func(n uint32) int
	Labels      results.Labels
	// Seed decides, with the numbers of calls, which executions are followed from the start.
	Seed uint64
	// Timeout is how long an answer to a poll may take.
	Timeout time.Duration
	// Journal keeps what is known as it comes. It is closed at the end.
	Journal *results.Journal
	// Webhooks, if not nil, tell of ends. They are closed at the end, too.
	Webhooks *Webhooks
	// Known are the executions of a run that is followed further, whose clock began at Began. Where they come as they
	// are accepted, the clock begins with [Follower.Begin].
	Known []results.Execution
	Began time.Time
}

// sampled reports whether an execution is followed from the start.
func (c Config) sampled(n uint32) bool {
	if c.Following.Sample >= 1 {
		return true
	}
	return float64(splitmix.Next(c.Seed^uint64(n)))/(1<<64) < c.Following.Sample
}
