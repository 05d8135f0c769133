package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// verifyFlags are what the flags say of a verification; many of them are its configuration itself.
type verifyFlags struct {
	verify.Config
	target, fixtures, scenario string
	production                 string
	credentials                credentialFlags
	calls                      int
	dryRun                     bool
	strict                     []string
	only                       caseFlags
	broker                     pactFlags
	deviations                 deviationFlags
	kept                       keptFlags
}

func (c *command) verify() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Hold a target against every case of the contract",
		Long: `Verify sends one request for every case that openapi.yaml implies: what it allows must be accepted,
what it forbids must be refused with a 4xx, and nothing may fail with a 5xx. Where the
description is silent, what the target does is noted and is no failure. Pact's own verifier judges the same cases
a second time, as far as a pact can hold them.

Each accepted call starts a run at the target. How many calls are sent is said before the first
one. andon contracts list shows them.

The description decides: its schemas, parameters, statuses and security. What only HTTP says (methods, media
types), what only JSON says (a key twice, bytes that are not UTF-8, text behind the JSON) and what the
description marks as an assumption is advice, which is shown and does not fail, unless --strict names it.

What is known not to hold stands in a file that --deviations names: which cases or rules, why, who is to
be asked, and until when. It is shown with its reason and does not fail; after its day it does.
--write-deviations writes such a file of what is broken today, to be filled in.

With --out a directory is left behind, as by a run: verification.json, of which andon report makes
all the rest again, report.txt, report.md, report.html, junit.xml, contract.sarif, annotations.txt and
the description, openapi.yaml. Without --out one format goes to standard output. Under GitHub Actions
the report is added to the step's summary, and annotations are printed where they are written.

Without --target the reference provider is verified. The cases about tokens need one
(ANDON_TOKEN or --token-file).

` + credentialsHelp + `

The time of the whole is bounded by --for. Once five cases in a row that want the same answer get
none, the others like them are left out, which is told. Ctrl-C ends the verification, with
what was found; a second one ends andon within five seconds, and a third at once.

Exit codes: 0 all held; 1 a case did not; 2 wrong usage; 3 no verdict.`,
		Example: `  andon verify
  ANDON_TOKEN=… andon verify --target https://staging.example.com --fixtures staging.yaml
  andon verify --target http://127.0.0.1:8080 --format junit > verify.xml
  andon verify --target http://127.0.0.1:8080 --out verification
  andon verify --target http://127.0.0.1:8080 --strict http,json
  andon verify --case 'text.*' --tag refused --skip '*.unicode' --fail-fast
  andon verify --write-deviations known.yaml     then fill in why, and: andon verify --deviations known.yaml
  andon verify --generated 200 --seed 7          200 random calls besides; what fails is made as small as can be
  andon verify --scenario mixed                  are the calls of this load allowed? Nothing is sent`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return c.verifyAs(f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.target, "target", "", "base `URL` of the provider; without it the reference provider is verified")
	flags.StringVar(&f.production, "production", "", productionUse)
	f.credentials.add(flags)
	f.kept.register(cmd)
	flags.StringSliceVar(&f.strict, "strict", nil, "`what` decides besides the description: http, json, assumption, deviations or all (default all without --target, else nothing)")
	_ = cmd.RegisterFlagCompletionFunc("strict", cobra.FixedCompletions(append(verify.Everything(), "all"), cobra.ShellCompDirectiveNoFileComp))
	f.only.register(cmd)
	f.broker.register(cmd)
	f.deviations.register(cmd)
	flags.IntVar(&f.Generated, "generated", 0, "how many random calls are tried besides, 10000 at most; --seed says which")
	flags.IntVar(&f.Shrink, "shrink", 100, "how many further calls may be sent to make random calls that fail smaller")
	flags.IntVar(&f.Concurrency, "concurrency", 1, "how many cases are under way at once")
	flags.BoolVar(&f.FailFast, "fail-fast", false, "stop at the first case that does not hold")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say how many calls would be sent, and send none")
	flags.Var((*percent)(&f.MinCoverage), "min-coverage", "fail if less of the description is covered, such as 95%")
	flags.StringVar(&f.fixtures, "fixtures", "", fixturesUse)
	flags.DurationVar(&f.Timeout, "timeout", 30*time.Second, "how long a case may take")
	flags.DurationVar(&f.For, "for", 10*time.Minute, "how long the whole may take; what was found until then is reported")
	flags.IntVar(&f.Attempts, "attempts", 4, "how often a case is sent at most that is turned away or gets no answer, if it has started no run")
	flags.Var((*rate)(&f.Rate), "rate", "most calls a second, all attempts counted, or max (default 10; the reference provider is not paced)")
	flags.IntVar(&f.MaxRuns, "max-runs", 0, "start no more runs than this, whatever the target does; 0 is no limit")
	flags.IntVar(&f.MaxBody, "max-body", 0, "most `bytes` of a body that the target takes; a larger one must be refused")
	flags.StringVar(&f.Engine, "engine", verify.All, "who judges: description, pact or all; without andon-pact (make pact-build) all is the description alone")
	flags.StringVar(&f.scenario, "scenario", "", "judge calls of this `scenario` instead of a target; nothing is sent")
	addWhole(flags, &f.calls, "calls", 100, 1, 1_000_000_000, "how many calls of the scenario are judged")
	flags.Uint64Var(&f.Seed, "seed", defaultSeed, seedUse)
	flags.BoolVar(&f.RepeatedIDsAllowed, "no-unique-ids", false, "do not check that executionIds are unique: mocks draw theirs from a few words")
	return cmd
}

