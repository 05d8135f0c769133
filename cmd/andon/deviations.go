package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts/deviations"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
)

// deviations shows what files of known deviations look like.
func (c *command) deviations() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deviations",
		Short: "Describe files of known deviations, which waive breaches of the contract for a time",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of files of known deviations, for editors",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := text.JSONWriter{To: exact{c.stdout}}.Write(deviations.Schema(verify.Rules()))
			return err
		},
	})
	return cmd
}

const deviationsUse = "YAML `file` of known deviations, which are waived for a reason and up to a day; see andon deviations schema"

// deviationFlags name the files of known deviations that a verification reads and writes.
type deviationFlags struct{ read, write string }

func (f *deviationFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.read, "deviations", "", deviationsUse)
	cmd.Flags().StringVar(&f.write, "write-deviations", "", "write what is broken to this new `file` of known deviations, with the reasons left to fill in")
}

// check says what is wrong with the flags before anything is sent.
func (f *deviationFlags) check(scenario string) error {
	if scenario != "" && (f.read != "" || f.write != "") {
		return errors.New("--scenario goes with neither --deviations nor --write-deviations: the calls of a scenario are ours, and no deviations of a target")
	}
	if f.write != "" {
		if err := deviations.Free(f.write); err != nil {
			return fmt.Errorf("--write-deviations: %w", err)
		}
	}
	return nil
}

// known reads the known deviations, if there are any.
func (f *deviationFlags) known(c *verify.Config) (err error) {
	if f.read != "" {
		c.Deviations, err = deviations.Read(f.read, c.Known())
	}
	return err
}

// writeDeviations writes what was broken to a file of known deviations, if that is wanted.
func (c *command) writeDeviations(file string, v summary.Verification) error {
	if file == "" {
		return nil
	}
	n, err := deviations.Write(file, v, time.Now())
	if err != nil {
		return fmt.Errorf("--write-deviations: %w", err)
	}
	if n == 0 {
		c.tell("nothing is broken: %s has no deviations", file)
		return nil
	}
	c.tell("%s has %s that did not hold; fill in why each is accepted, then give it to --deviations", file, text.Plural(uint64(n), "check"))
	return nil
}

// deviationsForLoad reads the known deviations that hold under load, and tells which of the file's do not.
func (c *command) deviationsForLoad(file string, s *scenarios.Scenario) ([]results.Deviation, error) {
	if file == "" {
		return nil, nil
	}
	held, left, err := verify.Config{Description: s.Description()}.ReadForLoad(file, s.Labels.Rules)
	for _, d := range left {
		c.tell("the deviation %s is about andon verify alone, and holds for no call of this run", text.Printable(d.Name(), 400))
	}
	return held, err
}
