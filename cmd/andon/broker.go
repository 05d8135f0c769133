package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts/broker"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports/text"
)

// brokerFlags say where a Pact Broker is and which version is spoken of. Credentials come from the environment alone.
type brokerFlags struct {
	url     string
	version broker.Version
}

func (f *brokerFlags) register(cmd *cobra.Command, prefix, whose string) {
	flags := cmd.Flags()
	flags.StringVar(&f.url, "broker", "", "`URL` of the Pact Broker (PACT_BROKER_BASE_URL); credentials come from PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD")
	flags.StringVar(&f.version.Number, prefix+"version", "", "`version` of "+whose+", such as a commit")
	flags.StringVar(&f.version.Branch, prefix+"branch", "", "`branch` of "+whose)
	flags.StringSliceVar(&f.version.Tags, prefix+"tag", nil, "`tags` of "+whose)
	flags.StringVar(&f.version.BuildURL, "build-url", "", "`URL` of the build that did it")
}

// open gives the broker.
func (f *brokerFlags) open() (broker.Broker, error) {
	text := cmp.Or(f.url, os.Getenv("PACT_BROKER_BASE_URL"))
	if text == "" {
		return broker.Broker{}, errors.New("where is the Pact Broker? Give --broker URL, or set PACT_BROKER_BASE_URL")
	}
	u, err := broker.ParseURL(text)
	if err != nil {
		return broker.Broker{}, fmt.Errorf("--broker (PACT_BROKER_BASE_URL) %w", err)
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
			if f.version.Number == "" {
				return errors.New("--version is missing: the broker keeps pacts by the version of their consumer")
			}
			d, err := c.description()
			if err != nil {
				return err
			}
			document, err := pact.Find().Of(context.Background(), d)
			if err == nil {
				err = b.Publish(context.Background(), document, f.version)
			}
			if err != nil {
				return exit{noVerdict, err}
			}
			_, err = fmt.Fprintf(c.stdout, "published the pact of %s with %s, version %s\n", pact.Consumer, pact.Provider, text.Printable(f.version.Number, 100))
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
			if f.version.Number == "" || environment == "" {
				return errors.New("--version and --to-environment are needed")
			}
			may, why, err := b.CanDeploy(context.Background(), side, f.version.Number, environment)
			if err != nil {
				return exit{noVerdict, err}
			}
			word, why := map[bool]string{true: "may", false: "may not"}[may], c.secrets.Redact(why)
			_, err = fmt.Fprintf(c.stdout, "%s %s %s be deployed to %s: %s\n", text.Printable(side, 100), text.Printable(f.version.Number, 100), word, text.Printable(environment, 100), text.Printable(why, 1000))
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

// pactFlags say which pacts of a broker andon verify holds a target against besides.
type pactFlags struct {
	brokerFlags
	from, publish bool
	wanted        broker.Wanted
	selectors     []string
}

func (f *pactFlags) register(cmd *cobra.Command) {
	f.brokerFlags.register(cmd, "provider-", "the provider that is verified")
	flags := cmd.Flags()
	flags.BoolVar(&f.from, "from-broker", false, "hold the target against the pacts that a Pact Broker has for it, besides the description")
	flags.StringArrayVar(&f.selectors, "selector", nil, `consumer version selector, a JSON object such as {"mainBranch":true}; may be repeated`)
	flags.BoolVar(&f.wanted.Pending, "pending", false, "a pact that no version has kept yet fails nothing")
	flags.StringVar(&f.wanted.WIPSince, "wip-since", "", "also the newest pacts since this `day`, such as 2026-11-01")
	flags.BoolVar(&f.publish, "publish-results", false, "tell the broker what came of it")
}

// check says what is wrong with the flags, and reads the selectors.
func (f *pactFlags) check() error {
	f.wanted.Branch = f.version.Branch
	for _, text := range f.selectors {
		s, err := broker.ParseSelector(text)
		if err != nil {
			return fmt.Errorf("--selector %w", err)
		}
		f.wanted.Selectors = append(f.wanted.Selectors, s)
	}
	switch {
	case !f.from && (len(f.selectors) > 0 || f.wanted.Pending || f.wanted.WIPSince != ""):
		return errors.New("--selector, --pending and --wip-since want --from-broker: they choose among the pacts of a broker")
	case f.publish && !f.from:
		return errors.New("--publish-results wants --from-broker: a broker knows the results of its own pacts alone")
	case f.publish && f.version.Number == "":
		return errors.New("--publish-results wants --provider-version")
	}
	return nil
}

// brokered is what the flags say of a broker's pacts; nil where none are asked for.
func (f *pactFlags) brokered() (*verify.Brokered, error) {
	if !f.from {
		return nil, nil
	}
	b, err := f.open()
	out := &verify.Brokered{Broker: b, Wanted: f.wanted}
	if f.publish {
		out.Publish = &f.version
	}
	return out, err
}
