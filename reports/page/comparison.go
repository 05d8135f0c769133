package page

import (
	"slices"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// comparison sets groups beside each other, and all but one against that one.
type comparison struct {
	Names []string
	// Reference is the index of the one that the others are held against; −1 where there is nothing to compare.
	Reference int
	Boxes     []box
	Rows      []compared
}

// Lacks reports whether a percentile in it has too few calls.
func (c comparison) Lacks() bool {
	return slices.ContainsFunc(c.Rows, func(r compared) bool {
		return slices.ContainsFunc(r.Cells, func(x comparedCell) bool { return x.Value == text.Unsupported })
	})
}

// Lines are the groups with the figures of each row, the other way round.
func (c comparison) Lines() (lines []compared) {
	for i, name := range c.Names {
		line := compared{Name: name}
		for _, r := range c.Rows {
			line.Cells = append(line.Cells, r.Cells[i])
		}
		lines = append(lines, line)
	}
	return lines
}

// compared is one figure of all groups.
type compared struct {
	Name  string
	Cells []comparedCell
}

type comparedCell struct {
	Value, Class string
	// Gap is the difference, Interval its uncertainty; both empty where it cannot be told.
	Gap, Interval string
	// Apart reports whether the interval leaves out 0.
	Apart bool
}

// compare sets groups beside each other.
func (s run) compare(names []string, groups map[string]metrics.Figures, c *summary.Comparison) comparison {
	v := comparison{Reference: -1}
	if c != nil {
		v.Reference = slices.Index(names, c.Reference)
	}
	var low, high float64
	for _, n := range names {
		v.Names = append(v.Names, text.Printable(n, 40))
		if !s.Invalid(n) {
			low, high = widen(low, high, s.Times(groups[n]))
		}
	}
	for _, n := range names {
		if s.Invalid(n) {
			v.Boxes = append(v.Boxes, box{}) // refusals are too quick for the same axis
			continue
		}
		v.Boxes = append(v.Boxes, newBox(s.Times(groups[n]), low, high))
	}
	// row adds a row; differ says of a group that is held against the reference how it differs.
	row := func(name string, cell func(metrics.Figures) comparedCell, differ func(name string, d summary.Differences, to *comparedCell)) {
		r := compared{Name: name}
		empty := true
		for _, n := range names {
			x := cell(groups[n])
			empty = empty && (x.Value == text.Unsupported || x.Value == "")
			if c != nil {
				if d, ok := c.Groups[n]; ok && differ != nil {
					differ(n, d, &x)
				}
			}
			r.Cells = append(r.Cells, x)
		}
		if !empty {
			v.Rows = append(v.Rows, r)
		}
	}
	row("calls sent", func(f metrics.Figures) comparedCell {
		return comparedCell{Value: text.Count(f.Sent), Gap: text.Share(f.Sent, s.Total.Sent)}
	}, nil)
	row("rate", func(f metrics.Figures) comparedCell { return comparedCell{Value: text.Rate(f.Rate.Achieved)} }, nil)
	ratio := func(name string, part, whole func(metrics.Figures) uint64, of func(summary.Differences) *summary.Difference) {
		row(name, func(f metrics.Figures) comparedCell {
			x := comparedCell{Value: text.Counted(part(f), whole(f))}
			if part(f) > 0 {
				x.Class = "bad"
			}
			return x
		}, func(_ string, d summary.Differences, to *comparedCell) {
			if x := of(d); x != nil {
				to.Gap = text.Points(x.Value)
				to.interval(*x, text.Points)
			}
		})
	}
	ratio("errors", metrics.Figures.Failed, func(f metrics.Figures) uint64 { return f.Sent },
		func(d summary.Differences) *summary.Difference { return d.Errors })
	ratio("violations", metrics.Figures.Violated, func(f metrics.Figures) uint64 { return f.Completed },
		func(d summary.Differences) *summary.Difference { return d.Violations })
	if s.Total.Dropped > 0 {
		ratio("dropped", func(f metrics.Figures) uint64 { return f.Dropped }, func(f metrics.Figures) uint64 { return f.Sent + f.Dropped },
			func(d summary.Differences) *summary.Difference { return d.Dropped })
	}
	timed := func(name string, of func(metrics.Times) *float64) {
		row(name, func(f metrics.Figures) comparedCell { return comparedCell{Value: text.Duration(of(s.Times(f)))} },
			func(n string, d summary.Differences, to *comparedCell) {
				to.Gap = text.Change(of(s.Times(groups[c.Reference])), of(s.Times(groups[n])))
				if x, ok := d.Times[name]; ok {
					to.interval(x, text.SignedDuration)
				}
			})
	}
	for i, p := range (metrics.Times{}).Percentiles() {
		timed(p.Name, func(x metrics.Times) *float64 { return x.Percentiles()[i].Value })
	}
	timed("max", func(x metrics.Times) *float64 { return x.Max })
	return v
}

// interval adds the interval of a difference, if it has one.
func (c *comparedCell) interval(d summary.Difference, write func(float64) string) {
	if d.Low == nil || d.High == nil {
		return
	}
	c.Interval = write(*d.Low) + " to " + write(*d.High)
	c.Apart = d.Apart()
}
