package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// kind is how a kind of document is shown again that a directory holds.
type kind[T any] struct {
	choose  func(formats string) ([]reports.DocumentFormat[T], error)
	read    func(dir string) (T, error)
	verdict func(T) summary.Verdict
	// add adds it to the summary of a step.
	add func(path string, document T) error
}

// reportCapacity shows a search for capacity again, from its directory alone.
func (c *command) reportCapacity(dir, format, out string) error {
	return reportDocument(c, dir, format, out, kind[sizing.Report]{
		reports.ChooseCapacity, sizing.Document().Read, func(r sizing.Report) summary.Verdict { return r.Verdict }, reports.AppendCapacity,
	})
}

// reportComparison shows a comparison again.
func (c *command) reportComparison(dir, format, out string) error {
	return reportDocument(c, dir, format, out, kind[compare.Report]{
		reports.ChooseComparison, compare.Document().Read, func(r compare.Report) summary.Verdict { return r.Verdict }, reports.AppendComparison,
	})
}

// reportDocument shows a document again, from its directory alone.
func reportDocument[T any](c *command, dir, format, out string, of kind[T]) error {
	formats, err := of.choose(format)
	if err != nil {
		return err
	}
	if len(formats) > 1 && out == "" {
		return manyFormats(len(formats))
	}
	document, err := of.read(dir)
	if err != nil {
		return err
	}
	v := of.verdict(document)
	if out == "" {
		err = formats[0].Render(exact{c.stdout}, document, c.terminal(dir))
	} else {
		var paths []string
		paths, err = reports.WriteDocument(out, document, formats...)
		for _, path := range paths {
			_, printed := fmt.Fprintln(c.stdout, text.Printable(path, 4096))
			err = errors.Join(err, printed)
		}
		if err != nil && !c.stdout.lost(err) {
			terminal, unknown := of.choose("terminal")
			if unknown == nil {
				unknown = terminal[0].Render(c.stdout, document, c.terminal(dir))
			}
			return exit{cmp.Or(v.ExitCode, noVerdict), errors.Join(fmt.Errorf("not all of the report can be written: %w", err), unknown)}
		}
	}
	if slices.ContainsFunc(formats, func(f reports.DocumentFormat[T]) bool { return f.Name == "markdown" || f.Name == "github" }) {
		c.stepSummary(func(path string) error { return of.add(path, document) })
	}
	return c.ended(v, err)
}
