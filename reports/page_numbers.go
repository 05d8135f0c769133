package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// pagePoints is how many stretches the page's timeline has at most: ten minutes by the second, and what ends after them.
const pagePoints = 640

// column are numbers of the page, written with four significant digits, which is one more than anything shows; NaN is "none".
type column []float64

// MarshalJSON keeps the page small: 640 points with all their digits would be half of it.
func (c column) MarshalJSON() ([]byte, error) {
	text := make([]byte, 0, 8*len(c)+2)
	text = append(text, '[')
	for i, v := range c {
		if i > 0 {
			text = append(text, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			text = append(text, "null"...)
			continue
		}
		rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 3, 64), 64)
		if err != nil {
			return nil, err
		}
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			rounded = v // counts and seconds stay as they are
		}
		text = strconv.AppendFloat(text, rounded, 'f', -1, 64)
	}
	return append(text, ']'), nil
}

// columns are the numbers that the page's script draws.
type columns struct {
	// Closed marks a closed loop, Load is when the last phase ends.
	Closed bool    `json:"closed"`
	Load   float64 `json:"load"`
	// Step is the length of a stretch of Time in seconds; the last may be shorter, and is Last long.
	Step   float64     `json:"step"`
	Last   float64     `json:"last"`
	Time   timeColumns `json:"time"`
	Phases []span      `json:"phases"`
	Marks  []mark      `json:"marks"`
	Vitals vitals      `json:"vitals"`
	// Tiers and Lag are curves over Rarity, −log10 of the share of calls that take longer: 1 at p90, 2 at p99.
	Rarity column  `json:"rarity"`
	Tiers  []curve `json:"tiers"`
	Lag    []curve `json:"lag"`
	Bend   bend    `json:"bend"`
}

type timeColumns struct {
	Start    column `json:"start"`
	Asked    column `json:"asked"`
	Sent     column `json:"sent"`
	Answered column `json:"answered"`
	P50      column `json:"p50"`
	P90      column `json:"p90"`
	P99      column `json:"p99"`
	Max      column `json:"max"`
	// P99Seconds is the length of the stretches that P99 is of.
	P99Seconds float64  `json:"p99Seconds"`
	InFlight   column   `json:"inFlight"`
	LagMean    column   `json:"lagMean"`
	LagMax     column   `json:"lagMax"`
	OwnMax     column   `json:"ownMax"`
	Errors     []series `json:"errors"`
	Violations []series `json:"violations"`
}

type series struct {
	Name string `json:"name"`
	Y    column `json:"y"`
}

type span struct {
	Name   string  `json:"name"`
	Start  float64 `json:"start"`
	End    float64 `json:"end"`
	Warmup bool    `json:"warmup"`
}

// mark is something that happened at a moment or, where End is later, over a while.
type mark struct {
	Kind  string  `json:"kind"` // stop, stall or silence
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Text  string  `json:"text"`
}

type vitals struct {
	At       column `json:"at"`
	CPU      column `json:"cpu"`
	Stall    column `json:"stall"`
	Pause    column `json:"pause"`
	Queue    column `json:"queue"`
	InFlight column `json:"inFlight"`
}

