package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet"
	"github.com/kaizenautomation/andon/scenarios/gate"
	"github.com/kaizenautomation/andon/scenarios/targets"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

type gateFlags struct {
	target, targets, production string
	confirmed                   uint64
	ledger, out, fixtures       string
	keepGoing, dryRun, http2    bool
	seed                        uint64
	release, deviations         string
	labels                      []string
	credentials                 credentialFlags
	crew                        crewFlags
	parts                       gateParts
}

// gateParts are the parts that are asked for by flags.
type gateParts struct {
	base                string
	verify              bool
	load                string
	baseline, tolerance string
	against             string
	runs                int
	need                perSecond
	headroom            part
}

const gateFile = "gate.yaml"

func (c *command) gate() *cobra.Command {
	var f gateFlags
	cmd := &cobra.Command{
		Use:   "gate [FILE]",
		Short: "Ask whether a release is safe to ship: contract, load, comparison, capacity",
		Long: `Gate asks, in one go, whether what is deployed at a target is safe to ship. What is asked stands in
FILE, in parts that are all optional (andon gate init writes one), or in flags, of which a part takes the
place of the file's. Without FILE and such flags it is gate.yaml.

  description  does the description break callers, by the last released one?
  verify       does the target keep every case of the contract, known deviations aside?
  load         does it meet the thresholds of a scenario?
  compare      did runs of a scenario become worse than those of a baseline, or the target than another?
  capacity     does it take the rate that is needed?

One verdict comes out, with one line for each part that says what was found and what would turn it green;
and a directory with gate.html, gate.md for a pull request, junit.xml, gate.json, and the report of each
part in a directory of its own. Parts that cannot matter any more, since one has failed, are not run
without --keep-going. A load that failed by its times alone, and by no more than chance could do, is
repeated once, as is one that this machine was too busy for; both are reported.

What all parts may use at most is told before the first call, and kept: calls, runs that they start,
time, and cost by tier where the file of targets says what a run costs.

--target names a target of the file of targets (--targets; or targets in FILE; or targets.yaml), or is a
URL. That file says what calls carry, what they cost, and their caps, for a gate and for a day; a ledger
beside it keeps what was started in a day, also of gates at the same time. A production target, as
` + "api.kaizenautomation.com" + ` is in any case, is only called where --production types its name out
too. A URL that is in no file, and not on this machine, wants the exact number of calls confirmed by
--confirm-calls. All that holds for what --against names as well, which is what the target is compared
with: both are met in turn, for two seconds each. What a flag says that calls carry, they carry to both.

With --fleet N, or fleet in FILE, the calls of load, compare and capacity are sent by N workers, as
andon capacity has them: they join (andon fleet worker) before the first call of any part, and stay
until the gate ends. The thresholds, the baseline and the caps are of all calls together. Workers carry
what the file of targets says, which each looks up in its own environment; flags here are for verify.

Exit codes: 0 all parts passed; 1 one failed; 2 wrong usage, a cap is too small for what is planned or a
call was not confirmed: nothing was sent; 3 no verdict (target unreachable, this machine was the limit,
the cap of the day is spent, a worker is missing or lost, interrupted). A fail beats no verdict.

` + credentialsHelp,
		Example: `  andon gate init
  andon gate
  andon gate --verify --load smoke
  andon gate release.yaml --target staging --keep-going
  andon gate --verify --load mixed --baseline mixed.baseline --need 120/s --target staging
  andon gate --verify --target https://staging.example.com --confirm-calls 1240
  andon gate --target prod --production prod
  andon gate --load peak.yaml --target staging --fleet 4 --listen 10.0.0.5:4222`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error { return c.askGate(args, f, cmd.Flags()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.target, "target", "", "`name` in the file of targets, or base URL; without it, and without one in FILE, the reference provider is called")
	flags.StringVar(&f.targets, "targets", "", "YAML `file` of targets (default targets.yaml, where there is one); andon gate schema targets describes it")
	flags.StringVar(&f.production, "production", "", productionUse)
	flags.Uint64Var(&f.confirmed, "confirm-calls", 0, "exact `number` of calls that a URL outside of the file of targets may be sent")
	flags.StringVar(&f.ledger, "ledger", "", "`directory` of the ledger (default ledger beside the file of targets, else reports/ledger)")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "run all parts, also those that cannot matter any more")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what the parts may use at most, and send nothing")
	flags.StringVar(&f.parts.base, "description-base", "", "`file` of the last released description, for the part description")
	flags.BoolVar(&f.parts.verify, "verify", false, "ask for the part verify")
	flags.StringVar(&f.parts.load, "load", "", "`scenario` for the part load")
	flags.StringVar(&f.parts.baseline, "baseline", "", "`file` of the baseline for the part compare, which needs a load")
	flags.StringVar(&f.parts.against, "against", "", "name or URL of a `target` that this one is compared with in the place of a baseline, such as what is deployed; needs a load")
	addWhole(flags, &f.parts.runs, "runs", gate.DefaultRuns, 1, 100, "how many runs are compared")
	flags.StringVar(&f.parts.tolerance, "tolerance", "", "by how much figures may become worse, such as p99=10%,errors=0.5pp")
	flags.Var(&f.parts.need, "need", "`rate` that the target is to take, such as 120/s, for the part capacity, which needs a load")
	flags.Var(&f.parts.headroom, "headroom", "`share` above --need that it is to take as well, such as 20%")
	flags.Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	flags.StringVar(&f.fixtures, "fixtures", "", fixturesUse+" (default: those of the target)")
	flags.StringVar(&f.deviations, "deviations", "", deviationsUse)
	flags.StringVar(&f.out, "out", "", "`directory` to write (default reports/runs/<time>-gate)")
	flags.BoolVar(&f.http2, "http2", false, "send load over HTTP/2 where the target speaks it, with TLS or without")
	flags.StringArrayVar(&f.labels, "label", nil, "`name=text` that the gate and its runs are known by in every report; may be given up to 20 times")
	flags.StringVar(&f.release, "release", "", "`name` of what is deployed at the target")
	f.crew.add(flags)
	f.credentials.add(flags)
	cmd.AddCommand(c.gateInit(), c.gateSchema())
	return cmd
}

// gateInit writes a gate to begin with.
func (c *command) gateInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a gate to begin with, which explains itself",
		Args:  atMostOne,
		RunE: func(_ *cobra.Command, args []string) error {
			path := gateFile
			if len(args) > 0 {
				path = args[0]
			}
			err := gate.Init(path)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already, and is not overwritten: name another file", text.Printable(path, 400))
			}
			if err == nil {
				_, err = fmt.Fprintln(c.stdout, text.Printable(path, 4096))
			}
			return err
		},
	}
}

