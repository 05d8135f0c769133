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

Without --target the reference provider is verified. The cases about tokens need one
(ANDON_TOKEN or --token-file). Exit codes: 0 all held; 1 a case did not; 2 wrong usage; 3 no verdict.`,
		Example: `  andon verify
  ANDON_TOKEN=… andon verify --target https://staging.example.com --fixtures staging.yaml
  andon verify --target http://127.0.0.1:8080 --format json
  andon verify --scenario mixed                  are the calls of this load allowed? Nothing is sent`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return c.verifyTarget(f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.target, "target", "", "base `URL` of the provider; without it the reference provider is verified")
	flags.StringVar(&f.tokenFile, "token-file", "", tokenUse)
	flags.StringVar(&f.format, "format", "terminal", "terminal or json")
	flags.StringVar(&f.fixtures, "fixtures", "", "YAML `file` with values that exist at the target: agentId: [agent_1], file: [file_1], skill: [skill_1]")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long a case may take")
	flags.IntVar(&f.maxBody, "max-body", 0, "most `bytes` of a body that the target takes; a larger one must be refused")
	flags.StringVar(&f.engine, "engine", engineAll, "who judges: description, pact or all; without andon-pact (make pact-build) all is the description alone")
	flags.StringVar(&f.scenario, "scenario", "", "judge calls of this `scenario` instead of a target; nothing is sent")
	flags.IntVar(&f.calls, "calls", 100, "how many calls of the scenario are judged")
	flags.Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	flags.BoolVar(&f.noUniqueIDs, "no-unique-ids", false, "do not check that executionIds are unique: mocks draw theirs from a few words")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"terminal", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *command) verifyTarget(f verifyFlags) error {
	if f.format != "terminal" && f.format != "json" {
		return fmt.Errorf("unknown format %q; the formats are terminal and json", reports.Printable(f.format, 40))
	}
	if !slices.Contains(engines, f.engine) {
		return fmt.Errorf("unknown engine %q; %s", reports.Printable(f.engine, 40), suggest(f.engine, engines, "the engines are "+strings.Join(engines, ", ")))
	}
	program := findPact()
	if f.engine == enginePact && program == "" {
		return exit{noVerdict, errors.New("andon-pact is not there, neither beside andon nor among the programs: make pact-build builds it")}
	}
	if f.scenario != "" {
		return c.verifyScenario(f, program)
	}
	if f.timeout <= 0 || f.maxBody < 0 {
		return errors.New("--timeout and --max-body want more than 0")
	}
	d, err := c.descriptionWith(f.fixtures)
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
		stop, u, err := startProvider(d, provider.Config{Token: bearer, MaxBody: int64(f.maxBody)}, defaultSeed)
		if err != nil {
			return err
		}
		defer stop()
		target = u
	} else if target, err = contracts.ParseTarget(f.target); err != nil {
		return fmt.Errorf("--target: %w", err)
	}
	config := verify.Config{Description: d, Target: target, Token: bearer, Timeout: f.timeout, MaxBody: f.maxBody, RepeatedIDsAllowed: f.noUniqueIDs}
	planned := 0
	if f.engine != enginePact {
		planned = len(config.Cases())
	}
	var pactText []byte
	if f.engine != engineDescription && program != "" {
		var calls int
		if pactText, calls, err = pact.For(config.Cases(), bearer != ""); err != nil {
			return exit{noVerdict, err}
		}
		planned += calls
	}
	fmt.Fprintf(c.stderr, "%d calls, one after the other → %s\n", planned, place(target, f.target == ""))
	if f.engine == engineAll && program == "" {
		fmt.Fprintln(c.stderr, "Pact is left out: there is no andon-pact beside andon (make pact-build builds it)")
	}

	interrupt, kill, release := signals(func() {})
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
	if err := attack.Preflight(ctx, target); err != nil {
		return exit{noVerdict, fmt.Errorf("%s cannot be reached, nothing was sent: %w", target.Redacted(), err)}
	}
	started := time.Now()
	var outcomes []verify.Outcome
	var pactChecks []reports.Check
	if f.engine != enginePact {
		outcomes, err = verify.Run(ctx, config)
	}
	if err == nil && pactText != nil {
		pactChecks, err = verifyPact(ctx, program, config, pactText)
	}
	early := ""
	switch {
	case errors.Is(err, context.Canceled):
		early = "the verification was interrupted"
	case err != nil:
		early = err.Error()
	}
	v := verification(config, outcomes, started)
	v.Planned, v.Checks = planned, append(v.Checks, pactChecks...)
	v.Decide(early)
	return c.showVerification(v, f.format)
}

// showVerification writes a verification in a format, and gives its exit code.
func (c *command) showVerification(v reports.Verification, format string) (err error) {
	if format == "json" {
		err = c.showJSON(v)
	} else {
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
	_, leftOut := c.Description.Cases()
	v := reports.Verification{
		Schema: reports.VerificationSchema, Target: c.Target.String(), Started: started.UTC(), SpecSHA256: c.Description.SHA256(),
		Andon: version(), DurationSeconds: time.Since(started).Seconds(), LeftOut: leftOut, Checks: []reports.Check{},
	}
	for _, o := range outcomes {
		v.Checks = append(v.Checks, reports.Check{
			Engine: engineDescription, Name: o.Case.ID, Proves: o.Case.Proves, Expect: string(o.Case.Expect), Verdict: string(o.Verdict), Rule: o.Rule,
			Pointer: o.Pointer, Reason: o.Reason, Status: o.Status, Seconds: o.Took.Seconds(), Curl: o.Curl,
		})
	}
	return v
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
	d, err = d.WithFixtures(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", fixtures, err)
	}
	return d, nil
}
