package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet"
	"github.com/kaizenautomation/andon/scenarios/paired"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// pairedFlags ask for a second target, which is met in turn with the first.
type pairedFlags struct {
	against, release, tolerance string
	control, failOnUnknown      bool
}

const pairedHelp = `With --against URL the target is the base, and the one at that URL is compared with it: each is met for
two seconds in turn on the one schedule (AB BA), so that both meet the same noise. It ends when it is
clear whether the second became worse by more than --tolerance, or with the load; two run directories
come out, and the comparison. --aa compares the target with itself, as a control. Exit codes: 0 nothing
became worse; 1 something did, or the second broke a threshold or the contract; 3 it cannot be told.`

func (f *pairedFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.against, "against", "", "base `URL` of a second provider, which is compared with the target")
	flags.StringVar(&f.release, "against-release", "", "`name` of what is deployed there")
	flags.BoolVar(&f.control, "aa", false, "compare the target with itself: what is found is a false alarm")
	flags.StringVar(&f.tolerance, "tolerance", "", "by how much the second may be worse, as `figures`: p50=3%,p99=10%,errors=0.5pp unless said otherwise")
	flags.BoolVar(&f.failOnUnknown, "fail-on-unknown", false, "exit code 1 in place of 3 where it cannot be told")
}

func (f *pairedFlags) asked() bool { return f.against != "" || f.control }

// check says what is wrong with the flags beside those of a run, all at once.
func (f *pairedFlags) check(target string, follow bool, hooks webhookFlags, monitor monitorFlags) error {
	var wrong []error
	add := func(bad bool, said string) {
		if bad {
			wrong = append(wrong, errors.New(said))
		}
	}
	switch {
	case !f.asked():
		add(f.tolerance != "", "--tolerance is of a comparison: add --against, or leave it out")
		add(f.release != "", "--against-release names what is compared: add --against, or leave it out")
		add(f.failOnUnknown, "--fail-on-unknown is of a comparison: add --against, or leave it out")
	default:
		add(f.against != "" && f.control, "--against and --aa are two questions; leave one out")
		add(f.against != "" && target == "", "--against is compared with a target; add --target")
		add(f.control && f.release != "", "--against-release names what --against is compared; --aa takes what --release says")
		add(follow, "--follow: executions are not followed while two targets are met in turn; leave it out")
		add(hooks.listen != "", "--webhook-listen: executions are not followed while two targets are met in turn; leave it out")
		add(monitor.listen+monitor.remoteWrite+monitor.otlp != "", "the figures of two targets at once are not sent to monitoring; leave --metrics-listen, --remote-write and --otlp out")
	}
	return errors.Join(wrong...)
}

// target is the second target; nil where none is named.
func (f *pairedFlags) target(plan *scenarios.Plan) (*url.URL, error) {
	if f.against == "" {
		return nil, nil
	}
	u, err := plan.Description().Operation().ParseTarget(f.against)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	return u, nil
}

// sender says who sends the calls to two targets in the place of this machine, and tells by say what happens.
type sender func(say func(string), against *url.URL) trial.PairMaker

// runPaired compares two targets, and shows what came of it. A sender that is nil is this machine.
func (c *command) runPaired(t trial.Config, against *url.URL, f pairedFlags, plain bool, by sender) (err error) {
	p := paired.Config{Control: f.control, AgainstRelease: f.release, NeedAnswer: f.failOnUnknown}
	if f.tolerance != "" {
		if p.Tolerances, err = compare.ParseTolerances(f.tolerance); err != nil {
			return fmt.Errorf("--tolerance: %w", err)
		}
	}
	if err := paired.Check(t.Plan); err != nil {
		return err
	}
	if t.Embedded = t.Target == nil; t.Embedded {
		var end func()
		if t.Target, end, err = trial.Embedded(t.Plan, nil); err != nil {
			return exit{noVerdict, err}
		}
		defer end()
	}
	p.Config, p.Against, p.AgainstCredentials = t, against, t.Credentials
	switch {
	case f.control:
		p.Against, p.AgainstRelease = t.Target, t.Release
	case *against == *t.Target:
		return fmt.Errorf("--against: %s is the target itself; --aa compares that with itself", against)
	}
	w := live.NewWatch(c.stderr, os.Stdin, true)
	c.tell("%s: %s → %s and %s in turn, %s each", text.Printable(t.Plan.Name, 64), t.Plan, place(t.Target, t.Embedded), p.Against, paired.Slice)
	stop := c.signals(w.Stopping, w.End)
	defer stop.release()
	defer w.End()
	p.Began, p.Progress, p.Ended = w.Began, w.Learn, w.Answered
	if by != nil {
		w.By = live.Workers
		p.Make = by(w.Say, p.Against)
	}
	p.Looked = func(pairs int, at time.Duration, rows []compare.Row) {
		if plain || pairs%5 == 0 {
			w.Say(fmt.Sprintf("%6s  %s: %s", at.Round(time.Second), text.Plural(uint64(pairs), "pair"), compare.Report{Rows: rows, Paired: &compare.Paired{Control: f.control}}.Headline()))
		}
	}
	report, dir, err := paired.Run(stop.kill, stop.first, p)
	w.End()
	var none *fleet.NoStartError
	var short *trial.ShortError
	switch {
	case dir != "" && report.Schema != "":
	case errors.As(err, &none) || errors.As(err, &short):
		return exit{noVerdict, err}
	default:
		return notRun(err)
	}
	stop.code.Store(int32(report.Verdict.ExitCode))
	c.stepSummary(func(path string) error { return reports.AppendComparison(path, report) })
	if shown := render.ComparisonTerminal(c.stdout, report, c.terminal(dir)); shown != nil && !c.stdout.lost(shown) {
		return exit{noVerdict, shown}
	}
	if err != nil {
		return exit{noVerdict, err}
	}
	if report.Verdict.ExitCode != 0 {
		return exit{code: report.Verdict.ExitCode}
	}
	return nil
}