// gateSchema prints what editors complete gates and files of targets by.
func (c *command) gateSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [gate|targets]",
		Short: "Print the JSON Schema of gates, or of files of targets, for editors",
		Args:  atMostOne,
		RunE: func(_ *cobra.Command, args []string) error {
			schema := gate.Schema()
			if len(args) > 0 {
				switch args[0] {
				case "gate":
				case "targets":
					d, err := c.description()
					if err != nil {
						return err
					}
					schema = targets.Schema(d)
				default:
					return fmt.Errorf("there is no schema of %q; expected gate or targets", text.Printable(args[0], 40))
				}
			}
			_, err := text.JSONWriter{To: exact{c.stdout}}.Write(schema)
			return err
		},
	}
}

// asked is what the file and the flags ask together.
func (f gateFlags) asked(args []string, given *pflag.FlagSet) (a gate.Asked, err error) {
	p := f.parts
	byFlags := p.base != "" || p.verify || p.load != "" || p.baseline != "" || p.against != "" || p.need > 0
	path := gateFile
	if len(args) > 0 {
		path = args[0]
	}
	if len(args) > 0 || !byFlags {
		if a, err = gate.Open(path); errors.Is(err, fs.ErrNotExist) && len(args) == 0 {
			return a, fmt.Errorf("nothing is asked: there is no %s, which andon gate init writes, and no part is named, such as --verify or --load smoke", gateFile)
		} else if err != nil {
			return a, err
		}
	}
	if p.base != "" {
		a.Description = &gate.Description{Base: p.base}
	}
	if p.verify && a.Verify == nil {
		a.Verify = &gate.Verify{}
	}
	if p.load != "" {
		a.Load = &gate.Load{Scenario: p.load}
	}
	if p.baseline != "" {
		if a.Compare == nil {
			a.Compare = &gate.Compare{Runs: p.runs}
		}
		a.Compare.Baseline, a.Compare.Against = p.baseline, ""
	}
	if p.against != "" {
		if a.Compare == nil {
			a.Compare = &gate.Compare{}
		}
		a.Compare.Baseline, a.Compare.Against = "", p.against
	}
	if a.Compare != nil && given.Changed("runs") {
		a.Compare.Runs = p.runs
	}
	if a.Compare != nil && p.tolerance != "" {
		a.Compare.Tolerance = p.tolerance
	}
	if p.need > 0 {
		if a.Capacity == nil {
			a.Capacity = &gate.Capacity{Time: gate.DefaultTime}
		}
		a.Capacity.Need, a.Capacity.Headroom = float64(p.need), float64(p.headroom)
	}
	switch {
	case a.Compare == nil && (given.Changed("runs") || p.tolerance != ""):
		return a, errors.New("--runs and --tolerance are of the part compare: --baseline asks for it, or --against")
	case p.baseline != "" && p.against != "":
		return a, errors.New("--baseline and --against are two questions: leave one out")
	case a.Compare != nil && a.Compare.Against != "" && given.Changed("runs"):
		return a, errors.New("--runs is of a comparison with a baseline: two targets are met in turn, once")
	case given.Changed("headroom") && p.need == 0:
		return a, errors.New("--headroom is of the part capacity: --need asks for it")
	case a.Load == nil && (a.Compare != nil && a.Compare.Scenario == "" || a.Capacity != nil && a.Capacity.Scenario == ""):
		return a, errors.New("--baseline, --against and --need want a scenario: --load names it")
	}
	for _, one := range []struct {
		flag string
		to   *string
	}{{f.target, &a.Target}, {f.targets, &a.Targets}, {f.deviations, &a.Deviations}} {
		if one.flag != "" {
			*one.to = one.flag
		}
	}
	if given.Changed("fleet") {
		a.Fleet = f.crew.workers
	}
	crew := crewFlags{a.Fleet, f.crew.listen}
	if err := crew.check(); err != nil {
		return a, err
	}
	if a.Fleet > 0 && a.Verify == nil && !f.credentials.IsZero() {
		return a, errors.New("what the calls of a fleet carry is said to each worker, or in the file of targets, and nothing is sent from here: leave the flags for it out")
	}
	return a, nil
}

