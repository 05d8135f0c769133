// Package search makes the trials of a search for capacity, one after the other, and keeps what came of each.
//
// What is tried next, and what is known by then, is decided by package capacity, which sends nothing. This package does
// what that leaves out: it makes a plan of each trial that is asked for, runs it (package trial) in a directory of its
// own below the search's, watches it call by call and ends it when enough is known, sees that the target has done with
// what it was sent before more is, and keeps the budget. What came of it all is a [sizing.Report].
//
// A search is a function of the trials that have ended. They are in search.json, so that one which was cut short goes on
// where it was.
package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

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
	// Target is the provider's base URL. Embedded says that it is what trial.Embedded has started.
	Target   *url.URL
	Embedded bool
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
	// scenario, below Root. Where the search was begun before, and is to be gone on with, Resume says so, and Dir where.
	Dir, Root string
	Resume    bool
	// Andon is the version of the tool, and Command the command line, both for the record.
	Andon   string
	Command []string
	// Commands are the command lines that the pages of trials show.
	Commands page.Commands

	// Started, if not nil, is called before the first call, with the directory and all that is known then: the budget too.
	Started func(dir string, r sizing.Report)
	// Progress, if not nil, is told how far the search is: before and after each trial, and about once a second.
	Progress func(sizing.Progress)
}

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

// most is how many objectives there may be: each is a bit of what a call is.
const most = 64

// Run searches. Closing interrupt ends the trial that goes on, and the search; when ctx ends, calls in flight are given
// up as well. What is known is in the report then, too. The errors are those of package trial, before the first call:
// [trial.UnreachableError] and [results.PlaceError], and [trial.IncompleteError] where calls were sent and not all of it
// could be kept.
func Run(ctx context.Context, interrupt <-chan struct{}, c Config) (report sizing.Report, dir string, err error) {
	if err := results.CheckRunLabels(c.Labels, c.Release); err != nil {
		return report, "", err
	}
	s := &session{Config: c, interrupt: interrupt, began: time.Now()}
	s.thresholds, s.report.LeftOut = conditions(c.Scenario)
	switch {
	case len(s.thresholds) == 0:
		return report, "", &ConditionsError{s.report.LeftOut}
	case len(s.thresholds) > most:
		return report, "", fmt.Errorf("the scenario has %d thresholds to search by, and a search judges calls by %d at most", len(s.thresholds), most)
	}
	if _, err := (trial.Config{Target: c.Target, Credentials: c.Credentials, HTTP2: c.HTTP2}).Reach(ctx); err != nil {
		return report, "", err
	}
	s.describe()
	if err := s.open(); err != nil {
		return report, "", err
	}
	if c.Started != nil {
		c.Started(s.dir, s.report)
	}
	if err := s.answer(ctx); err != nil {
		var incomplete *trial.IncompleteError
		if !errors.As(err, &incomplete) {
			err = &trial.IncompleteError{Err: err}
		}
		s.end(sizing.EndedUnkept, err.Error())
		s.conclude()
		return s.report, s.dir, errors.Join(err, s.keep())
	}
	s.conclude()
	if err := s.keep(); err != nil {
		return s.report, s.dir, &trial.IncompleteError{Err: err}
	}
	return s.report, s.dir, nil
}

// describe fills in what is known of a search before it begins.
func (s *session) describe() {
	r := &s.report
	r.Schema = sizing.Schema
	r.Run = sizing.Run{
		Scenario: s.Scenario.Name, Target: s.Target.String(), Started: s.began.UTC(), Seed: s.Seed, Andon: s.Andon, Command: s.Command,
		SpecSHA256: s.Scenario.Description().SHA256(), Release: s.Release, Labels: s.Labels, Arrivals: arrivalsName(s.Arrivals),
	}
	for _, c := range s.thresholds {
		// Whatever labels the load has, the share is the same.
		o, _ := c.Objective(s.Scenario.Labels)
		r.Objectives = append(r.Objectives, sizing.Objective{Expr: c.Expr(), Allowed: o.Allowed})
	}
	seconds := s.Seconds
	if seconds > 0 {
		seconds += s.Studies.Most(s.Seconds)
	}
	r.Budget = sizing.Budget{Calls: s.Calls, Seconds: seconds, Price: s.Price, Cost: s.Price * float64(s.Calls)}
	if s.Need > 0 {
		r.Need = &sizing.Need{Rate: s.Need, Headroom: s.Headroom, Tried: s.Need * (1 + s.Headroom), Answer: sizing.Undecided, Error: 1 - s.Confidence}
	}
	r.Trials = []sizing.Trial{}
}

func arrivalsName(a scenarios.Arrivals) string {
	if a == scenarios.Poisson {
		return "poisson"
	}
	return "even"
}

// answer answers what was asked, question by question, as long as the search has not ended.
func (s *session) answer(ctx context.Context) error {
	if s.Need > 0 {
		if err := s.decide(ctx); err != nil || s.report.Run.Ended != "" {
			return err
		}
	}
	if !s.Find {
		return nil
	}
	best := found{}
	for _, question := range []func() error{
		func() error { return s.complete(ctx) },
		func() error {
			return s.search(func() (err error) {
				best, err = s.find(ctx, "acceptance", "", s.acceptance(), s.From)
				acceptance := s.capacity(best)
				s.report.Acceptance = &acceptance
				return err
			})
		},
		func() error { return s.search(func() error { return s.begin(ctx) }) },
		func() error { return s.studies(ctx) },
	} {
		if err := question(); err != nil && !errors.Is(err, errEnded) {
			return err
		}
		if s.report.Run.Ended != "" {
			break
		}
	}
	s.endFound(best)
	return nil
}

// least is for how many seconds a trial measures at least: of a short budget, there is something left for others.
func (s *session) least() float64 {
	if s.Seconds == 0 {
		return 10
	}
	return math.Min(math.Max(s.Seconds/90, 1), 10)
}

// end says how the search has ended, once.
func (s *session) end(ended, detail string) {
	if s.report.Run.Ended == "" {
		s.report.Run.Ended, s.report.Run.Detail = ended, detail
	}
}
