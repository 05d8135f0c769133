package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts/broker"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports"
)

// brokerFlags say where a Pact Broker is and which version is spoken of. Credentials come from the environment alone.
type brokerFlags struct {
	url, version, branch, buildURL string
	tags                           []string
}

func (f *brokerFlags) register(cmd *cobra.Command, prefix, whose string) {
	flags := cmd.Flags()
	flags.StringVar(&f.url, "broker", "", "`URL` of the Pact Broker (PACT_BROKER_BASE_URL); credentials come from PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD")
	flags.StringVar(&f.version, prefix+"version", "", "`version` of "+whose+", such as a commit")
	flags.StringVar(&f.branch, prefix+"branch", "", "`branch` of "+whose)
	flags.StringSliceVar(&f.tags, prefix+"tag", nil, "`tags` of "+whose)
	flags.StringVar(&f.buildURL, "build-url", "", "`URL` of the build that did it")
}

func (f *brokerFlags) number() broker.Version {
	return broker.Version{Number: f.version, Branch: f.branch, Tags: f.tags, BuildURL: f.buildURL}
}

// open gives the broker.
func (f *brokerFlags) open() (broker.Broker, error) {
	text := f.url
	if text == "" {
		text = os.Getenv("PACT_BROKER_BASE_URL")
	}
	if text == "" {
		return broker.Broker{}, errors.New("where is the Pact Broker? Give --broker URL, or set PACT_BROKER_BASE_URL")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return broker.Broker{}, errors.New("--broker (PACT_BROKER_BASE_URL) wants a URL such as https://broker.example.com")
	}
	if u.User != nil {
		return broker.Broker{}, errors.New("--broker (PACT_BROKER_BASE_URL) wants no credentials in the URL: set PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD")
	}
	return broker.Broker{URL: u, Token: os.Getenv("PACT_BROKER_TOKEN"), Username: os.Getenv("PACT_BROKER_USERNAME"), Password: os.Getenv("PACT_BROKER_PASSWORD")}, nil
}

func (c *command) publishPact() *cobra.Command {
	var f brokerFlags
	cmd := &cobra.Command{
		Use:     "publish",
		Short:   "Publish the pact of the description to a Pact Broker",
		Example: "  andon contracts publish --broker https://broker.example.com --version $GIT_COMMIT --branch main",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := f.open()
			if err != nil {
				return err
			}
			if f.version == "" {
				return errors.New("--version is missing: the broker keeps pacts by the version of their consumer")
			}
			d, spec, err := c.description()
			if err != nil {
				return err
			}
			program := findPact()
			if program == "" && d.SHA256() != builtinSHA256() {
				return exit{noVerdict, errNoPact}
			}
			text, err := c.pactOf(context.Background(), program, d, spec)
			if err == nil {
				err = b.Publish(context.Background(), text, f.number())
			}
			if err != nil {
				return exit{noVerdict, err}
			}
			_, err = fmt.Fprintf(c.stdout, "published the pact of %s with %s, version %s\n", pact.Consumer, pact.Provider, reports.Printable(f.version, 100))
			return err
		},
	}
	f.register(cmd, "", "the consumer")
	return cmd
}

func (c *command) canDeploy() *cobra.Command {
	var f brokerFlags
	var side, environment string
	cmd := &cobra.Command{
		Use:   "can-i-deploy",
		Short: "Ask a Pact Broker whether a version may be deployed",
		Long: `Can-i-deploy asks a Pact Broker whether all that a version needs has been verified.

Exit codes: 0 it may be deployed; 1 it may not; 2 wrong usage; 3 the broker gave no answer.`,
		Example: "  andon contracts can-i-deploy --broker https://broker.example.com --version $GIT_COMMIT --to-environment production",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := f.open()
			if err != nil {
				return err
			}
			if f.version == "" || environment == "" {
				return errors.New("--version and --to-environment are needed")
			}
			may, why, err := b.CanDeploy(context.Background(), side, f.version, environment)
			if err != nil {
				return exit{noVerdict, err}
			}
			word := map[bool]string{true: "may", false: "may not"}[may]
			_, err = fmt.Fprintf(c.stdout, "%s %s %s be deployed to %s: %s\n", reports.Printable(side, 100), reports.Printable(f.version, 100), word, reports.Printable(environment, 100), reports.Printable(why, 1000))
			if err == nil && !may {
				return exit{code: 1}
			}
			return err
		},
	}
	f.register(cmd, "", "the side that is to be deployed")
	cmd.Flags().StringVar(&side, "pacticipant", pact.Provider, "`name` of the side that is to be deployed")
	cmd.Flags().StringVar(&environment, "to-environment", "", "`name` of the environment")
	return cmd
}

