package metrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var (
	// frequencies are the metrics whose rate can be of calls a second.
	frequencies = []string{"sent", "accepted", "answered", "goodput"}
	// executionsPerSecond are those of executions, whose rate is nothing else.
	executionsPerSecond = []string{"completed", "growth"}
	// units have the power of ten that makes them seconds; minutes have none, and are multiplied.
	units = map[string]string{"ns": "e-9", "us": "e-6", "µs": "e-6", "μs": "e-6", "ms": "e-3", "s": "", "m": ""}
)

// baselineWord stands for the figure of a baseline.
const baselineWord = "baseline"

// right reads what the figure is compared with.
func (p *parser) right(t *Threshold) (err error) {
	unit := t.unit()
	if unit == PerSecond { // which a rate becomes by its limit
		unit = Ratio
	}
	t.limitAt = p.skip() + 1
	times, factor, err := p.times()
	if err != nil {
		return err
	}
	if times == "" {
		t.literal, t.limit, err = p.limit(unit, t.metric)
		return err
	}
	if why := t.notOfBaseline(); why != "" {
		return p.fail(t.limitAt-1, strings.TrimSpace(p.expr[t.limitAt-1:p.at]), "%s", why)
	}
	t.literal, t.factor = times+" × "+baselineWord, factor
	if !p.next("(") {
		t.open = true
		return nil
	}
	found, limit, err := p.limit(unit, t.metric)
	if err != nil {
		return err
	}
	t.literal, t.limit = t.literal+" ("+found+")", limit
	return p.expect(")", "after "+found)
}

// times reads how many times a baseline is taken, as it is written and as a number; where no baseline follows it reads
// nothing.
func (p *parser) times() (literal string, factor float64, err error) {
	start := p.at
	at, literal := p.word(func(r rune) bool { return isDigit(r) || r == '.' })
	_, percent := p.word(func(r rune) bool { return r == '%' })
	if !slices.ContainsFunc([]string{"×", "*", "x"}, p.next) {
		p.at = start
		return "", 0, nil
	}
	factor, err = strconv.ParseFloat(literal, 64)
	if !isNumber(literal) || percent != "" || err != nil || factor == 0 {
		return "", 0, p.fail(at, literal+percent, "expected how many times a baseline, a number above 0 without a unit as in 1.1 × baseline, found %q", literal+percent)
	}
	if at, word := p.word(isLetter); word == "" {
		return "", 0, p.missing("\"baseline\" after " + literal + " ×")
	} else if word != baselineWord {
		return "", 0, p.fail(at, word, "expected \"baseline\" after %s ×, found %q", literal, word)
	}
	return literal, factor, nil
}

// notOfBaseline says why what the threshold is of cannot be so many times a baseline; empty where it can.
func (t Threshold) notOfBaseline() string {
	switch {
	case t.OfExecutions():
		return "what is of executions has no baseline, which is of calls; write a limit of its own"
	case t.unit() == Count:
		return "a count depends on how long runs go on and has no baseline; write a limit of its own, or a rate"
	case t.op == "==" || t.op == "!=":
		return "no two runs come to the same figure; take one of < <= > >="
	}
	return ""
}

// limit reads the limit as the float64 nearest to what is written, in one step: 0.7/100 is less than 0.007, and 7
// errors of 1000 would be more than 0.7%.
func (p *parser) limit(unit, metric string) (literal string, limit float64, err error) {
	start := p.skip()
	_, literal = p.word(func(r rune) bool { return isLetter(r) || isDigit(r) || strings.ContainsRune(".%-+/", r) })
	number := literal[:len(literal)-len(strings.TrimLeft(literal, "0123456789."))]
	suffix := literal[len(number):]
	want := map[string]string{
		Seconds: "a time such as 800ms or 1.5s", Ratio: "a rate such as 0.1%", Count: "a count such as 5",
	}[unit]
	// The rates of some metrics are shares, of some calls a second; those of sent and of accepted can be both.
	share, frequency := unit == Ratio, unit == Ratio && (slices.Contains(frequencies, metric) || slices.Contains(executionsPerSecond, metric))
	switch {
	case (metric == "sent" || metric == "accepted") && frequency:
		want = "a rate such as 99% or 45/s"
	case frequency:
		share, want = false, "a rate such as 45/s"
	}
	if literal == "" {
		return "", 0, p.missing(want)
	}
	bad := func(why string) (string, float64, error) {
		if literal == baselineWord {
			why = "; write how many times it may be, as in 1.1 × baseline"
		}
		return "", 0, p.fail(start, literal, "expected %s, found %q%s", want, literal, why)
	}
	if !isNumber(number) {
		return bad("")
	}
	exponent := ""
	switch unit {
	case Seconds:
		power, ok := units[suffix]
		switch {
		case suffix == "":
			return bad("; write the unit, one of ns, us, ms, s, m")
		case !ok:
			return bad(fmt.Sprintf("; %q is no unit of time, the units are ns, us, ms, s, m", suffix))
		}
		exponent = power
	case Ratio:
		switch {
		case suffix == "" && share && frequency:
			return bad(fmt.Sprintf("; write %s%% for a share, or %s/s for calls a second", number, number))
		case suffix == "" && share:
			return bad(fmt.Sprintf("; write %s%%", number))
		case suffix == "":
			return bad(fmt.Sprintf("; write %s/s", number))
		case suffix == "%" && share:
			exponent = "e-2"
		case suffix == "%":
			return bad("; this rate is of calls a second or a minute, and those of ok, accepted and sent are shares")
		case (suffix == "/s" || suffix == "/m") && frequency:
		case suffix == "/s" || suffix == "/m":
			return bad("; of " + strings.Join(frequencies, ", ") + " alone there are calls a second")
		default:
			return bad("")
		}
	default:
		switch {
		case suffix == "%":
			return bad("; a count has no unit, write rate(…) for a share")
		case suffix != "" || strings.Contains(number, "."):
			return bad("; a count is a whole number without a unit")
		}
	}
	limit, err = strconv.ParseFloat(number+exponent, 64)
	switch {
	case err != nil:
		return bad(", which is beyond any limit")
	case suffix == "%" && limit > 1:
		return bad("; a rate lies between 0% and 100%")
	case unit == Count && limit > 1<<53:
		return bad(", which is beyond any count")
	case suffix == "m":
		limit *= 60
	case suffix == "/m":
		limit /= 60
	}
	return literal, limit, nil
}