type curve struct {
	Name    string `json:"name"`
	Samples uint64 `json:"samples"`
	Y       column `json:"y"`
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

func (d PageData) columns() columns {
	c := columns{
		Closed: d.Summary.Run.ClosedLoop, Load: d.load(), Phases: []span{}, Marks: d.marks(), Vitals: d.vitalColumns(),
		Rarity: rarities(), Time: d.timeColumns(), Bend: d.bend(),
	}
	if n := len(d.Timeline); n > 0 {
		c.Step, c.Last = d.Timeline[0].Seconds, d.Timeline[n-1].Seconds
	}
	for _, p := range d.Summary.Run.Phases {
		c.Phases = append(c.Phases, span{Printable(p.Name, 40), p.StartSeconds, p.StartSeconds + p.Seconds, p.Warmup})
	}
	c.Tiers, c.Lag = []curve{}, []curve{}
	for _, name := range d.Summary.tiers() {
		if d.Summary.Groups.Tier[name].Invalid {
			continue // refusals are quick, and no user waits for them
		}
		c.Tiers = append(c.Tiers, newCurve(Printable(name, 24), d.Tiers[name], c.Rarity))
	}
	if !c.Closed {
		c.Lag = []curve{newCurve("lag", d.Lag, c.Rarity), newCurve("held up by andon", d.OwnLag, c.Rarity)}
	}
	return c
}

// load is when the last phase ends.
func (d PageData) load() (end float64) {
	for _, p := range d.Summary.Run.Phases {
		end = max(end, p.StartSeconds+p.Seconds)
	}
	return end
}

// rarities are evenly spaced up to p99.999.
func rarities() (all column) {
	const each, decades = 40, 5
	for i := range each*decades + 1 {
		all = append(all, float64(i)/each)
	}
	return all
}

func newCurve(name string, d histogram.Distribution, rarities column) curve {
	c := curve{Name: name, Samples: d.Samples()}
	for _, r := range rarities {
		c.Y = append(c.Y, orNaN(d.Percentile(max(100*(1-math.Pow(10, -r)), 0.01))))
	}
	return c
}

func (d PageData) timeColumns() timeColumns {
	var t timeColumns
	t.Errors, t.Violations = []series{}, []series{}
	load := d.load()
	for _, p := range d.Timeline {
		t.Start = append(t.Start, p.StartSeconds)
		// Nothing is due once the load has ended, so that a stretch which goes on is no measure of the rate before.
		sending := min(p.Seconds, load-p.StartSeconds)
		asked, sent, answered := math.NaN(), math.NaN(), math.NaN()
		if sending > p.Seconds/5 {
			asked, sent = float64(p.Due)/sending, float64(p.Left)/sending
		} else if p.Left > 0 {
			sent = float64(p.Left) / p.Seconds
		}
		if p.Seconds > d.Timeline[0].Seconds/5 { // of a moment, a rate says nothing
			answered = float64(p.Answered) / p.Seconds
		}
		if d.Summary.Run.ClosedLoop {
			asked = math.NaN()
		}
		t.Asked, t.Sent, t.Answered = append(t.Asked, asked), append(t.Sent, sent), append(t.Answered, answered)
		t.P50, t.P90 = append(t.P50, orNaN(p.Latency.P50)), append(t.P90, orNaN(p.Latency.P90))
		t.P99, t.Max = append(t.P99, orNaN(p.Latency.P99)), append(t.Max, orNaN(p.Latency.Max))
		t.InFlight = append(t.InFlight, p.InFlight)
		t.LagMean, t.LagMax = append(t.LagMean, orNaN(p.Lag.Mean)), append(t.LagMax, orNaN(p.Lag.Max))
		t.OwnMax = append(t.OwnMax, orNaN(p.Lag.OwnMax))
		t.P99Seconds = max(t.P99Seconds, p.Seconds)
	}
	if d.Coarse != nil {
		// Each coarse p99 stands at the stretch in its middle; the line goes on over those between.
		t.P99Seconds = d.Coarse[0].Seconds
		t.P99 = slices.Repeat(column{math.NaN()}, len(d.Timeline))
		for _, p := range d.Coarse {
			middle := p.StartSeconds + p.Seconds/2
			i, _ := slices.BinarySearchFunc(d.Timeline, middle, func(f metrics.Point, m float64) int {
				if f.StartSeconds+f.Seconds <= m {
					return -1
				}
				return 1
			})
			t.P99[min(i, len(t.P99)-1)] = orNaN(p.Latency.P99)
		}
	}
	byName := func(counts func(metrics.Point) map[string]uint64) []series {
		total := map[string]uint64{}
		for _, p := range d.Timeline {
			for name, n := range counts(p) {
				total[name] += n
			}
		}
		all := []series{}
		for _, name := range mostFirst(total) {
			s := series{Name: Printable(name, 40)}
			for _, p := range d.Timeline {
				s.Y = append(s.Y, float64(counts(p)[name]))
			}
			all = append(all, s)
		}
		return foldRare(all)
	}
	t.Errors = byName(func(p metrics.Point) map[string]uint64 {
		if p.Dropped == 0 {
			return p.ErrorsByKind
		}
		with := map[string]uint64{results.Dropped.String(): p.Dropped}
		for name, n := range p.ErrorsByKind {
			with[name] = n
		}
		return with
	})
	t.Violations = byName(func(p metrics.Point) map[string]uint64 { return p.ViolationsByRule })
	return t
}

// maxStacked is how many kinds a chart can show apart.
const maxStacked = 7

// foldRare puts together what comes after the most frequent kinds.
func foldRare(all []series) []series {
	if len(all) <= maxStacked {
		return all
	}
	rest := series{Name: fmt.Sprintf("%d other kinds", len(all)-maxStacked+1), Y: make(column, len(all[0].Y))}
	for _, s := range all[maxStacked-1:] {
		for i, n := range s.Y {
			rest.Y[i] += n
		}
	}
	return append(all[:maxStacked-1:maxStacked-1], rest)
}

// maxMarks is how many stalls are marked; the longest are.
const maxMarks = 40

// marks are the moments that explain what is seen elsewhere: when a run stopped before its time, when the generator stood
// still, and when the target answered nothing.
func (d PageData) marks() []mark {
	marks := []mark{}
	for _, v := range d.Vitals {
		if v.StallMax > metrics.Tolerance.Seconds() {
			marks = append(marks, mark{"stall", max(v.AtSeconds-v.Seconds, 0), v.AtSeconds, "andon stood still for " + duration(&v.StallMax)})
		}
	}
	if len(marks) > maxMarks {
		longest := func(a, b results.Vitals) int { return cmp.Compare(b.StallMax, a.StallMax) }
		limit := slices.SortedFunc(slices.Values(d.Vitals), longest)[maxMarks].StallMax
		marks = marks[:0]
		for _, v := range d.Vitals {
			if v.StallMax > limit {
				marks = append(marks, mark{"stall", max(v.AtSeconds-v.Seconds, 0), v.AtSeconds, "andon stood still for " + duration(&v.StallMax)})
			}
		}
	}
	marks = append(marks, d.silences()...)
	if end := d.Summary.Run.End; end.Reason != results.Finished {
		marks = append(marks, mark{"stop", d.StoppedSeconds, d.StoppedSeconds, Printable(end.Reason, 40)})
	}
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.Start, b.Start) })
	return marks
}

