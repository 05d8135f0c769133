package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet"
	"github.com/kaizenautomation/andon/scenarios/search"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

type capacityFlags struct {
	target, out, fixtures string
	production            string
	resume                string
	credentials           credentialFlags
	seed                  uint64
	plain, http2, search  bool
	release, deviations   string
	labels                []string
	arrivals              string
	need, from, to        perSecond
	headroom              part
	confidence, width     part
	time                  time.Duration
	calls                 uint64
	price                 float64
	crew                  crewFlags
	studies               studyFlags
}

func (c *command) capacity() *cobra.Command {
	f := capacityFlags{confidence: 0.95, width: 0.1}
	cmd := &cobra.Command{
		Use:   "capacity [SCENARIO]",
		Short: "Find the highest rate that meets a scenario's objectives, and what breaks first",
		Long: `Capacity finds the highest rate of calls at which the objectives of a scenario hold, with an
interval, and says what breaks first beyond it. It makes trials at one rate after the other, each a
run in a directory of its own below the search's, ends each as soon as enough is known of it, and
waits until the target has done with it before the next.

SCENARIO says what is sent, and its thresholds are the objectives; its load is not used. They are
judged by the share of calls that are over: p99(latency) < 1s holds at a rate if fewer than 1 call
in 100 takes a second or more. Thresholds that say nothing of single calls are named and left out.
rate(errors) < 1% and rate(shed) < 1% hold without being written down. When the contract is first
broken is told beside.

Calls arrive at random (Poisson), as those of independent users do; evenly spaced ones (--arrivals
even) queue less, so that the capacity is higher and means less. The search begins at --from, else at
the scenario's highest rate, doubles it as long as the objectives hold, and narrows down around the
rate at which they break, until the interval is as narrow as --width.

--need asks whether the target takes one rate, which is far cheaper: one trial, which is ended as
soon as the answer is clear. --headroom asks for so much more. With --search the capacity is searched
for besides.

` + studiesHelp + `

No more calls are sent than --calls, and none after --time, though what is in flight then is waited
for; both are told before the first call, and what is known by then is the answer. Each accepted call
starts a run at the target: --price is that of one. What was cut short goes on with --resume, from the
trials that had ended.

With --fleet N the trials are sent by N workers (andon fleet worker), each a part of every trial's
calls; they join with what is written to the file "join" of a directory that is told, and stay until
the search ends. What the calls carry comes from their environment and flags. A worker that is lost
ends the search: what is known by then is the answer.

Exit codes: 0 an interval was found, or the need is met; 1 the need is not met; 2 wrong usage,
scenario or description, nothing was sent; 3 no verdict (undecided, this machine is the limit, the
budget was spent before an interval was found, interrupted, the target or a worker is gone).

` + credentialsHelp,
		Example: `  andon capacity
  andon capacity mixed --need 120/s --headroom 20%
  ANDON_TOKEN=… andon capacity ./peak.yaml --target https://staging.example.com --from 50/s --time 10m
  andon capacity ./peak.yaml --target https://staging.example.com --resume reports/runs/20261126T060000Z-capacity-peak`,
		Args:              atMostOne,
		ValidArgsFunction: completeShipped,
		RunE:              func(_ *cobra.Command, args []string) error { return c.searchCapacity(args, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.target, "target", "", "base `URL` of the provider; without it the reference provider is driven")
	flags.StringVar(&f.production, "production", "", productionUse)
	flags.Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	flags.StringVar(&f.fixtures, "fixtures", "", fixturesUse)
	flags.StringVar(&f.out, "out", "", "`directory` to write (default reports/runs/<time>-capacity-<scenario>)")
	f.credentials.add(flags)
	flags.Var(&f.need, "need", "`rate` that the target is to take, such as 120/s: answered by one trial")
	flags.Var(&f.headroom, "headroom", "`share` above --need that it is to take as well, such as 20%")
	flags.BoolVar(&f.search, "search", false, "with --need, search for the capacity as well")
	flags.Var(&f.from, "from", "first `rate` that is tried (default the highest of the scenario)")
	flags.Var(&f.to, "to", "highest `rate` that may be tried")
	flags.Var(&f.confidence, "confidence", "`share` of searches whose interval has the capacity in it")
	flags.Var(&f.width, "width", "how wide the interval may be, as a `share` of the rate")
	flags.DurationVar(&f.time, "time", 15*time.Minute, "most `time` for all trials, but for what is in flight at its end")
	flags.Uint64Var(&f.calls, "calls", 200_000, "most calls in all trials")
	flags.Float64Var(&f.price, "price", 0, "price of a call, to tell the cost")
	f.studies.add(flags)
	f.crew.add(flags)
	flags.StringVar(&f.arrivals, "arrivals", "poisson", "poisson or even")
	flags.StringVar(&f.resume, "resume", "", "`directory` of a search that was cut short, to go on with")
	flags.BoolVar(&f.http2, "http2", false, "send over HTTP/2 where the target speaks it, with TLS or without")
	flags.BoolVar(&f.plain, "plain", false, "tell the progress in lines, also on a terminal")
	flags.StringArrayVar(&f.labels, "label", nil, "`name=text` that the search is known by in every report; may be given up to 20 times")
	flags.StringVar(&f.release, "release", "", "`name` of what is deployed at the target")
	flags.StringVar(&f.deviations, "deviations", "", deviationsUse)
	return cmd
}

// check says what is wrong with the flags, all at once.
func (f *capacityFlags) check() error {
	var wrong []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	add(f.arrivals != "poisson" && f.arrivals != "even", "--arrivals: expected poisson or even, found %q", text.Printable(f.arrivals, 40))
	add(f.headroom > 0 && f.need == 0, "--headroom says how much more than --need; add --need, such as --need 120/s")
	add(f.search && f.need == 0, "--search goes with --need; without it the capacity is searched for anyway")
	add(f.need > 0 && !f.search && !f.studies.asked() && (f.from > 0 || f.to > 0), "--from and --to are of a search, and none is made for what is asked; add --search, or leave them out")
	add(f.headroom > 0 && f.studies.replicas != "", "--headroom: of replicas, --reserve says how much of each stays free; leave one out")
	add(f.to > 0 && f.from > f.to, "--from %s/s is above --to %s/s", &f.from, &f.to)
	add(f.confidence < 0.5 || f.confidence > 0.999, "--confidence: expected from 50%% to 99.9%%, found %g%%", 100*f.confidence)
	add(f.width < 0.01 || f.width > 1, "--width: expected from 1%% to 100%%, found %g%%", 100*f.width)
	add(f.headroom > 10, "--headroom: expected at most 1000%%, found %s", &f.headroom)
	add(f.time < 5*time.Second || f.time > 24*time.Hour, "--time: expected from 5s to 24h, found %s", f.time)
	add(f.calls < 100 || f.calls > 1_000_000_000, "--calls: expected from 100 to 1000000000, found %d", f.calls)
	add(!(f.price >= 0 && f.price <= 1e6), "--price: expected from 0 to 1000000, found %v", f.price)
	add(f.crew.workers > 0 && f.target == "", "--fleet: the reference provider is driven from this machine alone; add --target, as the workers reach it")
	add(f.crew.workers > 0 && !f.credentials.IsZero(), "--fleet: what the calls carry is said to each worker (andon fleet worker --help), and no secret is wanted here; leave the flags for it out")
	add(f.resume != "" && f.out != "", "--resume names the directory already; leave --out out")
	return errors.Join(append(wrong, f.crew.check())...)
}

func (c *command) searchCapacity(args []string, f capacityFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	d, err := c.description()
	if err != nil {
		return err
	}
	s, err := c.scenario(args, d, f.fixtures)
	if err != nil {
		return err
	}
	studies, err := f.studies.read(s, float64(f.need))
	if err != nil {
		return err
	}
	find := f.need == 0 || f.search || f.studies.asked()
	if studies.Replicas != nil {
		// It is asked of more replicas than there are.
		f.need = 0
	}
	from := float64(f.from)
	if from == 0 && find {
		if from = s.PeakRate(); from == 0 {
			return errors.New("the load of the scenario is a closed loop, which has no rate to begin with: --from says one, such as --from 20/s")
		}
		if f.to > 0 {
			from = min(from, float64(f.to))
		}
	}
	t := search.Config{
		Scenario: s, Seed: f.seed, Need: float64(f.need), Headroom: float64(f.headroom), Find: find, Studies: studies, From: from, To: float64(f.to),
		Confidence: float64(f.confidence), Width: float64(f.width), Calls: f.calls, Seconds: f.time.Seconds(), Price: f.price, HTTP2: f.http2,
		Release: f.release, Dir: f.out, Root: filepath.Join("reports", "runs"), Andon: version(), Command: repeats(c.args), Commands: commands(c.chosen),
	}
	if f.arrivals == "poisson" {
		t.Arrivals = scenarios.Poisson
	}
	if f.resume != "" {
		t.Dir, t.Resume = f.resume, true
	}
	if t.Labels, err = results.ParseRunLabels(f.labels, f.release); err != nil {
		return fmt.Errorf("--label or --release: %w", err)
	}
	if t.Deviations, err = c.deviationsForLoad(f.deviations, s); err != nil {
		return err
	}
	if f.crew.workers > 0 {
		if err := fleet.Check(s.Carried); err != nil {
			return err
		}
	} else if t.Credentials, err = f.credentials.open(c, s.Carried); err != nil {
		return err
	}
	if t.Sends() || f.target != "" {
		if t.Target, err = pickTarget(f.target, s, strings.Join(append([]string{"andon capacity"}, args...), " ")); err != nil {
			return err
		}
	}
	if err := permittedURLs(f.production, t.Target); err != nil {
		return err
	}
	return c.runSearch(t, f)
}

// runSearch makes the search, and shows what came of it.
func (c *command) runSearch(t search.Config, f capacityFlags) error {
	if t.Embedded = t.Target == nil && t.Sends(); t.Embedded {
		plan, err := t.Scenario.Plan(t.Seed)
		if err != nil {
			return err
		}
		var end func()
		if t.Target, end, err = trial.Embedded(plan, nil); err != nil {
			return exit{noVerdict, err}
		}
		defer end()
	}
	w := live.NewWatch(c.stderr, os.Stdin, f.plain)
	if t.Sends() {
		w.Target = place(t.Target, t.Embedded)
	}
	t.Started = func(dir string, r sizing.Report) {
		if !t.Sends() {
			c.tell("nothing is sent: the replicas were measured before")
			return
		}
		c.tell("%s: %s → %s", text.Printable(t.Scenario.Name, 64), r.Budget.Most(), w.Target)
		for _, l := range r.LeftOut {
			c.tell("%s is no objective of a search: %s", text.Printable(l.Expr, 200), l.Why)
		}
		for _, n := range r.Notes {
			c.tell("%s", text.Printable(n, 400))
		}
	}
	stop := c.signals(w.Stopping, w.End)
	defer stop.release()
	w.Press, t.Progress = stop.press, w.Search
	defer w.End()
	if f.crew.workers > 0 && t.Sends() {
		w.By = live.Workers
		// Nobody is to wait for workers in vain.
		if err := t.Check(); err != nil {
			return err
		}
		crew, end, err := c.gather(stop, w.Say, f.crew, []*url.URL{t.Target}, credentials.Asked{})
		if err != nil {
			return err
		}
		defer end()
		t.Make = crew.Run
	}
	report, dir, err := search.Run(stop.kill, stop.first, t)
	w.End()
	if dir == "" {
		return notRun(err)
	}
	stop.code.Store(int32(report.Verdict.ExitCode))
	c.stepSummary(func(path string) error { return reports.AppendCapacity(path, report) })
	if shown := c.showSizing(report, dir); shown != nil && !c.stdout.lost(shown) {
		return exit{noVerdict, shown}
	}
	switch report.Run.Ended {
	case sizing.EndedInterrupted, sizing.EndedUnreachable:
		c.tell("to go on: %s", resumed(t.Command, dir))
	case sizing.EndedShort:
		c.tell("to go on, with as many workers as before: %s", resumed(t.Command, dir))
	case sizing.EndedUnkept:
		c.tell("to go on, once there is room for it: %s", resumed(t.Command, dir))
	case sizing.EndedBudget:
		c.tell("to go on, with more for --time or --calls: %s", resumed(t.Command, dir))
	}
	if err != nil {
		return exit{noVerdict, err}
	}
	if report.Verdict.ExitCode == 0 {
		return nil
	}
	return exit{code: report.Verdict.ExitCode}
}

// resumed is the command line that goes on with a search.
func resumed(command []string, dir string) string {
	var line []string
	for i, arg := range append(slices.Clone(command), "--resume="+dir) {
		again := arg == "--resume" || strings.HasPrefix(arg, "--resume=") || i > 0 && i < len(command) && command[i-1] == "--resume"
		if again && i < len(command) {
			continue
		}
		if strings.Trim(arg, "-_./:=,%+@ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" || arg == "" {
			arg = text.ShellQuote(arg)
		}
		line = append(line, arg)
	}
	return strings.Join(line, " ")
}

// showSizing shows what a search came to.
func (c *command) showSizing(r sizing.Report, dir string) error {
	return render.CapacityTerminal(c.stdout, r, c.terminal(dir))
}
