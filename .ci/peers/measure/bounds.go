package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
)

// bound is what a figure of andon must be.
type bound struct {
	// table, row and column name the figure.
	table, row, column string
	// ratio is for one to vegeta's, and least says that the limit is below the figure and not above it.
	ratio, least bool
	limit        float64
}

// bounds are what this package wants to reach.
func bounds() []bound {
	most := func(table, row, column string, limit float64) bound {
		return bound{table: table, row: row, column: column, ratio: true, limit: limit}
	}
	var all []bound
	for _, open := range []struct {
		table string
		cpu   float64
	}{{"1000", 0.75}, {"1000/long", 0.75}, {"5000", 1}, {"10000", 0.85}} {
		all = append(all, most(open.table, andonDefaults, cpuEach, open.cpu), most(open.table, andonDefaults, jitterMedian, 0.1),
			most(open.table, andonDefaults, jitterP99, 0.5), most(open.table, andonDefaults, tooHigh, 0.6))
	}
	// Where the target has no core of its own, rates say nothing of what the tool could do.
	scaling := scalesByRate
	if _, _, shared := placed(2, runtime.NumCPU()); shared {
		scaling = scalesByTime
	}
	for _, table := range []string{"1000", "1000/long", "5000", "10000"} {
		all = append(all, most(table, andonCoarse, cpuEach, 0.5), most(table, andonCoarse, jitterMedian, 1), most(table, andonCoarse, jitterP99, 1))
	}
	all = append(all, most("closed", andonDefaults, cpuEach, 0.5),
		bound{table: "highest", row: andonDefaults, column: highestRate, ratio: true, least: true, limit: 1.7},
		bound{table: "volume", row: andonDefaults, column: peakMemory, limit: 60e6},
		bound{table: "cores", row: andonDefaults, column: scaling, least: true, limit: 1.6})
	for _, table := range []string{"1000/tls", "5000/tls", "closed/tls"} {
		all = append(all, most(table, andonDefaults, cpuEach, 0.8))
	}
	return all
}

// verdict is what came of a bound.
type verdict struct {
	bound
	title, found, wanted string
	held                 bool
}

// judge holds the tables that were measured against the bounds; bounds of others are left out.
func judge(tables []*table, bounds []bound) (verdicts []verdict) {
	for _, b := range bounds {
		i := slices.IndexFunc(tables, func(t *table) bool { return t.name == b.table })
		if i < 0 {
			continue
		}
		t := tables[i]
		column := slices.IndexFunc(t.columns, func(c column) bool { return c.name == b.column })
		r, show := t.row(b.row), t.columns[column].show
		v := verdict{bound: b, title: t.title, found: "not measured"}
		found := median(r.values[column])
		if b.ratio {
			found, show = t.ratio(r, column), times
		}
		v.wanted = "at most " + show(b.limit)
		if b.least {
			v.wanted = "at least " + show(b.limit)
		}
		if !math.IsNaN(found) {
			v.found = show(found)
			v.held = b.least && found >= b.limit || !b.least && found <= b.limit
		}
		verdicts = append(verdicts, v)
	}
	return append(append(verdicts, openLoopRival(tables)...), tenTimes(tables)...)
}

// tenTimes holds the memory of ten times as many calls against that of fewer.
func tenTimes(tables []*table) (verdicts []verdict) {
	i := slices.IndexFunc(tables, func(t *table) bool { return t.name == "large" })
	if i < 0 {
		return nil
	}
	for _, r := range tables[i].rows {
		found, limit := median(r.values[1]), median(r.values[2])
		if math.IsNaN(limit) {
			continue
		}
		verdicts = append(verdicts, verdict{
			bound: bound{table: "large", row: r.name, column: peakMemory}, title: tables[i].title,
			wanted: "at most " + mebibytes(limit), found: mebibytes(found), held: found <= limit,
		})
	}
	return verdicts
}

// openLoopRival holds andon's highest rate against that of the other tools that wait for no answer: vegeta's settings.
// The rest have connections that wait.
func openLoopRival(tables []*table) []verdict {
	i := slices.IndexFunc(tables, func(t *table) bool { return t.name == "highest" })
	if i < 0 {
		return nil
	}
	t := tables[i]
	v := verdict{
		bound: bound{table: t.name, row: andonDefaults, column: highestRate}, title: t.title, wanted: "above vegeta's in any setting", found: "not measured",
	}
	own, rivals := median(t.row(andonDefaults).values[0]), known(slices.Concat(t.row(vegetaDefaults).values[0], t.row(vegetaCapped).values[0]))
	if !math.IsNaN(own) && len(rivals) > 0 {
		best := slices.Max(rivals)
		v.wanted, v.found, v.held = "above "+perSecond(best)+" of vegeta in any setting", perSecond(own), own > best
	}
	return []verdict{v}
}

// broken are the bounds that do not hold.
func broken(verdicts []verdict) []verdict {
	return slices.DeleteFunc(slices.Clone(verdicts), func(v verdict) bool { return v.held })
}

func (v verdict) String() string {
	return fmt.Sprintf("%s: %s: %s: %s, found %s", v.title, v.row, v.column, v.wanted, v.found)
}

func writeVerdicts(w *strings.Builder, verdicts []verdict, loud bool) {
	if len(verdicts) == 0 {
		return
	}
	fmt.Fprintf(w, "\n## What is wanted\n\nRatios are to vegeta's in the same turn, medians. %d of %d hold.\n\n", len(verdicts)-len(broken(verdicts)), len(verdicts))
	if loud {
		w.WriteString("**Other processes took so much of the machine that nothing can be said of them.**\n\n")
	}
	writeRow(w, []string{"table", "tool", "figure", "wanted", "found", "holds"})
	writeRow(w, []string{"---", "---", "---", "---:", "---:", "---"})
	for _, v := range verdicts {
		holds := "yes"
		if !v.held {
			holds = "**no**"
		}
		writeRow(w, []string{v.title, v.row, v.column, v.wanted, v.found, holds})
	}
}
