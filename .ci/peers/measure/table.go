package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// column is one figure of a table.
type column struct {
	name string
	show func(float64) string
	// ratio asks for the ratio to the reference as well.
	ratio bool
	// total shows how many of the runs had it, in place of the median.
	total bool
}

// table holds the figures of some tools over several runs.
type table struct {
	// name is what bounds call it.
	name        string
	title, text string
	// reference is the row that ratios are made to.
	reference string
	columns   []column
	rows      []*row
}

type row struct {
	name string
	// values are by column and run.
	values [][]float64
	// absent says why there are none; it is empty where there are some.
	absent string
	runs   int
	// errors and remarks are counted by their text.
	errors, remarks map[string]int
}

func (t *table) row(name string) *row {
	for _, r := range t.rows {
		if r.name == name {
			return r
		}
	}
	r := &row{name: name, values: make([][]float64, len(t.columns)), errors: map[string]int{}, remarks: map[string]int{}}
	t.rows = append(t.rows, r)
	return r
}

// add adds the figures of one run, in the order of the columns. The runs of all rows are told apart by their number, so
// that one that failed has its place.
func (r *row) add(values ...float64) {
	r.runs++
	for i, v := range values {
		r.values[i] = append(r.values[i], v)
	}
}

func (r *row) fail(err error) {
	r.runs++
	r.errors[err.Error()]++
	for i := range r.values {
		r.values[i] = append(r.values[i], math.NaN())
	}
}

// markdown writes the table, and below it what has to be said of its rows.
func (t *table) markdown(w *strings.Builder) {
	fmt.Fprintf(w, "\n### %s\n\n%s\n\n", t.title, t.text)
	header, rule := []string{"tool"}, []string{"---"}
	for _, c := range t.columns {
		header, rule = append(header, c.name), append(rule, "---:")
	}
	writeRow(w, header)
	writeRow(w, rule)
	var notes []string
	for _, r := range t.rows {
		cells := []string{r.name}
		for i := range t.columns {
			cells = append(cells, t.cell(r, i))
		}
		writeRow(w, cells)
		notes = append(notes, r.notes()...)
	}
	if len(notes) > 0 {
		fmt.Fprintf(w, "\n- %s\n", strings.Join(notes, "\n- "))
	}
}

func writeRow(w *strings.Builder, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

func (t *table) cell(r *row, i int) string {
	c, values := t.columns[i], known(r.values[i])
	switch {
	case len(values) == 0 && i == 0 && r.absent != "":
		return r.absent
	case len(values) == 0 && i == 0 && len(r.errors) > 0:
		return "failed"
	case len(values) == 0:
		return "–"
	case c.total:
		return fmt.Sprintf("%g of %d", sum(values), r.runs)
	}
	text := c.show(median(values))
	if c.ratio && r.name != t.reference {
		if ratio := t.ratio(r, i); !math.IsNaN(ratio) {
			text += " (" + significant(ratio) + "×)"
		}
	}
	return text
}

// ratio is the median of the ratios of a row's figures to those of the reference in the same turn.
func (t *table) ratio(r *row, i int) float64 {
	reference := t.row(t.reference).values[i]
	var ratios []float64
	for turn, v := range r.values[i][:min(len(r.values[i]), len(reference))] {
		if ratio := math.Abs(v) / math.Abs(reference[turn]); !math.IsInf(ratio, 0) {
			ratios = append(ratios, ratio)
		}
	}
	return median(ratios)
}

func (r *row) notes() (notes []string) {
	for _, text := range slices.Sorted(maps.Keys(r.errors)) {
		notes = append(notes, fmt.Sprintf("%s: %d of %d runs failed: %s", r.name, r.errors[text], r.runs, strings.ReplaceAll(text, "\n", "; ")))
	}
	for _, text := range slices.Sorted(maps.Keys(r.remarks)) {
		notes = append(notes, fmt.Sprintf("%s called %d of %d runs %s.", r.name, r.remarks[text], r.runs, text))
	}
	return notes
}

func sum(values []float64) (s float64) {
	for _, v := range values {
		s += v
	}
	return s
}

// significant shows a number with three significant digits.
func significant(v float64) string {
	if v == 0 {
		return "0"
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	return fmt.Sprintf("%.*f", min(digits, 4), v)
}

// duration shows nanoseconds in the unit that suits them.
func duration(ns float64) string {
	switch size := math.Abs(ns); {
	case size < 1e6:
		return significant(ns/1e3) + " µs"
	case size < 1e9:
		return significant(ns/1e6) + " ms"
	}
	return significant(ns/1e9) + " s"
}

func mebibytes(bytes float64) string { return significant(bytes/(1<<20)) + " MiB" }

func bytesEach(n float64) string { return significant(n) + " B" }

func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }

func perSecond(rate float64) string { return whole(rate) + "/s" }

// whole shows a count with its thousands apart.
func whole(n float64) string {
	text := fmt.Sprintf("%.0f", n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func ns(d time.Duration) float64 { return float64(d) }
