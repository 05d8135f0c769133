package metrics

import (
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// Drift says how one figure changed over a measured phase whose load was the same all along, or came again and again.
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
	// longEnough is for how long a load must have been the same before a trend is looked for, and oftenEnough how often
	// one must have come again.
	longEnough  = 2 * time.Minute
	oftenEnough = 3
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
// the same load for two minutes or more, or for one that came again three times, as far as the samples can tell;
// elapsed is as in [Aggregator.Total]. All intervals hold at once: each has the confidence that it takes so that with
// 95 % none of them is wrong (O. J. Dunn, "Multiple comparisons among means", 1961). Runs one after the other have
// none: each is a beginning of its own.
func (a *Aggregator) Drift(elapsed float64) (list []Drift) {
	if len(a.apart) > 0 {
		return nil
	}
	var all []course
	stages, _ := a.stages(elapsed, true)
	flying := a.timeline.inFlight()
	for _, s := range stages {
		seconds, slots := s.seconds*float64(len(s.slots)), float64(len(s.slots))
		if seconds < longEnough.Seconds() || slots < oftenEnough*s.period {
			continue
		}
		for _, of := range []struct {
			figure string
			course
		}{
			{DriftP50, s.percentiles(50, a.scratch)},
			{DriftP99, s.percentiles(99, a.scratch)},
			{DriftErrors, s.errors()},
			{DriftInFlight, s.inFlight(flying)},
		} {
			if of.values != nil {
				list = append(list, Drift{Phase: a.labels.Phases[s.phase].Name, Seconds: seconds, Figure: of.figure})
				all = append(all, of.course)
			}
		}
	}
	confidence := 1 - 0.05/float64(max(len(list), 1))
	for i := range list {
		list[i].judge(all[i], confidence)
	}
	return list
}

func (d *Drift) judge(s course, confidence float64) {
	var half float64
	d.Mean, d.Change, half = trend(s.values, s.period, confidence)
	d.Low, d.High = d.Change-half, d.Change+half
	d.Drifts = (d.Low > 0 || d.High < 0) && math.Abs(d.Change) >= max(material*math.Abs(d.Mean), smallest(d.Figure))
}

// course is the values of a figure in blocks of equal length, and after how many of them the load begins again, which
// is 0 where it is the same in each.
type course struct {
	values []float64
	period float64
}

// cut cuts the slots of a phase into so many blocks, of which each is given by its first slot and the one after its
// last. Where the load came again more often than that, each block is as many times of it as the others, and what is
// left over at the end is in none.
func (s stage) cut(n int) (blocks [][2]int, period float64) {
	slots := float64(len(s.slots))
	if times := math.Floor(slots / (s.period * float64(n))); s.period > 0 && times >= 1 {
		slots = times * float64(n) * s.period
	} else {
		period = s.period * float64(n) / slots
	}
	for i := range n {
		blocks = append(blocks, [2]int{int(float64(i) * slots / float64(n)), int(float64(i+1) * slots / float64(n))})
	}
	return blocks, period
}

// most is into how many blocks a phase is cut at most; 0 where it has too few slots.
func (s stage) most() int {
	if n := min(mostBlocks, len(s.slots)); n >= fewestBlocks {
		return n
	}
	return 0
}

// percentiles are those of the latency of as many blocks as have the samples that it takes.
func (s stage) percentiles(p float64, scratch *histogram.Scratch) course {
	enough := func(blocks [][2]int) bool {
		for _, b := range blocks {
			var n uint64
			for _, slot := range s.slots[b[0]:b[1]] {
				n += slot.latency.Samples()
			}
			if n < histogram.Needed(p) {
				return false
			}
		}
		return true
	}
	for n := s.most(); n >= fewestBlocks; n-- {
		blocks, period := s.cut(n)
		if !enough(blocks) {
			continue
		}
		var values []float64
		for _, b := range blocks {
			scratch.Reset()
			for _, slot := range s.slots[b[0]:b[1]] {
				scratch.AddPacked(slot.latency)
			}
			values = append(values, *scratch.Percentiles(p)[0])
		}
		return course{values, period}
	}
	return course{}
}

// errors are the shares of errors of the blocks; none where there was no error, or nothing was sent in a block.
func (s stage) errors() course {
	some := false
	var values []float64
	blocks, period := s.cut(s.most())
	for _, b := range blocks {
		var errors, sent uint64
		for _, slot := range s.slots[b[0]:b[1]] {
			errors += slot.Errors
			sent += slot.Sent
		}
		if sent == 0 {
			return course{}
		}
		some = some || errors > 0
		values = append(values, float64(errors)/float64(sent))
	}
	if !some {
		return course{}
	}
	return course{values, period}
}

// inFlight are the mean numbers of calls in flight of the blocks; flying has those by slot of the whole timeline.
func (s stage) inFlight(flying []float64) course {
	var values []float64
	blocks, period := s.cut(s.most())
	for _, b := range blocks {
		var sum float64
		for i := b[0]; i < b[1]; i++ {
			if at := s.first + i; at < len(flying) {
				sum += flying[at]
			}
		}
		values = append(values, sum/float64(b[1]-b[0]))
	}
	return course{values, period}
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
