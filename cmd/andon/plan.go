package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
)

func (c *command) plan() *cobra.Command {
	var seed uint64
	var curl int
	var target, fixtures string
	var with credentialFlags
	cmd := &cobra.Command{
		Use:   "plan [SCENARIO]",
		Short: "Show what a scenario would send, without sending it",
		Long: `Plan prints the phases of a scenario, how many calls of each class it sends, how many bytes that
is, and the highest rate. Nothing is sent. The same scenario and seed give the same calls in andon run.`,
		Args:              atMostOne,
		ValidArgsFunction: completeShipped,
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := c.planned(args, seed, fixtures, false)
			if err != nil {
				return err
			}
			if p.Target, err = aimedAt(target, p); err != nil {
				return err
			}
			carried, err := with.Over(p.Carried).Plan()
			if err != nil {
				return err
			}
			return c.showPlan(p, curl, carried)
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", defaultSeed, seedUse)
	cmd.Flags().StringVar(&fixtures, "fixtures", "", fixturesUse)
	addWhole(cmd.Flags(), &curl, "curl", 0, 0, 1_000_000, "print the first `K` calls as curl lines; secrets stand in them as what they come from, the token as $ANDON_TOKEN")
	cmd.Flags().StringVar(&target, "target", "", "the provider's base `URL` in the curl lines; nothing is sent there")
	with.add(cmd.Flags())
	return cmd
}

// aimedAt is where curl lines go: where the flag says, or else the scenario, or else andon serve.
func aimedAt(flag string, p *scenarios.Plan) (string, error) {
	if flag != "" {
		u, err := p.Description().Operation().ParseTarget(flag)
		if err != nil {
			return "", fmt.Errorf("--target: %w", err)
		}
		return u.String(), nil
	}
	return cmp.Or(p.Target, "http://127.0.0.1:8080"), nil
}

func (c *command) showPlan(p *scenarios.Plan, curl int, with credentials.Plan) error {
	fmt.Fprintf(c.stdout, "%s\n\n", text.Message(fmt.Sprintf("%s: %s", p.Name, p), c.width()))
	phases := render.Table{Header: []string{"phase", ">starts", ">lasts", "load", ">calls", ""}}
	for i, ph := range p.Labels.Phases {
		calls, note := "open-ended", ""
		if p.Planned != nil {
			calls = fmt.Sprint(p.CallsOfPhase(i))
		}
		if ph.Warmup {
			note = "warm-up, not in the figures"
		}
		phases.Rows = append(phases.Rows, []string{text.Printable(ph.Name, 80), spell(ph.StartSeconds), spell(ph.Seconds), text.Printable(ph.Shape, 200), calls, note})
	}
	if err := phases.Text(c.stdout, c.width()); err != nil {
		return err
	}
	if p.Planned != nil {
		fmt.Fprintln(c.stdout)
		classes := render.Table{Header: []string{"class", "tier", "content", ">calls", ">share"}}
		for i, class := range p.Labels.Classes {
			n := p.CallsOfClass(i)
			classes.Rows = append(classes.Rows, []string{text.Printable(class.Name, 200), text.Printable(class.Tier, 80), text.Printable(class.Content, 200), fmt.Sprint(n), fmt.Sprintf("%.2f %%", 100*float64(n)/float64(p.Calls))})
		}
		if err := classes.Text(c.stdout, c.width()); err != nil {
			return err
		}
		about := ""
		bytes, exact := p.Bytes()
		if !exact {
			about = "about "
		}
		fmt.Fprintf(c.stdout, "\n%s, %s%d bytes of bodies (%d a call)\n", text.Plural(p.Calls, "call"), about, bytes, bytes/p.Calls)
	}
	operation := p.Description().Operation()
	for n := range min(uint64(curl), p.MaxCalls()) {
		body, class := p.AppendBody(nil, n)
		due := "closed loop"
		if !p.Closed() {
			due = fmt.Sprintf("due at %.6f s", p.Due(n).Seconds())
		}
		fmt.Fprintf(c.stdout, "\n# call %d, %s, %s\n%s\n", n, text.Printable(p.Labels.Classes[class].Name, 200), due, operation.Curl(p.Target, with.Of(p.Tenant(n)), body))
	}
	return nil
}

func spell(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Microsecond).String()
}
