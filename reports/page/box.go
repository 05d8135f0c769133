package page

import (
	"fmt"
	"math"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/text"
)

// box is a distribution as a line from min to max with a bar from p50 to p99, on a logarithmic axis from 0 to 100.
// There is no bar where the samples support no p99, and no mark where they support no p50.
type box struct {
	OK                   bool
	Min, Max, P50, P99   float64
	HasMiddle, HasHigher bool
	Text                 string
}

// widen stretches the range of a logarithmic axis, from which zeros are left out.
func widen(low, high float64, x metrics.Times) (float64, float64) {
	for _, v := range []*float64{x.Min, x.P50, x.P99, x.Max} {
		if v != nil && *v > 0 {
			if low == 0 || *v < low {
				low = *v
			}
			high = max(high, *v)
		}
	}
	return low, high
}

func newBox(x metrics.Times, low, high float64) box {
	if x.Max == nil || low == 0 || high <= low {
		return box{}
	}
	at := func(v *float64) float64 {
		if v == nil || *v <= low {
			return 0
		}
		return math.Round(1000*math.Log(*v/low)/math.Log(high/low)) / 10
	}
	r := box{OK: true, Min: at(x.Min), Max: at(x.Max), P50: at(x.P50), P99: at(x.P99), HasMiddle: x.P50 != nil, HasHigher: x.P99 != nil}
	r.Text = fmt.Sprintf("from %s to %s, median %s, p99 %s", text.Duration(x.Min), text.Duration(x.Max), text.Duration(x.P50), text.Duration(x.P99))
	return r
}

type rangeRow struct {
	Name  string
	Cells []string
	Box   box
}

func (s run) partRows() (rows []rangeRow) {
	parts := []struct {
		name string
		x    metrics.Times
	}{
		{"connect (new connections)", s.Parts.Connect}, {"TLS (new connections)", s.Parts.TLS}, {"wait for the first byte", s.Parts.Wait},
		{"read the body", s.Parts.Read}, {"service time, all of it", s.Total.Service},
	}
	var low, high float64
	for _, p := range parts {
		low, high = widen(low, high, p.x)
	}
	for _, p := range parts {
		if p.x.Max != nil {
			rows = append(rows, rangeRow{p.name, []string{text.Duration(p.x.Mean), text.Duration(p.x.P50), text.Duration(p.x.P90), text.Duration(p.x.P99), text.Duration(p.x.Max)}, newBox(p.x, low, high)})
		}
	}
	return rows
}

func (s run) lagRows() (rows []rangeRow) {
	for _, l := range []struct {
		name string
		lag  metrics.Lag
	}{{"lag: due → send", s.Validity.Lag}, {"of it, held up by andon itself", s.Validity.OwnLag}} {
		if l.lag.Max != nil {
			rows = append(rows, rangeRow{Name: l.name, Cells: []string{text.Duration(l.lag.P50), text.Duration(l.lag.P99), text.Duration(l.lag.Max)}})
		}
	}
	return rows
}
