package search

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/scalability"
)

const mostLevels, mostCallers = 40, 60_000

// ParseLadder reads by how many callers the throughput is measured, such as 1,2,4,8,16,32. The law that is fitted to it
// needs six levels, and fewer are measured nonetheless.
func ParseLadder(said string) ([]int, error) {
	var levels []int
	for _, one := range strings.Split(said, ",") {
		one = strings.TrimSpace(one)
		n, err := strconv.Atoi(one)
		switch {
		case err != nil || n < 1 || n > mostCallers:
			return nil, fmt.Errorf("expected numbers of callers from 1 to %d, such as 1,2,4,8,16,32, found %q", mostCallers, text.Printable(one, 40))
		case slices.Contains(levels, n):
			return nil, fmt.Errorf("the level of %s stands twice; leave one out", text.Plural(uint64(n), "caller"))
		}
		levels = append(levels, n)
	}
	if len(levels) > mostLevels {
		return nil, fmt.Errorf("expected at most %d levels, found %d", mostLevels, len(levels))
	}
	slices.Sort(levels)
	return levels, nil
}

// ladder measures the throughput of so many callers each, and fits the scalability law to it. What is known when an
// error ends it is in the report.
func (s *session) ladder(ctx context.Context, levels []int) error {
	out := &sizing.Scaling{}
	s.report.Scaling = out
	left := ""
	step, settle := level(s.Seconds)
	for _, n := range levels {
		m, err := s.measure(ctx, want{
			Of: "ladder", About: text.Plural(uint64(n), "caller"), Scenario: s.acceptance(), Callers: n, Ask: capacity.Ask{Settle: settle}, Seconds: step,
		})
		if err != nil {
			out.Refused = "it ended before all levels were measured"
			return err
		}
		if m.isVoid() {
			left = fmt.Sprintf("; %s are left out: %s", text.Plural(uint64(n), "caller"), m.Shown.Reason)
			continue
		}
		level := sizing.ScalingLevel{Callers: n, Throughput: m.Shown.Accepted, Trial: m.Shown.N}
		if m.Shown.P50 != nil {
			level.P50 = *m.Shown.P50
		}
		out.Levels = append(out.Levels, level)
	}
	fitLadder(out)
	if out.Refused != "" {
		out.Refused += left
	}
	return nil
}

// fitLadder fits the law to the levels, or says why it does not.
func fitLadder(out *sizing.Scaling) {
	var levels []scalability.Level
	for _, l := range out.Levels {
		levels = append(levels, scalability.Level{N: float64(l.Callers), X: l.Throughput})
	}
	law, err := scalability.Fit(levels)
	if err != nil {
		out.Refused = err.Error()
		return
	}
	bounds := func(c scalability.Coefficient) sizing.Bounds {
		return sizing.Bounds{Value: c.Value, Low: c.Low, High: c.High}
	}
	out.Alpha, out.Beta, out.Gamma, out.R2 = bounds(law.Alpha), bounds(law.Beta), bounds(law.Gamma), law.Explained
	if n, x := law.Peak(); !math.IsInf(n, 1) {
		out.PeakCallers, out.Peak = n, x
	}
	for i := range out.Levels {
		out.Levels[i].Fitted = law.At(float64(out.Levels[i].Callers))
	}
}
