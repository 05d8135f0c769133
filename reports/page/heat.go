package page

import (
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

type heatMap struct {
	Name, Title string
	Columns     []string
	Rows        []heatRow
}

type heatRow struct {
	Name  string
	Cells []heatCell
}

// heatCell has a Level of 0 to 8, or −1 where there is nothing to colour.
type heatCell struct {
	Value, Note string
	Level       int
}

// heatLevels is how many shades a heat map has.
const heatLevels = 9

// heatMaps show the classes by tier and content, once for each figure.
func (s run) heatMaps() (maps []heatMap) {
	valid := func(names []string, groups map[string]metrics.Figures) []string {
		return slices.DeleteFunc(names, func(n string) bool { return groups[n].Invalid })
	}
	tiers, contents := valid(s.Tiers(), s.Groups.Tier), valid(s.Contents(), s.Groups.Content)
	if len(tiers) == 0 || len(contents) == 0 {
		return nil
	}
	times := "latency"
	if s.Run.ClosedLoop {
		times = "service time"
	}
	for _, c := range []struct {
		name, title string
		of          func(metrics.Figures) *float64
		text        func(*float64) string
	}{
		{"p50", "median " + times, func(f metrics.Figures) *float64 { return s.Times(f).P50 }, text.Duration},
		{"p95", "p95 " + times, func(f metrics.Figures) *float64 { return s.Times(f).P95 }, text.Duration},
		{"p99", "p99 " + times, func(f metrics.Figures) *float64 { return s.Times(f).P99 }, text.Duration},
		{"errors", "share of errors", func(f metrics.Figures) *float64 {
			if f.Sent == 0 {
				return nil
			}
			v := float64(f.Failed()) / float64(f.Sent)
			return &v
		}, func(v *float64) string { return text.Percent(*v) }},
	} {
		m := heatMap{Name: c.name, Title: c.title}
		for _, t := range tiers {
			m.Columns = append(m.Columns, text.Printable(t, 24))
		}
		figures := func(content, tier string) (metrics.Figures, bool) {
			i := slices.IndexFunc(s.Run.Classes, func(k results.Class) bool { return k.Content == content && k.Tier == tier })
			if i < 0 {
				return metrics.Figures{}, false
			}
			f, there := s.Groups.Class[s.Run.Classes[i].Name]
			return f, there
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, content := range contents {
			for _, tier := range tiers {
				if f, there := figures(content, tier); there && c.of(f) != nil {
					low, high = min(low, *c.of(f)), max(high, *c.of(f))
				}
			}
		}
		for _, content := range contents {
			r := heatRow{Name: text.Printable(content, 40)}
			for _, tier := range tiers {
				cell := heatCell{Value: text.Unsupported, Level: -1}
				if f, there := figures(content, tier); there {
					cell.Note = text.Plural(f.Sent, "call")
					if v := c.of(f); v != nil {
						cell.Value, cell.Level = c.text(v), level(*v, low, high)
					}
				}
				r.Cells = append(r.Cells, cell)
			}
			m.Rows = append(m.Rows, r)
		}
		maps = append(maps, m)
	}
	return maps
}

// level is the shade of v between low and high, by its logarithm where both have one.
func level(v, low, high float64) int {
	share := 0.0
	switch {
	case high <= low:
		if v > 0 && low == 0 {
			return heatLevels - 1
		}
		return 0
	case low > 0:
		share = math.Log(v/low) / math.Log(high/low)
	default:
		share = (v - low) / (high - low)
	}
	return min(int(share*heatLevels), heatLevels-1)
}
