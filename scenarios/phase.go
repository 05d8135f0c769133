package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/results"
)

// Phase is one entry of a load. A scenario's file and code give the same.
type Phase struct {
	// Name names the phase in reports and thresholds. An empty one is that of its shape, numbered from the second on.
	Name  string
	Shape Shape
	// For is how long the phase lasts.
	For time.Duration
	// Warmup phases are sent and shown, and left out of figures and thresholds.
	Warmup bool
}

// Shape is what a phase asks for: a rate over its time, in calls a second, or callers. It is made by [Constant],
// [Ramp], [Steps], [Sine], [Spike] or [Callers].
type Shape struct {
	// kind is the shape's key in a scenario's file.
	kind string
	// first, second and third are the rates, in the order of the maker's parameters.
	first, second, third float64
	// at and length are the times: of a spike when it begins and how long it lasts, of a sine the period.
	at, length time.Duration
	callers    int
}

// Constant is one rate all along.
func Constant(rate float64) Shape { return Shape{kind: "rate", first: rate} }

// Ramp is a rate that changes evenly.
func Ramp(from, to float64) Shape { return Shape{kind: "ramp", first: from, second: to} }

// Steps is a rate that changes by steps of equal length.
func Steps(from, to, by float64) Shape {
	return Shape{kind: "steps", first: from, second: to, third: by}
}

// Sine is a rate that swings around a mean, beginning at the mean and rising.
func Sine(mean, amplitude float64, period time.Duration) Shape {
	return Shape{kind: "sine", first: mean, second: amplitude, length: period}
}

// Spike is a base rate with one burst, which begins at a moment of the phase.
func Spike(base, peak float64, at, width time.Duration) Shape {
	return Shape{kind: "spike", first: base, second: peak, at: at, length: width}
}

// Callers is a closed loop: so many callers, each of whom sends when the last call is answered.
func Callers(n int) Shape { return Shape{kind: "callers", callers: n} }

// String says it in the words of reports.
func (s Shape) String() string {
	switch s.kind {
	case "rate":
		return spellRate(s.first)
	case "ramp":
		return fmt.Sprintf("ramp %s → %s", spellRate(s.first), spellRate(s.second))
	case "steps":
		return fmt.Sprintf("steps %s → %s by %s", spellRate(s.first), spellRate(s.second), spellRate(s.third))
	case "sine":
		return fmt.Sprintf("sine %s ± %s every %s", spellRate(s.first), spellRate(s.second), spell(s.length))
	case "spike":
		return fmt.Sprintf("spike %s → %s at %s for %s", spellRate(s.first), spellRate(s.second), spell(s.at), spell(s.length))
	case "callers":
		return fmt.Sprintf("%d callers (closed loop)", s.callers)
	}
	return "nothing"
}

// Arrivals say whether the calls of an open load come at even distances or at random.
type Arrivals uint8

const (
	// Even arrivals keep the distance that the rate gives.
	Even Arrivals = iota
	// Poisson arrivals come at random with the same mean, as those of independent users do.
	Poisson
)

// misfit is what is wrong with a part of a load: the part's key in a scenario's file, and the problem in words.
type misfit struct{ key, problem string }

// check holds a shape that code has made to the bounds of one that is read from a file.
func (s Shape) check() error {
	for _, r := range []float64{s.first, s.second, s.third} {
		if !(r >= 0 && r <= document.MaxRate) {
			return fmt.Errorf("expected rates from 0/s to %.0f/s, found %v/s", document.MaxRate, r)
		}
	}
	for _, d := range []time.Duration{s.at, s.length} {
		if d < 0 || d > document.MaxDuration {
			return fmt.Errorf("expected times from 0s to %s, found %s", document.MaxDuration, d)
		}
	}
	switch {
	case !slices.Contains(shapeKeys, s.kind):
		return fmt.Errorf("the phase says no load; expected one of %s", strings.Join(shapeKeys, ", "))
	case s.kind == "callers" && (s.callers < 1 || s.callers > maxCallers):
		return fmt.Errorf("expected from 1 to %d callers, found %d", maxCallers, s.callers)
	case (s.kind == "sine" || s.kind == "spike") && s.length == 0:
		return fmt.Errorf("the %s lasts no time", s.kind)
	}
	return nil
}

