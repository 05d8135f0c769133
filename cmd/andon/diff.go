package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

func (c *command) diff() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell which changes between two descriptions break callers",
		Long: `Diff compares two descriptions and tells what each change means for those who call.

Exit codes: 0 nothing breaks; 1 a change breaks callers; 2 wrong usage.`,
		Example: `  andon contracts diff openapi.yaml candidate.yaml
  andon contracts diff openapi.yaml candidate.yaml --format sarif`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("expected two descriptions, the older and the newer, found %d arguments", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.showDiff(args[0], args[1], format) },
	}
	names := reports.VerificationNames()
	cmd.Flags().StringVar(&format, "format", "terminal", strings.Join(names, ", "))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *command) showDiff(before, after, format string) error {
	formats, err := reports.ChooseVerification(format)
	if err != nil {
		return err
	}
	if len(formats) > 1 {
		return fmt.Errorf("--format wants one format, found %d", len(formats))
	}
	older, err := contracts.Choice{Operation: c.chosen.Operation}.Open(before)
	if err != nil {
		return err
	}
	v, changes, err := c.compared(older, after, before+" → "+after)
	if err != nil {
		return err
	}
	v.Title, v.Andon = "andon contracts diff", version()
	if formats[0].Name != "terminal" {
		return c.ended(v.Verdict, formats[0].Render(exact{c.stdout}, v, c.terminal("")))
	}
	t := render.Table{Header: []string{"callers", "change", "what", "line"}}
	for _, change := range changes {
		line := ""
		if change.Line > 0 {
			line = strconv.Itoa(change.Line)
		}
		t.Rows = append(t.Rows, []string{string(change.Severity), text.Printable(change.ID, 80), text.Printable(change.Text, 400), line})
	}
	if len(changes) == 0 {
		_, err = fmt.Fprintln(c.stdout, "no change that callers could notice")
	} else if err = t.Text(c.stdout, c.width()); err == nil {
		_, err = fmt.Fprintf(c.stdout, "\n%d changes, %d of which break callers\n", len(changes), verify.Breaking(changes))
	}
	return c.ended(v.Verdict, err)
}

// compared compares a description with a file, which need not be one that andon takes: it may have lost the call.
func (c *command) compared(older *contracts.Description, after, against string) (v summary.Verification, changes []contracts.Change, err error) {
	newer, err := contracts.Choice{Operation: c.chosen.Operation}.Open(after)
	if err == nil {
		return verify.Compare(older, newer, against)
	}
	if v, changes, known := verify.CompareUnread(older, after, against, err); known {
		return v, changes, nil
	}
	return v, nil, err
}
