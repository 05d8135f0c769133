package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// mark is something that happened at a moment or, where End is later, over a while.
type mark struct {
	Kind  string  `json:"kind"` // stop, stall, stalls, silence or spoiled
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Text  string  `json:"text"`
	// seconds are for how long it stood still in all, in a stall for how long at once.
	seconds float64
}

// markLine explains one kind of mark, with what it stands for in this run.
type markLine struct{ Kind, Text string }

// apart is how many things of a kind are told one by one; more of them are one line, and standstills one band.
const apart = 5

// marks are the moments that explain what is seen elsewhere: when a run stopped before its time, when the generator
// stood still, and when the target answered nothing.
func (d Data) marks() []mark {
	marks := append([]mark{}, d.stalls()...)
	marks = append(marks, d.silences()...)
	marks = append(marks, d.spoiled()...)
	if end := d.Summary.Run.End; end.Reason != results.Finished && end.Reason != results.Damaged {
		marks = append(marks, mark{Kind: "stop", Start: d.StoppedSeconds, End: d.StoppedSeconds, Text: text.Printable(end.Reason, 40)})
	}
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.Start, b.Start) })
	return marks
}

// stalls are the seconds in which andon stood still for longer than is tolerated: each of a few, and many as one.
func (d Data) stalls() (stalls []mark) {
	var all float64
	longest := 0.0
	for _, v := range d.Vitals {
		if v.StallMax <= metrics.Tolerance.Seconds() {
			continue
		}
		stalls = append(stalls, mark{"stall", max(v.AtSeconds-v.Seconds, 0), v.AtSeconds, "", v.StallMax})
		all += v.StallSeconds
		longest = max(longest, v.StallMax)
	}
	n := len(stalls)
	if n <= apart {
		return stalls
	}
	return []mark{{"stalls", stalls[0].Start, stalls[n-1].End, fmt.Sprintf("in %d seconds between %s and %s, for %s in all and %s at once",
		n, text.Duration(&stalls[0].Start), text.Duration(&stalls[n-1].End), text.Duration(&all), text.Duration(&longest)), all}}
}

// silences are the times during which calls were in flight and none was answered, where at the run's own rate at least
// five answers were to be expected.
func (d Data) silences() (marks []mark) {
	var answered uint64
	for _, p := range d.Timeline {
		answered += p.Answered
	}
	end := d.load()
	return d.joined("silence", func(p metrics.Point) bool {
		expected := float64(answered) / max(end, 1) * p.Seconds
		return p.Answered == 0 && p.InFlight >= 1 && expected >= 5
	})
}

// spoiled are the times in which andon itself held up so many calls that a p99 tells of it.
func (d Data) spoiled() []mark {
	return d.joined("spoiled", func(p metrics.Point) bool { return p.Touched > 0 && 100*p.Touched >= p.Due })
}

// joined are the times that fit, neighbours as one.
func (d Data) joined(kind string, fits func(metrics.Point) bool) (marks []mark) {
	for _, p := range d.Timeline {
		if !fits(p) {
			continue
		}
		from, to := p.StartSeconds, p.StartSeconds+p.Seconds
		if n := len(marks); n > 0 && marks[n-1].End == from {
			marks[n-1].End = to
		} else {
			marks = append(marks, mark{Kind: kind, Start: from, End: to})
		}
	}
	for i := range marks {
		marks[i].seconds = marks[i].End - marks[i].Start
	}
	return marks
}

// markLines explain what is drawn into the charts over time besides their lines.
func (d Data) markLines() (lines []markLine) {
	if slices.ContainsFunc(d.Summary.Run.Phases, func(p results.Phase) bool { return p.Warmup }) {
		lines = append(lines, markLine{"warmup", "warm-up: sent, and in no other figure"})
	}
	marks := d.marks()
	for _, k := range []struct{ kind, what string }{{"silence", "no answer"}, {"stall", "andon stood still"}, {"stalls", "andon stood still"}, {"spoiled", "1 call in 100 or more was held up by andon itself"}, {"stop", ""}} {
		var told []string
		var all, longest float64
		first := 0.0
		for _, m := range marks {
			if m.Kind != k.kind {
				continue
			}
			if len(told) == 0 {
				first = m.Start
			}
			all += m.seconds
			longest = max(longest, m.seconds)
			switch m.Kind {
			case "stop":
				told = append(told, m.Text+" at "+text.Duration(&m.Start))
			case "stalls":
				told = append(told, m.Text)
			default:
				told = append(told, fmt.Sprintf("at %s for %s", text.Duration(&m.Start), text.Duration(&m.seconds)))
			}
		}
		if len(told) > apart {
			told = []string{fmt.Sprintf("%d times from %s on, for %s in all and %s at once", len(told), text.Duration(&first), text.Duration(&all), text.Duration(&longest))}
		}
		if len(told) > 0 {
			lines = append(lines, markLine{k.kind, strings.TrimSpace(k.what + " " + strings.Join(told, ", "))})
		}
	}
	return lines
}
