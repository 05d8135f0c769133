package metrics

import (
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// Drift says how one figure changed over a measured phase whose load was the same all along.
type Drift struct {
	// Phase is the phase's name; Seconds is for how long it was looked at.
	Phase   string  `json:"phase"`
	Seconds float64 `json:"seconds"`
	// Figure is one of the constants below.
	Figure string `json:"figure"`
	// Mean is the figure in the middle of that time, and Change by how much it rose from the beginning to the end, both
	// by the straight line that fits best: in seconds for a latency, as a ratio for errors, in calls for those in flight.
	Mean   float64 `json:"mean"`
	Change float64 `json:"change"`
	// Low and High hold the true changes of all figures of the run at once, with a confidence of 95 %.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Drifts says that the change is more than chance explains, and enough to matter.
	Drifts bool `json:"drifts"`
}

// What can drift.
const (
	DriftP50      = "p50" // of the latency
	DriftP99      = "p99"
	DriftErrors   = "errors" // the share of sent calls
	DriftInFlight = "inFlight"
)

const (
	// longEnough is for how long a load must have been the same before a trend is looked for.
	longEnough = 2 * time.Minute
	// mostBlocks and fewestBlocks are into how many stretches of equal length a phase is cut: each has one value.
	mostBlocks, fewestBlocks = 40, 20
	// material is by how much of its mean a figure must change to matter.
	material = 0.05
)

// smallest is the change of each figure below which none matters, whatever its mean.
func smallest(figure string) float64 {
	switch figure {
	case DriftErrors:
		return 0.001
	case DriftInFlight:
		return 0.5
	}
	return 100e-6
}

// Drift is how p50, p99, the share of errors and the calls in flight changed over each measured phase that asked for
// the same load for two minutes or more, as far as the samples can tell; elapsed is as in [Aggregator.Total]. All
// intervals hold at once: each has the confidence that it takes so that with 95 % none of them is wrong (O. J. Dunn,
// "Multiple comparisons among means", 1961). Runs one after the other have none: each is a beginning of its own.
func (a *Aggregator) Drift(elapsed float64) (list []Drift) {
	if len(a.apart) > 0 {
		return nil
	}
	var values [][]float64
	parts, _ := a.steady(elapsed)
	flying := a.timeline.inFlight()
	for _, s := range parts {
		seconds := s.seconds * float64(len(s.slots))
		if seconds < longEnough.Seconds() {
			continue
		}
		for _, of := range []struct {
			figure string
			values []float64
		}{
			{DriftP50, s.percentiles(50, a.scratch)},
			{DriftP99, s.percentiles(99, a.scratch)},
			{DriftErrors, s.errors()},
			{DriftInFlight, s.inFlight(flying)},
		} {
			if of.values != nil {
				list = append(list, Drift{Phase: a.labels.Phases[s.phase].Name, Seconds: seconds, Figure: of.figure})
				values = append(values, of.values)
			}
		}
	}
	confidence := 1 - 0.05/float64(max(len(list), 1))
	for i := range list {
		list[i].judge(values[i], confidence)
	}
	return list
}

func (d *Drift) judge(values []float64, confidence float64) {
	var half float64
	d.Mean, d.Change, half = trend(values, confidence)
	d.Low, d.High = d.Change-half, d.Change+half
	d.Drifts = (d.Low > 0 || d.High < 0) && math.Abs(d.Change) >= max(material*math.Abs(d.Mean), smallest(d.Figure))
}

// blocks cuts the slots of a phase into so many stretches.
func (s steadyPart) blocks(n int) (blocks [][]*slot) {
	for i := range n {
		blocks = append(blocks, s.slots[i*len(s.slots)/n:(i+1)*len(s.slots)/n])
	}
	return blocks
}

// percentiles are those of the latency of as many blocks as have the samples that it takes; nil where that is too few.
func (s steadyPart) percentiles(p float64, scratch *histogram.Scratch) (values []float64) {
	enough := func(blocks [][]*slot) bool {
		for _, b := range blocks {
			var n uint64
			for _, slot := range b {
				n += slot.latency.Samples()
			}
			if n < histogram.Needed(p) {
				return false
			}
		}
		return true
	}
	for n := min(mostBlocks, len(s.slots)); n >= fewestBlocks; n-- {
		blocks := s.blocks(n)
		if !enough(blocks) {
			continue
		}
		for _, b := range blocks {
			scratch.Reset()
			for _, slot := range b {
				scratch.AddPacked(slot.latency)
			}
			values = append(values, *scratch.Percentiles(p)[0])
		}
		return values
	}
	return nil
}

// errors are the shares of errors of the blocks; nil where there was none, or nothing was sent in one.
func (s steadyPart) errors() (values []float64) {
	n := min(mostBlocks, len(s.slots))
	if n < fewestBlocks {
		return nil
	}
	some := false
	for _, b := range s.blocks(n) {
		var errors, sent uint64
		for _, slot := range b {
			errors += slot.Errors
			sent += slot.Sent
		}
		if sent == 0 {
			return nil
		}
		some = some || errors > 0
		values = append(values, float64(errors)/float64(sent))
	}
	if !some {
		return nil
	}
	return values
}

// inFlight are the mean numbers of calls in flight of the blocks, of all of which flying has those by slot.
func (s steadyPart) inFlight(flying []float64) (values []float64) {
	n := min(mostBlocks, len(s.slots))
	if n < fewestBlocks {
		return nil
	}
	for i := range n {
		var sum float64
		from, until := i*len(s.slots)/n, (i+1)*len(s.slots)/n
		for k := from; k < until; k++ {
			if at := s.first + k; at < len(flying) {
				sum += flying[at]
			}
		}
		values = append(values, sum/float64(until-from))
	}
	return values
}

// inFlight is the mean number of calls in flight by slot.
func (t *timeline) inFlight() (means []float64) {
	width := uint64(t.width() / time.Microsecond)
	var flying uint64 // as the slot begins
	for i := range t.slots {
		s := &t.slots[i]
		// A call is in flight from its moment to the end of the slot, less from its end to there.
		busy := (flying+s.left-s.ended)*width + s.endedSum - s.leftSum
		means = append(means, float64(busy)/float64(width))
		flying += s.left - s.ended
	}
	return means
}
