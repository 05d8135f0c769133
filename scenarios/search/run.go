package search

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// most is how many objectives there may be: each is a bit of what a call is.
const most = 64

// Run searches. Closing interrupt ends the trial that goes on, and the search; when ctx ends, calls in flight are given
// up as well. What is known is in the report then, too. The errors are those of package trial: before the first call
// [trial.UnreachableError] and [results.PlaceError], and [trial.IncompleteError] where calls were sent and not all of
// it could be kept.
func Run(ctx context.Context, interrupt <-chan struct{}, c Config) (report sizing.Report, dir string, err error) {
	if err := results.CheckRunLabels(c.Labels, c.Release); err != nil {
		return report, "", err
	}
	s := &session{Config: c, interrupt: interrupt, began: time.Now()}
	if c.Sends() {
		if err := s.ready(ctx); err != nil {
			return report, "", err
		}
	} else if c.Target == nil {
		s.Target = new(url.URL)
	}
	s.describe()
	defer func() {
		if s.held != nil {
			_ = s.held.Close()
		}
	}()
	if err := s.open(); err != nil {
		return report, "", err
	}
	s.hopeless()
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

// Check says why there is nothing to search by.
func (c Config) Check() error {
	list, left := conditions(c.Scenario)
	switch {
	case len(list) == 0:
		return &ConditionsError{left}
	case len(list) > most:
		return fmt.Errorf("the scenario has %d thresholds to search by, and a search judges calls by %d at most", len(list), most)
	}
	return nil
}

// ready says why nothing can be sent.
func (s *session) ready(ctx context.Context) error {
	s.thresholds, s.report.LeftOut = conditions(s.Scenario)
	if err := s.Check(); err != nil {
		return err
	}
	if s.Make != nil {
		return nil
	}
	_, err := (trial.Config{Target: s.Target, Credentials: s.Credentials, HTTP2: s.HTTP2}).Reach(ctx)
	return err
}

// describe fills in what is known of a search before it begins.
func (s *session) describe() {
	r := &s.report
	r.Schema = sizing.Schema
	r.Run = sizing.Run{
		Scenario: s.Scenario.Name, Target: s.Target.String(), Started: s.began.UTC(), Seed: s.Seed, Andon: s.Andon, Command: s.Command,
		SpecSHA256: s.Scenario.Description().SHA256(), Release: s.Release, Labels: s.Labels, Arrivals: arrivalsName(s.Arrivals),
		Insecure: s.Credentials.Asks().Insecure(),
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
	if s.Sends() {
		r.Budget = sizing.Budget{Calls: s.Calls, Seconds: seconds, Price: s.Price, Cost: s.Price * float64(s.Calls)}
	}
	if s.Need > 0 {
		r.Need = &sizing.Need{Rate: s.Need, Headroom: s.Headroom, Tried: s.Need * (1 + s.Headroom), Answer: sizing.Undecided, Error: 1 - s.Confidence}
	}
	r.Trials = []sizing.Trial{}
}

// answer answers what was asked, question by question, as long as the search has not ended.
func (s *session) answer(ctx context.Context) error {
	if s.Need > 0 {
		if err := s.decide(ctx); err != nil || s.report.Run.Ended != "" {
			return err
		}
	}
	if !s.Find {
		if x := s.Studies.Replicas; x != nil {
			s.report.Replicas = x.needed(nil)
			s.end(sizing.EndedFound, "")
		}
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
