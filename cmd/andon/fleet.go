package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// fleet is what runs on many machines.
func (c *command) fleet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "Drive a target from many machines at once",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(c.fleetRun(), c.fleetWorker(), c.fleetCollect(), c.fleetManifest(), c.fleetSecret())
	return cmd
}

// joinFile is where workers find what to join with, in the run's directory.
const joinFile = "join"

// The variables of a fleet, which hold secrets.
const (
	joinVariable = "ANDON_JOIN"
	hubVariable  = "ANDON_HUB_KEY"
)

type fleetRunFlags struct {
	target, production, out, fixtures string
	seed                              uint64
	workers                           int
	listen, store, hub                string
	wait                              time.Duration
	noUniqueIDs, plain, http2         bool
	traceparent                       bool
	release, deviations               string
	labels                            []string
	paired                            pairedFlags
}

func (c *command) fleetRun() *cobra.Command {
	var f fleetRunFlags
	cmd := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Have a scenario sent by workers on many machines, as one run",
		Long: `Run waits until --workers workers have joined (andon fleet worker), has all of them begin at the
same moment, and brings home what they measured: each a directory s0, s1, … below the run's, and a
report of all together. Call n is a function of the scenario and the seed, and worker i of k sends
the calls that leave i when they are divided by k, so that the run is the same as on one machine.

What the workers meet at, a hub, runs in this command. They join with ANDON_JOIN, which is written
to the file "join" in the run directory while it goes on; with ANDON_HUB_KEY, the hub is the one
that it was made for. With --hub they meet at a NATS server of yours: with TLS, JetStream, and an
nkey that may do everything, which ANDON_JOIN has here and at the workers (host:port##nkey, or with
the SHA-256 of its certificate between the #). The bucket of a run stays there.

No call is sent from here, and no secret of the target's is needed: each worker has it from its own
environment, and is told which hosts it may send to. What the scenario takes from variables (${NAME})
is each worker's own as well, and has to be the same everywhere.

No call is sent before all workers are armed, and none at all where one is not after --wait. A
worker that is silent for 10 s is lost: it is named, its shard is missing, and the exit code is 3;
others do not take over. Thresholds with abort are held against all calls together. Ctrl-C has all
workers stop and brings home what there is. Where this command is killed, the workers stop after
30 s, and andon fleet collect makes the report of what lies in the hub's store and in their spools.

With --against URL, the target is compared with a second provider, as by andon run --against: at each
moment all workers are in the same slice, and the one target or the other gets the calls of all. What
workers carry, they carry to both. It ends when it is clear by all calls together, or once a worker is
lost. Side a and side b each have the directories of all workers, and the comparison is made of both.

Exit codes: as andon run has them; 3 as well where a shard is missing.`,
		Example: `  andon fleet run mixed --workers 2 --target http://127.0.0.1:8080 --out /tmp/fleet
  ANDON_JOIN=$(cat /tmp/fleet/join) andon fleet worker     # twice, in other terminals
  andon fleet run peak.yaml --workers 8 --target https://staging.example.com --listen 10.0.0.5:4222`,
		Args:              atMostOne,
		ValidArgsFunction: completeShipped,
		RunE:              func(_ *cobra.Command, args []string) error { return c.runFleet(args, f) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.workers, "workers", 0, "how many workers there are: each sends a part of the calls")
	flags.StringVar(&f.target, "target", "", "base `URL` of the provider, as the workers reach it")
	flags.StringVar(&f.production, "production", "", productionUse)
	flags.Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	flags.StringVar(&f.fixtures, "fixtures", "", fixturesUse)
	flags.StringVar(&f.out, "out", "", "run `directory` to write (default reports/runs/<time>-<scenario>)")
	flags.StringVar(&f.hub, "hub", "", "`host:port` of a NATS server of yours that ANDON_JOIN names, in place of a hub in this command")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0", "`host:port` where the hub listens; port 0 is one that is free")
	flags.StringVar(&f.store, "store", "", "`directory` that the hub keeps what passes through it in (default hub in the run directory)")
	flags.DurationVar(&f.wait, "wait", 10*time.Minute, "`time` after which it is given up where not all workers are armed")
	flags.BoolVar(&f.http2, "http2", false, "send over HTTP/2 where the target speaks it, with TLS or without")
	flags.BoolVar(&f.noUniqueIDs, "no-unique-ids", false, "do not check that executionIds are unique")
	flags.BoolVar(&f.plain, "plain", false, "tell the progress in lines, also on a terminal")
	flags.BoolVar(&f.traceparent, "traceparent", false, "send a W3C traceparent header with each call")
	flags.StringArrayVar(&f.labels, "label", nil, "`name=text` that the run is known by in every report; may be given up to 20 times")
	flags.StringVar(&f.release, "release", "", "`name` of what is deployed at the target")
	flags.StringVar(&f.deviations, "deviations", "", deviationsUse)
	f.paired.add(flags)
	return cmd
}

