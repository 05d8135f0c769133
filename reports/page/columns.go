package page

import (
	"fmt"
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

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
	Rarity numbers `json:"rarity"`
	Tiers  []curve `json:"tiers"`
	Lag    []curve `json:"lag"`
	Knee   knee    `json:"knee"`
	// Executions is nil where they were not followed.
	Executions *executionColumns `json:"executions,omitempty"`
}

type timeColumns struct {
	Start    numbers `json:"start"`
	Asked    numbers `json:"asked"`
	Sent     numbers `json:"sent"`
	Answered numbers `json:"answered"`
	// Shed is by the moment at which calls were due; nil where none was shed.
	Shed       numbers  `json:"shed,omitempty"`
	P50        numbers  `json:"p50"`
	P90        numbers  `json:"p90"`
	P99        numbers  `json:"p99"`
	Max        numbers  `json:"max"`
	InFlight   numbers  `json:"inFlight"`
	LagMean    numbers  `json:"lagMean"`
	LagMax     numbers  `json:"lagMax"`
	OwnMax     numbers  `json:"ownMax"`
	Errors     []series `json:"errors"`
	Violations []series `json:"violations"`
}

type series struct {
	Name string  `json:"name"`
	Y    numbers `json:"y"`
}

type span struct {
	Name   string  `json:"name"`
	Start  float64 `json:"start"`
	End    float64 `json:"end"`
	Warmup bool    `json:"warmup"`
}

type vitals struct {
	At       numbers `json:"at"`
	CPU      numbers `json:"cpu"`
	Stall    numbers `json:"stall"`
	Pause    numbers `json:"pause"`
	Queue    numbers `json:"queue"`
	InFlight numbers `json:"inFlight"`
}

type curve struct {
	Name    string  `json:"name"`
	Samples uint64  `json:"samples"`
	Y       numbers `json:"y"`
}

func (d Data) columns() columns {
	c := columns{
		Closed: d.Summary.Run.ClosedLoop, Load: d.load(), Phases: []span{}, Marks: d.marks(), Vitals: d.vitalColumns(),
		Rarity: rarities(), Time: d.timeColumns(), Knee: d.knee(),
		Executions: newExecutionColumns(d.Summary.Executions),
	}
	if n := len(d.Timeline); n > 0 {
		c.Step, c.Last = d.Timeline[0].Seconds, d.Timeline[n-1].Seconds
	}
	for _, p := range d.Summary.Run.Phases {
		c.Phases = append(c.Phases, span{text.Printable(p.Name, 40), p.StartSeconds, p.StartSeconds + p.Seconds, p.Warmup})
	}
	c.Tiers, c.Lag = []curve{}, []curve{}
	for _, name := range d.Summary.Tiers() {
		if d.Summary.Invalid(name) {
			continue // refusals are quick, and no user waits for them
		}
		c.Tiers = append(c.Tiers, newCurve(text.Printable(name, 24), d.Tiers[name], c.Rarity))
	}
	if !c.Closed {
		c.Lag = []curve{newCurve("lag", d.Lag, c.Rarity), newCurve("held up by andon", d.OwnLag, c.Rarity)}
	}
	return c
}

// rarities are evenly spaced up to p99.999.
func rarities() (all numbers) {
	const each, decades = 40, 5
	for i := range each*decades + 1 {
		all = append(all, float64(i)/each)
	}
	return all
}

func newCurve(name string, d histogram.Distribution, rarities numbers) curve {
	c := curve{Name: name, Samples: d.Samples()}
	for _, r := range rarities {
		c.Y = append(c.Y, orNaN(d.Percentile(max(100*(1-math.Pow(10, -r)), 0.01))))
	}
	return c
}

func (d Data) timeColumns() timeColumns {
	t := timeColumns{P50: d.Steps.p50, P90: d.Steps.p90, P99: d.Steps.p99, Max: d.Steps.max, Errors: []series{}, Violations: []series{}}
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
		shed := math.NaN()
		if sending > p.Seconds/5 {
			shed = float64(p.Shed) / sending
		}
		t.Shed = append(t.Shed, shed)
		t.InFlight = append(t.InFlight, p.InFlight)
		t.LagMean, t.LagMax = append(t.LagMean, orNaN(p.Lag.Mean)), append(t.LagMax, orNaN(p.Lag.Max))
		t.OwnMax = append(t.OwnMax, orNaN(p.Lag.OwnMax))
	}
	if d.Summary.Total.Of(results.OutcomeShed) == 0 && !slices.ContainsFunc(d.Timeline, func(p metrics.Point) bool { return p.Shed > 0 }) {
		t.Shed = nil
	}
	byName := func(counts func(metrics.Point) map[string]uint64) []series {
		total := map[string]uint64{}
		for _, p := range d.Timeline {
			for name, n := range counts(p) {
				total[name] += n
			}
		}
		all := []series{}
		for _, name := range summary.MostFirst(total) {
			s := series{Name: text.Printable(name, 40)}
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
	rest := series{Name: fmt.Sprintf("%d other kinds", len(all)-maxStacked+1), Y: make(numbers, len(all[0].Y))}
	for _, s := range all[maxStacked-1:] {
		for i, n := range s.Y {
			rest.Y[i] += n
		}
	}
	return append(all[:maxStacked-1:maxStacked-1], rest)
}

// vitalColumns puts the seconds of a long run together: means of the processor time and the calls in flight, and the
// worst of the rest.
func (d Data) vitalColumns() vitals {
	var v vitals
	step := (len(d.Vitals) + maxPoints - 1) / maxPoints
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