// profile is the rate over a phase of so many seconds; none of a closed loop. 0 seconds are a length that is not known.
func (s Shape) profile(seconds float64) (profile, *misfit) {
	switch s.kind {
	case "rate":
		return profile{{seconds: seconds, from: s.first, to: s.first}}, nil
	case "ramp":
		return profile{{seconds: seconds, from: s.first, to: s.second}}, nil
	case "steps":
		return s.steps(seconds)
	case "sine":
		if s.second > s.first {
			return nil, &misfit{"amplitude", fmt.Sprintf("the amplitude is larger than the mean, so the rate would fall below zero; expected at most %s", spellRate(s.first))}
		}
		return profile{{seconds: seconds, from: s.first, to: s.first, amplitude: s.second, period: s.length.Seconds()}}, nil
	case "spike":
		return s.spike(seconds)
	}
	return nil, nil
}

// steps cuts the phase into segments of equal length, one for each rate.
func (s Shape) steps(seconds float64) (p profile, wrong *misfit) {
	from, to, by := s.first, s.second, s.third
	n := math.Round(math.Abs(to-from) / by)
	switch {
	case by == 0:
		return nil, &misfit{"by", "expected a step above 0/s"}
	case math.Abs(n*by-math.Abs(to-from)) > 1e-6*by:
		return nil, &misfit{"by", fmt.Sprintf("steps of %s from %s do not meet %s; choose a step that divides the difference", spellRate(by), spellRate(from), spellRate(to))}
	case n >= maxPhases:
		return nil, &misfit{"by", fmt.Sprintf("these are %.0f steps, each of which is a phase of its own, and a run may have %d; choose a larger step, or a ramp", n+1, maxPhases)}
	}
	for i := range int(n) + 1 {
		rate := from + math.Copysign(float64(i)*by, to-from)
		p = append(p, segment{seconds: seconds / (n + 1), from: rate, to: rate})
	}
	return p, nil
}

func (s Shape) spike(seconds float64) (p profile, wrong *misfit) {
	base, peak, at, width := s.first, s.second, s.at.Seconds(), s.length.Seconds()
	if seconds > 0 && at+width > seconds {
		return nil, &misfit{"at", fmt.Sprintf("the spike ends at %s, after the phase's end at %s", spellSeconds(at+width), spellSeconds(seconds))}
	}
	for _, part := range []segment{{at, base, base, 0, 0}, {width, peak, peak, 0, 0}, {seconds - at - width, base, base, 0, 0}} {
		if part.seconds > 1e-9 {
			p = append(p, part)
		}
	}
	return p, nil
}

const (
	// maxPhases is how many phases there may be in all. A step is one of its own: whoever steps up wants to know where it
	// broke, which a row for each of a thousand would hide.
	maxPhases  = 100
	maxCallers = 60_000
)

// shapeKeys are the kinds of shapes.
var shapeKeys = []string{"rate", "ramp", "steps", "sine", "spike", "callers"}

// aName says what a name may be, and isName reports whether it is one.
const aName = "a name of up to 64 letters, digits, '-', '_' and '.'"