// asked is what is asked of a fleet.
func (f fleetRunFlags) asked(c *command, args []string) (config fleet.Config, err error) {
	plan, err := c.planned(args, f.seed, f.fixtures, false)
	if err != nil {
		return config, err
	}
	t := trial.Config{
		Plan: plan, HTTP2: f.http2, Traceparent: f.traceparent, RepeatedIDsAllowed: f.noUniqueIDs, Dir: f.out, Root: filepath.Join("reports", "runs"),
		Andon: version(), Release: f.release,
	}
	var wrong []error
	if t.Labels, err = results.ParseRunLabels(f.labels, f.release); err != nil {
		wrong = append(wrong, fmt.Errorf("--label or --release: %w", err))
	}
	if t.Deviations, err = c.deviationsForLoad(f.deviations, plan.Scenario); err != nil {
		wrong = append(wrong, err)
	}
	if plan.OfBaseline() {
		wrong = append(wrong, errors.New("a threshold is of a baseline, which workers do not have: take it out, and compare the run with the baseline afterwards (andon compare)"))
	}
	if err := fleet.Check(plan.Carried); err != nil {
		wrong = append(wrong, err)
	}
	if err := f.paired.check(f.target, false, webhookFlags{}, monitorFlags{}); err != nil {
		wrong = append(wrong, err)
	}
	if f.workers < 1 {
		wrong = append(wrong, fmt.Errorf("--workers wants a number of 1 or more, found %d", f.workers))
	} else if _, err := plan.Shard(scenarios.Shard{Of: f.workers}); err != nil {
		wrong = append(wrong, fmt.Errorf("--workers %d: %w", f.workers, err))
	}
	if f.wait <= 0 {
		wrong = append(wrong, fmt.Errorf("--wait wants a time above 0, found %s", f.wait))
	}
	if f.target == "" {
		wrong = append(wrong, errors.New("--target is wanted: the base URL of the provider, as the workers reach it; andon serve starts one to try"))
	} else if t.Target, err = plan.Description().Operation().ParseTarget(f.target); err != nil {
		wrong = append(wrong, fmt.Errorf("--target: %w", err))
	} else if err := permittedURLs(f.production, t.Target); err != nil {
		wrong = append(wrong, err)
	}
	var theirs *hub.Join
	if f.hub != "" {
		join, err := c.join()
		if err == nil && join.Address != f.hub {
			err = fmt.Errorf("--hub: expected the address that %s has, %s, found %q", joinVariable, join, text.Printable(f.hub, 100))
		}
		if theirs = &join; err != nil {
			wrong = append(wrong, err)
		}
	}
	identity, err := c.hubIdentity()
	if err != nil {
		wrong = append(wrong, err)
	}
	return fleet.Config{
		Trial: t, Workers: f.workers, Hub: theirs, Listen: f.listen, Identity: identity, Store: f.store, Times: fleet.Times{Arming: f.wait},
	}, errors.Join(wrong...)
}

