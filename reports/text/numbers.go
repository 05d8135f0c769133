// Package text writes numbers and foreign words for people: the same figure reads the same wherever it is shown, and
// whatever came from elsewhere is harmless there. It knows nothing of runs.
package text

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Unsupported stands for a figure that the samples cannot tell.
const Unsupported = "–"

// Duration writes seconds with three significant digits: 48.0 µs, 812 ms, 1.23 s, 11.7 min.
func Duration(seconds *float64) string {
	if seconds == nil {
		return Unsupported
	}
	s := *seconds
	switch a := math.Abs(s); {
	case a == 0:
		return "0 ms"
	case a < 0.9995e-3:
		return Digits(s*1e6) + " µs"
	case a < 0.9995:
		return Digits(s*1e3) + " ms"
	case a < 600:
		return Digits(s) + " s"
	}
	return Digits(s/60) + " min"
}

// Digits writes three significant digits without an exponent: 0.50, 12.3, 1234.
func Digits(x float64) string {
	switch a := math.Abs(x); {
	case a < 9.995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case a < 99.95:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

// Count writes a number with commas: 1,234,567.
func Count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural counts a noun whose plural ends in "s": 1 call, 2,500 calls.
func Plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// mostDigits is how many digits a reader may still be shown in one number.
const mostDigits = 15

// PluralOf is [Plural] of a number that may have more digits than are worth reading: about 1.43 × 10^46 combinations.
func PluralOf(n *big.Int, noun string) string {
	if n.IsUint64() && len(n.String()) <= mostDigits {
		return Plural(n.Uint64(), noun)
	}
	digits, power, _ := strings.Cut(new(big.Float).SetInt(n).Text('e', 2), "e+")
	return "about " + digits + " × 10^" + power + " " + noun + "s"
}

// Share writes part of whole in percent, as [Percent] does.
func Share(part, whole uint64) string {
	if whole == 0 {
		return Unsupported
	}
	return Percent(float64(part) / float64(whole))
}

// Percent writes a ratio, 1 of which is all: 33.3 %. What is not all is never rounded to 100 %, and what is not none
// never to 0 %.
func Percent(ratio float64) string {
	p := ratio * 100
	switch {
	case p == 0 || p == 100:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	case p > 0 && p < 0.01:
		return "<0.01 %"
	case p > 99.99 && p < 100:
		return ">99.99 %"
	case p < 1 || p > 99 && p < 100:
		return strconv.FormatFloat(p, 'f', 2, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}

// WholePercent writes a ratio without a fraction and rounds it down, so that 100 % is all of it.
func WholePercent(ratio float64) string { return fmt.Sprintf("%.0f %%", math.Floor(100*ratio)) }

// Counted is a number with its share of the whole: 25 (0.31 %).
func Counted(part, whole uint64) string {
	if part == 0 || whole == 0 {
		return Count(part)
	}
	return Count(part) + " (" + Share(part, whole) + ")"
}

// Rate writes how often something happened: 99.8/s, 1,234/s. That of what became fewer is below 0: −0.50/s.
func Rate(perSecond float64) string {
	if perSecond >= 999.5 {
		return Count(uint64(math.Round(perSecond))) + "/s"
	}
	if math.Abs(perSecond) < 0.005 { // what rounds to 0 has no sign
		perSecond = 0
	}
	return minus(Digits(perSecond)) + "/s"
}

// RateOf is an achieved rate, beside the planned one, if there was one, where the two differ by more than rounding
// hides: 99.8/s of 120/s.
func RateOf(achieved float64, planned *float64) string {
	text := Rate(achieved)
	if planned == nil || Rate(*planned) == text {
		return text
	}
	return text + " of " + Rate(*planned)
}

// Bytes writes a size, by powers of 1000: 120 B, 1.50 MB.
func Bytes(n uint64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for ; v >= 999.5 && i < len(units)-1; i++ {
		v /= 1000
	}
	if i == 0 {
		return Count(n) + " B"
	}
	return Digits(v) + " " + units[i]
}

// Change is b − a in seconds, and in percent of a: −27.1 ms (−68 %). It is empty where one of them is not known.
func Change(a, b *float64) string {
	if a == nil || b == nil {
		return ""
	}
	d := *b - *a
	text := SignedDuration(d)
	if *a > 0 {
		ratio := " (0 %)"
		if p := math.Round(100 * d / *a); p != 0 {
			ratio = minus(fmt.Sprintf(" (%+.0f %%)", p))
		}
		text += ratio
	}
	return text
}

// SignedDuration is a difference in seconds: −27.1 ms, +1.20 s.
func SignedDuration(seconds float64) string { return signed(seconds, Duration(&seconds)) }

// SignedDigits is a difference of two numbers: −3.10, +120.
func SignedDigits(d float64) string { return signed(d, Digits(d)) }

// Points is a difference of two ratios, in percentage points: +0.30 pp.
func Points(ratio float64) string { return signed(ratio, Digits(ratio*100)+" pp") }

// DurationRange is an interval of a difference in seconds, in the unit of the bound that is farther from 0: −28.0 to
// −26.3 ms.
func DurationRange(low, high float64) string {
	most := max(math.Abs(low), math.Abs(high))
	whole := Duration(&most)
	_, unit, _ := strings.Cut(whole, " ")
	scale := map[string]float64{"µs": 1e6, "ms": 1e3, "s": 1, "min": 1.0 / 60}[unit]
	return signed(low, Digits(low*scale)) + " to " + signed(high, Digits(high*scale)) + " " + unit
}

// PointsRange is an interval of a difference of two ratios: −0.31 to +0.02 pp.
func PointsRange(low, high float64) string {
	return signed(low, Digits(low*100)) + " to " + signed(high, Digits(high*100)) + " pp"
}

// DurationBetween is an interval of a time in seconds, in the unit of its end: 26.3–28.0 ms. One without an end is
// ≥ 26.3 ms.
func DurationBetween(low float64, high *float64) string {
	if high == nil {
		return "≥ " + Duration(&low)
	}
	whole := Duration(high)
	_, unit, _ := strings.Cut(whole, " ")
	scale := map[string]float64{"µs": 1e6, "ms": 1e3, "s": 1, "min": 1.0 / 60}[unit]
	return Digits(low*scale) + "–" + whole
}

// RateBetween is an interval of a rate: 98.7–101/s.
func RateBetween(low float64, high *float64) string {
	if high == nil {
		return "≥ " + Rate(low)
	}
	return strings.TrimSuffix(Rate(low), "/s") + "–" + Rate(*high)
}

// PercentBetween is an interval of a ratio: 0.10–0.32 %.
func PercentBetween(low float64, high *float64) string {
	if high == nil {
		return "≥ " + Percent(low)
	}
	return strings.TrimSuffix(Percent(low), " %") + "–" + Percent(*high)
}

func signed(v float64, text string) string {
	if v > 0 {
		return "+" + text
	}
	return minus(text)
}

// minus puts the sign in the place of the hyphen.
func minus(text string) string { return strings.ReplaceAll(text, "-", "−") }