func isName(s string) bool {
	if s == "" || len(s) > 64 || strings.Trim(s, ".") == "" {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// phase is an entry of a load as a plan needs it.
type phase struct {
	// label is the phase as the scenario has it.
	label   results.Phase
	profile profile
	callers int // of a closed loop; 0 otherwise
	seconds float64
	// start is when it begins, on the run's clock.
	start float64
	// steps is how many of the load's steps are of it.
	steps int
}

// step is a phase as it is counted: an entry of the load, or one step of it.
type step struct {
	entry   int
	profile profile
}

// load is a list of phases as they were taken in.
type load struct {
	phases []phase
	// labels and steps are the phases as they are counted and shown. When calls are due is decided by entry: a step is a
	// row of its own and changes no moment and no body.
	labels   []results.Phase
	steps    []step
	arrivals Arrivals
	// pacing is how much later than due calls of an open load may leave; 0 where each leaves when it is due.
	pacing time.Duration
}

func (l *load) closed() bool { return len(l.phases) > 0 && l.phases[0].callers > 0 }

// add takes a phase in, under its name or that of its kind.
func (l *load) add(p Phase) *misfit {
	seconds := p.For.Seconds()
	rates, wrong := p.Shape.profile(seconds)
	if wrong != nil {
		return wrong
	}
	label := results.Phase{Name: p.Name, Warmup: p.Warmup, Shape: p.Shape.String(), Seconds: seconds, Closed: p.Shape.callers > 0}
	label.Steady, label.PeriodSeconds = label.Closed || rates.steady(), rates.period()
	if label.Name == "" {
		label.Name = l.freeName(p)
	}
	one := phase{label: label, profile: rates, callers: p.Shape.callers, seconds: seconds, steps: 1}
	// What a warm-up does at which rate is nobody's question.
	if len(rates) > 1 && !p.Warmup {
		one.steps = len(rates)
	}
	if n := len(l.steps) + one.steps; n > maxPhases {
		return &misfit{"", fmt.Sprintf("with this the load has %d phases, each step being one of its own, and a run may have %d; choose larger steps", n, maxPhases)}
	}
	l.phases = append(l.phases, one)
	if one.steps == 1 {
		l.labels, l.steps = append(l.labels, label), append(l.steps, step{len(l.phases) - 1, rates})
		return nil
	}
	for i, part := range rates {
		rate := spellRate(part.from)
		l.labels = append(l.labels, results.Phase{Name: l.numbered(label.Name + "@" + rate), Of: label.Name, Shape: rate, Steady: true, Seconds: part.seconds})
		l.steps = append(l.steps, step{len(l.phases) - 1, rates[i : i+1]})
	}
	return nil
}

func (l *load) isTaken(name string) bool {
	return slices.ContainsFunc(l.labels, func(p results.Phase) bool { return p.Name == name || p.Of == name })
}

// freeName is the kind of the phase, numbered from the second of the kind on.
func (l *load) freeName(p Phase) string {
	base := p.Shape.kind
	if base == "rate" {
		base = "constant"
	}
	if p.Warmup {
		base = "warmup"
	}
	return l.numbered(base)
}

// numbered is the name, with a number from the second of that name on.
func (l *load) numbered(base string) string {
	name := base
	for i := 2; l.isTaken(name); i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	return name
}

// mixed is the first phase that is open among closed ones, or the other way round; -1 if there is none.
func (l *load) mixed() int {
	return slices.IndexFunc(l.phases, func(p phase) bool { return p.callers > 0 != l.closed() })
}

const mixedProblem = "open phases (a rate) and closed ones (callers) do not go together: their latencies mean different things; split the scenario"

// place puts the phases one after the other on the run's clock, and says what is wrong with all of them together: with
// "calls", the limit of calls, or with the load.
func (l *load) place(limit uint64) *misfit {
	var seconds, calls float64
	measured := false
	labels := l.labels
	for i := range l.phases {
		p := &l.phases[i]
		p.start = seconds
		at := seconds
		for k := range labels[:p.steps] {
			labels[k].StartSeconds = at
			at += labels[k].Seconds
		}
		labels = labels[p.steps:]
		seconds += p.seconds
		calls += p.profile.calls()
		measured = measured || !p.label.Warmup
	}
	switch {
	case !measured:
		return &misfit{"load", "every phase is a warm-up, so nothing would be measured; add a phase without `warmup`"}
	case seconds > document.MaxDuration.Seconds():
		return &misfit{"load", fmt.Sprintf("the load lasts %s, more than 168h", spellSeconds(seconds))}
	case l.closed():
		return nil
	case calls < hair:
		return &misfit{"load", "the load adds up to no call at all"}
	}
	all, counted := l.evenCalls()
	switch {
	case l.arrivals == Even && all > limit, l.arrivals == Poisson && calls > float64(limit):
		return &misfit{"calls", tooMany(uint64(math.Ceil(calls-hair)), limit)}
	case l.arrivals == Even && counted == 0:
		return &misfit{"load", "no call of the load falls into a phase that is measured; choose a longer phase or a higher rate"}
	}
	return nil
}

// evenArrivals say when the calls of each phase are due if they come at even distances.
func (l *load) evenArrivals() (out []schedule) {
	var carried float64
	for _, p := range l.phases {
		var due schedule
		due, carried = constantArrivals(p.profile, carried)
		out = append(out, due)
	}
	return out
}

// evenCalls is how many calls there are if they come at even distances, and how many of them in phases that are no
// warm-up.
func (l *load) evenCalls() (all, counted uint64) {
	for i, due := range l.evenArrivals() {
		all += due.count
		if !l.phases[i].label.Warmup {
			counted += due.count
		}
	}
	return all, counted
}

func tooMany(calls, limit uint64) string {
	return fmt.Sprintf("the load adds up to %d calls, more than the %d that limits.calls allows; raise limits.calls or shorten the load", calls, limit)
}

// spellRate writes a rate in the unit in which it is a whole number.
func spellRate(r float64) string {
	for _, u := range []struct {
		name string
		per  float64
	}{{"/s", 1}, {"/m", 60}, {"/h", 3600}} {
		if x := r * u.per; math.Abs(x-math.Round(x)) < 1e-9*max(1, x) || u.name == "/h" {
			return strconv.FormatFloat(math.Round(x*1e6)/1e6, 'f', -1, 64) + u.name
		}
	}
	return ""
}

func spellSeconds(seconds float64) string {
	return spell(time.Duration(seconds * float64(time.Second)))
}

// spell writes a duration the short way: 5m, 1h30m, 20s.
func spell(d time.Duration) string {
	s := d.Round(time.Microsecond).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