// hubIdentity is what the hub is made of: what its variable says, or something new.
func (c *command) hubIdentity() (hub.Identity, error) {
	secret := os.Getenv(hubVariable)
	if secret == "" {
		return hub.NewIdentity(), nil
	}
	c.secrets.Keep(secret)
	identity, err := hub.ParseIdentity(secret)
	if err != nil {
		return identity, fmt.Errorf("%s: %w", hubVariable, err)
	}
	return identity, belongs(identity)
}

// belongs reports that the join string which workers were given, where it is known here, is of another hub.
func belongs(identity hub.Identity) error {
	secret := os.Getenv(joinVariable)
	if secret == "" {
		return nil
	}
	join, err := hub.ParseJoin(secret)
	if err != nil {
		return fmt.Errorf("%s: %w", joinVariable, err)
	}
	if mine, err := identity.Worker(join.Address); err != nil || mine != join {
		return errors.Join(err, fmt.Errorf("%s and %s are not of one hub: workers that join with the one would not be known by the other; make both anew", joinVariable, hubVariable))
	}
	return nil
}

func (c *command) runFleet(args []string, f fleetRunFlags) error {
	config, err := f.asked(c, args)
	if err != nil {
		return err
	}
	if f.paired.asked() {
		return c.runFleetPaired(config, f)
	}
	w := live.NewWatch(c.stderr, os.Stdin, f.plain)
	w.Target, w.By = place(config.Trial.Target, false), live.Workers
	c.tell("%s: %s → %s, by %s", text.Printable(config.Trial.Plan.Name, 64), config.Trial.Plan, w.Target, text.Plural(uint64(f.workers), "worker"))
	stop := c.signals(w.Stopping, w.End)
	defer stop.release()
	w.Press, config.Progress, config.Every = stop.press, w.Progress, w.Every()
	config.Trial.Began = w.Began
	defer w.End()
	config.Say = func(said string) { w.Say(c.secrets.Redact(said)) }
	var forget func()
	config.Joined, forget = c.joining(f.hub != "", config.Trial.Target)
	defer forget()
	r, err := fleet.Run(stop.kill, stop.first, config)
	w.End()
	return c.concludeFleet(r.Dir, r.Shards, errors.Join(r.Faults...), err)
}

// runFleetPaired has workers meet two targets in turn.
func (c *command) runFleetPaired(config fleet.Config, f fleetRunFlags) error {
	against, err := f.paired.target(config.Trial.Plan)
	if err != nil {
		return err
	}
	if err := permittedURLs(f.production, config.Trial.Target, against); err != nil {
		return err
	}
	forget := func() {}
	defer func() { forget() }()
	config.Trial.Commands = commands(c.chosen)
	return c.runPaired(config.Trial, against, f.paired, f.plain, func(say func(string), against *url.URL) trial.PairMaker {
		config.Say = func(said string) { say(c.secrets.Redact(said)) }
		config.Joined, forget = c.joining(f.hub != "", config.Trial.Target, against)
		return func(ctx context.Context, interrupt <-chan struct{}, t trial.Config, with trial.Against) (a, b trial.Result, err error) {
			config.Trial, config.Against = t, &fleet.Against{Against: with}
			return fleet.RunPair(ctx, interrupt, config)
		}
	})
}

// joining tells what workers join a hub with, unless they know, and writes it down until it is to be forgotten.
func (c *command) joining(known bool, targets ...*url.URL) (told func(dir string, join hub.Join) error, forget func()) {
	secret := ""
	told = func(dir string, join hub.Join) error {
		if known || os.Getenv(hubVariable) != "" {
			c.tell("the hub is at %s, where workers join with their %s", join, joinVariable)
			return nil
		}
		c.secrets.Keep(join.Secret())
		// Who waits for the file, or follows what is told, is to find it there, and whole.
		secret = filepath.Join(dir, joinFile)
		if err := regular.WriteSecret(secret, func(w io.Writer) error { _, err := fmt.Fprintln(w, join.Secret()); return err }); err != nil {
			return err
		}
		c.tell("the hub listens on %s; workers join with: %s=$(cat %s) andon fleet worker%s", join, joinVariable, secret, allowing(targets))
		return nil
	}
	return told, func() {
		if secret != "" {
			_ = os.Remove(secret)
		}
	}
}

