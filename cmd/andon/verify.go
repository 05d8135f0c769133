package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/wire"
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
	broker                                      pactFlags
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
		RunE: func(*cobra.Command, []string) error {
			if f.scenario != "" {
				return c.verifyScenario(f)
			}
			return c.verifyTarget(f)
		},
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
	flags.StringVar(&f.engine, "engine", verify.All, "who judges: description, pact or all; without andon-pact (make pact-build) all is the description alone")
	flags.StringVar(&f.scenario, "scenario", "", "judge calls of this `scenario` instead of a target; nothing is sent")
	flags.IntVar(&f.calls, "calls", 100, "how many calls of the scenario are judged")
	flags.Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	flags.BoolVar(&f.noUniqueIDs, "no-unique-ids", false, "do not check that executionIds are unique: mocks draw theirs from a few words")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(verifyFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// engines are the values of --engine.
var engines = []string{verify.All, verify.ByDescription, verify.ByPact}

// maxConcurrency is the most cases that are under way at once: a verification is no load test.
const maxConcurrency = 64

// check says what is wrong with the flags that any verification has.
func (f *verifyFlags) check() error {
	if err := checkFormat(f.format); err != nil {
		return err
	}
	if !slices.Contains(engines, f.engine) {
		return fmt.Errorf("unknown engine %q; %s", text.Printable(f.engine, 40), suggest(f.engine, engines, "the engines are "+strings.Join(engines, ", ")))
	}
	return f.broker.check()
}

func (c *command) verifyTarget(f verifyFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	config, stop, err := c.verifyConfig(f)
	if err != nil {
		return err
	}
	defer stop()
	plan, err := verify.Prepare(context.Background(), config)
	if err != nil {
		return exit{noVerdict, err}
	}
	if plan.NothingBrokered {
		fmt.Fprintf(c.stderr, "the broker has no pact that %s has to keep\n", pact.Provider)
	}
	c.announce(f, plan, config.Shrink, place(config.Target, f.target == ""))
	if plan.PactLeftOut {
		fmt.Fprintln(c.stderr, "Pact is left out: there is no andon-pact beside andon (make pact-build builds it)")
	}
	if f.dryRun {
		return nil
	}
	ctx, release := interruptible()
	defer release()
	if err := wire.Preflight(ctx, config.Target, nil); err != nil {
		return exit{noVerdict, fmt.Errorf("%s cannot be reached, nothing was sent: %w", config.Target.Redacted(), err)}
	}
	v := plan.Run(ctx)
	shorten(v.Checks, config.Cases)
	return c.showVerification(v, f.format)
}

// verifyConfig is what the flags say of a verification. Without a target it starts the reference provider, which stop ends.
func (c *command) verifyConfig(f verifyFlags) (config verify.Config, stop func(), err error) {
	if f.timeout <= 0 || f.maxBody < 0 || f.generated < 0 || f.shrink < 0 || f.concurrency < 1 || f.concurrency > maxConcurrency {
		return config, nil, fmt.Errorf("--timeout wants more than 0, --max-body, --generated and --shrink 0 or more, --concurrency 1 to %d", maxConcurrency)
	}
	config = verify.Config{
		Engine: f.engine, Pact: pact.Find(), Timeout: f.timeout, MaxBody: f.maxBody, Concurrency: f.concurrency, FailFast: f.failFast,
		RepeatedIDsAllowed: f.noUniqueIDs, MinCoverage: float64(f.minCoverage), Andon: version(),
	}
	if f.generated > 0 {
		config.Shrink = f.shrink
	}
	if config.Description, err = c.descriptionWith(f.fixtures); err != nil {
		return config, nil, err
	}
	if config.Token, err = token(f.tokenFile); err != nil {
		return config, nil, err
	}
	if config.Brokered, err = f.broker.brokered(); err != nil {
		return config, nil, err
	}
	embedded := f.target == ""
	if embedded && config.Token == "" {
		// The embedded provider is ours to give a token to, so that nothing is skipped.
		config.Token = "embedded"
	}
	if embedded && config.MaxBody == 0 {
		config.MaxBody = 1 << 20
	}
	if config.Cases, err = f.only.choose(append(slices.Clone(config.All()), cases.Random(config.Description, f.seed, f.generated)...)); err != nil {
		return config, nil, err
	}
	if !embedded {
		if config.Target, err = config.Description.Operation().ParseTarget(f.target); err != nil {
			return config, nil, fmt.Errorf("--target: %w", err)
		}
		return config, func() {}, nil
	}
	handler, err := provider.New(config.Description, provider.Config{Token: config.Token, MaxBody: int64(config.MaxBody), Seed: defaultSeed})
	if err != nil {
		return config, nil, err
	}
	if config.Target, stop, err = provider.Start(handler); err != nil {
		return config, nil, exit{noVerdict, err}
	}
	return config, stop, nil
}

// verifyScenario shows that the calls of a scenario are allowed by the contract before any of them is sent: a sample of them,
// evenly over its plan.
func (c *command) verifyScenario(f verifyFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.target != "" {
		return errors.New("--scenario and --target do not go together: the calls of a scenario are judged without being sent")
	}
	if f.calls < 1 {
		return fmt.Errorf("--calls wants at least 1, found %d", f.calls)
	}
	d, err := c.descriptionWith(f.fixtures)
	if err != nil {
		return err
	}
	s, err := c.scenario([]string{f.scenario}, d)
	if err != nil {
		return err
	}
	plan, err := s.Plan(f.seed)
	if err != nil {
		return err
	}
	var calls []verify.Call
	n := min(uint64(f.calls), plan.MaxCalls())
	for i := range n {
		at := i * (plan.MaxCalls() / n)
		body, class := plan.AppendBody(nil, at)
		label := s.Labels.Classes[class]
		calls = append(calls, verify.Call{ID: fmt.Sprintf("%s.call-%d", label.Content, at), Class: label.Name, Body: body, Invalid: label.Invalid})
	}
	config := verify.Config{Description: d, Engine: f.engine, Pact: pact.Find(), Andon: version()}
	judges, err := verify.PrepareCalls(config, "the calls of "+s.Name, calls)
	if err != nil {
		return exit{noVerdict, err}
	}
	return c.showVerification(judges.Run(context.Background()), f.format)
}

// interruptible gives a context that ends with the first signal.
func interruptible() (ctx context.Context, release func()) {
	interrupt, kill, _, forget := signals(func() {})
	ctx, cancel := context.WithCancel(kill)
	go func() {
		select {
		case <-interrupt:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(); forget() }
}

// maxRepeat is the longest curl line of a generated case, in bytes.
const maxRepeat = 600

// shorten puts the command that draws a generated case again in the place of a curl line that nobody would read.
func shorten(checks []summary.Check, cases []cases.Case) {
	generated := map[string]bool{}
	for _, k := range cases {
		generated[k.ID] = k.Random
	}
	for i := range checks {
		if k := &checks[i]; generated[k.Name] && len(k.Curl) > maxRepeat {
			k.Curl = fmt.Sprintf("andon verify --generated … --case '%s' (with the same --seed)", k.Name)
		}
	}
}

// announce says how many calls will be sent, and how many of them start a run.
func (c *command) announce(f verifyFlags, plan *verify.Plan, shrink int, where string) {
	order := "one after the other"
	if f.concurrency > 1 {
		order = fmt.Sprintf("%d at once", f.concurrency)
	}
	noun := "calls"
	if plan.Planned == 1 {
		noun = "call"
	}
	fmt.Fprintf(c.stderr, "%d %s, %s → %s\n", plan.Planned, noun, order, where)
	fmt.Fprintf(c.stderr, "%d of them must start a run, %d may", plan.MustStart, plan.MayStart)
	if shrink > 0 {
		fmt.Fprintf(c.stderr, "; up to %d further calls make failing random ones smaller", shrink)
	}
	fmt.Fprintln(c.stderr)
}

// checkFormat reports what is wrong with a format: whether a verification can be written so.
func checkFormat(format string) error {
	if slices.Contains(verifyFormats, format) {
		return nil
	}
	return fmt.Errorf("unknown format %q; %s", text.Printable(format, 40), suggest(format, verifyFormats, "the formats are "+strings.Join(verifyFormats, ", ")))
}

// showVerification writes a verification in a format, and gives its exit code.
func (c *command) showVerification(v summary.Verification, format string) (err error) {
	switch format {
	case "json":
		err = export.JSON(c.stdout, v)
	case "markdown":
		err = render.VerificationMarkdown(c.stdout, v)
	case "junit":
		err = export.JUnit(c.stdout, v)
	case "sarif":
		err = export.SARIF(c.stdout, v)
	default:
		_, color, width := screen(c.stdout)
		err = render.VerificationTerminal(c.stdout, v, render.Options{Color: color, Width: width})
	}
	if err != nil {
		return exit{noVerdict, err}
	}
	if v.Verdict.ExitCode != 0 {
		return exit{code: v.Verdict.ExitCode}
	}
	return nil
}

// descriptionWith loads the contract with the user's fixtures in it, if there are any.
func (c *command) descriptionWith(fixtures string) (*contracts.Description, error) {
	d, _, err := c.description()
	if err != nil || fixtures == "" {
		return d, err
	}
	data, err := readBounded(fixtures, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("the fixtures cannot be read: %w", err)
	}
	if d, err = d.WithFixtures(data); err != nil {
		return nil, fmt.Errorf("%s: %w", fixtures, err)
	}
	return d, nil
}