// check says what is wrong with the flags.
func (f *verifyFlags) check() (err error) {
	if err := f.kept.check(); err != nil {
		return err
	}
	if f.Strict, err = verify.Strict(f.strict); err != nil {
		return fmt.Errorf("--strict: %w", err)
	}
	if err := verify.CheckEngine(f.Engine); err != nil {
		return err
	}
	if err := f.broker.check(); err != nil {
		return err
	}
	if err := f.deviations.check(f.scenario); err != nil {
		return err
	}
	switch {
	case f.scenario != "" && f.target != "":
		return errors.New("--scenario and --target do not go together: the calls of a scenario are judged without being sent")
	case f.scenario != "":
		return nil
	}
	// The names of the settings are those of the flags.
	wrong := f.Check()
	for i := range wrong {
		wrong[i] = fmt.Errorf("--%w", wrong[i])
	}
	return errors.Join(wrong...)
}

// rate is a flag for a number of calls a second; it is 0 until it is set, and infinite for max.
type rate float64

func (r *rate) Set(s string) error {
	if s == "max" {
		*r = rate(math.Inf(1))
		return nil
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(s, "/s"), 64)
	if err != nil || !(n >= 0.01 && n <= 10000) {
		return errors.New("want a number of calls a second from 0.01 to 10000, such as 5 or 5/s, or max")
	}
	*r = rate(n)
	return nil
}

func (r *rate) Type() string { return "rate" }

func (r *rate) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*r), 'g', -1, 64)
}

// verifyAs does what the flags say.
func (c *command) verifyAs(f verifyFlags) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	f.Pact, f.Andon, f.Progress = pact.Find(), version(), func(said string) { c.tell("%s", said) }
	f.Repeat = func(id string) string {
		return fmt.Sprintf("andon verify --generated … --case '%s' (with the same --seed)", id)
	}
	if f.Description, err = c.descriptionWith(f.fixtures); err != nil {
		return err
	}
	if f.scenario != "" {
		return c.verifyScenario(f)
	}
	if err := f.Description.Unfilled(); err != nil {
		return err
	}
	end, err := f.complete(c)
	if err != nil {
		return err
	}
	defer end()
	if err := f.deviations.known(&f.Config); err != nil {
		return err
	}
	plan, err := verify.Prepare(context.Background(), f.Config)
	if err != nil {
		return exit{noVerdict, err}
	}
	if plan.NothingBrokered {
		c.tell("the broker has no pact that %s has to keep", pact.Provider)
	}
	c.tell("%s → %s", plan, place(f.Target, f.target == ""))
	c.tell("%s", plan.Starts())
	if plan.PactLeftOut {
		c.tell("Pact is left out: there is no andon-pact beside andon (make pact-build builds it)")
	}
	if plan.PactTooMany {
		c.tell("Pact is left out: its calls could start more runs than --max-runs allows")
	}
	if f.dryRun {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var asked atomic.Bool
	stop := c.signals(func() {
		cancel()
		if !asked.Load() {
			c.tell("stopped sending; the cases that are left are not asked (Ctrl-C again ends it at once)")
		}
	}, func() {})
	defer stop.release()
	if err := f.claim(); err != nil {
		return err
	}
	if err := f.preflight(ctx); err != nil {
		return c.showUnsent(plan.Ended(err.Error()), f.Description, f.kept, err)
	}
	v := plan.Run(ctx)
	asked.Store(true)
	stop.code.Store(int32(cmp.Or(v.Verdict.ExitCode, noVerdict)))
	err = c.showVerification(v, f.Description, f.kept)
	c.advise(v, f)
	if lost := c.writeDeviations(f.deviations.write, v); err == nil && lost != nil {
		return exit{noVerdict, lost}
	}
	return err
}