// allowing is what lets a worker send to targets.
func allowing(targets []*url.URL) (said string) {
	for i, of := range targets {
		if !slices.ContainsFunc(targets[:i], func(before *url.URL) bool { return before.Host == of.Host }) {
			said += " --allow " + of.Host
		}
	}
	return said
}

// concludeFleet reports what is home of a fleet's run. missing says what is not, and failed why nothing more came of
// it.
func (c *command) concludeFleet(dir string, shards []string, missing, failed error) error {
	var none *fleet.NoStartError
	switch {
	case errors.As(failed, &none):
		return exit{noVerdict, failed}
	case len(shards) == 0 && missing == nil && failed != nil:
		return notRun(failed)
	case len(shards) == 0:
		return exit{noVerdict, fmt.Errorf("nothing that was measured is home: %w", cmp.Or(errors.Join(missing, failed), errors.New("no worker has handed anything in")))}
	}
	formats, err := reports.Choose("html,markdown,json")
	if err != nil {
		return err
	}
	m, err := reports.OpenShards(shards...)
	if err != nil {
		return exit{noVerdict, errors.Join(err, missing)}
	}
	m.Commands = commands(chosenIn(shards[0]))
	if err := m.Read(formats...); err != nil {
		return exit{noVerdict, err}
	}
	if missing != nil {
		m.Summary.Doubt(strings.Split(c.redact(missing.Error()), "\n")...)
	}
	for _, format := range formats {
		if _, err := format.Files(dir, m); err != nil {
			failed = errors.Join(failed, fmt.Errorf("not all of the report can be written: %w", err))
		}
	}
	c.stepSummary(func(path string) error { return reports.AppendMarkdown(path, m.Summary) })
	if shown := c.show(m.Summary, dir); shown != nil && !c.stdout.lost(shown) {
		return exit{noVerdict, shown}
	}
	if err := errors.Join(missing, failed); err != nil {
		return exit{noVerdict, err}
	}
	return verdict(m.Summary)
}

func (c *command) fleetWorker() *cobra.Command {
	var allow []string
	var spool string
	var with credentialFlags
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Take part in a run of a fleet",
		Long: `Worker joins the hub that ANDON_JOIN names, makes the run's plan by itself and compares it with the
run's, takes a shard that nobody has, and sends its calls when all others do. What it measures is on
its own disk first, in a run directory below --spool, and is handed in at the end; it stays there.

It sends to the hosts of --allow and to no others, whatever the hub says. What the calls carry comes
from its own environment and flags, as for andon run: no secret passes the hub. What the scenario, or
the file of targets of andon gate, names as {env:NAME} and {file:PATH} is read here, and sent to those
hosts; a {command:…} in it is refused. Where the variable JOB_COMPLETION_INDEX is set, as in an indexed Job of Kubernetes, that is
its shard.

With andon capacity --fleet, and andon gate --fleet, it stays, and takes part in one trial after the
other until that ends; each is a run directory below --spool.

A worker that hears nothing of the hub for 30 s stops. Exit codes: 0 all that it measured is home,
whatever came of the run; 2 it was refused, and sent no call: another version, plan, host or a shard
that another has; 3 what it measured is not home, or not all of it could be kept, as is said.

` + credentialsHelp,
		Example: `  ANDON_JOIN=$(cat /tmp/fleet/join) andon fleet worker
  ANDON_JOIN=… ANDON_TOKEN=… andon fleet worker --allow staging.example.com`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return c.runWorker(allow, spool, with) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&allow, "allow", []string{"127.0.0.1", "::1", "localhost"}, "`host` or host:port that calls may go to; may be repeated")
	flags.StringVar(&spool, "spool", filepath.Join("reports", "runs"), "`folder` in which what is measured is kept")
	with.add(flags)
	return cmd
}

