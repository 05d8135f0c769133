package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/broker"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/scenarios/attack"
)

type verifyFlags struct {
	target, tokenFile, format, fixtures, engine string
	timeout                                     time.Duration
	maxBody                                     int
	noUniqueIDs                                 bool
	scenario                                    string
	calls                                       int
	seed                                        uint64
	only                                        caseFlags
	generated, shrink, concurrency              int
	failFast, dryRun                            bool
	minCoverage                                 percent
	broker                                      brokered
}

// verifyFormats are the formats in which a verification can be written.
var verifyFormats = []string{"terminal", "json", "markdown", "junit", "sarif"}

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

Without --target the reference provider is verified. The cases about tokens need one
(ANDON_TOKEN or --token-file). Exit codes: 0 all held; 1 a case did not; 2 wrong usage; 3 no verdict.`,
		Example: `  andon verify
  ANDON_TOKEN=… andon verify --target https://staging.example.com --fixtures staging.yaml
  andon verify --target http://127.0.0.1:8080 --format junit > verify.xml
  andon verify --case 'text.*' --tag refused --fail-fast
  andon verify --generated 200 --seed 7          200 random calls besides; what fails is made as small as can be
  andon verify --scenario mixed                  are the calls of this load allowed? Nothing is sent`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return c.verifyTarget(f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.target, "target", "", "base `URL` of the provider; without it the reference provider is verified")
	flags.StringVar(&f.tokenFile, "token-file", "", tokenUse)
	flags.StringVar(&f.format, "format", "terminal", strings.Join(verifyFormats, ", "))
	f.only.register(cmd)
	f.broker.register(cmd)
	flags.IntVar(&f.generated, "generated", 0, "how many random calls are tried besides; --seed says which")
	flags.IntVar(&f.shrink, "shrink", 100, "how many further calls may be sent to make random calls that fail smaller")
	flags.IntVar(&f.concurrency, "concurrency", 1, "how many cases are under way at once")
	flags.BoolVar(&f.failFast, "fail-fast", false, "stop at the first case that does not hold")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say how many calls would be sent, and send none")
	flags.Var(&f.minCoverage, "min-coverage", "fail if less of the description is covered, such as 95%")
	flags.StringVar(&f.fixtures, "fixtures", "", "YAML `file` with values that exist at the target: agentId: [agent_1], file: [file_1], skill: [skill_1]")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long a case may take")
	flags.IntVar(&f.maxBody, "max-body", 0, "most `bytes` of a body that the target takes; a larger one must be refused")
	flags.StringVar(&f.engine, "engine", engineAll, "who judges: description, pact or all; without andon-pact (make pact-build) all is the description alone")
	flags.StringVar(&f.scenario, "scenario", "", "judge calls of this `scenario` instead of a target; nothing is sent")
	flags.IntVar(&f.calls, "calls", 100, "how many calls of the scenario are judged")
	flags.Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	flags.BoolVar(&f.noUniqueIDs, "no-unique-ids", false, "do not check that executionIds are unique: mocks draw theirs from a few words")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(verifyFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *command) verifyTarget(f verifyFlags) error {
	if err := checkFormat(f.format); err != nil {
		return err
	}
	if !slices.Contains(engines, f.engine) {
		return fmt.Errorf("unknown engine %q; %s", reports.Printable(f.engine, 40), suggest(f.engine, engines, "the engines are "+strings.Join(engines, ", ")))
	}
	program := findPact()
	if f.engine == enginePact && program == "" {
		return exit{noVerdict, errNoPact}
	}
	if err := f.broker.check(); err != nil {
		return err
	}
	if f.broker.from && program == "" {
		return exit{noVerdict, errNoPact}
	}
	if f.scenario != "" {
		return c.verifyScenario(f, program)
	}
	if f.timeout <= 0 || f.maxBody < 0 || f.generated < 0 || f.shrink < 0 || f.concurrency < 1 || f.concurrency > maxConcurrency {
		return fmt.Errorf("--timeout wants more than 0, --max-body, --generated and --shrink 0 or more, --concurrency 1 to %d", maxConcurrency)
	}
	d, spec, err := c.descriptionWith(f.fixtures)
	if err != nil {
		return err
	}
	bearer, err := token(f.tokenFile)
	if err != nil {
		return err
	}
	var target *url.URL
	if f.target == "" {
		if bearer == "" {
			// The embedded provider is ours to give a token to, so that nothing is skipped.
			bearer = "embedded"
		}
		if f.maxBody == 0 {
			f.maxBody = 1 << 20
		}
		handler, err := provider.New(d, provider.Config{Token: bearer, MaxBody: int64(f.maxBody), Seed: defaultSeed})
		if err != nil {
			return err
		}
		u, stop, err := provider.Start(handler)
		if err != nil {
			return exit{noVerdict, err}
		}
		defer stop()
		target = u
	} else if target, err = d.Operation().ParseTarget(f.target); err != nil {
		return fmt.Errorf("--target: %w", err)
	}
	config := verify.Config{Description: d, Target: target, Token: bearer, Timeout: f.timeout, MaxBody: f.maxBody, RepeatedIDsAllowed: f.noUniqueIDs,
		Concurrency: f.concurrency, FailFast: f.failFast}
	if config.Cases, err = f.only.choose(append(slices.Clone(config.All()), cases.Random(d, f.seed, f.generated)...)); err != nil {
		return err
	}
	if f.generated > 0 {
		config.Shrink = f.shrink
	}
	planned := 0
	if f.engine != enginePact {
		planned = len(config.Cases)
	}
	var pactText []byte
	if f.engine != engineDescription && program != "" {
		var calls int
		whole, err := c.pactOf(context.Background(), program, d, spec)
		if err == nil {
			pactText, calls, err = pact.For(whole, config.Cases, bearer != "")
		}
		if err != nil {
			return exit{noVerdict, err}
		}
		planned += calls
	}
	starts, open := starting(f, config, pactText != nil)
	var theirs []broker.Pact
	var from broker.Broker
	if f.broker.from {
		if from, theirs, err = f.broker.fetch(context.Background()); err != nil {
			return err
		}
		if len(theirs) == 0 {
			fmt.Fprintf(c.stderr, "the broker has no pact that %s has to keep\n", pact.Provider)
		}
		for _, p := range theirs {
			names, accepted := pact.Interactions(p.Text)
			planned += len(names)
			for _, name := range names {
				if accepted[name] {
					starts++
				}
			}
		}
	}
	c.announce(f, config.Shrink, planned, starts, open, place(target, f.target == ""))
	if f.engine == engineAll && program == "" {
		fmt.Fprintln(c.stderr, "Pact is left out: there is no andon-pact beside andon (make pact-build builds it)")
	}

	if f.dryRun {
		return nil
	}

	interrupt, kill, _, release := signals(func() {})
	defer release()
	ctx, cancel := context.WithCancel(kill)
	defer cancel()
	go func() {
		select {
		case <-interrupt:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := attack.Preflight(ctx, target, nil); err != nil {
		return exit{noVerdict, fmt.Errorf("%s cannot be reached, nothing was sent: %w", target.Redacted(), err)}
	}
	started := time.Now()
	var outcomes []verify.Outcome
	var pactChecks []reports.Check
	if f.engine != enginePact {
		outcomes, err = verify.Run(ctx, config)
	}
	failed := slices.ContainsFunc(outcomes, func(o verify.Outcome) bool { return o.Verdict == verify.Broken })
	if err == nil && pactText != nil && !(f.failFast && failed) {
		pactChecks, err = verifyPact(ctx, program, config, pactText)
	}
	if err == nil && !(f.failFast && failed) {
		var more []reports.Check
		more, err = c.verifyBrokered(ctx, f.broker, from, theirs, program, config)
		pactChecks = append(pactChecks, more...)
	}
	early := ""
	switch {
	case errors.Is(err, context.Canceled):
		early = "the verification was interrupted"
	case err != nil:
		early = err.Error()
	}
	v := verification(config, outcomes, started)
	v.MinCoverage = float64(f.minCoverage)
	if f.failFast && early == "" && len(outcomes) < len(config.Cases) && f.engine != enginePact {
		planned = len(outcomes) + len(pactChecks)
	}
	for _, k := range pactChecks {
		if k.Expect == string(cases.Accepted) && k.Verdict == reports.CheckHeld {
			v.Accepted++
		}
	}
	v.Planned, v.Checks = planned, append(v.Checks, pactChecks...)
	v.Decide(early)
	return c.showVerification(v, f.format)
}

// checkFormat tells whether a verification can be written so.
func checkFormat(format string) error {
	if slices.Contains(verifyFormats, format) {
		return nil
	}
	return fmt.Errorf("unknown format %q; %s", reports.Printable(format, 40), suggest(format, verifyFormats, "the formats are "+strings.Join(verifyFormats, ", ")))
}

// showVerification writes a verification in a format, and gives its exit code.
func (c *command) showVerification(v reports.Verification, format string) (err error) {
	switch format {
	case "json":
		err = reports.JSON(c.stdout, v)
	case "markdown":
		err = reports.VerificationMarkdown(c.stdout, v)
	case "junit":
		err = reports.JUnit(c.stdout, v)
	case "sarif":
		err = reports.SARIF(c.stdout, v)
	default:
		_, color, width := screen(c.stdout)
		err = reports.VerificationTerminal(c.stdout, v, reports.TerminalOptions{Color: color, Width: width})
	}
	if err != nil {
		return exit{noVerdict, err}
	}
	if v.Verdict.ExitCode != 0 {
		return exit{code: v.Verdict.ExitCode}
	}
	return nil
}

func verification(c verify.Config, outcomes []verify.Outcome, started time.Time) reports.Verification {
	_, leftOut := cases.Derive(c.Description)
	v := reports.Verification{
		Schema: reports.VerificationSchema, Target: c.Target.String(), Started: started.UTC(), SpecSHA256: c.Description.SHA256(),
		Andon: version(), DurationSeconds: time.Since(started).Seconds(), LeftOut: leftOut, Checks: []reports.Check{},
	}
	statuses, tried := map[int]int{}, []cases.Case{}
	for _, o := range outcomes {
		if o.Status != 0 {
			statuses[o.Status]++
			tried = append(tried, o.Case)
		}
		if o.Status/100 == 2 {
			v.Accepted++
		}
		if o.Case.Random && len(o.Curl) > maxRepeat {
			o.Curl = fmt.Sprintf("andon verify --generated … --case '%s' (with the same --seed)", o.Case.ID)
		}
		v.Checks = append(v.Checks, reports.Check{
			Engine: engineDescription, Name: o.Case.ID, Proves: o.Case.Proves, Expect: string(o.Case.Expect), Verdict: string(o.Verdict), Rule: o.Rule,
			Pointer: o.Pointer, Reason: o.Reason, Status: o.Status, Seconds: o.Took.Seconds(), Curl: o.Curl,
		})
	}
	if len(outcomes) > 0 {
		for _, p := range cases.Coverage(c.Description, tried, statuses) {
			v.Coverage = append(v.Coverage, reports.CoveragePart(p))
		}
	}
	return v
}

const (
	// maxConcurrency is the most cases that are under way at once: a verification is no load test.
	maxConcurrency = 64
	// maxRepeat is the longest curl line of a generated case, in bytes.
	maxRepeat = 600
)

// starting counts the cases that must start a run at the target, and those that may.
func starting(f verifyFlags, config verify.Config, byPact bool) (must, may int) {
	for _, k := range config.Cases {
		held, _ := pact.Held(k)
		switch {
		case k.Expect == cases.Either && f.engine != enginePact:
			may++
		case k.Expect == cases.Accepted:
			if f.engine != enginePact {
				must++
			}
			if held && byPact && !k.Random {
				must++
			}
		}
	}
	return must, may
}

// announce says how many calls will be sent, and how many of them start a run.
func (c *command) announce(f verifyFlags, shrink, planned, starts, open int, where string) {
	order := "one after the other"
	if f.concurrency > 1 {
		order = fmt.Sprintf("%d at once", f.concurrency)
	}
	noun := "calls"
	if planned == 1 {
		noun = "call"
	}
	fmt.Fprintf(c.stderr, "%d %s, %s → %s\n", planned, noun, order, where)
	fmt.Fprintf(c.stderr, "%d of them must start a run, %d may", starts, open)
	if shrink > 0 {
		fmt.Fprintf(c.stderr, "; up to %d further calls make failing random ones smaller", shrink)
	}
	fmt.Fprintln(c.stderr)
}

// descriptionWith loads the contract with the user's fixtures in it, if there are any, and gives its text.
func (c *command) descriptionWith(fixtures string) (*contracts.Description, []byte, error) {
	d, spec, err := c.description()
	if err != nil || fixtures == "" {
		return d, spec, err
	}
	data, err := readBounded(fixtures, 1<<20)
	if err != nil {
		return nil, nil, fmt.Errorf("the fixtures cannot be read: %w", err)
	}
	d, err = d.WithFixtures(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", fixtures, err)
	}
	return d, spec, nil
}
