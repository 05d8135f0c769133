package fleet

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// manifest is what the run, or the side of it whose sum is given, is as a whole.
func (r *run) manifest(s *sum) results.Manifest {
	m := s.manifest
	m.ID, m.Started = filepath.Base(filepath.Clean(r.record.Dir)), r.began.UTC()
	if !r.state.start.IsZero() {
		m.Started = r.state.clock(r.state.start).UTC()
	}
	return m
}

// conclude is what came of a run as of any trial, or of both of two targets. err is why it did not start, or could not
// be kept.
func (r *run) conclude(ctx context.Context, interrupt <-chan struct{}, out Result, err error) ([]trial.Result, error) {
	stopped := ctx.Err() != nil
	select {
	case <-interrupt:
		stopped = true
	default:
	}
	made, unreachable := r.told()
	var none *NoStartError
	switch {
	case errors.As(err, &none) && stopped:
		return made, nil
	case errors.As(err, &none) && unreachable != nil:
		return nil, unreachable
	case errors.As(err, &none):
		return nil, &trial.ShortError{Err: errors.New(none.Why)}
	case ctx.Err() != nil:
		// Nothing is waited for any more.
		return made, err
	}
	for i, shards := range [][]string{out.Shards, out.Against} {
		if len(shards) > 0 {
			err = errors.Join(err, r.merge(&made[i], shards))
		}
	}
	switch err = errors.Join(append(out.Faults, err)...); {
	case len(out.Shards) < r.Workers:
		return made, &trial.ShortError{Err: errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))}
	case err != nil:
		return made, &trial.IncompleteError{Err: err}
	}
	return made, nil
}

// told is what came of a run by what the workers have told of it. The error is that of a worker which found no way to
// the target.
func (r *run) told() (made []trial.Result, unreachable error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.state.members {
		if m := &r.state.members[i]; m.Unreachable {
			target := r.Trial.Target
			if r.Against != nil && m.Target == r.Against.Target.String() {
				target = r.Against.Target
			}
			unreachable = &trial.UnreachableError{Target: target, Err: fmt.Errorf("worker %s: %s", m.name(), m.gone)}
		}
	}
	end := results.End{Reason: results.Unkept}
	if r.state.stop != nil {
		end = *r.state.stop
	}
	end.Seconds, _ = r.state.known()
	for i, side := range r.record.sides() {
		s := r.sums()[i]
		made = append(made, trial.Result{Dir: filepath.Join(r.record.Dir, side), Aggregator: s.whole, Summary: summary.Summarize(r.manifest(s), nil, nil, end, s.whole)})
	}
	return made, unreachable
}

// merge puts in what came of a run by the shards that are home, and writes the report of these, which names those that
// are missing. Where some are, the figures stay those that were told, in which more of the calls are.
func (r *run) merge(out *trial.Result, shards []string) error {
	formats, err := reports.Choose("html,markdown,json")
	if err != nil {
		return err
	}
	m, err := reports.OpenShards(shards...)
	if err != nil {
		return err
	}
	m.Commands = r.Trial.Commands
	if err := m.Read(formats...); err != nil {
		return err
	}
	if out.Summary = m.Summary; len(shards) == r.Workers {
		out.Aggregator = m.Whole()
	}
	var runs []*results.Run
	for _, dir := range shards {
		run, err := results.Open(dir)
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	out.Run = joined(out.Dir, runs)
	var wrong []error
	for _, format := range formats {
		if _, err := format.Files(out.Dir, m); err != nil {
			wrong = append(wrong, fmt.Errorf("not all of the report can be written: %w", err))
		}
	}
	return errors.Join(wrong...)
}

// joined are shards as one run: it ended when the last of them did, and calls were sent by all until the first was
// stopped.
func joined(dir string, runs []*results.Run) *results.Run {
	whole := &results.Run{Dir: dir, Manifest: summary.Joined(runs), End: runs[0].End}
	for _, run := range runs {
		whole.Samples, whole.Vitals = append(whole.Samples, run.Samples...), append(whole.Vitals, run.Vitals...)
		end := &whole.End
		end.Seconds = max(end.Seconds, run.End.Seconds)
		if stopped := run.End.StoppedSeconds; stopped > 0 && (end.StoppedSeconds == 0 || stopped < end.StoppedSeconds) {
			end.StoppedSeconds = stopped
		}
	}
	return whole
}
