package sizing

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// String says whether the capacities by the mix are those of a pool that is shared.
func (m Mix) String() string {
	predicted := slices.ContainsFunc(m.Points, func(p MixPoint) bool { return p.Predicted != nil })
	switch {
	case m.Departure != "":
		return text.Sentence(m.Departure)
	case !predicted:
		return "Nothing is predicted: the capacity at one end of the mix is not known, or no share between was measured."
	}
	return fmt.Sprintf("What was measured is what a pool shared by both would take (1/λ = f/λ of %s + (1−f)/λ of %s), within the intervals.", m.Value, m.other())
}

func (m Mix) other() string {
	if m.Other == "" {
		return "the rest"
	}
	return m.Other
}

// String says whether one tier hurts the other.
func (i Isolation) String() string { return text.Sentence(i.Sentence) }

// Sentences say what was fitted, each figure with its interval, and what it does not tell; or why nothing was.
func (s Scaling) Sentences() (list []string) {
	if s.Refused != "" {
		return []string{text.Sentence("no law was fitted: " + s.Refused)}
	}
	between := func(b Bounds) string {
		return fmt.Sprintf("%s (%s to %s, 95 %%)", small(b.Value), small(b.Low), small(b.High))
	}
	gamma := fmt.Sprintf("%s (%s, 95 %%)", text.Rate(s.Gamma.Value), text.RateBetween(s.Gamma.Low, &s.Gamma.High))
	list = append(list, fmt.Sprintf("By the Universal Scalability Law, contention (α) is %s, coherency delay (β) is %s, and one caller alone gets %s through; it explains %s of the variance.",
		between(s.Alpha), between(s.Beta), gamma, text.Percent(s.R2)))
	most := 0
	for _, l := range s.Levels {
		most = max(most, l.Callers)
	}
	switch {
	case s.PeakCallers <= 0:
		list = append(list, "By this law there is no peak: more callers always get more through.")
	case s.PeakCallers > float64(most):
		list = append(list, fmt.Sprintf("By this law the peak is %s at %s callers, which is beyond the %s that were measured: hold no plan against it.",
			text.Rate(s.Peak), text.Digits(s.PeakCallers), text.Plural(uint64(max(most, 0)), "caller")))
	default:
		list = append(list, fmt.Sprintf("By this law the peak is %s at %s callers.", text.Rate(s.Peak), text.Digits(s.PeakCallers)))
	}
	return append(list, "α and β tell the shape of the curve, and not what in the target makes it; what more callers do says nothing of what more replicas do.")
}

// small writes a coefficient with three significant digits at most.
func small(v float64) string {
	if v == 0 {
		return "0"
	}
	digits := min(max(2-int(math.Floor(math.Log10(math.Abs(v)))), 0), 12)
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return strings.ReplaceAll(s, "-", "−")
}

// String says how many replicas are needed, and by what.
func (r Replicas) String() string {
	if r.Needed < 1 {
		return fmt.Sprintf("How many replicas are needed for %s is not known.", text.Rate(r.Need))
	}
	said := fmt.Sprintf("%s for %s, at %s each, by what %s took when that was measured",
		text.Plural(uint64(r.Needed), "replica"), text.Rate(r.Need), text.Rate(r.Each), text.Plural(uint64(max(r.Measured, 0)), "replica"))
	if r.Reserve > 0 {
		said += fmt.Sprintf("; %s of each are kept free", Percent(r.Reserve))
	}
	return text.Sentence(said)
}

// String says at which rate a soak went on for how long, and what came of it.
func (s Soak) String() string {
	said := fmt.Sprintf("%s at %s, %s of the capacity", text.Duration(&s.Seconds), text.Rate(s.Rate), Percent(s.Share))
	return strings.TrimSpace(text.Sentence(said) + " " + text.Sentence(s.Sentence))
}