// join is what the environment says of a hub.
func (c *command) join() (hub.Join, error) {
	secret := os.Getenv(joinVariable)
	if secret == "" {
		return hub.Join{}, fmt.Errorf("%s is not set: it names the hub, and andon fleet run writes it to the file join of its run directory", joinVariable)
	}
	c.secrets.Keep(secret)
	join, err := hub.ParseJoin(secret)
	if err != nil {
		err = fmt.Errorf("%s: %w", joinVariable, err)
	}
	return join, err
}

func (c *command) runWorker(allow []string, spool string, with credentialFlags) error {
	join, err := c.join()
	if err != nil {
		return err
	}
	shard := -1
	if index := os.Getenv("JOB_COMPLETION_INDEX"); index != "" {
		if shard, err = strconv.Atoi(index); err != nil || shard < 0 {
			return fmt.Errorf("JOB_COMPLETION_INDEX: expected a number of 0 or more, found %q", text.Printable(index, 60))
		}
	}
	w := live.NewWatch(c.stderr, os.Stdin, true)
	w.By = live.Worker
	stop := c.signals(w.Stopping, w.End)
	defer stop.release()
	err = fleet.Work(stop.kill, stop.first, fleet.Worker{
		Join: join, Name: workerName(), Andon: version(), Shard: shard, Hosts: allow, Spool: spool,
		Prepare: func(carried credentials.Asked, _ *url.URL) (trial.Config, error) {
			set, err := with.open(c, carried)
			c.secrets.Keep(join.Secret())
			return trial.Config{Credentials: set, Command: repeats(c.args), Commands: commands(c.chosen), Began: w.Began, Ended: w.Answered}, err
		},
		Redact: func(said string) string { return c.redact(text.Public(said)) },
		Say:    func(said string) { c.tell("%s", said) },
	})
	var refused *fleet.RefusedError
	var stranger *hub.StrangerError
	var away *hub.TurnedAwayError
	if err == nil || errors.As(err, &refused) || errors.As(err, &stranger) || errors.As(err, &away) {
		return err
	}
	return exit{noVerdict, err}
}

// workerName is one that no other worker has.
func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), strings.ToLower(rand.Text()[:4]))
}

func (c *command) fleetCollect() *cobra.Command {
	return &cobra.Command{
		Use:   "collect RUN_DIR [SPOOL...]",
		Short: "Bring home what a run of a fleet has measured, after its coordinator was lost",
		Long: `Collect takes the run directory of andon fleet run, whose command was killed or has lost workers, and
brings home what lies in the hub's store, and in the run directories of workers (SPOOL) that were
copied to this machine. Where the hub was a NATS server of yours, ANDON_JOIN names it. Then it
reports all shards that are home as one run, as andon fleet run does; those that are missing are
named, and the exit code is 3.`,
		Example: `  andon fleet collect reports/runs/20261124T060000Z-mixed
  andon fleet collect /tmp/fleet worker-3/reports/runs/*-s3`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactlyOne("the run directory of andon fleet run")(cmd, args)
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var join *hub.Join
			if os.Getenv(joinVariable) != "" {
				given, err := c.join()
				if err != nil {
					return err
				}
				join = &given
			}
			shards, against, err := fleet.Collect(context.Background(), args[0], args[1:], join)
			if shards == nil {
				return err
			}
			// Nobody joins any more.
			_ = os.Remove(filepath.Join(args[0], joinFile))
			if against == nil {
				return c.concludeFleet(args[0], shards, err, nil)
			}
			// What one target came to is no verdict on the two.
			for i, of := range [][]string{shards, against} {
				var verdict exit
				if shown := c.concludeFleet(filepath.Join(args[0], "ab"[i:i+1]), of, nil, nil); !errors.As(shown, &verdict) || verdict.err != nil {
					err = errors.Join(err, shown)
				}
			}
			return exit{noVerdict, errors.Join(err, errors.New("both sides are reported for themselves, and were not compared, since the coordinator was lost"))}
		},
	}
}
