// Package search makes the trials of a search for capacity, one after the other, and keeps what came of each.
//
// What is tried next, and what is known by then, is decided by package capacity, which sends nothing. This package does
// what that leaves out: it makes a plan of each trial that is asked for, runs it (package trial) in a directory of its
// own below the search's, watches it call by call and ends it when enough is known, sees that the target has done with
// what it was sent before more is, and keeps the budget. What came of it all is a [sizing.Report].
//
// A search is a function of the trials that have ended. They are in search.json, so that one which was cut short goes
// on where it was.
package search

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// Config says what is searched, at whom, and where it is kept.
type Config struct {
	// Scenario says what is sent, and what has to hold; its load is replaced.
	Scenario *scenarios.Scenario
	// Target is the provider's base URL; it may be nil where nothing is sent, see [Config.Sends]. Embedded says that it
	// is what trial.Embedded has started.
	Target   *url.URL
	Embedded bool
	// Make makes the trials; nil is [trial.Run]. Another one sends from other machines, which reach the target by
	// themselves.
	Make trial.Maker
	// Seed decides, with the number of a trial, every call of it and its moment.
	Seed uint64
	// Arrivals are those of all trials.
	Arrivals scenarios.Arrivals

	// Need is a rate that the target is to take, and Headroom the share above it that it is to take as well; 0 is none.
	Need, Headroom float64
	// Find says that the highest rate is searched for.
	Find bool
	// From is the first rate that is tried, and To the highest that may be; 0 is no bound.
	From, To float64
	// Confidence is that of what is said, and Width how wide the interval may be, as a share of the rate.
	Confidence, Width float64

	// Studies are what is to be found out besides.
	Studies Studies

	// Calls are the most that may be used, and Seconds the most without the studies; Price is that of a call.
	Calls   uint64
	Seconds float64
	Price   float64

	// Release, Labels, Deviations, Credentials and HTTP2 are as in a trial's.
	Release     string
	Labels      map[string]string
	Deviations  []results.Deviation
	Credentials *credentials.Set
	HTTP2       bool

	// Dir is the directory of the search, which must not be there yet. An empty one is named by the time and the
	// scenario, below Root. Where the search was begun before, and is to be gone on with, Resume says so, and Dir
	// where.
	Dir, Root string
	Resume    bool
	// Andon is the version of the tool, and Command the command line, both for the record.
	Andon   string
	Command []string
	// Commands are the command lines that the pages of trials show.
	Commands page.Commands

	// Started, if not nil, is called before the first call, with the directory and all that is known then: the budget
	// too.
	Started func(dir string, r sizing.Report)
	// Progress, if not nil, is told how far the search is: before and after each trial, and about once a second.
	Progress func(sizing.Progress)
}

// Sends reports whether anything is to be sent: what is asked of replicas that were measured before is answered
// without.
func (c Config) Sends() bool { return c.Need > 0 || c.Find }

// ConditionsError says that no threshold of a scenario is a condition that a search can judge single calls by.
type ConditionsError struct{ LeftOut []sizing.LeftOut }

// Error says why, of each.
func (e *ConditionsError) Error() string {
	var b strings.Builder
	b.WriteString("no threshold of the scenario can be searched by; write, say, `thresholds: [p99(latency) < 1s]`")
	for _, l := range e.LeftOut {
		fmt.Fprintf(&b, "; %s: %s", l.Expr, l.Why)
	}
	return b.String()
}
