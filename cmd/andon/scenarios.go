package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
)

func (c *command) scenarios() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenarios",
		Short: "List, show and describe scenarios",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the scenarios that come with andon, and the question that each answers",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			t := render.Table{Header: []string{"scenario", "question"}}
			for _, name := range scenarios.Shipped() {
				data, _ := scenarios.Open(name)
				if name == scenarios.Default {
					name += " (default)"
				}
				t.Rows = append(t.Rows, []string{name, scenarios.Question(data)})
			}
			return t.Text(c.stdout, c.width())
		},
	}, &cobra.Command{
		Use:               "show NAME",
		Short:             "Print a scenario that comes with andon, to start one's own from",
		Args:              exactlyOne("the name of a scenario"),
		ValidArgsFunction: completeShipped,
		RunE: func(_ *cobra.Command, args []string) error {
			data, ok := scenarios.Open(args[0])
			if !ok {
				return unknownScenario(&scenarios.UnknownError{Name: args[0]}, args[0])
			}
			_, err := c.stdout.Write(data)
			return err
		},
	}, &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files, for editors",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			d, err := c.description()
			if err != nil {
				return err
			}
			_, err = text.JSONWriter{To: exact{c.stdout}}.Write(scenarios.Schema(d))
			return err
		},
	})
	return cmd
}

// fixturesUse is the help of the flag that names a file of fixtures.
const fixturesUse = "YAML `file` of values that exist at the target, as a scenario's data: agentId: [agent_1], file: {from: files.csv, column: id}"

func completeShipped(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return scenarios.Shipped(), cobra.ShellCompDirectiveDefault
}

// scenario reads the scenario that an argument names: one that comes with andon, or a file. The file of fixtures, which
// may be empty, says what exists at the target.
func (c *command) scenario(args []string, d *contracts.Description, fixtures string) (*scenarios.Scenario, error) {
	name := scenarios.Default
	if len(args) > 0 {
		name = args[0]
	}
	file, data, err := scenarios.Find(name)
	var unknown *scenarios.UnknownError
	if errors.As(err, &unknown) {
		return nil, unknownScenario(err, name)
	} else if err != nil {
		return nil, err
	}
	if fixtures != "" {
		f, err := scenarios.OpenFixtures(fixtures, d, os.LookupEnv)
		if err != nil {
			return nil, err
		}
		if data, err = f.Scenario(file, data); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return scenarios.Parse(file, data, d, os.LookupEnv)
}

// defaultSeed makes two runs of the same scenario send the same bytes, unless asked otherwise.
const defaultSeed = 1

const seedUse = "`number` that, with the scenario, determines every call and its moment"

// planned is the plan of the scenario that an argument names.
func (c *command) planned(args []string, seed uint64, fixtures string, follow bool) (*scenarios.Plan, error) {
	d, err := c.description()
	if err != nil {
		return nil, err
	}
	s, err := c.scenario(args, d, fixtures)
	if err != nil {
		return nil, err
	}
	if follow && s.Following == nil {
		how := scenarios.DefaultFollowing(d.Following())
		s = s.WithFollowing(&how)
	}
	return s.Plan(seed)
}

// descriptionWith loads the contract with the user's fixtures in it, if there are any.
func (c *command) descriptionWith(fixtures string) (*contracts.Description, error) {
	d, err := c.description()
	if err != nil || fixtures == "" {
		return d, err
	}
	f, err := scenarios.OpenFixtures(fixtures, d, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	return f.Describe(d)
}