// askGate does what the file and the flags say.
func (c *command) askGate(args []string, f gateFlags, given *pflag.FlagSet) error {
	config, err := c.gateConfig(args, f, given)
	if err != nil {
		return err
	}
	plan, err := gate.Prepare(config)
	var unconfirmed *targets.UnconfirmedError
	if errors.As(err, &unconfirmed) && !f.dryRun {
		return fmt.Errorf("%w: --confirm-calls %d says that they are meant, and a file of targets can name it with its caps", err, unconfirmed.Calls)
	} else if err != nil && unconfirmed == nil {
		return err
	}
	if unconfirmed != nil {
		c.tell("%v", unconfirmed)
		return nil
	}
	c.tell("%s → %s", plan.Budget.Most(), plan.Place())
	if b := plan.AgainstBudget; b != nil {
		c.tell("%s → %s", b.Most(), plan.Against)
	}
	if f.dryRun {
		return nil
	}
	watched := new(atomic.Pointer[live.Watch])
	stop := c.signals(func() { watched.Load().Stopping() }, func() { watched.Load().End() })
	defer stop.release()
	called := false // by this part or one before it
	begin := func(name, about string) {
		// Each part has its time from the start.
		w := live.NewWatch(c.stderr, os.Stdin, true)
		if w.Target = plan.Place(); config.Asked.Fleet > 0 && name != approval.Verify {
			w.By = live.Workers
		}
		switch {
		case name == approval.Verify:
			called = true
			w.Asks()
		case called:
			w.Answered()
		}
		watched.Store(w)
		if name != "" {
			c.tell("%s", strings.TrimSpace(name+" "+text.Printable(about, 200)))
		}
	}
	begin("", "")
	plan.Began, plan.Said = begin, func(said string) { c.tell("%s", said) }
	plan.Ended = func(p approval.Part) { c.tell("%s: %s", p.Name, approval.Word(p.Outcome)) }
	plan.Fires = func(at time.Time) { called = true; watched.Load().Began(at) }
	plan.Fired = func() { watched.Load().Answered() }
	plan.Progress = func(p summary.Progress) { watched.Load().Progress(p) }
	plan.Search = func(p sizing.Progress) { watched.Load().Search(p) }
	if n := config.Asked.Fleet; n > 0 {
		places := []*url.URL{config.Target.URL}
		if config.Against != nil {
			places = append(places, config.Against.URL)
		}
		crew, end, err := c.gather(stop, func(said string) { watched.Load().Say(said) }, crewFlags{n, f.crew.listen}, places, config.Target.Asked)
		if err != nil {
			return err
		}
		defer end()
		plan.Make = crew.Run
		plan.MakePair = func(ctx context.Context, interrupt <-chan struct{}, t trial.Config, with trial.Against) (a, b trial.Result, err error) {
			return crew.RunPair(ctx, interrupt, t, config.Against.Asked, fleet.Against{Against: with, Carried: config.Target.Asked})
		}
	}
	r, dir, err := plan.Run(stop.kill, stop.first)
	if dir == "" {
		var spent *targets.SpentError
		if errors.As(err, &spent) {
			return exit{noVerdict, err}
		}
		return notRun(err)
	}
	stop.code.Store(int32(r.Verdict.ExitCode))
	c.stepSummary(func(path string) error { return reports.AppendGate(path, r) })
	shown := render.GateTerminal(c.stdout, r, c.terminal(dir))
	if err != nil {
		return exit{cmp.Or(r.Verdict.ExitCode, noVerdict), fmt.Errorf("the gate cannot be kept: %w", err)}
	}
	return c.ended(r.Verdict, shown)
}

