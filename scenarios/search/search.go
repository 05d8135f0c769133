// Package search makes the trials of a search for capacity, one after the other, and keeps what came of each.
//
// What is tried next, and what is known by then, is decided by package capacity, which sends nothing. This package does
// what that leaves out: it makes a plan of each trial that is asked for, runs it (package trial) in a directory of its
// own below the search's, watches it call by call and ends it when enough is known, sees that the target has done with
// what it was sent before more is, and keeps the budget. What came of it all is a [sizing.Report].
package search

import (
	"net/url"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios"
)

// Config says what is searched, at whom, and where it is kept.
type Config struct {
	// Scenario says what is sent, and what has to hold; its load is replaced.
	Scenario *scenarios.Scenario
	// Target is the provider's base URL. Embedded says that it is what trial.Embedded has started.
	Target   *url.URL
	Embedded bool
	// Seed decides, with the number of a trial, every call of it and its moment.
	Seed uint64
	// Arrivals are those of all trials.
	Arrivals scenarios.Arrivals
	// Calls and Seconds are the most that may be used, and Price is that of a call.
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
	// scenario, below Root.
	Dir, Root string
	// Andon is the version of the tool, and Command the command line, both for the record.
	Andon   string
	Command []string
	// Commands are the command lines that the pages of trials show.
	Commands page.Commands

	// Progress, if not nil, is told how far the search is: before and after each trial, and about once a second.
	Progress func(sizing.Progress)
}
