package reports

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/reports/metrics"
)

// unsupported stands for a figure that the samples cannot tell.
const unsupported = "–"

// duration writes seconds for people, with three significant digits: 812 ms, 1.23 s, 48.0 µs.
func duration(seconds *float64) string {
	if seconds == nil {
		return unsupported
	}
	s := *seconds
	switch a := math.Abs(s); {
	case a == 0:
		return "0 ms"
	case a < 0.9995e-3:
		return digits(s*1e6) + " µs"
	case a < 0.9995:
		return digits(s*1e3) + " ms"
	case a < 600:
		return digits(s) + " s"
	}
	return digits(s/60) + " min"
}

// digits writes three significant digits without an exponent.
func digits(x float64) string {
	switch a := math.Abs(x); {
	case a < 9.995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case a < 99.95:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

// count writes a number with commas.
func count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// share writes part of whole in percent. What is not all is never rounded to 100 %, and what is not none never to 0 %.
func share(part, whole uint64) string {
	if whole == 0 {
		return unsupported
	}
	return percent(float64(part) / float64(whole))
}

func percent(ratio float64) string {
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

// counted is a number with its share of the whole.
func counted(part, whole uint64) string {
	if part == 0 || whole == 0 {
		return count(part)
	}
	return count(part) + " (" + share(part, whole) + ")"
}

func rate(perSecond float64) string {
	if perSecond >= 999.5 {
		return count(uint64(math.Round(perSecond))) + "/s"
	}
	return digits(perSecond) + "/s"
}

// quantity writes a threshold's value in its unit.
func quantity(v *float64, unit string) string {
	switch {
	case v == nil:
		return unsupported
	case unit == metrics.Seconds:
		return duration(v)
	case unit == metrics.Ratio:
		return percent(*v)
	}
	return count(uint64(max(*v, 0)))
}

// sentence gives a clause a capital and a full stop. A word in lower case that is a name, such as p99(latency), stays.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	word, _, _ := strings.Cut(s, " ")
	if !strings.ContainsAny(word, "(){}=_.:0123456789") {
		s = string(unicode.ToUpper(first)) + s[size:]
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}