// silences are the times during which calls were in flight and none was answered, where at the run's own rate at least five
// answers were to be expected.
func (d PageData) silences() (marks []mark) {
	var answered uint64
	for _, p := range d.Timeline {
		answered += p.Answered
	}
	end := d.load()
	for _, p := range d.Timeline {
		expected := float64(answered) / max(end, 1) * p.Seconds
		if p.Answered > 0 || p.InFlight < 1 || expected < 5 {
			continue
		}
		from, to := p.StartSeconds, p.StartSeconds+p.Seconds
		if n := len(marks); n > 0 && marks[n-1].End == from {
			marks[n-1].End = to
		} else if n < maxMarks {
			marks = append(marks, mark{Kind: "silence", Start: from, End: to})
		}
	}
	for i := range marks {
		length := marks[i].End - marks[i].Start
		marks[i].Text = "no answer for " + duration(&length)
	}
	return marks
}

// vitalColumns puts the seconds of a long run together: means of the processor time and the calls in flight, and the worst
// of the rest.
func (d PageData) vitalColumns() vitals {
	var v vitals
	step := (len(d.Vitals) + pagePoints - 1) / pagePoints
	for i := 0; i < len(d.Vitals); i += step {
		var seconds, cpu, stall, pause, seen, looks float64
		queue := 0
		several := d.Vitals[i:min(i+step, len(d.Vitals))]
		for _, one := range several {
			seconds += one.Seconds
			cpu += one.CPUSeconds
			stall, pause = max(stall, one.StallMax), max(pause, one.PauseMax)
			queue = max(queue, one.Queue)
			seen += one.InFlight * float64(one.Samples)
			looks += float64(one.Samples)
		}
		v.At = append(v.At, several[len(several)-1].AtSeconds-seconds/2)
		v.CPU = append(v.CPU, cpu/seconds)
		v.Stall, v.Pause = append(v.Stall, stall), append(v.Pause, pause)
		v.Queue = append(v.Queue, float64(queue))
		v.InFlight = append(v.InFlight, seen/looks)
	}
	return v
}