// gateConfig is what a gate is made of.
func (c *command) gateConfig(args []string, f gateFlags, given *pflag.FlagSet) (gate.Config, error) {
	asked, err := f.asked(args, given)
	if err != nil {
		return gate.Config{}, err
	}
	plain, err := c.description()
	if err != nil {
		return gate.Config{}, err
	}
	file, target, err := targets.Resolve(asked.Targets, asked.Target, plain)
	if named := asked.Target; err != nil {
		if file.Path == "" && asked.Targets != "" {
			named = asked.Targets
		}
		return gate.Config{}, asked.Blame(named, err)
	}
	var against *targets.Target
	if asked.Compare != nil && asked.Compare.Against != "" {
		found, err := file.Find(asked.Compare.Against, plain.Operation())
		if err != nil {
			return gate.Config{}, asked.Blame(asked.Compare.Against, fmt.Errorf("compare: against: %w", err))
		}
		against = &found
	}
	if err := permitted(f.production, target, against); err != nil {
		return gate.Config{}, err
	}
	g := gate.Config{
		Asked: asked, Target: target, Against: against, File: file.Path, Confirmed: f.confirmed, KeepGoing: f.keepGoing, Seed: f.seed, HTTP2: f.http2, Release: f.release,
		Ledger: targets.Ledger{Dir: f.ledger}, Dir: f.out, Root: filepath.Join("reports", "runs"), Andon: version(), Command: repeats(c.args), Commands: commands(c.chosen),
	}
	if f.ledger == "" {
		if g.Ledger.Dir = filepath.Join("reports", "ledger"); file.Path != "" {
			g.Ledger.Dir = filepath.Join(filepath.Dir(file.Path), "ledger")
		}
	}
	if g.Labels, err = results.ParseRunLabels(f.labels, f.release); err != nil {
		return g, fmt.Errorf("--label or --release: %w", err)
	}
	fixtures := f.fixtures
	if fixtures == "" && target != nil {
		fixtures = target.Fixtures
	}
	if f.fixtures != "" && target != nil && against != nil {
		against.Fixtures = target.Fixtures // those of neither are used
	}
	for _, to := range []*targets.Target{target, against} {
		flags := f.credentials.to(to)
		carried, err := flags.Plan()
		if err != nil {
			return g, err
		}
		g.Resolved = carried.Addresses() // by flags alone
	}
	if g.Description, err = c.descriptionWith(fixtures); err != nil {
		if f.fixtures == "" && target != nil {
			err = target.Blame("fixtures", err)
		}
		return g, err
	}
	g.Scenario = func(name string) (*scenarios.Scenario, error) { return c.scenario([]string{name}, plain, fixtures) }
	g.Credentials = func(to *targets.Target, carried credentials.Asked) (*credentials.Set, error) {
		flags := f.credentials.to(to)
		set, err := flags.open(c, carried)
		if to != nil && !to.Asked.IsZero() && f.credentials.IsZero() && carried.IsZero() {
			err = to.Blame("", err)
		}
		return set, err
	}
	return g, nil
}

// to are the flags with what the file of targets says of one; nil is the reference provider.
func (f credentialFlags) to(t *targets.Target) credentialFlags {
	if t != nil {
		f.Asked = f.Over(t.Asked)
	}
	return f
}

// reportGate shows a gate again, from its directory alone.
func (c *command) reportGate(dir, format, out string) error {
	return reportDocument(c, dir, format, out, kind[approval.Report]{
		reports.ChooseGate, approval.Document().Read, func(r approval.Report) summary.Verdict { return r.Verdict }, reports.AppendGate,
	})
}
