package summary

import (
	"slices"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
)

// Comparisons hold the groups of a run against each other; a kind of group of which there are no two is left out.
type Comparisons struct {
	Tier    *Comparison `json:"tier,omitempty"`
	Content *Comparison `json:"content,omitempty"`
}

// Comparison holds groups against one of them. Deliberately invalid calls are no group of it.
type Comparison struct {
	// Reference is the group that the others are held against.
	Reference string `json:"reference"`
	// Groups says of each of the others how it differs.
	Groups map[string]Differences `json:"groups"`
}

// Differences are the figures of a group less those of the reference. What cannot be told is left out.
type Differences struct {
	// Errors and Dropped are of shares of the calls, Violations of shares of the answers.
	Errors     *Difference `json:"errors,omitempty"`
	Violations *Difference `json:"violations,omitempty"`
	Dropped    *Difference `json:"dropped,omitempty"`
	// Times are of latencies, or of service times in a closed loop, by the name of the percentile, such as p99, or max.
	Times map[string]Difference `json:"times"`
}

// Difference is in seconds or, for a share, from −1 to 1.
type Difference struct {
	Value float64 `json:"value"`
	// Low and High are an interval that holds the true difference with a confidence of 95 %; null where it cannot be
	// told.
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
}

// Apart reports whether the interval leaves out 0.
func (d Difference) Apart() bool { return d.Low != nil && d.High != nil && (*d.Low > 0 || *d.High < 0) }

func difference(value float64, i *histogram.Interval) Difference {
	d := Difference{Value: value}
	if i != nil {
		d.Low, d.High = &i.Low, &i.High
	}
	return d
}

// group is what there is to compare of one.
type group struct {
	name string
	metrics.Figures
	// times are those that stand for the group, all is the distribution of them.
	times metrics.Times
	all   histogram.Distribution
	// reference allows the group to be what the others are held against.
	reference bool
}

// compare holds groups against the first that may be the reference and has calls; nil where there is none, or nothing
// else.
func compare(groups []group) *Comparison {
	i := slices.IndexFunc(groups, func(g group) bool { return g.reference && g.Sent > 0 })
	if i < 0 || len(groups) < 2 {
		return nil
	}
	c := Comparison{Reference: groups[i].name, Groups: map[string]Differences{}}
	for k, g := range groups {
		if k != i {
			c.Groups[g.name] = against(groups[i], g)
		}
	}
	return &c
}

// against is b less a.
func against(a, b group) Differences {
	d := Differences{
		Errors:     shares(a.Failed(), a.Sent, b.Failed(), b.Sent),
		Violations: shares(a.Violated(), a.Completed, b.Violated(), b.Completed),
		Dropped:    shares(a.Dropped, a.Sent+a.Dropped, b.Dropped, b.Sent+b.Dropped),
		Times:      map[string]Difference{},
	}
	of := b.times.Percentiles()
	for i, p := range a.times.Percentiles() {
		if p.Value != nil && of[i].Value != nil {
			d.Times[p.Name] = difference(*of[i].Value-*p.Value, histogram.Difference(a.all, b.all, p.P))
		}
	}
	if a.times.Max != nil && b.times.Max != nil {
		d.Times["max"] = difference(*b.times.Max-*a.times.Max, nil)
	}
	return d
}

// shares is the share b of nb less the share a of na; nil where there is nothing to tell.
func shares(a, na, b, nb uint64) *Difference {
	i := metrics.RatioDifference(a, na, b, nb)
	if i == nil || a+b == 0 {
		return nil
	}
	d := difference(float64(b)/float64(nb)-float64(a)/float64(na), i)
	return &d
}