// bend is the latency of the stretches of the measured phases by their rate.
type bend struct {
	// Name is the higher of the two percentiles, "p99" at best.
	Name     string `json:"name"`
	Rate     column `json:"rate"`
	P50      column `json:"p50"`
	High     column `json:"high"`
	Sentence string `json:"-"`
}

func (d PageData) bend() bend {
	whole := d.whole(d.Coarse)
	if len(whole) < 12 {
		whole = d.whole(d.Timeline)
	}
	rateOf := func(p metrics.Point) float64 {
		if d.Summary.Run.ClosedLoop {
			return float64(p.Left) / p.Seconds
		}
		return float64(p.Due) / p.Seconds
	}
	slices.SortStableFunc(whole, func(a, b metrics.Point) int { return cmp.Compare(rateOf(a), rateOf(b)) })
	b := bend{Name: "p50"}
	high := func(p metrics.Point) *float64 { return p.Latency.P50 }
	for _, c := range []struct {
		name string
		of   func(metrics.Point) *float64
	}{
		{"p99", func(p metrics.Point) *float64 { return p.Latency.P99 }}, {"p95", func(p metrics.Point) *float64 { return p.Latency.P95 }},
		{"p90", func(p metrics.Point) *float64 { return p.Latency.P90 }},
	} {
		n := 0
		for _, p := range whole {
			if c.of(p) != nil {
				n++
			}
		}
		if n > 0 && 3*n >= 2*len(whole) {
			b.Name, high = c.name, c.of
			break
		}
	}
	var rates, highs column
	for _, p := range whole {
		b.Rate, b.P50, b.High = append(b.Rate, rateOf(p)), append(b.P50, *p.Latency.P50), append(b.High, orNaN(high(p)))
		if v := high(p); v != nil {
			rates, highs = append(rates, rateOf(p)), append(highs, *v)
		}
	}
	b.Sentence = bendSentence(b.Name, rates, highs)
	return b
}

// whole are the stretches that tell of one rate: measured, and with a median.
func (d PageData) whole(points []metrics.Point) (whole []metrics.Point) {
	for _, p := range points {
		if p.Due > 0 && p.Latency.P50 != nil && d.measured(p) {
			whole = append(whole, p)
		}
	}
	return whole
}

// measured tells whether a stretch lies in measured phases, and whole in the time of the load.
func (d PageData) measured(p metrics.Point) bool {
	if p.StartSeconds+p.Seconds > d.load()+1e-9 || p.StartSeconds+p.Seconds > d.StoppedSeconds+1 {
		return false
	}
	for _, phase := range d.Summary.Run.Phases {
		if phase.Warmup && p.StartSeconds < phase.StartSeconds+phase.Seconds && p.StartSeconds+p.Seconds > phase.StartSeconds {
			return false
		}
	}
	return true
}

// bendSentence compares the third of the stretches with the highest rates with that with the lowest.
func bendSentence(name string, rates, times column) string {
	n := len(rates)
	if n < 9 {
		return "The run has too few stretches for a comparison of rates."
	}
	middle := func(c column) float64 {
		sorted := slices.Sorted(slices.Values(c))
		return sorted[len(sorted)/2]
	}
	third := n / 3
	low, high := middle(rates[:third]), middle(rates[n-third:])
	if high < 1.25*low {
		return "The rate hardly varied, so this run cannot tell whether latency depends on it; a scenario with a ramp or steps can."
	}
	a, b := middle(times[:third]), middle(times[n-third:])
	verb := "grows with the rate"
	if b < 1.25*a {
		verb = "does not bend within these rates"
	}
	return fmt.Sprintf("Latency %s: where the rate was highest (about %s), the %s was typically %s, %s times the %s where it was lowest (about %s).",
		verb, rate(high), name, duration(&b), digits(b/a), duration(&a), rate(low))
}