// advise tells what can be done next about what was found.
func (c *command) advise(v summary.Verification, f verifyFlags) {
	if f.kept.out == "" && f.kept.chosen[0].Name != "terminal" {
		return
	}
	var by []string
	for _, word := range verify.Everything() {
		if slices.ContainsFunc(v.Checks, func(k summary.Check) bool { return k.Verdict == summary.CheckAdvice && k.Authority == word }) {
			by = append(by, word)
		}
	}
	if len(by) > 0 {
		c.tell("advice fails nothing; --strict %s has it decide", strings.Join(by, ","))
	}
	if v.Count(summary.CheckBroken) > 0 && f.target != "" && f.deviations == (deviationFlags{}) {
		c.tell("what is known and accepted for now can be waived: --write-deviations FILE lists it")
	}
	if slices.ContainsFunc(v.Checks, func(k summary.Check) bool {
		return k.Verdict == summary.CheckInconclusive && k.Rule != summary.RuleUnwelcome
	}) {
		c.tell("what could not be told is for another try: --attempts says how often each call is sent, --rate how fast")
	}
}

// preflight tries the target once, without a call.
func (f *verifyFlags) preflight(ctx context.Context) error {
	c := wire.Config{Target: f.Target, TLS: f.Credentials.TLS(), Resolve: f.Credentials.Asks().Addresses()}
	if _, err := wire.Preflight(ctx, c); err != nil {
		return fmt.Errorf("%s cannot be reached, nothing was sent: %w", f.Target.Redacted(), trusted(err))
	}
	return nil
}

// complete adds to the configuration what has to be looked up. Without a target the reference provider is started,
// which stop ends.
func (f *verifyFlags) complete(c *command) (stop func(), err error) {
	if f.Generated == 0 {
		f.Shrink = 0
	}
	if f.Credentials, err = f.credentials.open(c, credentials.Asked{}); err != nil {
		return nil, err
	}
	if f.Brokered, err = f.broker.brokered(); err != nil {
		return nil, err
	}
	embedded := f.target == ""
	if f.Rate == 0 && !embedded {
		f.Rate = 10
	}
	secret := ""
	if embedded {
		f.Credentials, secret = f.Description.Operation().Embedded(f.Credentials)
	}
	if embedded && f.MaxBody == 0 {
		f.MaxBody = 1 << 20
	}
	if embedded && len(f.strict) == 0 {
		f.Strict = verify.Everything()
	}
	if err := f.Choose(f.only.Filter); err != nil {
		return nil, f.only.wrong(err)
	}
	if !embedded {
		if f.Target, err = f.Description.Operation().ParseTarget(f.target); err != nil {
			return nil, fmt.Errorf("--target: %w", err)
		}
		return func() {}, permittedURLs(f.production, f.Target)
	}
	if err := permitted(f.production, nil); err != nil {
		return nil, err
	}
	handler, err := provider.New(f.Description, provider.Config{Token: secret, MaxBody: int64(f.MaxBody), Seed: defaultSeed})
	if err != nil {
		return nil, err
	}
	if f.Target, stop, err = provider.Start(handler); err != nil {
		return nil, exit{noVerdict, err}
	}
	return stop, nil
}

// claim makes the directory that the verification is kept in, if one is given, before anything is sent.
func (f *verifyFlags) claim() error {
	if f.kept.out == "" {
		return nil
	}
	return notRun(reports.ClaimVerification(f.kept.out, f.Description.Source()))
}

// verifyScenario shows that the calls of a scenario are allowed by the contract before any of them is sent: a sample of
// them, evenly over its plan.
func (c *command) verifyScenario(f verifyFlags) error {
	s, err := c.scenario([]string{f.scenario}, f.Description, f.fixtures)
	if err != nil {
		return err
	}
	f.Description = s.Description()
	plan, err := s.Plan(f.Seed)
	if err != nil {
		return err
	}
	printed, err := f.credentials.Over(s.Carried).Plan()
	if err != nil {
		return err
	}
	var calls []verify.Call
	for at := range plan.Sample(uint64(f.calls)) {
		body, class := plan.AppendBody(nil, at)
		label := s.Labels.Classes[class]
		tenant := plan.Tenant(at)
		calls = append(calls, verify.Call{ID: fmt.Sprintf("%s.call-%d", label.Content, at), Class: label.Name, Body: body,
			Printed: printed.Of(tenant), Tenant: tenant, Invalid: label.Invalid})
	}
	if f.Pact != "" && f.Engine != verify.ByDescription {
		// Pact's mock server takes the calls as the target would.
		if f.Credentials, err = printed.Open(context.Background()); err != nil {
			return err
		}
	}
	judges, err := verify.PrepareCalls(f.Config, "the calls of "+s.Name, calls)
	if err != nil {
		return exit{noVerdict, err}
	}
	if err := f.claim(); err != nil {
		return err
	}
	return c.showVerification(judges.Run(context.Background()), f.Description, f.kept)
}
