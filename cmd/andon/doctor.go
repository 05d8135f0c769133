package main

import (
	"encoding/json"
	"os"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/doctor"
)

// neutralName is the command that serves the neutral target of the doctor. It is nobody else's.
const neutralName = "neutral-target"

func (c *command) doctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [SCENARIO]",
		Short: "Say what this machine allows, and the highest rate that it sends on time",
		Long: `Doctor says what the system lets andon have (cores, limits of the container, descriptors, ports, timers,
clocks), what is there of Pact and of a browser, and measures for about ten seconds the highest rate
at which runs from this machine are valid: 99 of 100 calls are held up for less than 10 ms by andon.

The calls are those of SCENARIO, or of "mixed". They go to a neutral target on loopback, a process of
its own that answers at once; no other is called. It shares the machine's cores, so that a target
elsewhere leaves more of them, and a network takes some. What other processes took is said, too.

Exit codes: 0 a rate was measured, and the highest of SCENARIO, where one is named, is not above it; 2
wrong usage, scenario or description; 3 it is above it, or nothing could be measured.`,
		Example: `  andon doctor
  andon doctor ./peak.yaml --json`,
		Args:              atMostOne,
		ValidArgsFunction: completeShipped,
		RunE:              func(_ *cobra.Command, args []string) error { return c.examine(args, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the figures as JSON")
	return cmd
}

func (c *command) examine(args []string, asJSON bool) error {
	d, err := c.description()
	if err != nil {
		return err
	}
	s, err := c.scenario(args, d, "")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return exit{noVerdict, err}
	}
	config := doctor.Config{
		Scenario: s, Judged: len(args) > 0, Neutral: []string{self, neutralName}, Andon: version(),
		Say: func(said string) { c.tell("%s", text.Printable(said, 200)) },
	}
	if c.spec != "" {
		config.Neutral = append(config.Neutral, "--spec", c.spec)
	}
	stop := c.signals(func() { c.tell("stopping") }, func() {})
	defer stop.release()
	report, err := doctor.Examine(stop.kill, stop.first, config)
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(text.JSONWriter{To: exact{c.stdout}})
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = render.FitnessTerminal(c.stdout, report, c.terminal(""))
	}
	return c.ended(report.Verdict, err)
}

// neutralTarget is what the doctor measures by.
func (c *command) neutralTarget() *cobra.Command {
	return &cobra.Command{
		Use: neutralName, Hidden: true, Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			d, err := c.description()
			if err != nil {
				return err
			}
			return doctor.Neutral(os.Stdin, exact{c.stdout}, d)
		},
	}
}
