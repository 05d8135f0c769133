package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
			return t.Text(c.stdout)
		},
	}, &cobra.Command{
		Use:               "show NAME",
		Short:             "Print a scenario that comes with andon, to start one's own from",
		Args:              exactlyOne("the name of a scenario"),
		ValidArgsFunction: completeShipped,
		RunE: func(_ *cobra.Command, args []string) error {
			data, ok := scenarios.Open(args[0])
			if !ok {
				return unknownScenario(args[0])
			}
			_, err := c.stdout.Write(data)
			return err
		},
	}, &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files, for editors",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			d, _, err := c.description()
			if err != nil {
				return err
			}
			_, err = c.stdout.Write(scenarios.Schema(d))
			return err
		},
	})
	return cmd
}

func completeShipped(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return scenarios.Shipped(), cobra.ShellCompDirectiveDefault
}

func unknownScenario(name string) error {
	return fmt.Errorf("there is no scenario %q; %s", text.Printable(name, 100),
		suggest(name, scenarios.Shipped(), "andon scenarios list shows those that come with andon, and a file is named by its path, as in ./my.yaml"))
}

// scenario reads the scenario that an argument names: one that comes with andon, or a file.
func (c *command) scenario(args []string, d *contracts.Description) (*scenarios.Scenario, error) {
	name := scenarios.Default
	if len(args) > 0 {
		name = args[0]
	}
	data, ok := scenarios.Open(name)
	file := name + ".yaml"
	if !ok {
		var err error
		file = name
		if data, err = readBounded(name, 4<<20); errors.Is(err, fs.ErrNotExist) && !strings.ContainsRune(name, filepath.Separator) && filepath.Ext(name) == "" {
			return nil, unknownScenario(name)
		} else if err != nil {
			return nil, fmt.Errorf("the scenario cannot be read: %w", err)
		}
	}
	return scenarios.Parse(file, data, d, os.LookupEnv)
}
