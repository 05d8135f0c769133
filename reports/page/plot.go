package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// plot is a chart that needs no script. Its places are in percent of its frame, so that it is as wide as the page while
// its texts and marks keep their size.
type plot struct {
	Title, Hint, Empty string
	X, Y               []tick
	Bands              []band
	Rules, Levels      []ruled
	Shapes             []shape
	Bars               []upright
	Dots               []dot
	Legend             []key
}

// tick is a named place on an axis.
type tick struct {
	At   float64
	Text string
}

// band is a shade from top to bottom, and ruled a line across.
type band struct {
	X, Width float64
	Class    string
}

type ruled struct {
	At    float64
	Class string
}

// shape is a path in a frame of 1000 by 1000.
type shape struct{ Path, Class string }

// upright is a line from one height to another.
type upright struct {
	X, Top, Bottom float64
	Class          string
}

// dot is a mark. One with an Href leads there; Tab says that the keyboard comes to it.
type dot struct {
	X, Y              float64
	Mark, Class, Said string
	Href              string
	Tab               bool
}

// key explains what is drawn.
type key struct{ Mark, Class, Text string }

// axis gives values a place between its ends, in percent.
type axis struct {
	low, high float64
	log       bool
	say       func(float64) string
}

// bounded is the value, or what an axis has in its place where nobody can have measured that: a file may be damaged.
func bounded(v float64) float64 {
	const least, most = 1e-12, 1e12
	if !(math.Abs(v) >= least) {
		return 0
	}
	return min(max(v, -most), most)
}

// fromNothing is an axis from 0, with air above the highest value; around is one from the lowest to the highest.
func fromNothing(say func(float64) string, values ...float64) axis {
	a := axis{high: 0, say: say}
	for _, v := range values {
		a.high = max(a.high, bounded(v)*1.06)
	}
	if a.high <= 0 {
		a.high = 1
	}
	return a
}

func around(say func(float64) string, values ...float64) axis {
	a := axis{say: say}
	for _, v := range values {
		a.low, a.high = min(a.low, bounded(v)), max(a.high, bounded(v))
	}
	if !(a.high > a.low) {
		a.high = a.low + 1
	}
	air := 0.08 * (a.high - a.low)
	return axis{low: a.low - air, high: a.high + air, say: say}
}

// logarithmic is an axis around what is above 0 of the values.
func logarithmic(say func(float64) string, values ...float64) axis {
	a := axis{log: true, say: say}
	for _, v := range values {
		if v = bounded(v); v > 0 {
			if a.low == 0 || v < a.low {
				a.low = v
			}
			a.high = max(a.high, v)
		}
	}
	if a.low == 0 {
		a.low, a.high = 0.001, 1
	}
	a.low, a.high = a.low/1.4, a.high*1.4
	return a
}

// ofRates, ofShares and ofTimes write the values of an axis, which need no more digits than tell them apart.
func ofRates(v float64) string { return plainDigits(v) + "/s" }

func ofShares(v float64) string { return plainDigits(100*v) + " %" }

func ofTimes(seconds float64) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "−", -seconds
	}
	switch {
	case seconds == 0:
		return "0"
	case seconds < 0.9995e-3:
		return sign + plainDigits(seconds*1e6) + " µs"
	case seconds < 0.9995:
		return sign + plainDigits(seconds*1e3) + " ms"
	}
	return sign + plainDigits(seconds) + " s"
}

// plainDigits writes a round value, which may be a little off, since it is a multiple of something.
func plainDigits(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 3, 64), 64)
	if err != nil {
		return text.Unsupported
	}
	rounded += 0 // so that there is no −0
	return strings.Replace(strconv.FormatFloat(rounded, 'f', -1, 64), "-", "−", 1)
}

// at is the place of a value. What lies beyond an end is at that end.
func (a axis) at(v float64) float64 {
	share := (v - a.low) / (a.high - a.low)
	if a.log {
		share = math.Log(max(v, a.low)/a.low) / math.Log(a.high/a.low)
	}
	if math.IsNaN(share) {
		share = 0
	}
	return math.Round(10000*min(max(share, 0), 1)) / 100
}

// up is the place of a value from the top.
func (a axis) up(v float64) float64 { return math.Round(100*(100-a.at(v))) / 100 }

// ticks are round values within the axis, about half a dozen.
func (a axis) ticks() (ticks []tick) {
	for _, v := range a.round() {
		ticks = append(ticks, tick{a.at(v), a.say(v)})
	}
	return ticks
}

func (a axis) heights() (ticks []tick) {
	for _, v := range a.round() {
		ticks = append(ticks, tick{a.up(v), a.say(v)})
	}
	return ticks
}

func (a axis) round() (values []float64) {
	if !a.log {
		step := math.Pow(10, math.Floor(math.Log10((a.high-a.low)/5)))
		for _, k := range []float64{1, 2, 5, 10} {
			if step*k >= (a.high-a.low)/7 {
				step *= k
				break
			}
		}
		for i := math.Ceil(a.low / step); i*step <= a.high && len(values) < 12; i++ {
			values = append(values, i*step)
		}
		return values
	}
	from, to := math.Floor(math.Log10(a.low)), math.Ceil(math.Log10(a.high))
	fine := []float64{1, 2, 5}
	if to-from > 3 {
		fine = fine[:1]
	}
	every := max(math.Ceil((to-from)/7), 1)
	for e := from; e <= to; e += every {
		for _, k := range fine {
			if v := k * math.Pow(10, e); v >= a.low && v <= a.high {
				values = append(values, v)
			}
		}
	}
	return values
}

// point is a place in the chart.
type point struct{ x, y float64 }

// drawn is a line through points, in the frame of a shape.
func drawn(x, y axis, points []point) string {
	var b strings.Builder
	for i, p := range points {
		letter := "L"
		if i == 0 {
			letter = "M"
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", letter, 10*x.at(p.x), 10*y.up(p.y))
	}
	return b.String()
}

// enclosed is the area between two lines over the same places.
func enclosed(x, y axis, low, high []point) string {
	if len(low) == 0 {
		return ""
	}
	back := make([]point, 0, len(low)+len(high))
	back = append(back, high...)
	for i := len(low) - 1; i >= 0; i-- {
		back = append(back, low[i])
	}
	return drawn(x, y, back) + "Z"
}
