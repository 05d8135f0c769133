package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

func (c *command) contracts() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contracts",
		Short: "Show what the description implies: cases, its pact, what a change breaks",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	var only caseFlags
	listing := &cobra.Command{
		Use:   "list",
		Short: "List the cases: what must be accepted, what must be refused, and what is left open",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			d, err := c.description()
			if err != nil {
				return err
			}
			list, leftOut := cases.Derive(d)
			if list, err = only.Choose(list); err != nil {
				return only.wrong(err)
			}
			t := render.Table{Header: []string{"case", "must be", "by", ">bytes", "proves"}}
			counts := map[cases.Expectation]int{}
			for _, k := range list {
				counts[k.Expect]++
				t.Rows = append(t.Rows, []string{text.Printable(k.ID, 200), string(k.Expect), string(k.By()), fmt.Sprint(len(k.Body)), text.Printable(k.Proves, 400)})
			}
			if err := t.Text(c.stdout, c.width()); err != nil {
				return err
			}
			said := fmt.Sprintf("%d cases: %d must be accepted, %d refused, %d are left open; %s left out: every two of tier, content and properties meet",
				len(list), counts[cases.Accepted], counts[cases.Refused], counts[cases.Either], text.PluralOf(leftOut, "combination"))
			if _, err = fmt.Fprintf(c.stdout, "\n%s\n", text.Message(said, c.width())); err != nil {
				return err
			}
			if alone := (&summary.Verification{JudgedAlone: d.JudgedAlone()}).Alone(); alone != "" {
				_, err = fmt.Fprintln(c.stdout, text.Message(alone, c.width()))
			}
			return err
		},
	}
	only.register(listing)
	cmd.AddCommand(listing, c.showCase(), c.diff(), c.showPact(), c.publishPact(), c.canDeploy())
	return cmd
}

func (c *command) showCase() *cobra.Command {
	var curl bool
	var with credentialFlags
	cmd := &cobra.Command{
		Use:   "show CASE",
		Short: "Print a case's request",
		Args:  exactlyOne("the id of a case"),
		RunE: func(_ *cobra.Command, args []string) error {
			carried, err := with.Plan()
			if err != nil {
				return err
			}
			d, err := c.description()
			if err != nil {
				return err
			}
			list, _ := cases.Derive(d)
			i := slices.IndexFunc(list, func(k cases.Case) bool { return k.ID == args[0] })
			if i < 0 {
				var names []string
				for _, k := range list {
					names = append(names, k.ID)
				}
				return fmt.Errorf("there is no case %q; %s", text.Printable(args[0], 100), text.Suggest(args[0], names, "andon contracts list shows them"))
			}
			k := list[i]
			if curl {
				_, err = fmt.Fprintln(c.stdout, k.Curl("http://127.0.0.1:8080", carried))
				return err
			}
			_, err = fmt.Fprintf(c.stdout, "%s: %s; it must be %s (%s)\n\n%s %s\nContent-Type: %s\n\n%s\n", text.Printable(k.ID, 200), text.Printable(k.Proves, 400), k.Expect, k.By(), k.Method, text.Printable(d.Operation().Path, 200), text.Printable(k.ContentType, 200), text.Printable(string(k.Body), 1<<20))
			return err
		},
	}
	cmd.Flags().BoolVar(&curl, "curl", false, "print it as a curl line; secrets stand in it as what they come from, the token as $ANDON_TOKEN")
	with.add(cmd.Flags())
	return cmd
}

func (c *command) showPact() *cobra.Command {
	return &cobra.Command{
		Use:   "pact",
		Short: "Print the pact of the description, as JSON of the pact specification 4",
		Long: `Pact prints what Pact's verifier holds a provider against: every case that a pact can hold. For another
description than the built-in one (--spec) andon-pact makes it, with Pact's own mock server.`,
		Example: `  andon contracts pact > andon-agents.json`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			d, err := c.description()
			if err != nil {
				return err
			}
			document, err := pact.Find().Of(context.Background(), d)
			if err == nil {
				_, err = text.JSONWriter{To: exact{c.stdout}}.Write(document)
			}
			if err != nil {
				return exit{noVerdict, err}
			}
			return nil
		},
	}
}

// caseFlags choose among the cases.
type caseFlags struct{ cases.Filter }

func (f *caseFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.Patterns, "case", nil, "only cases whose id matches a `pattern`, in which * stands for anything; may be repeated")
	flags.StringSliceVar(&f.Tags, "tag", nil, "only cases with one of the `tags`: accepted, refused, either; by-description, by-http, by-json, by-assumption; a content type; or the first word of an id")
	flags.StringSliceVar(&f.Skip, "skip", nil, "no cases whose id matches a `pattern`; may be repeated")
	flags.StringSliceVar(&f.SkipTags, "skip-tag", nil, "no cases with one of the `tags`")
}

// wrong puts what is wrong with a choice in the words of the flags.
func (f *caseFlags) wrong(err error) error {
	if errors.Is(err, cases.ErrNone) {
		return errors.New("no case is left by --case, --tag, --skip and --skip-tag; andon contracts list shows them all")
	}
	return err
}

// percent is a flag's value such as 95%, as a share from 0 to 1.
type percent float64

func (p *percent) String() string { return strconv.FormatFloat(100*float64(*p), 'f', -1, 64) + "%" }

// Type names the value in help.
func (p *percent) Type() string { return "percent" }

// Set reads the value.
func (p *percent) Set(text string) error {
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(n >= 0 && n <= 100) {
		return fmt.Errorf("expected a share such as 95%%, from 0%% to 100%%")
	}
	*p = percent(n / 100)
	return nil
}