// brokered is what andon verify does with a broker.
type brokered struct {
	brokerFlags
	from, pending, publish bool
	selectors              []string
	wipSince               string
}

func (f *brokered) register(cmd *cobra.Command) {
	f.brokerFlags.register(cmd, "provider-", "the provider that is verified")
	flags := cmd.Flags()
	flags.BoolVar(&f.from, "from-broker", false, "hold the target against the pacts that a Pact Broker has for it, besides the description")
	flags.StringArrayVar(&f.selectors, "selector", nil, `consumer version selector, a JSON object such as {"mainBranch":true}; may be repeated`)
	flags.BoolVar(&f.pending, "pending", false, "a pact that no version has kept yet fails nothing")
	flags.StringVar(&f.wipSince, "wip-since", "", "also the newest pacts since this `day`, such as 2026-11-01")
	flags.BoolVar(&f.publish, "publish-results", false, "tell the broker what came of it")
}

// check says what is wrong with the flags.
func (f *brokered) check() error {
	for _, s := range f.selectors {
		var object map[string]any
		if json.Unmarshal([]byte(s), &object) != nil || object == nil {
			return fmt.Errorf("--selector wants a JSON object such as {\"mainBranch\":true}, found %q", reports.Printable(s, 100))
		}
	}
	switch {
	case f.publish && !f.from:
		return errors.New("--publish-results wants --from-broker: a broker knows the results of its own pacts alone")
	case f.publish && f.version == "":
		return errors.New("--publish-results wants --provider-version")
	}
	return nil
}

// fetch gets the pacts of the broker.
func (f *brokered) fetch(ctx context.Context) (broker.Broker, []broker.Pact, error) {
	b, err := f.open()
	if err != nil {
		return b, nil, err
	}
	wanted := broker.Wanted{Provider: pact.Provider, Branch: f.branch, Pending: f.pending, WIPSince: f.wipSince}
	for _, s := range f.selectors {
		wanted.Selectors = append(wanted.Selectors, json.RawMessage(s))
	}
	pacts, err := b.Fetch(ctx, wanted)
	if err != nil {
		return b, nil, exit{noVerdict, err}
	}
	return b, pacts, nil
}

// verifyBrokered holds the target against the broker's pacts, and tells the broker what came of it if that is wanted.
func (c *command) verifyBrokered(ctx context.Context, f brokered, b broker.Broker, pacts []broker.Pact, program string, config verify.Config) (checks []reports.Check, err error) {
	for _, p := range pacts {
		found, err := verifyPact(ctx, program, config, p.Text)
		if err != nil {
			return checks, err
		}
		kept := true
		_, accepted := pact.Interactions(p.Text)
		for i := range found {
			found[i].Proves, found[i].Expect = p.Name, string(cases.Refused)
			if accepted[found[i].Name] {
				found[i].Expect = string(cases.Accepted)
			}
			if found[i].Verdict == reports.CheckBroken {
				kept = false
				if p.Pending {
					found[i].Verdict, found[i].Reason = reports.CheckNoted, "pending: "+found[i].Reason
				}
			}
		}
		checks = append(checks, found...)
		if f.publish {
			if err := b.PublishResult(ctx, p, pact.Provider, f.number(), kept, version()); err != nil {
				return checks, fmt.Errorf("the results of %s were not published: %w", reports.Printable(p.Name, 100), err)
			}
		}
	}
	return checks, nil
}
